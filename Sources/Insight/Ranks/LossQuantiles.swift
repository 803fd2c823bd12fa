internal import Messages
public import Scoring

/// The quantiles of the loss, with bounds that are guaranteed, and its histogram.
///
/// Losses count without their weights; where rows have weights the distribution is that of the weights. Rows without a loss in the first
/// dialect are left out. The state depends on the set of rows alone.
public struct LossQuantiles: RowObserver, Equatable {
    static let tag = "quantiles"
    /// The quantiles if none are named.
    public static let usualOrders = [0.5, 0.9, 0.99, 0.999]
    /// The largest number of quantiles.
    public static let limit = 1000
    /// The largest distance of a quantile's value from the true one, relative to it, where it is a normal number.
    public static let relativeError = LogLinearHistogram.relativeError

    /// The orders of the quantiles, such as 0.5 for the median.
    public let orders: [Double]
    private var histogram: LogLinearHistogram

    /// The state of no rows.
    ///
    /// - Parameters:
    ///   - specification: the loss.
    ///   - orders: the orders of the quantiles, each in 0...1.
    public init(_ specification: LossSpecification, orders: [Double] = Self.usualOrders) throws(SpecificationError) {
        guard !orders.isEmpty, orders.count <= Self.limit, orders.allSatisfy({ (0...1).contains($0) }) else {
            throw SpecificationError(
                problem: "\(setting: .quantiles) is \(orders.map { "\($0)" }.joined(separator: ","))",
                remedy: "give 1 to \(Self.limit) numbers from 0 to 1: 0.5 is the median")
        }
        self.orders = orders
        histogram = LogLinearHistogram(hasWeights: specification.modifiers.hasRowWeights)
    }

    /// "quantiles".
    public var tag: String { Self.tag }

    /// The orders as Float64 of eight bytes each.
    public var configuration: [UInt8] {
        var bytes: [UInt8] = []
        for order in orders { bytes.append(littleEndian: order.bitPattern) }
        return bytes
    }

    /// Adds the losses of a block. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0), divisors = block.rowDivisors(ofDialect: 0), weights = block.rows.weights
        guard let divisors else { return histogram.add(losses, count: block.rows.rowCount) }
        for row in 0..<block.rows.rowCount {
            let loss = losses[row]
            guard loss == loss else { continue }
            // The plain loss of a row of weight 0 is not known, and it counts nothing.
            guard divisors[row] > 0 else { continue }
            histogram.add(loss / divisors[row], weight: weights?[row] ?? 1)
        }
    }

    /// Adds the losses of another state.
    public mutating func merge(_ other: LossQuantiles) throws(PartialError) {
        guard configuration == other.configuration, histogram.hasWeights == other.histogram.hasWeights else { throw .otherSettings(tag) }
        histogram.merge(other.histogram)
    }

    /// The quantiles in the order of `orders`; empty where no row was scored. O(intervals · orders).
    public var quantiles: [Quantile] { histogram.quantiles(orders) }

    /// True if rows have weights.
    public var hasWeights: Bool { histogram.hasWeights }

    /// The largest number of `bins`.
    public static let binLimit = 64

    /// A coarse histogram of the losses: at most `binLimit` intervals that hold losses, in ascending order. O(intervals).
    public var bins: [HistogramBin] { histogram.bins(limit: Self.binLimit) }

    /// Returns true if both hold the same losses.
    public static func == (left: LossQuantiles, right: LossQuantiles) -> Bool {
        left.configuration == right.configuration && left.encoded == right.encoded
    }
}

// The section "quantiles": the histogram of the losses (LogLinearHistogram.swift).
extension LossQuantiles {
    public func encode(into bytes: inout [UInt8]) { histogram.encode(into: &bytes) }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        try histogram.decode(&reader)
        try reader.expectEnd()
    }

    /// Makes the state of no rows from its settings, as a partial has them.
    static func make(_ configuration: [UInt8], _ specification: LossSpecification) throws(PartialError) -> LossQuantiles {
        var reader = SectionReader(configuration[...])
        var orders: [Double] = []
        while reader.remainingByteCount > 0 { orders.append(try reader.double()) }
        do throws(SpecificationError) { return try LossQuantiles(specification, orders: orders) } catch { throw .unknownSettings(tag) }
    }
}
