internal import Elements
internal import Scoring

/// How many numbers lie in each of many narrow intervals, from which quantiles follow with bounds that are guaranteed.
///
/// An interval holds the numbers with the same sign, exponent and first eight bits of the significand: it is at most 2^-8 of its numbers wide. Sums
/// are exact: the state depends on the set of numbers alone. 2 KB for each power of two that numbers lie next to, and 20 KB more with weights.
struct LogLinearHistogram: Sendable {
    private static let intervalsPerPage = 256
    /// Keys are cut to their first 20 bits: twelve for sign and exponent, which number a page, and eight.
    private static let keyShift: UInt64 = 44

    let hasWeights: Bool
    /// The counts of a sign and an exponent are a page of 256, of which those with numbers follow one another in no order. The weights lie in the
    /// same order, and are empty where numbers have none.
    private var counts: [UInt64] = []
    private var weights: [CompactSum] = []
    /// The index of the page of a sign and exponent; −1 for none.
    private var indexOfPage = [Int16](repeating: -1, count: 4096)
    /// The least and the largest number.
    private(set) var minimum = Double.infinity, maximum = -Double.infinity

    init(hasWeights: Bool) { self.hasWeights = hasWeights }

    /// Adds a number that is not NaN. O(1).
    @inline(__always)
    mutating func add(_ number: Double, weight: Double = 1) {
        if number < minimum { minimum = number }
        if number > maximum { maximum = number }
        let prefix = Int(truncatingIfNeeded: OrderedKey.key(of: number) >> Self.keyShift)
        var page = Int(indexOfPage[prefix >> 8])
        if page < 0 { page = addPage(prefix >> 8) }
        counts[page << 8 | prefix & 255] &+= 1  // Wrapping: no run has 2^64 rows.
        if hasWeights { weights[page << 8 | prefix & 255].add(weight) }
    }

    /// Adds numbers without weights; NaN is left out. O(count).
    mutating func add(_ numbers: UnsafePointer<Double>, count: Int) {
        var next = 0
        while next < count {
            // As many as there are pages for: the memory stays where it is meanwhile.
            next = counts.withUnsafeMutableBufferPointer { counts in
                indexOfPage.withUnsafeBufferPointer { indexOfPage in
                    var least = minimum, largest = maximum, i = next
                    defer { (minimum, maximum) = (least, largest) }
                    while i < count {
                        let number = numbers[i]
                        if number == number {
                            let prefix = Int(truncatingIfNeeded: OrderedKey.key(of: number) >> Self.keyShift)
                            let page = Int(indexOfPage[prefix >> 8])
                            guard page >= 0 else { return i }
                            least = number < least ? number : least
                            largest = number > largest ? number : largest
                            counts[page << 8 | prefix & 255] &+= 1  // Wrapping: no run has 2^64 rows.
                        }
                        i += 1
                    }
                    return i
                }
            }
            if next < count {
                add(numbers[next])
                next += 1
            }
        }
    }

    /// Adds the numbers of a block, at most `PredictionKernels.limit` without weights, none of them NaN. O(count).
    mutating func add(
        _ numbers: UnsafePointer<Double>, count: Int, _ kernels: PredictionKernels, _ places: inout PredictionKernels.Places
    ) {
        // The place of a key is its first 20 bits.
        let haveAll = kernels.findPlaces(
            numbers, .float64, count: count, shift: Self.keyShift, first: 0, placeCount: 1 << (64 - Self.keyShift), &places)
        guard haveAll else { return add(numbers, count: count) }
        var next = 0
        counts.withUnsafeMutableBufferPointer { counts in
            indexOfPage.withUnsafeBufferPointer { indexOfPage in
                places.withDoubledPlaces { doubled in
                    guard let counts = counts.baseAddress, let indexOfPage = indexOfPage.baseAddress else { return }
                    // In a register, which a variable that a closure changes is not.
                    var i = next
                    defer { next = i }
                    while i < count {
                        let prefix = Int(truncatingIfNeeded: doubled[i]) &>> 1, page = Int(truncatingIfNeeded: indexOfPage[prefix &>> 8])
                        guard page >= 0 else { return }
                        counts[page &<< 8 | prefix & 255] &+= 1  // Wrapping: no run has 2^64 rows.
                        i &+= 1
                    }
                }
            }
        }
        addExtremes(numbers, count: next)
        // A number without a page, and what comes after it.
        if next < count { add(numbers + next, count: count - next) }
    }

