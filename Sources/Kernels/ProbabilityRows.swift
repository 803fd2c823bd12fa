// Cross-entropy from a row of probabilities or log-probabilities with a class index: only the label's entry is scored, the rest of
// the row decides which class was predicted, and whether the row is a row of numbers at all.

public import KernelABI

/// losses[i] = −log p_i,label.
///
/// Error: at most 1 ULP. p = 0 gives +∞; a label's p outside of [0, 1], a NaN anywhere in the row, or a label outside 0..<C gives NaN.
public func probabilityRows(_ block: UnsafeMutablePointer<RowBlock>) {
    switch block.pointee.elementCode {
    case Int32(XentElementFloat16): labelRows(&block.pointee, Float16Element.self, 0...1)
    case Int32(XentElementBFloat16): labelRows(&block.pointee, BFloat16Element.self, 0...1)
    case Int32(XentElementFloat32): labelRows(&block.pointee, Float32Element.self, 0...1)
    default: labelRows(&block.pointee, Float64Element.self, 0...1)
    }
    mapLosses(block, NegativeLogarithm.self)
}

/// losses[i] = −x_i,label for x = log p; exact.
///
/// −∞ gives +∞; a label's x above 0, a NaN anywhere in the row, or a label outside 0..<C gives NaN.
public func logProbabilityRows(_ block: UnsafeMutablePointer<RowBlock>) {
    switch block.pointee.elementCode {
    case Int32(XentElementFloat16): labelRows(&block.pointee, Float16Element.self, -.infinity...0)
    case Int32(XentElementBFloat16): labelRows(&block.pointee, BFloat16Element.self, -.infinity...0)
    case Int32(XentElementFloat32): labelRows(&block.pointee, Float32Element.self, -.infinity...0)
    default: labelRows(&block.pointee, Float64Element.self, -.infinity...0)
    }
    mapLosses(block, Negation.self)
}

/// −x for x <= 0, NaN for others; −0 gives +0.
@inline(always) func negatedLogProbability(_ x: Lanes) -> Lanes {
    lanes(.nan).replacing(with: lanes(0) - x, where: x .<= lanes(0))
}

// Types and not closures: a closure is not always inlined.
private protocol LossOfLabel {
    static func loss(_ x: Lanes) -> Lanes
}
private enum NegativeLogarithm: LossOfLabel {
    @inline(always) static func loss(_ x: Lanes) -> Lanes { negativeLogarithm(x) }
}
private enum Negation: LossOfLabel {
    @inline(always) static func loss(_ x: Lanes) -> Lanes { negatedLogProbability(x) }
}

@inline(always)
private func mapLosses<L: LossOfLabel>(_ block: UnsafeMutablePointer<RowBlock>, _ map: L.Type) {
    let losses = block.pointee.losses
    let rowCount = block.pointee.rowCount
    var scored = LaneIntegers(repeating: 0)
    var i = 0
    while i < rowCount {
        var result = L.loss(Lanes.load(losses + i))
        if i &+ 8 > rowCount { result = result.masked(first: rowCount &- i) }
        count(result .== result, into: &scored)
        result.store(losses + i)
        i &+= 8
    }
    block.pointee.unscoredRowCount = rowCount &- total(scored)
}

/// Leaves the label's entry of each row in `losses`, NaN where it is not in `scorable` or the row or the label is not valid; counts the
/// correct rows.
@inline(always)
private func labelRows<E: Element>(_ block: inout RowBlock, _ element: E.Type, _ scorable: ClosedRange<Double>) {
    let rowByteCount = block.classCount &* E.byteCount
    var correct = 0
    for i in 0..<block.rowCount {
        let row = block.values + i &* rowByteCount
        let label = Int(block.labels[i])
        guard label >= 0, label < block.classCount else {
            block.losses[i] = .nan
            continue
        }
        var largest = E.Eight(all: -.infinity)
        // NaN if and only if a value is: x * 0 is 0 or, for NaN and infinities, NaN. −∞ is a log-probability, so it is raised first.
        var notNumbers = lanes(0)
        var start = 0
        while start < block.classCount {
            var x = E.loadEight(row + start &* E.byteCount)
            if start &+ 8 > block.classCount { x = x.keeping(first: block.classCount &- start) }
            largest = largest.larger(x)
            notNumbers += x.raised(to: E.Eight(all: -1)).widened * lanes(0)
            start &+= 8
        }
        let value = E.load(row + label &* E.byteCount)
        let four = notNumbers.low + notNumbers.high
        let two = four.low + four.high
        let isValid = two[0] + two[1] == 0 && scorable.contains(value)
        block.losses[i] = isValid ? value : .nan
        if isValid, value == largest.largest {
            var j = 0
            while j < label, E.load(row + j &* E.byteCount) != value { j &+= 1 }
            if j == label { correct &+= 1 }
        }
    }
    block.correctRowCount = correct
    block.instructionSetCode = xentCompiledInstructionSet()
}
