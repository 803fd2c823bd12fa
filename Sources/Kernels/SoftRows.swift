// Rows of soft labels without class weights, clipping or a focal factor: Σ_c a_c ℓ_c, where a_c comes of the target t_c and smoothing, and
// ℓ_c = log Σ exp(x_j − m) + (m − x_c) of logits whose largest is m. The first part is one number a row, which the kernel of class indices
// finds with the class of m as the label. Rows that are not in range for this way are scored by `targetLoss`.

import KernelABI

/// The least of what is log-probabilities, or logarithms of probabilities, here; rows with lower ones have another way.
private let leastProbability = 0x1p-1000, leastLogProbability = -1e5

/// The sums of a row of soft labels.
private struct SoftSums {
    /// Σ a_c v_c, where −v_c is ℓ_c but for what is one number a row.
    var terms = CompensatedLanes()
    /// Σ a_c.
    var factors = CompensatedLanes()
    // The extremes of the row by lane, which say whether it is one for this way. A NaN is left out, and makes the loss NaN.
    var leastTarget = lanes(.infinity), largestTarget = lanes(-.infinity)
    var leastValue = lanes(.infinity)
    /// The largest a_c of a value that has no logarithm, or 1 for a value that is no probability.
    var lostFactor = lanes(0)

    @inline(always) init() {}

    @inline(always) mutating func see(target: Lanes) {
        leastTarget = leastTarget.smaller(target)
        largestTarget = largestTarget.larger(target)
    }

    /// Adds a v of two vectors, of which the sum is rounded once.
    @inline(always) mutating func add(_ a: SoftTerms, _ b: SoftTerms, hasRests: Bool) {
        let product = a.factor * a.value
        var rest = a.factor.fma(a.value, -product)
        if hasRests { rest = b.factor.fma(b.rest, a.factor.fma(a.rest, rest)) }
        terms.add(b.factor.fma(b.value, product))
        terms.rest += rest
    }

    /// Adds a v of one vector, exactly.
    @inline(always) mutating func add(_ a: SoftTerms, hasRests: Bool) {
        let product = a.factor * a.value
        var rest = a.factor.fma(a.value, -product)
        if hasRests { rest = a.factor.fma(a.rest, rest) }
        terms.add(product)
        terms.rest += rest
    }

    /// Brings all sums to the same point (`xentInOrder`): LLVM would else take the vectors apart for the sake of single lanes that are read
    /// later.
    @inline(always) mutating func meet(isLogit: Bool) {
        (terms.sum, terms.rest) = (xentInOrder(terms.sum), xentInOrder(terms.rest))
        if isLogit { (factors.sum, factors.rest) = (xentInOrder(factors.sum), xentInOrder(factors.rest)) }
        (leastTarget, largestTarget) = (xentInOrder(leastTarget), xentInOrder(largestTarget))
        if !isLogit { (leastValue, lostFactor) = (xentInOrder(leastValue), xentInOrder(lostFactor)) }
    }
}

/// One vector of terms: a, and v as a pair.
private struct SoftTerms {
    var factor: Lanes
    var value: Lanes
    var rest: Lanes
}

/// The losses of rows of soft labels.
///
/// Error: at most 2.5 ULP from logits, 1.9 from probabilities and 1.5 from log-probabilities; smoothed 3.5, 3.9 and 3.5. KL divergence: at most
/// 3.5 ULP of Σ_c t_c (|log t_c| + ℓ_c). The article ErrorBounds adds them up.
enum SoftRows {
    /// Returns true if the block's rows may be scored in this way.
    @inline(always) static func areAllowed(_ block: RowBlock, _ parameters: LossParameters) -> Bool {
        guard block.targets != nil, parameters.isFocal == 0, parameters.classWeights == nil else { return false }
        guard parameters.clipLow == -.infinity, parameters.clipHigh == .infinity, parameters.targetLow == -.infinity else { return false }
        guard parameters.normalisationCode == Int32(XentNormalisationNone) else { return false }
        if parameters.isDivergence != 0, parameters.smooths { return false }
        return parameters.inputCode != Int32(XentInputProbabilities) || (parameters.scorableLow <= 0 && parameters.scorableHigh >= 1)
    }

