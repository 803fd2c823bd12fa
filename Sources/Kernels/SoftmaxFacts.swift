// Facts of rows of logits, from what a `SoftmaxBatch` has noted of them: Σ and Σt² and Σt·x of the terms t = exp(x_j − x_y).
//
// With S = Σt the label's probability is 1 / (1 + S), the top one exp(x_top − x_y) / (1 + S): a ratio, since exp(x_top − x_y − loss) would lose
// digits in proportion to the loss. Σp² = (1 + Σt²) / (1 + S)², and Σp·x = (x_y + Σt·x) / (1 + S). What the rounding of each sum, product and
// quotient loses is carried along, so that a fact has the errors of its terms and of their sums, and half an ULP of its own.

import KernelABI

/// A label may be so far below the largest logit: t² of 2^30 terms stays in range. Rows beyond it take `writeClassFacts`.
private let largestFactDistance = 300.0

/// Writes the facts of a batch of rows of logits, which start at `firstRow` of the block; their losses are there.
///
/// Errors, in ULP: the label's probability at most 2.4 (1.99 seen), the top one 3.6 (1.93 seen); Σp² at most 23, where all worst cases meet (4.76
/// seen, of 17,000 rows; tests let 6 pass); Σp·x at most 20 ULP of Σp·|x| (3.42 seen; tests let 5 pass). The article ErrorBounds adds them up.
/// The bits do not depend on which facts are asked for, nor on the other
/// rows of the batch. O(rowCount), besides classCount for each row that is not right where its class or its label's rank is asked for.
@inline(never)
func writeSoftmaxFacts(_ block: RowBlock, firstRow: Int, rowCount: Int, _ notes: SoftmaxNotes) {
    // Wrapping arithmetic on indices: they stay within the block's memory.
    let facts = block.facts.from(firstRow)
    // A bit for each row.
    var inRange: UInt64 = 0
    var i = 0
    while i < rowCount {
        inRange |= UInt64(truncatingIfNeeded: writeEightSoftmaxFacts(i, notes, facts)) &<< UInt64(truncatingIfNeeded: i)
        i &+= 8
    }
    if let terms = block.terms(ofRow: firstRow) {
        // The label's own is none of the terms that were added up.
        for index in 0..<rowCount where inRange &>> UInt64(truncatingIfNeeded: index) & 1 == 1 {
            terms[index &* termStride(block.classCount) &+ Int(block.labels[firstRow &+ index])] = notes.labelTerms[index]
        }
    }
    if facts.areOrders {
        switch block.elementCode {
        case Int32(XentElementFloat16): writeOrders(block, firstRow, rowCount, inRange, notes, facts, Float16Element.self)
        case Int32(XentElementBFloat16): writeOrders(block, firstRow, rowCount, inRange, notes, facts, BFloat16Element.self)
        case Int32(XentElementFloat32): writeOrders(block, firstRow, rowCount, inRange, notes, facts, Float32Element.self)
        default: writeOrders(block, firstRow, rowCount, inRange, notes, facts, Float64Element.self)
        }
    }
    var others = ~inRange & (UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- rowCount))
    while others != 0 {
        let index = others.trailingZeroBitCount
        others &= others &- 1
        if block.losses[firstRow &+ index].isNaN {
            facts.writeUnscored(at: index)
        } else {
            let element = StoredElement(code: block.elementCode)
            let row = block.values + (firstRow &+ index) &* (block.classCount &* element.byteCount)
            let label = Int(block.labels[firstRow &+ index])
            writeClassFacts(row, block.classCount, label, Int32(XentInputLogits), element, facts, at: index)
        }
    }
}

/// Writes what follows from the order of the values, for the rows of a batch whose bit of `inRange` is set.
@inline(always)
private func writeOrders<E: Element>(
    _ block: RowBlock, _ firstRow: Int, _ rowCount: Int, _ inRange: UInt64, _ notes: SoftmaxNotes, _ facts: RowFactArrays, _: E.Type
) {
    let (classCount, rowByteCount) = (block.classCount, block.classCount &* E.byteCount)
    let labels = block.labels + firstRow
    var row = block.values + firstRow &* rowByteCount
    for index in 0..<rowCount {
        defer { row += rowByteCount }
        guard inRange &>> UInt64(truncatingIfNeeded: index) & 1 == 1 else { continue }
        let label = Int(labels[index])
        let (ofLabel, others) = (notes.labelValues[index], notes.largestOthers[index])
        var topClass = label
        // Of equal values the first is the top class.
        if others >= ofLabel, facts.topClass != nil || others == ofLabel { topClass = firstIndex(of: others, row, classCount, E.self) }
        let isCorrect = others <= ofLabel && topClass == label
        facts.topClass?[index] = Int32(truncatingIfNeeded: topClass)
        facts.isCorrect?[index] = isCorrect ? 1 : 0
        if let ranks = facts.labelRank { ranks[index] = isCorrect ? 0 : Int32(truncatingIfNeeded: rank(of: label, row, classCount, E.self)) }
    }
}

