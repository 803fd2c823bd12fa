// Binary decisions with any target: one a row (binary) or C a row (multilabel, whose loss is their mean).

public import KernelABI

/// For each decision: loss = t · w₁ · ℓ₁ + (1 − t) · w₀ · ℓ₀ with ℓ₁ = −log p, ℓ₀ = −log(1 − p), the smoothed target t, the column's
/// positive weight w₁ and its class weight w₀ (focal: times (1 − p_t)^γ and the class balance α); losses[i] is the mean over the row's
/// decisions.
///
/// A part whose factor is 0 counts as 0 whatever its ℓ is. Error: at most 3 ULP of a decision, and 4 of a mean, with a focal factor as well up to γ = 5,
/// beyond it 0.6 more for each unit of γ; what a subnormal p loses aside. The article ErrorBounds adds them up. A NaN, a value that may not be scored, or a target outside of [0, 1]
/// gives NaN for its row. `correctRowCount` counts decisions: p > ½ where t > ½. O(rowCount × classCount).
public func bernoulliRows(_ block: UnsafeMutablePointer<RowBlock>, _ parameters: UnsafePointer<LossParameters>) {
    bernoulliRows(&block.pointee, parameters.pointee, StoredElement(code: block.pointee.elementCode))
    if block.pointee.facts.areAny { writeDecisionFacts(block.pointee, parameters.pointee.inputCode) }
    block.pointee.instructionSetCode = xentCompiledInstructionSet()
}

/// Eight decisions' losses.
private struct Decisions {
    var loss: LanePair
    var isCorrect: SIMDMask<LaneIntegers>
    var isClipped: SIMDMask<LaneIntegers>
}

/// The factors of the two parts of eight decisions' losses: a = t w₁ and b = (1 − t) w₀, as pairs.
private struct DecisionFactors {
    let target: LanePair, other: LanePair
    let ofPositive: LanePair, ofNegative: LanePair

    @inline(always) init(_ label: Lanes, positiveWeight: Lanes?, negativeWeight: Lanes?, _ parameters: LossParameters) {
        // Both by themselves: 1 − target would lose what little smoothing adds.
        let complement = lanes(1) - label
        target = parameters.smoothed(LanePair(label, lanes(0)))
        other = parameters.smoothed(LanePair(complement, (lanes(1) - complement) - label))
        @inline(always) func weighted(_ x: LanePair, _ weight: Lanes?) -> LanePair {
            guard let weight else { return x }
            let product = x.high * weight
            return LanePair(product, x.low.fma(weight, x.high.fma(weight, -product)))
        }
        ofPositive = weighted(target, positiveWeight)
        ofNegative = weighted(other, negativeWeight)
    }

    /// True where one of the two parts alone has a factor.
    @inline(always) var areSingle: SIMDMask<LaneIntegers> { (ofPositive.high .== lanes(0)) .| (ofNegative.high .== lanes(0)) }

    /// a · ℓ₁ + b · ℓ₀; a part without a factor is 0, be its ℓ infinite.
    @inline(always) func sum(_ positive: LanePair, _ negative: LanePair) -> LanePair {
        ofPositive.times(any: positive) + ofNegative.times(any: negative)
    }

    /// The target's part of `positive` and the other's of `negative`, without weights.
    @inline(always) func blend(_ positive: LanePair, _ negative: LanePair) -> LanePair { target * positive + other * negative }
}