    /// Scores the rows. O(rowCount × classCount).
    @inline(never)
    static func score(_ block: inout RowBlock, _ targets: UnsafePointer<Double>, _ parameters: LossParameters) {
        switch block.elementCode {
        case Int32(XentElementFloat16): score(&block, targets, parameters, Float16Element.self)
        case Int32(XentElementBFloat16): score(&block, targets, parameters, BFloat16Element.self)
        case Int32(XentElementFloat32): score(&block, targets, parameters, Float32Element.self)
        default: score(&block, targets, parameters, Float64Element.self)
        }
    }

    @inline(always)
    private static func score<E: Element>(
        _ block: inout RowBlock, _ targets: UnsafePointer<Double>, _ parameters: LossParameters, _ element: E.Type
    ) {
        // Wrapping arithmetic on indices throughout: they stay within the block's memory.
        var unscored = 0, correct = 0
        let isLogit = parameters.inputCode == Int32(XentInputLogits)
        let stored = StoredElement(code: block.elementCode)
        var firstRow = 0
        while firstRow < block.rowCount {
            let batch = SoftmaxBatch<E>(block, firstRow: firstRow, labels: SoftmaxNotes(start: block.scratch).largestClasses)
            let notes = batch.notes
            batch.writeLargestClasses()
            if isLogit {
                batch.readLabels()
                addRowsSingly(batch)
                batch.writeLogarithms()
            }
            for i in 0..<batch.rowCount {
                let row = SoftRow(
                    values: batch.row(i), targets: targets + (firstRow &+ i) &* block.classCount, classCount: block.classCount, element: stored)
                addTerms(row, parameters, notes, i)
            }
            var row = 0
            while row < batch.rowCount {
                let (losses, areInRange) = batch.softLosses(row, isLogit: isLogit)
                losses.store(batch.losses + row)
                for i in row..<smaller(row &+ 8, batch.rowCount) {
                    block.clipped?[firstRow &+ i] = 0
                    let targets = targets + (firstRow &+ i) &* block.classCount
                    if areInRange & UInt8(1) &<< UInt8(truncatingIfNeeded: i &- row) == 0 || notes.isOther[i] != 0 {
                        let result = targetLoss(batch.row(i), block.classCount, 0, targets, parameters, stored)
                        batch.losses[i] = result.loss
                        if result.loss.isNaN { unscored &+= 1 } else if result.isCorrect { correct &+= 1 }
                        continue
                    }
                    let largest = Int(notes.largestClasses[i]), target = notes.largestTargets[i]
                    // Which is the first of the largest is looked at where it matters.
                    if targets[largest] == target,
                        firstIndex(of: target, UnsafeRawPointer(targets), block.classCount, StoredElement(code: Int32(XentElementFloat64))) == largest
                    {
                        correct &+= 1
                    }
                }
                row &+= 8
            }
            firstRow &+= softmaxBatchRowCount
        }
        block.unscoredRowCount = unscored
        block.correctRowCount = correct
    }

    /// Leaves the sums of row `i` in the notes: Σ a v and Σ a by lane, the largest targets by lane, and whether the row is another's to score.
    @inline(always)
    private static func addTerms(_ row: SoftRow, _ parameters: LossParameters, _ notes: SoftmaxNotes, _ i: Int) {
        switch (parameters.inputCode, parameters.isDivergence != 0) {
        case (Int32(XentInputLogits), false):
            if parameters.smooths {
                row.addSmoothedLogits(parameters, notes, i)
            } else {
                row.addLogits(parameters, notes, i)
            }
        case (Int32(XentInputLogits), true): row.addLogitDivergence(parameters, notes, i)
        case (Int32(XentInputProbabilities), false): row.addProbabilities(parameters, notes, i)
        case (Int32(XentInputProbabilities), true): row.addProbabilityDivergence(parameters, notes, i)
        case (_, false): row.addLogProbabilities(parameters, notes, i)
        case (_, true): row.addLogProbabilityDivergence(parameters, notes, i)
        }
    }
}

/// A row of soft labels.
private struct SoftRow {
    let values: UnsafeRawPointer
    let targets: UnsafePointer<Double>
    let classCount: Int
    let element: StoredElement

