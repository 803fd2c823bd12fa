/// A contiguous range of grains, `front..<back`, small enough for one 64-bit atomic.
///
/// A grain is a run of consecutive units (see `UnitGrains`); up to 4,294,967,295 units it is one unit. `front <= back` always holds
/// for the words that this module makes. All the transitions of PROTOCOL.md on a word are here, as pure functions.
struct RangeWord: Equatable, Hashable {
    /// The first grain of the range, which the owner takes next.
    let front: UInt32
    /// The end of the range, exclusive. Thieves take from here.
    let back: UInt32

    static let empty = RangeWord(front: 0, back: 0)

    init(front: UInt32, back: UInt32) {
        self.front = front
        self.back = back
    }

    /// Unpacks `bits`.
    init(bits: UInt64) {
        front = UInt32(truncatingIfNeeded: bits)
        back = UInt32(truncatingIfNeeded: bits >> 32)
    }

    /// The word packed: `front` in the low half, `back` in the high half.
    var bits: UInt64 { UInt64(back) << 32 | UInt64(front) }

    var isEmpty: Bool { front >= back }

    var grainCount: UInt32 { isEmpty ? 0 : back - front }

    /// Splits off the front grain, as the owner does. Nil for an empty range.
    func takingFront() -> (grain: UInt32, left: RangeWord)? {
        guard !isEmpty else { return nil }
        return (front, RangeWord(front: front + 1, back: back))
    }

    /// Splits off the back half, as a thief does. The victim keeps the front half, rounded down. The thief keeps `grain`, the first of the
    /// back half, in hand and owns `rest`. A range of one is stolen whole, so that no grain depends on its owner ever being started. Nil
    /// for an empty range.
    func stealingBackHalf() -> (kept: RangeWord, grain: UInt32, rest: RangeWord)? {
        guard !isEmpty else { return nil }
        let middle = front + grainCount / 2
        return (
            RangeWord(front: front, back: middle),
            middle,
            RangeWord(front: middle + 1, back: back)
        )
    }
}
