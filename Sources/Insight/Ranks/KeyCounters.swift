internal import Elements
internal import Scoring

/// Counts of scores by the first bits of their keys, between two of them: what a `RankTable` counts in place of sorting.
struct KeyCounters: Sendable {
    /// Two counts a prefix, of the scores whose outcome is 0, and 1.
    private var counts: [UInt32] = []
    /// The first prefix, and the number of bits that are cut off a key to get one.
    private var first: UInt64 = 0, shift: UInt64 = 0
    /// The number of scores that may be counted before one of the counts might be full.
    private var room = Self.countLimit
    private static let countLimit = 1 << 31

    /// True if there is room for no key.
    var isEmpty: Bool { counts.isEmpty }
    /// True if the counts have to be taken before more scores are counted.
    var isFull: Bool { room == 0 }

    /// Makes room for the keys of `bitCount` bits from `first` to `last`; for none where there would be more than `limit`. No scores may be counted.
    mutating func place(first: UInt64, last: UInt64, bitCount: Int, limit: Int) {
        shift = UInt64(64 - bitCount)
        // Cutting off all 64 bits leaves 0.
        self.first = first >> shift
        let distance = (last >> shift) - self.first
        guard bitCount > 0, distance < UInt64(limit) else {
            counts = []
            return
        }
        let capacity = 2 * (Int(distance) + 1)
        if counts.count != capacity { counts = Array(repeating: 0, count: capacity) }
    }

    /// Counts a score; returns false, and counts nothing, where there is no room for its key.
    @inline(__always)
    mutating func count(_ key: UInt64, isPositive: Bool) -> Bool {
        // Wrapping: below the first key it is beyond the last one.
        let place = (key >> shift) &- first
        guard place < UInt64(counts.count / 2), room > 0 else { return false }
        counts[Int(2 * place) + (isPositive ? 1 : 0)] &+= 1  // Wrapping: see `room`.
        room -= 1
        return true
    }

    /// Counts scores; those that are NaN are left out. Returns the first one for whose key there is no room; the end of the range if there is none.
    @inline(__always)
    mutating func count(_ range: Range<Int>, _ score: (_ row: Int) -> Double, isPositive: (_ row: Int) -> Bool) -> Int {
        let (first, shift) = (first, shift)
        let end = range.lowerBound + min(room, range.count)
        let next = counts.withUnsafeMutableBufferPointer { counts in
            let placeCount = UInt64(counts.count / 2)
            for i in range.lowerBound..<end {
                let score = score(i)
                guard score == score else { continue }
                // Wrapping: below the first key it is beyond the last one.
                let place = (OrderedKey.key(of: score) >> shift) &- first
                guard place < placeCount else { return i }
                counts[Int(truncatingIfNeeded: 2 &* place) &+ (isPositive(i) ? 1 : 0)] &+= 1  // Wrapping: see `room`.
            }
            return end
        }
        room -= next - range.lowerBound
        return next
    }

    /// Counts the scores of a block without weights, at most `PredictionKernels.limit`; returns false, and counts nothing, unless there is room for the key
    /// of each. O(count).
    ///
    /// - Parameters:
    ///   - scores: as they are stored, with 64 readable bytes after the last one.
    ///   - labels: 0 where the outcome is 0, and any other number where it is 1.
    mutating func count(
        _ scores: UnsafeRawPointer, _ element: ElementType, _ labels: UnsafePointer<Int32>, count: Int, _ kernels: PredictionKernels,
        _ places: inout PredictionKernels.Places
    ) -> Bool {
        // No room for all of them, or for one key of all, whose bits are cut off all.
        guard !counts.isEmpty, room >= count, shift < 64,
            kernels.findPlaces(scores, element, count: count, shift: shift, first: first, placeCount: UInt64(counts.count / 2), &places)
        else { return false }
        counts.withUnsafeMutableBufferPointer { counts in
            places.withDoubledPlaces { doubled in
                for i in 0..<count { counts[Int(doubled[i]) &+ (labels[i] != 0 ? 1 : 0)] &+= 1 }  // Wrapping: see `room`.
            }
        }
        room -= count
        return true
    }

    /// Returns the keys that were counted, in ascending order, and counts from 0 again.
    mutating func takeEntries() -> [RankTable.Entry] {
        guard room < Self.countLimit else { return [] }
        room = Self.countLimit
        var entries: [RankTable.Entry] = []
        for place in 0..<counts.count / 2 where counts[2 * place] | counts[2 * place + 1] != 0 {
            entries.append(
                RankTable.Entry(
                    key: (first + UInt64(place)) << shift, negativeCount: UInt64(counts[2 * place]), positiveCount: UInt64(counts[2 * place + 1])))
            (counts[2 * place], counts[2 * place + 1]) = (0, 0)
        }
        return entries
    }
}
