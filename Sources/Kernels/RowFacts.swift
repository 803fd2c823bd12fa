// Facts of rows over classes, one row after the other: of the kernels that look at each row by itself, and of the rows of logits that lie
// outside of the range of SoftmaxFacts.swift.

import KernelABI

extension RowFactArrays {
    /// True if any fact is asked for.
    @inline(always) var areAny: Bool {
        labelProbability != nil || topProbability != nil || areOrders || areSums || termScale != nil
    }

    /// True if a sum over all classes is asked for.
    @inline(always) var areSums: Bool { squaredProbabilitySum != nil || probabilityWeightedSum != nil }

    /// True if a fact is asked for that follows from the order of the values.
    @inline(always) var areOrders: Bool { topClass != nil || isCorrect != nil || labelRank != nil }

    /// The arrays from the row on.
    @inline(always) func from(_ row: Int) -> RowFactArrays {
        // Not by `map`: a closure is not always inlined.
        var facts = self
        if let array = labelProbability { facts.labelProbability = array + row }
        if let array = topProbability { facts.topProbability = array + row }
        if let array = topClass { facts.topClass = array + row }
        if let array = isCorrect { facts.isCorrect = array + row }
        if let array = squaredProbabilitySum { facts.squaredProbabilitySum = array + row }
        if let array = probabilityWeightedSum { facts.probabilityWeightedSum = array + row }
        if let array = labelRank { facts.labelRank = array + row }
        if let array = termScale { facts.termScale = array + row }
        return facts
    }

    /// The facts of a row that has no loss.
    @inline(always) func writeUnscored(at row: Int) {
        labelProbability?[row] = .nan
        topProbability?[row] = .nan
        topClass?[row] = -1
        isCorrect?[row] = 0
        squaredProbabilitySum?[row] = .nan
        probabilityWeightedSum?[row] = .nan
        labelRank?[row] = -1
        termScale?[row] = .nan
    }
}

/// How far the terms of two rows are apart.
@inline(always) func termStride(_ classCount: Int) -> Int { (classCount &+ 7) & ~7 }

extension RowBlock {
    /// The place of a row's terms; nil where they are not asked for.
    @inline(always) func terms(ofRow row: Int) -> UnsafeMutablePointer<Double>? {
        if let terms = facts.probabilityTerms { return terms + row &* termStride(classCount) }
        return nil
    }
}

/// Writes the facts of all rows of a block whose losses are there. The label of a row of targets is its largest, the first of equals.
///
/// O(rowCount × classCount).
@inline(never)
func writeClassFacts(_ block: RowBlock, _ inputCode: Int32) {
    // Wrapping arithmetic on indices: they stay within the block's memory.
    let element = StoredElement(code: block.elementCode)
    for i in 0..<block.rowCount {
        if block.losses[i].isNaN {
            block.facts.writeUnscored(at: i)
            continue
        }
        var label = 0
        if let targets = block.targets {
            let targets = targets + i &* block.classCount
            for j in 1..<larger(1, block.classCount) where targets[j] > targets[label] { label = j }
        } else {
            label = Int(block.labels[i])
        }
        let row = block.values + i &* (block.classCount &* element.byteCount)
        writeClassFacts(row, block.classCount, label, inputCode, element, block.facts, at: i)
    }
}

/// Writes the facts of a row that has a loss: no value is NaN, the label is one of its classes.
///
/// Errors, in ULP. From logits: the label's probability at most 5 (1.94 seen), the top one 3 (1.11), Σp² 11 (3.92; tests let 6 pass), Σp·x 4 ULP
/// of Σp·|x| in tests (1.40). From log-probabilities: the probabilities 1.1, Σp² 4 (2.58), Σp·x 3 (1.62) where no x is above 0. From
/// probabilities: the probabilities 0, Σp² 2 (1.04), Σp·log p 3 (1.60) where all p are in [0, 1]; with a p below 0 it is NaN. Several logits of
/// +∞ have equal shares of 1.
@inline(never)
func writeClassFacts(
    _ row: UnsafeRawPointer, _ classCount: Int, _ label: Int, _ inputCode: Int32, _ element: StoredElement, _ facts: RowFactArrays,
    at i: Int
) {
    let (top, topClass) = largest(of: row, classCount, element)
    let ofLabel = element.load(row + label &* element.byteCount)
    let isCorrect = topClass == label
    facts.topClass?[i] = Int32(truncatingIfNeeded: topClass)
    facts.isCorrect?[i] = isCorrect ? 1 : 0
    if let ranks = facts.labelRank { ranks[i] = isCorrect ? 0 : Int32(truncatingIfNeeded: rank(of: label, row, classCount, element)) }
    let values: ClassFacts
    if inputCode == Int32(XentInputProbabilities) {
        values = factsOfProbabilities(row, classCount, label: ofLabel, top: top, element, facts)
    } else if inputCode == Int32(XentInputLogProbabilities) {
        values = factsOfLogProbabilities(row, classCount, label: ofLabel, top: top, element, facts)
    } else if top == .infinity {
        values = factsOfInfiniteLogits(row, classCount, label: ofLabel, element)
    } else {
        values = factsOfLogits(row, classCount, label: ofLabel, top: top, topClass, element)
    }
    facts.labelProbability?[i] = values.labelProbability
    facts.topProbability?[i] = values.topProbability
    facts.squaredProbabilitySum?[i] = values.squaredSum
    facts.probabilityWeightedSum?[i] = values.weightedSum
    facts.termScale?[i] = .nan
}