    /// Takes the least and the largest of numbers, none of them NaN.
    private mutating func addExtremes(_ numbers: UnsafePointer<Double>, count: Int) {
        // Four chains side by side, each of which waits for its last step.
        var least = (minimum, minimum, minimum, minimum), largest = (maximum, maximum, maximum, maximum)
        var i = 0
        while i + 4 <= count {
            least.0 = numbers[i] < least.0 ? numbers[i] : least.0
            least.1 = numbers[i + 1] < least.1 ? numbers[i + 1] : least.1
            least.2 = numbers[i + 2] < least.2 ? numbers[i + 2] : least.2
            least.3 = numbers[i + 3] < least.3 ? numbers[i + 3] : least.3
            largest.0 = numbers[i] > largest.0 ? numbers[i] : largest.0
            largest.1 = numbers[i + 1] > largest.1 ? numbers[i + 1] : largest.1
            largest.2 = numbers[i + 2] > largest.2 ? numbers[i + 2] : largest.2
            largest.3 = numbers[i + 3] > largest.3 ? numbers[i + 3] : largest.3
            i += 4
        }
        minimum = min(min(least.0, least.1), min(least.2, least.3))
        maximum = max(max(largest.0, largest.1), max(largest.2, largest.3))
        while i < count {
            minimum = min(minimum, numbers[i])
            maximum = max(maximum, numbers[i])
            i += 1
        }
    }

    @inline(never)
    private mutating func addPage(_ number: Int) -> Int {
        let page = counts.count / Self.intervalsPerPage
        indexOfPage[number] = Int16(page)
        counts += [UInt64](repeating: 0, count: Self.intervalsPerPage)
        if hasWeights { weights += [CompactSum](repeating: CompactSum(), count: Self.intervalsPerPage) }
        return page
    }

    /// Adds the numbers of another histogram.
    mutating func merge(_ other: LogLinearHistogram) {
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        for number in other.indexOfPage.indices where other.indexOfPage[number] >= 0 {
            let source = Int(other.indexOfPage[number]) << 8
            let page = (indexOfPage[number] < 0 ? addPage(number) : Int(indexOfPage[number])) << 8
            for i in 0..<Self.intervalsPerPage where other.counts[source + i] > 0 {
                counts[page + i].addSaturating(other.counts[source + i])
                if hasWeights { weights[page + i].add(other.weights[source + i]) }
            }
        }
    }

    /// An interval of numbers and how many it holds.
    struct Interval: Sendable {
        /// The least and the largest number that the interval may hold.
        let lower: Double, upper: Double
        /// The number of numbers.
        let count: UInt64
        /// The weight of the numbers: how many they are where they have none.
        var weight: ExactSum { ofWeights?.exact ?? ExactSum(count: count) }
        fileprivate let ofWeights: CompactSum?
    }

    /// The intervals that hold numbers, in ascending order. O(pages).
    var intervals: [Interval] {
        var result: [Interval] = []
        for number in indexOfPage.indices where indexOfPage[number] >= 0 {
            let page = Int(indexOfPage[number]) << 8
            for i in 0..<Self.intervalsPerPage where counts[page + i] > 0 {
                let key = UInt64(number << 8 | i) << Self.keyShift
                let ends = [OrderedKey.number(of: key), OrderedKey.number(of: key | (1 << Self.keyShift - 1))]
                // The infinities share their intervals with encodings of NaN; zero shares its own with the least numbers.
                let lower = max(minimum, ends[0].isNaN ? -.infinity : ends[0]), upper = min(maximum, ends[1].isNaN ? .infinity : ends[1])
                result.append(Interval(lower: lower, upper: upper, count: counts[page + i], ofWeights: hasWeights ? weights[page + i] : nil))
            }
        }
        return result
    }

    /// Returns at most `limit` intervals that hold numbers, in ascending order, each as wide relative to its numbers as the others. They are as
    /// narrow as the limit allows, and no narrower than a sixteenth of a power of two. O(intervals).
    func bins(limit: Int) -> [HistogramBin] {
        var entries: [(prefix: UInt64, count: UInt64, weight: CompactSum?)] = []
        for number in indexOfPage.indices where indexOfPage[number] >= 0 {
            let page = Int(indexOfPage[number]) << 8
            for i in 0..<Self.intervalsPerPage where counts[page + i] > 0 {
                entries.append((UInt64(number << 8 | i), counts[page + i], hasWeights ? weights[page + i] : nil))
            }
        }
        // The number of neighbours whose highest different bit is that of 2^(index − 1).
        var countOfHighestBit = [Int](repeating: 0, count: 65)
        let prefixes = entries.map { $0.prefix }
        for (prefix, next) in zip(prefixes, prefixes.dropFirst()) { countOfHighestBit[64 - (prefix ^ next).leadingZeroBitCount] += 1 }
        // Without their last bits, neighbours differ where that bit is left.
        func distinctCount(_ shift: UInt64) -> Int { countOfHighestBit[(Int(shift) + 1)...].reduce(0, +) + (entries.isEmpty ? 0 : 1) }
        // With all bits cut one is left.
        let shift = (Self.leastBinShift..<20).first { distinctCount($0) <= limit } ?? 20
        var bins: [HistogramBin] = []
        var index = 0
        while index < entries.count {
            let key = entries[index].prefix >> shift
            var count: UInt64 = 0, weight = CompactSum()
            while index < entries.count, entries[index].prefix >> shift == key {
                count.addSaturating(entries[index].count)
                if let added = entries[index].weight { weight.add(added) }
                index += 1
            }
            let next = (key + 1) << shift
            let lower = OrderedKey.number(of: (key << shift) << Self.keyShift)
            let upper = next < 1 << 20 ? OrderedKey.number(of: next << Self.keyShift) : .infinity
            bins.append(
                HistogramBin(
                    lower: max(minimum, lower.isNaN ? -.infinity : lower), upper: min(maximum, upper.isNaN ? .infinity : upper),
                    rowCount: count, weight: hasWeights ? weight.rounded : Double(count)))
        }
        return bins
    }

