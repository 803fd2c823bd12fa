internal import Elements
internal import Scoring

/// Counts of scores by the first bits of their keys: what a `RankTable` counts in place of sorting.
///
/// The places between two keys are cut into at most 4,096 pages, and a page has memory once a score lies in it: keys of numbers of both signs are far from
/// one another, with nothing in most of the places between.
struct KeyCounters: Sendable {
    /// Two counts a place, of the scores whose outcome is 0, and 1, modulo 2^16; page after page in the order of their first scores. Counts of 16 bits are
    /// half as much memory as others, through which scores go at random: what the processor's cache does not hold is most of the time that they take.
    private var counts: [UInt16] = []
    /// The indices of the counts that went beyond 2^16, once for each time.
    private var overflows: [Int32] = []
    /// The index of each page among those with memory; −1 for none.
    private var indexOfPage: [Int32] = []
    /// The first prefix, and the number of bits that are cut off a key to get one.
    private var first: UInt64 = 0, shift: UInt64 = 0
    /// The number of prefixes from the first one on that have a place, and how many bits of a place are that within its page.
    private var placeCount: UInt64 = 0, pageBits: UInt64 = 0
    /// The largest number of places of pages with memory.
    private var placeLimit = 0
    /// The number of scores that may be counted before they are to be taken.
    private var room = Self.countLimit
    private static let countLimit = 1 << 31

    /// True if there is room for no key.
    var isEmpty: Bool { placeCount == 0 }
    /// True if the counts have to be taken before more scores are counted.
    var isFull: Bool { room == 0 }

    /// Makes room for the keys of `bitCount` bits from `first` to `last`, of which at most `limit` places get memory; for none where there would be more
    /// than 2^30. No scores may be counted.
    mutating func place(first: UInt64, last: UInt64, bitCount: Int, limit: Int) {
        let shift = UInt64(64 - bitCount)
        // Cutting off all 64 bits leaves 0.
        let (firstPrefix, distance) = (first >> shift, (last >> shift) - (first >> shift))
        guard bitCount > 0, distance < 1 << 30 else {
            self = KeyCounters()
            return
        }
        guard (self.first, self.shift, placeCount) != (firstPrefix, shift, distance + 1) else { return }
        self = KeyCounters()
        (self.first, self.shift, placeCount) = (firstPrefix, shift, distance + 1)
        pageBits = UInt64(max(0, 64 - distance.leadingZeroBitCount - 12))
        indexOfPage = Array(repeating: -1, count: Int(distance >> pageBits) + 1)
        placeLimit = limit
    }

    /// Gives a page memory; returns false if the pages have all that they may have.
    @inline(never)
    private mutating func add(page: Int) -> Bool {
        guard counts.count / 2 + 1 << Int(pageBits) <= placeLimit else { return false }
        indexOfPage[page] = Int32(counts.count >> (Int(pageBits) + 1))
        counts += [UInt16](repeating: 0, count: 2 << Int(pageBits))
        return true
    }

    /// Counts a score; returns false, and counts nothing, where there is no room for its key.
    @inline(__always)
    mutating func count(_ key: UInt64, isPositive: Bool) -> Bool {
        // Wrapping: below the first key it is beyond the last one.
        let place = (key >> shift) &- first
        guard place < placeCount, room > 0 else { return false }
        let page = Int(place >> pageBits)
        if indexOfPage[page] < 0 { guard add(page: page) else { return false } }
        let within = Int(place << 1) & ((2 << Int(pageBits)) - 1)
        let index = Int(indexOfPage[page]) << (Int(pageBits) + 1) | within | (isPositive ? 1 : 0)
        counts[index] &+= 1  // Wrapping: see `overflows`.
        if counts[index] == 0 { overflows.append(Int32(index)) }
        room -= 1
        return true
    }

    /// Counts the scores of a block without weights, at most `PredictionKernels.limit`. Returns the first one for whose key there is no room; 0 where
    /// one of all has none by its size, and `count` if all are counted. O(count).
    ///
    /// - Parameters:
    ///   - scores: as they are stored, with 64 readable bytes after the last one.
    ///   - labels: 0 where the outcome is 0, and any other number where it is 1.
    mutating func count(
        _ scores: UnsafeRawPointer, _ element: ElementType, _ labels: UnsafePointer<Int32>, count: Int, _ kernels: PredictionKernels,
        _ places: inout PredictionKernels.Places
    ) -> Int {
        // No room for all of them, or for one key of all, whose bits are cut off all.
        guard !isEmpty, room >= count, shift < 64,
            kernels.findPlaces(scores, element, count: count, shift: shift, first: first, placeCount: placeCount, &places)
        else { return 0 }
        var next = 0
        while next < count {
            var missing = -1, overflow = -1
            let pageShift = Int32(pageBits + 1), mask = (Int32(2) << Int32(pageBits)) &- 1
            counts.withUnsafeMutableBufferPointer { counts in
                indexOfPage.withUnsafeBufferPointer { indexOfPage in
                    places.withDoubledPlaces { doubled in
                        guard let counts = counts.baseAddress, let indexOfPage = indexOfPage.baseAddress else { return }
                        // In registers, and with masking shifts: the fewer instructions a score takes, the more of the memory's waits go on at the same time.
                        var i = next
                        defer { next = i }
                        while i < count {
                            let twice = doubled[i]
                            let page = Int(truncatingIfNeeded: twice &>> pageShift), index = Int(truncatingIfNeeded: indexOfPage[page])
                            guard index >= 0 else {
                                missing = page
                                return
                            }
                            let place = index &<< Int(truncatingIfNeeded: pageShift) | Int(truncatingIfNeeded: twice & mask) | (labels[i] != 0 ? 1 : 0)
                            let count = counts[place] &+ 1  // Wrapping: see `overflows`.
                            counts[place] = count
                            i &+= 1
                            if count == 0 {
                                overflow = place
                                return
                            }
                        }
                    }
                }
            }
            if overflow >= 0 { overflows.append(Int32(overflow)) }
            if missing >= 0, !add(page: missing) { break }
        }
        room -= next
        return next
    }

    /// Returns the keys that were counted, in ascending order, and counts from 0 again.
    mutating func takeEntries() -> [RankTable.Entry] {
        guard room < Self.countLimit else { return [] }
        room = Self.countLimit
        var carried: [Int: UInt64] = [:]
        for index in overflows { carried[Int(index), default: 0] += 1 << 16 }
        overflows.removeAll()
        /// Returns a count, and begins it anew.
        func take(_ index: Int) -> UInt64 {
            defer { counts[index] = 0 }
            return UInt64(counts[index]) + (carried.isEmpty ? 0 : carried[index] ?? 0)
        }
        var entries: [RankTable.Entry] = []
        for (page, index) in indexOfPage.enumerated() where index >= 0 {
            for within in 0..<1 << Int(pageBits) {
                let place = 2 * (Int(index) << Int(pageBits) | within)
                let negatives = take(place), positives = take(place + 1)
                guard negatives + positives > 0 else { continue }
                entries.append(
                    RankTable.Entry(
                        key: (first + UInt64(page << Int(pageBits) | within)) << shift, negativeCount: negatives, positiveCount: positives))
            }
        }
        return entries
    }
}
