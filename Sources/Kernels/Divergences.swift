// How far two predictions of a row are apart: the divergences of Kullback and Leibler both ways, that of Jensen and Shannon, and the total variation.

public import KernelABI

/// Writes the four divergences of each row of classes, in nats; NaN for a row without a loss by one of the two. None is negative.
///
/// With p and q of A and B: KL(A‖B) = Σ p log(p/q) − p + q, whose terms are not negative, and whose sum is that of distributions; where q is 0 and p is
/// not it is +∞. Sums are plain, eight side by side: with probabilities within 3 ULP + |log p| · 2^-53 and logarithms within 3 ULP of 1 + |log p| a
/// divergence is good to about (|log p| + classCount / 8) · 2^-52.
///
/// O(rowCount × classCount). One pass of logits: by the terms of both losses, where they are there (`compareEightRowsOfTerms`), else by two exponentials a
/// pair; and a logarithm where the probabilities are far apart. For others, and for rows with a probability below exp(−700), an exponential a value of
/// logits and log-probabilities, a logarithm a class, in three passes.
public func comparePairs(_ block: UnsafeMutablePointer<PairBlock>) {
    let pairs = block.pointee
    // Wrapping arithmetic on indices throughout: they stay within the block's memory.
    let areLogits = pairs.inputCodeA == Int32(XentInputLogits) && pairs.inputCodeB == Int32(XentInputLogits)
    var first = 0
    while first < pairs.rowCount {
        let compared = areLogits ? pairs.termScaleA != nil ? compareEightRowsOfTerms(pairs, first) : compareEightRows(pairs, first) : 0
        for row in first..<smaller(first &+ 8, pairs.rowCount)
        where compared & UInt8(1) &<< UInt8(truncatingIfNeeded: row &- first) == 0 {
            compareRow(pairs, row)
        }
        first &+= 8
    }
}

/// Compares up to eight rows of logits, from `first` on, and returns as bits which are done, the first lowest. The others have probabilities below
/// exp(−700) or no finite largest logit, or no loss by one of the two.
///
/// The largest logit and its probability tell the logarithms of all probabilities: log p = (x − x_top) + log p_top. So one pass is enough.
@inline(always)
private func compareEightRows(_ pairs: PairBlock, _ first: Int) -> UInt8 {
    guard let topA = pairs.topClassA, let topB = pairs.topClassB, let topProbabilityA = pairs.topProbabilityA,
        let topProbabilityB = pairs.topProbabilityB
    else { return 0 }
    let elementA = StoredElement(code: pairs.elementCodeA), elementB = StoredElement(code: pairs.elementCodeB)
    let classCount = pairs.classCount
    let sums = pairs.scratch + 4 &* ((classCount &+ 7) & ~7)
    // log p_top, and the logarithm of the factor of the table of powers.
    let constantsA = sums + 320, constantsB = sums + 328
    (negativeLogarithm(Lanes.load(topProbabilityA + first)) + lanes(logarithmOfPowerFactor)).store(constantsA)
    (negativeLogarithm(Lanes.load(topProbabilityB + first)) + lanes(logarithmOfPowerFactor)).store(constantsB)
    var done: UInt8 = 0
    for i in 0..<smaller(8, pairs.rowCount &- first) {
        let row = first &+ i
        if pairs.lossesA[row].isNaN || pairs.lossesB[row].isNaN { continue }
        let valuesA = pairs.valuesA + row &* classCount &* elementA.byteCount
        let valuesB = pairs.valuesB + row &* classCount &* elementB.byteCount
        let largestA = elementA.load(valuesA + Int(topA[row]) &* elementA.byteCount)
        let largestB = elementB.load(valuesB + Int(topB[row]) &* elementB.byteCount)
        if !(largestA.magnitude < .infinity && largestB.magnitude < .infinity) { continue }
        var pair = PairOfRows(largestA, constantsA[i], largestB, constantsB[i])
        var start = 0
        // As many vectors side by side as there are registers for.
        while xentCompiledInstructionSet() == Int32(XentInstructionSetAVX512), start &+ 32 <= classCount {
            pair.add(
                elementA.loadThirtyTwo(valuesA + start &* elementA.byteCount), elementB.loadThirtyTwo(valuesB + start &* elementB.byteCount))
            start &+= 32
        }
        while start &+ 16 <= classCount {
            let (a, b) = (valuesA + start &* elementA.byteCount, valuesB + start &* elementB.byteCount)
            pair.add(
                TwoLanes(elementA.loadEight(a), elementA.loadEight(a + 8 &* elementA.byteCount)),
                TwoLanes(elementB.loadEight(b), elementB.loadEight(b + 8 &* elementB.byteCount)))
            start &+= 16
        }
        if start &+ 8 <= classCount {
            pair.add(elementA.loadEight(valuesA + start &* elementA.byteCount), elementB.loadEight(valuesB + start &* elementB.byteCount))
            start &+= 8
        }
        if start < classCount {
            // exp(−690) of both adds nothing to any sum.
            pair.add(
                lanesOfClasses(valuesA, elementA, start, classCount, absent: largestA + constantsA[i] - 690),
                lanesOfClasses(valuesB, elementB, start, classCount, absent: largestB + constantsB[i] - 690))
        }
        pair.sums.store(asRow: i, sums)
        if isFull(pair.least .>= lanes(-700)) { done |= UInt8(1) &<< UInt8(truncatingIfNeeded: i) }
    }
    if done != 0 { PairSums.writeDivergences(pairs, first, sums) }
    return done
}

