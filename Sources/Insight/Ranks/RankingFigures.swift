internal import Scoring

/// How well scores tell two outcomes apart: figures of a table of scores.
public struct RankingFigures: Sendable, Equatable {
    /// A figure with the bounds between which it lies for sure; they are equal where the table of scores is exact.
    public struct Enclosed: Sendable, Equatable {
        /// The figure, or the middle of its bounds.
        public let value: Double
        /// The bounds.
        public let lower: Double, upper: Double
    }

    /// The outcome of calling all predictions positive whose score is at least a threshold. A report writes it as it is.
    public struct CurvePoint: Sendable, Equatable, Codable {
        /// The least score that is called positive. Where the table is not exact, the lower end of its key.
        public let threshold: Double
        /// The share of positives that are called positive, which is the recall.
        public let truePositiveRate: Double
        /// The share of negatives that are called positive.
        public let falsePositiveRate: Double
        /// The share of positives among those that are called positive.
        public let precision: Double

        enum CodingKeys: String, CodingKey {
            case threshold, precision
            case truePositiveRate = "true_positive_rate"
            case falsePositiveRate = "false_positive_rate"
        }
    }

    /// The area under the ROC curve: the chance that a positive scores above a negative, where equal scores count half. NaN where one of the
    /// outcomes is missing.
    public let rocArea: Enclosed
    /// The standard error of the area by DeLong's method; nil where rows have weights, NaN where an outcome has fewer than two rows.
    public let rocAreaStandardError: Double?
    /// The average precision: Σ (recall − the one before) · precision over the scores from above. NaN where there is no positive.
    public let averagePrecision: Enclosed
    /// The step of rates below which points of a curve are left out.
    public static let curveStep = 1.0 / 128
    /// True if all scores were told apart.
    public let isExact: Bool
    /// The number of different scores, or of the keys that they were cut to.
    public let distinctCount: Int
    /// The numbers of rows whose label is 1, and whose label is 0.
    public let positiveCount: UInt64, negativeCount: UInt64

    init(_ scores: RankTable) {
        let table = scores.flushed
        isExact = table.isExact
        distinctCount = table.entries.count
        (positiveCount, negativeCount) = table.outcomeCounts
        let amounts = table.amounts
        let isExact = isExact
        rocArea = Self.area(amounts, isExact: isExact, RunningAmount(table))
        averagePrecision = Self.precision(amounts, isExact: isExact, RunningAmount(table))
        rocAreaStandardError = table.hasWeights ? nil : Self.standardError(amounts, RunningAmount(table))
    }

    /// Lists the points of the ROC curve, which are those of the curve of precision and recall, from the highest threshold down to one that
    /// calls everything positive. They are exact, and a rate changes by less than twice `curveStep` between neighbours but for one score's
    /// own rows. Empty where an outcome is missing.
    static func curve(of scores: RankTable) -> [CurvePoint] {
        let table = scores.flushed
        let amounts = table.amounts
        var positives = RunningAmount(table), negatives = positives
        for amount in amounts {
            positives.add(amount.positive)
            negatives.add(amount.negative)
        }
        let (positiveAmount, negativeAmount) = (positives.rounded, negatives.rounded)
        guard positiveAmount > 0, negativeAmount > 0 else { return [] }
        var trues = RunningAmount(table), falses = trues
        var points: [CurvePoint] = []
        var last: CurvePoint?
        for index in amounts.indices.reversed() {
            trues.add(amounts[index].positive)
            falses.add(amounts[index].negative)
            let (trueAmount, falseAmount) = (trues.rounded, falses.rounded)
            // Rows of weight 0 are none.
            guard trueAmount + falseAmount > 0 else { continue }
            let point = CurvePoint(
                threshold: table.range(of: table.entries[index]).lowerBound, truePositiveRate: trueAmount / positiveAmount,
                falsePositiveRate: falseAmount / negativeAmount, precision: trueAmount / (trueAmount + falseAmount))
            if let kept = points.last, point.truePositiveRate - kept.truePositiveRate < curveStep,
                point.falsePositiveRate - kept.falsePositiveRate < curveStep
            {
                last = point
                continue
            }
            // The corner before a step that is longer than others belongs to the curve.
            if let last, let kept = points.last,
                point.truePositiveRate - kept.truePositiveRate >= 2 * curveStep || point.falsePositiveRate - kept.falsePositiveRate >= 2 * curveStep
            {
                points.append(last)
            }
            points.append(point)
            last = nil
        }
        if let last { points.append(last) }
        return points
    }

    /// Σ over ascending scores of positive · (negatives below + half of the equal ones), over the product of the totals.
    private static func area(
        _ amounts: [(negative: Double, positive: Double)], isExact: Bool, _ nothing: RunningAmount
    ) -> Enclosed {
        var below = nothing, positives = nothing, wins = ExactSum(), ties = ExactSum()
        for amount in amounts {
            wins.addProduct(amount.positive, below.rounded)
            wins.addProduct(amount.positive / 2, amount.negative)
            ties.addProduct(amount.positive / 2, amount.negative)
            below.add(amount.negative)
            positives.add(amount.positive)
        }
        var pairs = ExactSum()
        pairs.addProduct(positives.rounded, below.rounded)
        let value = wins.rounded(dividedBy: pairs)
        guard !isExact else { return Enclosed(value: value, lower: value, upper: value) }
        // Within a key any order may be the true one.
        let half = ties.rounded(dividedBy: pairs)
        return Enclosed(value: value, lower: max(0, (value - half).nextDown), upper: min(1, (value + half).nextUp))
    }

