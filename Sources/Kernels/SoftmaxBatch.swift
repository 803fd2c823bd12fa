// The fast way through rows of logits: see SoftmaxRows.swift for its formula and its range.

import KernelABI

/// Rows of one batch; KernelABI's scratch has room for what is noted of them.
let softmaxBatchRowCount = 64

/// Rows that go through each step together, so that one row's wait is another's work.
struct SoftmaxBatch<E: Element> {
    /// Rows of up to so many classes lie side by side in the lanes, a row a lane; of wider ones eight classes at a time.
    @inline(always) static var narrowClassLimit: Int { Int(XentNarrowClassLimit) }
    /// Wider rows have enough steps that the one which holds the label is worth a branch. Within XentExclusionReach with a step of 32.
    @inline(always) private static var maskedClassLimit: Int { 512 }
    /// True if a step's terms are added to the sum in the next step. Each of the seven additions waits for the one before, and the work of
    /// the next step fills the wait. With 16 registers this costs more than it gains.
    @inline(always) private static var addsLate: Bool { xentCompiledInstructionSet() == Int32(XentInstructionSetAVX512) }

    let rows: UnsafeRawPointer
    let labels: UnsafePointer<Int32>
    let losses: UnsafeMutablePointer<Double>
    let rowCount: Int
    let classCount: Int
    let notes: SoftmaxNotes
    /// Room for the terms of all rows, where they are asked for.
    private let storedTerms: UnsafeMutablePointer<Double>?

    /// Begins at the block's row `firstRow`.
    @inline(always) init(_ block: RowBlock, firstRow: Int) {
        self.init(block, firstRow: firstRow, labels: block.labels + firstRow)
    }

    /// Begins at the block's row `firstRow`, whose label is `labels[0]`.
    @inline(always) init(_ block: RowBlock, firstRow: Int, labels: UnsafePointer<Int32>) {
        rows = block.values + firstRow &* (block.classCount &* E.byteCount)
        self.labels = labels
        losses = block.losses + firstRow
        rowCount = smaller(softmaxBatchRowCount, block.rowCount &- firstRow)
        classCount = block.classCount
        notes = SoftmaxNotes(start: block.scratch)
        storedTerms = block.terms(ofRow: firstRow)
    }

    @inline(always) func row(_ i: Int) -> UnsafeRawPointer { rows + i &* (classCount &* E.byteCount) }

    @inline(always) func readLabels() {
        for i in 0..<rowCount {
            let label = Int(labels[i])
            // As unsigned numbers, negative ones are too large.
            notes.labelValues[i] = UInt(bitPattern: label) < UInt(bitPattern: classCount) ? E.load(row(i) + label &* E.byteCount) : .nan
        }
        for i in rowCount..<(rowCount &+ 7) & ~7 { notes.labelValues[i] = .nan }
        var i = 0
        while i < rowCount {
            let loaded = Lanes.load(notes.labelValues + i)
            let values = lanes(.nan).replacing(with: loaded, where: loaded.absolute .<= lanes(1000))
            let (reduced, k) = reduceToEighths(values)
            values.store(notes.labelValues + i)
            (lanes(integerShift) - k).store(notes.shifts + i)
            exponentialMinusOne(reduced: lanes(-logarithmOfPowerFactor) - reduced).store(notes.factors + i)
            i &+= 8
        }
    }

    /// Σ_{j≠label} exp(x_j − x_label) but for the factor exp(−r_y) / c, and the largest x_j besides the label's; eight classes at a time.
    ///
    /// `moments` are what else is summed, for facts; with `NoTermMoments` nothing is.
    @inline(always) func addRows<Moments: TermMoments>(_ moments: Moments.Type) {
        for i in 0..<rowCount { addRow(i, moments) }
        var i = 0
        while i < rowCount {
            // What the last rows leave of eight is read, and not used.
            let (totals, rests) = CompensatedLanes.totals(sums: notes.sums + 8 &* i, rests: notes.rests + 8 &* i)
            totals.store(notes.totals + i)
            rests.store(notes.totalRests + i)
            largestOfEight(notes.largest + 8 &* i).store(notes.largestOthers + i)
            if Moments.wantsLeast { largestOfEight(notes.largestNegatives + 8 &* i).store(notes.largestNegatives + 8 &* i) }
            Moments.addUpLanes(of: i, notes)
            i &+= 8
        }
    }

