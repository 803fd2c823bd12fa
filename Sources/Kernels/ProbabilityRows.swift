// Cross-entropy from a row of probabilities or log-probabilities with a class index: only the label's entry is scored, the rest of
// the row decides which class was predicted, and whether the row is a row of numbers at all.

public import KernelABI

/// losses[i] = −log q_i,label, where q is p after the clipping and normalising that the parameters ask for.
///
/// Error: at most 1 ULP where nothing is normalised, else 3 ULP, next to q = 1 too. q = 0 gives +∞; a label's p that may not be scored, a NaN or +∞
/// anywhere in the row, a row that cannot be normalised, or a label outside 0..<C gives NaN.
public func probabilityRows(_ block: UnsafeMutablePointer<RowBlock>, _ parameters: UnsafePointer<LossParameters>) {
    switch block.pointee.elementCode {
    case Int32(XentElementFloat16): labelRows(&block.pointee, Float16Element.self, Normalised.self, parameters.pointee)
    case Int32(XentElementBFloat16): labelRows(&block.pointee, BFloat16Element.self, Normalised.self, parameters.pointee)
    case Int32(XentElementFloat32): labelRows(&block.pointee, Float32Element.self, Normalised.self, parameters.pointee)
    default: labelRows(&block.pointee, Float64Element.self, Normalised.self, parameters.pointee)
    }
    if parameters.pointee.normalisationCode == Int32(XentNormalisationNone) {
        mapLosses(block, NegativeLogarithm.self)
    } else {
        mapLosses(block, LogarithmOfOnePlus.self)
    }
    if block.pointee.facts.areAny { writeClassFacts(block.pointee, Int32(XentInputProbabilities)) }
}

/// losses[i] = −x_i,label for x = log p; exact.
///
/// −∞ gives +∞; a label's x above 0, a NaN or +∞ anywhere in the row, or a label outside 0..<C gives NaN.
public func logProbabilityRows(_ block: UnsafeMutablePointer<RowBlock>, _ parameters: UnsafePointer<LossParameters>) {
    switch block.pointee.elementCode {
    case Int32(XentElementFloat16): labelRows(&block.pointee, Float16Element.self, AsTheyAre.self, parameters.pointee)
    case Int32(XentElementBFloat16): labelRows(&block.pointee, BFloat16Element.self, AsTheyAre.self, parameters.pointee)
    case Int32(XentElementFloat32): labelRows(&block.pointee, Float32Element.self, AsTheyAre.self, parameters.pointee)
    default: labelRows(&block.pointee, Float64Element.self, AsTheyAre.self, parameters.pointee)
    }
    mapLosses(block, Negation.self)
    if block.pointee.facts.areAny { writeClassFacts(block.pointee, Int32(XentInputLogProbabilities)) }
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
private enum LogarithmOfOnePlus: LossOfLabel {
    @inline(always) static func loss(_ x: Lanes) -> Lanes { logarithmOfOnePlus(x) }
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

/// The treatment of a row's values before the label's is taken: they may be clipped, and normalised.
private protocol Treatment {
    static var isNormalised: Bool { get }
}
private enum Normalised: Treatment { @inline(always) static var isNormalised: Bool { true } }
private enum AsTheyAre: Treatment { @inline(always) static var isNormalised: Bool { false } }

/// Leaves the label's entry of each row in `losses`, and where rows are normalised 1/q − 1, whose log1p is −log q; NaN where it may not be scored
/// or the row or the label is not valid. Counts the correct rows.
@inline(always)
private func labelRows<E: Element, T: Treatment>(
    _ block: inout RowBlock, _ element: E.Type, _ treatment: T.Type, _ parameters: LossParameters
) {
    let rowByteCount = block.classCount &* E.byteCount
    var correct = 0
    for i in 0..<block.rowCount {
        let row = block.values + i &* rowByteCount
        let label = Int(block.labels[i])
        block.clipped?[i] = 0
        guard label >= 0, label < block.classCount else {
            block.losses[i] = .nan
            continue
        }
        var value = E.load(row + label &* E.byteCount)
        let (largest, isNumbers) = largestOfRow(row, block.classCount, element)
        guard isNumbers, value >= parameters.scorableLow, value <= parameters.scorableHigh else {
            block.losses[i] = .nan
            continue
        }
        let isCorrect = value == largest && isFirst(label, amongEqualsOf: value, row, element)
        if T.isNormalised {
            // The others' sum over the label's part, for next to q = 1 a difference would have no digits left.
            var odds = 0.0
            if parameters.normalisationCode == Int32(XentNormalisationFirst) {
                let others = sumOfRow(
                    row, block.classCount, StoredElement(code: block.elementCode), low: -.infinity, high: .infinity, excluding: label).total
                odds = others / value
                value /= others + value
            }
            let clipped = min(max(value, parameters.clipLow), parameters.clipHigh)
            if clipped != value {
                block.clipped?[i] = 1
                odds = (1 - clipped) / clipped
            }
            if parameters.normalisationCode == Int32(XentNormalisationLast) {
                let others = sumOfRow(
                    row, block.classCount, StoredElement(code: block.elementCode), low: parameters.clipLow, high: parameters.clipHigh,
                    excluding: label).total
                odds = others / clipped
            }
            // Other values below 0 leave a label more than everything.
            value = parameters.normalisationCode == Int32(XentNormalisationNone) ? clipped : odds >= 0 ? odds : .nan
        }
        block.losses[i] = value
        // A row that cannot be normalised is not right, either.
        if isCorrect, !value.isNaN { correct &+= 1 }
    }
    block.correctRowCount = correct
    block.instructionSetCode = xentCompiledInstructionSet()
}

/// The largest value of a row, and whether all are numbers: neither NaN nor +∞.
@inline(always)
func largestOfRow<E: Element>(_ row: UnsafeRawPointer, _ classCount: Int, _ element: E.Type) -> (largest: Double, isNumbers: Bool) {
    var largest = E.Eight(all: -.infinity)
    // x * 0 is 0 or, for NaN and infinities, NaN. −∞ is a log-probability, so it is raised first.
    var notNumbers = lanes(0)
    var start = 0
    while start < classCount {
        var x = E.loadEight(row + start &* E.byteCount)
        if start &+ 8 > classCount { x = x.keeping(first: classCount &- start) }
        largest = largest.larger(x)
        notNumbers += x.raised(to: E.Eight(all: -1)).widened * lanes(0)
        start &+= 8
    }
    let four = notNumbers.low + notNumbers.high
    let two = four.low + four.high
    return (largest.largest, two[0] + two[1] == 0)
}

/// Σ of a row's values but one, each clipped to [low, high], and what its rounding lost.
@inline(never)
func sumOfRow(
    _ row: UnsafeRawPointer, _ classCount: Int, _ element: StoredElement, low: Double, high: Double, excluding index: Int
) -> (total: Double, rest: Double) {
    var sum = CompensatedLanes()
    var start = 0
    while start < classCount {
        var x = element.loadEight(row + start &* element.byteCount)
        x = x.replacing(with: lanes(low), where: x .< lanes(low)).replacing(with: lanes(high), where: x .> lanes(high))
        let isLeftOut = laneIndices .>= LaneIntegers(repeating: Int64(classCount &- start))
        sum.add(x.replacing(with: lanes(0), where: isLeftOut .| (laneIndices .== LaneIntegers(repeating: Int64(index &- start)))))
        start &+= 8
    }
    return sum.totalAndRest
}
