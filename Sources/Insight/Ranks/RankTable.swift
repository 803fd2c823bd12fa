internal import Scoring

/// How many predictions of each outcome have each score, in the order of the scores.
///
/// Scores are kept as `OrderedKey`s. As long as there are at most `limit` different ones, the table is exact. Beyond, keys are cut to their first
/// bits: to the largest number of bits for which the scores of all rows have at most `limit` different keys. A part that cut its keys to so many
/// bits has seen more than `limit` different ones at one bit more, and so has the whole: so it does not matter in which order parts were
/// cut and merged, and the state depends on the set of rows alone.
///
/// Scores are collected, sorted by their bytes, and merged into the table 65,536 at a time. 24 bytes an entry, and 160 more with weights.
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
        /// Their weights; nil where predictions have none.
        var weights: Weights?
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
    /// The entries in ascending order of their keys, without the pending scores.
    private var entries: [Entry] = []
    private var pendingNegatives: [UInt64] = []
    private var pendingPositives: [UInt64] = []
    /// The pending scores where predictions have weights.
    private var pendingWeighted: [Pending] = []

    init(limit: Int = Self.usualLimit, hasWeights: Bool) {
        self.limit = limit
        self.hasWeights = hasWeights
    }

    /// Adds a score that is not NaN. O(1), and a share of a merge.
    @inline(__always)
    mutating func add(_ score: Double, isPositive: Bool) {
        let key = OrderedKey.key(of: score)
        if isPositive { pendingPositives.append(key) } else { pendingNegatives.append(key) }
        if pendingPositives.count + pendingNegatives.count >= Self.pendingLimit { flush() }
    }

    /// Adds a score that is not NaN, with the weight of its row.
    mutating func add(_ score: Double, isPositive: Bool, weight: Double) {
        pendingWeighted.append(Pending(key: OrderedKey.key(of: score), isPositive: isPositive, weight: weight))
        if pendingWeighted.count >= Self.pendingLimit { flush() }
    }

    /// Merges the pending scores into the entries.
    private mutating func flush() {
        guard !(pendingNegatives.isEmpty && pendingPositives.isEmpty && pendingWeighted.isEmpty) else { return }
        var added: [Entry] = []
        if hasWeights {
            pendingWeighted.sort { $0.key < $1.key }
            for score in pendingWeighted {
                let key = truncated(score.key)
                if added.last?.key != key { added.append(Entry(key: key, weights: Weights())) }
                let last = added.count - 1
                if score.isPositive {
                    added[last].positiveCount &+= 1  // Wrapping: no run has 2^64 rows.
                    added[last].weights?.positive.add(score.weight)
                } else {
                    added[last].negativeCount &+= 1
                    added[last].weights?.negative.add(score.weight)
                }
            }
            pendingWeighted.removeAll(keepingCapacity: true)
        } else {
            RadixSort.sort(&pendingNegatives)
            RadixSort.sort(&pendingPositives)
            added.reserveCapacity(pendingNegatives.count + pendingPositives.count)
            var i = 0, j = 0
            while i < pendingNegatives.count || j < pendingPositives.count {
                let takesNegative = j == pendingPositives.count || (i < pendingNegatives.count && pendingNegatives[i] <= pendingPositives[j])
                let key = truncated(takesNegative ? pendingNegatives[i] : pendingPositives[j])
                if added.last?.key != key { added.append(Entry(key: key)) }
                if takesNegative {
                    added[added.count - 1].negativeCount &+= 1
                    i += 1
                } else {
                    added[added.count - 1].positiveCount &+= 1
                    j += 1
                }
            }
            pendingNegatives.removeAll(keepingCapacity: true)
            pendingPositives.removeAll(keepingCapacity: true)
        }
        mergeEntries(added)
    }

    private func truncated(_ key: UInt64) -> UInt64 { bitCount == 64 ? key : key & ~(UInt64.max >> UInt64(bitCount)) }

    /// Merges entries in ascending order whose keys have been cut as those of the table.
    private mutating func mergeEntries(_ added: [Entry]) {
        var merged: [Entry] = []
        merged.reserveCapacity(entries.count + added.count)
        var i = 0, j = 0
        while i < entries.count || j < added.count {
            if j == added.count || (i < entries.count && entries[i].key < added[j].key) {
                merged.append(entries[i])
                i += 1
            } else if i == entries.count || added[j].key < entries[i].key {
                merged.append(added[j])
                j += 1
            } else {
                merged.append(Self.sum(entries[i], added[j]))
                i += 1
                j += 1
            }
        }
        entries = merged
        coarsen()
    }

    private static func sum(_ one: Entry, _ other: Entry) -> Entry {
        var sum = one
        sum.negativeCount.addSaturating(other.negativeCount)
        sum.positiveCount.addSaturating(other.positiveCount)
        if let added = other.weights {
            sum.weights?.negative.add(added.negative)
            sum.weights?.positive.add(added.positive)
        }
        return sum
    }

    /// Cuts keys until there are at most `limit` different ones.
    private mutating func coarsen() {
        guard entries.count > limit else { return }
        // Two neighbours with c equal leading bits are one key where c bits or fewer are kept.
        var neighboursByCommonBits = [Int](repeating: 0, count: 65)
        for (one, other) in zip(entries, entries.dropFirst()) { neighboursByCommonBits[(one.key ^ other.key).leadingZeroBitCount] += 1 }
        var bits = 0, keyCount = 1
        while bits < 64, keyCount + neighboursByCommonBits[bits] <= limit {
            keyCount += neighboursByCommonBits[bits]
            bits += 1
        }
        cut(to: bits)
    }

    private mutating func cut(to bits: Int) {
        guard bits < bitCount else { return }
        bitCount = bits
        var cut: [Entry] = []
        for var entry in entries {
            entry.key = bits == 0 ? 0 : truncated(entry.key)
            if let last = cut.last, last.key == entry.key {
                cut[cut.count - 1] = Self.sum(last, entry)
            } else {
                cut.append(entry)
            }
        }
        entries = cut
    }

    /// Adds the scores of another table with the same limit.
    mutating func merge(_ other: RankTable) {
        flush()
        var other = other
        other.flush()
        let bits = min(bitCount, other.bitCount)
        cut(to: bits)
        other.cut(to: bits)
        mergeEntries(other.entries)
    }

    /// The entries of all scores, in ascending order.
    var sortedEntries: [Entry] {
        var table = self
        table.flush()
        return table.entries
    }

    /// The number of bits that keys keep after all scores are merged.
    var keptBitCount: Int {
        var table = self
        table.flush()
        return table.bitCount
    }

    /// Appends one byte, the number of bits; a varint, the number of entries; and for each in ascending order a varint, the difference of its key
    /// to the one before, two varints, its counts, and where there are weights two exact sums.
    func encode(into bytes: inout [UInt8]) {
        var table = self
        table.flush()
        bytes.append(UInt8(table.bitCount))
        bytes.append(varint: UInt64(table.entries.count))
        var last: UInt64 = 0
        for entry in table.entries {
            // Wrapping: keys ascend.
            bytes.append(varint: entry.key &- last)
            last = entry.key
            bytes.append(varint: entry.negativeCount)
            bytes.append(varint: entry.positiveCount)
            if let weights = entry.weights {
                weights.negative.encode(into: &bytes)
                weights.positive.encode(into: &bytes)
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
            guard !overflow, decoded.isEmpty || difference > 0, bits == 0 ? key == 0 : truncated(key) == key else {
                throw .damaged("the scores are not in order")
            }
            var entry = Entry(key: key)
            entry.negativeCount = try reader.varint()
            entry.positiveCount = try reader.varint()
            if hasWeights {
                entry.weights = Weights(negative: CompactSum(try reader.exactSum()), positive: CompactSum(try reader.exactSum()))
            }
            decoded.append(entry)
        }
        guard decoded.count <= limit else { throw .damaged("\(decoded.count) different scores, and \(limit) may be") }
        entries = decoded
    }

    /// The numbers that an entry's key may stand for: equal ends as long as the table is exact.
    func range(of entry: Entry) -> ClosedRange<Double> {
        let lower = OrderedKey.number(of: entry.key)
        guard keptBitCount < 64 else { return lower...lower }
        let upper = OrderedKey.number(of: entry.key | (bitCount == 0 ? .max : UInt64.max >> UInt64(bitCount)))
        return (lower.isNaN ? -.infinity : lower)...(upper.isNaN ? .infinity : upper)
    }
}

/// Sorting of integers by their bytes.
enum RadixSort {
    /// Sorts in ascending order. O(count) for each byte in which the numbers differ.
    static func sort(_ numbers: inout [UInt64]) {
        guard numbers.count > 64 else { return numbers.sort() }
        var differing: UInt64 = 0
        for number in numbers { differing |= number ^ numbers[0] }
        var other = [UInt64](repeating: 0, count: numbers.count)
        for shift in stride(from: UInt64(0), to: 64, by: 8) where (differing >> shift) & 0xFF != 0 {
            var starts = [Int](repeating: 0, count: 257)
            for number in numbers { starts[Int((number >> shift) & 0xFF) + 1] += 1 }
            for digit in 0..<256 { starts[digit + 1] += starts[digit] }
            for number in numbers {
                let digit = Int((number >> shift) & 0xFF)
                other[starts[digit]] = number
                starts[digit] += 1
            }
            swap(&numbers, &other)
        }
    }
}
