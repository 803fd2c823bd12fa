// How often predictions of similar confidence were right: each prediction is added to one cell of intervals of equal width, and to one of a fine grid.

public import KernelABI

/// The predictions whose cells are found before any is added: a loop that finds them runs in vectors, and one that adds is one of single numbers.
private let batchCount = 64

/// Adds each prediction to its cells. O(count).
///
/// The bound of an interval is k / n, rounded once; a confidence c lies at a bound or between two neighbours. Rounding c · n finds k or a
/// neighbour's place next to it, and comparing c with k / n says on which side of it c lies.
public func addConfidences(_ sums: UnsafeMutablePointer<ConfidenceSums>) {
    let count = sums.pointee.count
    let scratch = sums.pointee.scratch
    // Five arrays of a batch.
    let places = scratch, counts = places + batchCount, coarse = counts + batchCount, fine = coarse + batchCount, residuals = fine + batchCount
    let gridPlaces = residuals + batchCount
    let cells = sums.pointee.cells, grid = sums.pointee.grid
    var otherCount = 0
    // Wrapping: at most 1,024 predictions, whose parts are below 2^52; indices stay within the block's memory.
    var start = 0
    while start < count {
        let end = smaller(count, start &+ batchCount)
        var i = start
        while i < end {
            let others = findCells(sums.pointee, at: i, scratch + (i &- start))
            if others != 0 {
                for lane in 0..<8 where others & UInt8(1) &<< UInt8(truncatingIfNeeded: lane) != 0 {
                    sums.pointee.others[otherCount] = Int32(truncatingIfNeeded: i &+ lane)
                    otherCount &+= 1
                }
            }
            i &+= 8
        }
        let batch = end &- start
        if let grid {
            for j in 0..<batch {
                let cell = cells + Int(places[j])
                cell[0] &+= counts[j]
                cell[1] &+= coarse[j]
                cell[2] &+= fine[j]
                grid[Int(gridPlaces[j])] &+= residuals[j]
            }
        } else {
            for j in 0..<batch {
                let cell = cells + Int(places[j])
                cell[0] &+= counts[j]
                cell[1] &+= coarse[j]
                cell[2] &+= fine[j]
            }
        }
        start = end
    }
    sums.pointee.otherCount = otherCount
}

/// Writes the places of eight predictions and what they add there, each kind to an array of its own; returns which are left out, the first one
/// lowest. What is left out, or lies beyond the block, adds 0 to the first cell.
@inline(always)
private func findCells(_ sums: ConfidenceSums, at i: Int, _ first: UnsafeMutablePointer<Int64>) -> UInt8 {
    let confidence = Lanes.load(sums.confidences + i), outcome = Lanes.load(sums.outcomes + i)
    // The cuts of `foldLosses`.
    let shifted = confidence + lanes(level1Shift)
    let remainder = confidence - (shifted - lanes(level1Shift))
    let shiftedRemainder = remainder + lanes(level2Shift)
    let isInside = laneIndices .< LaneIntegers(repeating: Int64(sums.count &- i))
    let isHit = outcome .== lanes(1)
    let isUsual = (confidence .>= lanes(0)) .& (confidence .<= lanes(1)) .& ((outcome .== lanes(0)) .| isHit)
        .& (remainder .== shiftedRemainder - lanes(level2Shift))
    let isAdded = isUsual .& isInside
    /// The lanes of what is added, 0 in the others.
    @inline(always) func added(_ numbers: LaneIntegers) -> LaneIntegers { numbers & unsafeBitCast(isAdded, to: LaneIntegers.self) }

    let scaled = confidence * lanes(Double(sums.intervalCount)) + lanes(integerShift)
    let bound = (scaled - lanes(integerShift)) / lanes(Double(sums.intervalCount))
    let nearest = scaled.integerBits &- lanes(integerShift).integerBits
    // A mask's lane is −1 where it holds.
    let side = unsafeBitCast(confidence .< bound, to: LaneIntegers.self) &- unsafeBitCast(confidence .> bound, to: LaneIntegers.self)
    let cell = added((nearest &+ nearest &+ side) &<< LaneIntegers(repeating: 2))
    let count = added(LaneIntegers(repeating: 1) &+ (LaneIntegers(repeating: 1 &<< 32) & unsafeBitCast(isHit, to: LaneIntegers.self)))
    let room = batchCount
    cell.store(first)
    count.store(first + room)
    added(shifted.integerBits &- lanes(level1Shift).integerBits).store(first + 2 &* room)
    added(shiftedRemainder.integerBits &- lanes(level2Shift).integerBits).store(first + 3 &* room)
    if sums.grid != nil {
        let place = confidence * lanes(Double(sums.gridCellCount))
        let rounded = place + lanes(integerShift)
        // One less where rounding went up, and for 1, which has no cell of its own.
        let down = ((rounded - lanes(integerShift)) .> place) .| (confidence .== lanes(1))
        let gridCell = (rounded.integerBits &- lanes(integerShift).integerBits) &+ unsafeBitCast(down, to: LaneIntegers.self)
        added(((outcome - confidence) + lanes(level1Shift)).integerBits &- lanes(level1Shift).integerBits).store(first + 4 &* room)
        added(gridCell).store(first + 5 &* room)
    }
    return bits(isInside .& .!isUsual)
}
