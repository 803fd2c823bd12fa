// What is summed over a row of logits besides its terms t = exp(x_j − x_y): for Σp² the terms' squares, for Σp·x their products with x.

import KernelABI

/// Sums over the terms of one row, or of eight rows with a lane each. A type that is known at compile time: the one that sums nothing leaves no
/// instruction behind.
protocol TermMoments {
    init()
    /// Adds the terms of `x`: one vector, two or four.
    mutating func add(_ terms: Lanes, of x: Lanes)
    mutating func add(_ terms: TwoLanes, of x: TwoLanes)
    mutating func add(_ terms: FourLanes, of x: FourLanes)
    /// Called after each step of 32 classes of a row: `start` is the step's first.
    mutating func endStep(from start: Int)
    /// Stores the eight lanes of row `i`.
    func store(asLanesOf i: Int, _ notes: SoftmaxNotes)
    /// Adds up the lanes that were stored of each of the eight rows from `firstRow` on.
    static func addUpLanes(of firstRow: Int, _ notes: SoftmaxNotes)
    /// Stores the sums of the eight rows from `firstRow` on, which have a lane each.
    func store(asTotalsFrom firstRow: Int, _ notes: SoftmaxNotes)
}

/// Sums nothing.
struct NoTermMoments: TermMoments {
    @inline(always) init() {}
    @inline(always) mutating func add(_ terms: Lanes, of x: Lanes) {}
    @inline(always) mutating func add(_ terms: TwoLanes, of x: TwoLanes) {}
    @inline(always) mutating func add(_ terms: FourLanes, of x: FourLanes) {}
    @inline(always) mutating func endStep(from start: Int) {}
    @inline(always) func store(asLanesOf i: Int, _ notes: SoftmaxNotes) {}
    @inline(always) static func addUpLanes(of firstRow: Int, _ notes: SoftmaxNotes) {}
    @inline(always) func store(asTotalsFrom firstRow: Int, _ notes: SoftmaxNotes) {}
}

/// Sums the terms' squares and their products with x, both within 16 * 2^-53 of the sum of the parts' magnitudes, the terms' own errors aside, for
/// any number of classes: eight steps are added up plainly, and then into a compensated sum, which thus costs next to nothing.
struct SquaresAndProducts: TermMoments {
    private var squares = lanes(0), products = lanes(0)
    /// The sums of all earlier blocks of eight steps.
    private var earlierSquares = CompensatedLanes(), earlierProducts = CompensatedLanes()

    @inline(always) init() {}

    @inline(always) mutating func add(_ terms: Lanes, of x: Lanes) {
        squares = terms.fma(terms, squares)
        products = terms.fma(x, products)
    }

    @inline(always) mutating func add(_ terms: TwoLanes, of x: TwoLanes) {
        add(terms.a, of: x.a)
        add(terms.b, of: x.b)
    }

    @inline(always) mutating func add(_ terms: FourLanes, of x: FourLanes) {
        squares += terms.a.fma(terms.a, terms.b * terms.b) + terms.c.fma(terms.c, terms.d * terms.d)
        products += terms.a.fma(x.a, terms.b * x.b) + terms.c.fma(x.c, terms.d * x.d)
    }

    @inline(always) mutating func endStep(from start: Int) {
        guard start & 224 == 224 else { return }
        earlierSquares.add(squares)
        earlierProducts.add(products)
        (squares, products) = (lanes(0), lanes(0))
    }

    @inline(always) func store(asLanesOf i: Int, _ notes: SoftmaxNotes) {
        (earlierSquares.sum + (earlierSquares.rest + squares)).store(notes.squareSums + 8 &* i)
        (earlierProducts.sum + (earlierProducts.rest + products)).store(notes.productSums + 8 &* i)
    }

    @inline(always) static func addUpLanes(of firstRow: Int, _ notes: SoftmaxNotes) {
        sumsOfEight(notes.squareSums + 8 &* firstRow).store(notes.squareTotals + firstRow)
        sumsOfEight(notes.productSums + 8 &* firstRow).store(notes.productTotals + firstRow)
    }

    @inline(always) func store(asTotalsFrom firstRow: Int, _ notes: SoftmaxNotes) {
        squares.store(notes.squareTotals + firstRow)
        products.store(notes.productTotals + firstRow)
    }
}

/// The sum of the eight lanes at `vectors`, `vectors + 8`, …: a lane each, rounded three times.
@inline(always) private func sumsOfEight(_ vectors: UnsafePointer<Double>) -> Lanes {
    @inline(always) func halves(_ i: Int) -> Lanes {
        let (a, b) = (Lanes.load(vectors + 8 &* i), Lanes.load(vectors + 8 &* (i &+ 1)))
        return xentInOrder(xentLowHalves(a, b) + xentHighHalves(a, b))
    }
    @inline(always) func pairs(_ a: Lanes, _ b: Lanes) -> Lanes { xentInOrder(xentLowPairs(a, b) + xentHighPairs(a, b)) }
    let (a, b) = (pairs(halves(0), halves(2)), pairs(halves(4), halves(6)))
    return xentEvenLanes(a, b) + xentOddLanes(a, b)
}

/// Adds up the terms of a batch of rows of logits as `softmaxRows` does, to the same bits, and their moments besides. The labels have been read.
///
/// A function of its own, so that rows without facts have none of its code among theirs.
@inline(never)
func addRowsWithMoments(_ block: RowBlock, firstRow: Int) {
    @inline(always) func add<E: Element>(_: E.Type) {
        let batch = SoftmaxBatch<E>(block, firstRow: firstRow)
        if block.classCount <= SoftmaxBatch<E>.narrowClassLimit {
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