/// The pairs of one row of logits, whose probabilities are exponentials.
private struct PairOfRows {
    var sums = PairSums()
    /// The least logarithm of a probability.
    var least = lanes(0)
    private let largestA: Lanes, constantA: Lanes, largestB: Lanes, constantB: Lanes

    @inline(always) init(_ largestA: Double, _ constantA: Double, _ largestB: Double, _ constantB: Double) {
        (self.largestA, self.constantA) = (lanes(largestA), lanes(constantA))
        (self.largestB, self.constantB) = (lanes(largestB), lanes(constantB))
    }

    /// Adds eight pairs of logits.
    @inline(always) mutating func add(_ a: Lanes, _ b: Lanes) {
        let logP = (a - largestA) - constantA, logQ = (b - largestB) - constantB
        let terms = shiftedExponential(TwoLanes(logP, logQ))
        let ratio = logP - logQ
        add(logP, logQ, terms.low, terms.high, ratio, logarithmOfCosine(ratio, logP, logQ, sum: terms.low + terms.high))
    }

    /// Adds sixteen pairs of logits, side by side.
    @inline(always) mutating func add(_ a: TwoLanes, _ b: TwoLanes) {
        let logP = (a - TwoLanes(largestA)) - TwoLanes(constantA), logQ = (b - TwoLanes(largestB)) - TwoLanes(constantB)
        let terms = shiftedExponential(FourLanes(logP, logQ))
        let ratio = logP - logQ
        add(logP, logQ, terms.low, terms.high, ratio, logarithmOfCosine(ratio, logP, logQ, sum: terms.low + terms.high))
    }

    /// Adds thirty-two pairs of logits, side by side.
    @inline(always) mutating func add(_ a: FourLanes, _ b: FourLanes) {
        let logP = (a - FourLanes(largestA)) - FourLanes(constantA), logQ = (b - FourLanes(largestB)) - FourLanes(constantB)
        let terms = shiftedExponential(EightLanes(logP, logQ))
        let ratio = logP - logQ
        let cosines = logarithmOfCosine(ratio, logP, logQ, sum: terms.low + terms.high)
        add(logP.low, logQ.low, terms.low.low, terms.high.low, ratio.low, cosines.low)
        add(logP.high, logQ.high, terms.low.high, terms.high.high, ratio.high, cosines.high)
    }

    @inline(always) private mutating func add(
        _ logP: TwoLanes, _ logQ: TwoLanes, _ p: TwoLanes, _ q: TwoLanes, _ ratio: TwoLanes, _ cosine: TwoLanes
    ) {
        add(logP.a, logQ.a, p.a, q.a, ratio.a, cosine.a)
        add(logP.b, logQ.b, p.b, q.b, ratio.b, cosine.b)
    }

