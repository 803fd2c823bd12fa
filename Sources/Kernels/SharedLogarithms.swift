// Rows of several decisions without weights, clipping or a focal factor, of which one logarithm does for many: Σ log(1 + e_j) = log Π(1 + e_j).
// The product is a pair that is not rounded, so that confident decisions, whose 1 + e_j are next to 1, keep their digits.

import KernelABI

/// The number of vectors whose product is made before its logarithm is taken: no product of so many leaves the range of Float64.
private let vectorsOfAProduct = 16

/// The least probability that is a factor: 16 of them are above 2^-1000.
private let leastProbability = 0x1p-60

/// The least sum of a row's losses that is as exact as it should be: what a product loses, 2^-106 of each of 16 vectors, is below any digit of it.
private let leastSum = 0x1p-36

/// The sums of a row of decisions.
private struct DecisionSums {
    /// The product of what the next logarithm is taken of.
    var product = LanePair(lanes(1), lanes(0))
    /// Σ of the logarithms, and of what is added to them.
    var losses = CompensatedLanes()
    var correctCounts = LaneIntegers(repeating: 0)
    // The extremes of the row by lane, which say whether its decisions are such as this file is for. A NaN is left out, and makes the loss NaN.
    var leastLabel = lanes(1), largestLabel = lanes(0), leastFactor = lanes(1)
    /// Σ |t² − t|, which is 0 for labels 0 and 1 alone, and NaN where one is NaN.
    var otherLabels = lanes(0)
    var leastValue = lanes(.infinity), largestValue = lanes(-.infinity)

    @inline(always) init() {}

    @inline(always) mutating func see(label: Lanes) {
        leastLabel = leastLabel.smaller(label)
        largestLabel = largestLabel.larger(label)
    }

    @inline(always) mutating func add(_ decisions: PlainDecisions, isSmoothed: Bool) {
        count(decisions.isCorrect, into: &correctCounts)
        if isSmoothed { losses.rest += decisions.straightRest }
    }

    /// Brings all sums to the same point (`xentInOrder`): LLVM would else take the vectors apart for the sake of single lanes that are read
    /// later.
    @inline(always) mutating func meet(isLogit: Bool) {
        product = LanePair(xentInOrder(product.high), xentInOrder(product.low))
        correctCounts = xentInOrder(Lanes(bits: correctCounts.unsigned)).integerBits
        leastValue = xentInOrder(leastValue)
        largestValue = xentInOrder(largestValue)
        if isLogit {
            (losses.sum, losses.rest) = (xentInOrder(losses.sum), xentInOrder(losses.rest))
            (leastLabel, largestLabel) = (xentInOrder(leastLabel), xentInOrder(largestLabel))
        } else {
            (otherLabels, leastFactor) = (xentInOrder(otherLabels), xentInOrder(leastFactor))
        }
    }

    /// Adds log of the product, times ±1; a new product begins.
    @inline(always) mutating func takeLogarithm(isNegated: Bool) {
        let whole = product.normalized
        var logarithm = logarithmPair(normal: whole.high, rest: whole.low)
        // Of NaN it is any number.
        logarithm.high = lanes(.nan).replacing(with: logarithm.high, where: whole.high .== whole.high)
        losses.add(isNegated ? lanes(0) - logarithm.high : logarithm.high)
        losses.rest += isNegated ? lanes(0) - logarithm.low : logarithm.low
        product = LanePair(lanes(1), lanes(0))
    }
}

/// One vector of decisions: the factor of the product, and what is added to the logarithms.
private struct PlainDecisions {
    var factor: LanePair
    var straight: Lanes
    var straightRest = lanes(0)
    var isCorrect: SIMDMask<LaneIntegers>

    /// From logits and e = exp(−|x|): log(1 + e) + t' max(−x, 0) + (1 − t') max(x, 0) for the smoothed target t'.
    @inline(always) init(logits x: Lanes, odds: Lanes, label: Lanes, _ parameters: LossParameters, isSmoothed: Bool, _ sums: inout DecisionSums) {
        sums.see(label: label)
        sums.largestValue = sums.largestValue.larger(x.absolute)
        let whole = lanes(1) + odds
        // Exact, since the odds are not above 1 (Dekker).
        factor = LanePair(whole, odds - (whole - lanes(1)))
        isCorrect = (x .> lanes(0)) .== (label .> lanes(0.5))
        if isSmoothed {
            // Both by themselves: 1 − target would lose what little smoothing adds.
            let added = parameters.targetAdded, kept = lanes(parameters.targetKept)
            let unlikely = label.replacing(with: lanes(1) - label, where: x .> lanes(0)).fma(kept, added)
            straight = unlikely * x.absolute
            straightRest = unlikely.fma(x.absolute, -straight)
        } else {
            // max(x, 0) − t x: nothing is lost for t = 0 and 1.
            straight = (-label).fma(x, lanes(0).larger(x))
        }
    }