    // A function for each kind of rows, whose literals make the branches of the loop go away.
    @inline(never) func addLogits(_ parameters: LossParameters, _ notes: SoftmaxNotes, _ i: Int) {
        SoftLoop.logits(isDivergence: false, isSmoothed: false).run(self, parameters, notes, i)
    }
    @inline(never) func addSmoothedLogits(_ parameters: LossParameters, _ notes: SoftmaxNotes, _ i: Int) {
        SoftLoop.logits(isDivergence: false, isSmoothed: true).run(self, parameters, notes, i)
    }
    @inline(never) func addLogitDivergence(_ parameters: LossParameters, _ notes: SoftmaxNotes, _ i: Int) {
        SoftLoop.logits(isDivergence: true, isSmoothed: false).run(self, parameters, notes, i)
    }
    // Smoothed or not: times 1 and plus 0 is the target.
    @inline(never) func addProbabilities(_ parameters: LossParameters, _ notes: SoftmaxNotes, _ i: Int) {
        SoftLoop.probabilities(isDivergence: false, isSmoothed: true).run(self, parameters, notes, i)
    }
    @inline(never) func addProbabilityDivergence(_ parameters: LossParameters, _ notes: SoftmaxNotes, _ i: Int) {
        SoftLoop.probabilities(isDivergence: true, isSmoothed: false).run(self, parameters, notes, i)
    }
    @inline(never) func addLogProbabilities(_ parameters: LossParameters, _ notes: SoftmaxNotes, _ i: Int) {
        SoftLoop.logProbabilities(isDivergence: false, isSmoothed: true).run(self, parameters, notes, i)
    }
    @inline(never) func addLogProbabilityDivergence(_ parameters: LossParameters, _ notes: SoftmaxNotes, _ i: Int) {
        SoftLoop.logProbabilities(isDivergence: true, isSmoothed: false).run(self, parameters, notes, i)
    }
}

/// The loop over the classes of a row; what is constant is known when it is compiled.
private struct SoftLoop {
    // Two flags and no enumeration, which would be hashable, and want random numbers of a system where the emulated kernels have none.
    let isLogit: Bool
    let isProbability: Bool
    let isDivergence: Bool
    let isSmoothed: Bool

    @inline(always) static func logits(isDivergence: Bool, isSmoothed: Bool) -> SoftLoop {
        SoftLoop(isLogit: true, isProbability: false, isDivergence: isDivergence, isSmoothed: isSmoothed)
    }
    @inline(always) static func probabilities(isDivergence: Bool, isSmoothed: Bool) -> SoftLoop {
        SoftLoop(isLogit: false, isProbability: true, isDivergence: isDivergence, isSmoothed: isSmoothed)
    }
    @inline(always) static func logProbabilities(isDivergence: Bool, isSmoothed: Bool) -> SoftLoop {
        SoftLoop(isLogit: false, isProbability: false, isDivergence: isDivergence, isSmoothed: isSmoothed)
    }

    @inline(always) private init(isLogit: Bool, isProbability: Bool, isDivergence: Bool, isSmoothed: Bool) {
        (self.isLogit, self.isProbability) = (isLogit, isProbability)
        (self.isDivergence, self.isSmoothed) = (isDivergence, isSmoothed)
    }

    /// True if v has a lower part.
    @inline(always) var hasRests: Bool { isDivergence || isProbability }

