internal import Elements
internal import Scoring

/// How many predictions of each outcome have each score, in the order of the scores.
///
/// Scores are kept as `OrderedKey`s. As long as there are at most `limit` different ones, the table is exact. Beyond, keys are cut to their first
/// bits: to the largest number of bits for which the scores of all rows have at most `limit` different keys. A part that cut its keys to so many
/// bits has seen more than `limit` different ones at one bit more, and so has the whole: so it does not matter in which order parts were
/// cut and merged, and the state depends on the set of rows alone.
///
/// Scores are collected, sorted by their bytes, and merged into the table 65,536 at a time. Once keys are cut, a score without a weight is counted at
/// the place of its key. 24 bytes an entry, and 160 more with weights; at most 16 bytes more for each of `limit` keys where scores are counted in place.
struct RankTable: Sendable {
    /// The usual largest number of different keys.
    static let usualLimit = 65_536
    /// The number of scores that are collected before they are merged.
    private static let pendingLimit = 65_536

    /// The scores of one key.
    struct Entry: Sendable {
        /// The key, whose last bits are 0 where keys are cut.
        var key: UInt64
        /// The numbers of predictions whose outcome is 0, and whose outcome is 1.
        var negativeCount: UInt64 = 0, positiveCount: UInt64 = 0
    }

    /// The weights of the scores of a key.
    struct Weights: Sendable {
        var negative = CompactSum(), positive = CompactSum()
    }

    /// A score that has not been merged.
    private struct Pending {
        var key: UInt64
        var isPositive: Bool
        var weight: Double
    }

    let limit: Int
    let hasWeights: Bool
    /// The number of bits that keys keep: 64 as long as the table is exact.
    private(set) var bitCount = 64
    /// The entries in ascending order of their keys, without the pending scores, and their weights, empty where predictions have none.
    private(set) var entries: [Entry] = []
    private(set) var weights: [Weights] = []
    private var pendingNegatives: [UInt64] = []
    private var pendingPositives: [UInt64] = []
    /// The pending scores where predictions have weights.
    private var pendingWeighted: [Pending] = []
    /// Scores of cut keys that have been counted and not merged.
    private var counters = KeyCounters()

    /// True as long as no key was cut.
    var isExact: Bool { bitCount == 64 }

    init(limit: Int = Self.usualLimit, hasWeights: Bool) {
        self.limit = limit
        self.hasWeights = hasWeights
    }

    /// Adds a score that is not NaN. O(1), and a share of a merge.
    @inline(__always)
    mutating func add(_ score: Double, isPositive: Bool) {
        let key = OrderedKey.key(of: score)
        if counters.count(key, isPositive: isPositive) { return }
        addPending(key, isPositive: isPositive)
    }

    /// Counts the scores of a block without weights. Returns the first one that has not been added; `count` if all have. O(count).
    mutating func count(
        _ scores: UnsafeRawPointer, _ element: ElementType, _ labels: UnsafePointer<Int32>, count: Int, _ kernels: PredictionKernels,
        _ places: inout PredictionKernels.Places
    ) -> Int {
        counters.count(scores, element, labels, count: count, kernels, &places)
    }

    @inline(never)
    private mutating func addPending(_ key: UInt64, isPositive: Bool) {
        if isPositive { pendingPositives.append(key) } else { pendingNegatives.append(key) }
        if pendingPositives.count + pendingNegatives.count >= Self.pendingLimit || counters.isFull { flush() }
    }

    /// Adds a score that is not NaN, with the weight of its row.
    mutating func add(_ score: Double, isPositive: Bool, weight: Double) {
        pendingWeighted.append(Pending(key: OrderedKey.key(of: score), isPositive: isPositive, weight: weight))
        if pendingWeighted.count >= Self.pendingLimit { flush() }
    }

    /// Merges the pending scores into the entries.
    private mutating func flush() {
        if !pendingWeighted.isEmpty { flushWeighted() }
        let counted = counters.takeEntries()
        if !counted.isEmpty { mergeEntries(counted[...], []) }
        guard !(pendingNegatives.isEmpty && pendingPositives.isEmpty) else { return }
        let mask = KeyPrefix.mask(bitCount)
        RadixSort.sort(&pendingNegatives, mask: mask)
        RadixSort.sort(&pendingPositives, mask: mask)
        var added = [Entry](repeating: Entry(key: 0), count: pendingNegatives.count + pendingPositives.count)
        var addedCount = 0
        added.withUnsafeMutableBufferPointer { added in
            pendingNegatives.withUnsafeBufferPointer { negatives in
                pendingPositives.withUnsafeBufferPointer { positives in
                    var i = 0, j = 0
                    while i < negatives.count || j < positives.count {
                        var key = UInt64.max
                        if i < negatives.count { key = negatives[i] }
                        if j < positives.count, positives[j] < key { key = positives[j] }
                        let (firstNegative, firstPositive) = (i, j)
                        while i < negatives.count, negatives[i] == key { i += 1 }
                        while j < positives.count, positives[j] == key { j += 1 }
                        added[addedCount] = Entry(
                            key: key, negativeCount: UInt64(i - firstNegative), positiveCount: UInt64(j - firstPositive))
                        addedCount += 1
                    }
                }
            }
        }
        pendingNegatives.removeAll(keepingCapacity: true)
        pendingPositives.removeAll(keepingCapacity: true)
        mergeEntries(added[..<addedCount], [])
    }

