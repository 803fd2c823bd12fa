internal import Messages
public import Scoring

/// The quantiles of the loss, with bounds that are guaranteed, and its histogram. Of at most `exactLimit` rows they are exact.
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
    /// The largest number of rows whose losses are all kept. More would make a partial of hundreds of kilobytes.
    public static let exactLimit = 1 << 14
    private var histogram: LogLinearHistogram
    /// The losses of all rows, in no order, and their weights, which are empty where rows have none; nil for more than `exactLimit` rows.
    private var sample: [(loss: Double, weight: Double)]? = []
    /// Room for the places of a block's losses; no part of the state.
    private var places = PredictionKernels.Places()

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
        guard let divisors else {
            if sample != nil { keep((0..<block.rows.rowCount).lazy.map { (losses[$0], 1) }) }
            guard block.areAllRowsScored else { return histogram.add(losses, count: block.rows.rowCount) }
            return histogram.add(losses, count: block.rows.rowCount, block.predictionKernels, &places)
        }
        for row in 0..<block.rows.rowCount {
            let loss = losses[row]
            guard loss == loss else { continue }
            // The plain loss of a row of weight 0 is not known, and it counts nothing.
            guard divisors[row] > 0 else { continue }
            histogram.add(loss / divisors[row], weight: weights?[row] ?? 1)
            if sample != nil { keep(CollectionOfOne((loss / divisors[row], weights?[row] ?? 1))) }
        }
    }

    /// Keeps losses as long as there are few; NaN is left out.
    private mutating func keep(_ losses: some Sequence<(Double, Double)>) {
        guard var kept = sample.take() else { return }
        for (loss, weight) in losses where !loss.isNaN { kept.append((loss + 0, weight)) }
        if kept.count <= Self.exactLimit { sample = kept }
    }

    /// Adds the losses of another state.
    public mutating func merge(_ other: LossQuantiles) throws(PartialError) {
        guard configuration == other.configuration, histogram.hasWeights == other.histogram.hasWeights else { throw .otherSettings(tag) }
        histogram.merge(other.histogram)
        if let added = other.sample { keep(added.lazy.map { ($0.loss, $0.weight) }) } else { sample = nil }
    }

    /// The quantiles in the order of `orders`; empty where no row was scored. O(intervals · orders).
    public var quantiles: [Quantile] {
        guard let sorted = sortedSample, !sorted.isEmpty else { return histogram.quantiles(orders) }
        var total = ExactSum(), sum = ExactSum()
        for row in sorted { total.add(row.weight) }
        guard total.sign > 0 else { return [] }
        let shares = sorted.map { row in
            sum.add(row.weight)
            return sum.rounded(dividedBy: total)
        }
        return orders.map { order in
            // The least loss is that of order 0, also where it has no weight.
            let loss = order == 0 ? sorted[0].loss : sorted[shares.firstIndex { $0 >= order } ?? sorted.count - 1].loss
            return Quantile(order: order, value: loss, lower: loss, upper: loss)
        }
    }

    /// The quantiles by linear interpolation between neighbouring losses, as NumPy and llama.cpp have them; nil for more than `exactLimit` rows, for
    /// none, and where rows have weights.
    public var interpolated: [Double]? {
        guard let sorted = sortedSample, !sorted.isEmpty, !hasWeights else { return nil }
        return orders.map { order in
            let place = Double(sorted.count - 1) * order, below = place.rounded(.down)
            return LinearInterpolation.value(
                sorted[Int(below)].loss, sorted[min(Int(below) + 1, sorted.count - 1)].loss, place - below)
        }
    }

    private var sortedSample: [(loss: Double, weight: Double)]? { sample?.sorted { $0 < $1 } }

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

// The section "quantiles": the histogram of the losses (LogLinearHistogram.swift); then a varint, 0 for more rows than are kept, else 1 + the number
// of rows, and for each in ascending order its loss as Float64, and where rows have weights its weight.
extension LossQuantiles {
    public func encode(into bytes: inout [UInt8]) {
        histogram.encode(into: &bytes)
        guard let sorted = sortedSample else {
            bytes.append(varint: 0)
            return
        }
        bytes.append(varint: UInt64(sorted.count) + 1)
        for row in sorted {
            bytes.append(littleEndian: row.loss.bitPattern)
            if hasWeights { bytes.append(littleEndian: row.weight.bitPattern) }
        }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        try histogram.decode(&reader)
        let count = Int(clamping: try reader.varint())
        guard count <= Self.exactLimit + 1 else { throw .damaged("\(count - 1) losses are kept, and \(Self.exactLimit) may be") }
        sample = count == 0 ? nil : []
        for _ in 0..<max(0, count - 1) {
            let loss = try reader.double(), weight = hasWeights ? try reader.double() : 1
            guard !loss.isNaN, weight >= 0, weight < .infinity else { throw .damaged("a loss that is kept is not a number") }
            sample?.append((loss, weight))
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
}