    /// From probabilities: p where the label is 1, 1 − p where it is 0.
    @inline(always) init(probabilities p: Lanes, label: Lanes, _ sums: inout DecisionSums) {
        let isPositive = label .== lanes(1)
        sums.otherLabels += label.fma(label, lanes(0) - label).absolute
        let complement = lanes(1) - p
        let rest = (lanes(1) - complement) - p
        factor = LanePair(complement.replacing(with: p, where: isPositive), rest.replacing(with: lanes(0), where: isPositive))
        sums.leastFactor = sums.leastFactor.smaller(factor.high)
        sums.leastValue = sums.leastValue.smaller(p)
        sums.largestValue = sums.largestValue.larger(p)
        straight = lanes(0)
        isCorrect = (p .> lanes(0.5)) .== isPositive
    }

    /// `odds` are read for logits alone.
    @inline(always) init(
        _ x: Lanes, _ odds: Lanes, _ label: Lanes, _ parameters: LossParameters, isLogit: Bool, isSmoothed: Bool, _ sums: inout DecisionSums
    ) {
        self = isLogit
            ? PlainDecisions(logits: x, odds: odds, label: label, parameters, isSmoothed: isSmoothed, &sums)
            : PlainDecisions(probabilities: x, label: label, &sums)
    }

    /// Nothing, from lane `count` on.
    @inline(always) mutating func keep(first count: Int) {
        let isInside = laneIndices .< LaneIntegers(repeating: Int64(count))
        factor = LanePair(lanes(1), lanes(0)).replacing(with: factor, where: isInside)
        straight = lanes(0).replacing(with: straight, where: isInside)
        straightRest = lanes(0).replacing(with: straightRest, where: isInside)
        isCorrect = isCorrect .& isInside
    }
}

/// exp(−|x|) for |x| <= 700, rounded: as many vectors side by side as the registers hold.
@inline(always)
private func odds(_ x: FourLanes) -> FourLanes {
    @inline(always) func one(_ x: Lanes) -> Lanes { exponentialByTable(x.negativeMagnitude) }
    @inline(always) func two(_ a: Lanes, _ b: Lanes) -> TwoLanes { exponentialByTable(TwoLanes(a.negativeMagnitude, b.negativeMagnitude)) }
    switch xentCompiledInstructionSet() {
    case Int32(XentInstructionSetAVX512):
        return exponentialByTable(
            FourLanes(x.a.negativeMagnitude, x.b.negativeMagnitude, x.c.negativeMagnitude, x.d.negativeMagnitude))
    case Int32(XentInstructionSetAVX2):
        let (first, second) = (two(x.a, x.b), two(x.c, x.d))
        return FourLanes(first.a, first.b, second.a, second.b)
    default:
        return FourLanes(one(x.a), one(x.b), one(x.c), one(x.d))
    }
}