    /// Adds up the row's terms, and leaves the sums at row `i` of the notes. O(classCount).
    @inline(always) func run(_ row: SoftRow, _ parameters: LossParameters, _ notes: SoftmaxNotes, _ i: Int) {
        let (row, targets, classCount, element) = (row.values, row.targets, row.classCount, row.element)
        var sums = SoftSums()
        // Of logits alone.
        let largest = isLogit ? lanes(notes.labelValues[i]) : lanes(0)
        // Wrapping arithmetic on indices throughout: they stay within the row.
        var start = 0
        while start &+ 32 <= classCount {
            let x = element.loadThirtyTwo(row + start &* element.byteCount)
            let t = FourLanes(
                Lanes.load(targets + start), Lanes.load(targets + (start &+ 8)), Lanes.load(targets + (start &+ 16)),
                Lanes.load(targets + (start &+ 24)))
            let logarithms = isProbability ? fourLogarithms(raised(x)).met : GroupPair(x, x)
            let ofTargets = isDivergence ? fourLogarithms(raised(t)).met : logarithms
            let a = terms(
                x.a, t.a, LanePair(logarithms.high.a, logarithms.low.a), LanePair(ofTargets.high.a, ofTargets.low.a), largest, parameters, &sums)
            let b = terms(
                x.b, t.b, LanePair(logarithms.high.b, logarithms.low.b), LanePair(ofTargets.high.b, ofTargets.low.b), largest, parameters, &sums)
            let c = terms(
                x.c, t.c, LanePair(logarithms.high.c, logarithms.low.c), LanePair(ofTargets.high.c, ofTargets.low.c), largest, parameters, &sums)
            let d = terms(
                x.d, t.d, LanePair(logarithms.high.d, logarithms.low.d), LanePair(ofTargets.high.d, ofTargets.low.d), largest, parameters, &sums)
            if isLogit && isSmoothed {
                // A smoothed a has roundings of its own, beside which there is no room for others.
                sums.add(a, hasRests: hasRests)
                sums.add(b, hasRests: hasRests)
                sums.add(c, hasRests: hasRests)
                sums.add(d, hasRests: hasRests)
                sums.factors.add(a.factor)
                sums.factors.add(b.factor)
                sums.factors.add(c.factor)
                sums.factors.add(d.factor)
            } else {
                sums.add(a, b, hasRests: hasRests)
                sums.add(c, d, hasRests: hasRests)
                if isLogit {
                    sums.factors.add(a.factor + b.factor)
                    sums.factors.add(c.factor + d.factor)
                }
            }
            sums.meet(isLogit: isLogit)
            start &+= 32
        }
        while start < classCount {
            var x = element.loadEight(row + start &* element.byteCount)
            var t = Lanes.load(targets + start)
            let isWhole = start &+ 8 <= classCount
            let isInside = laneIndices .< LaneIntegers(repeating: Int64(classCount &- start))
            if !isWhole {
                x = (isLogit ? largest : lanes(isProbability ? 1 : -1)).replacing(with: x, where: isInside)
                t = t.keepingZero(after: classCount &- start)
            }
            let logarithms = isProbability ? logarithmPair(common: raised(x)) : LanePair(x, x)
            let ofTargets = isDivergence ? logarithmPair(common: raised(t)) : logarithms
            var eight = terms(x, t, logarithms, ofTargets, largest, parameters, &sums)
            if !isWhole { eight.factor = eight.factor.keepingZero(after: classCount &- start) }
            sums.add(eight, hasRests: hasRests)
            if isLogit { sums.factors.add(eight.factor) }
            sums.meet(isLogit: isLogit)
            start &+= 8
        }
        sums.terms.sum.store(notes.sums + 8 &* i)
        sums.terms.rest.store(notes.rests + 8 &* i)
        if isLogit {
            sums.factors.sum.store(notes.factorSums + 8 &* i)
            sums.factors.rest.store(notes.factorRests + 8 &* i)
        }
        sums.largestTarget.store(notes.targetLanes + 8 &* i)
        var isInRange = (sums.leastTarget .>= lanes(0)) .& (sums.largestTarget .<= lanes(1))
        if isProbability { isInRange = isInRange .& (sums.leastValue .>= lanes(0)) .& (sums.lostFactor .== lanes(0)) }
        if !isLogit && !isProbability {
            isInRange = isInRange .& (sums.leastValue .>= lanes(leastLogProbability)) .& (sums.lostFactor .== lanes(0))
        }
        notes.isOther[i] = isFull(isInRange) ? 0 : 1
    }

    /// Zeros are raised to what has a logarithm; what that is for counts 0 times, or the row is another's to score.
    @inline(always) private func raised(_ x: Lanes) -> Lanes { x.larger(lanes(0x1p-1022)) }
    @inline(always) private func raised(_ x: FourLanes) -> FourLanes { FourLanes(raised(x.a), raised(x.b), raised(x.c), raised(x.d)) }

    @inline(always) private func terms(
        _ x: Lanes, _ target: Lanes, _ logarithm: LanePair, _ ofTarget: LanePair, _ largest: Lanes, _ parameters: LossParameters,
        _ sums: inout SoftSums
    ) -> SoftTerms {
        sums.see(target: target)
        let factor = isSmoothed ? target.fma(lanes(parameters.targetKept), parameters.targetAdded) : target
        var value: Lanes, rest = lanes(0)
        if isLogit {
            value = x - largest
        } else if isProbability {
            (value, rest) = (logarithm.high, logarithm.low)
            sums.leastValue = sums.leastValue.smaller(x)
            // NaN, whose logarithm is any number, as well.
            let lost = lanes(0).replacing(with: factor, where: x .< lanes(leastProbability))
            sums.lostFactor = sums.lostFactor.larger(lost.replacing(with: lanes(1), where: .!(x .<= lanes(1))))
        } else {
            value = x
            sums.leastValue = sums.leastValue.smaller(x)
            sums.lostFactor = sums.lostFactor.larger(lanes(0).replacing(with: factor, where: x .> lanes(0)))
        }
        if isDivergence {
            value -= ofTarget.high
            rest = isProbability ? rest - ofTarget.low : lanes(0) - ofTarget.low
        }
        return SoftTerms(factor: factor, value: value, rest: rest)
    }
}