    private mutating func flushWeighted() {
        let mask = KeyPrefix.mask(bitCount)
        pendingWeighted.sort { $0.key < $1.key }
        var added: [Entry] = [], addedWeights: [Weights] = []
        for score in pendingWeighted {
            let key = score.key & mask
            if added.last?.key != key {
                added.append(Entry(key: key))
                addedWeights.append(Weights())
            }
            let last = added.count - 1
            if score.isPositive {
                added[last].positiveCount &+= 1  // Wrapping: no run has 2^64 rows.
                addedWeights[last].positive.add(score.weight)
            } else {
                added[last].negativeCount &+= 1
                addedWeights[last].negative.add(score.weight)
            }
        }
        pendingWeighted.removeAll(keepingCapacity: true)
        mergeEntries(added[...], addedWeights)
    }

    /// Merges entries in ascending order whose keys have been cut as those of the table.
    private mutating func mergeEntries(_ added: ArraySlice<Entry>, _ addedWeights: [Weights]) {
        var merged = [Entry](repeating: Entry(key: 0), count: entries.count + added.count)
        var mergedWeights: [Weights] = []
        if hasWeights { mergedWeights.reserveCapacity(merged.count) }
        var mergedCount = 0
        merged.withUnsafeMutableBufferPointer { merged in
            entries.withUnsafeBufferPointer { entries in
                added.withUnsafeBufferPointer { added in
                    var i = 0, j = 0
                    while i < entries.count || j < added.count {
                        if j == added.count || (i < entries.count && entries[i].key < added[j].key) {
                            merged[mergedCount] = entries[i]
                            if hasWeights { mergedWeights.append(weights[i]) }
                            i += 1
                        } else if i == entries.count || added[j].key < entries[i].key {
                            merged[mergedCount] = added[j]
                            if hasWeights { mergedWeights.append(addedWeights[j]) }
                            j += 1
                        } else {
                            merged[mergedCount] = Self.sum(entries[i], added[j])
                            if hasWeights { mergedWeights.append(Self.sum(weights[i], addedWeights[j])) }
                            i += 1
                            j += 1
                        }
                        mergedCount += 1
                    }
                }
            }
        }
        merged.removeLast(merged.count - mergedCount)
        entries = merged
        weights = mergedWeights
        coarsen()
        placeCounters()
    }

    /// Makes room for counts of cut keys, where they lie near enough to one another.
    private mutating func placeCounters() {
        guard bitCount < 64, !hasWeights, let first = entries.first?.key, let last = entries.last?.key else { return }
        counters.place(first: first, last: last, bitCount: bitCount, limit: 4 * limit)
    }

    @inline(__always)
    private static func sum(_ one: Entry, _ other: Entry) -> Entry {
        var sum = one
        sum.negativeCount.addSaturating(other.negativeCount)
        sum.positiveCount.addSaturating(other.positiveCount)
        return sum
    }

    private static func sum(_ one: Weights, _ other: Weights) -> Weights {
        var sum = one
        sum.negative.add(other.negative)
        sum.positive.add(other.positive)
        return sum
    }

    /// Cuts keys until there are at most `limit` different ones.
    private mutating func coarsen() {
        guard entries.count > limit else { return }
        cut(to: KeyPrefix.bitCount(ofAscending: entries.lazy.map(\.key), limit: limit))
    }

    private mutating func cut(to bits: Int) {
        guard bits < bitCount else { return }
        bitCount = bits
        // None are counted when keys are cut: counts have been merged. Those that are cut are placed anew.
        counters = KeyCounters()
        let mask = KeyPrefix.mask(bits)
        var cut: [Entry] = [], cutWeights: [Weights] = []
        for (index, entry) in entries.enumerated() {
            let key = entry.key & mask
            if let last = cut.last, last.key == key {
                cut[cut.count - 1] = Self.sum(last, entry)
                if hasWeights { cutWeights[cut.count - 1] = Self.sum(cutWeights[cut.count - 1], weights[index]) }
            } else {
                cut.append(Entry(key: key, negativeCount: entry.negativeCount, positiveCount: entry.positiveCount))
                if hasWeights { cutWeights.append(weights[index]) }
            }
        }
        entries = cut
        weights = cutWeights
    }

    /// Adds the scores of another table with the same limit.
    mutating func merge(_ other: RankTable) {
        flush()
        var other = other
        other.flush()
        let bits = min(bitCount, other.bitCount)
        cut(to: bits)
        other.cut(to: bits)
        mergeEntries(other.entries[...], other.weights)
    }

