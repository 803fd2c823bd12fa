// Binary decisions with any target: one a row (binary) or C a row (multilabel, whose loss is their mean).

public import KernelABI

/// For each decision: loss = t · w₁ · ℓ₁ + (1 − t) · w₀ · ℓ₀ with ℓ₁ = −log p, ℓ₀ = −log(1 − p), the smoothed target t, the column's positive weight
/// w₁ and its class weight w₀ (focal: times (1 − p_t)^γ and the class balance α); losses[i] is the mean over the row's decisions.
///
/// A part whose factor is 0 counts as 0 whatever its ℓ is. Error: at most 4 ULP (3 seen); focal: 4 + 2γ ULP, what a subnormal p loses aside.
/// A NaN, a value that may not be scored, or a target outside of [0, 1] gives NaN for its row. `correctRowCount` counts decisions: p > ½ where
/// t > ½. O(rowCount × classCount).
public func bernoulliRows(_ block: UnsafeMutablePointer<RowBlock>, _ parameters: UnsafePointer<LossParameters>) {
    bernoulliRows(&block.pointee, parameters.pointee, StoredElement(code: block.pointee.elementCode))
    if block.pointee.facts.areAny { writeDecisionFacts(block.pointee, parameters.pointee.inputCode) }
    block.pointee.instructionSetCode = xentCompiledInstructionSet()
}

/// The decisions of eight lanes.
@inline(always)
private func decisions(
    _ x: Lanes, _ label: Lanes, positiveWeight: Lanes, negativeWeight: Lanes, _ parameters: LossParameters
) -> (loss: Lanes, isCorrect: SIMDMask<LaneIntegers>, isClipped: SIMDMask<LaneIntegers>) {
    // Both by themselves: 1 − target would lose what little smoothing adds.
    let target = label.fma(lanes(parameters.targetKept), parameters.targetAdded)
    let other = (lanes(1) - label).fma(lanes(parameters.targetKept), parameters.targetAdded)
    var ofPositive: Lanes
    var ofNegative: Lanes
    var p = lanes(0), oneMinusP = lanes(0)
    var isClipped = x .< lanes(-.infinity)
    let isPredicted: SIMDMask<LaneIntegers>
    var isValid = (label .>= lanes(0)) .& (label .<= lanes(1))
    if parameters.inputCode == Int32(XentInputLogits) {
        let tail = logarithmOfOnePlus(exponential(lanes(0) - x.absolute))
        ofPositive = (lanes(0) - x).replacing(with: lanes(0), where: x .> lanes(0)) + tail
        ofNegative = x.replacing(with: lanes(0), where: x .< lanes(0)) + tail
        isPredicted = x .> lanes(0)
        if parameters.isFocal != 0 {
            let odds = exponential(lanes(0) - x.absolute)
            let likelier = lanes(1) / (lanes(1) + odds)
            let unlikelier = odds / (lanes(1) + odds)
            p = unlikelier.replacing(with: likelier, where: isPredicted)
            oneMinusP = likelier.replacing(with: unlikelier, where: isPredicted)
            if parameters.clipHigh < .infinity {
                // A framework that makes probabilities of the logits first clips those.
                let bound = lanes(parameters.clipHigh).replacing(with: lanes(parameters.clipLow), where: p .< lanes(parameters.clipLow))
                isClipped = (p .< lanes(parameters.clipLow)) .| (p .> lanes(parameters.clipHigh))
                ofPositive.replace(with: negativeLogarithm(bound), where: isClipped)
                ofNegative.replace(with: lanes(0) - logarithmOfOnePlus(lanes(0) - bound), where: isClipped)
            }
        }
    } else if parameters.inputCode == Int32(XentInputProbabilities) {
        isValid = isValid .& (x .>= lanes(parameters.scorableLow)) .& (x .<= lanes(parameters.scorableHigh))
        (p, oneMinusP) = (x, lanes(1) - x)
        let low = lanes(parameters.clipLow), high = lanes(parameters.clipHigh)
        let q = x.replacing(with: low, where: x .< low).replacing(with: high, where: x .> high)
        isClipped = q .!= x
        if parameters.normalisationCode == Int32(XentNormalisationLast) {
            // The two columns are clipped each and divided by their sum.
            let complement = oneMinusP.replacing(with: low, where: oneMinusP .< low).replacing(with: high, where: oneMinusP .> high)
            (ofPositive, ofNegative) = (logarithmOfOnePlus(complement / q), logarithmOfOnePlus(q / complement))
        } else {
            (ofPositive, ofNegative) = (negativeLogarithm(q), lanes(0) - logarithmOfOnePlus(lanes(0) - q))
        }
        if parameters.focalTakesScored != 0 { (p, oneMinusP) = (q, lanes(1) - q) }
        isPredicted = x .> lanes(0.5)
    } else {
        isValid = isValid .& (x .<= lanes(0))
        (ofPositive, ofNegative) = (negatedLogProbability(x), lanes(0) - logarithmOfOneMinusExponential(x))
        isPredicted = x .> lanes(-0x1.62e42fefa39efp-1)
        if parameters.isFocal != 0 { (p, oneMinusP) = (exponential(x), oneMinusExponential(x)) }
    }
    let largest = lanes(parameters.largestTerm)
    // A term that is not scored is not clipped.
    isClipped = isClipped .| ((ofPositive .> largest) .& (target .!= lanes(0))) .| ((ofNegative .> largest) .& (other .!= lanes(0)))
    ofPositive = ofPositive.replacing(with: largest, where: ofPositive .> largest)
    ofNegative = ofNegative.replacing(with: largest, where: ofNegative .> largest)
    let weightedTarget = target * positiveWeight
    let positive = (weightedTarget * ofPositive).replacing(with: lanes(0), where: weightedTarget .== lanes(0))
    let weightedOther = other * negativeWeight
    let negative = (weightedOther * ofNegative).replacing(with: lanes(0), where: weightedOther .== lanes(0))
    var loss = positive + negative
    if parameters.isFocal != 0 {
        loss *= power(target.fma(oneMinusP, other * p), parameters.focalGamma)
        if !parameters.focalAlpha.isNaN {
            let balance = target.fma(lanes(parameters.focalAlpha), other * lanes(1 - parameters.focalAlpha))
            loss = (loss * balance).replacing(with: lanes(0), where: balance .== lanes(0))
        }
    }
    // NaN inputs came through the arithmetic or fail the comparisons.
    loss = lanes(.nan).replacing(with: loss, where: isValid .& (x .== x))
    return (loss, isPredicted .== (label .> lanes(0.5)), isClipped)
}

