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

/// How many of `count` Float16 values are 65504 or +∞: where the type ends. (−65504 and −∞ are what masks are made of.) O(count).
public func countSaturated(_ values: UnsafeRawPointer, _ count: Int) -> Int {
    var total = 0
    var start = 0
    while start < count {
        // Counted in as few bits as the values have, so that vectors hold as many: a step's count fits them.
        let end = min(count, start &+ 0x8000)
        var saturated: UInt16 = 0
        for index in start..<end {
            // 0x7BFF and 0x7C00; wrapping: everything else becomes 2 or more.
            saturated &+= xentLoadUInt16(values + 2 &* index) &- 0x7BFF <= 1 ? 1 : 0
        }
        total &+= Int(saturated)
        start = end
    }
    return total
}