/// The decisions of eight lanes.
@inline(always)
private func decisions(
    _ x: Lanes, _ label: Lanes, positiveWeight: Lanes?, negativeWeight: Lanes?, _ parameters: LossParameters
) -> Decisions {
    let factors = DecisionFactors(label, positiveWeight: positiveWeight, negativeWeight: negativeWeight, parameters)
    let isLabel = (label .>= lanes(0)) .& (label .<= lanes(1))
    let isPlain = parameters.isFocal == 0 && parameters.largestTerm == .infinity
    if isPlain, parameters.inputCode == Int32(XentInputLogits), isFull(isLabel .& (x.absolute .<= lanes(700))) {
        let isPredicted = x .> lanes(0)
        return Decisions(
            loss: lossOfLogits(x, isPredicted, factors, isWeighted: positiveWeight != nil || negativeWeight != nil),
            isCorrect: isPredicted .== (label .> lanes(0.5)), isClipped: label .< lanes(0))
    }
    if isPlain, parameters.inputCode == Int32(XentInputProbabilities), parameters.clipLow == -.infinity, parameters.clipHigh == .infinity,
        parameters.scorableLow <= 0x1p-500, parameters.scorableHigh >= 1,
        isFull(isLabel .& (x .>= lanes(0x1p-500)) .& (x .< lanes(1)) .& factors.areSingle) {
        // One logarithm, of what happened; the same bits as by the sum of both parts, of which one is 0.
        let isNegative = factors.ofPositive.high .== lanes(0)
        let logarithm = negativeLogarithmPair(ofNormal: x, isComplement: isNegative)
        var loss = logarithm
        if positiveWeight != nil || negativeWeight != nil {
            loss = factors.ofPositive.replacing(with: factors.ofNegative, where: isNegative) * logarithm
        }
        return Decisions(loss: loss, isCorrect: (x .> lanes(0.5)) .== (label .> lanes(0.5)), isClipped: label .< lanes(0))
    }
    var decisions = anyDecisions(x, label, isLabel, factors, parameters)
    if isPlain, parameters.inputCode == Int32(XentInputLogits) {
        // A decision has the same bits whatever lies beside it.
        let near = x.smaller(lanes(700)).larger(lanes(-700))
        let ofNear = lossOfLogits(near, x .> lanes(0), factors, isWeighted: positiveWeight != nil || negativeWeight != nil)
        decisions.loss = decisions.loss.replacing(with: ofNear, where: isLabel .& (x.absolute .<= lanes(700)))
    }
    return decisions
}

/// a ℓ₁ + b ℓ₀ of logits up to ±700: (x > 0 ? b : a) |x| + (a + b) log(1 + exp(−|x|)), where without weights a + b = 1.
@inline(always)
private func lossOfLogits(_ x: Lanes, _ isPredicted: SIMDMask<LaneIntegers>, _ factors: DecisionFactors, isWeighted: Bool) -> LanePair {
    let magnitude = x.absolute
    let tail = logarithmPairOfOneAndOdds(x.negativeMagnitude)
    let wrong = factors.ofPositive.replacing(with: factors.ofNegative, where: isPredicted)
    let straight = wrong.high * magnitude
    let straightRest = wrong.low.fma(magnitude, wrong.high.fma(magnitude, -straight))
    var curved = tail
    if isWeighted {
        let (both, bothRest) = twoSum(factors.ofPositive.high, factors.ofNegative.high)
        curved = LanePair(both, bothRest + (factors.ofPositive.low + factors.ofNegative.low)) * tail
    }
    let (high, low) = twoSum(straight, curved.high)
    return LanePair(high, low + (straightRest + curved.low))
}

/// −log x, or −log(1 − x) where `isComplement`, for x from 2^-500 to below 1, as a pair.
@inline(always)
private func negativeLogarithmPair(ofNormal x: Lanes, isComplement: SIMDMask<LaneIntegers>) -> LanePair {
    let complement = lanes(1) - x
    let rest = lanes(0).replacing(with: (lanes(1) - complement) - x, where: isComplement)
    let pair = logarithmPair(normal: x.replacing(with: complement, where: isComplement), rest: rest)
    return LanePair(lanes(0) - pair.high, lanes(0) - pair.low)
}

