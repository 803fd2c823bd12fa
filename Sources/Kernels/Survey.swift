// What predictions look like, for the warnings: whether rows sum to 1, whether values lie in [0, 1], whether Float16 was wide enough.

public import KernelABI

/// Sums each row and compares the sum with 1. O(rowCount × classCount), about a tenth of what decompressing the rows takes.
public func surveyRows(_ survey: UnsafeMutablePointer<RowSurvey>) {
    surveyRows(&survey.pointee, StoredElement(code: survey.pointee.elementCode))
}

@inline(always)
private func surveyRows(_ survey: inout RowSurvey, _ element: StoredElement) {
    // Wrapping arithmetic on indices and counts throughout: they stay within the block's memory.
    let rowByteCount = survey.classCount &* element.byteCount
    var outsideCounts = LaneIntegers(repeating: 0)
    var deviatingRowCount = 0
    var (worst, worstRow) = (survey.tolerance, -1)
    for i in 0..<survey.rowCount {
        let row = survey.values + i &* rowByteCount
        // Plain sums: their error is far below the tolerance.
        var sum = lanes(0)
        var start = 0
        while start < survey.classCount {
            var x = element.loadEight(row + start &* element.byteCount)
            if start &+ 8 > survey.classCount {
                x = x.replacing(with: lanes(0), where: laneIndices .>= LaneIntegers(repeating: Int64(survey.classCount &- start)))
            }
            sum += x
            count(.!((x .>= lanes(0)) .& (x .<= lanes(1))), into: &outsideCounts)
            start &+= 8
        }
        let four = sum.low + sum.high
        let two = four.low + four.high
        let deviation = (two[0] + two[1] - 1).magnitude
        if deviation > survey.tolerance, deviation < .infinity {
            deviatingRowCount &+= 1
            if deviation > worst { (worst, worstRow) = (deviation, i) }
        }
    }
    survey.deviatingRowCount = deviatingRowCount
    survey.worstRow = worstRow
    survey.worstDeviation = worstRow < 0 ? 0 : worst
    survey.outsideUnitCount = total(outsideCounts)
}

/// The least and the greatest label, and a hash of all with their places; the ignored ones are left out of the former. O(rowCount).
///
/// Labels are readable up to a multiple of eight rows.
public func surveyLabels(_ survey: UnsafeMutablePointer<LabelSurvey>) {
    if let targets = survey.pointee.targets {
        survey.pointee.fingerprint = fingerprint(of: targets, survey.pointee.rowCount, firstPlace: survey.pointee.firstRow)
        return
    }
    let labels = survey.pointee.labels
    let rowCount = survey.pointee.rowCount
    let ignored = LaneIntegers(repeating: Int64(survey.pointee.ignoredLabel))
    var least = LaneIntegers(repeating: Int64(Int32.max)), greatest = LaneIntegers(repeating: Int64(Int32.min))
    var counts = LaneIntegers(repeating: 0)
    var fingerprint = laneBits(0)
    var key = fingerprintKeys(firstRow: survey.pointee.firstRow)
    var i = 0
    while i < rowCount {
        let label = widen(xentLoadInt32x8(labels + i))
        let isInside = laneIndices .< LaneIntegers(repeating: Int64(rowCount &- i))
        let isCounted = isInside .& (label .!= ignored)
        least = least.replacing(with: label, where: isCounted .& (label .< least))
        greatest = greatest.replacing(with: label, where: isCounted .& (label .> greatest))
        count(isCounted, into: &counts)
        fingerprint &+= laneBits(0).replacing(with: fingerprintMix(label.unsigned & laneBits(0xFFFF_FFFF), key), where: isInside)
        key &+= fingerprintKeyStep
        i &+= 8
    }
    var (leastLabel, greatestLabel) = (least[0], greatest[0])
    for lane in 1..<8 {
        if least[lane] < leastLabel { leastLabel = least[lane] }
        if greatest[lane] > greatestLabel { greatestLabel = greatest[lane] }
    }
    survey.pointee.least = Int32(truncatingIfNeeded: leastLabel)
    survey.pointee.greatest = Int32(truncatingIfNeeded: greatestLabel)
    survey.pointee.countedRowCount = total(counts)
    survey.pointee.fingerprint = UInt64(bitPattern: fingerprint.signed.wrappedTotal)
}

/// A hash of numbers with their places. O(count).
@inline(always)
private func fingerprint(of targets: UnsafePointer<Double>, _ count: Int, firstPlace: UInt64) -> UInt64 {
    // Wrapping arithmetic throughout: indices stay within the block's memory, and the rest is a hash.
    var fingerprint = laneBits(0)
    var key = fingerprintKeys(firstRow: firstPlace)
    var i = 0
    while i &+ 8 <= count {
        fingerprint &+= fingerprintMix(Lanes.load(targets + i).bits, key)
        key &+= fingerprintKeyStep
        i &+= 8
    }
    if i < count {
        let isInside = laneIndices .< LaneIntegers(repeating: Int64(count &- i))
        fingerprint &+= laneBits(0).replacing(with: fingerprintMix(Lanes.load(targets + i).bits, key), where: isInside)
    }
    return UInt64(bitPattern: fingerprint.signed.wrappedTotal)
}

/// How many of `count` Float16 values are 65504 or +∞: where the type ends. (−65504 and −∞ are what masks are made of.) O(count).
public func countSaturated(_ values: UnsafeRawPointer, _ count: Int) -> Int {
    // Wrapping arithmetic on indices and counts: they stay within the block's memory.
    var total = 0
    var start = 0
    while start < count {
        let end = smaller(count, start &+ saturationStep)
        // Seldom is there any: the largest as integers says so, 32 a step.
        if end &- start < saturationStep || xentMayBeSaturated(values + 2 &* start) != 0 {
            for index in start..<end where xentLoadUInt16(values + 2 &* index) &- 0x7BFF <= 1 { total &+= 1 }
        }
        start = end
    }
    return total
}

/// Values that are looked at together.
private let saturationStep = Int(XentSaturationStep)