/// Logarithms of four vectors of numbers from 2^-1022 on: as many side by side as the registers hold.
@inline(always)
private func fourLogarithms(_ x: FourLanes) -> GroupPair<FourLanes> {
    switch xentCompiledInstructionSet() {
    case Int32(XentInstructionSetAVX512):
        return logarithmPair(common: x)
    case Int32(XentInstructionSetAVX2):
        let (a, b) = (logarithmPair(common: TwoLanes(x.a, x.b)), logarithmPair(common: TwoLanes(x.c, x.d)))
        return GroupPair(FourLanes(a.high.a, a.high.b, b.high.a, b.high.b), FourLanes(a.low.a, a.low.b, b.low.a, b.low.b))
    default:
        let (a, b, c, d) = (logarithmPair(common: x.a), logarithmPair(common: x.b), logarithmPair(common: x.c), logarithmPair(common: x.d))
        return GroupPair(FourLanes(a.high, b.high, c.high, d.high), FourLanes(a.low, b.low, c.low, d.low))
    }
}

extension SoftmaxBatch {
    /// Notes the first class that has the largest value of each row; −1 where none has one above −∞, and beyond the rows.
    @inline(always) func writeLargestClasses() {
        for i in 0..<rowCount {
            let row = row(i)
            var a = E.Eight(all: -.infinity), b = a
            var start = 0
            while start &+ 16 <= classCount {
                a = a.larger(E.loadEight(row + start &* E.byteCount))
                b = b.larger(E.loadEight(row + (start &+ 8) &* E.byteCount))
                start &+= 16
            }
            while start < classCount {
                var x = E.loadEight(row + start &* E.byteCount)
                if start &+ 8 > classCount { x = x.keeping(first: classCount &- start) }
                a = a.larger(x)
                start &+= 8
            }
            xentInOrder(a.larger(b).widened).store(notes.largest + 8 &* i)
        }
        var i = 0
        while i < rowCount {
            // What the last rows leave of eight is read, and not used.
            largestOfEight(notes.largest + 8 &* i).store(notes.largestOthers + i)
            i &+= 8
        }
        for i in 0..<rowCount {
            let largest = notes.largestOthers[i]
            notes.largestClasses[i] = largest > -.infinity ? Int32(truncatingIfNeeded: firstIndex(of: largest, row(i), classCount, E.self)) : -1
        }
        for i in rowCount..<(rowCount &+ 7) & ~7 { notes.largestClasses[i] = -1 }
    }

    /// Notes log Σ exp(x_j − m) of each row as a pair, and NaN for rows that are out of range.
    @inline(always) func writeLogarithms() {
        var i = 0
        while i < rowCount {
            let (_, _, loss, isInRange) = sums(i)
            let pair = loss.normalized
            lanes(.nan).replacing(with: pair.high, where: isInRange).store(notes.totals + i)
            pair.low.store(notes.totalRests + i)
            i &+= 8
        }
    }

    /// The losses of the eight rows from `i` on, whose sums are noted, and the lanes in range.
    @inline(always) func softLosses(_ i: Int, isLogit: Bool) -> (losses: Lanes, areInRange: UInt8) {
        largestOfEight(notes.targetLanes + 8 &* i).store(notes.largestTargets + i)
        let (terms, termRests) = CompensatedLanes.totals(sums: notes.sums + 8 &* i, rests: notes.rests + 8 &* i)
        var losses = lanes(0) - (terms + termRests)
        if isLogit {
            let (factors, factorRests) = CompensatedLanes.totals(sums: notes.factorSums + 8 &* i, rests: notes.factorRests + 8 &* i)
            let logarithm = Lanes.load(notes.totals + i), logarithmRest = Lanes.load(notes.totalRests + i)
            // −Σ a v + log Σ exp(x − m) Σ a, rounded once.
            let product = factors * logarithm
            let productRest = factors.fma(logarithm, -product) + factors.fma(logarithmRest, factorRests * logarithm)
            let (sum, rest) = twoSum(product, lanes(0) - terms)
            losses = sum + (rest + (productRest - termRests))
        }
        // A divergence may be below 0. NaN is out of range.
        return (losses, bits(losses.absolute .>= lanes(0x1p-900)))
    }
}
