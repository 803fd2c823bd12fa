// How often predictions of similar confidence were right: each prediction is added to one cell of intervals of equal width, and to one of a fine grid.

public import KernelABI

/// The predictions whose cells are found before any is added: a loop that finds them runs in vectors, and one that adds is one of single numbers.
private let batchCount = 64

/// Adds each prediction to its cells. O(count).
///
/// The bound of an interval is k / n, rounded once; a confidence c lies at a bound or between two neighbours. Rounding c · n finds k or a
/// neighbour's place next to it, and comparing c with k / n says on which side of it c lies.
public func addConfidences(_ sums: UnsafeMutablePointer<ConfidenceSums>) {
    // What is read by the pointer is read again after each store.
    let block = sums.pointee
    let batch = ConfidenceBatch(scratch: block.scratch)
    var otherCount = 0
    // Wrapping: at most 1,024 predictions, whose parts are below 2^52; indices stay within the block's memory.
    var start = 0
    while start < block.count {
        let end = smaller(block.count, start &+ batchCount)
        var fine = LaneIntegers(repeating: 0)
        var i = start
        while i < end {
            let others = findCells(block, at: i, batch, i &- start, &fine)
            if others != 0 {
                for lane in 0..<8 where others & UInt8(1) &<< UInt8(truncatingIfNeeded: lane) != 0 {
                    block.others[otherCount] = Int32(truncatingIfNeeded: i &+ lane)
                    otherCount &+= 1
                }
            }
            i &+= 8
        }
        // Confidences of Float32 have no fine parts from 2^-17 on.
        let hasFine = xentAnyLane(fine) != 0
        if let grid = block.grid {
            if hasFine {
                batch.add(end &- start, to: block.cells, grid, hasFine: true, hasGrid: true)
            } else {
                batch.add(end &- start, to: block.cells, grid, hasFine: false, hasGrid: true)
            }
        } else {
            batch.add(end &- start, to: block.cells, block.cells, hasFine: hasFine, hasGrid: false)
        }
        start = end
    }
    sums.pointee.otherCount = otherCount
}

/// A batch's places and addends: each kind in an array of its own, in the order of the predictions.
private struct ConfidenceBatch {
    let places: UnsafeMutablePointer<Int64>
    /// The count and the coarse part of each prediction: of eight the even ones come first.
    let countsAndCoarse: UnsafeMutablePointer<Int64>
    let fine: UnsafeMutablePointer<Int64>, residuals: UnsafeMutablePointer<Int64>, gridPlaces: UnsafeMutablePointer<Int64>

    @inline(always) init(scratch: UnsafeMutablePointer<Int64>) {
        places = scratch
        countsAndCoarse = places + batchCount
        fine = countsAndCoarse + 2 &* batchCount
        residuals = fine + batchCount
        gridPlaces = residuals + batchCount
    }

    /// Adds the first `count` predictions, and those after them up to a multiple of eight, which add 0.
    @inline(always) func add(
        _ count: Int, to cells: UnsafeMutablePointer<Int64>, _ grid: UnsafeMutablePointer<Int64>, hasFine: Bool, hasGrid: Bool
    ) {
        var j = 0
        while j < count {
            for lane in 0..<8 {
                let cell = cells + Int(places[j &+ lane])
                xentAddTwo(cell, countsAndCoarse + (2 &* j &+ (lane & 1) &* 8 &+ (lane & 6)))
                if hasFine { cell[2] &+= fine[j &+ lane] }
                if hasGrid { grid[Int(gridPlaces[j &+ lane])] &+= residuals[j &+ lane] }
            }
            j &+= 8
        }
    }
}

/// Writes the places of the eight predictions from `i` on and what they add there, as those of the batch from `j` on, and adds the bits of the fine parts to
/// `fine`; returns which are left out, the first one lowest. What is left out, or lies beyond the block, adds 0 to the first cell.
@inline(always)
private func findCells(_ sums: ConfidenceSums, at i: Int, _ batch: ConfidenceBatch, _ j: Int, _ fine: inout LaneIntegers) -> UInt8 {
    let confidence = Lanes.load(sums.confidences + i), outcome = Lanes.load(sums.outcomes + i)
    let cut = NumberCut(confidence)
    let isInside = laneIndices .< LaneIntegers(repeating: Int64(sums.count &- i))
    let isHit = outcome .== lanes(1)
    let isUsual = (confidence .>= lanes(0)) .& (confidence .<= lanes(1)) .& ((outcome .== lanes(0)) .| isHit)
        .& cut.isWhole
    let isAdded = isUsual .& isInside
    /// The lanes of what is added, 0 in the others.
    @inline(always) func added(_ numbers: LaneIntegers) -> LaneIntegers { numbers & unsafeBitCast(isAdded, to: LaneIntegers.self) }

    let scaled = confidence * lanes(Double(sums.intervalCount)) + lanes(integerShift)
    let bound = quotient(scaled - lanes(integerShift), lanes(Double(sums.intervalCount)), lanes(1 / Double(sums.intervalCount)))
    let nearest = scaled.integerBits &- lanes(integerShift).integerBits
    // A mask's lane is −1 where it holds.
    let side = unsafeBitCast(confidence .< bound, to: LaneIntegers.self) &- unsafeBitCast(confidence .> bound, to: LaneIntegers.self)
    let cell = added((nearest &+ nearest &+ side) &<< LaneIntegers(repeating: 2))
    let count = added(LaneIntegers(repeating: 1) &+ (LaneIntegers(repeating: 1 &<< 32) & unsafeBitCast(isHit, to: LaneIntegers.self)))
    let finePart = added(cut.fine)
    fine = fine | finePart
    cell.store(batch.places + j)
    xentStoreInTurn(batch.countsAndCoarse + 2 &* j, count, added(cut.coarse))
    finePart.store(batch.fine + j)
    if sums.grid != nil {
        let place = confidence * lanes(Double(sums.gridCellCount))
        let rounded = place + lanes(integerShift)
        // One less where rounding went up, and for 1, which has no cell of its own.
        let down = ((rounded - lanes(integerShift)) .> place) .| (confidence .== lanes(1))
        let gridCell = (rounded.integerBits &- lanes(integerShift).integerBits) &+ unsafeBitCast(down, to: LaneIntegers.self)
        added(((outcome - confidence) + lanes(level1Shift)).integerBits &- lanes(level1Shift).integerBits).store(batch.residuals + j)
        added(gridCell).store(batch.gridPlaces + j)
    }
    return bits(isInside .& .!isUsual)
}
