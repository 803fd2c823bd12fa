/// A contiguous range of grains, `front..<back`, small enough for one 64-bit atomic.
///
/// A grain is a run of consecutive units (see `UnitGrains`); up to 4,294,967,295 units it is one unit. `front <= back` always holds
/// for the words that this module makes. All the transitions of PROTOCOL.md on a word are here, as pure functions.
struct RangeWord: Equatable, Hashable {
    /// The first grain of the range: the next that the owner takes.
    let front: UInt32
    /// The end of the range, exclusive: thieves take from here.
    let back: UInt32

    static let empty = RangeWord(front: 0, back: 0)

    init(front: UInt32, back: UInt32) {
        self.front = front
        self.back = back
    }

    /// Unpacks what `bits` packed.
    init(bits: UInt64) {
        front = UInt32(truncatingIfNeeded: bits)
        back = UInt32(truncatingIfNeeded: bits >> 32)
    }

    /// `front` in the low half, `back` in the high half.
    var bits: UInt64 { UInt64(back) << 32 | UInt64(front) }

    var isEmpty: Bool { front >= back }

    var grainCount: UInt32 { isEmpty ? 0 : back - front }

    /// What the owner does: the front grain, and the range that is left. `nil` for an empty range.
    func takingFront() -> (grain: UInt32, left: RangeWord)? {
        guard !isEmpty else { return nil }
        return (front, RangeWord(front: front + 1, back: back))
    }

    /// What a thief does: the victim keeps the front half, rounded down; of the back half the thief keeps `grain`, its first, in hand
    /// and owns `rest`. A range of one is stolen whole, so that no grain depends on its owner ever being started.
    /// `nil` for an empty range.
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