    @inline(always) private mutating func add(_ logP: Lanes, _ logQ: Lanes, _ p: Lanes, _ q: Lanes, _ ratio: Lanes, _ cosine: Lanes) {
        least = least.smaller(logP.smaller(logQ))
        sums.add(p, q, ratio, cosine)
    }
}

// log cosh(ratio / 2) of logP and logQ, the logarithms of two probabilities but for the table's factor, ratio = logP − logQ, and their sum: by a polynomial
// within 2 ULP in a vector whose ratios are all in [−1, 1], as they mostly are of two models that predict alike; in another by the logarithm of the mean of
// both, within 2^-52 + |logP + logQ| · 2^-53. A vector's way depends on the vector alone, which is the same by every instruction set.

@inline(always)
private func logarithmOfCosine(_ ratio: Lanes, _ logP: Lanes, _ logQ: Lanes, sum: Lanes) -> Lanes {
    let square = ratio.squared
    return areNear(square) ? logarithmOfCosine(ofSquare: square) : logarithmOfCosine(logP, logQ, sum: sum)
}

@inline(always)
private func logarithmOfCosine(_ ratio: TwoLanes, _ logP: TwoLanes, _ logQ: TwoLanes, sum: TwoLanes) -> TwoLanes {
    let square = ratio.squared
    if areNear(square) { return logarithmOfCosine(ofSquare: square) }
    let far = logarithmOfCosine(logP, logQ, sum: sum)
    return TwoLanes(nearLogarithm(square.a, or: far.a), nearLogarithm(square.b, or: far.b))
}

@inline(always)
private func logarithmOfCosine(_ ratio: FourLanes, _ logP: FourLanes, _ logQ: FourLanes, sum: FourLanes) -> FourLanes {
    let square = ratio.squared
    if areNear(square) { return logarithmOfCosine(ofSquare: square) }
    let far = logarithmOfCosine(logP, logQ, sum: sum)
    return FourLanes(
        nearLogarithm(square.a, or: far.a), nearLogarithm(square.b, or: far.b), nearLogarithm(square.c, or: far.c),
        nearLogarithm(square.d, or: far.d))
}

/// Returns true if all of the ratios with these squares are in [−1, 1]. A NaN may go either way: its row is done again by `compareRow`.
@inline(always)
func areNear<Group: LaneGroup>(_ square: Group) -> Bool { isFull(square.largestLanes .<= lanes(1)) }

/// The polynomial where all ratios of a vector are near, else `far`.
@inline(always)
private func nearLogarithm(_ square: Lanes, or far: Lanes) -> Lanes {
    areNear(square) ? logarithmOfCosine(ofSquare: square) : far
}

/// log cosh(x / 2) for the square of x in [−1, 1], within 2 ULP, by the polynomial that scripts/minimax.py prints.
@inline(always)
func logarithmOfCosine<Group: LaneGroup>(ofSquare square: Group) -> Group {
    var quotient = square.fma(-0x1.020fd54967aefp-37, Group(lanes(0x1.01b81bc4d6f24p-33)))
    quotient = square.fma(quotient, -0x1.7b3c6c5702d67p-30)
    quotient = square.fma(quotient, 0x1.0cf10fb03573ap-26).met
    quotient = square.fma(quotient, -0x1.833c3795c8654p-23)
    quotient = square.fma(quotient, 0x1.1ea5cddbb5e7ep-19).met
    quotient = square.fma(quotient, -0x1.ba1ba19f30e17p-16)
    quotient = square.fma(quotient, 0x1.6c16c16bf7ce9p-12).met
    quotient = square.fma(quotient, -0x1.5555555555491p-8)
    return square * square.fma(quotient, 0x1.0000000000000p-3)
}

/// log cosh((logP − logQ) / 2) = log((p + q) / 2) − (log p + log q) / 2.
@inline(always)
private func logarithmOfCosine<Group: LaneGroup>(_ logP: Group, _ logQ: Group, sum: Group) -> Group {
    logarithmOfHalf(sum) - (logP + logQ).fma(Group(lanes(0.5)), Group(lanes(logarithmOfPowerFactor)))
}