/// The decisions of eight lanes of any kind.
@inline(never)
private func anyDecisions(
    _ x: Lanes, _ label: Lanes, _ isLabel: SIMDMask<LaneIntegers>, _ factors: DecisionFactors, _ parameters: LossParameters
) -> Decisions {
    var ofPositive: LanePair, ofNegative: LanePair
    var p = LanePair(lanes(0), lanes(0)), oneMinusP = p
    var isClipped = x .< lanes(-.infinity)
    let isPredicted: SIMDMask<LaneIntegers>
    var isValid = isLabel
    let zero = lanes(0)
    if parameters.inputCode == Int32(XentInputLogits) {
        isPredicted = x .> zero
        // Far off, the tail is exp(−|x|) to the last digit; it may be subnormal.
        let isFar = .!(x.absolute .<= lanes(700))
        let near = lanes(700).smaller(x.absolute)
        var odds = exponentialPair(moderate: zero - near)
        var tail = logarithmPairOfOnePlus(upToOne: odds.high, rest: odds.low)
        let farOdds = exponential(zero - x.absolute)
        odds = LanePair(odds.high.replacing(with: farOdds, where: isFar), odds.low.replacing(with: zero, where: isFar))
        tail = LanePair(tail.high.replacing(with: farOdds, where: isFar), tail.low.replacing(with: zero, where: isFar))
        @inline(always) func withTail(_ straight: Lanes) -> LanePair {
            let (high, low) = twoSum(straight, tail.high)
            return LanePair(high, zero.replacing(with: low + tail.low, where: high .< lanes(.infinity)))
        }
        ofPositive = withTail((zero - x).replacing(with: zero, where: x .> zero))
        ofNegative = withTail(x.replacing(with: zero, where: x .< zero))
        if parameters.isFocal != 0 {
            let unlikelier = quotient(odds.high, odds.low)
            let likelierHigh = lanes(1) - unlikelier.high
            let likelier = LanePair(likelierHigh, ((lanes(1) - likelierHigh) - unlikelier.high) - unlikelier.low)
            p = unlikelier.replacing(with: likelier, where: isPredicted)
            oneMinusP = likelier.replacing(with: unlikelier, where: isPredicted)
            if parameters.clipHigh < .infinity {
                // A framework that makes probabilities of the logits first clips those.
                let low = lanes(parameters.clipLow)
                let bound = lanes(parameters.clipHigh).replacing(with: low, where: p.high .< low)
                isClipped = (p.high .< lanes(parameters.clipLow)) .| (p.high .> lanes(parameters.clipHigh))
                ofPositive = ofPositive.replacing(with: negativeLogarithmPair(bound), where: isClipped)
                ofNegative = ofNegative.replacing(with: negativeLogarithmPairOfComplement(bound), where: isClipped)
            }
        }
    } else if parameters.inputCode == Int32(XentInputProbabilities) {
        isValid = isValid .& (x .>= lanes(parameters.scorableLow)) .& (x .<= lanes(parameters.scorableHigh))
        isPredicted = x .> lanes(0.5)
        let low = lanes(parameters.clipLow), high = lanes(parameters.clipHigh)
        let q = x.replacing(with: low, where: x .< low).replacing(with: high, where: x .> high)
        isClipped = q .!= x
        if parameters.normalisationCode == Int32(XentNormalisationLast) {
            // The two columns are clipped each and divided by their sum.
            let unclipped = lanes(1) - x
            let complement = unclipped.replacing(with: low, where: unclipped .< low).replacing(with: high, where: unclipped .> high)
            ofPositive = LanePair(logarithmOfOnePlus(complement / q), zero)
            ofNegative = LanePair(logarithmOfOnePlus(q / complement), zero)
        } else {
            ofPositive = negativeLogarithmPair(q)
            ofNegative = negativeLogarithmPairOfComplement(q)
        }
        let scored = parameters.focalTakesScored != 0 ? q : x
        let complement = lanes(1) - scored
        (p, oneMinusP) = (LanePair(scored, zero), LanePair(complement, (lanes(1) - complement) - scored))
    } else {
        isValid = isValid .& (x .<= zero)
        isPredicted = x .> lanes(-0x1.62e42fefa39efp-1)
        ofPositive = LanePair(negatedLogProbability(x), zero)
        oneMinusP = oneMinusExponentialPair(x, rest: zero)
        ofNegative = negativeLogarithmPairOfComplement(ofLogarithm: x, oneMinusP)
        if parameters.isFocal != 0 {
            let moderate = exponentialPair(moderate: lanes(-700).larger(x))
            p = LanePair(exponential(x), zero).replacing(with: moderate, where: x .>= lanes(-700))
        }
    }
    let largest = lanes(parameters.largestTerm)
    // A term that is not scored is not clipped.
    let isPositiveLarge = ofPositive.high .> largest, isNegativeLarge = ofNegative.high .> largest
    isClipped = isClipped .| (isPositiveLarge .& (factors.target.high .!= zero)) .| (isNegativeLarge .& (factors.other.high .!= zero))
    ofPositive = ofPositive.replacing(with: LanePair(largest, zero), where: isPositiveLarge)
    ofNegative = ofNegative.replacing(with: LanePair(largest, zero), where: isNegativeLarge)
    var loss = factors.sum(ofPositive, ofNegative)
    if parameters.isFocal != 0 {
        var factor = power(factors.blend(oneMinusP, p).normalized, parameters.focalGamma)
        if !parameters.focalAlpha.isNaN {
            let alpha = parameters.focalAlpha, complement = 1 - alpha
            factor = factors.blend(LanePair(lanes(alpha), zero), LanePair(lanes(complement), lanes((1 - complement) - alpha))) * factor
        }
        loss = factor.times(any: loss.normalized)
    }
    // NaN inputs came through the arithmetic or fail the comparisons.
    loss.high = lanes(.nan).replacing(with: loss.high, where: isValid .& (x .== x))
    return Decisions(loss: loss, isCorrect: isPredicted .== (label .> lanes(0.5)), isClipped: isClipped)
}

