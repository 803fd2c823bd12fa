// Softmax cross-entropy from logits with a class index.
//
// The loss of a row is log Σ_j exp(x_j − x_y) = log1p(S), S = Σ_{j≠y} exp(x_j − x_y): all terms are positive, nothing cancels, a confident
// row keeps its digits, and one pass over the row is enough. x_j − x_y is never formed, since it would round: with x = k ln 2 + r,
// exp(x_j − x_y) = exp(r_j) 2^(k_j − k_y) / exp(r_y). That holds while the numbers stay in range; a row where they do not (logits beyond
// ±1000, a label more than 600 below the largest, a loss below 2^-900, ±∞, NaN) is done again by `carefulLoss`, in two passes.

public import KernelABI

/// Rows that are finished together: their S wait for the vectorised log1p.
private let batchRowCount = 64

/// Cross-entropy of rows of logits: losses[i] = log Σ_j exp(x_ij) − x_i,label.
///
/// Error: at most 4 ULP of the true loss of the stored values, for any number of classes and every element type (2.45 seen). −∞ logits count as probability 0, +∞ and NaN follow IEEE 754: the loss is NaN where it is undefined.
/// A label outside 0..<C gives NaN. O(rowCount × classCount).
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
    let rowByteCount = block.classCount &* E.byteCount
    var unscored = 0
    var correct = 0
    var batchStart = 0
    while batchStart < block.rowCount {
        let batchCount = min(batchRowCount, block.rowCount &- batchStart)
        let losses = block.losses + batchStart
        var carefulRows: UInt64 = 0
        for i in 0..<batchCount {
            let row = block.values + (batchStart &+ i) &* rowByteCount
            let label = Int(block.labels[batchStart &+ i])
            guard label >= 0, label < block.classCount else {
                carefulRows |= 1 &<< UInt64(i)
                losses[i] = 0
                continue
            }
            let labelValue = E.load(row + label &* E.byteCount)
            guard labelValue.magnitude <= 1000 else {
                carefulRows |= 1 &<< UInt64(i)
                losses[i] = 0
                continue
            }
            let (sum, largestOther) = sumOfOthers(row, block.classCount, label, labelValue, element)
            losses[i] = sum
            if !(sum >= 0x1p-900) || largestOther > labelValue + 600 {
                carefulRows |= 1 &<< UInt64(i)
            } else if labelValue > largestOther {
                correct &+= 1
            } else if labelValue == largestOther {
                correct &+= isFirst(label, amongEqualsOf: labelValue, row, element) ? 1 : 0
            }
        }
        finish(losses, count: batchCount)
        while carefulRows != 0 {
            let i = carefulRows.trailingZeroBitCount
            carefulRows &= carefulRows &- 1
            let row = block.values + (batchStart &+ i) &* rowByteCount
            let label = Int(block.labels[batchStart &+ i])
            guard label >= 0, label < block.classCount else {
                losses[i] = .nan
                unscored &+= 1
                continue
            }
            let (loss, isCorrect) = carefulLoss(row, block.classCount, label, StoredElement(code: block.elementCode))
            losses[i] = loss
            if loss.isNaN { unscored &+= 1 } else if isCorrect { correct &+= 1 }
        }
        batchStart &+= batchRowCount
    }
    block.unscoredRowCount = unscored
    block.correctRowCount = correct
    block.instructionSetCode = xentCompiledInstructionSet()
}

