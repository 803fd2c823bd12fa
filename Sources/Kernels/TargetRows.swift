// Losses over the classes of a row with any target: Σ_c a_c · ℓ_c, where ℓ_c = −log p_c and a_c comes of the label or the row of soft labels,
// label smoothing and class weights. One kernel for cross-entropy with soft labels or smoothing, KL divergence and focal loss; a plain class
// index has kernels of its own, which need not look at all classes.

public import KernelABI

/// losses[i] = Σ_c a_c ℓ_c (focal: times (1 − p_c)^γ α; KL: Σ_c t_c (log t_c + ℓ_c)), with a_c = (kept · t_c + added) · w_c.
///
/// Without targets, t is 1 at the row's label and 0 elsewhere. Terms with a_c = 0 count as 0 whatever ℓ_c is.
///
/// Error: at most 4 ULP for cross-entropy (3 seen); KL: 4 ULP of Σ_c t_c (|log t_c| + ℓ_c), whose parts cancel (2 seen); focal: 4 + 2γ ULP.
/// A NaN anywhere, +∞ among probabilities or their logarithms, a scored value that may not be, a target outside of [0, 1] or a label outside
/// 0..<C gives NaN. A row is correct when the largest value stands at the label, or at the largest target. O(rowCount × classCount).
public func targetRows(_ block: UnsafeMutablePointer<RowBlock>, _ parameters: UnsafePointer<LossParameters>) {
    targetRows(&block.pointee, parameters.pointee, StoredElement(code: block.pointee.elementCode))
    if block.pointee.facts.areAny { writeClassFacts(block.pointee, parameters.pointee.inputCode) }
    block.pointee.instructionSetCode = xentCompiledInstructionSet()
}

@inline(always)
private func targetRows(_ block: inout RowBlock, _ parameters: LossParameters, _ element: StoredElement) {
    let rowByteCount = block.classCount &* element.byteCount
    var unscored = 0
    var correct = 0
    for i in 0..<block.rowCount {
        let row = block.values + i &* rowByteCount
        let targets = block.targets.map { $0 + i &* block.classCount }
        let label = targets == nil ? Int(block.labels[i]) : 0
        block.clipped?[i] = 0
        guard label >= 0, label < block.classCount else {
            block.losses[i] = .nan
            unscored &+= 1
            continue
        }
        let result = targetLoss(row, block.classCount, label, targets, parameters, element)
        block.losses[i] = result.loss
        if result.loss.isNaN {
            unscored &+= 1
        } else {
            if result.isCorrect { correct &+= 1 }
            if result.isClipped { block.clipped?[i] = 1 }
        }
    }
    block.unscoredRowCount = unscored
    block.correctRowCount = correct
}