/// exp(x + `logarithmOfPowerFactor`) for x in [−700, 0], within (1 + |x|) · 2^-53 of itself; numbers without meaning below.
@inline(always)
private func shiftedExponential<Group: LaneGroup>(_ x: Group) -> Group {
    let shift = Group(lanes(integerShift))
    let shifted = x.fma(eighthsOfE, shift).met
    // ln 2 / 8 as one number: k times its rounding is |x| · 0.6 · 2^-53 at the most.
    let r = (shifted - shift).fma(-(eighthLn2High + eighthLn2Low), x).met
    let power = Group.powerOfEighths(shifted)
    // The polynomial of `exponentialMinusOne(ofSixteenth:)`, in steps that do not wait for one another.
    let square = r.squared
    let high = r.fma(0x1.a01675716e371p-13, Group(lanes(0x1.6c1cbd97558f9p-10)))
    let middle = r.fma(Group(lanes(0x1.111111250458fp-7)), 0x1.555555480decfp-5)
    let low = r.fma(Group(lanes(0x1.5555555555160p-3)), 0x1.000000000010bp-1).met
    let minusOne = square.fma(square.fma(square.fma(high, middle), low).met, r)
    return power.fma(minusOne, power)
}

/// log(x / 2) for x from 2^-1020 to 3, within 0.6 · 2^-53 of itself and 2^-53.
///
/// As in Logarithm.swift, but nothing that a rounding loses is carried along. The polynomial is the one of degree 7 that scripts/minimax.py prints.
@inline(always)
func logarithmOfHalf<Group: LaneGroup>(_ x: Group) -> Group {
    let u = Group.decomposed(x, less: 1)
    let r = u.m.fma(u.c, -1).met
    let square = r.squared
    var q = r.fma(-0x1.9cfcb16748dcap-4, Group(lanes(0x1.ca86105f939d0p-4)))
    let d = r.fma(-0x1.fffcf5ef45f6fp-4, Group(lanes(0x1.2490e9498758cp-3)))
    let c = r.fma(-0x1.555555e56394cp-3, Group(lanes(0x1.99999a09129f9p-3))).met
    let b = r.fma(-0x1.ffffffffede5fp-3, Group(lanes(0x1.555555554fdcap-2)))
    // The terms of odd powers of q, and then −½ and r.
    q = square.fma(q, d).met
    q = square.fma(q, c).met
    q = square.fma(q, b).met
    q = r.fma(q, -0.5)
    return square.fma(q, u.k.fma((ln2High + ln2Low) * xentExponentUnit(), u.logarithm) + r)
}

/// Compares a row of any numbers.
@inline(never)
private func compareRow(_ pairs: PairBlock, _ row: Int) {
    if pairs.lossesA[row].isNaN || pairs.lossesB[row].isNaN {
        pairs.klAB[row] = .nan
        pairs.klBA[row] = .nan
        pairs.jensenShannon[row] = .nan
        pairs.totalVariation[row] = .nan
        return
    }
    let elementA = StoredElement(code: pairs.elementCodeA), elementB = StoredElement(code: pairs.elementCodeB)
    let capacity = (pairs.classCount &+ 7) & ~7
    let (p, logP) = (pairs.scratch, pairs.scratch + capacity)
    let (q, logQ) = (pairs.scratch + 2 &* capacity, pairs.scratch + 3 &* capacity)
    let ofA = writeDistribution(
        pairs.valuesA + row &* pairs.classCount &* elementA.byteCount, elementA, pairs.inputCodeA, pairs.classCount, p, logP)
    let ofB = writeDistribution(
        pairs.valuesB + row &* pairs.classCount &* elementB.byteCount, elementB, pairs.inputCodeB, pairs.classCount, q, logQ)
    var ab = lanes(0), ba = lanes(0), js = lanes(0), distance = lanes(0)
    var start = 0
    while start < pairs.classCount {
        let one = Lanes.load(p + start) * lanes(ofA.factor), other = Lanes.load(q + start) * lanes(ofB.factor)
        let logOne = Lanes.load(logP + start) - lanes(ofA.logarithm), logOther = Lanes.load(logQ + start) - lanes(ofB.logarithm)
        let isOne = one .> lanes(0), isOther = other .> lanes(0)
        let ratio = logOne - logOther
        let forward = one.fma(ratio, other - one), backward = other.fma(-ratio, one - other)
        ab += other.replacing(with: forward, where: isOne)
        ba += one.replacing(with: backward, where: isOther)
        // A mean of 0 has the logarithm of a normal number, which no term takes.
        let mean = lanes(0x1p-1000).larger((one + other) * lanes(0.5))
        let logMean = logarithm(normal: mean)
        js += lanes(0).replacing(with: one * (logOne - logMean), where: isOne)
        js += lanes(0).replacing(with: other * (logOther - logMean), where: isOther)
        distance += (one - other).absolute
        start &+= 8
    }
    pairs.klAB[row] = notNegative(total(ab))
    pairs.klBA[row] = notNegative(total(ba))
    pairs.jensenShannon[row] = notNegative(total(js) * 0.5)
    pairs.totalVariation[row] = total(distance) * 0.5
}

