internal import Scoring

/// How often predictions of similar confidence were right: sums of each of n intervals of equal width.
///
/// Interval i holds the confidences in (i/n, (i + 1)/n]; the first one holds 0 as well. The bounds k/n are rounded once. Sums are exact: the
/// state depends on the set of predictions alone. Libraries part on which interval a confidence at a bound belongs to, so those at bounds can be
/// kept apart: then there is a cell for each bound and one for the confidences between two of them.
struct ReliabilityBins: Sendable {
    /// The largest number of intervals.
    static let limit = 1000

    /// The sums of one interval.
    struct Bin: Sendable, Equatable {
        /// The number of predictions.
        var rowCount: UInt64 = 0
        /// The number of predictions that were right.
        var hitCount: UInt64 = 0
        /// Σ w · confidence.
        var confidence = CompactSum()
        /// Σ w · outcome of the outcomes that are not counted in `hitCount`: fractions, and all where predictions have weights.
        var outcome = CompactSum()
        /// Σ w; zero where predictions have no weights.
        var weight = CompactSum()

        /// Adds a prediction.
        @inline(__always)
        mutating func add(_ confidence: Double, outcome: Double, weight: Double?) {
            rowCount &+= 1  // Wrapping: no run has 2^64 rows.
            if let weight {
                self.weight.add(weight)
                self.confidence.add(confidence * weight)
                if outcome != 0 { self.outcome.add(outcome * weight) }
            } else {
                self.confidence.add(confidence)
                if outcome == 1 { hitCount &+= 1 } else if outcome != 0 { self.outcome.add(outcome) }
            }
        }

        /// Adds the predictions of a cell of a block without weights, as `PredictionKernels.addConfidences` has them.
        fileprivate mutating func add(counts: UInt64, coarse: Int64, fine: Int64) {
            // Wrapping: no run has 2^64 rows.
            rowCount &+= counts & 0xFFFF_FFFF
            hitCount &+= counts >> 32
            confidence.add(coarse: coarse, fine: fine)
        }

        /// Σ w · outcome of all predictions.
        var totalOutcome: ExactSum {
            var sum = outcome.exact
            sum.add(ExactSum(count: hitCount))
            return sum
        }

        mutating func merge(_ other: Bin) {
            rowCount.addSaturating(other.rowCount)
            hitCount.addSaturating(other.hitCount)
            confidence.add(other.confidence)
            outcome.add(other.outcome)
            weight.add(other.weight)
        }
    }

    /// The bounds of the intervals, one more than there are.
    let edges: [Double]
    let hasWeights: Bool
    /// True if confidences at bounds have cells of their own.
    let keepsBoundsApart: Bool
    /// The intervals from 0 to 1; or where bounds are kept apart the cells: bound 0, what lies between it and bound 1, bound 1, and so on. Empty
    /// before the first prediction, so that settings alone take no memory.
    private(set) var bins: [Bin] = []
    /// Room for a block's sums, all of them 0 between two blocks; no part of the state.
    private var block: [Int64] = []

    init(count: Int, hasWeights: Bool) { self.init(edges: Self.edges(count: count), hasWeights: hasWeights, keepsBoundsApart: true) }

    /// - Parameter edges: the bounds of the intervals, as `edges(count:)` makes them; copies share them.
    init(edges: [Double], hasWeights: Bool, keepsBoundsApart: Bool = false) {
        self.edges = edges
        self.hasWeights = hasWeights
        self.keepsBoundsApart = keepsBoundsApart
    }

    /// The number of intervals or cells.
    private var cellCount: Int { keepsBoundsApart ? 2 * edges.count - 1 : edges.count - 1 }

    /// Returns the bounds of `count` intervals, from 0 to 1.
    static func edges(count: Int) -> [Double] { (0...count).map { Double($0) / Double(count) } }

    private mutating func makeRoom() {
        if bins.isEmpty { bins = Array(repeating: Bin(), count: cellCount) }
    }

