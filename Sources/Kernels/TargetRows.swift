// Losses over the classes of a row with any target: Σ_c a_c · ℓ_c, where ℓ_c = −log p_c and a_c comes of the label or the row of soft
// labels, label smoothing and class weights. One kernel for cross-entropy with soft labels or smoothing, KL divergence and focal loss; a
// plain class index has kernels of its own, which need not look at all classes.

public import KernelABI

/// losses[i] = Σ_c a_c ℓ_c (focal: times (1 − p_c)^γ α; KL: Σ_c t_c (log t_c + ℓ_c)), with a_c = (kept · t_c + added) · w_c.
///
/// Without targets, t is 1 at the row's label and 0 elsewhere. Terms with a_c = 0 count as 0 whatever ℓ_c is.
///
/// Error: at most 4 ULP for cross-entropy, with a focal factor as well up to γ = 5, beyond it 0.6 more for each unit of γ; KL: 4 ULP of
/// Σ_c t_c (|log t_c| + ℓ_c), whose parts cancel. The article ErrorBounds adds them up. A NaN anywhere, +∞ among probabilities or their
/// logarithms, a scored value that may not be, a target outside of [0, 1] or a label outside 0..<C gives NaN. A row is correct when the
/// largest value stands at the label, or at the largest target. O(rowCount × classCount).
public func targetRows(_ block: UnsafeMutablePointer<RowBlock>, _ parameters: UnsafePointer<LossParameters>) {
    if isOfOneSum(block.pointee, parameters.pointee) {
        softmaxTargetRows(block, parameters.pointee)
    } else if let targets = block.pointee.targets, SoftRows.areAllowed(block.pointee, parameters.pointee) {
        SoftRows.score(&block.pointee, targets, parameters.pointee)
    } else {
        targetRows(&block.pointee, parameters.pointee, StoredElement(code: block.pointee.elementCode))
    }
    if block.pointee.facts.areAny { writeClassFacts(block.pointee, parameters.pointee.inputCode) }
    block.pointee.instructionSetCode = xentCompiledInstructionSet()
}

@inline(always)
private func targetRows(_ block: inout RowBlock, _ parameters: LossParameters, _ element: StoredElement) {
    let rowByteCount = block.classCount &* element.byteCount
    var unscored = 0
    var correct = 0
    for i in 0..<block.rowCount {
        let row = block.values + i &* rowByteCount
        let label = block.targets == nil ? Int(block.labels[i]) : 0
        block.clipped?[i] = 0
        guard label >= 0, label < block.classCount else {
            block.losses[i] = .nan
            unscored &+= 1
            continue
        }
        let targets = block.targets.map { $0 + i &* block.classCount }
        let result = targetLoss(row, block.classCount, label, targets, parameters, element)
        block.losses[i] = result.loss
        if result.loss.isNaN {
            unscored &+= 1
        } else {
            if result.isCorrect { correct &+= 1 }
            if result.isClipped { block.clipped?[i] = 1 }
        }
    }
    block.unscoredRowCount = unscored
    block.correctRowCount = correct
}

/// The sums over the classes of a row.
private struct ClassSums {
    /// Σ of the terms that are worked out class by class.
    var terms = CompensatedLanes()
    /// Σ a_c, which log Σ exp(x_c − largest) is multiplied by.
    var factors = CompensatedLanes()
    /// Σ exp(x_c − largest) besides the largest's own, but for the factor exp(−r) / c of the largest.
    var exponentials = TermSum()
    /// The least and the largest target of each lane.
    var leastTarget = lanes(.infinity), largestTarget = lanes(-.infinity)
    /// NaN where the row has a value that is no number.
    var notNumbers = lanes(0)
    var invalidTerms = LaneIntegers(repeating: 0)
    var clippedTerms = LaneIntegers(repeating: 0)

    @inline(always) init() {}
}