    private static func precision(
        _ amounts: [(negative: Double, positive: Double)], isExact: Bool, _ nothing: RunningAmount
    ) -> Enclosed {
        var total = ExactSum()
        for amount in amounts { total.add(amount.positive) }
        guard total.sign > 0 else { return Enclosed(value: .nan, lower: .nan, upper: .nan) }
        var trues = nothing, falses = nothing
        var value = ExactSum(), least = ExactSum(), most = ExactSum()
        for amount in amounts.reversed() {
            let (trueBefore, falseBefore) = (trues.rounded, falses.rounded)
            trues.add(amount.positive)
            falses.add(amount.negative)
            guard amount.positive > 0 else { continue }
            let (trueAfter, falseAfter) = (trues.rounded, falses.rounded)
            value.addProduct(amount.positive, trueAfter / (trueAfter + falseAfter))
            guard !isExact else { continue }
            // All negatives of the key first, or all positives.
            least.add(Self.precisionSum(trueBefore, falseAfter, amount.positive))
            most.add(Self.precisionSum(trueBefore, falseBefore, amount.positive))
        }
        let exact = value.rounded(dividedBy: total)
        guard !isExact else { return Enclosed(value: exact, lower: exact, upper: exact) }
        // Widened by what the sums may be off.
        let lower = max(0, least.rounded(dividedBy: total) - 1e-12), upper = min(1, most.rounded(dividedBy: total) + 1e-12)
        return Enclosed(value: (lower + upper) / 2, lower: lower, upper: upper)
    }

    /// Σ over i = 1…p of (t + i) / (t + f + i): p − f (ψ(t + f + p + 1) − ψ(t + f + 1)).
    private static func precisionSum(_ trues: Double, _ falses: Double, _ positives: Double) -> Double {
        guard falses > 0 else { return positives }
        if positives <= 64 {
            var sum = 0.0
            for i in stride(from: 1.0, through: positives, by: 1) { sum += (trues + i) / (trues + falses + i) }
            // The weights of rows need not be whole numbers.
            let rest = positives - positives.rounded(.down)
            return sum + rest * (trues + positives) / (trues + falses + positives)
        }
        return positives - falses * (DigammaFunction.value(trues + falses + positives + 1) - DigammaFunction.value(trues + falses + 1))
    }

    /// DeLong's standard error, from how many of the other outcome each score beats.
    private static func standardError(_ amounts: [(negative: Double, positive: Double)], _ nothing: RunningAmount) -> Double {
        let positives = amounts.reduce(0) { $0 + $1.positive }, negatives = amounts.reduce(0) { $0 + $1.negative }
        guard positives > 1, negatives > 1 else { return .nan }
        let area = area(amounts, isExact: true, nothing).value
        var ofPositives = ExactSum(), ofNegatives = ExactSum()
        var below = 0.0, positivesBelow = 0.0
        for amount in amounts {
            let beaten = (below + amount.negative / 2) / negatives - area
            let beating = (positives - positivesBelow - amount.positive / 2) / positives - area
            ofPositives.addProduct(amount.positive, beaten * beaten)
            ofNegatives.addProduct(amount.negative, beating * beating)
            below += amount.negative
            positivesBelow += amount.positive
        }
        return (ofPositives.rounded() / (positives - 1) / positives + ofNegatives.rounded() / (negatives - 1) / negatives).squareRoot()
    }
}

extension RankTable {
    /// The weights of both outcomes of each entry, or the numbers of their rows. The table has to be flushed.
    fileprivate var amounts: [(negative: Double, positive: Double)] {
        hasWeights
            ? weights.map { ($0.negative.rounded, $0.positive.rounded) }
            : entries.map { (Double($0.negativeCount), Double($0.positiveCount)) }
    }
}

/// The amount of rows so far: an exact sum of weights, or a number of rows, which a Float64 counts exactly up to 2^53 and in a fraction of the time.
private struct RunningAmount {
    private var count = 0.0
    private var weight: ExactSum?

    /// No rows of a flushed table.
    init(_ table: RankTable) {
        let (total, isOver) = table.outcomeCounts.positive.addingReportingOverflow(table.outcomeCounts.negative)
        weight = table.hasWeights || isOver || total >= 1 << 53 ? ExactSum() : nil
    }

    mutating func add(_ amount: Double) {
        if weight == nil { count += amount } else { weight?.add(amount) }
    }

    /// The amount, rounded once.
    var rounded: Double { weight?.rounded() ?? count }
}

/// The derivative of the logarithm of the gamma function.
enum DigammaFunction {
    /// Returns ψ(x) for x ≥ 1, within 1e-15 of itself or of 1. By its asymptotic series from 10 up, and ψ(x) = ψ(x + 1) − 1/x below.
    static func value(_ x: Double) -> Double {
        var shifted = x, taken = 0.0
        while shifted < 10 {
            taken += 1 / shifted
            shifted += 1
        }
        let z = 1 / (shifted * shifted)
        let series = z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * (1 / 132)))))
        return ElementaryFunctions.logarithm(shifted) - 0.5 / shifted - series - taken
    }
}
