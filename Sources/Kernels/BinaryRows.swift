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
    /// True if some values have a way of their own, `commonLosses`.
    static var hasCommonWay: Bool { get }
    /// NaN where x is not such an input.
    static func loss(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>) -> Lanes
    /// The lanes that have a loss, and in which `commonLoss` gives the same bits as `loss` with less work.
    ///
    /// - Parameter isNarrow: true if x has at most the digits of a Float32.
    static func isCommon(_ x: Lanes, isNarrow: Bool) -> SIMDMask<LaneIntegers>
    /// The numbers that the loss of a common value follows from by `commonLosses`.
    static func prepared(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>) -> (Lanes, Lanes)
    static func commonLosses<Group: LaneGroup>(_ first: Group, _ second: Group, isNarrow: Bool) -> Group
}

private enum Logit: BinaryInput {
    @inline(always) static var hasCommonWay: Bool { true }
    @inline(always) static var threshold: Double { 0 }
    @inline(always) static func loss(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>) -> Lanes {
        let (magnitude, straight) = prepared(x, isPositive: isPositive)
        let common = commonLosses(magnitude, straight, isNarrow: false)
        // Far off, the tail is exp(−|x|) to the last digit; it may be subnormal.
        let wrongWay = x.replacing(with: lanes(0) - x, where: isPositive)
        let far = lanes(0).larger(wrongWay) + exponential(lanes(0) - x.absolute)
        return common.replacing(with: far, where: .!isCommon(x, isNarrow: false))
    }
    @inline(always) static func isCommon(_ x: Lanes, isNarrow: Bool) -> SIMDMask<LaneIntegers> { x.absolute .<= lanes(700) }
    /// −|x|, and |x| where the label is the unlikelier, else 0.
    @inline(always) static func prepared(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>) -> (Lanes, Lanes) {
        let wrongWay = x.replacing(with: lanes(0) - x, where: isPositive)
        return (x.negativeMagnitude, lanes(0).larger(wrongWay))
    }
    @inline(always) static func commonLosses<Group: LaneGroup>(_ negative: Group, _ straight: Group, isNarrow: Bool) -> Group {
        straight + logarithmPairOfOneAndOdds(negative).rounded
    }
}

private enum Probability: BinaryInput {
    @inline(always) static var hasCommonWay: Bool { true }
    @inline(always) static var threshold: Double { 0.5 }
    @inline(always) static func loss(_ p: Lanes, isPositive: SIMDMask<LaneIntegers>) -> Lanes {
        negativeLogarithm(p, isPositive: isPositive)
    }
    @inline(always) static func isCommon(_ p: Lanes, isNarrow: Bool) -> SIMDMask<LaneIntegers> {
        (p .>= lanes(leastUncertain(isNarrow: isNarrow))) .& (p .< lanes(1))
    }
    /// p or 1 − p, as the label has it, and what that was rounded by.
    @inline(always) static func prepared(_ p: Lanes, isPositive: SIMDMask<LaneIntegers>) -> (Lanes, Lanes) {
        let complement = lanes(1) - p
        let rest = (lanes(1) - complement) - p
        return (complement.replacing(with: p, where: isPositive), rest.replacing(with: lanes(0), where: isPositive))
    }
    @inline(always) static func commonLosses<Group: LaneGroup>(_ chosen: Group, _ rest: Group, isNarrow: Bool) -> Group {
        negativeLogarithm(uncertain: chosen, rest: isNarrow ? nil : rest)
    }
}

private enum LogProbability: BinaryInput {
    @inline(always) static var hasCommonWay: Bool { false }
    @inline(always) static var threshold: Double { -0x1.62e42fefa39efp-1 }
    @inline(always) static func loss(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>) -> Lanes {
        let ofPositive = negatedLogProbability(x)
        let ofNegative = lanes(0) - logarithmOfOneMinusExponential(x)
        return ofNegative.replacing(with: ofPositive, where: isPositive)
    }
    // Not called.
    @inline(always) static func isCommon(_ x: Lanes, isNarrow: Bool) -> SIMDMask<LaneIntegers> { x .< x }
    @inline(always) static func prepared(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>) -> (Lanes, Lanes) { (x, x) }
    @inline(always) static func commonLosses<Group: LaneGroup>(_ first: Group, _ second: Group, isNarrow: Bool) -> Group { first }
}