/// The number that the probabilities of a row are divided by.
private struct Normalisation {
    /// The row's sum, and what its rounding lost.
    let scale: Double, scaleRest: Double
    let inverse: Double
    let largestIndex: Int
    /// The odds against the likeliest class, by addition: next to p = 1 neither p nor 1 − p would have digits for them. NaN where it
    /// is clipped.
    private(set) var odds: Double, oddsRest: Double

    @inline(always)
    init(
        _ values: UnsafeRawPointer, _ classCount: Int, largest: Double, at largestIndex: Int, _ parameters: LossParameters,
        _ element: StoredElement
    ) {
        self.largestIndex = largestIndex
        let isLast = parameters.normalisationCode == Int32(XentNormalisationLast)
        let (low, high) = isLast ? (parameters.clipLow, parameters.clipHigh) : (-Double.infinity, Double.infinity)
        let others = sumOfRow(values, classCount, element, low: low, high: high, excluding: largestIndex)
        let part = largest < low ? low : largest > high ? high : largest
        let (sum, sumRest) = twoSum(others.total, part)
        (scale, scaleRest) = (sum, sumRest + others.rest)
        inverse = 1 / sum
        odds = others.total / part
        oddsRest = (others.total.addingProduct(-odds, part) + others.rest) / part
        if !isLast, part / scale > parameters.clipHigh || part / scale < parameters.clipLow { odds = .nan }
    }

    /// x / scale, and what its rounding lost.
    @inline(always) func quotient(_ x: Lanes) -> (Lanes, rest: Lanes) {
        let q = x / lanes(scale)
        return (q, ((-q).fma(lanes(scale), x) - q * lanes(scaleRest)) * lanes(inverse))
    }
}

/// A row of values, and the targets of its classes.
private struct TargetRow {
    let values: UnsafeRawPointer
    let classCount: Int
    let element: StoredElement
    let label: Int
    let targets: UnsafePointer<Double>?
    let parameters: LossParameters
    /// A power of two that all factors are multiplied by; 1 unless the row's loss would be too small for its terms to have all their
    /// digits.
    let scale: Double

    /// Eight classes from `start` on: the targets t, and a = (kept · t + added) · w as a pair; 0 beyond the row.
    @inline(always)
    func factors(from start: Int, _ sums: inout ClassSums) -> (target: Lanes, isTarget: SIMDMask<LaneIntegers>, factor: LanePair) {
        let isWhole = start &+ 8 <= classCount
        var t: Lanes
        if let targets {
            t = Lanes.load(targets + start)
            if !isWhole { t = t.keepingZero(after: classCount &- start) }
            sums.leastTarget = sums.leastTarget.smaller(t)
            sums.largestTarget = sums.largestTarget.larger(t)
            // A NaN passes the comparisons, and stays in the sums.
            if parameters.isDivergence != 0 { t = t.replacing(with: lanes(parameters.targetLow), where: t .< lanes(parameters.targetLow)) }
        } else {
            t = lanes(0).replacing(with: lanes(1), where: laneIndices .== LaneIntegers(repeating: Int64(label &- start)))
        }
        var a = parameters.smoothed(LanePair(t, lanes(0)))
        if !isWhole { a = LanePair(a.high.keepingZero(after: classCount &- start), a.low.keepingZero(after: classCount &- start)) }
        // What may not be scored is invalid, be its class's weight 0.
        let isTarget = a.high .!= lanes(0)
        if let weights = parameters.classWeights { a = a * LanePair(Lanes.load(weights + start), lanes(0)) }
        if scale != 1 { a = LanePair(a.high * lanes(scale), a.low * lanes(scale)) }
        return (t, isTarget, a)
    }

    /// True if factors have a lower part.
    @inline(always) private var hasPairs: Bool { parameters.classWeights != nil || parameters.smooths }