    /// Adds predictions. An outcome is 1 for one that was right and 0 for one that was not, or a share in between. NaN confidences are left out.
    ///
    /// - Parameters:
    ///   - weights: the predictions' weights; nil where they have none.
    ///   - stride: the number of neighbouring predictions that share a weight.
    mutating func add(
        _ confidences: UnsafePointer<Double>, _ outcomes: UnsafePointer<Double>, weights: UnsafePointer<Double>?, stride: Int, count: Int
    ) {
        makeRoom()
        let edges = edges
        bins.withUnsafeMutableBufferPointer { bins in
            edges.withUnsafeBufferPointer { edges in
                for i in 0..<count {
                    let confidence = confidences[i]
                    guard confidence == confidence else { continue }
                    let index = keepsBoundsApart ? Self.cell(of: confidence, edges) : Self.index(of: confidence, edges)
                    bins[index].add(confidence, outcome: outcomes[i], weight: weights?[i / stride])
                }
            }
        }
    }

    /// Adds predictions without weights, at most `PredictionKernels.limit`, by way of the sums of a block: the state is the one that `add` of each
    /// gives. O(count + intervals).
    ///
    /// - Parameters:
    ///   - grid: the recent sums of a grid, to which those of usual predictions are added; nil where there is none.
    ///   - room: memory, and then the indices of the predictions that are not in the grid.
    mutating func add(
        _ confidences: UnsafePointer<Double>, _ outcomes: UnsafePointer<Double>, count: Int, _ kernels: PredictionKernels,
        grid: UnsafeMutableBufferPointer<Int64>?, room: inout PredictionKernels.Room
    ) {
        makeRoom()
        // Sums of a block are those of cells, whether intervals are kept so or not.
        let blockCount = 2 * edges.count - 1
        if block.count < 4 * blockCount { block = Array(repeating: 0, count: 4 * blockCount) }
        block.withUnsafeMutableBufferPointer { block in
            kernels.addConfidences(confidences, outcomes, count: count, intervalCount: edges.count - 1, to: block, grid: grid, room: &room)
            bins.withUnsafeMutableBufferPointer { bins in
                for cell in 0..<blockCount where block[4 * cell] != 0 {
                    // The interval that ends at bound k has the cells 2k − 1 and 2k.
                    bins[keepsBoundsApart ? cell : max(0, (cell - 1) >> 1)].add(
                        counts: UInt64(bitPattern: block[4 * cell]), coarse: block[4 * cell + 1], fine: block[4 * cell + 2])
                    for number in 4 * cell..<4 * cell + 4 { block[number] = 0 }
                }
            }
        }
        for index in room.otherIndices { add(confidences + Int(index), outcomes + Int(index), weights: nil, stride: 1, count: 1) }
    }

    /// Adds the probabilities of each class of a row to that class's intervals; `label` is the class that happened, or −1 where `outcomes` says how
    /// much of each did.
    static func add(
        _ probabilities: UnsafePointer<Double>, label: Int, outcomes: UnsafePointer<Double>?, weight: Double?, to classes: inout [ReliabilityBins]
    ) {
        guard let first = classes.first else { return }
        first.edges.withUnsafeBufferPointer { edges in
            for c in classes.indices {
                let probability = probabilities[c]
                guard probability == probability else { continue }
                classes[c].makeRoom()
                let outcome = outcomes?[c] ?? (c == label ? 1 : 0)
                classes[c].bins[index(of: probability, edges)].add(probability, outcome: outcome, weight: weight)
            }
        }
    }

    /// Finds the interval. Multiplication alone would be wrong next to bounds: 0.29 · 100 is 28.999….
    @inline(__always)
    static func index(of confidence: Double, _ edges: UnsafeBufferPointer<Double>) -> Int {
        let count = edges.count - 1
        var bin = Int(min(max(confidence, 0), 1) * Double(count))
        if bin >= count { bin = count - 1 }
        if confidence <= edges[bin] {
            if bin > 0 { bin -= 1 }
        } else if confidence > edges[bin + 1], bin < count - 1 {
            bin += 1
        }
        return bin
    }

