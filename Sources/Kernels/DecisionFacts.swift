// Facts of binary decisions, whose classes are 0 and 1: one a row (binary, likelihood), or C a row (multilabel).

import KernelABI

/// The facts of eight decisions, a lane each.
private struct DecisionFacts {
    /// The probabilities of the classes 1 and 0.
    let one: Lanes, zero: Lanes
    /// The lanes in which class 1 is the likelier: p > ½, as the losses' kernels decide it.
    let isPredicted: SIMDMask<LaneIntegers>
    let squares: Lanes
    /// NaN where it is not asked for.
    let products: Lanes

    /// The probability of the label, which is 1 in the lanes of `isPositive`.
    @inline(always) func ofLabel(_ isPositive: SIMDMask<LaneIntegers>) -> Lanes { zero.replacing(with: one, where: isPositive) }
    /// The probability of the likelier class.
    @inline(always) var ofTop: Lanes { zero.replacing(with: one, where: isPredicted) }

    /// The facts of values as they are stored.
    @inline(always) static func of(_ x: Lanes, _ inputCode: Int32, hasProducts: Bool) -> DecisionFacts {
        if inputCode == Int32(XentInputLogits) { return ofLogits(x, hasProducts: hasProducts) }
        if inputCode == Int32(XentInputLogProbabilities) { return ofLogProbabilities(x, hasProducts: hasProducts) }
        let complement = lanes(1) - x
        return ofProbabilities(x, complement, products: hasProducts ? logarithmProducts(x, complement) : lanes(.nan))
    }

    /// The facts of probabilities p of 1, of which `complement` is 1 − p, rounded.
    @inline(always) static func ofProbabilities(_ p: Lanes, _ complement: Lanes, products: Lanes) -> DecisionFacts {
        DecisionFacts(one: p, zero: complement, isPredicted: p .> lanes(0.5), squares: p.fma(p, complement * complement), products: products)
    }

    @inline(always) private static func ofLogits(_ x: Lanes, hasProducts: Bool) -> DecisionFacts {
        let odds = exponential(lanes(0) - x.absolute)
        // 1 / (1 + odds): the quotient, and one step of Newton's.
        let (whole, wholeRest) = twoSum(lanes(1), odds)
        let quotient = lanes(1) / whole
        let likelier = quotient.fma(quotient.fma(-whole, 1) - quotient * wholeRest, quotient)
        let unlikelier = odds * likelier
        let isPredicted = x .> lanes(0)
        let one = unlikelier.replacing(with: likelier, where: isPredicted)
        return DecisionFacts(
            one: one, zero: likelier.replacing(with: unlikelier, where: isPredicted), isPredicted: isPredicted,
            squares: odds.fma(odds, 1) * (likelier * likelier),
            // A p of 0 adds nothing, be x infinite.
            products: hasProducts ? (one * x).replacing(with: lanes(0), where: one .== lanes(0)) : lanes(.nan))
    }

    @inline(always) private static func ofLogProbabilities(_ x: Lanes, hasProducts: Bool) -> DecisionFacts {
        let one = exponential(x), zero = oneMinusExponential(x)
        var products = lanes(.nan)
        if hasProducts {
            products = (one * x).replacing(with: lanes(0), where: one .== lanes(0))
                + (zero * logarithmOfOneMinusExponential(x)).replacing(with: lanes(0), where: zero .== lanes(0))
        }
        return DecisionFacts(
            one: one, zero: zero, isPredicted: x .> lanes(-0x1.62e42fefa39efp-1), squares: one.fma(one, zero * zero), products: products)
    }
}

/// Writes the facts of all rows of decisions of a block whose losses are there.
///
/// One decision a row has the classes 0 and 1, a label of 1 where its target is above ½, a top class of 1 where p > ½, and a label's rank of 0
/// or 1. Σp² is p² + (1 − p)². Σp·x is p·x for a logit x, as if class 0 had the logit 0, and p log p + (1 − p) log(1 − p) for others.
///
/// Of several decisions a row the probabilities and sums are means over the decisions, as the loss is; the row is right where all decisions are;
/// there is no top class and no rank: -1.
///
/// Errors, in ULP: probabilities at most 3 (1.51 seen), Σp² 5 (2.71), Σp·x 5 (2.11); those of means 1 more. O(rowCount × classCount).
@inline(never)
func writeDecisionFacts(_ block: RowBlock, _ inputCode: Int32) {
    if block.classCount == 1 { writeSingleDecisionFacts(block, inputCode) } else { writeMeanDecisionFacts(block, inputCode) }
}