    @inline(always) func load(from start: Int, absent: Double) -> Lanes {
        let x = element.loadEight(values + start &* element.byteCount)
        guard start &+ 8 > classCount else { return x }
        return x.replacing(with: lanes(absent), where: laneIndices .>= LaneIntegers(repeating: Int64(classCount &- start)))
    }

    /// Adds factor · (value + rest), 0 where the factor is 0; with the logarithm of the target for KL divergence.
    @inline(always) func add(_ factor: LanePair, _ target: Lanes, _ loss: LanePair, to sums: inout ClassSums) {
        let isScored = factor.high .!= lanes(0)
        var loss = loss
        if parameters.isDivergence != 0 {
            let ofTarget = negativeLogarithmPair(lanes(1).replacing(with: target, where: isScored))
            loss = LanePair(loss.high - ofTarget.high, loss.low - ofTarget.low)
        }
        let value = lanes(0).replacing(with: loss.high, where: isScored)
        let product = factor.high * value
        sums.terms.add(product)
        var rest = factor.high.fma(value, -product) + factor.high * loss.low
        if hasPairs { rest = factor.low.fma(value, rest) }
        sums.terms.rest += lanes(0).replacing(with: rest, where: isScored)
    }

    // MARK: Without a focal factor

    /// From logits: a_c (largest − x_c) and the exponentials, where the largest is within ±1000: it has the number k of eighths of ln 2.
    @inline(never)
    func sumsOfLogits(largest: Double, at index: Int, k: Double, hasExponentials: Bool) -> ClassSums {
        var sums = ClassSums()
        let shift = lanes(integerShift - k), bound = DoubleOctet(lanes(largest - 700))
        var start = 0
        while start < classCount {
            let x = load(from: start, absent: -.infinity)
            if hasExponentials {
                let e = terms(DoubleOctet(x).excluding(lane(index &- start)).raised(to: bound).values, shift)
                sums.exponentials.compensated.add(e.power)
                sums.exponentials.compensated.rest += e.power * e.minusOne
                if start & 56 == 56 { sums.exponentials.compensated.normalize() }
            } else {
                sums.notNumbers = x.replacing(with: lanes(0), where: x.absolute .== lanes(.infinity)).fma(lanes(0), sums.notNumbers)
            }
            let (target, _, factor) = factors(from: start, &sums)
            sums.factors.add(factor.high)
            if hasPairs { sums.factors.rest += factor.low }
            add(factor, target, LanePair(lanes(largest) - x, lanes(0)), to: &sums)
            start &+= 8
        }
        return sums
    }

    /// From probabilities: a_c (−log q_c).
    @inline(never)
    func sumsOfProbabilities(_ normalisation: Normalisation?) -> ClassSums {
        var sums = ClassSums()
        var start = 0
        while start < classCount {
            let x = load(from: start, absent: 1)
            sums.notNumbers = x.fma(lanes(0), sums.notNumbers)
            let (target, isTarget, factor) = factors(from: start, &sums)
            let (loss, _) = lossOfProbability(x, start, isTarget, normalisation, hasComplement: false, &sums)
            add(factor, target, loss, to: &sums)
            start &+= 8
        }
        return sums
    }