    @inline(always) private func addRow<Moments: TermMoments>(_ i: Int, _: Moments.Type) {
        let row = row(i)
        // One that is no class's is taken for the class after the last: it must stay near.
        let label = UInt(bitPattern: Int(labels[i])) < UInt(bitPattern: classCount) ? Int(labels[i]) : classCount
        let bound = E.Eight(all: notes.labelValues[i] - 700)
        let shift = FourLanes(lanes(notes.shifts[i]))
        var largest = E.Eight(all: -.infinity), least = E.Eight(all: .infinity)
        var sum = TermSum()
        let isMasked = classCount <= Self.maskedClassLimit
        var pending = TermSum.Step()
        var place: UnsafeMutablePointer<Double>?
        if let storedTerms { place = storedTerms + i &* termStride(classCount) }
        var moments = Moments(place: place)
        // Before the loop: its one chain of operations then has the loop's first steps beside it.
        let tail = classCount & 31 == 0 ? TermSum.Step() : tailTerms(row, label, bound, shift, &largest, &least, &moments)
        var start = 0
        while start &+ 32 <= classCount {
            let x = row + start &* E.byteCount
            var x0 = E.loadEight(x)
            var x1 = E.loadEight(x + 8 &* E.byteCount)
            var x2 = E.loadEight(x + 16 &* E.byteCount)
            var x3 = E.loadEight(x + 24 &* E.byteCount)
            let index = label &- start
            if Moments.wantsLeast { least = least.smaller(x0.smaller(x1).smaller(x2.smaller(x3))) }
            if isMasked || UInt(bitPattern: index) < 32 {
                x0 = x0.excluding(index)
                x1 = x1.excluding(index &- 8)
                x2 = x2.excluding(index &- 16)
                x3 = x3.excluding(index &- 24)
            }
            largest = largest.larger(x0.larger(x1).larger(x2.larger(x3)))
            let raised = FourLanes(
                x0.raised(to: bound).widened, x1.raised(to: bound).widened, x2.raised(to: bound).widened, x3.raised(to: bound).widened)
            // What is pending at first is 0, and then the first terms.
            if Self.addsLate { sum.add(pending, of: start &- 32, isFirst: start <= 32, singly: Moments.addsSingly) }
            let four = fourTerms(raised, shift)
            let step = TermSum.Step(four, singly: Moments.addsSingly)
            if Self.addsLate { pending = step.met } else { sum.add(step, of: start, isFirst: start == 0, singly: Moments.addsSingly) }
            moments.add(four, of: raised, from: start)
            moments.endStep(from: start)
            start &+= 32
        }
        if Self.addsLate, start > 0 { sum.add(pending, of: start &- 32, isFirst: start == 32, singly: Moments.addsSingly) }
        if classCount & 31 != 0 { sum.add(tail, of: 0, isFirst: false, singly: Moments.addsSingly) }
        // What is left of the rest is below any digit where the lanes are added up.
        if Moments.addsSingly { sum.compensated.normalizeLesserRest() }
        sum.compensated.sum.store(notes.sums + 8 &* i)
        sum.compensated.rest.store(notes.rests + 8 &* i)
        largest.widened.store(notes.largest + 8 &* i)
        if Moments.wantsLeast {
            // The label and the lanes beyond the row counted as the bound.
            moments.remove(terms(bound.widened, shift.a), count: 1 &+ ((8 &- classCount) & 7))
        }
        if Moments.wantsLeast { (lanes(0) - least.widened).store(notes.largestNegatives + 8 &* i) }
        moments.store(asLanesOf: i, notes)
    }