/// Writes the probabilities and sums of the eight rows from `i` on; numbers without meaning for rows that are not in range, or not there.
/// Returns as bits which rows are in range, the first lowest.
@inline(always)
private func writeEightSoftmaxFacts(_ i: Int, _ notes: SoftmaxNotes, _ facts: RowFactArrays) -> UInt8 {
    let labelValue = Lanes.load(notes.labelValues + i), others = Lanes.load(notes.largestOthers + i)
    let factor = Lanes.load(notes.factors + i)
    let sum = Lanes.load(notes.totals + i)
    // Σ times exp(−r_y) / c, and what the product's rounding loses, as for the loss.
    let total = sum.fma(factor, sum)
    let lost = sum.fma(factor, sum - total) + Lanes.load(notes.totalRests + i).fma(factor, Lanes.load(notes.totalRests + i))
    let isInRange = (total .>= lanes(0)) .& (others .<= labelValue + lanes(largestFactDistance))
    // 1 / (1 + S): the quotient, and one step of Newton's.
    let (whole, wholeRest) = twoSum(lanes(1), total)
    let quotient = lanes(1) / whole
    let residue = quotient.fma(-whole, 1) - quotient * (wholeRest + lost)
    let ofLabel = quotient.fma(residue, quotient)
    let ofLabelRest = quotient.fma(residue, quotient - ofLabel)
    if let probabilities = facts.labelProbability { ofLabel.store(probabilities + i) }
    if let scales = facts.termScale {
        let scale = ofLabel.fma(factor, ofLabel)
        lanes(.nan).replacing(with: scale, where: isInRange).store(scales + i)
        (ofLabel / scale).store(notes.labelTerms + i)
    }
    if let probabilities = facts.topProbability {
        // −∞ of a row of one class has no term.
        let term = terms((labelValue - lanes(700)).larger(others), Lanes.load(notes.shifts + i)).values
        let (value, rest) = scaled(term, by: factor)
        let ofTop = product(value, rest, ofLabel, ofLabelRest)
        // Rounding must not put it below the label's, nor above 1.
        lanes(1).smaller(ofLabel.larger(ofTop)).replacing(with: ofLabel, where: labelValue .>= others).store(probabilities + i)
    }
    if let sums = facts.squaredProbabilitySum {
        // (1 + f)² = 1 + f (2 + f).
        let squaredFactor = factor.fma(factor, factor + factor)
        let (squares, squaresRest) = scaled(Lanes.load(notes.squareTotals + i), by: squaredFactor)
        let (value, rest) = twoSum(lanes(1), squares)
        let square = ofLabel * ofLabel
        let squareRest = ofLabel.fma(ofLabel, -square) + (ofLabel + ofLabel) * ofLabelRest
        lanes(1).smaller(product(value, rest + squaresRest, square, squareRest)).store(sums + i)
    }
    if let sums = facts.probabilityWeightedSum {
        let (products, productsRest) = scaled(Lanes.load(notes.productTotals + i), by: factor)
        let (value, rest) = twoSum(labelValue, products)
        product(value, rest + productsRest, ofLabel, ofLabelRest).store(sums + i)
    }
    return bits(isInRange)
}

/// value (1 + factor) as its rounding and what that loses, for |factor| below ½.
@inline(always)
private func scaled(_ value: Lanes, by factor: Lanes) -> (value: Lanes, rest: Lanes) {
    let product = value.fma(factor, value)
    // The difference is exact: the two are within a factor of two (Sterbenz).
    return (product, value.fma(factor, value - product))
}

/// (a + aRest) (b + bRest), rounded a little over once.
@inline(always)
private func product(_ a: Lanes, _ aRest: Lanes, _ b: Lanes, _ bRest: Lanes) -> Lanes {
    let value = a * b
    return value + (a.fma(b, -value) + a.fma(bRest, aRest * b))
}