@inline(always)
private func bernoulliRows(_ block: inout RowBlock, _ parameters: LossParameters, _ element: StoredElement) {
    guard let targets = block.targets else { return }
    if block.classCount == 1 { return singleDecisions(&block, targets, parameters, element) }
    var unscored = 0
    var correct = 0
    let rowByteCount = block.classCount &* element.byteCount
    for i in 0..<block.rowCount {
        let row = block.values + i &* rowByteCount
        let labels = targets + i &* block.classCount
        var sum = CompensatedLanes()
        var correctDecisions = LaneIntegers(repeating: 0), clippedDecisions = LaneIntegers(repeating: 0)
        var start = 0
        while start < block.classCount {
            let isInside = laneIndices .< LaneIntegers(repeating: Int64(block.classCount &- start))
            let positiveWeight = parameters.positiveWeights.map { Lanes.load($0 + start) } ?? lanes(1)
            let negativeWeight = parameters.classWeights.map { Lanes.load($0 + start) } ?? lanes(1)
            let eight = decisions(
                element.loadEight(row + start &* element.byteCount), Lanes.load(labels + start), positiveWeight: positiveWeight,
                negativeWeight: negativeWeight, parameters)
            sum.add(lanes(0).replacing(with: eight.loss, where: isInside))
            count(eight.isCorrect .& isInside, into: &correctDecisions)
            count(eight.isClipped .& isInside, into: &clippedDecisions)
            start &+= 8
        }
        let loss = sum.totalOrInfinity / Double(block.classCount)
        block.losses[i] = loss
        block.clipped?[i] = total(clippedDecisions) != 0 ? 1 : 0
        if loss.isNaN { unscored &+= 1 } else { correct &+= total(correctDecisions) }
    }
    block.unscoredRowCount = unscored
    block.correctRowCount = correct
}

/// One decision a row, eight rows at a time.
@inline(always)
private func singleDecisions(
    _ block: inout RowBlock, _ targets: UnsafePointer<Double>, _ parameters: LossParameters, _ element: StoredElement
) {
    var scoredCounts = LaneIntegers(repeating: 0), correctCounts = scoredCounts
    let positiveWeight = lanes(parameters.positiveWeights?[0] ?? 1)
    let negativeWeight = lanes(parameters.classWeights?[0] ?? 1)
    var i = 0
    while i < block.rowCount {
        let eight = decisions(
            element.loadEight(block.values + i &* element.byteCount), Lanes.load(targets + i), positiveWeight: positiveWeight,
            negativeWeight: negativeWeight, parameters)
        var losses = eight.loss
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