    /// −log q of probabilities, and 1 − q where it is asked for.
    @inline(always)
    private func lossOfProbability(
        _ x: Lanes, _ start: Int, _ isTarget: SIMDMask<LaneIntegers>, _ normalisation: Normalisation?, hasComplement: Bool,
        _ sums: inout ClassSums
    ) -> (loss: LanePair, complement: LanePair) {
        var q = x, rest = lanes(0)
        if let normalisation, parameters.normalisationCode == Int32(XentNormalisationFirst) { (q, rest) = normalisation.quotient(x) }
        if parameters.clipLow > -.infinity || parameters.clipHigh < .infinity {
            let clipped = q.replacing(with: lanes(parameters.clipLow), where: q .< lanes(parameters.clipLow))
                .replacing(with: lanes(parameters.clipHigh), where: q .> lanes(parameters.clipHigh))
            count(isTarget .& (clipped .!= q), into: &sums.clippedTerms)
            rest.replace(with: lanes(0), where: clipped .!= q)
            q = clipped
        }
        if let normalisation, parameters.normalisationCode == Int32(XentNormalisationLast) { (q, rest) = normalisation.quotient(q) }
        var loss = negativeLogarithmPair(q)
        var complement = LanePair(lanes(0), lanes(0))
        if hasComplement {
            complement.high = lanes(1) - q
            complement.low = ((lanes(1) - complement.high) - q) - rest
        }
        if let normalisation {
            // Next to 0 the quotient loses digits, or all of it: again with it times 2^200.
            let isTiny = q .< lanes(0x1p-900)
            loss.low -= (rest / q).replacing(with: lanes(0), where: isTiny)
            let ofTiny = negativeLogarithm(x * lanes(0x1p200) / lanes(normalisation.scale)) + lanes(200 * 0x1.62e42fefa39efp-1)
            loss = loss.replacing(with: LanePair(ofTiny, lanes(0)), where: isTiny)
            if !normalisation.odds.isNaN {
                let isLargest = laneIndices .== LaneIntegers(repeating: Int64(normalisation.largestIndex &- start))
                let (odds, oddsRest) = (lanes(normalisation.odds), lanes(normalisation.oddsRest))
                loss = loss.replacing(with: logarithmPairOfOnePlus(odds, rest: oddsRest), where: isLargest)
                complement = complement.replacing(with: quotient(odds, oddsRest), where: isLargest)
            }
        }
        let isScorable = (x .>= lanes(parameters.scorableLow)) .& (x .<= lanes(parameters.scorableHigh)) .& (loss.high .== loss.high)
        if !isFull(isScorable) { count(isTarget .& .!isScorable, into: &sums.invalidTerms) }
        return (loss, complement)
    }

    /// From log-probabilities: a_c (−x_c).
    @inline(never)
    func sumsOfLogProbabilities() -> ClassSums {
        var sums = ClassSums()
        var start = 0
        while start < classCount {
            let x = load(from: start, absent: -1)
            // −∞ is the logarithm of 0; NaN and +∞ are no numbers.
            sums.notNumbers = x.replacing(with: lanes(-1), where: x .< lanes(-1)).fma(lanes(0), sums.notNumbers)
            let (target, isTarget, factor) = factors(from: start, &sums)
            count(isTarget .& .!(x .<= lanes(0)), into: &sums.invalidTerms)
            add(factor, target, LanePair(lanes(0) - x, lanes(0)), to: &sums)
            start &+= 8
        }
        return sums
    }

    // MARK: With a focal factor