@inline(always)
private func targetLoss(
    _ row: UnsafeRawPointer, _ classCount: Int, _ label: Int, _ targets: UnsafePointer<Double>?, _ parameters: LossParameters, _ element: StoredElement
) -> (loss: Double, isCorrect: Bool, isClipped: Bool) {
    let invalid = (loss: Double.nan, isCorrect: false, isClipped: false)
    let isProbability = parameters.inputCode == Int32(XentInputProbabilities)
    let isLogit = parameters.inputCode == Int32(XentInputLogits)

    // What the row is as a whole.
    var (largest, largestIndex) = (-Double.infinity, 0)
    var (largestTarget, largestTargetIndex) = (-Double.infinity, label)
    for j in 0..<classCount {
        let x = element.load(row + j &* element.byteCount)
        if x.isNaN { return invalid }
        if x > largest { (largest, largestIndex) = (x, j) }
        if let targets {
            let t = targets[j]
            guard t >= 0, t <= 1 else { return invalid }
            if t > largestTarget { (largestTarget, largestTargetIndex) = (t, j) }
        }
    }
    // All logits −∞: no distribution. One of +∞ leaves the others probability 0, and makes the loss NaN where it is scored itself.
    if isLogit, largest == -.infinity { return invalid }
    if !isLogit, largest == .infinity { return invalid }
    if isProbability, largest == -.infinity { return invalid }
    let tail = isLogit && largest < .infinity ? logarithmOfSum(row, classCount, largest: largest, at: largestIndex, element) : 0
    // Of the likeliest class the odds against it, by addition: next to p = 1 neither p nor 1 − p would have digits for them.
    var scale = 1.0
    var oddsAgainst = Double.nan
    if isProbability, parameters.normalisationCode != Int32(XentNormalisationNone) {
        let isLast = parameters.normalisationCode == Int32(XentNormalisationLast)
        let (low, high) = isLast ? (parameters.clipLow, parameters.clipHigh) : (-Double.infinity, Double.infinity)
        let others = sumOfRow(row, classCount, element, low: low, high: high, excluding: largestIndex)
        let part = min(max(largest, low), high)
        scale = others + part
        oddsAgainst = others / part
        if !isLast, part / scale > parameters.clipHigh || part / scale < parameters.clipLow { oddsAgainst = .nan }
    }
    let isNormalised = !oddsAgainst.isNaN

    var sum = CompensatedLanes()
    var invalidTerms = LaneIntegers(repeating: 0)
    var clippedTerms = LaneIntegers(repeating: 0)
    var start = 0
    while start < classCount {
        let x = element.loadEight(row + start &* element.byteCount)
        // The last lanes lie beyond the row.
        let isInside = laneIndices .< LaneIntegers(repeating: Int64(classCount &- start))
        var t = lanes(0)
        if let targets {
            t = Lanes.load(targets + start)
            t = t.replacing(with: lanes(parameters.targetLow), where: t .< lanes(parameters.targetLow))
        } else {
            t = t.replacing(with: lanes(1), where: laneIndices .== LaneIntegers(repeating: Int64(label &- start)))
        }
        var a = lanes(0).replacing(with: t.fma(lanes(parameters.targetKept), parameters.targetAdded), where: isInside)
        // What may not be scored is invalid, be its class's weight 0.
        let isTarget = a .!= lanes(0)
        if let weights = parameters.classWeights { a *= Lanes.load(weights + start).replacing(with: lanes(0), where: .!isInside) }
        let isScored = a .!= lanes(0)

        var term: Lanes
        var oneMinusP = lanes(0)
        if isLogit {
            term = (lanes(largest) - x) + lanes(tail)
            if parameters.isFocal != 0, parameters.clipHigh < .infinity {
                // A framework that makes probabilities of the logits first clips those.
                let p = exponential(lanes(0) - term)
                let isBelow = p .< lanes(parameters.clipLow), isAbove = p .> lanes(parameters.clipHigh)
                term.replace(with: negativeLogarithm(lanes(parameters.clipLow)), where: isBelow)
                term.replace(with: negativeLogarithm(lanes(parameters.clipHigh)), where: isAbove)
                count(isTarget .& (isBelow .| isAbove), into: &clippedTerms)
            }
            if parameters.isFocal != 0 { oneMinusP = oneMinusExponential(lanes(0) - term) }
        } else if isProbability {
            var q = x
            if parameters.normalisationCode == Int32(XentNormalisationFirst) { q /= lanes(scale) }
            let clipped = q.replacing(with: lanes(parameters.clipLow), where: q .< lanes(parameters.clipLow))
                .replacing(with: lanes(parameters.clipHigh), where: q .> lanes(parameters.clipHigh))
            count(isTarget .& (clipped .!= q), into: &clippedTerms)
            q = clipped
            if parameters.normalisationCode == Int32(XentNormalisationLast) { q /= lanes(scale) }
            term = negativeLogarithm(q)
            oneMinusP = lanes(1) - q
            if isNormalised {
                // Next to 0 the quotient loses digits, or all of it: again with it times 2^200.
                let isTiny = q .< lanes(0x1p-900)
                term.replace(with: negativeLogarithm(x * lanes(0x1p200) / lanes(scale)) + lanes(200 * 0x1.62e42fefa39efp-1), where: isTiny)
                let isLargest = laneIndices .== LaneIntegers(repeating: Int64(largestIndex &- start))
                term.replace(with: logarithmOfOnePlus(lanes(oddsAgainst)), where: isLargest)
                oneMinusP.replace(with: lanes(oddsAgainst / (1 + oddsAgainst)), where: isLargest)
            }
            let isScorable = (x .>= lanes(parameters.scorableLow)) .& (x .<= lanes(parameters.scorableHigh))
            count(isTarget .& .!isScorable, into: &invalidTerms)
        } else {
            term = lanes(0) - x
            count(isTarget .& (x .> lanes(0)), into: &invalidTerms)
            if parameters.isFocal != 0 { oneMinusP = oneMinusExponential(x) }
        }
        if parameters.isDivergence != 0 {
            term -= negativeLogarithm(lanes(1).replacing(with: t, where: isScored))
        }
        var product = a * term
        if parameters.isFocal != 0 {
            product *= power(oneMinusP, parameters.focalGamma)
            // 0 · ∞ is 0 here.
            if parameters.focalAlpha == 0 { product.replace(with: lanes(0), where: product .== lanes(.infinity)) }
            if !parameters.focalAlpha.isNaN { product *= lanes(parameters.focalAlpha) }
        }
        count(isTarget .& (term .!= term), into: &invalidTerms)
        sum.add(lanes(0).replacing(with: product, where: isScored))
        start &+= 8
    }
    if total(invalidTerms) != 0 { return invalid }
    return (sum.totalOrInfinity, largestIndex == largestTargetIndex, total(clippedTerms) != 0)
}
