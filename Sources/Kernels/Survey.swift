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

/// The least and the greatest label, their sum, and a hash of all with their places; the ignored ones are left out of the former. O(rowCount).
///
/// Labels are readable up to a multiple of eight rows.
public func surveyLabels(_ survey: UnsafeMutablePointer<LabelSurvey>) {
    let (rowCount, firstRow, labels) = (survey.pointee.rowCount, survey.pointee.firstRow, survey.pointee.labels)
    if let targets = survey.pointee.targets {
        survey.pointee.fingerprint = fingerprint(of: targets, rowCount, firstPlace: firstRow)
        return
    }
    if let bytes = survey.pointee.bytes { return surveyBits(&survey.pointee, bytes) }
    var seen = LabelsSeen(firstRow: firstRow, ignoredLabel: survey.pointee.ignoredLabel)
    seen.see(labels, rowCount)
    var (least, greatest) = (seen.least[0], seen.greatest[0])
    for lane in 1..<8 {
        if seen.least[lane] < least { least = seen.least[lane] }
        if seen.greatest[lane] > greatest { greatest = seen.greatest[lane] }
    }
    survey.pointee.least = Int32(truncatingIfNeeded: least)
    survey.pointee.greatest = Int32(truncatingIfNeeded: greatest)
    survey.pointee.countedRowCount = total(seen.counts)
    survey.pointee.sum = seen.sum.wrappedTotal
    survey.pointee.fingerprint = UInt64(bitPattern: seen.fingerprint.signed.wrappedTotal)
}

/// Surveys labels that are 0 or 1, none of them ignored: their sum and count say the rest.
@inline(always)
private func surveyBits(_ survey: inout LabelSurvey, _ bytes: UnsafePointer<UInt8>) {
    let rowCount = survey.rowCount
    var sum = LaneIntegers(repeating: 0)
    var fingerprint = laneBits(0)
    var key = fingerprintKeys(firstRow: survey.firstRow)
    // Wrapping arithmetic: indices stay within the block's memory, and the rest are counts and a hash.
    var i = 0
    while i &+ 8 <= rowCount {
        let label = xentWidenUInt8(bytes + i)
        sum &+= label
        fingerprint &+= fingerprintMix(label.unsigned, key)
        key &+= fingerprintKeyStep
        i &+= 8
    }
    if i < rowCount {
        let label = xentWidenUInt8(bytes + i), isInside = laneIndices .< LaneIntegers(repeating: Int64(rowCount &- i))
        sum &+= LaneIntegers(repeating: 0).replacing(with: label, where: isInside)
        fingerprint &+= laneBits(0).replacing(with: fingerprintMix(label.unsigned, key), where: isInside)
    }
    survey.sum = sum.wrappedTotal
    survey.countedRowCount = rowCount
    survey.least = rowCount == 0 ? Int32.max : survey.sum < Int64(rowCount) ? 0 : 1
    survey.greatest = rowCount == 0 ? Int32.min : survey.sum > 0 ? 1 : 0
    survey.fingerprint = UInt64(bitPattern: fingerprint.signed.wrappedTotal)
}

/// The labels, lane by lane.
private struct LabelsSeen {
    var least = LaneIntegers(repeating: Int64(Int32.max)), greatest = LaneIntegers(repeating: Int64(Int32.min))
    var counts = LaneIntegers(repeating: 0), sum = LaneIntegers(repeating: 0)
    var fingerprint = laneBits(0)
    private var key: LaneBits
    private let ignored: LaneIntegers

    @inline(always) init(firstRow: UInt64, ignoredLabel: Int32) {
        key = fingerprintKeys(firstRow: firstRow)
        ignored = LaneIntegers(repeating: Int64(ignoredLabel))
    }

    /// Adds the labels of all rows.
    @inline(always) mutating func see(_ labels: UnsafePointer<Int32>, _ rowCount: Int) {
        // Wrapping arithmetic: indices stay within the block's memory, and sums are of at most 2^31 labels of 32 bits.
        var i = 0
        while i &+ 8 <= rowCount {
            let label = widen(xentLoadInt32x8(labels + i))
            add(label, label .!= ignored)
            fingerprint &+= fingerprintMix(label.unsigned & laneBits(0xFFFF_FFFF), key)
            key &+= fingerprintKeyStep
            i &+= 8
        }
        guard i < rowCount else { return }
        let rest = widen(xentLoadInt32x8(labels + i))
        let isInside = laneIndices .< LaneIntegers(repeating: Int64(rowCount &- i))
        add(rest, isInside .& (rest .!= ignored))
        fingerprint &+= laneBits(0).replacing(with: fingerprintMix(rest.unsigned & laneBits(0xFFFF_FFFF), key), where: isInside)
    }

    @inline(always) private mutating func add(_ label: LaneIntegers, _ isCounted: SIMDMask<LaneIntegers>) {
        least = least.replacing(with: label, where: isCounted .& (label .< least))
        greatest = greatest.replacing(with: label, where: isCounted .& (label .> greatest))
        sum &+= LaneIntegers(repeating: 0).replacing(with: label, where: isCounted)
        count(isCounted, into: &counts)
    }
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
