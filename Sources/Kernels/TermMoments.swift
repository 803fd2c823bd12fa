// What is summed over a row of logits besides its terms t = exp(x_j − x_y): for Σp² the terms' squares, for Σp·x their products with x.

import KernelABI

/// Sums over the terms of one row, or of eight rows with a lane each. A type that is known at compile time: the one that sums nothing
/// leaves no instruction behind.
protocol TermMoments {
    /// True if no powers are added plainly to one another: then Σ is within 0.4 * 2^-53 of itself, else 1.8.
    static var addsSingly: Bool { get }
    /// True if the smallest value of a row is looked for.
    static var wantsLeast: Bool { get }
    /// Sums nothing yet. `place` is room for the terms of the row, up to a multiple of eight, if they are asked for.
    init(place: UnsafeMutablePointer<Double>?)
    /// Adds the terms of `x`, the values from class `start` on: one vector, two or four.
    mutating func add(_ terms: Terms<Lanes>, of x: Lanes, from start: Int)
    mutating func add(_ terms: Terms<TwoLanes>, of x: TwoLanes, from start: Int)
    mutating func add(_ terms: Terms<FourLanes>, of x: FourLanes, from start: Int)
    /// Takes back what was added `count` times beyond the classes that count: the terms of the same value in all lanes.
    mutating func remove(_ terms: Terms<Lanes>, count: Int)
    /// Called after each step of 32 classes of a row: `start` is the step's first.
    mutating func endStep(from start: Int)
    /// Stores the eight lanes of row `i`.
    func store(asLanesOf i: Int, _ notes: SoftmaxNotes)
    /// Adds up the lanes that were stored of each of the eight rows from `firstRow` on.
    static func addUpLanes(of firstRow: Int, _ notes: SoftmaxNotes)
    /// Stores the sums of the eight rows from `firstRow` on, which have a lane each.
    func store(asTotalsFrom firstRow: Int, _ notes: SoftmaxNotes)
}

extension TermMoments {
    @inline(always) static var addsSingly: Bool { false }
    @inline(always) static var wantsLeast: Bool { false }
    @inline(always) mutating func remove(_ terms: Terms<Lanes>, count: Int) {}
}

/// Sums nothing.
protocol TermMomentsOfNothing: TermMoments {}

extension TermMomentsOfNothing {
    @inline(always) mutating func add(_ terms: Terms<Lanes>, of x: Lanes, from start: Int) {}
    @inline(always) mutating func add(_ terms: Terms<TwoLanes>, of x: TwoLanes, from start: Int) {}
    @inline(always) mutating func add(_ terms: Terms<FourLanes>, of x: FourLanes, from start: Int) {}
    @inline(always) mutating func endStep(from start: Int) {}
    @inline(always) func store(asLanesOf i: Int, _ notes: SoftmaxNotes) {}
    @inline(always) static func addUpLanes(of firstRow: Int, _ notes: SoftmaxNotes) {}
    @inline(always) func store(asTotalsFrom firstRow: Int, _ notes: SoftmaxNotes) {}
}

/// The terms are added up as the loss without modifiers has them.
struct NoTermMoments: TermMomentsOfNothing {
    @inline(always) init(place: UnsafeMutablePointer<Double>?) {}
}

/// The terms are added up singly, for a power of their sum.
struct SingleTerms: TermMomentsOfNothing {
    @inline(always) static var addsSingly: Bool { true }
    @inline(always) init(place: UnsafeMutablePointer<Double>?) {}
}

/// The terms are added up as the loss without modifiers has them, and are written to the row's place, rounded.
struct StoredTerms: TermMomentsOfNothing {
    private let place: UnsafeMutablePointer<Double>?

    @inline(always) init(place: UnsafeMutablePointer<Double>?) { self.place = place }