    /// The terms of the last classCount % 32 classes, if there are any; moves `largest` and `least` to what is beyond them.
    @inline(always) private func tailTerms<Moments: TermMoments>(
        _ row: UnsafeRawPointer, _ label: Int, _ bound: E.Eight, _ shift: FourLanes, _ largest: inout E.Eight, _ least: inout E.Eight,
        _ moments: inout Moments
    ) -> TermSum.Step {
        let start = classCount & ~31
        let count = classCount & 31
        @inline(always) func load(_ offset: Int) -> Lanes {
            var x = E.loadEight(row + (start &+ offset) &* E.byteCount)
            if Moments.wantsLeast { least = least.smaller(x.keeping(first: count &- offset, or: E.Eight(all: .infinity))) }
            if offset &+ 8 > count { x = x.keeping(first: count &- offset) }
            x = x.excluding(lane(label &- start &- offset))
            largest = largest.larger(x)
            return x.raised(to: bound).widened
        }
        if count <= 8 {
            let x = load(0)
            let one = terms(x, shift.a)
            moments.add(one, of: x, from: start)
            return TermSum.Step(one)
        }
        if count <= 16 {
            let x = TwoLanes(load(0), load(8))
            let two = terms(x, TwoLanes(shift.a, shift.b))
            moments.add(two, of: x, from: start)
            return TermSum.Step(two, singly: Moments.addsSingly)
        }
        // Up to 24: the fourth, of any number that has a power, is not added. The memory behind the last row is not its own.
        let x = FourLanes(load(0), load(8), load(16), count > 24 ? load(24) : lanes(0))
        let four = fourTerms(x, shift)
        if count > 24 {
            moments.add(four, of: x, from: start)
            return TermSum.Step(four, singly: Moments.addsSingly)
        }
        moments.add(four.firstTwo, of: TwoLanes(x.a, x.b), from: start)
        moments.add(four.third, of: x.c, from: start &+ 16)
        var step = TermSum.Step(four.firstTwo, singly: Moments.addsSingly)
        step.add(four.third, singly: Moments.addsSingly)
        return step
    }

    /// The same for rows of few classes: eight rows at a time, a lane each.
    @inline(always) func addNarrowRows<Moments: TermMoments>(_ moments: Moments.Type) {
        var i = 0
        while i < rowCount {
            addNarrowRows(i, moments)
            i &+= 8
        }
    }

    @inline(always) private func addNarrowRows<Moments: TermMoments>(_ firstRow: Int, _: Moments.Type) {
        let rowByteCount = classCount &* E.byteCount
        let first = row(firstRow)
        let count = rowCount &- firstRow
        let labels = xentLoadInt32x8(labels + firstRow)
        let shift = Lanes.load(notes.shifts + firstRow)
        let bound = Lanes.load(notes.labelValues + firstRow) - lanes(700)
        var largest = lanes(-.infinity)
        var sum = TermSum()
        var moments = Moments(place: nil)
        @inline(always) func column(_ j: Int) -> Lanes {
            let first = first + j &* E.byteCount
            var x: Lanes
            if count >= 8 {
                x = E.gatherEight(first, stride: rowByteCount).widened
            } else {
                // The memory behind the last row is not its own.
                x = lanes(0)
                for i in 0..<count { x[i] = E.load(first + i &* rowByteCount) }
            }
            x = x.replacing(with: lanes(-.infinity), where: widen(labels) .== LaneIntegers(repeating: Int64(j)))
            largest = largest.larger(x)
            // NaN passes, without its payload: its low bits would end in the exponent field.
            return bound.larger(x).replacing(with: lanes(.nan), where: x .!= x)
        }
        var j = 0
        while j &+ 4 <= classCount {
            let x = FourLanes(column(j), column(j &+ 1), column(j &+ 2), column(j &+ 3))
            let four = fourTerms(x, FourLanes(shift))
            sum.add(TermSum.Step(four, singly: Moments.addsSingly), of: 0, isFirst: j == 0, singly: Moments.addsSingly)
            moments.add(four, of: x, from: j)
            j &+= 4
        }
        while j < classCount {
            let x = column(j)
            let one = terms(x, shift)
            sum.add(TermSum.Step(one), of: 0, isFirst: j == 0, singly: Moments.addsSingly)
            moments.add(one, of: x, from: j)
            j &+= 1
        }
        // As a sum of lanes is rounded: the rest of the terms' products is as large as a few hundredths of the sum.
        sum.compensated.normalize()
        sum.compensated.sum.store(notes.totals + firstRow)
        sum.compensated.rest.store(notes.totalRests + firstRow)
        largest.store(notes.largestOthers + firstRow)
        moments.store(asTotalsFrom: firstRow, notes)
    }

