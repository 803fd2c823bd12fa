// Losses of rows of logits with a class index that follow from the row's one sum of exponentials, as the loss without modifiers does: with
// label smoothing, and with a focal factor.

import KernelABI

/// The largest ε for which smoothing follows from the loss without it: that loss counts in full, and its error with it.
private let largestSmoothing = 0.15

/// Returns true if the block's losses follow from one sum of exponentials a row.
@inline(always)
func isOfOneSum(_ block: RowBlock, _ parameters: LossParameters) -> Bool {
    let isPlain = block.targets == nil && parameters.inputCode == Int32(XentInputLogits) && parameters.isDivergence == 0
    guard isPlain, parameters.clipLow == -.infinity, parameters.clipHigh == .infinity else { return false }
    if parameters.isFocal != 0 { return !parameters.smooths }
    let smoothing = parameters.targetAdded * Double(block.classCount)
    return parameters.classWeights == nil && smoothing <= largestSmoothing && (parameters.targetKept + smoothing - 1).magnitude < 0x1p-40
}

/// Writes the losses of the block's rows, of which `isOfOneSum` is true.
///
/// With the loss ℓ of the label without modifiers and S = Σ exp(x_j − x_y) over the other classes:
///
/// - smoothed by ε, (1 − ε) ℓ_y + ε/C Σ_c ℓ_c = ℓ + ε/C Σ_c (x_y − x_c), since ℓ_c = ℓ + x_y − x_c. The sum of x = k/8 ln 2 + r comes of
///   Σk, which is
///   exact, and Σr. What cancels is at most ε of ℓ. Error: at most 3.1 ULP;
/// - focal, ℓ (S / (1 + S))^γ α w_y, as pairs until it is rounded, where S is summed up more exactly. Error: at most 4 ULP up to γ = 5, beyond it 0.53 more for
/// each unit of γ.
///
/// Rows that are out of range for this are scored by `targetLoss`. O(rowCount × classCount).
@inline(never)
func softmaxTargetRows(_ block: UnsafeMutablePointer<RowBlock>, _ parameters: LossParameters) {
    switch block.pointee.elementCode {
    case Int32(XentElementFloat16): softmaxTargetRows(&block.pointee, parameters, Float16Element.self)
    case Int32(XentElementBFloat16): softmaxTargetRows(&block.pointee, parameters, BFloat16Element.self)
    case Int32(XentElementFloat32): softmaxTargetRows(&block.pointee, parameters, Float32Element.self)
    default: softmaxTargetRows(&block.pointee, parameters, Float64Element.self)
    }
}

@inline(always)
private func softmaxTargetRows<E: Element>(_ block: inout RowBlock, _ parameters: LossParameters, _ element: E.Type) {
    // Wrapping arithmetic on indices throughout: they stay within the block's memory.
    var unscored = 0, correct = 0
    var firstRow = 0
    while firstRow < block.rowCount {
        let batch = SoftmaxBatch<E>(block, firstRow: firstRow)
        batch.readLabels()
        if parameters.isFocal != 0 { addRowsSingly(batch) } else { batch.addRows(ValueSums.self) }
        var row = 0
        while row < batch.rowCount {
            let (losses, isInRange) = parameters.isFocal != 0 ? batch.focalLosses(row, parameters) : batch.smoothedLosses(row, parameters)
            losses.store(batch.losses + row)
            for i in row..<smaller(row &+ 8, batch.rowCount) {
                let label = Int(batch.labels[i])
                block.clipped?[firstRow &+ i] = 0
                if isInRange & UInt8(1) &<< UInt8(truncatingIfNeeded: i &- row) == 0 {
                    var result = (loss: Double.nan, isCorrect: false, isClipped: false)
                    if label >= 0, label < block.classCount {
                        result = targetLoss(
                            batch.row(i), block.classCount, label, nil, parameters, StoredElement(code: block.elementCode))
                    }
                    batch.losses[i] = result.loss
                    if result.loss.isNaN { unscored &+= 1 } else if result.isCorrect { correct &+= 1 }
                } else {
                    let ofLabel = batch.notes.labelValues[i], others = batch.notes.largestOthers[i]
                    let isRight = ofLabel > others || (ofLabel == others && isFirst(label, amongEqualsOf: ofLabel, batch.row(i), element))
                    if isRight { correct &+= 1 }
                }
            }
            row &+= 8
        }
        firstRow &+= softmaxBatchRowCount
    }
    block.unscoredRowCount = unscored
    block.correctRowCount = correct
}