private struct ClassFacts {
    var labelProbability: Double
    var topProbability: Double
    var squaredSum = Double.nan
    var weightedSum = Double.nan
}

/// By the distances from the largest, as `carefulLoss` has it: p_j = exp(x_j − top) / (1 + Σ), Σp·x = top + Σ p_j (x_j − top).
@inline(always)
private func factsOfLogits(
    _ row: UnsafeRawPointer, _ classCount: Int, label: Double, top: Double, _ topClass: Int, _ element: StoredElement
) -> ClassFacts {
    let minusTop = lanes(-top)
    var sum = CompensatedLanes(), squares = CompensatedLanes(), products = CompensatedLanes()
    var start = 0
    while start < classCount {
        var x = DoubleOctet(element.loadEight(row + start &* element.byteCount))
        if start &+ 8 > classCount { x = x.keeping(first: classCount &- start) }
        x = x.excluding(lane(topClass &- start))
        let (term, difference) = termOfDistance(x.values, minusTop)
        sum.add(term)
        squares.add(term * term)
        products.add((term * difference).replacing(with: lanes(0), where: term .== lanes(0)))
        start &+= 8
    }
    let (others, othersRest) = sum.totalAndRest
    let (whole, wholeRest) = twoSum(1, others)
    let quotient = 1 / whole
    let ofTop = quotient - quotient * (quotient * (wholeRest + othersRest))
    let squaredSum = (1 + squares.total) * (ofTop * ofTop)
    let ofLabel = label == top ? ofTop : termOfDistance(lanes(label), minusTop).term[0] * ofTop
    return ClassFacts(
        labelProbability: ofLabel, topProbability: ofTop, squaredSum: squaredSum < 1 ? squaredSum : 1,
        weightedSum: top + products.total * ofTop)
}

/// exp(x − top), and x − top, rounded.
@inline(always)
private func termOfDistance(_ x: Lanes, _ minusTop: Lanes) -> (term: Lanes, difference: Lanes) {
    let (difference, rest) = twoSum(x, minusTop)
    // Of a difference beyond Float64's range the rest means nothing.
    let carried = rest.replacing(with: lanes(0), where: .!(rest.absolute .< lanes(1)))
    return (exponential(difference, rest: carried), difference)
}

/// Computes the facts of a row with infinite logits. The infinite logits share the probability equally, and the others have 0.
@inline(always)
private func factsOfInfiniteLogits(_ row: UnsafeRawPointer, _ classCount: Int, label: Double, _ element: StoredElement) -> ClassFacts {
    var count = 0.0
    for j in 0..<classCount where element.load(row + j &* element.byteCount) == .infinity { count += 1 }
    let share = 1 / count
    return ClassFacts(
        labelProbability: label == .infinity ? share : 0, topProbability: share, squaredSum: share, weightedSum: .infinity)
}

@inline(always)
private func factsOfProbabilities(
    _ row: UnsafeRawPointer, _ classCount: Int, label: Double, top: Double, _ element: StoredElement, _ wanted: RowFactArrays
) -> ClassFacts {
    var facts = ClassFacts(labelProbability: label, topProbability: top)
    if wanted.squaredProbabilitySum != nil {
        facts.squaredSum = sum(over: row, classCount, element, Squares.self)
    }
    if wanted.probabilityWeightedSum != nil {
        facts.weightedSum = sum(over: row, classCount, element, ProductsWithLogarithms.self)
    }
    return facts
}

