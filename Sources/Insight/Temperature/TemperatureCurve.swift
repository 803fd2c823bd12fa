internal import Elements
internal import Messages
public import Scoring

/// The mean loss as it would be with the logits divided by a temperature T, for several T at once, and its slope and curvature.
///
/// With β = 1/T the loss of a row is log Σ exp(β x) − β x of the label. It is convex in β; its slope is E[x] − x of the label and its curvature the
/// variance of x, both under the probabilities at β. Of task multilabel it is the mean over the columns. Probabilities and log-probabilities stand
/// for logits log p. Rows without a loss in the
/// first dialect are left out. A row counts with its own weight. What a row adds is rounded, and added exactly: the state depends on the set of
/// rows alone.
public struct TemperatureCurve: RowObserver, Equatable {
    static let tag = "temperature"
    /// The largest number of temperatures at which the loss is asked for.
    public static let limit = 100
    /// The β at which the curve is known for a fit: 13 of them from 1/8 to 8, each about √2 times the one before.
    static let fitNodes: [Double] = [
        0.125, 0.177, 0.25, 0.354, 0.5, 0.707, 1, 1.414, 2, 2.828, 4, 5.657, 8,
    ]

    /// The sums at one β.
    struct Node: Sendable {
        /// 1 / T.
        let beta: Double
        var value = CompactSum()
        var slope = CompactSum()
        var curvature = CompactSum()
    }

    /// The temperatures at which the loss is asked for, in their order.
    public let temperatures: [Double]
    /// True if the temperature of the least loss is asked for.
    public let isFitted: Bool
    private let task: LossTask
    private let hasWeights: Bool
    private(set) var nodes: [Node]
    private var rowCount: UInt64 = 0
    private var weight = ExactSum()
    /// Room for the logits of a row; no part of the state.
    private var logits = RowNumbers()

    /// The state of no rows.
    ///
    /// - Throws: `SpecificationError` for a task without it, for a loss that is not the plain cross-entropy, and for temperatures that are not
    ///   positive numbers.
    public init(
        _ specification: LossSpecification, temperatures: [Double], isFitted: Bool
    ) throws(SpecificationError) {
        task = specification.task
        hasWeights = specification.modifiers.hasRowWeights
        let setting: Setting = isFitted && temperatures.isEmpty ? .fitTemperature : .temperatureSweep
        guard task.hasLabels else {
            throw SpecificationError(
                problem: "\(setting: setting) has no meaning for task \(task.rawValue)",
                remedy: "the probability of what happened does not say those of all that did not; leave it out")
        }
        let modifiers = specification.modifiers
        guard modifiers.labelSmoothing == 0, modifiers.focalGamma == nil, modifiers.classWeights == nil, modifiers.positiveWeights == nil,
            modifiers.divergence == .crossEntropy
        else {
            throw SpecificationError(
                problem: "\(setting: setting) is of the plain cross-entropy, and the loss has a modifier",
                remedy: "leave the modifier out, or the temperature")
        }
        guard temperatures.count <= Self.limit, temperatures.allSatisfy({ $0 > 0 && $0 < .infinity && 1 / $0 < .infinity }) else {
            throw SpecificationError(
                problem: "\(setting: .temperatureSweep) is \(temperatures.map { "\($0)" }.joined(separator: ","))",
                remedy: "give at most \(Self.limit) numbers above 0")
        }
        self.temperatures = temperatures
        self.isFitted = isFitted
        nodes = ((isFitted ? Self.fitNodes : []) + temperatures.map { 1 / $0 }).map { Node(beta: $0) }
    }

    /// "temperature".
    public var tag: String { Self.tag }

    /// One byte, 1 for a fit, else 0; then the temperatures as Float64 of eight bytes each.
    public var configuration: [UInt8] {
        var bytes: [UInt8] = [isFitted ? 1 : 0]
        for temperature in temperatures { bytes.append(littleEndian: temperature.bitPattern) }
        return bytes
    }

