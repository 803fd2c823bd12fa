internal import Scoring

/// The sums that llama.cpp's `llama-perplexity --kl-divergence` makes of the rows of two models and that other figures do not have: the divergence with its
/// own cut, and the quantiles as it interpolates them.
///
/// A token counts in the divergence only where its log-probability by A, the base, is above −16, since its files hold no smaller ones:
/// Σ p_A (log p_A − log p_B) over log p_A > −16. Such a sum may be negative. Source: `log_softmax` and `kl_divergence` of
/// github.com/ggml-org/llama.cpp/blob/master/tools/perplexity/perplexity.cpp. Terms are Float64 where llama.cpp has Float32.
public struct LlamaCppFigures: Sendable {
    /// Log-probabilities by A that are not above it do not count.
    static let cut = -16.0
    /// The orders of the quantiles that llama.cpp prints, in ascending order.
    private static let orders = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999]

    /// The divergences of the rows, the squares of the changes of the label's probability, and their extremes.
    private(set) var divergence = CompactMoments(), squaredChange = CompactMoments()
    private var divergences = RankTable(hasWeights: false), changes = RankTable(hasWeights: false)

    /// Adds a row.
    ///
    /// - Parameters:
    ///   - probabilities: p of A.
    ///   - logarithmsA: log p of A.
    ///   - logarithmsB: log p of B.
    ///   - change: the probability of the label by B less that by A.
    mutating func add(
        _ probabilities: UnsafePointer<Double>, _ logarithmsA: UnsafePointer<Double>, _ logarithmsB: UnsafePointer<Double>, count: Int,
        change: Double
    ) {
        var sum = 0.0
        for c in 0..<count where logarithmsA[c] > Self.cut { sum += probabilities[c] * (logarithmsA[c] - logarithmsB[c]) }
        divergence.add(sum)
        squaredChange.add(change * change)
        // llama.cpp sorts Float32.
        divergences.add(Double(Float(sum)), isPositive: true)
        changes.add(Double(Float(change)), isPositive: true)
    }

    /// Adds the rows of another state.
    mutating func merge(_ other: LlamaCppFigures) {
        divergence.merge(other.divergence)
        squaredChange.merge(other.squaredChange)
        divergences.merge(other.divergences)
        changes.merge(other.changes)
    }

    /// Appends the moments of the divergences and of the squared changes, and the scores of both.
    func encode(into bytes: inout [UInt8]) {
        divergence.encode(into: &bytes)
        squaredChange.encode(into: &bytes)
        divergences.encode(into: &bytes)
        changes.encode(into: &bytes)
    }

    /// Takes what `encode(into:)` wrote.
    mutating func decode(_ reader: inout SectionReader) throws(PartialError) {
        divergence = try CompactMoments(&reader)
        squaredChange = try CompactMoments(&reader)
        try divergences.decode(&reader)
        try changes.decode(&reader)
    }

    /// "Mean KLD" and its error.
    public var meanDivergence: (mean: Double, standardError: Double) { (divergence.mean, divergence.standardError) }

    /// "RMS Δp" and its error.
    public var rootMeanSquareChange: (value: Double, standardError: Double) {
        let root = squaredChange.mean.squareRoot()
        return (root, 0.5 / root * squaredChange.standardError)
    }

    /// The quantiles of the divergence, with its least and its largest value as orders 0 and 1.
    public var divergenceQuantiles: [Quantile] { Self.quantiles(divergences) }
    /// The quantiles of the change of the label's probability, with its least and its largest value as orders 0 and 1.
    public var changeQuantiles: [Quantile] { Self.quantiles(changes) }

    /// Interpolates between the numbers next to each quantile, in Float32 as `percentile` does, or takes the median. Where numbers are not told
    /// apart, the interpolation of their bounds bounds it.
    private static func quantiles(_ table: RankTable) -> [Quantile] {
        let table = table.flushed
        let entries = table.entries.map { (count: $0.positiveCount, range: table.range(of: $0)) }
        let count = entries.reduce(into: UInt64(0)) { $0.addSaturating($1.count) }
        guard count > 0 else { return [] }
        /// The bounds of the number with so many smaller ones before it.
        func range(_ rank: UInt64) -> ClosedRange<Double> {
            var before: UInt64 = 0
            for entry in entries {
                before.addSaturating(entry.count)
                if rank < before { return entry.range }
            }
            return entries[entries.count - 1].range
        }
        return ([0] + orders + [1]).map { order in
            var place = Float(order) * Float(count - 1)
            if order == 0.5 { place = Float(count.isMultiple(of: 2) ? 0.5 : 0) }
            let isMedian = order == 0.5
            let whole = isMedian ? (count - 1) / 2 : min(count - 1, UInt64(place))
            let part = isMedian ? place : place - Float(whole)
            let (first, second) = (range(whole), range(min(whole + 1, count - 1)))
            func between(_ a: Double, _ b: Double) -> Double { Double((1 - part) * Float(a) + part * Float(b)) }
            let (lower, upper) = (between(first.lowerBound, second.lowerBound), between(first.upperBound, second.upperBound))
            return Quantile(order: order, value: table.isExact ? lower : lower + (upper - lower) / 2, lower: lower, upper: upper)
        }
    }
}
