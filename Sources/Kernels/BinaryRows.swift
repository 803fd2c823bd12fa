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
    if let bytes = block.labelBytes {
        binaryRows(&block, StoredRows<E, ByteLabel>(values: block.values, labels: bytes), input)
    } else {
        binaryRows(&block, StoredRows<E, WordLabel>(values: block.values, labels: block.labels), input)
    }
}

@inline(always)
private func binaryRows<E, L, I: BinaryInput>(_ block: inout RowBlock, _ rows: StoredRows<E, L>, _ input: I.Type) {
    // Wrapping arithmetic on indices and counts throughout: they stay within the block's memory. Copies of what the loop reads: for all that
    // the compiler knows, its stores might change the block.
    let (losses, rowCount) = (block.losses, block.rowCount)
    var commonCount = 0
    var scoredCounts = LaneIntegers(repeating: 0)
    var correctCounts = LaneIntegers(repeating: 0)
    @inline(always) func eight(_ i: Int) -> EightRows<I> { EightRows<I>(rows.values(i), rows.labels(i), L.self, isNarrow: E.byteCount < 8) }
    @inline(always) func two(_ i: Int) -> CommonRows<TwoLanes> { CommonRows(eight(i), eight(i &+ 8)) }
    @inline(always) func four(_ i: Int) -> CommonRows<FourLanes> { CommonRows(two(i), two(i &+ 16)) }
    /// Returns true if all rows are common; then `store` has got their losses, and the right ones are counted.
    @inline(always) func scores<Group: LaneGroup>(_ common: CommonRows<Group>, _ store: (Group) -> Void) -> Bool {
        guard isFull(common.areCommon) else { return false }
        store(I.commonLosses(common.first, common.second, isNarrow: E.byteCount < 8).met)
        correctCounts &+= common.rightCounts
        // In order, or LLVM takes the vectors apart for the sake of single lanes that are read later.
        correctCounts = xentInOrder(Lanes(bits: correctCounts.unsigned)).integerBits
        return true
    }
    var i = 0
    while i < rowCount {
        // Vectors side by side, as many as help: each is a long chain of steps.
        if I.hasCommonWay, xentCompiledInstructionSet() == Int32(XentInstructionSetAVX512), i &+ 64 <= rowCount,
            scores(CommonRows<EightLanes>(four(i), four(i &+ 32)), { scored in
                store(scored.low, losses + i)
                store(scored.high, losses + (i &+ 32))
            })
        {
            commonCount &+= 64
            i &+= 64
            continue
        }
        if I.hasCommonWay, xentCompiledInstructionSet() == Int32(XentInstructionSetAVX2), i &+ 16 <= rowCount,
            scores(two(i), { scored in
                scored.a.store(losses + i)
                scored.b.store(losses + (i &+ 8))
            })
        {
            commonCount &+= 16
            i &+= 16
            continue
        }
        let end = smaller(i &+ 64, rowCount)
        while i < end {
            let facts = eight(i)
            if I.hasCommonWay, i &+ 8 <= rowCount, isFull(facts.areCommon) {
                xentInOrder(I.commonLosses(facts.first, facts.second, isNarrow: E.byteCount < 8)).store(losses + i)
                count(facts.areRight, into: &correctCounts)
                commonCount &+= 8
            } else {
                let x = rows.values(i)
                var loss = lanes(.nan).replacing(with: anyLosses(x, isPositive: facts.arePositive, input), where: facts.areLabels)
                if i &+ 8 > rowCount { loss = loss.masked(first: rowCount &- i) }
                let isScored = loss .== loss
                count(isScored, into: &scoredCounts)
                count(isScored .& facts.areRight, into: &correctCounts)
                loss.store(losses + i)
            }
            i &+= 8
        }
    }
    block.unscoredRowCount = rowCount &- (commonCount &+ total(scoredCounts))
    block.correctRowCount = total(correctCounts)
    block.instructionSetCode = xentCompiledInstructionSet()
}

/// The type of stored class labels. It is a type and not a closure, since a closure is not always inlined.
private protocol StoredLabel {
    associatedtype Stored
    /// True if all that is stored is 0 or 1.
    static var areLabels: Bool { get }
    /// Eight labels; memory up to a multiple of eight is readable.
    static func loadEight(_ labels: UnsafePointer<Stored>) -> LaneIntegers
}

