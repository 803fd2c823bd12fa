internal import Scoring

/// The mean of numbers that have weights, or none, and its standard error. About 400 bytes.
struct WeightedMoments: Sendable, Equatable {
    /// The numbers times their weights.
    private(set) var numbers = CompactMoments()
    /// Σ w, Σ w², Σ w · number, and Σ number², of numbers with their weights; zero where there are none.
    private var weight = CompactSum(), weightSquares = CompactSum(), weightedNumbers = CompactSum(), numberSquares = CompactSum()

    init() {}

    /// Adds a number that is not NaN, with its weight in it.
    @inline(__always)
    mutating func add(_ number: Double, weight: Double?) {
        numbers.add(number)
        guard let weight else { return }
        self.weight.add(weight)
        weightSquares.add(weight * weight)
        weightedNumbers.add(weight * number)
        numberSquares.add(number * number)
    }

    /// Adds the numbers of a block that have no weights.
    mutating func add(_ block: BlockMoments) { numbers.add(block) }

    /// Adds numbers of a block that have no weights, `count` of them.
    mutating func add(_ numbers: FoldedNumbers, count: UInt64) { self.numbers.add(numbers, count: count) }

    mutating func merge(_ other: WeightedMoments) {
        numbers.merge(other.numbers)
        weight.add(other.weight)
        weightSquares.add(other.weightSquares)
        weightedNumbers.add(other.weightedNumbers)
        numberSquares.add(other.numberSquares)
    }

    /// The number of numbers, and their sum with weights.
    var count: UInt64 { numbers.count }
    var sum: ExactSum { numbers.sum.exact }
    /// Σ w; zero where there are no weights.
    var totalWeight: ExactSum { weight.exact }

    /// The mean over the weight, or over the count; NaN where there is none.
    func mean(isWeighted: Bool) -> Double { isWeighted ? sum.rounded(dividedBy: weight.exact) : numbers.mean }

    /// The standard error of the mean; NaN for fewer than two numbers.
    func standardError(isWeighted: Bool) -> Double {
        guard isWeighted else { return numbers.standardError }
        return ExactSum.standardErrorOfWeightedMean(
            sumOfWeighted: sum, sumOfWeightedSquares: numberSquares.exact, sumOfWeightTimesWeighted: weightedNumbers.exact,
            sumOfSquaredWeights: weightSquares.exact, sumOfWeights: weight.exact, count: count)
    }

    /// Returns the mean of B less that of A over the same rows: (Σ b − Σ a) / Σ w, rounded once.
    ///
    /// Where a sum is infinite, it is the mean of `differences`, the rows' own, in which equal infinite losses differ by nothing.
    static func difference(_ a: WeightedMoments, _ b: WeightedMoments, _ differences: WeightedMoments, isWeighted: Bool) -> Double {
        var sum = b.sum
        sum.subtract(a.sum)
        let mean = isWeighted ? sum.rounded(dividedBy: a.weight.exact) : sum.rounded(dividedBy: a.count)
        return mean.isNaN ? differences.mean(isWeighted: isWeighted) : mean
    }

    /// Appends the moments (CompactMoments.swift) and four exact sums: Σ w, Σ w², Σ w · number, and Σ number².
    func encode(into bytes: inout [UInt8]) {
        numbers.encode(into: &bytes)
        for sum in [weight, weightSquares, weightedNumbers, numberSquares] { sum.encode(into: &bytes) }
    }

    /// Takes what `encode(into:)` wrote.
    init(_ reader: inout SectionReader) throws(PartialError) {
        numbers = try CompactMoments(&reader)
        weight = try CompactSum(&reader)
        weightSquares = try CompactSum(&reader)
        weightedNumbers = try CompactSum(&reader)
        numberSquares = try CompactSum(&reader)
    }
}
