// The sums of losses by two classes, side by side.

public import KernelABI

/// Adds up the losses of rows of two classes, and their squares; `isUsual` is 0, and the sums mean nothing, if a loss does not fit, is NaN, or is of
/// another class than 0 and 1. O(count).
public func addTwoClasses(_ sums: UnsafeMutablePointer<TwoClassSums>) {
    let count = sums.pointee.count
    var all = ClassLanes(), one = ClassLanes()
    var unusual = LaneIntegers(repeating: 0)
    // Wrapping: at most 1,024 losses, whose parts are below 2^52; indices stay within the block's memory.
    var i = 0
    while i < count {
        let isInside = unsafeBitCast(laneIndices .< LaneIntegers(repeating: Int64(count &- i)), to: LaneIntegers.self)
        let loss = Lanes(bits: Lanes.load(sums.pointee.losses + i).bits & isInside.unsigned)
        let label = widen(xentLoadInt32x8(sums.pointee.classes + i)) & isInside
        let cut = NumberCut(loss)
        // NaN fits nowhere.
        let fits = (loss.absolute .< lanes(largeLoss)) .& cut.isWhole
        unusual = unusual | ~unsafeBitCast(fits, to: LaneIntegers.self) | (label &>> LaneIntegers(repeating: 1))
        let isOne = LaneIntegers(repeating: 0) &- label
        let square = (loss.absolute + lanes(level1Shift)).bits &- lanes(level1Shift).bits
        // Below 2^32, and said so: a product of halves is one instruction where a whole one is several.
        let high = (square &>> laneBits(26)) & laneBits(0xFFFF_FFFF), low = square & laneBits(0x3FF_FFFF)
        let parts = ClassLanes(
            coarse: cut.coarse, fine: cut.fine,
            squareHigh: (high &* high).signed, squareMiddle: (high &* low).signed, squareLow: (low &* low).signed, count: isInside & LaneIntegers(repeating: 1),
            correctCount: xentWidenUInt8(sums.pointee.isCorrect + i) & isInside)
        all.add(parts, where: LaneIntegers(repeating: -1))
        one.add(parts, where: isOne)
        i &+= 8
    }
    sums.pointee.isUsual = xentAnyLane(unusual) == 0 ? 1 : 0
    sums.pointee.all = all.totals
    sums.pointee.one = one.totals
}

/// Eight sums of each kind side by side.
private struct ClassLanes {
    var coarse = LaneIntegers(repeating: 0), fine = LaneIntegers(repeating: 0)
    var squareHigh = LaneIntegers(repeating: 0), squareMiddle = LaneIntegers(repeating: 0), squareLow = LaneIntegers(repeating: 0)
    var count = LaneIntegers(repeating: 0), correctCount = LaneIntegers(repeating: 0)

    /// Adds the lanes of which `mask` has all bits.
    @inline(always)
    mutating func add(_ other: ClassLanes, where mask: LaneIntegers) {
        coarse &+= other.coarse & mask
        fine &+= other.fine & mask
        squareHigh &+= other.squareHigh & mask
        squareMiddle &+= other.squareMiddle & mask
        squareLow &+= other.squareLow & mask
        count &+= other.count & mask
        correctCount &+= other.correctCount & mask
    }

    @inline(always)
    var totals: ClassSums {
        ClassSums(
            coarse: coarse.wrappedTotal, fine: fine.wrappedTotal, squareHigh: squareHigh.wrappedTotal, squareMiddle: squareMiddle.wrappedTotal,
            squareLow: squareLow.wrappedTotal, count: count.wrappedTotal, correctCount: correctCount.wrappedTotal)
    }
}
