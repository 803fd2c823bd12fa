import KernelABI

@testable import Scoring

/// The facts of one row, as a kernel wrote them; 0 where a fact was not asked for.
struct FoundFacts {
    var labelProbability = 0.0
    var topProbability = 0.0
    var topClass: Int32 = 0
    var isCorrect: UInt8 = 0
    var squaredProbabilitySum = 0.0
    var probabilityWeightedSum = 0.0
    var labelRank: Int32 = 0

    func hasSameBits(as other: FoundFacts) -> Bool {
        sameBits(labelProbability, other.labelProbability) && sameBits(topProbability, other.topProbability) && topClass == other.topClass
            && isCorrect == other.isCorrect && sameBits(squaredProbabilitySum, other.squaredProbabilitySum)
            && sameBits(probabilityWeightedSum, other.probabilityWeightedSum) && labelRank == other.labelRank
    }

    /// The same with 0 for all but the given facts.
    func keeping(_ facts: RowFacts) -> FoundFacts {
        var kept = FoundFacts()
        if facts.contains(.labelProbability) { kept.labelProbability = labelProbability }
        if facts.contains(.topPrediction) { (kept.topProbability, kept.topClass) = (topProbability, topClass) }
        if facts.contains(.isCorrect) { kept.isCorrect = isCorrect }
        if facts.contains(.squaredProbabilitySum) { kept.squaredProbabilitySum = squaredProbabilitySum }
        if facts.contains(.probabilityWeightedSum) { kept.probabilityWeightedSum = probabilityWeightedSum }
        if facts.contains(.labelRank) { kept.labelRank = labelRank }
        return kept
    }

    /// Whether they are those of a row without a loss.
    var areUnscored: Bool {
        labelProbability.isNaN && topProbability.isNaN && topClass == -1 && isCorrect == 0 && squaredProbabilitySum.isNaN
            && probabilityWeightedSum.isNaN && labelRank == -1
    }
}

extension RowFacts {
    static let all: RowFacts = [
        .labelProbability, .topPrediction, .isCorrect, .squaredProbabilitySum, .probabilityWeightedSum, .labelRank,
    ]
    static let each: [RowFacts] = [
        .labelProbability, .topPrediction, .isCorrect, .squaredProbabilitySum, .probabilityWeightedSum, .labelRank,
    ]
}

extension StoredRows {
    /// Runs a kernel that writes facts. `targets` are the labels as numbers, classCount a row.
    ///
    /// The arrays of facts have the room that KernelABI.h asks for, and a guard behind it.
    func runWithFacts(
        _ kernel: KernelUnderTest.Rows, _ facts: RowFacts = .all, targets: [Double]? = nil, byteOffset: Int = 0
    ) -> (result: Result, facts: [FoundFacts]) {
        let room = (rowCount + 63) / 64 * 64
        func array<Number: Numeric>(_ fact: RowFacts, _ guardValue: Number) -> UnsafeMutablePointer<Number>? {
            guard facts.contains(fact) else { return nil }
            let array = UnsafeMutablePointer<Number>.allocate(capacity: room + 8)
            array.initialize(repeating: guardValue, count: room + 8)
            return array
        }
        let arrays = RowFactArrays(
            labelProbability: array(.labelProbability, -77.0), topProbability: array(.topPrediction, -77.0),
            topClass: array(.topPrediction, Int32(77)), isCorrect: array(.isCorrect, UInt8(77)),
            squaredProbabilitySum: array(.squaredProbabilitySum, -77.0), probabilityWeightedSum: array(.probabilityWeightedSum, -77.0),
            labelRank: array(.labelRank, Int32(77)), probabilityTerms: nil, termScale: nil)
        defer {
            for array in [arrays.labelProbability, arrays.topProbability, arrays.squaredProbabilitySum, arrays.probabilityWeightedSum] {
                array?.deallocate()
            }
            arrays.topClass?.deallocate()
            arrays.labelRank?.deallocate()
            arrays.isCorrect?.deallocate()
        }
        let paddedTargets = targets.map { $0 + [Double](repeating: .nan, count: 8) } ?? []
        var result = paddedTargets.withUnsafeBufferPointer { paddedTargets in
            run(
                { block in
                    block.pointee.facts = arrays
                    if targets != nil { block.pointee.targets = paddedTargets.baseAddress }
                    kernel(block)
                }, byteOffset: byteOffset)
        }
        func strays<Number: Numeric>(_ array: UnsafeMutablePointer<Number>?, _ guardValue: Number) -> Bool {
            guard let array else { return false }
            return (room..<room + 8).contains { array[$0] != guardValue }
        }
        if strays(arrays.labelProbability, -77) || strays(arrays.topProbability, -77) || strays(arrays.topClass, 77)
            || strays(arrays.isCorrect, 77) || strays(arrays.squaredProbabilitySum, -77) || strays(arrays.probabilityWeightedSum, -77)
            || strays(arrays.labelRank, 77)
        {
            result.isOutOfBounds = true
        }
        let found = (0..<rowCount).map { row in
            FoundFacts(
                labelProbability: arrays.labelProbability?[row] ?? 0, topProbability: arrays.topProbability?[row] ?? 0,
                topClass: arrays.topClass?[row] ?? 0, isCorrect: arrays.isCorrect?[row] ?? 0,
                squaredProbabilitySum: arrays.squaredProbabilitySum?[row] ?? 0,
                probabilityWeightedSum: arrays.probabilityWeightedSum?[row] ?? 0, labelRank: arrays.labelRank?[row] ?? 0)
        }
        return (result, found)
    }
}