/// Adds up the terms of a batch's rows, none of them plainly. A function of its own, since two kernels call it.
@inline(never)
func addRowsSingly<E: Element>(_ batch: SoftmaxBatch<E>) { batch.addRows(SingleTerms.self) }

extension SoftmaxBatch {
    /// S of the eight rows from `i` on as its rounding and what that lost, the loss, and the lanes in range.
    @inline(always)
    func sums(_ i: Int) -> (total: Lanes, rest: Lanes, loss: LanePair, isInRange: SIMDMask<LaneIntegers>) {
        let labelValue = Lanes.load(notes.labelValues + i), others = Lanes.load(notes.largestOthers + i)
        let sum = Lanes.load(notes.totals + i), factor = Lanes.load(notes.factors + i)
        // As in `finish`.
        let total = xentInOrder(sum.fma(factor, sum))
        let sumRest = Lanes.load(notes.totalRests + i)
        let rest = xentInOrder(sum.fma(factor, sum - total) + sumRest.fma(factor, sumRest))
        let isInRange = (total .>= lanes(0x1p-900)) .& (others .<= labelValue + lanes(600))
        return (total, rest, logarithmPairOfOnePlus(total, rest: rest), isInRange)
    }

    @inline(always)
    fileprivate func smoothedLosses(_ i: Int, _ parameters: LossParameters) -> (losses: Lanes, isInRange: UInt8) {
        let (_, _, loss, isInRange) = sums(i)
        let labelValue = Lanes.load(notes.labelValues + i)
        let least = lanes(0) - Lanes.load(notes.largestNegatives + 8 &* i)
        // Σ (x_y − x_c) over the other classes.
        let (reduced, k) = reduceToEighths(labelValue)
        let others = lanes(Double(classCount &- 1))
        let ofK = others.fma(k, lanes(0) - Lanes.load(notes.squareTotals + i))
        let ofR = others.fma(reduced, lanes(0) - Lanes.load(notes.productTotals + i))
        let differences = ofK.fma(lanes(eighthLn2High), ofK.fma(lanes(eighthLn2Low), ofR))
        let added = lanes(parameters.targetAdded)
        let product = added * differences
        let (sum, rest) = twoSum(loss.high, product)
        let result = sum + (rest + (loss.low + added.fma(differences, -product)))
        // A value that counted as the bound, which is 700 below the label, may be anything below it.
        return (result, bits(isInRange .& (least .> labelValue - lanes(699))))
    }

    @inline(always)
    fileprivate func focalLosses(_ i: Int, _ parameters: LossParameters) -> (losses: Lanes, isInRange: UInt8) {
        let (total, rest, loss, isInRange) = sums(i)
        let complement = quotient(total, rest)
        var factor = power(complement.normalized, parameters.focalGamma)
        if !parameters.focalAlpha.isNaN { factor = LanePair(lanes(parameters.focalAlpha), lanes(0)) * factor }
        if let weights = parameters.classWeights {
            // The place of the losses holds their weights until they are there; rows whose labels are no class's are not in range.
            for j in i..<smaller(i &+ 8, rowCount) {
                losses[j] = UInt(bitPattern: Int(labels[j])) < UInt(bitPattern: classCount) ? weights[Int(labels[j])] : 0
            }
            factor = LanePair(Lanes.load(losses + i), lanes(0)) * factor
        }
        return ((factor * loss.normalized).rounded, bits(isInRange .& (total .>= lanes(0x1p-300))))
    }
}