    /// Finds the cell: 2k for bound k, and 2k + 1 for what lies between bounds k and k + 1.
    @inline(__always)
    static func cell(of confidence: Double, _ edges: UnsafeBufferPointer<Double>) -> Int {
        let bin = index(of: confidence, edges)
        return 2 * bin + 1 + (confidence == edges[bin + 1] ? 1 : 0) - (confidence == edges[bin] ? 1 : 0)
    }

    mutating func merge(_ other: ReliabilityBins) {
        guard !other.bins.isEmpty else { return }
        makeRoom()
        for index in bins.indices { bins[index].merge(other.bins[index]) }
    }

    /// Appends the intervals that hold predictions, as Calibration.swift says.
    func encode(into bytes: inout [UInt8]) {
        let used = bins.indices.filter { bins[$0].rowCount > 0 }
        bytes.append(varint: UInt64(used.count))
        for index in used {
            bytes.append(varint: UInt64(index))
            bytes.append(varint: bins[index].rowCount)
            bytes.append(varint: bins[index].hitCount)
            for sum in [bins[index].confidence, bins[index].outcome, bins[index].weight] { sum.encode(into: &bytes) }
        }
    }

    /// Takes what `encode(into:)` wrote.
    mutating func decode(_ reader: inout SectionReader) throws(PartialError) {
        var decoded: [Bin] = []
        for _ in 0..<(try reader.varintCount(leastByteCount: 12)) {
            if decoded.isEmpty { decoded = Array(repeating: Bin(), count: cellCount) }
            let index = try reader.varint()
            guard index < UInt64(decoded.count) else { throw .damaged("interval \(index) is none of \(decoded.count)") }
            var bin = Bin()
            bin.rowCount = try reader.varint()
            bin.hitCount = try reader.varint()
            bin.confidence = try CompactSum(&reader)
            bin.outcome = try CompactSum(&reader)
            bin.weight = try CompactSum(&reader)
            decoded[Int(index)] = bin
        }
        bins = decoded
    }

    /// The intervals to which confidences at their bounds belong.
    enum Closure {
        /// The interval that ends there, and the first one at 0: as scikit-learn, and Guo et al. have it.
        case right
        /// The interval that begins there, and the last one at 1: as netcal, TFMA and relplot have it.
        case left
        /// The interval that begins there, and one of its own at 1: as torchmetrics has it.
        case leftWithOwnEnd
    }

    /// The intervals that hold predictions, each with its upper bound.
    var reliability: [ReliabilityInterval] { reliability(.right) }

    /// Lists the intervals that hold predictions. Where bounds are not kept apart each interval has its upper one.
    func reliability(_ closure: Closure) -> [ReliabilityInterval] {
        guard keepsBoundsApart, !bins.isEmpty else {
            return bins.indices.compactMap { index in
                ReliabilityInterval(bins[index], lower: edges[index], upper: edges[index + 1], hasWeights: hasWeights)
            }
        }
        let count = edges.count - 1
        var intervals: [ReliabilityInterval] = []
        for index in 0..<count {
            var bin = bins[2 * index + 1]
            if closure == .right {
                bin.merge(bins[2 * index + 2])
                if index == 0 { bin.merge(bins[0]) }
            } else {
                bin.merge(bins[2 * index])
                if index == count - 1, closure == .left { bin.merge(bins[2 * count]) }
            }
            if let interval = ReliabilityInterval(bin, lower: edges[index], upper: edges[index + 1], hasWeights: hasWeights) {
                intervals.append(interval)
            }
        }
        if closure == .leftWithOwnEnd, let end = ReliabilityInterval(bins[2 * count], lower: 1, upper: 1, hasWeights: hasWeights) {
            intervals.append(end)
        }
        return intervals
    }
}