    /// Cuts the eight bits of the significand to four.
    private static let leastBinShift: UInt64 = 4

    /// Returns the quantiles of the given orders; empty where there are no numbers. O(intervals · orders).
    func quantiles(_ orders: [Double]) -> [Quantile] {
        let intervals = intervals
        var below: [Double] = []
        let count = counts.reduce(into: UInt64(0)) { $0.addSaturating($1) }
        if !hasWeights, count < 1 << 53 {
            guard count > 0 else { return [] }
            // Whole numbers below 2^53: the quotient is rounded once.
            var sum: UInt64 = 0
            for interval in intervals {
                sum += interval.count
                below.append(Double(sum) / Double(count))
            }
        } else {
            var total = ExactSum(), sum = ExactSum()
            for interval in intervals { total.add(interval.weight) }
            guard total.sign > 0 else { return [] }
            for interval in intervals {
                sum.add(interval.weight)
                below.append(sum.rounded(dividedBy: total))
            }
        }
        return orders.map { order in
            if order == 0 { return Quantile(order: order, value: minimum, lower: minimum, upper: minimum) }
            if order == 1 { return Quantile(order: order, value: maximum, lower: maximum, upper: maximum) }
            let index = below.firstIndex { $0 >= order } ?? intervals.count - 1
            let (lower, upper) = (intervals[index].lower, intervals[index].upper)
            let middle = lower.isFinite && upper.isFinite ? lower + (upper - lower) / 2 : upper
            return Quantile(order: order, value: middle, lower: lower, upper: upper)
        }
    }

    /// Half of the largest width of an interval, relative to its numbers: a quantile's value is no further off, where it is a normal number.
    static let relativeError = 0x1p-9

    /// Appends two Float64 of eight bytes, the least and the largest number; a varint, the number of intervals that hold numbers; and for each in
    /// ascending order two varints, the first 20 bits of its keys and its count, and where there are weights an exact sum of these.
    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: minimum.bitPattern)
        bytes.append(littleEndian: maximum.bitPattern)
        var entries: [UInt8] = []
        var entryCount: UInt64 = 0
        for number in indexOfPage.indices where indexOfPage[number] >= 0 {
            let page = Int(indexOfPage[number]) << 8
            for i in 0..<Self.intervalsPerPage where counts[page + i] > 0 {
                entryCount += 1
                entries.append(varint: UInt64(number << 8 | i))
                entries.append(varint: counts[page + i])
                if hasWeights { weights[page + i].encode(into: &entries) }
            }
        }
        bytes.append(varint: entryCount)
        bytes += entries
    }

    /// Replaces the numbers by what `encode(into:)` wrote.
    mutating func decode(_ reader: inout SectionReader) throws(PartialError) {
        self = LogLinearHistogram(hasWeights: hasWeights)
        minimum = try reader.double()
        maximum = try reader.double()
        for _ in 0..<(try reader.varintCount(leastByteCount: 2)) {
            let prefix = try reader.varint()
            guard prefix < 1 << 20 else { throw .damaged("\(prefix) is no interval of numbers") }
            let number = Int(prefix >> 8)
            let page = indexOfPage[number] < 0 ? addPage(number) : Int(indexOfPage[number])
            counts[page << 8 | Int(prefix & 255)] = try reader.varint()
            if hasWeights { weights[page << 8 | Int(prefix & 255)] = try CompactSum(&reader) }
        }
    }
}

/// A quantile: the least number that a share of `order` of all do not exceed.
public struct Quantile: Sendable, Equatable {
    /// The share of the numbers, or of their weight.
    public let order: Double
    /// A number next to the quantile: the middle of its bounds.
    public let value: Double
    /// The bounds between which it lies; they are equal where it is known.
    public let lower: Double, upper: Double
}

/// An interval of numbers and how many it holds.
public struct HistogramBin: Sendable, Equatable {
    /// The bounds. A number that equals `upper` lies in the next interval, or in the last.
    public let lower: Double, upper: Double
    /// The number of numbers.
    public let rowCount: UInt64
    /// The weight of the numbers: how many they are where they have none.
    public let weight: Double
}