    @inline(always) mutating func add(_ terms: Terms<Lanes>, of x: Lanes, from start: Int) {
        if let place { terms.values.store(place + start) }
    }
    @inline(always) mutating func add(_ terms: Terms<TwoLanes>, of x: TwoLanes, from start: Int) {
        let values = terms.values
        guard let place else { return }
        values.a.store(place + start)
        values.b.store(place + (start &+ 8))
    }
    @inline(always) mutating func add(_ terms: Terms<FourLanes>, of x: FourLanes, from start: Int) {
        let values = terms.values
        guard let place else { return }
        values.a.store(place + start)
        values.b.store(place + (start &+ 8))
        values.c.store(place + (start &+ 16))
        values.d.store(place + (start &+ 24))
    }
}

/// Sums the k and the r of values k/8 ln 2 + r, for the sum of all values: that of k is exact, and r is small. Absolute error of Σr:
/// classCount / 4 * 2^-53 at the most.
struct ValueSums: TermMoments {
    @inline(always) static var wantsLeast: Bool { true }
    private var k = lanes(0), r = lanes(0), earlierR = CompensatedLanes()

    @inline(always) init(place: UnsafeMutablePointer<Double>?) {}

    @inline(always) mutating func add(_ terms: Terms<Lanes>, of x: Lanes, from start: Int) {
        k += terms.k
        r += terms.r
    }

    @inline(always) mutating func add(_ terms: Terms<TwoLanes>, of x: TwoLanes, from start: Int) {
        k += terms.k.a + terms.k.b
        r += terms.r.a + terms.r.b
    }

    @inline(always) mutating func add(_ terms: Terms<FourLanes>, of x: FourLanes, from start: Int) {
        k += (terms.k.a + terms.k.b) + (terms.k.c + terms.k.d)
        r += (terms.r.a + terms.r.b) + (terms.r.c + terms.r.d)
    }

    @inline(always) mutating func remove(_ terms: Terms<Lanes>, count: Int) {
        // From the first lane alone: a whole number times k is exact.
        let counts = lanes(0).replacing(with: lanes(Double(count)), where: laneIndices .== LaneIntegers(repeating: 0))
        k -= counts * terms.k
        r -= counts * terms.r
    }

    @inline(always) mutating func endStep(from start: Int) {
        guard start & 224 == 224 else { return }
        earlierR.add(r)
        r = lanes(0)
    }

    @inline(always) func store(asLanesOf i: Int, _ notes: SoftmaxNotes) {
        k.store(notes.squareSums + 8 &* i)
        (earlierR.sum + (earlierR.rest + r)).store(notes.productSums + 8 &* i)
    }

    @inline(always) static func addUpLanes(of firstRow: Int, _ notes: SoftmaxNotes) {
        sumsOfEight(notes.squareSums + 8 &* firstRow).store(notes.squareTotals + firstRow)
        sumsOfEight(notes.productSums + 8 &* firstRow).store(notes.productTotals + firstRow)
    }

    @inline(always) func store(asTotalsFrom firstRow: Int, _ notes: SoftmaxNotes) {
        k.store(notes.squareTotals + firstRow)
        r.store(notes.productTotals + firstRow)
    }
}

/// Sums the terms' squares and their products with x, both within 16 * 2^-53 of the sum of the parts' magnitudes, the terms' own errors
/// aside, for any number of classes: four steps are added up plainly, two sums side by side, and then into a compensated sum.
///
/// A multiply-add is the whole of what a square or a product takes. The sums wait for one another a quarter as long as a step takes.
struct SquaresAndProducts: TermMoments {
    private var squares = TwoLanes(lanes(0)), products = TwoLanes(lanes(0))
    /// The sums of all earlier blocks of four steps.
    private var earlierSquares = CompensatedLanes(), earlierProducts = CompensatedLanes()

    @inline(always) init(place: UnsafeMutablePointer<Double>?) {}