/// The mean confidence and the share of right predictions in an interval of confidences.
public struct ReliabilityInterval: Sendable, Equatable {
    /// The bounds of the interval; the upper one belongs to it.
    public let lower: Double, upper: Double
    /// The number of predictions.
    public let rowCount: UInt64
    /// The weight of the predictions: their number where they have none.
    public let weight: Double
    /// The mean confidence.
    public let confidence: Double
    /// The share of right predictions.
    public let accuracy: Double
    /// The number of right predictions, which may be a fraction; the share times the number of rows where they have weights.
    public let hits: Double

    /// Makes an interval of sums; nil if it holds no predictions, or none with a weight.
    init?(_ bin: ReliabilityBins.Bin, lower: Double, upper: Double, hasWeights: Bool) {
        guard bin.rowCount > 0 else { return nil }
        self.lower = lower
        self.upper = upper
        rowCount = bin.rowCount
        let outcome = bin.totalOutcome
        if hasWeights {
            let total = bin.weight.exact
            guard total.sign > 0 else { return nil }
            weight = total.rounded()
            confidence = bin.confidence.exact.rounded(dividedBy: total)
            accuracy = outcome.rounded(dividedBy: total)
            hits = accuracy * Double(rowCount)
        } else {
            weight = Double(rowCount)
            confidence = bin.confidence.exact.rounded(dividedBy: rowCount)
            accuracy = outcome.rounded(dividedBy: rowCount)
            hits = outcome.rounded()
        }
    }

    /// The interval of sums that are known as numbers.
    init(lower: Double, upper: Double, rowCount: UInt64, confidence: Double, accuracy: Double) {
        self.lower = lower
        self.upper = upper
        self.rowCount = rowCount
        weight = Double(rowCount)
        self.confidence = confidence
        self.accuracy = accuracy
        hits = accuracy * Double(rowCount)
    }
}

/// The distances between confidence and accuracy, over the intervals that hold predictions.
public struct CalibrationErrors: Sendable, Equatable {
    /// The expected calibration error: Σ W_b/W · |confidence − accuracy|.
    public let expected: Double
    /// Its square mean: √Σ W_b/W (confidence − accuracy)².
    public let squareMean: Double
    /// The largest distance.
    public let largest: Double
    /// The mean distance of the intervals, each counting the same.
    public let unweightedMean: Double
    /// The square mean without the part that is due to chance, at least 0; nil where predictions have weights.
    ///
    /// √Σ n_b/n ((confidence − accuracy)² − accuracy (1 − accuracy) / (n_b − 1)); intervals of one prediction count 0. Kumar, Liang and Ma, 2019.
    public let debiasedSquareMean: Double?

    /// The errors of intervals; nil where there are none.
    init?(_ intervals: [ReliabilityInterval], hasWeights: Bool) {
        guard !intervals.isEmpty else { return nil }
        var total = ExactSum(), absolute = ExactSum(), squares = ExactSum(), plain = ExactSum(), debiased = ExactSum()
        var largest = 0.0
        for interval in intervals {
            let distance = interval.confidence - interval.accuracy
            total.add(interval.weight)
            absolute.addProduct(interval.weight, distance.magnitude)
            squares.addProduct(interval.weight, distance * distance)
            plain.add(distance.magnitude)
            largest = max(largest, distance.magnitude)
            if interval.rowCount > 1 {
                let chance = interval.accuracy * (1 - interval.accuracy) / (Double(interval.rowCount) - 1)
                debiased.addProduct(interval.weight, distance * distance - chance)
            }
        }
        expected = absolute.rounded(dividedBy: total)
        squareMean = squares.rounded(dividedBy: total).squareRoot()
        self.largest = largest
        unweightedMean = plain.rounded(dividedBy: UInt64(intervals.count))
        debiasedSquareMean = hasWeights ? nil : max(0, debiased.rounded(dividedBy: total)).squareRoot()
    }
}
