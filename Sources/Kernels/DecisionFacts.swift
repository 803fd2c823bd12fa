// Facts of binary decisions, whose classes are 0 and 1: one a row (binary, likelihood), or C a row (multilabel).

import KernelABI

/// The facts of eight decisions, a lane each.
private struct DecisionFacts {
    var ofLabel: Lanes
    var ofTop: Lanes
    /// The lanes in which class 1 is the likelier: p > ½, as the losses' kernels decide it.
    var isPredicted: SIMDMask<LaneIntegers>
    var squares: Lanes
    /// NaN where it is not asked for.
    var products = lanes(.nan)
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
    let facts = block.facts
    var i = 0
    while i < block.rowCount {
        var isPositive = widen(xentLoadInt32x8(block.labels + i)) .== LaneIntegers(repeating: 1)
        if let targets = block.targets { isPositive = Lanes.load(targets + i) .> lanes(0.5) }
        let x = element.loadEight(block.values + i &* element.byteCount)
        let eight = decisionFacts(x, isPositive, inputCode, hasProducts: facts.probabilityWeightedSum != nil)
        let losses = Lanes.load(block.losses + i)
        let isUnscored = losses .!= losses
        if let array = facts.labelProbability { eight.ofLabel.replacing(with: lanes(.nan), where: isUnscored).store(array + i) }
        if let array = facts.topProbability { eight.ofTop.replacing(with: lanes(.nan), where: isUnscored).store(array + i) }
        if let array = facts.squaredProbabilitySum { eight.squares.replacing(with: lanes(.nan), where: isUnscored).store(array + i) }
        if let array = facts.probabilityWeightedSum { eight.products.replacing(with: lanes(.nan), where: isUnscored).store(array + i) }
        if facts.areOrders {
            writeOrders(
                at: i, facts, unscored: bits(isUnscored), predicted: bits(eight.isPredicted), right: bits(eight.isPredicted .== isPositive))
        }
        i &+= 8
    }
}

/// Writes the classes, the flags and the ranks of eight decisions, whose lanes are bits.
@inline(always)
private func writeOrders(at i: Int, _ facts: RowFactArrays, unscored: UInt8, predicted: UInt8, right: UInt8) {
    if let flags = facts.isCorrect {
        // Byte j keeps bit j, and 127 more carry it to the top bit. Wrapping: no byte goes above 255.
        let spread = (UInt64(right & ~unscored) &* 0x0101_0101_0101_0101) & 0x8040_2010_0804_0201
        let eight = ((spread &+ 0x7F7F_7F7F_7F7F_7F7F) &>> 7) & 0x0101_0101_0101_0101
        for lane in 0..<8 { flags[i &+ lane] = UInt8(truncatingIfNeeded: eight &>> UInt64(8 &* lane)) }
    }
    if let classes = facts.topClass { writeBits(predicted, to: classes + i) }
    if let ranks = facts.labelRank { writeBits(~right, to: ranks + i) }
    guard unscored != 0 else { return }
    for lane in 0..<8 where unscored & UInt8(1) &<< UInt8(truncatingIfNeeded: lane) != 0 {
        facts.topClass?[i &+ lane] = -1
        facts.labelRank?[i &+ lane] = -1
    }
}

/// Writes eight bits as numbers, the lowest first.
@inline(always)
private func writeBits(_ bits: UInt8, to numbers: UnsafeMutablePointer<Int32>) {
    let bits = Int32(bits)
    for lane in 0..<8 { numbers[lane] = (bits &>> Int32(truncatingIfNeeded: lane)) & 1 }
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
            let eight = decisionFacts(element.loadEight(row + start &* element.byteCount), isPositive, inputCode, hasProducts: hasProducts)
            ofLabels.add(lanes(0).replacing(with: eight.ofLabel, where: isInside))
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

/// p log p + (1 − p) log(1 − p), where `complement` is 1 − p, rounded. 0 log 0 is 0.
@inline(always)
private func logarithmProducts(_ p: Lanes, _ complement: Lanes) -> Lanes {
    // Where nothing was rounded both logarithms are those of normal numbers below 1: found side by side, they have the same bits as below.
    let isExact = (p .>= lanes(0x1p-54)) .& (complement .> lanes(0)) .& (lanes(1) - complement .== p)
    if isFull(isExact) {
        let both = logarithmPair(common: TwoLanes(p, complement))
        return p * (both.high.a + both.low.a) + complement * (both.high.b + both.low.b)
    }
    let ofZero = (complement * logarithmOfOnePlus(lanes(0) - p)).replacing(with: lanes(0), where: complement .== lanes(0))
    // Above 1 is what no row with a loss has, unless a dialect clips it.
    return (isFull(p .<= lanes(1)) ? lanes(0) - ofOne(p) : productWithLogarithm(p)) + ofZero
}

@inline(always)
private func decisionFacts(_ x: Lanes, _ isPositive: SIMDMask<LaneIntegers>, _ inputCode: Int32, hasProducts: Bool) -> DecisionFacts {
    let one: Lanes, zero: Lanes
    let isPredicted: SIMDMask<LaneIntegers>
    var products = lanes(.nan)
    let squares: Lanes
    if inputCode == Int32(XentInputLogits) {
        let odds = exponential(lanes(0) - x.absolute)
        // 1 / (1 + odds): the quotient, and one step of Newton's.
        let (whole, wholeRest) = twoSum(lanes(1), odds)
        let quotient = lanes(1) / whole
        let likelier = quotient.fma(quotient.fma(-whole, 1) - quotient * wholeRest, quotient)
        let unlikelier = odds * likelier
        isPredicted = x .> lanes(0)
        one = unlikelier.replacing(with: likelier, where: isPredicted)
        zero = likelier.replacing(with: unlikelier, where: isPredicted)
        squares = odds.fma(odds, 1) * (likelier * likelier)
        // A p of 0 adds nothing, be x infinite.
        if hasProducts { products = (one * x).replacing(with: lanes(0), where: one .== lanes(0)) }
    } else if inputCode == Int32(XentInputProbabilities) {
        (one, zero) = (x, lanes(1) - x)
        isPredicted = x .> lanes(0.5)
        squares = one.fma(one, zero * zero)
        if hasProducts { products = logarithmProducts(x, zero) }
    } else {
        (one, zero) = (exponential(x), oneMinusExponential(x))
        isPredicted = x .> lanes(-0x1.62e42fefa39efp-1)
        squares = one.fma(one, zero * zero)
        if hasProducts {
            let ofOne = (one * x).replacing(with: lanes(0), where: one .== lanes(0))
            products = ofOne + (zero * logarithmOfOneMinusExponential(x)).replacing(with: lanes(0), where: zero .== lanes(0))
        }
    }
    return DecisionFacts(
        ofLabel: zero.replacing(with: one, where: isPositive), ofTop: zero.replacing(with: one, where: isPredicted),
        isPredicted: isPredicted, squares: squares, products: products)
}
