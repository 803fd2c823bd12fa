// How far two predictions of a row are apart: the divergences of Kullback and Leibler both ways, that of Jensen and Shannon, and the total variation.

public import KernelABI

/// Writes the four divergences of each row of classes, in nats; NaN for a row without a loss by one of the two. None is negative.
///
/// With p and q of A and B: KL(A‖B) = Σ p log(p/q) − p + q, whose terms are not negative, and whose sum is that of distributions; where q is 0 and p is
/// not it is +∞. From logits p = exp(x − max) / Σ. Sums are plain, eight side by side: with probabilities within 3 ULP and logarithms within 3 ULP of
/// 1 + |log p| a divergence is good to about (|log p| + classCount / 8) · 2^-52.
///
/// O(rowCount × classCount): an exponential a value of logits and log-probabilities, and a logarithm a class.
public func comparePairs(_ block: UnsafeMutablePointer<PairBlock>) {
    let pairs = block.pointee
    // Wrapping arithmetic on indices throughout: they stay within the block's memory.
    let elementA = StoredElement(code: pairs.elementCodeA), elementB = StoredElement(code: pairs.elementCodeB)
    let capacity = (pairs.classCount &+ 7) & ~7
    let (p, logP) = (pairs.scratch, pairs.scratch + capacity)
    let (q, logQ) = (pairs.scratch + 2 &* capacity, pairs.scratch + 3 &* capacity)
    var row = 0
    while row < pairs.rowCount {
        defer { row &+= 1 }
        if pairs.lossesA[row].isNaN || pairs.lossesB[row].isNaN {
            pairs.klAB[row] = .nan
            pairs.klBA[row] = .nan
            pairs.jensenShannon[row] = .nan
            pairs.totalVariation[row] = .nan
            continue
        }
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
            let forward = one.fma(ratio, other - one), backward = other.fma(lanes(0) - ratio, one - other)
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
private func lanesOfClasses(
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
