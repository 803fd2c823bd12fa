internal import Messages
public import Scoring

/// How many losses lie in each of many narrow intervals, from which quantiles follow with bounds that are guaranteed, and the histogram.
///
/// An interval holds the numbers with the same sign, exponent and first eight bits of the significand: it is at most 2^-8 of its numbers wide.
/// Losses count without their weights; where rows have weights the distribution is that of the weights. Rows without a loss in the first
/// dialect are left out. The state depends on the set of rows alone. 2 KB for each power of two that losses lie next to.
public struct LossQuantiles: RowObserver, Equatable {
    static let tag = "quantiles"
    /// The quantiles if none are named.
    public static let usualOrders = [0.5, 0.9, 0.99, 0.999]
    /// The largest number of quantiles.
    public static let limit = 1000
    private static let intervalsPerPage = 256
    /// Keys are cut to their first 20 bits: twelve for sign and exponent, which number a page, and eight.
    private static let keyShift: UInt64 = 44

    /// The counts of a sign and an exponent.
    private struct Page: Sendable, Equatable {
        var counts = [UInt64](repeating: 0, count: LossQuantiles.intervalsPerPage)
        /// Empty where rows have no weights.
        var weights: [CompactSum] = []
    }

    /// The orders of the quantiles, such as 0.5 for the median.
    public let orders: [Double]
    private let hasWeights: Bool
    /// The pages that hold losses, in no order, and the index of the page of a sign and exponent; −1 for none.
    private var pages: [Page] = []
    private var indexOfPage = [Int16](repeating: -1, count: 4096)
    private var minimum = Double.infinity, maximum = -Double.infinity

    /// The state of no rows.
    ///
    /// - Parameter orders: the orders of the quantiles, each in 0...1.
    public init(_ specification: LossSpecification, orders: [Double] = Self.usualOrders) throws(SpecificationError) {
        guard !orders.isEmpty, orders.count <= Self.limit, orders.allSatisfy({ (0...1).contains($0) }) else {
            throw SpecificationError(
                problem: "\(setting: .quantiles) is \(orders.map { "\($0)" }.joined(separator: ","))",
                remedy: "give 1 to \(Self.limit) numbers from 0 to 1: 0.5 is the median")
        }
        self.orders = orders
        hasWeights = specification.modifiers.hasRowWeights
    }

    /// "quantiles".
    public var tag: String { Self.tag }

    /// Adds the losses of a block. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0), divisors = block.rowDivisors(ofDialect: 0), weights = block.rows.weights
        for row in 0..<block.rows.rowCount {
            var loss = losses[row]
            guard loss == loss else { continue }
            if let divisors {
                // The plain loss of a row of weight 0 is not known, and it counts nothing.
                guard divisors[row] > 0 else { continue }
                loss /= divisors[row]
            }
            minimum = min(minimum, loss)
            maximum = max(maximum, loss)
            let prefix = Int(truncatingIfNeeded: OrderedKey.key(of: loss) >> Self.keyShift)
            var page = Int(indexOfPage[prefix >> 8])
            if page < 0 { page = addPage(prefix >> 8) }
            pages[page].counts[prefix & 255] &+= 1  // Wrapping: no run has 2^64 rows.
            if hasWeights { pages[page].weights[prefix & 255].add(weights?[row] ?? 1) }
        }
    }

    @inline(never)
    private mutating func addPage(_ number: Int) -> Int {
        indexOfPage[number] = Int16(pages.count)
        var page = Page()
        if hasWeights { page.weights = Array(repeating: CompactSum(), count: Self.intervalsPerPage) }
        pages.append(page)
        return pages.count - 1
    }

    /// Adds the losses of another state.
    public mutating func merge(_ other: LossQuantiles) throws(PartialError) {
        guard configuration == other.configuration, hasWeights == other.hasWeights else { throw .otherSettings(tag) }
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        for number in other.indexOfPage.indices where other.indexOfPage[number] >= 0 {
            let added = other.pages[Int(other.indexOfPage[number])]
            let page = indexOfPage[number] < 0 ? addPage(number) : Int(indexOfPage[number])
            for i in 0..<Self.intervalsPerPage where added.counts[i] > 0 {
                pages[page].counts[i].addSaturating(added.counts[i])
                if hasWeights { pages[page].weights[i].add(added.weights[i]) }
            }
        }
    }

    /// An interval of losses and how many it holds.
    public struct Interval: Sendable, Equatable {
        /// The least and the largest number of the interval.
        public let lower: Double, upper: Double
        /// The number of losses.
        public let count: UInt64
        /// The weight of the losses' rows: their number where rows have no weights.
        let weight: ExactSum
    }

    /// The intervals that hold losses, in ascending order. O(pages).
    public var intervals: [Interval] {
        var result: [Interval] = []
        for number in indexOfPage.indices where indexOfPage[number] >= 0 {
            let page = pages[Int(indexOfPage[number])]
            for i in 0..<Self.intervalsPerPage where page.counts[i] > 0 {
                let key = UInt64(number << 8 | i) << Self.keyShift
                var weight = hasWeights ? page.weights[i].exact : ExactSum()
                if !hasWeights { weight.add(Int128(page.counts[i]), scaledByPowerOfTwo: 0) }
                let ends = [OrderedKey.number(of: key), OrderedKey.number(of: key | (1 << Self.keyShift - 1))]
                // The infinities share their intervals with encodings of NaN; zero shares its own with the least numbers.
                let lower = max(minimum, ends[0].isNaN ? -.infinity : ends[0]), upper = min(maximum, ends[1].isNaN ? .infinity : ends[1])
                result.append(Interval(lower: lower, upper: upper, count: page.counts[i], weight: weight))
            }
        }
        return result
    }

    /// A quantile: the least loss that a share of `order` of the rows do not exceed.
    public struct Quantile: Sendable, Equatable {
        /// The share of the rows, or of their weight.
        public let order: Double
        /// A number next to the quantile: the middle of its bounds.
        public let value: Double
        /// The bounds between which it lies; they are equal where it is known.
        public let lower: Double, upper: Double
    }

    /// The quantiles in the order of `orders`; empty where no row was scored. O(intervals · orders).
    public var quantiles: [Quantile] {
        let intervals = intervals
        var total = ExactSum()
        for interval in intervals { total.add(interval.weight) }
        guard total.sign > 0 else { return [] }
        var below: [ExactSum] = []
        var sum = ExactSum()
        for interval in intervals {
            sum.add(interval.weight)
            below.append(sum)
        }
        return orders.map { order in
            if order == 0 { return Quantile(order: order, value: minimum, lower: minimum, upper: minimum) }
            if order == 1 { return Quantile(order: order, value: maximum, lower: maximum, upper: maximum) }
            let wanted = order
            let index = below.firstIndex { $0.rounded(dividedBy: total) >= wanted } ?? intervals.count - 1
            let (lower, upper) = (intervals[index].lower, intervals[index].upper)
            let middle = lower.isFinite && upper.isFinite ? lower + (upper - lower) / 2 : upper
            return Quantile(order: order, value: middle, lower: lower, upper: upper)
        }
    }

    /// Half of the largest width of an interval, relative to its numbers: a quantile's value is no further off, where it is a normal number.
    public static let relativeError = 0x1p-9
}

