// Losses over the classes of a row with any target: Σ_c a_c · ℓ_c, where ℓ_c = −log p_c and a_c comes of the label or the row of soft labels,
// label smoothing and class weights. One kernel for cross-entropy with soft labels or smoothing, KL divergence and focal loss; a plain class
// index has kernels of its own, which need not look at all classes.

public import KernelABI

/// losses[i] = Σ_c a_c ℓ_c (focal: times (1 − p_c)^γ α; KL: Σ_c t_c (log t_c + ℓ_c)), with a_c = (kept · t_c + added) · w_c.
///
/// Without targets, t is 1 at the row's label and 0 elsewhere. Terms with a_c = 0 count as 0 whatever ℓ_c is.
///
/// Error: at most 4 ULP for cross-entropy; KL: 4 ULP of Σ_c t_c (|log t_c| + ℓ_c), whose parts cancel; focal: as `power` says. A NaN anywhere, a
/// scored value that may not be, a target outside of [0, 1] or a label outside 0..<C gives NaN. A row is correct when the largest value stands
/// at the label, or at the largest target. O(rowCount × classCount).
public func targetRows(_ block: UnsafeMutablePointer<RowBlock>, _ parameters: UnsafePointer<LossParameters>) {
    targetRows(&block.pointee, parameters.pointee, StoredElement(code: block.pointee.elementCode))
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
    if isProbability, largest.isInfinite { return invalid }
    let tail = isLogit && largest < .infinity ? logarithmOfSum(row, classCount, largest: largest, at: largestIndex, element) : 0
    var scale = 1.0
    if isProbability {
        switch parameters.normalisationCode {
        case Int32(XentNormalisationFirst): scale = sumOfRow(row, classCount, element, low: -.infinity, high: .infinity)
        case Int32(XentNormalisationLast):
            scale = sumOfRow(row, classCount, element, low: parameters.clipLow, high: parameters.clipHigh)
        default: break
        }
    }

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
        var a = t.fma(lanes(parameters.targetKept), parameters.targetAdded)
        if let weights = parameters.classWeights { a *= Lanes.load(weights + start) }
        a = lanes(0).replacing(with: a, where: isInside)
        let isScored = a .!= lanes(0)

        var term: Lanes
        var oneMinusP = lanes(0)
        if isLogit {
            term = (lanes(largest) - x) + lanes(tail)
            if parameters.isFocal != 0 { oneMinusP = oneMinusExponential(lanes(0) - term) }
        } else if isProbability {
            var q = x
            if parameters.normalisationCode == Int32(XentNormalisationFirst) { q /= lanes(scale) }
            let clipped = q.replacing(with: lanes(parameters.clipLow), where: q .< lanes(parameters.clipLow))
                .replacing(with: lanes(parameters.clipHigh), where: q .> lanes(parameters.clipHigh))
            count(isScored .& (clipped .!= q), into: &clippedTerms)
            q = clipped
            if parameters.normalisationCode == Int32(XentNormalisationLast) { q /= lanes(scale) }
            term = negativeLogarithm(q)
            oneMinusP = lanes(1) - q
            let isScorable = (x .>= lanes(parameters.scorableLow)) .& (x .<= lanes(parameters.scorableHigh))
            count(isScored .& .!isScorable, into: &invalidTerms)
        } else {
            term = lanes(0) - x
            count(isScored .& (x .> lanes(0)), into: &invalidTerms)
            if parameters.isFocal != 0 { oneMinusP = oneMinusExponential(x) }
        }
        if parameters.isDivergence != 0 {
            term -= negativeLogarithm(lanes(1).replacing(with: t, where: isScored))
        }
        var product = a * term
        if parameters.isFocal != 0 {
            product *= power(oneMinusP, parameters.focalGamma)
            if !parameters.focalAlpha.isNaN { product *= lanes(parameters.focalAlpha) }
        }
        sum.add(lanes(0).replacing(with: product, where: isScored))
        start &+= 8
    }
    if total(invalidTerms) != 0 { return invalid }
    return (sum.totalOrInfinity, largestIndex == largestTargetIndex, total(clippedTerms) != 0)
}
