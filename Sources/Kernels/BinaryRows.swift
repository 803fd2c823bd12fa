// Binary cross-entropy, one value a row and a label 0 or 1, eight rows at a time.

public import KernelABI

/// losses[i] = log(1 + exp(−x)) for label 1, log(1 + exp(x)) for label 0.
///
/// Error: at most 1.5 ULP, subnormal losses included. ±∞ give 0 or +∞, NaN gives NaN, as does a
/// label other than 0 and 1. A row is correct when x > 0 agrees with the label.
public func binaryLogitRows(_ block: UnsafeMutablePointer<RowBlock>) {
    binaryRows(block, Logit.self)
    if block.pointee.facts.areAny { writeDecisionFacts(block.pointee, Int32(XentInputLogits)) }
}

/// losses[i] = −log(p) for label 1, −log(1 − p) for label 0.
///
/// Error: at most 1 ULP. p outside of [0, 1], NaN, or a label other than 0 and 1 gives NaN; certainty of what did not happen gives +∞.
/// A row is correct when p > ½ agrees with the label.
public func binaryProbabilityRows(_ block: UnsafeMutablePointer<RowBlock>) {
    binaryRows(block, Probability.self)
    if block.pointee.facts.areAny { writeDecisionFacts(block.pointee, Int32(XentInputProbabilities)) }
}

/// losses[i] = −x for label 1, −log(1 − exp(x)) for label 0, where x = log p.
///
/// Error: at most 2.4 ULP (1.84 seen). x above 0, NaN, or a label other than 0 and 1 gives NaN.
/// A row is correct when x > −log 2 agrees with the label.
public func binaryLogProbabilityRows(_ block: UnsafeMutablePointer<RowBlock>) {
    binaryRows(block, LogProbability.self)
    if block.pointee.facts.areAny { writeDecisionFacts(block.pointee, Int32(XentInputLogProbabilities)) }
}

/// The meaning of one value for one binary decision. It is a type and not a closure, since a closure is not always inlined.
private protocol BinaryInput {
    /// The value that is predicted as class 1 above, as class 0 up to it.
    static var threshold: Double { get }
    /// NaN where x is not such an input.
    static func loss(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>) -> Lanes
    /// The lanes that have a loss, and in which `commonLoss` gives the same bits as `loss` with less work.
    ///
    /// - Parameter isNarrow: true if x has at most the digits of a Float32.
    static func isCommon(_ x: Lanes, isNarrow: Bool) -> SIMDMask<LaneIntegers>
    static func commonLoss(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>, isNarrow: Bool) -> Lanes
}

private enum Logit: BinaryInput {
    @inline(always) static var threshold: Double { 0 }
    @inline(always) static func loss(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>) -> Lanes {
        let common = commonLoss(x, isPositive: isPositive, isNarrow: false)
        // Far off, the tail is exp(−|x|) to the last digit; it may be subnormal.
        let wrongWay = x.replacing(with: lanes(0) - x, where: isPositive)
        let far = lanes(0).larger(wrongWay) + exponential(lanes(0) - x.absolute)
        return common.replacing(with: far, where: .!isCommon(x, isNarrow: false))
    }
    @inline(always) static func isCommon(_ x: Lanes, isNarrow: Bool) -> SIMDMask<LaneIntegers> { x.absolute .<= lanes(700) }
    @inline(always) static func commonLoss(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>, isNarrow: Bool) -> Lanes {
        let wrongWay = x.replacing(with: lanes(0) - x, where: isPositive)
        return lanes(0).larger(wrongWay) + logarithmPairOfOneAndOdds(x).rounded
    }
}