    /// Adds the rows of a block. O(rowCount × classCount × nodes).
    public mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0), weights = hasWeights ? block.rows.weights : nil
        let classCount = task == .multilabel ? 2 : block.distributionCount
        let kernels = block.predictionKernels
        for row in 0..<block.rows.rowCount where !losses[row].isNaN {
            let rowWeight = weights?[row] ?? 1
            rowCount.addSaturating(1)
            if hasWeights { weight.add(rowWeight) }
            guard rowWeight > 0 else { continue }
            if task == .multilabel {
                guard let targets = block.targets else { return }
                for column in 0..<block.classCount {
                    logits.fill(2) { block.writeLogits(ofRow: row, column: column, to: $0) }
                    let label = targets[row * block.classCount + column]
                    let target = logits.withNumbers { Self.labelled(label, $0) } ?? .nan
                    add(2, target: target, weight: rowWeight / Double(block.classCount), kernels)
                }
                continue
            }
            logits.fill(classCount) { block.writeLogits(ofRow: row, to: $0) }
            // How much of the row has each class as its label: Σ y x.
            add(classCount, target: Self.labelled(block, row, logits), weight: rowWeight, kernels)
        }
    }

    /// Adds the row whose logits are there.
    private mutating func add(_ classCount: Int, target: Double, weight rowWeight: Double, _ kernels: PredictionKernels) {
        var largest = -Double.infinity, top = 0
        _ = logits.withNumbers { logits in
            for c in 0..<classCount where logits[c] > largest { (largest, top) = (logits[c], c) }
        }
        guard largest.isFinite else {
            for index in nodes.indices {
                nodes[index].value.add(.nan)
                nodes[index].slope.add(.nan)
            }
            return
        }
        logits.fill((classCount + 7) / 8 * 8) { logits in
            // −∞ is far enough away to have a term of 0, and its distance times 0 is 0. Beyond the last class are such as well.
            for c in 0..<classCount { logits[c] = max(logits[c] - largest, -1e30) }
            for c in classCount..<(classCount + 7) / 8 * 8 { logits[c] = -1e30 }
        }
        for index in nodes.indices {
            let point = point(beta: nodes[index].beta, classCount, largest: largest, at: top, target: target, kernels)
            nodes[index].value.add(point.value * rowWeight)
            nodes[index].slope.add(point.slope * rowWeight)
            nodes[index].curvature.add(point.curvature * rowWeight)
        }
    }

    /// Returns Σ y x over the classes, where 0 · −∞ is 0.
    private static func labelled(_ block: ScoredBlock, _ row: Int, _ logits: RowNumbers) -> Double {
        logits.withNumbers { logits in
            switch block.specification.task {
            case .binary: return labelled(block.targets?[row] ?? Double(block.classLabels[row]), logits)
            case .soft:
                guard let targets = block.targets else { return .nan }
                var sum = 0.0
                for c in 0..<block.classCount where targets[row * block.classCount + c] != 0 {
                    sum += targets[row * block.classCount + c] * logits[c]
                }
                return sum
            default: return logits[Int(block.classLabels[row])]
            }
        } ?? .nan
    }

    /// Returns (1 − y) x_0 + y x_1 of a decision with label y, where 0 · −∞ is 0.
    private static func labelled(_ label: Double, _ logits: UnsafePointer<Double>) -> Double {
        (label == 1 ? 0 : (1 - label) * logits[0]) + (label == 0 ? 0 : label * logits[1])
    }

    /// Returns loss, slope and curvature of the row whose logits are there, at a β.
    private func point(
        beta: Double, _ classCount: Int, largest: Double, at top: Int, target: Double, _ kernels: PredictionKernels
    ) -> (value: Double, slope: Double, curvature: Double) {
        // `logits` are distances from the largest. The sums are over all terms but the largest, which is 1, so that log1p keeps the digits of
        // confident rows.
        let sums = logits.withNumbers { kernels.temperatureSums($0, classCount: classCount, except: top, beta: beta) }
        let (sum, first, second) = sums ?? (.nan, .nan, .nan)
        let mean = first / (1 + sum)
        let value = ElementaryFunctions.logarithmOfOnePlus(sum) + beta * (largest - target)
        return (value, mean + (largest - target), max(0, second / (1 + sum) - mean * mean))
    }

    /// Adds the rows of another state.
    public mutating func merge(_ other: TemperatureCurve) throws(PartialError) {
        guard configuration == other.configuration, hasWeights == other.hasWeights else { throw .otherSettings(tag) }
        rowCount.addSaturating(other.rowCount)
        weight.add(other.weight)
        for index in nodes.indices {
            nodes[index].value.add(other.nodes[index].value)
            nodes[index].slope.add(other.nodes[index].slope)
            nodes[index].curvature.add(other.nodes[index].curvature)
        }
    }

    private func mean(_ sum: CompactSum) -> Double {
        hasWeights ? sum.exact.rounded(dividedBy: weight) : sum.exact.rounded(dividedBy: rowCount)
    }

    /// The mean loss at each of `temperatures`.
    public var sweep: [(temperature: Double, mean: Double)] {
        zip(temperatures, nodes.suffix(temperatures.count)).map { ($0, mean($1.value)) }
    }

    /// The temperature of the least mean loss.
    public struct Fit: Sendable, Equatable {
        /// The temperature: 0 or infinite where the loss falls all the way beyond the curve's ends.
        public let temperature: Double
        /// The bounds between which it lies for sure.
        public let lower: Double, upper: Double
        /// The mean loss at the temperature, by interpolation; NaN where that is 0 or infinite.
        public let mean: Double
        /// The mean loss at temperature 1 less that: what dividing logits by the temperature would gain.
        public let gain: Double
    }

    /// The fit; nil if it was not asked for, or no row was scored.
    ///
    /// The slope changes its sign between two neighbouring nodes, by convexity. Between them the curve is the polynomial that has its values, slopes
    /// and curvatures at the six nodes around, of which the least is taken. On logits of real models it is within 1e-9 of the curve, and the
    /// temperature within 1e-8 of itself.
    public var fit: Fit? {
        guard isFitted, rowCount > 0 else { return nil }
        let points = nodes.prefix(Self.fitNodes.count).map { node in
            (beta: node.beta, value: mean(node.value), slope: mean(node.slope), curvature: mean(node.curvature))
        }
        guard points.allSatisfy({ $0.value.isFinite && $0.slope.isFinite }) else {
            return Fit(temperature: .nan, lower: .nan, upper: .nan, mean: .nan, gain: .nan)
        }
        guard let first = points.first, first.slope < 0 else {
            return Fit(temperature: .infinity, lower: 1 / Self.fitNodes[0], upper: .infinity, mean: .nan, gain: .nan)
        }
        guard let end = points.firstIndex(where: { $0.slope >= 0 }) else {
            return Fit(temperature: 0, lower: 0, upper: 1 / (Self.fitNodes.last ?? 1), mean: .nan, gain: .nan)
        }
        let (left, right) = (points[end - 1], points[end])
        let near = points[max(0, end - 3)..<min(points.count, end + 3)]
        let curve = HermiteInterpolation(near.map { (place: $0.beta, value: $0.value, slope: $0.slope, curvature: $0.curvature) })
        let beta = Bisection.root(in: left.beta...right.beta) { curve.slope(at: $0) < 0 }
        let least = curve.value(at: beta)
        let atOne = points.first { $0.beta == 1 }?.value ?? .nan
        return Fit(temperature: 1 / beta, lower: 1 / right.beta, upper: 1 / left.beta, mean: least, gain: atOne - least)
    }

    /// Returns true if both have the same sums.
    public static func == (left: TemperatureCurve, right: TemperatureCurve) -> Bool {
        left.configuration == right.configuration && left.encoded == right.encoded
    }
}

