// The divergences of rows of logits by the terms that the losses of both models had: no exponential is left to do.

import KernelABI

/// Compares up to eight rows of logits with terms, from `first` on, and returns as bits which are done, the first lowest. The others have no terms, a class
/// that one of the two has 700 nats and more less of, or no loss by one of the two.
///
/// p = term · scale; log(p/q) is the difference of the logits' distances from the largest, less that of the largest's logarithms.
@inline(always)
func compareEightRowsOfTerms(_ pairs: PairBlock, _ first: Int) -> UInt8 {
    guard let topA = pairs.topClassA, let topB = pairs.topClassB, let topProbabilityA = pairs.topProbabilityA,
        let topProbabilityB = pairs.topProbabilityB, let termsA = pairs.termsA, let termsB = pairs.termsB, let scaleA = pairs.termScaleA,
        let scaleB = pairs.termScaleB
    else { return 0 }
    // Wrapping arithmetic on indices throughout: they stay within the block's memory.
    let elementA = StoredElement(code: pairs.elementCodeA), elementB = StoredElement(code: pairs.elementCodeB)
    let classCount = pairs.classCount, stride = termStride(classCount)
    let sums = pairs.scratch + 4 &* stride
    let logarithmsA = sums + 320, logarithmsB = sums + 328
    negativeLogarithm(Lanes.load(topProbabilityA + first)).store(logarithmsA)
    negativeLogarithm(Lanes.load(topProbabilityB + first)).store(logarithmsB)
    var done: UInt8 = 0
    for i in 0..<smaller(8, pairs.rowCount &- first) {
        let row = first &+ i
        if pairs.lossesA[row].isNaN || pairs.lossesB[row].isNaN || scaleA[row].isNaN || scaleB[row].isNaN { continue }
        let valuesA = pairs.valuesA + row &* classCount &* elementA.byteCount
        let valuesB = pairs.valuesB + row &* classCount &* elementB.byteCount
        let largestA = elementA.load(valuesA + Int(topA[row]) &* elementA.byteCount)
        let largestB = elementB.load(valuesB + Int(topB[row]) &* elementB.byteCount)
        var pair = PairOfTerms(
            largestA, largestB, logarithmsA[i], logarithmsB[i], termsA + row &* stride, termsB + row &* stride, scaleA[row], scaleB[row])
        var start = 0
        while start &+ 32 <= classCount {
            pair.add(
                elementA.loadThirtyTwo(valuesA + start &* elementA.byteCount), elementB.loadThirtyTwo(valuesB + start &* elementB.byteCount),
                from: start)
            start &+= 32
        }
        while start < classCount {
            // Behind the row both have their largest logit, and terms of nothing.
            pair.add(
                lanesOfClasses(valuesA, elementA, start, classCount, absent: largestA), lanesOfClasses(valuesB, elementB, start, classCount, absent: largestB),
                from: start)
            start &+= 8
        }
        pair.sums.store(asRow: i, sums)
        // −∞ of one of the two, or of both, which is NaN, is in the sums where it is not in the largest.
        let areFinite = (pair.sums.forward + pair.sums.backward).absolute .< lanes(.infinity)
        if isFull(areFinite .& (pair.largestSquare .<= lanes(700 * 700))) { done |= UInt8(1) &<< UInt8(truncatingIfNeeded: i) }
    }
    if done != 0 { PairSums.writeDivergences(pairs, first, sums) }
    return done
}

/// The pairs of one row of logits, whose probabilities are terms of its losses.
private struct PairOfTerms {
    var sums = PairSums()
    /// The largest squares of log(p/q), of each lane.
    var largestSquare = lanes(0)
    private let largestA: Lanes, largestB: Lanes
    /// log q_top − log p_top, and log p_top + log q_top.
    private let difference: Lanes, sumOfLogarithms: Lanes
    private let termsA: UnsafePointer<Double>, termsB: UnsafePointer<Double>
    private let scaleA: Lanes, scaleB: Lanes

    @inline(always) init(
        _ largestA: Double, _ largestB: Double, _ logarithmA: Double, _ logarithmB: Double, _ termsA: UnsafePointer<Double>,
        _ termsB: UnsafePointer<Double>, _ scaleA: Double, _ scaleB: Double
    ) {
        (self.largestA, self.largestB) = (lanes(largestA), lanes(largestB))
        // They come with their signs changed.
        (difference, sumOfLogarithms) = (lanes(logarithmA - logarithmB), lanes(-logarithmA - logarithmB))
        (self.termsA, self.termsB, self.scaleA, self.scaleB) = (termsA, termsB, lanes(scaleA), lanes(scaleB))
    }

    /// Adds eight pairs of logits.
    @inline(always) mutating func add(_ a: Lanes, _ b: Lanes, from start: Int) {
        let p = Lanes.load(termsA + start) * scaleA, q = Lanes.load(termsB + start) * scaleB
        let distanceA = a - largestA, distanceB = b - largestB
        let ratio = (distanceA - distanceB) - difference
        let square = ratio.squared
        largestSquare = largestSquare.larger(square)
        let cosine =
            areNear(square)
            ? logarithmOfCosine(ofSquare: square) : logarithmOfHalf(p + q) - ((distanceA + distanceB) + sumOfLogarithms) * lanes(0.5)
        sums.add(p, q, ratio, cosine)
    }

    /// Adds thirty-two pairs of logits, side by side. All take one way, near or far: a choice for each vector could not be foreseen.
    @inline(always) mutating func add(_ a: FourLanes, _ b: FourLanes, from start: Int) {
        let p = load(termsA + start) * FourLanes(scaleA), q = load(termsB + start) * FourLanes(scaleB)
        let distanceA = a - FourLanes(largestA), distanceB = b - FourLanes(largestB)
        let ratio = (distanceA - distanceB) - FourLanes(difference)
        let square = ratio.squared
        let largest = square.largestLanes
        largestSquare = largestSquare.larger(largest)
        let cosine =
            areNear(largest)
            ? logarithmOfCosine(ofSquare: square)
            : logarithmOfHalf(p + q) - ((distanceA + distanceB) + FourLanes(sumOfLogarithms)) * FourLanes(lanes(0.5))
        sums.add(p.a, q.a, ratio.a, cosine.a)
        sums.add(p.b, q.b, ratio.b, cosine.b)
        sums.add(p.c, q.c, ratio.c, cosine.c)
        sums.add(p.d, q.d, ratio.d, cosine.d)
    }

    @inline(always) private func load(_ start: UnsafePointer<Double>) -> FourLanes {
        FourLanes(Lanes.load(start), Lanes.load(start + 8), Lanes.load(start + 16), Lanes.load(start + 24))
    }
}