@inline(always)
private func factsOfLogProbabilities(
    _ row: UnsafeRawPointer, _ classCount: Int, label: Double, top: Double, _ element: StoredElement, _ wanted: RowFactArrays
) -> ClassFacts {
    var both = lanes(top)
    both[0] = label
    let probabilities = exponential(lanes(800).smaller(both))
    var facts = ClassFacts(labelProbability: probabilities[0], topProbability: probabilities[1])
    if wanted.squaredProbabilitySum != nil {
        facts.squaredSum = sum(over: row, classCount, element, SquaresOfExponentials.self)
    }
    if wanted.probabilityWeightedSum != nil {
        facts.weightedSum = sum(over: row, classCount, element, ProductsWithExponentials.self)
    }
    return facts
}

/// A value's addend to a sum over classes. It is a type and not a closure, since a closure is not always inlined.
private protocol ClassTerm {
    /// The value whose term is 0.
    static var neutral: Double { get }
    static func term(_ x: Lanes) -> Lanes
}
private enum Squares: ClassTerm {
    @inline(always) static var neutral: Double { 0 }
    @inline(always) static func term(_ p: Lanes) -> Lanes { p * p }
}
private enum ProductsWithLogarithms: ClassTerm {
    @inline(always) static var neutral: Double { 0 }
    @inline(always) static func term(_ p: Lanes) -> Lanes { productWithLogarithm(p) }
}
private enum SquaresOfExponentials: ClassTerm {
    @inline(always) static var neutral: Double { -.infinity }
    @inline(always) static func term(_ x: Lanes) -> Lanes {
        let p = exponential(lanes(800).smaller(x))
        return p * p
    }
}
private enum ProductsWithExponentials: ClassTerm {
    @inline(always) static var neutral: Double { -.infinity }
    @inline(always) static func term(_ x: Lanes) -> Lanes {
        let p = exponential(lanes(800).smaller(x))
        return (p * x).replacing(with: lanes(0), where: p .== lanes(0))
    }
}

@inline(always)
private func sum<T: ClassTerm>(over row: UnsafeRawPointer, _ classCount: Int, _ element: StoredElement, _ term: T.Type) -> Double {
    var sum = CompensatedLanes()
    var start = 0
    while start < classCount {
        let x = element.loadEight(row + start &* element.byteCount)
        let isOutside = laneIndices .>= LaneIntegers(repeating: Int64(classCount &- start))
        sum.add(T.term(x.replacing(with: lanes(T.neutral), where: isOutside)))
        start &+= 8
    }
    return sum.totalOrInfinity
}

/// p log p: 0 for 0, NaN below 0. Within 2 ULP up to 1, above it of the logarithm's absolute value.
@inline(always)
func productWithLogarithm(_ p: Lanes) -> Lanes {
    let isAboveOne = p .> lanes(1)
    let ofSmaller = negativeLogarithm(p.replacing(with: lanes(1) / p, where: isAboveOne))
    let logarithm = (lanes(0) - ofSmaller).replacing(with: ofSmaller, where: isAboveOne)
    return (p * logarithm).replacing(with: lanes(0), where: p .== lanes(0))
}

/// The larger of two numbers; `max` is generic and not always inlined.
@inline(always) private func larger(_ a: Int, _ b: Int) -> Int { a > b ? a : b }

/// The largest value of a row without NaN, and the first class that has it. O(classCount).
@inline(never)
private func largest(of row: UnsafeRawPointer, _ classCount: Int, _ element: StoredElement) -> (value: Double, index: Int) {
    @inline(always) func largest<E: Element>(_: E.Type) -> (value: Double, index: Int) {
        var eight = E.Eight(all: -.infinity)
        var start = 0
        while start < classCount {
            var x = E.loadEight(row + start &* E.byteCount)
            if start &+ 8 > classCount { x = x.keeping(first: classCount &- start) }
            eight = eight.larger(x)
            start &+= 8
        }
        let value = eight.largest
        return (value, firstIndex(of: value, row, classCount, E.self))
    }
    switch element.code {
    case Int32(XentElementFloat16): return largest(Float16Element.self)
    case Int32(XentElementBFloat16): return largest(BFloat16Element.self)
    case Int32(XentElementFloat32): return largest(Float32Element.self)
    default: return largest(Float64Element.self)
    }
}

