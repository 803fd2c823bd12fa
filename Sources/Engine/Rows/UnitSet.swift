/// A set of numbers of units, with a bit for each number up to the largest.
package struct UnitSet: Sendable, Equatable {
    /// The bits, 64 in a word, the lowest number in the lowest bit. The last word is not 0.
    private(set) var words: [UInt64] = []

    /// Makes an empty set.
    package init() {}

    /// Makes a set of words; nil if the last one is 0, so that each set has one form.
    init?(words: [UInt64]) {
        guard words.last != 0 else { return nil }
        self.words = words
    }

    /// Returns true if a number is in the set. O(1).
    package func contains(_ unit: Int) -> Bool {
        unit / 64 < words.count && words[unit / 64] >> UInt64(unit % 64) & 1 == 1
    }

    /// Puts a number into the set; it is at least 0. O(1), but for the growth of the set.
    package mutating func insert(_ unit: Int) {
        if unit / 64 >= words.count { words += [UInt64](repeating: 0, count: unit / 64 + 1 - words.count) }
        words[unit / 64] |= 1 << UInt64(unit % 64)
    }

    /// The number of numbers in the set. O(words).
    package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// The least number from 0 on that is not in the set. O(words).
    package var lowestMissing: Int {
        guard let word = words.firstIndex(where: { $0 != .max }) else { return words.count * 64 }
        return word * 64 + (~words[word]).trailingZeroBitCount
    }

    /// The largest number in the set; nil if it is empty.
    package var largest: Int? { words.last.map { words.count * 64 - 1 - $0.leadingZeroBitCount } }
}