@inline(always)
private func bernoulliRows(_ block: inout RowBlock, _ parameters: LossParameters, _ element: StoredElement) {
    guard let targets = block.targets else { return }
    if block.classCount == 1 { return singleDecisions(&block, targets, parameters, element) }
    var unscored = 0
    var correct = 0
    var correctCounts = LaneIntegers(repeating: 0)
    let mayShare = SharedLogarithms.areAllowed(block, parameters)
    let rowByteCount = block.classCount &* element.byteCount
    for i in 0..<block.rowCount {
        let row = block.values + i &* rowByteCount
        let labels = targets + i &* block.classCount
        if mayShare, let shared = SharedLogarithms.row(row, labels, block.classCount, parameters, element) {
            block.losses[i] = shared.loss
            block.clipped?[i] = 0
            correctCounts &+= shared.correctCounts
            continue
        }
        var sum = CompensatedLanes()
        var correctDecisions = LaneIntegers(repeating: 0), clippedDecisions = LaneIntegers(repeating: 0)
        var start = 0
        while start < block.classCount {
            let positiveWeight = parameters.positiveWeights.map { Lanes.load($0 + start) }
            let negativeWeight = parameters.classWeights.map { Lanes.load($0 + start) }
            var x = element.loadEight(row + start &* element.byteCount)
            var label = Lanes.load(labels + start)
            let isWhole = start &+ 8 <= block.classCount
            let isInside = laneIndices .< LaneIntegers(repeating: Int64(block.classCount &- start))
            if !isWhole {
                // What lies beyond the row has a loss, as the decisions do, which is left out.
                x = lanes(parameters.inputCode == Int32(XentInputLogProbabilities) ? -0.5 : 0.5).replacing(with: x, where: isInside)
                label = lanes(1).replacing(with: label, where: isInside)
            }
            var eight = decisions(x, label, positiveWeight: positiveWeight, negativeWeight: negativeWeight, parameters)
            if !isWhole {
                eight.loss = LanePair(lanes(0), lanes(0)).replacing(with: eight.loss, where: isInside)
                eight.isCorrect = eight.isCorrect .& isInside
                eight.isClipped = eight.isClipped .& isInside
            }
            sum.add(eight.loss.high)
            sum.rest += eight.loss.low
            count(eight.isCorrect, into: &correctDecisions)
            if block.clipped != nil { count(eight.isClipped, into: &clippedDecisions) }
            start &+= 8
        }
        let loss = sum.totalOrInfinity / Double(block.classCount)
        block.losses[i] = loss
        block.clipped?[i] = total(clippedDecisions) != 0 ? 1 : 0
        if loss.isNaN { unscored &+= 1 } else { correct &+= total(correctDecisions) }
    }
    block.unscoredRowCount = unscored
    block.correctRowCount = correct &+ total(correctCounts)
}

/// One decision a row, eight rows at a time.
@inline(always)
private func singleDecisions(
    _ block: inout RowBlock, _ targets: UnsafePointer<Double>, _ parameters: LossParameters, _ element: StoredElement
) {
    var scoredCounts = LaneIntegers(repeating: 0), correctCounts = scoredCounts
    let positiveWeight = parameters.positiveWeights.map { lanes($0[0]) }
    let negativeWeight = parameters.classWeights.map { lanes($0[0]) }
    var i = 0
    while i < block.rowCount {
        let eight = decisions(
            element.loadEight(block.values + i &* element.byteCount), Lanes.load(targets + i), positiveWeight: positiveWeight,
            negativeWeight: negativeWeight, parameters)
        var losses = eight.loss.rounded
        if i &+ 8 > block.rowCount { losses = losses.masked(first: block.rowCount &- i) }
        let isScored = losses .== losses
        count(isScored, into: &scoredCounts)
        count(isScored .& eight.isCorrect, into: &correctCounts)
        losses.store(block.losses + i)
        if let clipped = block.clipped {
            for lane in 0..<8 { clipped[i &+ lane] = eight.isClipped[lane] ? 1 : 0 }
        }
        i &+= 8
    }
    block.unscoredRowCount = block.rowCount &- total(scoredCounts)
    block.correctRowCount = total(correctCounts)
}