/// Σ_{j≠label} exp(x_j − labelValue), and the largest x_j besides the label's. |labelValue| <= 1000.
///
/// Terms below exp(−700) count as that much: 2^-110 of any sum that the caller uses.
@inline(always)
private func sumOfOthers<E: Element>(
    _ row: UnsafeRawPointer, _ classCount: Int, _ label: Int, _ labelValue: Double, _ element: E.Type
) -> (sum: Double, largestOther: Double) {
    let (labelK, labelReduced) = reduce(labelValue)
    let shift = integerShift(bias: -labelK)
    let bound = E.Eight(all: labelValue - 700)
    var largest = E.Eight(all: -.infinity)
    var sum = CompensatedLanes()

    // Only the step that holds the label needs to leave it out.
    @inline(always) func term(_ x: E.Eight) -> Lanes {
        largest = largest.larger(x)
        let (shifted, reduced, _) = reduce(x.raised(to: bound).widened, shift: shift)
        let significand = lanes(1) + exponentialMinusOne(reduced: reduced)
        // 2^(k − k_y) enters by adding to the exponent field; wrapping: out of range only where the caller starts over.
        return Lanes(bits: significand.bits &+ (shifted.bits &<< laneBits(52)))
    }

    var start = 0
    while start &+ 32 <= classCount {
        let x = row + start &* E.byteCount
        var x0 = E.loadEight(x)
        var x1 = E.loadEight(x + 8 &* E.byteCount)
        var x2 = E.loadEight(x + 16 &* E.byteCount)
        var x3 = E.loadEight(x + 24 &* E.byteCount)
        let lane = label &- start
        if UInt(bitPattern: lane) < 32 {
            x0 = x0.excluding(lane: lane)
            x1 = x1.excluding(lane: lane &- 8)
            x2 = x2.excluding(lane: lane &- 16)
            x3 = x3.excluding(lane: lane &- 24)
        }
        // Two roundings at most before the compensated sum: the error does not grow with the number of classes.
        sum.add((term(x0) + term(x1)) + (term(x2) + term(x3)))
        start &+= 32
    }
    if start < classCount {
        var tail = lanes(0)
        while start < classCount {
            var x = E.loadEight(row + start &* E.byteCount)
            if start &+ 8 > classCount { x = x.keeping(first: classCount &- start) }
            let lane = label &- start
            if UInt(bitPattern: lane) < 8 { x = x.excluding(lane: lane) }
            tail += term(x)
            start &+= 8
        }
        sum.add(tail)
    }
    // Times exp(−r_y), as S + S (exp(−r_y) − 1): one rounding where 1 + … would make two.
    let total = sum.total
    let factor = exponentialMinusOne(reduced: lanes(-labelReduced))[0]
    return (total.addingProduct(total, factor), largest.largest)
}

/// log1p of each.
@inline(always)
private func finish(_ losses: UnsafeMutablePointer<Double>, count: Int) {
    var i = 0
    while i < count {
        logarithmOfOnePlus(Lanes.load(losses + i)).store(losses + i)
        i &+= 8
    }
}

/// Whether no entry before `label` equals `value`, the row's largest.
@inline(always)
func isFirst<E: Element>(_ label: Int, amongEqualsOf value: Double, _ row: UnsafeRawPointer, _ element: E.Type) -> Bool {
    for j in 0..<label where E.load(row + j &* E.byteCount) == value { return false }
    return true
}

/// The loss of any row, in two passes: m = max x, s = Σ exp(x_j − m) over all entries but one maximum, (m − x_y) + log1p(s),
/// with the differences' rounding errors carried along.
@inline(never)
private func carefulLoss(
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
/// Error: at most 2 ULP, for any number of classes, subnormal results included.
@inline(never)
func logarithmOfSum(
    _ row: UnsafeRawPointer, _ classCount: Int, largest: Double, at largestIndex: Int, _ element: StoredElement
) -> Double {
    let sum = sumOfExponentials(row, classCount, largest: largest, at: largestIndex, element, exponentBias: 0)
    if sum >= 0x1p-900 || sum.isNaN { return logarithmOfOnePlus(lanes(sum))[0] }
    // Subnormal terms have lost digits, which add up: again with all of them times 2^600. log1p of so little is itself.
    return sumOfExponentials(row, classCount, largest: largest, at: largestIndex, element, exponentBias: 600) * 0x1p-600
}

/// Σ_j exp(x_j − largest) · 2^exponentBias over all entries but the one at `largestIndex`.
@inline(always)
private func sumOfExponentials(
    _ row: UnsafeRawPointer, _ classCount: Int, largest: Double, at largestIndex: Int, _ element: StoredElement, exponentBias: Int64
) -> Double {
    let minusLargest = lanes(-largest)
    var sum = CompensatedLanes()
    var start = 0
    while start < classCount {
        var x = DoubleOctet(element.loadEight(row + start &* element.byteCount))
        if start &+ 8 > classCount { x = x.keeping(first: classCount &- start) }
        let lane = largestIndex &- start
        if UInt(bitPattern: lane) < 8 { x = x.excluding(lane: lane) }
        let (difference, rest) = twoSum(x.values, minusLargest)
        let carried = rest.replacing(with: lanes(0), where: .!(rest.absolute .< lanes(1)))
        sum.add(exponential(difference, rest: carried, exponentBias: exponentBias))
        start &+= 8
    }
    return sum.total
}