    /// a_c ℓ_c (1 − p_c)^γ. Of logits `tail` is log Σ exp(x − largest), and the largest's 1 − p is given where it has no digits by itself.
    @inline(never)
    func focalSums(
        largest: Double, largestIndex: Int, tail: (high: Double, low: Double) = (0, 0), complementOfLargest: LanePair? = nil,
        _ normalisation: Normalisation? = nil
    ) -> ClassSums {
        var sums = ClassSums()
        var start = 0
        while start < classCount {
            let isLogit = parameters.inputCode == Int32(XentInputLogits)
            let isProbability = parameters.inputCode == Int32(XentInputProbabilities)
            let x = load(from: start, absent: isLogit ? -.infinity : isProbability ? 1 : -1)
            let (_, isTarget, factor) = factors(from: start, &sums)
            let isScored = factor.high .!= lanes(0)
            var loss: LanePair, complement: LanePair
            if isLogit {
                let (distance, rest) = twoSum(lanes(largest), lanes(0) - x)
                let carried = rest.replacing(with: lanes(0), where: .!(rest.absolute .< lanes(1)))
                let (high, low) = twoSum(distance, lanes(tail.high))
                let isFinite = distance.absolute .< lanes(.infinity)
                loss = LanePair(high, lanes(0).replacing(with: low + (carried + lanes(tail.low)), where: isFinite))
                count(isTarget .& (x .!= x), into: &sums.invalidTerms)
                sums.notNumbers = x.replacing(with: lanes(0), where: x.absolute .== lanes(.infinity)).fma(lanes(0), sums.notNumbers)
                complement = oneMinusExponentialPair(lanes(0) - loss.high, rest: lanes(0) - loss.low)
                if let complementOfLargest {
                    let isLargest = laneIndices .== LaneIntegers(repeating: Int64(largestIndex &- start))
                    complement.high.replace(with: complementOfLargest.high, where: isLargest)
                    complement.low.replace(with: complementOfLargest.low, where: isLargest)
                }
                if parameters.clipHigh < .infinity {
                    // A framework that makes probabilities of the logits first clips those.
                    let p = exponential(lanes(0) - loss.high)
                    let isBelow = p .< lanes(parameters.clipLow), isAbove = p .> lanes(parameters.clipHigh)
                    let bound = lanes(parameters.clipHigh).replacing(with: lanes(parameters.clipLow), where: isBelow)
                    let ofBound = lanes(1) - bound
                    loss = loss.replacing(with: negativeLogarithmPair(bound), where: isBelow .| isAbove)
                    complement = complement.replacing(with: LanePair(ofBound, (lanes(1) - ofBound) - bound), where: isBelow .| isAbove)
                    count(isTarget .& (isBelow .| isAbove), into: &sums.clippedTerms)
                }
            } else if isProbability {
                sums.notNumbers = x.fma(lanes(0), sums.notNumbers)
                (loss, complement) = lossOfProbability(x, start, isTarget, normalisation, hasComplement: true, &sums)
            } else {
                sums.notNumbers = x.replacing(with: lanes(-1), where: x .< lanes(-1)).fma(lanes(0), sums.notNumbers)
                count(isTarget .& .!(x .<= lanes(0)), into: &sums.invalidTerms)
                loss = LanePair(lanes(0) - x, lanes(0))
                complement = oneMinusExponentialPair(x, rest: lanes(0))
            }
            var focalFactor = power(complement.normalized, parameters.focalGamma)
            if !parameters.focalAlpha.isNaN { focalFactor = focalFactor * LanePair(lanes(parameters.focalAlpha), lanes(0)) }
            let scored = factor.times(any: loss).normalized
            var product = focalFactor.times(any: scored)
            // 0 · ∞ is 0 here, but not 0 · NaN.
            product.high.replace(with: scored.high, where: scored.high .!= scored.high)
            count(isTarget .& (loss.high .!= loss.high), into: &sums.invalidTerms)
            sums.terms.add(lanes(0).replacing(with: product.high, where: isScored))
            sums.terms.rest += lanes(0).replacing(with: product.low, where: isScored)
            start &+= 8
        }
        return sums
    }
}

extension SIMD8<Double> {
    /// Lanes from `count` on set to 0.
    @inline(always) func keepingZero(after count: Int) -> Lanes {
        replacing(with: lanes(0), where: laneIndices .>= LaneIntegers(repeating: Int64(count)))
    }
}

/// The loss of any row, whether it is right, and whether a scored value was clipped.
@inline(never)
func targetLoss(
    _ values: UnsafeRawPointer, _ classCount: Int, _ label: Int, _ targets: UnsafePointer<Double>?, _ parameters: LossParameters,
    _ element: StoredElement
) -> (loss: Double, isCorrect: Bool, isClipped: Bool) {
    var result = scaledTargetLoss(values, classCount, label, targets, parameters, element, scale: 1)
    // Terms next to the subnormal numbers, or among them, have lost digits: again with all of them times 2^600.
    if result.loss.magnitude < 0x1p-900 {
        let scaled = scaledTargetLoss(values, classCount, label, targets, parameters, element, scale: 0x1p600)
        if scaled.loss.isFinite { result.loss = scaled.loss * 0x1p-600 }
    }
    return result
}