// The section "quantiles": two Float64 of eight bytes, the least and the largest loss; a varint, the number of intervals that hold losses; and for
// each in ascending order two varints, the first 20 bits of its keys and its count, and where rows have weights an exact sum of these.
extension LossQuantiles {
    /// The orders as Float64 of eight bytes each.
    public var configuration: [UInt8] {
        var bytes: [UInt8] = []
        for order in orders { bytes.append(littleEndian: order.bitPattern) }
        return bytes
    }

    public func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: minimum.bitPattern)
        bytes.append(littleEndian: maximum.bitPattern)
        var entries: [UInt8] = []
        var entryCount: UInt64 = 0
        for number in indexOfPage.indices where indexOfPage[number] >= 0 {
            let page = pages[Int(indexOfPage[number])]
            for i in 0..<Self.intervalsPerPage where page.counts[i] > 0 {
                entryCount += 1
                entries.append(varint: UInt64(number << 8 | i))
                entries.append(varint: page.counts[i])
                if hasWeights { page.weights[i].encode(into: &entries) }
            }
        }
        bytes.append(varint: entryCount)
        bytes += entries
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        pages = []
        indexOfPage = Array(repeating: -1, count: indexOfPage.count)
        minimum = try reader.double()
        maximum = try reader.double()
        for _ in 0..<(try reader.varintCount(leastByteCount: 2)) {
            let prefix = try reader.varint()
            guard prefix < 1 << 20 else { throw .damaged("\(prefix) is no interval of losses") }
            let number = Int(prefix >> 8)
            let page = indexOfPage[number] < 0 ? addPage(number) : Int(indexOfPage[number])
            pages[page].counts[Int(prefix & 255)] = try reader.varint()
            if hasWeights { pages[page].weights[Int(prefix & 255)] = CompactSum(try reader.exactSum()) }
        }
        try reader.expectEnd()
    }

    /// Makes the state of no rows from its settings, as a partial has them.
    static func make(_ configuration: [UInt8], _ specification: LossSpecification) throws(PartialError) -> LossQuantiles {
        var reader = SectionReader(configuration[...])
        var orders: [Double] = []
        while reader.remainingByteCount > 0 { orders.append(try reader.double()) }
        do throws(SpecificationError) { return try LossQuantiles(specification, orders: orders) } catch { throw .unknownSettings(tag) }
    }

    /// Returns true if both hold the same losses.
    public static func == (left: LossQuantiles, right: LossQuantiles) -> Bool {
        left.configuration == right.configuration && left.encoded == right.encoded
    }
}