private enum Probability: BinaryInput {
    @inline(always) static var threshold: Double { 0.5 }
    @inline(always) static func loss(_ p: Lanes, isPositive: SIMDMask<LaneIntegers>) -> Lanes {
        negativeLogarithm(p, isPositive: isPositive)
    }
    @inline(always) static func isCommon(_ p: Lanes, isNarrow: Bool) -> SIMDMask<LaneIntegers> {
        (p .>= lanes(leastUncertain(isNarrow: isNarrow))) .& (p .< lanes(1))
    }
    @inline(always) static func commonLoss(_ p: Lanes, isPositive: SIMDMask<LaneIntegers>, isNarrow: Bool) -> Lanes {
        negativeLogarithm(uncertain: p, isPositive: isPositive, isNarrow: isNarrow)
    }
}

private enum LogProbability: BinaryInput {
    @inline(always) static var threshold: Double { -0x1.62e42fefa39efp-1 }
    @inline(always) static func loss(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>) -> Lanes {
        let ofPositive = negatedLogProbability(x)
        let ofNegative = lanes(0) - logarithmOfOneMinusExponential(x)
        return ofNegative.replacing(with: ofPositive, where: isPositive)
    }
    @inline(always) static func isCommon(_ x: Lanes, isNarrow: Bool) -> SIMDMask<LaneIntegers> { x .<= lanes(0) }
    @inline(always) static func commonLoss(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>, isNarrow: Bool) -> Lanes {
        loss(x, isPositive: isPositive)
    }
}

@inline(always)
private func binaryRows<I: BinaryInput>(_ block: UnsafeMutablePointer<RowBlock>, _ input: I.Type) {
    switch block.pointee.elementCode {
    case Int32(XentElementFloat16): binaryRows(&block.pointee, Float16Element.self, input)
    case Int32(XentElementBFloat16): binaryRows(&block.pointee, BFloat16Element.self, input)
    case Int32(XentElementFloat32): binaryRows(&block.pointee, Float32Element.self, input)
    default: binaryRows(&block.pointee, Float64Element.self, input)
    }
}

@inline(always)
private func binaryRows<E: Element, I: BinaryInput>(_ block: inout RowBlock, _ element: E.Type, _ input: I.Type) {
    // Wrapping arithmetic on indices and counts throughout: they stay within the block's memory. Copies of what the loop reads: for all that
    // the compiler knows, its stores might change the block.
    let (values, labels, losses, rowCount) = (block.values, block.labels, block.losses, block.rowCount)
    var commonCount = 0
    var scoredCounts = LaneIntegers(repeating: 0)
    var correctCounts = LaneIntegers(repeating: 0)
    var i = 0
    while i < rowCount {
        let x = E.loadEight(values + i &* E.byteCount).widened
        let label = widen(xentLoadInt32x8(labels + i))
        let isPositive = label .== LaneIntegers(repeating: 1)
        let isValid = isPositive .| (label .== LaneIntegers(repeating: 0))
        let isRight = (x .> lanes(I.threshold)) .== isPositive
        if i &+ 8 <= rowCount, isFull(isValid .& I.isCommon(x, isNarrow: E.byteCount < 8)) {
            I.commonLoss(x, isPositive: isPositive, isNarrow: E.byteCount < 8).store(losses + i)
            count(isRight, into: &correctCounts)
            commonCount &+= 8
        } else {
            var loss = lanes(.nan).replacing(with: I.loss(x, isPositive: isPositive), where: isValid)
            if i &+ 8 > rowCount { loss = loss.masked(first: rowCount &- i) }
            let isScored = loss .== loss
            count(isScored, into: &scoredCounts)
            count(isScored .& isRight, into: &correctCounts)
            loss.store(losses + i)
        }
        i &+= 8
    }
    block.unscoredRowCount = rowCount &- (commonCount &+ total(scoredCounts))
    block.correctRowCount = total(correctCounts)
    block.instructionSetCode = xentCompiledInstructionSet()
}

extension SIMDMask where Storage == LaneIntegers {
    /// The lanes in which the two masks agree.
    @inline(always) static func .== (a: Self, b: Self) -> Self { .!(a .^ b) }
}