/// Writes numbers that are in proportion to the probabilities of a row, and logarithms that are off by a constant; 0 and −∞ behind the last class.
/// Returns the factor and the constant.
@inline(always)
private func writeDistribution(
    _ values: UnsafeRawPointer, _ element: StoredElement, _ inputCode: Int32, _ classCount: Int, _ numbers: UnsafeMutablePointer<Double>,
    _ logarithms: UnsafeMutablePointer<Double>
) -> (factor: Double, logarithm: Double) {
    let isLogits = inputCode == Int32(XentInputLogits)
    var start = 0
    var largest = lanes(-.infinity)
    if isLogits {
        while start < classCount {
            let x = lanesOfClasses(values, element, start, classCount, absent: -.infinity)
            largest = largest.larger(x)
            x.store(logarithms + start)
            start &+= 8
        }
    }
    let most = isLogits ? largest.largestLane : 0
    var sum = lanes(0)
    start = 0
    while start < classCount {
        if isLogits {
            let x = Lanes.load(logarithms + start)
            // Where the largest is infinite, equal ones share all.
            let distance = most.isInfinite ? lanes(-.infinity).replacing(with: lanes(0), where: x .== lanes(most)) : x - lanes(most)
            let number = lanes(0).replacing(with: exponential(moderate: distance.larger(lanes(-700))), where: distance .>= lanes(-700))
            distance.store(logarithms + start)
            number.store(numbers + start)
            sum += number
        } else if inputCode == Int32(XentInputProbabilities) {
            let number = lanesOfClasses(values, element, start, classCount, absent: 0)
            number.store(numbers + start)
            logarithm(ofAny: number).store(logarithms + start)
        } else {
            let x = lanesOfClasses(values, element, start, classCount, absent: -.infinity)
            exponential(x).store(numbers + start)
            x.store(logarithms + start)
        }
        start &+= 8
    }
    guard isLogits else { return (1, 0) }
    let factor = 1 / total(sum)
    return (factor, negativeLogarithm(lanes(factor))[0])
}

/// Eight values from a class on; `absent` behind the last one.
@inline(always)
func lanesOfClasses(
    _ values: UnsafeRawPointer, _ element: StoredElement, _ start: Int, _ classCount: Int, absent: Double
) -> Lanes {
    let x = element.loadEight(values + start &* element.byteCount)
    guard start &+ 8 > classCount else { return x }
    return x.replacing(with: lanes(absent), where: laneIndices .>= LaneIntegers(repeating: Int64(classCount &- start)))
}

/// All lanes added up.
@inline(always)
private func total(_ x: Lanes) -> Double {
    let four = x.low + x.high
    let two = four.low + four.high
    return two[0] + two[1]
}

/// 0 for what rounding has put below it. NaN stays.
@inline(always)
private func notNegative(_ x: Double) -> Double { x < 0 ? 0 : x }
