// Softmax cross-entropy from logits with a class index.
//
// The loss of a row is log Σ_j exp(x_j − x_y) = log1p(S), S = Σ_{j≠y} exp(x_j − x_y): all terms are positive, nothing cancels, a confident
// row keeps its digits, and one pass over the row is enough. x_j − x_y is never formed, since it would round: with x = k/8 ln 2 + r,
// exp(x_j − x_y) = exp(r_j) 2^((k_j − k_y)/8) / exp(r_y), the powers all times a c that makes them nearly exact (`xentPowerOfEighths`). That
// holds while the numbers stay in range; a row where they do not (logits beyond ±1000, a label more than 600 below the largest, a loss below
// 2^-900, ±∞, NaN) is done again by `carefulLoss`, in two passes.

public import KernelABI

/// Cross-entropy of rows of logits: losses[i] = log Σ_j exp(x_ij) − x_i,label.
///
/// Error: at most 2.6 ULP of the true loss of the stored values, for any number of classes and every element type (1.77 seen); the article
/// ErrorBounds has the proof. −∞ logits count as probability 0, +∞ and NaN follow IEEE 754: the loss is NaN where it is undefined. A label
/// outside 0..<C gives NaN. O(rowCount × classCount).
///
/// Facts that are asked for (RowFactArrays) leave the losses' bits as they are. Their errors are told in SoftmaxFacts.swift.
public func softmaxRows(_ block: UnsafeMutablePointer<RowBlock>) {
    switch block.pointee.elementCode {
    case Int32(XentElementFloat16): softmaxRows(&block.pointee, Float16Element.self)
    case Int32(XentElementBFloat16): softmaxRows(&block.pointee, BFloat16Element.self)
    case Int32(XentElementFloat32): softmaxRows(&block.pointee, Float32Element.self)
    default: softmaxRows(&block.pointee, Float64Element.self)
    }
}

@inline(always)
private func softmaxRows<E: Element>(_ block: inout RowBlock, _ element: E.Type) {
    // Wrapping arithmetic on indices throughout: they stay within the block's memory.
    block.unscoredRowCount = 0
    block.correctRowCount = 0
    var firstRow = 0
    while firstRow < block.rowCount {
        let batch = SoftmaxBatch<E>(block, firstRow: firstRow)
        batch.readLabels()
        // What is asked for is looked at once in 64 rows.
        if block.facts.areSums || block.facts.probabilityTerms != nil {
            addRowsWithMoments(block, firstRow: firstRow)
        } else if block.classCount <= SoftmaxBatch<E>.narrowClassLimit {
            batch.addNarrowRows(NoTermMoments.self)
        } else {
            batch.addRows(NoTermMoments.self)
        }
        let counts = batch.finish(elementCode: block.elementCode)
        block.unscoredRowCount &+= counts.unscored
        block.correctRowCount &+= counts.correct
        if block.facts.areAny { writeSoftmaxFacts(block, firstRow: firstRow, rowCount: batch.rowCount, batch.notes) }
        firstRow &+= softmaxBatchRowCount
    }
    block.instructionSetCode = xentCompiledInstructionSet()
}

/// Returns true if no entry before `label` equals `value`, the row's largest.
@inline(always)
func isFirst<E: Element>(_ label: Int, amongEqualsOf value: Double, _ row: UnsafeRawPointer, _ element: E.Type) -> Bool {
    for j in 0..<label where E.load(row + j &* E.byteCount) == value { return false }
    return true
}

/// The loss of any row, in two passes: m = max x, s = Σ exp(x_j − m) over all entries but one maximum, (m − x_y) + log1p(s),
/// with the differences' rounding errors carried along.
@inline(never)
func carefulLoss(
    _ row: UnsafeRawPointer, _ classCount: Int, _ label: Int, _ element: StoredElement
) -> (loss: Double, isCorrect: Bool) {
    var largest = -Double.infinity
    var largestIndex = 0
    for j in 0..<classCount {
        let x = element.load(row + j &* element.byteCount)
        if x.isNaN { return (.nan, false) }
        if x > largest {
            largest = x
            largestIndex = j
        }
    }
    let labelValue = element.load(row + label &* element.byteCount)
    if largest.isInfinite {
        // All −∞, or +∞ at the label: no distribution. +∞ elsewhere: what happened had probability 0.
        return (largest < 0 || labelValue == largest ? .nan : .infinity, false)
    }
    let isCorrect = largestIndex == label
    if labelValue == -.infinity { return (.infinity, isCorrect) }
    let tail = logarithmOfSum(row, classCount, largest: largest, at: largestIndex, element)
    let (distance, rest) = twoSum(largest, -labelValue)
    // Beyond Float64's range the rounding error means nothing.
    return (distance.isInfinite ? .infinity : distance + (rest + tail), isCorrect)
}

/// log Σ_j exp(x_j − largest), without the maximum's own 1: log1p of the sum over the others. All values finite or −∞.
///
/// Error: at most 1.4 ULP where the sum is above 2^-900, else 2.5, for any number of classes, subnormal results included.
@inline(never)
func logarithmOfSum(
    _ row: UnsafeRawPointer, _ classCount: Int, largest: Double, at largestIndex: Int, _ element: StoredElement
) -> Double {
    let (sum, rest) = sumOfExponentials(row, classCount, largest: largest, at: largestIndex, element, exponentBias: 0)
    if sum >= 0x1p-900 { return logarithmOfOnePlus(lanes(sum), rest: lanes(rest))[0] }
    // Subnormal terms have lost digits, which add up: again with all of them times 2^600. log1p of so little is itself.
    return sumOfExponentials(row, classCount, largest: largest, at: largestIndex, element, exponentBias: 600).total * 0x1p-600
}

/// Σ_j exp(x_j − largest) · 2^exponentBias over all entries but the one at `largestIndex`, and what its rounding lost.
@inline(never)
func sumOfExponentials(
    _ row: UnsafeRawPointer, _ classCount: Int, largest: Double, at largestIndex: Int, _ element: StoredElement, exponentBias: Int64
) -> (total: Double, rest: Double) {
    let minusLargest = lanes(-largest)
    var sum = CompensatedLanes()
    var start = 0
    while start < classCount {
        var x = DoubleOctet(element.loadEight(row + start &* element.byteCount))
        if start &+ 8 > classCount { x = x.keeping(first: classCount &- start) }
        x = x.excluding(lane(largestIndex &- start))
        let (difference, rest) = twoSum(x.values, minusLargest)
        let carried = rest.replacing(with: lanes(0), where: .!(rest.absolute .< lanes(1)))
        if exponentBias != 0 {
            sum.add(exponential(difference, rest: carried, exponentBias: exponentBias))
        } else {
            // Terms below exp(−700) count as that much, and a sum to which that matters is made again.
            let clamped = lanes(-700).larger(difference).replacing(with: difference, where: difference .!= difference)
            let term = exponentialPair(moderate: clamped)
            sum.add(term.high)
            sum.rest += carried.fma(term.high, term.low)
        }
        start &+= 8
    }
    return sum.totalAndRest
}