    /// The losses; rows that are not in range one by one.
    @inline(always) func finish(elementCode: Int32) -> (unscored: Int, correct: Int) {
        var unscored = 0
        var correctCounts = LaneIntegers(repeating: 0)
        var correct = 0
        var firstRow = 0
        while firstRow < rowCount {
            let labelValue = Lanes.load(notes.labelValues + firstRow), others = Lanes.load(notes.largestOthers + firstRow)
            let sum = Lanes.load(notes.totals + firstRow), sumRest = Lanes.load(notes.totalRests + firstRow)
            let factor = Lanes.load(notes.factors + firstRow)
            // Times exp(−r_y) / c, as S + S (exp(−r_y) / c − 1). What the rounding of S loses is kept: it would count double where S lies
            // just above a power of two and the loss just below.
            // In order, or LLVM takes the vectors apart for the sake of single lanes.
            let total = xentInOrder(sum.fma(factor, sum))
            let lost = xentInOrder(sum.fma(factor, sum - total) + sumRest.fma(factor, sumRest))
            xentInOrder(logarithmOfOnePlus(total, rest: lost)).store(losses + firstRow)
            let isInRange = (total .>= lanes(0x1p-900)) .& (others .<= labelValue + lanes(600))
            count(isInRange .& (labelValue .> others), into: &correctCounts)
            let careful = bits(.!isInRange), equal = bits(isInRange .& (labelValue .== others))
            if careful | equal != 0 {
                for i in firstRow..<smaller(firstRow &+ 8, rowCount) {
                    let bit = UInt8(1) &<< UInt8(truncatingIfNeeded: i &- firstRow)
                    let label = Int(labels[i])
                    if equal & bit != 0 {
                        correct &+= isFirst(label, amongEqualsOf: notes.labelValues[i], row(i), E.self) ? 1 : 0
                    } else if careful & bit != 0 {
                        losses[i] = .nan
                        if label >= 0, label < classCount {
                            let (loss, isCorrect) = carefulLoss(row(i), classCount, label, StoredElement(code: elementCode))
                            losses[i] = loss
                            if isCorrect, !loss.isNaN { correct &+= 1 }
                        }
                        if losses[i].isNaN { unscored &+= 1 }
                    }
                }
            }
            firstRow &+= 8
        }
        return (unscored, correct &+ total(correctCounts))
    }
}

/// The terms c exp(x) 2^(−k_y/8) = power (1 + minusOne) of values x = k/8 ln 2 + r, not added up: the products are a few hundredths of the
/// powers, so that what is lost where they are rounded counts as little.
struct Terms<Group: LaneGroup> {
    var power: Group
    var minusOne: Group
    var k: Group
    var r: Group

    @inline(always) init(power: Group, minusOne: Group, k: Group, r: Group) {
        (self.power, self.minusOne, self.k, self.r) = (power, minusOne, k, r)
    }

    /// The terms, rounded.
    @inline(always) var values: Group { power.fma(minusOne, power) }
}

extension Terms<FourLanes> {
    @inline(always) init(_ a: Terms<TwoLanes>, _ b: Terms<TwoLanes>) {
        self.init(
            power: FourLanes(a.power.a, a.power.b, b.power.a, b.power.b),
            minusOne: FourLanes(a.minusOne.a, a.minusOne.b, b.minusOne.a, b.minusOne.b), k: FourLanes(a.k.a, a.k.b, b.k.a, b.k.b),
            r: FourLanes(a.r.a, a.r.b, b.r.a, b.r.b))
    }
    @inline(always) var firstTwo: Terms<TwoLanes> {
        Terms<TwoLanes>(
            power: TwoLanes(power.a, power.b), minusOne: TwoLanes(minusOne.a, minusOne.b), k: TwoLanes(k.a, k.b), r: TwoLanes(r.a, r.b))
    }
    @inline(always) var third: Terms<Lanes> { Terms<Lanes>(power: power.c, minusOne: minusOne.c, k: k.c, r: r.c) }
}

/// Eight sums of terms side by side. Two powers are added plainly at the most, or none, and then into a compensated sum; products go to its
/// rest.
struct TermSum {
    /// A step of up to four vectors of terms.
    struct Step {
        /// Powers, or sums of two; the last two are 0 unless powers are added singly.
        private(set) var first = lanes(0), second = lanes(0), third = lanes(0), fourth = lanes(0)
        private(set) var products = lanes(0)