@inline(always)
private func writeSingleDecisionFacts(_ block: RowBlock, _ inputCode: Int32) {
    // Wrapping arithmetic on indices: they stay within the block's memory, which has room for whole vectors.
    let element = StoredElement(code: block.elementCode)
    let hasProducts = block.facts.probabilityWeightedSum != nil
    var i = 0
    // The logarithms of four vectors' decisions side by side: two wait for their own steps. With 16 registers they would end in memory.
    while xentCompiledInstructionSet() == Int32(XentInstructionSetAVX512), hasProducts, inputCode == Int32(XentInputProbabilities),
        i &+ 32 <= block.rowCount
    {
        let p = element.loadThirtyTwo(block.values + i &* element.byteCount)
        let complement = FourLanes(lanes(1)) - p
        if isFull(
            haveExactLogarithms(p.a, complement.a) .& haveExactLogarithms(p.b, complement.b) .& haveExactLogarithms(p.c, complement.c)
                .& haveExactLogarithms(p.d, complement.d))
        {
            let both = logarithmPair(common: EightLanes(p, complement))
            let products = p * (both.high.low + both.low.low) + complement * (both.high.high + both.low.high)
            write(DecisionFacts.ofProbabilities(p.a, complement.a, products: products.a), block, at: i)
            write(DecisionFacts.ofProbabilities(p.b, complement.b, products: products.b), block, at: i &+ 8)
            write(DecisionFacts.ofProbabilities(p.c, complement.c, products: products.c), block, at: i &+ 16)
            write(DecisionFacts.ofProbabilities(p.d, complement.d, products: products.d), block, at: i &+ 24)
        } else {
            var j = i
            while j < i &+ 32 {
                let x = element.loadEight(block.values + j &* element.byteCount)
                write(DecisionFacts.of(x, inputCode, hasProducts: hasProducts), block, at: j)
                j &+= 8
            }
        }
        i &+= 32
    }
    while i < block.rowCount {
        let x = element.loadEight(block.values + i &* element.byteCount)
        write(DecisionFacts.of(x, inputCode, hasProducts: hasProducts), block, at: i)
        i &+= 8
    }
}

/// Writes the facts of eight rows of one decision each.
@inline(always)
private func write(_ eight: DecisionFacts, _ block: RowBlock, at i: Int) {
    let facts = block.facts
    var isPositive = widen(xentLoadInt32x8(block.labels + i)) .== LaneIntegers(repeating: 1)
    if let targets = block.targets { isPositive = Lanes.load(targets + i) .> lanes(0.5) }
    let losses = Lanes.load(block.losses + i)
    let isUnscored = losses .!= losses
    if let array = facts.labelProbability { eight.ofLabel(isPositive).replacing(with: lanes(.nan), where: isUnscored).store(array + i) }
    if let array = facts.topProbability { eight.ofTop.replacing(with: lanes(.nan), where: isUnscored).store(array + i) }
    if let array = facts.squaredProbabilitySum { eight.squares.replacing(with: lanes(.nan), where: isUnscored).store(array + i) }
    if let array = facts.probabilityWeightedSum { eight.products.replacing(with: lanes(.nan), where: isUnscored).store(array + i) }
    guard facts.areOrders else { return }
    // A mask's lane is −1 where it holds: it is also the class and the rank of rows that are not scored.
    let unscored = unsafeBitCast(isUnscored, to: LaneIntegers.self), predicted = unsafeBitCast(eight.isPredicted, to: LaneIntegers.self)
    let right = unsafeBitCast(eight.isPredicted .== isPositive, to: LaneIntegers.self), one = LaneIntegers(repeating: 1)
    if let flags = facts.isCorrect { xentStoreLowBytes(flags + i, right & ~unscored & one) }
    if let classes = facts.topClass { xentStoreLowHalves(classes + i, (predicted & one) | unscored) }
    if let ranks = facts.labelRank { xentStoreLowHalves(ranks + i, (~right & one) | unscored) }
}