// The section "temperature": a varint, the number of rows; an exact sum of their weights, zero where they have none; and for each β, those of the fit
// first, three exact sums: of the losses, the slopes and the curvatures.
extension TemperatureCurve {
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(varint: rowCount)
        weight.encode(into: &bytes)
        for node in nodes {
            for sum in [node.value, node.slope, node.curvature] { sum.encode(into: &bytes) }
        }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        rowCount = try reader.varint()
        weight = try reader.exactSum()
        for index in nodes.indices {
            nodes[index].value = try CompactSum(&reader)
            nodes[index].slope = try CompactSum(&reader)
            nodes[index].curvature = try CompactSum(&reader)
        }
        try reader.expectEnd()
    }

    /// Makes the state of no rows from its settings, as a partial has them.
    static func make(_ configuration: [UInt8], _ specification: LossSpecification) throws(PartialError) -> TemperatureCurve {
        var reader = SectionReader(configuration[...])
        let isFitted: Bool
        switch try reader.bytes(1).first {
        case 0: isFitted = false
        case 1: isFitted = true
        default: throw .unknownSettings(tag)
        }
        var temperatures: [Double] = []
        while reader.remainingByteCount > 0 { temperatures.append(try reader.double()) }
        do throws(SpecificationError) {
            return try TemperatureCurve(specification, temperatures: temperatures, isFitted: isFitted)
        } catch {
            throw .unknownSettings(tag)
        }
    }
}