        @inline(always) init() {}
        @inline(always) init(_ terms: Terms<Lanes>) {
            first = terms.power
            products = terms.power * terms.minusOne
        }
        @inline(always) init(_ terms: Terms<TwoLanes>, singly: Bool) {
            let (p, m) = (terms.power, terms.minusOne)
            if singly { (first, second) = (p.a, p.b) } else { first = p.a + p.b }
            products = p.b.fma(m.b, p.a * m.a)
        }
        @inline(always) init(_ terms: Terms<FourLanes>, singly: Bool) {
            let (p, m) = (terms.power, terms.minusOne)
            if singly { (first, second, third, fourth) = (p.a, p.b, p.c, p.d) } else { (first, second) = (p.a + p.b, p.c + p.d) }
            if singly {
                // Two sums of two are rounded to fewer of all digits than one of four.
                products = p.b.fma(m.b, p.a * m.a) + p.d.fma(m.d, p.c * m.c)
            } else {
                products = p.d.fma(m.d, p.c.fma(m.c, p.b.fma(m.b, p.a * m.a)))
            }
        }
        /// Adds a third vector to two.
        @inline(always) mutating func add(_ terms: Terms<Lanes>, singly: Bool) {
            if singly { third = terms.power } else { second = terms.power }
            products = terms.power.fma(terms.minusOne, products)
        }
        /// The step, worked out before anything that comes after it (`xentInOrder`).
        @inline(always) var met: Step {
            var step = self
            (step.first, step.second, step.products) = (xentInOrder(first), xentInOrder(second), xentInOrder(products))
            return step
        }
    }

    var compensated = CompensatedLanes()

    @inline(always) init() {}

    /// Adds the step of 32 classes from `start` on; of each eighth, or fourth where powers are added singly, the rest is normalised, so that it does not
    /// grow with the number of classes.
    @inline(always) mutating func add(_ step: Step, of start: Int, isFirst: Bool, singly: Bool) {
        compensated.add(step.first, isFirst: isFirst)
        compensated.add(step.second)
        if singly {
            compensated.add(step.third)
            compensated.add(step.fourth)
        }
        compensated.rest += step.products
        if singly {
            if start & 96 == 96 { compensated.normalizeLesserRest() }
        } else if start & 224 == 224 {
            compensated.normalize()
        }
    }
}

/// exp(x − labelValue) of what was loaded but for the label's exp(−r_y) / c, for a `shift` that has the label's k taken off.
///
/// x = k/8 ln 2 + r with |r| <= ln2 / 16: c exp(x) = c 2^(k/8) (1 + r + r² P(r)), c 2^(k/8) by its fraction from a table and its whole part
/// by the exponent. Error of a term, not rounded: within 0.13 * 2^-53 of itself.
///
/// The label's own entry is −∞ here. Terms below exp(−700) count as that much: 2^-110 of any sum that is used.
@inline(always)
func terms<Group: LaneGroup>(_ x: Group, _ shift: Group) -> Terms<Group> {
    let shifted = x.fma(eighthsOfE, shift)
    let k = shifted - shift
    let r = k.fma(-eighthLn2Low, k.fma(-eighthLn2High, x)).met
    let minusOne = exponentialMinusOne(ofSixteenth: r).met
    // c 2^((k − k_y)/8); out of range only where the caller starts over.
    return Terms(power: Group.powerOfEighths(shifted).met, minusOne: minusOne, k: k, r: r)
}

/// Four vectors' terms: as many side by side as the registers hold.
@inline(always)
private func fourTerms(_ x: FourLanes, _ shift: FourLanes) -> Terms<FourLanes> {
    if xentCompiledInstructionSet() == Int32(XentInstructionSetAVX512) { return terms(x, shift) }
    if xentCompiledInstructionSet() == Int32(XentInstructionSetNEON) {
        // A vector is four registers, and so four chains of steps, already; more of them side by side end in memory.
        let a = terms(xentInOrder(x.a), shift.a), b = terms(xentInOrder(x.b), shift.b)
        let c = terms(xentInOrder(x.c), shift.c), d = terms(xentInOrder(x.d), shift.d)
        return Terms<FourLanes>(
            power: FourLanes(a.power, b.power, c.power, d.power), minusOne: FourLanes(a.minusOne, b.minusOne, c.minusOne, d.minusOne),
            k: FourLanes(a.k, b.k, c.k, d.k), r: FourLanes(a.r, b.r, c.r, d.r))
    }
    return Terms<FourLanes>(
        terms(TwoLanes(x.a, x.b), TwoLanes(shift.a, shift.b)), terms(TwoLanes(x.c, x.d), TwoLanes(shift.c, shift.d)))
}