/// The loss times `scale`, a power of two.
@inline(never)
private func scaledTargetLoss(
    _ values: UnsafeRawPointer, _ classCount: Int, _ label: Int, _ targets: UnsafePointer<Double>?, _ parameters: LossParameters,
    _ element: StoredElement, scale: Double
) -> (loss: Double, isCorrect: Bool, isClipped: Bool) {
    let invalid = (loss: Double.nan, isCorrect: false, isClipped: false)
    let isProbability = parameters.inputCode == Int32(XentInputProbabilities)
    let isLogit = parameters.inputCode == Int32(XentInputLogits)
    let row = TargetRow(
        values: values, classCount: classCount, element: element, label: label, targets: targets, parameters: parameters,
        scale: scale)
    guard let (largest, largestIndex) = largestNumber(of: values, classCount, element) else { return invalid }
    // All logits −∞: no distribution. One of +∞ leaves the others probability 0, and makes the loss NaN where it is scored itself.
    if isLogit || isProbability, largest == -.infinity { return invalid }
    if !isLogit, largest == .infinity { return invalid }

    let sums: ClassSums
    var loss: Double
    if isLogit {
        let isFocal = parameters.isFocal != 0
        let isModerate = largest.magnitude <= 1000 && !isFocal
        let (reduced, k) = reduceToEighths(lanes(largest))
        var tail = LanePair(lanes(0), lanes(0))
        if isModerate {
            sums = row.sumsOfLogits(largest: largest, at: largestIndex, k: k[0], hasExponentials: true)
            // As in `SoftmaxBatch.finish`.
            let factor = exponentialMinusOne(reduced: lanes(-logarithmOfPowerFactor) - reduced)
            let (total, rest) = sums.exponentials.compensated.totalAndRest
            let scaled = lanes(total).fma(factor, lanes(total))
            let lost = lanes(total).fma(factor, lanes(total) - scaled) + lanes(rest).fma(factor, lanes(rest))
            if total.isNaN { return invalid }
            tail = scaled[0] >= 0x1p-900 ? logarithmPairOfOnePlus(scaled, rest: lost) : LanePair(
                lanes(logarithmOfSum(values, classCount, largest: largest, at: largestIndex, element)), lanes(0))
        } else if largest < .infinity {
            let (total, rest) = sumOfExponentials(values, classCount, largest: largest, at: largestIndex, element, exponentBias: 0)
            if total.isNaN { return invalid }
            if total >= 0x1p-900 {
                // The focal factor takes the lower part for what is left of an ULP.
                tail = logarithmPairOfOnePlus(lanes(total), rest: lanes(rest)).normalized
            } else {
                tail.high = lanes(logarithmOfSum(values, classCount, largest: largest, at: largestIndex, element))
            }
            sums = isFocal
                ? row.focalSums(
                    largest: largest, largestIndex: largestIndex, tail: (tail.high[0], tail.low[0]),
                    complementOfLargest: quotient(lanes(total), lanes(rest)))
                : row.sumsOfLogits(largest: largest, at: largestIndex, k: 0, hasExponentials: false)
        } else {
            sums = isFocal
                ? row.focalSums(largest: largest, largestIndex: largestIndex)
                : row.sumsOfLogits(largest: largest, at: largestIndex, k: 0, hasExponentials: false)
        }
        // Σ a (largest − x) + log Σ exp(x − largest) Σ a, rounded once.
        let (terms, termsRest) = sums.terms.totalAndRest
        if isFocal || terms.isNaN {
            loss = sums.terms.totalOrInfinity
        } else {
            var (factors, factorsRest) = sums.factors.totalAndRest
            var (tailHigh, tailLow) = (tail.high[0], tail.low[0])
            if scale != 1 {
                // The scale goes to what is smaller, which may have lost digits without it.
                (factors, factorsRest) = (factors / scale, factorsRest / scale)
                (tailHigh, tailLow) = (tailHigh * scale, tailLow * scale)
                if largest < .infinity, tail.high[0] < 0x1p-900 {
                    (tailHigh, tailLow) = sumOfExponentials(
                        values, classCount, largest: largest, at: largestIndex, element, exponentBias: 600)
                }
            }
            let product = factors * tailHigh
            let productRest = (-product).addingProduct(factors, tailHigh) + (factors * tailLow + factorsRest * tailHigh)
            let (sum, sumRest) = twoSum(terms, product)
            loss = sum.isFinite ? sum + (sumRest + (termsRest + productRest)) : sum
        }
    } else if isProbability {
        var normalisation: Normalisation?
        if parameters.normalisationCode != Int32(XentNormalisationNone) {
            normalisation = Normalisation(values, classCount, largest: largest, at: largestIndex, parameters, element)
        }
        sums =
            parameters.isFocal != 0
            ? row.focalSums(largest: largest, largestIndex: largestIndex, normalisation) : row.sumsOfProbabilities(normalisation)
        loss = sums.terms.totalOrInfinity
    } else {
        sums =
            parameters.isFocal != 0
            ? row.focalSums(largest: largest, largestIndex: largestIndex)
            : row.sumsOfLogProbabilities()
        loss = sums.terms.totalOrInfinity
    }
    let four = sums.notNumbers.low + sums.notNumbers.high, two = four.low + four.high
    if two[0] + two[1] != 0 || total(sums.invalidTerms) != 0 { return invalid }
    var isCorrect = largestIndex == label
    if let targets {
        let largestTarget = sums.largestTarget.largestLane
        guard (lanes(0) - sums.leastTarget).largestLane <= 0, largestTarget <= 1 else { return invalid }
        // Which is the first of the largest is looked at where it matters.
        isCorrect =
            targets[largestIndex] == largestTarget
            && firstIndex(of: largestTarget, UnsafeRawPointer(targets), classCount, StoredElement(code: Int32(XentElementFloat64))) == largestIndex
    }
    return (loss, isCorrect, total(sums.clippedTerms) != 0)
}