private enum WordLabel: StoredLabel {
    @inline(always) static var areLabels: Bool { false }
    @inline(always) static func loadEight(_ labels: UnsafePointer<Int32>) -> LaneIntegers { widen(xentLoadInt32x8(labels)) }
}

private enum ByteLabel: StoredLabel {
    @inline(always) static var areLabels: Bool { true }
    @inline(always) static func loadEight(_ labels: UnsafePointer<UInt8>) -> LaneIntegers { xentWidenUInt8(labels) }
}

/// The rows of a block as they are stored.
private struct StoredRows<E: Element, L: StoredLabel> {
    let values: UnsafeRawPointer
    let labels: UnsafePointer<L.Stored>

    /// The values of eight rows from i on.
    @inline(always) func values(_ i: Int) -> Lanes { E.loadEight(values + i &* E.byteCount).widened }
    @inline(always) func labels(_ i: Int) -> LaneIntegers { L.loadEight(labels + i) }
}

/// Eight rows, and what their losses follow from where all are common.
private struct EightRows<I: BinaryInput> {
    let first: Lanes, second: Lanes
    let arePositive: SIMDMask<LaneIntegers>
    /// The rows whose label is 0 or 1.
    let areLabels: SIMDMask<LaneIntegers>
    let areCommon: SIMDMask<LaneIntegers>
    let areRight: SIMDMask<LaneIntegers>

    @inline(always) init<L: StoredLabel>(_ x: Lanes, _ label: LaneIntegers, _: L.Type, isNarrow: Bool) {
        arePositive = label .== LaneIntegers(repeating: 1)
        let isCommon = I.isCommon(x, isNarrow: isNarrow)
        areLabels = L.areLabels ? SIMDMask(repeating: true) : arePositive .| (label .== LaneIntegers(repeating: 0))
        areCommon = L.areLabels ? isCommon : areLabels .& isCommon
        areRight = (x .> lanes(I.threshold)) .== arePositive
        (first, second) = I.prepared(x, isPositive: arePositive)
    }
}

/// The rows of a group of vectors, and what their losses follow from where all are common.
private struct CommonRows<Group: LaneGroup> {
    let first: Group, second: Group
    /// The lanes of all vectors together.
    let areCommon: SIMDMask<LaneIntegers>
    /// The number of right predictions, by lane.
    let rightCounts: LaneIntegers
}

extension CommonRows where Group == TwoLanes {
    @inline(always) fileprivate init<I: BinaryInput>(_ a: EightRows<I>, _ b: EightRows<I>) {
        var counts = LaneIntegers(repeating: 0)
        count(a.areRight, into: &counts)
        count(b.areRight, into: &counts)
        self.init(
            first: TwoLanes(a.first, b.first), second: TwoLanes(a.second, b.second), areCommon: a.areCommon .& b.areCommon, rightCounts: counts)
    }
}

extension CommonRows where Group == FourLanes {
    @inline(always) fileprivate init(_ x: CommonRows<TwoLanes>, _ y: CommonRows<TwoLanes>) {
        self.init(
            first: FourLanes(x.first, y.first), second: FourLanes(x.second, y.second), areCommon: x.areCommon .& y.areCommon,
            rightCounts: x.rightCounts &+ y.rightCounts)
    }
}

extension CommonRows where Group == EightLanes {
    @inline(always) fileprivate init(_ x: CommonRows<FourLanes>, _ y: CommonRows<FourLanes>) {
        self.init(
            first: EightLanes(x.first, y.first), second: EightLanes(x.second, y.second), areCommon: x.areCommon .& y.areCommon,
            rightCounts: x.rightCounts &+ y.rightCounts)
    }
}

@inline(always)
private func store(_ four: FourLanes, _ losses: UnsafeMutablePointer<Double>) {
    four.a.store(losses)
    four.b.store(losses + 8)
    four.c.store(losses + 16)
    four.d.store(losses + 24)
}

extension SIMDMask where Storage == LaneIntegers {
    /// The lanes in which the two masks agree.
    @inline(always) static func .== (a: Self, b: Self) -> Self { .!(a .^ b) }
}
