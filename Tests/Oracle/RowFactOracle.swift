/// The facts of a row beside its loss, from the definitions, in 256 bits.
public struct RowFactOracle: Sendable {
    /// The p of the label; of several decisions the mean.
    public var labelProbability: BigReal
    /// The largest p; of several decisions the mean of each one's larger.
    public var topProbability: BigReal
    /// The first of the classes that have the largest value; −1 for several decisions.
    public var topClass: Int
    public var isCorrect: Bool
    /// Σ p² over the classes; of several decisions the mean.
    public var squaredProbabilitySum: BigReal
    /// Σ p·x, or Σ p·log p where the values are no logits; of several decisions the mean.
    public var probabilityWeightedSum: ExtendedReal
    /// Σ p·|x|, of which an error of the sum is a part.
    public var probabilityWeightedMagnitude: BigReal
    /// How many classes come before the label; −1 for several decisions.
    public var labelRank: Int

    /// A row over classes that exclude one another. `values` has no NaN; its largest is no −∞; probabilities are in [0, 1], logarithms at most 0.
    ///
    /// About 30 µs a class in a release build.
    public init(classes values: [Double], label: Int, input: LossOracle.Input) {
        let largest = values.max() ?? 0
        var p: [BigReal]
        switch input {
        case .logits where largest == .infinity:
            let share = BigReal(1) / BigReal(values.filter { $0 == .infinity }.count)
            p = values.map { $0 == .infinity ? share : .zero }
        case .logits:
            let odds = values.map { $0 == -.infinity ? BigReal.zero : BigReal.exp(BigReal($0) - BigReal(largest)) }
            // The largest first, whose odds are 1: the rest is small beside it where that matters.
            let sum = odds.reduce(.zero, +)
            p = odds.map { $0 / sum }
        case .probabilities: p = values.map { BigReal($0) }
        case .logProbabilities: p = values.map { $0 == -.infinity ? .zero : BigReal.exp(BigReal($0)) }
        }
        topClass = values.firstIndex(of: largest) ?? 0
        isCorrect = topClass == label
        labelProbability = p[label]
        topProbability = p[topClass]
        squaredProbabilitySum = p.reduce(.zero) { $0 + $1 * $1 }
        labelRank = values.indices.count { values[$0] > values[label] || (values[$0] == values[label] && $0 < label) }
        var sum = BigReal.zero, magnitude = BigReal.zero
        if largest < .infinity {
            for (value, p) in zip(values, p) where !p.isZero {
                let term = p * (input == .probabilities ? BigReal.log(p) : BigReal(value))
                sum += term
                magnitude += term.magnitude
            }
        }
        probabilityWeightedSum = largest == .infinity ? .infinite : .finite(sum)
        probabilityWeightedMagnitude = magnitude
    }

    /// One decision, whose classes are 0 and 1. `value` is no NaN, a probability in [0, 1] or a logarithm of at most 0.
    public init(decision value: Double, isOne: Bool, input: LossOracle.Input) {
        let one: BigReal, zero: BigReal
        let saysOne: Bool
        var sum = ExtendedReal.zero
        switch input {
        case .logits:
            saysOne = value > 0
            if value.isInfinite {
                (one, zero) = value > 0 ? (BigReal(1), .zero) : (.zero, BigReal(1))
                sum = value > 0 ? .infinite : .zero
            } else {
                let odds = BigReal.exp(BigReal(-value.magnitude))
                let (likelier, unlikelier) = (BigReal(1) / (BigReal(1) + odds), odds / (BigReal(1) + odds))
                (one, zero) = saysOne ? (likelier, unlikelier) : (unlikelier, likelier)
                sum = .finite(one * BigReal(value))
            }
        case .probabilities:
            saysOne = value > 0.5
            (one, zero) = (BigReal(value), BigReal(1) - BigReal(value))
            if !one.isZero { sum += .finite(one * BigReal.log(one)) }
            if !zero.isZero { sum += .finite(zero * BigReal.log1p(-one)) }
        case .logProbabilities:
            saysOne = value > -0.6931471805599453
            one = value == -.infinity ? .zero : BigReal.exp(BigReal(value))
            zero = value == -.infinity ? BigReal(1) : LossOracle.oneMinusExp(BigReal(value))
            if !one.isZero { sum += .finite(one * BigReal(value)) }
            if !zero.isZero, !one.isZero { sum += .finite(zero * (value > -1 ? BigReal.log(zero) : BigReal.log1p(-one))) }
        }
        labelProbability = isOne ? one : zero
        topProbability = saysOne ? one : zero
        topClass = saysOne ? 1 : 0
        isCorrect = saysOne == isOne
        squaredProbabilitySum = one * one + zero * zero
        probabilityWeightedSum = sum
        // All terms have one sign.
        if case .finite(let sum) = sum { probabilityWeightedMagnitude = sum.magnitude } else { probabilityWeightedMagnitude = .zero }
        labelRank = isCorrect ? 0 : 1
    }

    /// The means over several decisions.
    public init(decisions values: [Double], areOne: [Bool], input: LossOracle.Input) {
        let decisions = zip(values, areOne).map { RowFactOracle(decision: $0, isOne: $1, input: input) }
        let share = BigReal(1) / BigReal(values.count)
        func mean(_ fact: (RowFactOracle) -> BigReal) -> BigReal { decisions.reduce(.zero) { $0 + fact($1) } * share }
        labelProbability = mean(\.labelProbability)
        topProbability = mean(\.topProbability)
        topClass = -1
        isCorrect = decisions.allSatisfy(\.isCorrect)
        squaredProbabilitySum = mean(\.squaredProbabilitySum)
        probabilityWeightedSum = share * decisions.reduce(.zero) { $0 + $1.probabilityWeightedSum }
        probabilityWeightedMagnitude = mean(\.probabilityWeightedMagnitude)
        labelRank = -1
    }
}
