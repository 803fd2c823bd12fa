import Scoring
import SeededRandom
import Testing

@testable import Insight

/// Intervals of confidence against brute force.
@Suite struct CalibrationTests {
    /// A confidence lies in the interval whose bounds enclose it, also where it is a bound and where multiplying would round the wrong way.
    @Test(arguments: [1, 2, 5, 10, 15, 29, 100, 1000])
    func intervalsAreClosedOnTheRight(count: Int) {
        let edges = ReliabilityBins.edges(count: count)
        func expected(_ confidence: Double) -> Int {
            for bin in 0..<count where confidence <= edges[bin + 1] { return bin }
            return count - 1
        }
        var random = SplitMix64(seed: 41)
        let confidences = edges + edges.map(\.nextUp) + edges.map(\.nextDown) + (0..<1000).map { _ in Double.random(in: 0...1, using: &random) }
        for confidence in confidences where (0...1).contains(confidence) {
            let bin = edges.withUnsafeBufferPointer { ReliabilityBins.index(of: confidence, $0) }
            #expect(bin == expected(confidence), "\(confidence)")
        }
    }

    /// Confidences at bounds belong to the interval that ends there, or to the one that begins there; those of 1 to the last or to one of their own.
    /// Predictions that are added by way of a block's sums give the same bytes as those that are added one by one: at bounds, next to them, outside of
    /// [0, 1], with digits below 2^-92, with outcomes that are fractions, and NaN.
    @Test(arguments: [1, 2, 15, 29, 1000], InstructionSet.available)
    func blocksGiveTheSumsOfPredictions(count: Int, set: InstructionSet) {
        for keepsBoundsApart in [false, true] { checkBlocks(count, set, keepsBoundsApart: keepsBoundsApart) }
    }

    private func checkBlocks(_ count: Int, _ set: InstructionSet, keepsBoundsApart: Bool) {
        var random = SplitMix64(seed: UInt64(count))
        var confidences: [Double] = [0, 1, -0.0, 1e-300, 0x1p-60, .nan, 1 + 0x1p-52, -1e-9, 0x1.8p-93]
        for edge in ReliabilityBins.edges(count: count) { confidences += [edge, edge.nextUp, edge.nextDown] }
        while confidences.count < 4104 { confidences.append(Double.random(in: 0...1, using: &random)) }
        var outcomes = confidences.map { _ in Double(Int.random(in: 0...1, using: &random)) }
        for index in stride(from: 0, to: outcomes.count, by: 100) { outcomes[index] = 0.25 }
        let edges = ReliabilityBins.edges(count: count)
        var single = ReliabilityBins(edges: edges, hasWeights: false, keepsBoundsApart: keepsBoundsApart), blocks = single
        var singleGrid = ResidualGrid(), grid = singleGrid, room = PredictionKernels.Room()
        let kernels = PredictionKernels(set)
        confidences.withUnsafeBufferPointer { confidences in
            outcomes.withUnsafeBufferPointer { outcomes in
                guard let c = confidences.baseAddress, let o = outcomes.baseAddress else { return }
                // Kernels read whole vectors.
                let total = confidences.count - 8
                single.add(c, o, weights: nil, stride: 1, count: total)
                singleGrid.add(c, o, count: total)
                var start = 0
                // Blocks of all kinds of ends.
                while start < total {
                    let count = min(Int.random(in: 1...1024, using: &random), total - start)
                    grid.withRecent(adding: count) { blocks.add(c + start, o + start, count: count, kernels, grid: $0, room: &room) }
                    for other in room.otherIndices { grid.add(c + start + Int(other), o + start + Int(other), count: 1) }
                    start += count
                }
            }
        }
        func bytes(_ bins: ReliabilityBins) -> [UInt8] {
            var bytes: [UInt8] = []
            bins.encode(into: &bytes)
            return bytes
        }
        #expect(bytes(single) == bytes(blocks))
        #expect(singleGrid == grid)
    }

    @Test func boundsBelongToWhereALibraryHasThem() {
        let confidences = [0, 0.1, 0.25, 0.25, 0.3, 0.5, 0.75, 0.9, 1, 1], outcomes = [0.0, 1, 0, 1, 1, 0, 1, 1, 1, 0]
        var bins = ReliabilityBins(count: 4, hasWeights: false)
        bins.add(confidences, outcomes, weights: nil, stride: 1, count: 4)
        // From two states.
        var rest = ReliabilityBins(count: 4, hasWeights: false)
        rest.add(Array(confidences[4...]), Array(outcomes[4...]), weights: nil, stride: 1, count: 6)
        bins.merge(rest)
        func counts(_ closure: ReliabilityBins.Closure) -> [UInt64] { bins.reliability(closure).map(\.rowCount) }
        #expect(counts(.right) == [4, 2, 1, 3])
        #expect(counts(.left) == [2, 3, 1, 4])
        #expect(counts(.leftWithOwnEnd) == [2, 3, 1, 2, 2])
        #expect(bins.reliability(.leftWithOwnEnd).last?.confidence == 1)
        #expect(bins.reliability(.left).map(\.accuracy) == [0.5, 2.0 / 3, 0, 0.75])
    }

