// What is summed over the pairs of classes of a row as two models predict it, from which its divergences follow.

import KernelABI

/// The sums over the pairs of one row, eight side by side.
struct PairSums {
    /// Σ p log(p/q), Σ q log(p/q), Σ q − p, Σ (p + q) log cosh(log(p/q) / 2), and Σ |p − q|.
    private(set) var forward = lanes(0), backward = lanes(0), excess = lanes(0), cosines = lanes(0), distance = lanes(0)

    /// The places of the sums in the block's scratch: eight lanes of each of eight rows.
    private enum Place {
        static let forward = 0, backward = 64, excess = 128, cosines = 192, distance = 256
    }

    @inline(always) init() {}

    /// Adds eight pairs of probabilities with log(p/q) and log cosh(log(p/q) / 2).
    @inline(always) mutating func add(_ p: Lanes, _ q: Lanes, _ ratio: Lanes, _ cosine: Lanes) {
        let difference = q - p
        forward = p.fma(ratio, forward)
        backward = q.fma(ratio, backward)
        excess += difference
        distance += difference.absolute
        cosines = (p + q).fma(cosine, cosines)
    }

    /// Stores the sums of the row at index `i` of eight.
    @inline(always) func store(asRow i: Int, _ sums: UnsafeMutablePointer<Double>) {
        // Wrapping: indices stay within the block's memory.
        forward.store(sums + Place.forward + 8 &* i)
        backward.store(sums + Place.backward + 8 &* i)
        excess.store(sums + Place.excess + 8 &* i)
        cosines.store(sums + Place.cosines + 8 &* i)
        distance.store(sums + Place.distance + 8 &* i)
    }

    /// Writes the divergences of eight rows from their sums. What rows that are not done leave in their places is read, and not used.
    @inline(always)
    static func writeDivergences(_ pairs: PairBlock, _ first: Int, _ sums: UnsafeMutablePointer<Double>) {
        let excess = sumsOfEight(sums + Place.excess)
        let forward = sumsOfEight(sums + Place.forward), backward = sumsOfEight(sums + Place.backward)
        (forward + excess).orZero.store(pairs.klAB + first)
        (lanes(0) - (backward + excess)).orZero.store(pairs.klBA + first)
        // With m = (p + q)/2 and d = log(p/q), log m = (log p + log q)/2 + log cosh(d/2), so that
        // ½ Σ p log(p/m) + q log(q/m) = ½ (½ Σ (p − q) d − Σ (p + q) log cosh(d/2)).
        ((forward - backward).fma(lanes(0.25), sumsOfEight(sums + Place.cosines) * lanes(-0.5))).orZero.store(pairs.jensenShannon + first)
        (sumsOfEight(sums + Place.distance) * lanes(0.5)).store(pairs.totalVariation + first)
    }
}

extension SIMD8<Double> {
    /// 0 where rounding has put a lane below it.
    @inline(always) fileprivate var orZero: Lanes { larger(lanes(0)) }
}