/// odds / (1 + odds) for odds and their rest >= 0: 1 − p of a class that the odds are against, as a pair.
@inline(always)
func quotient(_ odds: Lanes, _ rest: Lanes) -> LanePair {
    let (whole, wholeRest) = twoSum(lanes(1), odds)
    let quotient = odds / whole
    let residue = (-quotient).fma(whole, odds) + (rest - quotient * (wholeRest + rest))
    return LanePair(quotient, residue / whole)
}

/// The largest value of a row, and the first class that has it; nil where all are NaN. O(classCount).
@inline(never)
private func largestNumber(of row: UnsafeRawPointer, _ classCount: Int, _ element: StoredElement) -> (value: Double, index: Int)? {
    @inline(always) func largest<E: Element>(_: E.Type) -> Double {
        var eight = E.Eight(all: -.infinity)
        var start = 0
        while start < classCount {
            var x = E.loadEight(row + start &* E.byteCount)
            if start &+ 8 > classCount { x = x.keeping(first: classCount &- start) }
            eight = eight.larger(x)
            start &+= 8
        }
        return eight.largest
    }
    let value: Double
    switch element.code {
    case Int32(XentElementFloat16): value = largest(Float16Element.self)
    case Int32(XentElementBFloat16): value = largest(BFloat16Element.self)
    case Int32(XentElementFloat32): value = largest(Float32Element.self)
    default: value = largest(Float64Element.self)
    }
    if value > -.infinity { return (value, firstIndex(of: value, row, classCount, element)) }
    for j in 0..<classCount where element.load(row + j &* element.byteCount) == value { return (value, j) }
    return nil
}