    @Test(arguments: [LossTask.multiclass, .binary])
    func errorsAreThoseOfTheDefinition(task: LossTask) throws {
        let classCount = task == .binary ? 1 : 4
        let rows = RandomRows(try RandomRows.loss(task, .logits), rowCount: 900, classCount: classCount, seed: 42)
        let calibration = try rows.observed(try Calibration(rows.specification, binCounts: [10]))
        var sums = [(count: Double, confidence: Double, hits: Double)](repeating: (0, 0, 0), count: 10)
        for row in 0..<rows.rowCount {
            let logits = task == .binary ? [0, Double(rows.values[row])] : rows.values[row * 4..<row * 4 + 4].map(Double.init)
            let terms = logits.map { ElementaryFunctions.exponential($0 - (logits.max() ?? 0)) }
            let p = terms.map { $0 / terms.reduce(0, +) }
            let top = p.indices.max { (p[$0], -$0) < (p[$1], -$1) } ?? 0
            let confidence = task == .binary ? p[1] : p[top]
            let isHit = task == .binary ? rows.labels[row] == 1 : Int(rows.labels[row]) == top
            let bin = max(0, Int((confidence * 10).rounded(.up)) - 1)
            sums[bin].count += 1
            sums[bin].confidence += confidence
            sums[bin].hits += isHit ? 1 : 0
        }
        let n = Double(rows.rowCount)
        let ece = sums.filter { $0.count > 0 }.reduce(0) { $0 + ($1.confidence - $1.hits).magnitude / n }
        let errors = try #require(calibration.errors(binning: 0))
        #expect((errors.expected - ece).magnitude < 1e-12)
        #expect(errors.squareMean >= errors.expected)
        #expect(errors.largest >= errors.squareMean)
    }

    /// Predictions that are right as often as they say have a small smooth error, and ones that are not a large one.
    /// Errors that fall as the bandwidth grows, some of them with a corner or a jump.
    @Test(arguments: 0..<200) func secantsFindTheBandwidthOfHalving(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed) + 500)
        let level = Double.random(in: 0...1, using: &random), slope = Double.random(in: 0...4, using: &random)
        let corner = Double.random(in: 0...1, using: &random)
        var count = 0
        func error(_ bandwidth: Double) -> Double {
            count += 1
            switch seed % 4 {
            case 0: return level * 0x1p-6 / (1 + slope * bandwidth)
            case 1: return level / (1 + 50 * slope * bandwidth * bandwidth)
            case 2: return bandwidth < corner ? level : level * 0.01
            default: return level * (1 - min(1, bandwidth))
            }
        }
        let found = ResidualGrid.leastBandwidth(error)
        #expect(count <= 50)
        var low = 0x1p-12, high = 1.0
        if error(low) <= low {
            high = low
        } else {
            while high - low > 0x1p-16 {
                let middle = (low + high) / 2
                if error(middle) > middle { low = middle } else { high = middle }
            }
        }
        #expect(found.bandwidth == high)
        #expect(found.error == error(high))
    }

    @Test func smoothErrorSeesMiscalibration() throws {
        var random = SplitMix64(seed: 43)
        var honest = ResidualGrid(), boasting = ResidualGrid()
        let count = 20_000
        for _ in 0..<count {
            var p = Double.random(in: 0...1, using: &random)
            var outcome = Double.random(in: 0...1, using: &random) < p ? 1.0 : 0
            honest.add(&p, &outcome, count: 1)
            var said = p < 0.5 ? p * p : 1 - (1 - p) * (1 - p)
            boasting.add(&said, &outcome, count: 1)
        }
        let small = try #require(honest.smoothError(count: UInt64(count))), large = try #require(boasting.smoothError(count: UInt64(count)))
        #expect(small.error < 0.02)
        #expect(large.error > 0.05)
        #expect((large.error - large.bandwidth).magnitude < 1e-3)
    }

    /// Intervals of equal mass hold equally many predictions, and all of them.
    @Test func equalMassIsEqual() throws {
        let rows = RandomRows(try RandomRows.loss(.multiclass, .logits), rowCount: 1003, classCount: 4, seed: 44)
        let calibration = try rows.observed(try EqualMassCalibration(rows.specification, binCount: 10))
        let counts = calibration.reliability.map(\.rowCount)
        #expect(counts == [101, 101, 101, 100, 100, 100, 100, 100, 100, 100])
    }
}