    @inline(always) mutating func add(_ terms: Terms<Lanes>, of x: Lanes, from start: Int) {
        let t = terms.values
        squares = TwoLanes(t.fma(t, squares.a), squares.b)
        products = TwoLanes(t.fma(x, products.a), products.b)
    }

    @inline(always) mutating func add(_ terms: Terms<TwoLanes>, of x: TwoLanes, from start: Int) { add(terms.values, x) }

    @inline(always) mutating func add(_ terms: Terms<FourLanes>, of x: FourLanes, from start: Int) {
        let t = terms.values
        add(t.low, x.low)
        add(t.high, x.high)
    }

    @inline(always) private mutating func add(_ t: TwoLanes, _ x: TwoLanes) {
        squares = t.fma(t, squares)
        products = t.fma(x, products)
    }

    @inline(always) mutating func endStep(from start: Int) {
        guard start & 96 == 96 else { return }
        earlierSquares.add(squares.a + squares.b)
        earlierProducts.add(products.a + products.b)
        (squares, products) = (TwoLanes(lanes(0)), TwoLanes(lanes(0)))
    }

    @inline(always) func store(asLanesOf i: Int, _ notes: SoftmaxNotes) {
        (earlierSquares.sum + (earlierSquares.rest + (squares.a + squares.b))).store(notes.squareSums + 8 &* i)
        (earlierProducts.sum + (earlierProducts.rest + (products.a + products.b))).store(notes.productSums + 8 &* i)
    }

    @inline(always) static func addUpLanes(of firstRow: Int, _ notes: SoftmaxNotes) {
        sumsOfEight(notes.squareSums + 8 &* firstRow).store(notes.squareTotals + firstRow)
        sumsOfEight(notes.productSums + 8 &* firstRow).store(notes.productTotals + firstRow)
    }

    @inline(always) func store(asTotalsFrom firstRow: Int, _ notes: SoftmaxNotes) {
        (squares.a + squares.b).store(notes.squareTotals + firstRow)
        (products.a + products.b).store(notes.productTotals + firstRow)
    }
}

/// The sum of the eight lanes at `vectors`, `vectors + 8`, …: a lane each, rounded three times.
@inline(always) func sumsOfEight(_ vectors: UnsafePointer<Double>) -> Lanes {
    @inline(always) func halves(_ i: Int) -> Lanes {
        let (a, b) = (Lanes.load(vectors + 8 &* i), Lanes.load(vectors + 8 &* (i &+ 1)))
        return xentInOrder(xentLowHalves(a, b) + xentHighHalves(a, b))
    }
    @inline(always) func pairs(_ a: Lanes, _ b: Lanes) -> Lanes { xentInOrder(xentLowPairs(a, b) + xentHighPairs(a, b)) }
    let (a, b) = (pairs(halves(0), halves(2)), pairs(halves(4), halves(6)))
    return xentEvenLanes(a, b) + xentOddLanes(a, b)
}

/// Adds up the terms of a batch of rows of logits as `softmaxRows` does, to the same bits, and writes their moments, or the terms themselves. The labels
/// have been read.
///
/// A function of its own, so that rows without facts have none of its code among theirs.
@inline(never)
func addRowsWithMoments(_ block: RowBlock, firstRow: Int) {
    @inline(always) func add<E: Element>(_: E.Type) {
        let batch = SoftmaxBatch<E>(block, firstRow: firstRow)
        if !block.facts.areSums {
            batch.addRows(StoredTerms.self)
        } else if block.classCount <= SoftmaxBatch<E>.narrowClassLimit {
            batch.addNarrowRows(SquaresAndProducts.self)
        } else {
            batch.addRows(SquaresAndProducts.self)
        }
    }
    switch block.elementCode {
    case Int32(XentElementFloat16): add(Float16Element.self)
    case Int32(XentElementBFloat16): add(BFloat16Element.self)
    case Int32(XentElementFloat32): add(Float32Element.self)
    default: add(Float64Element.self)
    }
}