/// The first entry that equals `value`, which is one of the row's. O(classCount).
@inline(never)
func firstIndex(of value: Double, _ row: UnsafeRawPointer, _ classCount: Int, _ element: StoredElement) -> Int {
    switch element.code {
    case Int32(XentElementFloat16): firstIndex(of: value, row, classCount, Float16Element.self)
    case Int32(XentElementBFloat16): firstIndex(of: value, row, classCount, BFloat16Element.self)
    case Int32(XentElementFloat32): firstIndex(of: value, row, classCount, Float32Element.self)
    default: firstIndex(of: value, row, classCount, Float64Element.self)
    }
}

/// The first entry that equals `value`, which is one of the row's. O(classCount).
///
/// In a row of up to 256 classes 128 are compared before a branch asks for the result. Where in a row the entry lies cannot be foreseen, and a branch
/// that is foreseen wrongly takes as long as all of these comparisons.
@inline(always)
func firstIndex<E: Element>(of value: Double, _ row: UnsafeRawPointer, _ classCount: Int, _ element: E.Type) -> Int {
    let eight = E.Eight(all: value)
    /// A bit for each of the eight entries from `start` on. What lies beyond the row comes after the entry that is looked for.
    @inline(always) func ofEight(_ start: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: E.loadEight(row + start &* E.byteCount).bitsOfLanes(equalTo: eight))
    }
    /// A bit for each of the 64 entries from `start` on.
    @inline(always) func of64(_ start: Int) -> UInt64 {
        if start &+ 64 <= classCount {
            let low = (ofEight(start) | ofEight(start &+ 8) &<< 8) | (ofEight(start &+ 16) &<< 16 | ofEight(start &+ 24) &<< 24)
            let high = (ofEight(start &+ 32) | ofEight(start &+ 40) &<< 8) | (ofEight(start &+ 48) &<< 16 | ofEight(start &+ 56) &<< 24)
            return low | high &<< 32
        }
        var bits: UInt64 = 0, offset = 0
        while start &+ offset < classCount {
            bits |= ofEight(start &+ offset) &<< UInt64(truncatingIfNeeded: offset)
            offset &+= 8
        }
        return bits
    }
    var start = 0
    // One branch that is foreseen wrongly costs little in a wide row, where it saves half of the comparisons.
    while classCount > 256 {
        let bits = ofEight(start)
        if bits != 0 { return start &+ bits.trailingZeroBitCount }
        start &+= 8
    }
    while true {
        let low = of64(start)
        let high = of64(start &+ 64)
        // 64 zeros where `low` has no bit; by a product, since a choice would be made a branch again.
        let zeroCount = low.trailingZeroBitCount
        if low | high != 0 { return start &+ zeroCount &+ (zeroCount &>> 6) &* high.trailingZeroBitCount }
        start &+= 128
    }
}

/// How many entries are above the label's, or equal to it and before it. O(classCount).
@inline(never)
func rank(of label: Int, _ row: UnsafeRawPointer, _ classCount: Int, _ element: StoredElement) -> Int {
    if element.load(row + label &* element.byteCount) == -.infinity {
        var rank = 0
        for j in 0..<classCount where j < label || element.load(row + j &* element.byteCount) > -.infinity { rank &+= 1 }
        return rank
    }
    switch element.code {
    case Int32(XentElementFloat16): return rank(of: label, row, classCount, Float16Element.self)
    case Int32(XentElementBFloat16): return rank(of: label, row, classCount, BFloat16Element.self)
    case Int32(XentElementFloat32): return rank(of: label, row, classCount, Float32Element.self)
    default: return rank(of: label, row, classCount, Float64Element.self)
    }
}

/// How many entries are above the label's, or equal to it and before it. The label's is not −∞, which has no number below it. O(classCount).
///
/// An entry before the label's counts where it is above the largest number below the label's, the others where they are above the label's: one
/// loop for both, since the end of a loop that depends on the label cannot be foreseen.
@inline(always)
func rank<E: Element>(of label: Int, _ row: UnsafeRawPointer, _ classCount: Int, _ element: E.Type) -> Int {
    let value = E.load(row + label &* E.byteCount)
    let ofLabel = E.Eight(all: value), below = E.Eight(allBelow: value)
    var counts = E.Eight.noCounts
    var start = 0
    while start &+ 8 <= classCount {
        let bound = below.keeping(first: label &- start, or: ofLabel)
        E.loadEight(row + start &* E.byteCount).count(above: bound, into: &counts)
        start &+= 8
    }
    if start < classCount {
        let bound = below.keeping(first: label &- start, or: ofLabel)
        E.loadEight(row + start &* E.byteCount).keeping(first: classCount &- start).count(above: bound, into: &counts)
    }
    return E.Eight.total(counts)
}