/// The mean of a row's losses, and the counts of right decisions by lane; nil for a row that has decisions of another kind, which are for
/// `bernoulliRows`. `isLogit` and `isSmoothed` are known when this is compiled.
///
/// Error, from logits: at most 3 ULP, 3.5 for labels between 0 and 1, and smoothed; from probabilities: at most 1.9. The article
/// ErrorBounds adds them up. O(classCount).
@inline(always)
private func plainRow(
    _ row: UnsafeRawPointer, _ labels: UnsafePointer<Double>, _ classCount: Int, _ parameters: LossParameters, _ element: StoredElement,
    isLogit: Bool, isSmoothed: Bool
) -> (loss: Double, correctCounts: LaneIntegers)? {
    var sums = DecisionSums()
    // Wrapping arithmetic on indices throughout: they stay within the row.
    var start = 0
    while start &+ 32 <= classCount {
        let x = element.loadThirtyTwo(row + start &* element.byteCount)
        let odds = isLogit ? odds(x) : x
        let a = PlainDecisions(x.a, odds.a, Lanes.load(labels + start), parameters, isLogit: isLogit, isSmoothed: isSmoothed, &sums)
        let b = PlainDecisions(x.b, odds.b, Lanes.load(labels + (start &+ 8)), parameters, isLogit: isLogit, isSmoothed: isSmoothed, &sums)
        let c = PlainDecisions(x.c, odds.c, Lanes.load(labels + (start &+ 16)), parameters, isLogit: isLogit, isSmoothed: isSmoothed, &sums)
        let d = PlainDecisions(x.d, odds.d, Lanes.load(labels + (start &+ 24)), parameters, isLogit: isLogit, isSmoothed: isSmoothed, &sums)
        sums.product = sums.product * ((a.factor * b.factor) * (c.factor * d.factor))
        if isSmoothed {
            // Smoothed targets have roundings of their own, beside which there is no room for others.
            sums.losses.add(a.straight)
            sums.losses.add(b.straight)
            sums.losses.add(c.straight)
            sums.losses.add(d.straight)
        } else if isLogit {
            sums.losses.add(a.straight + b.straight)
            sums.losses.add(c.straight + d.straight)
        }
        sums.add(a, isSmoothed: isSmoothed)
        sums.add(b, isSmoothed: isSmoothed)
        sums.add(c, isSmoothed: isSmoothed)
        sums.add(d, isSmoothed: isSmoothed)
        start &+= 32
        sums.meet(isLogit: isLogit)
        if start & (8 &* vectorsOfAProduct &- 1) == 0 { sums.takeLogarithm(isNegated: !isLogit) }
    }
    // At most four vectors, which there is room for in the product.
    while start < classCount {
        let isWhole = start &+ 8 <= classCount
        var x = element.loadEight(row + start &* element.byteCount)
        var label = Lanes.load(labels + start)
        if !isWhole {
            let isInside = laneIndices .< LaneIntegers(repeating: Int64(classCount &- start))
            x = lanes(0.5).replacing(with: x, where: isInside)
            label = lanes(1).replacing(with: label, where: isInside)
        }
        let odds = isLogit ? exponentialByTable(x.negativeMagnitude) : x
        var eight = PlainDecisions(x, odds, label, parameters, isLogit: isLogit, isSmoothed: isSmoothed, &sums)
        if !isWhole { eight.keep(first: classCount &- start) }
        sums.product = sums.product * eight.factor
        if isLogit { sums.losses.add(eight.straight) }
        sums.add(eight, isSmoothed: isSmoothed)
        sums.meet(isLogit: isLogit)
        start &+= 8
    }
    if classCount & (8 &* vectorsOfAProduct &- 1) != 0 { sums.takeLogarithm(isNegated: !isLogit) }
    let isInRange: SIMDMask<LaneIntegers>
    if isLogit {
        isInRange = (sums.largestValue .<= lanes(700)) .& (sums.leastLabel .>= lanes(0)) .& (sums.largestLabel .<= lanes(1))
    } else {
        isInRange =
            (sums.otherLabels .== lanes(0)) .& (sums.leastFactor .>= lanes(leastProbability)) .& (sums.leastValue .>= lanes(parameters.scorableLow))
            .& (sums.leastValue .>= lanes(0)) .& (sums.largestValue .<= lanes(parameters.scorableHigh)) .& (sums.largestValue .<= lanes(1))
    }
    guard isFull(isInRange) else { return nil }
    let total = sums.losses.total
    // Neither is NaN.
    guard total >= leastSum else { return nil }
    return (total / Double(classCount), sums.correctCounts)
}

/// The losses of rows of several decisions, by one logarithm for many of them.
enum SharedLogarithms {
    /// Returns true if a row's losses may take one logarithm for many.
    @inline(always) static func areAllowed(_ block: RowBlock, _ parameters: LossParameters) -> Bool {
        guard parameters.isFocal == 0, parameters.largestTerm == .infinity, parameters.classWeights == nil, parameters.positiveWeights == nil else {
            return false
        }
        if parameters.inputCode == Int32(XentInputLogits) { return true }
        let isPlain = parameters.clipLow == -.infinity && parameters.clipHigh == .infinity
        let isSmoothed = parameters.smooths
        return parameters.inputCode == Int32(XentInputProbabilities) && isPlain && !isSmoothed
    }

    /// The mean of a row's losses and the counts of right decisions by lane; nil for a row that has decisions of another kind.
    @inline(never)
    static func row(
        _ row: UnsafeRawPointer, _ labels: UnsafePointer<Double>, _ classCount: Int, _ parameters: LossParameters, _ element: StoredElement
    ) -> (loss: Double, correctCounts: LaneIntegers)? {
        if parameters.inputCode == Int32(XentInputProbabilities) {
            return plainRow(row, labels, classCount, parameters, element, isLogit: false, isSmoothed: false)
        }
        if parameters.smooths {
            return plainRow(row, labels, classCount, parameters, element, isLogit: true, isSmoothed: true)
        }
        return plainRow(row, labels, classCount, parameters, element, isLogit: true, isSmoothed: false)
    }
}