/// The losses of values of any kind. A function of its own, so that there is one for all stored types.
@inline(never)
private func anyLosses<I: BinaryInput>(_ x: Lanes, isPositive: SIMDMask<LaneIntegers>, _ input: I.Type) -> Lanes {
    I.loss(x, isPositive: isPositive)
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
    @inline(always) func common(_ i: Int) -> CommonRows<I> {
        CommonRows(E.loadEight(values + i &* E.byteCount).widened, labels + i, isNarrow: E.byteCount < 8)
    }
    var i = 0
    while i < rowCount {
        // Four vectors side by side: each is a long chain of steps.
        if I.hasCommonWay, i &+ 32 <= rowCount {
            let (a, b, c, d) = (common(i), common(i &+ 8), common(i &+ 16), common(i &+ 24))
            if isFull(a.areCommon .& b.areCommon .& c.areCommon .& d.areCommon) {
                let four = fourCommonLosses(
                    FourLanes(a.first, b.first, c.first, d.first), FourLanes(a.second, b.second, c.second, d.second), input,
                    isNarrow: E.byteCount < 8)
                four.a.store(losses + i)
                four.b.store(losses + (i &+ 8))
                four.c.store(losses + (i &+ 16))
                four.d.store(losses + (i &+ 24))
                count(a.areRight, into: &correctCounts)
                count(b.areRight, into: &correctCounts)
                count(c.areRight, into: &correctCounts)
                count(d.areRight, into: &correctCounts)
                // In order, or LLVM takes the vectors apart for the sake of single lanes that are read later.
                correctCounts = xentInOrder(Lanes(bits: correctCounts.unsigned)).integerBits
                commonCount &+= 32
                i &+= 32
                continue
            }
        }
        let end = smaller(i &+ 32, rowCount)
        while i < end {
            let x = E.loadEight(values + i &* E.byteCount).widened
            let rows = CommonRows<I>(x, labels + i, isNarrow: E.byteCount < 8)
            if I.hasCommonWay, i &+ 8 <= rowCount, isFull(rows.areCommon) {
                xentInOrder(I.commonLosses(rows.first, rows.second, isNarrow: E.byteCount < 8)).store(losses + i)
                count(rows.areRight, into: &correctCounts)
                commonCount &+= 8
            } else {
                let isPositive = rows.arePositive
                var loss = lanes(.nan).replacing(with: anyLosses(x, isPositive: isPositive, input), where: rows.areLabels)
                if i &+ 8 > rowCount { loss = loss.masked(first: rowCount &- i) }
                let isScored = loss .== loss
                count(isScored, into: &scoredCounts)
                count(isScored .& rows.areRight, into: &correctCounts)
                loss.store(losses + i)
            }
            i &+= 8
        }
    }
    block.unscoredRowCount = rowCount &- (commonCount &+ total(scoredCounts))
    block.correctRowCount = total(correctCounts)
    block.instructionSetCode = xentCompiledInstructionSet()
}

/// The losses of four vectors of common values: as many side by side as the registers hold.
@inline(always)
private func fourCommonLosses<I: BinaryInput>(_ first: FourLanes, _ second: FourLanes, _ input: I.Type, isNarrow: Bool) -> FourLanes {
    switch xentCompiledInstructionSet() {
    case Int32(XentInstructionSetAVX512):
        return I.commonLosses(first, second, isNarrow: isNarrow).met
    case Int32(XentInstructionSetAVX2):
        let x = I.commonLosses(TwoLanes(first.a, first.b), TwoLanes(second.a, second.b), isNarrow: isNarrow).met
        let y = I.commonLosses(TwoLanes(first.c, first.d), TwoLanes(second.c, second.d), isNarrow: isNarrow).met
        return FourLanes(x.a, x.b, y.a, y.b)
    default:
        return FourLanes(
            I.commonLosses(first.a, second.a, isNarrow: isNarrow), I.commonLosses(first.b, second.b, isNarrow: isNarrow),
            I.commonLosses(first.c, second.c, isNarrow: isNarrow), I.commonLosses(first.d, second.d, isNarrow: isNarrow))
    }
}

/// Eight rows, and what their losses follow from where all are common.
private struct CommonRows<I: BinaryInput> {
    let first: Lanes, second: Lanes
    let arePositive: SIMDMask<LaneIntegers>
    /// The rows whose label is 0 or 1.
    let areLabels: SIMDMask<LaneIntegers>
    let areCommon: SIMDMask<LaneIntegers>
    let areRight: SIMDMask<LaneIntegers>

    @inline(always) init(_ x: Lanes, _ labels: UnsafePointer<Int32>, isNarrow: Bool) {
        let label = widen(xentLoadInt32x8(labels))
        arePositive = label .== LaneIntegers(repeating: 1)
        areLabels = arePositive .| (label .== LaneIntegers(repeating: 0))
        areCommon = areLabels .& I.isCommon(x, isNarrow: isNarrow)
        areRight = (x .> lanes(I.threshold)) .== arePositive
        (first, second) = I.prepared(x, isPositive: arePositive)
    }
}

extension SIMDMask where Storage == LaneIntegers {
    /// The lanes in which the two masks agree.
    @inline(always) static func .== (a: Self, b: Self) -> Self { .!(a .^ b) }
}