    /// The table with all scores in its entries.
    var flushed: RankTable {
        var table = self
        table.flush()
        return table
    }

    /// The numbers of scores in a flushed table whose outcome is 1, and whose outcome is 0.
    var outcomeCounts: (positive: UInt64, negative: UInt64) {
        var counts: (positive: UInt64, negative: UInt64) = (0, 0)
        for entry in entries {
            counts.positive.addSaturating(entry.positiveCount)
            counts.negative.addSaturating(entry.negativeCount)
        }
        return counts
    }

    /// Appends one byte, the number of bits; a varint, the number of entries; and for each in ascending order a varint, the difference of its key
    /// to the one before, two varints, its counts, and where there are weights two exact sums.
    func encode(into bytes: inout [UInt8]) {
        let table = flushed
        bytes.append(UInt8(table.bitCount))
        bytes.append(varint: UInt64(table.entries.count))
        var last: UInt64 = 0
        for (index, entry) in table.entries.enumerated() {
            // Wrapping: keys ascend.
            bytes.append(varint: entry.key &- last)
            last = entry.key
            bytes.append(varint: entry.negativeCount)
            bytes.append(varint: entry.positiveCount)
            if hasWeights {
                table.weights[index].negative.encode(into: &bytes)
                table.weights[index].positive.encode(into: &bytes)
            }
        }
    }

    /// Replaces the scores by what `encode(into:)` wrote.
    mutating func decode(_ reader: inout SectionReader) throws(PartialError) {
        self = RankTable(limit: limit, hasWeights: hasWeights)
        let bits = Int(try reader.bytes(1).first ?? 0)
        guard bits <= 64 else { throw .damaged("keys of \(bits) bits") }
        bitCount = bits
        var decoded: [Entry] = []
        for _ in 0..<(try reader.varintCount(leastByteCount: 3)) {
            let difference = try reader.varint()
            let (key, overflow) = (decoded.last?.key ?? 0).addingReportingOverflow(difference)
            guard !overflow, decoded.isEmpty || difference > 0, key & KeyPrefix.mask(bits) == key else {
                throw .damaged("the scores are not in order")
            }
            var entry = Entry(key: key)
            entry.negativeCount = try reader.varint()
            entry.positiveCount = try reader.varint()
            if hasWeights {
                weights.append(Weights(negative: try CompactSum(&reader), positive: try CompactSum(&reader)))
            }
            decoded.append(entry)
        }
        guard decoded.count <= limit else { throw .damaged("\(decoded.count) different scores, and \(limit) may be") }
        entries = decoded
    }

    /// The numbers that an entry's key may stand for in a flushed table: equal ends as long as it is exact.
    func range(of entry: Entry) -> ClosedRange<Double> {
        let lower = OrderedKey.number(of: entry.key)
        guard !isExact else { return lower...lower }
        let upper = OrderedKey.number(of: entry.key | ~KeyPrefix.mask(bitCount))
        return (lower.isNaN ? -.infinity : lower)...(upper.isNaN ? .infinity : upper)
    }
}

/// Sorting of integers by their digits.
enum RadixSort {
    private static let digitBits: UInt64 = 11

    /// Cuts the numbers to the bits of a mask, and sorts them in ascending order. O(count) for each of six digits in which they differ.
    static func sort(_ numbers: inout [UInt64], mask: UInt64 = .max) {
        guard let first = numbers.first else { return }
        var differing: UInt64 = 0
        for index in numbers.indices {
            numbers[index] &= mask
            differing |= numbers[index] ^ (first & mask)
        }
        guard numbers.count > 64 else { return numbers.sort() }
        var other = [UInt64](repeating: 0, count: numbers.count)
        let digitMask: UInt64 = 1 << digitBits - 1
        var starts = [Int](repeating: 0, count: Int(digitMask) + 2)
        // The digits are cut from the first bit in which numbers differ.
        var shift = UInt64(differing.trailingZeroBitCount)
        while shift < 64 {
            defer { shift += digitBits }
            guard (differing >> shift) & digitMask != 0 else { continue }
            starts.withUnsafeMutableBufferPointer { starts in
                numbers.withUnsafeBufferPointer { numbers in
                    other.withUnsafeMutableBufferPointer { other in
                        for digit in starts.indices { starts[digit] = 0 }
                        for number in numbers { starts[Int(truncatingIfNeeded: (number >> shift) & digitMask) + 1] &+= 1 }
                        for digit in 1..<starts.count { starts[digit] &+= starts[digit - 1] }
                        for number in numbers {
                            let digit = Int(truncatingIfNeeded: (number >> shift) & digitMask)
                            other[starts[digit]] = number
                            starts[digit] &+= 1  // Wrapping: at most the number of numbers.
                        }
                    }
                }
            }
            swap(&numbers, &other)
        }
    }
}