@inline(always)
private func writeMeanDecisionFacts(_ block: RowBlock, _ inputCode: Int32) {
    guard let allTargets = block.targets else { return }
    let element = StoredElement(code: block.elementCode)
    let facts = block.facts
    let hasProducts = facts.probabilityWeightedSum != nil
    for i in 0..<block.rowCount {
        if block.losses[i].isNaN {
            facts.writeUnscored(at: i)
            continue
        }
        let row = block.values + i &* (block.classCount &* element.byteCount)
        let targets = allTargets + i &* block.classCount
        var ofLabels = CompensatedLanes(), ofTops = CompensatedLanes(), squares = CompensatedLanes(), products = CompensatedLanes()
        var wrongDecisions = LaneIntegers(repeating: 0)
        var start = 0
        while start < block.classCount {
            let isInside = laneIndices .< LaneIntegers(repeating: Int64(block.classCount &- start))
            // Not NaN beyond the row: what is added there is 0.
            let isPositive = Lanes.load(targets + start) .> lanes(0.5)
            let eight = DecisionFacts.of(element.loadEight(row + start &* element.byteCount), inputCode, hasProducts: hasProducts)
            ofLabels.add(lanes(0).replacing(with: eight.ofLabel(isPositive), where: isInside))
            ofTops.add(lanes(0).replacing(with: eight.ofTop, where: isInside))
            squares.add(lanes(0).replacing(with: eight.squares, where: isInside))
            products.add(lanes(0).replacing(with: eight.products, where: isInside))
            count(isInside .& .!(eight.isPredicted .== isPositive), into: &wrongDecisions)
            start &+= 8
        }
        let decisionCount = Double(block.classCount)
        facts.labelProbability?[i] = ofLabels.total / decisionCount
        facts.topProbability?[i] = ofTops.total / decisionCount
        facts.topClass?[i] = -1
        facts.isCorrect?[i] = total(wrongDecisions) == 0 ? 1 : 0
        facts.squaredProbabilitySum?[i] = squares.total / decisionCount
        facts.probabilityWeightedSum?[i] = products.totalOrInfinity / decisionCount
        facts.labelRank?[i] = -1
    }
}

/// −p log p for p in [0, 1]: what `productWithLogarithm` has, without the division of numbers above 1, and the other sign.
@inline(always)
private func ofOne(_ p: Lanes) -> Lanes { (p * negativeLogarithm(p)).replacing(with: lanes(0), where: p .== lanes(0)) }

/// The lanes in which `complement` is 1 − p without rounding, and both are normal numbers below 1: both logarithms, found side by side, have the same bits
/// as if each was found by itself.
@inline(always)
private func haveExactLogarithms(_ p: Lanes, _ complement: Lanes) -> SIMDMask<LaneIntegers> {
    (p .>= lanes(0x1p-54)) .& (complement .> lanes(0)) .& (lanes(1) - complement .== p)
}

/// p log p + (1 − p) log(1 − p), where `complement` is 1 − p, rounded. 0 log 0 is 0.
@inline(always)
private func logarithmProducts(_ p: Lanes, _ complement: Lanes) -> Lanes {
    if isFull(haveExactLogarithms(p, complement)) {
        let both = logarithmPair(common: TwoLanes(p, complement))
        return p * (both.high.a + both.low.a) + complement * (both.high.b + both.low.b)
    }
    let ofZero = (complement * logarithmOfOnePlus(lanes(0) - p)).replacing(with: lanes(0), where: complement .== lanes(0))
    // Above 1 is what no row with a loss has, unless a dialect clips it.
    return (isFull(p .<= lanes(1)) ? lanes(0) - ofOne(p) : productWithLogarithm(p)) + ofZero
}
