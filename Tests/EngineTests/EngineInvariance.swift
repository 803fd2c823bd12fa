import Elements
import Formats
import Messages
import Scoring
import SeededRandom
import Testing

@testable import Engine

/// The same 64 bits whatever the threads, the instruction set, where frames were cut and how the rows were shared out over files.
@Suite struct EngineInvariance {
    static let threadCounts = [1, 2, 3, 8, 64]

    /// Evaluates one stored form of a dump by all threads and kernels, and holds the results against what is expected.
    private func expectSame(
        _ expected: inout Outcome?, _ folder: TemporaryFolder, _ predictions: [String], _ labels: [String],
        _ specification: LossSpecification,
        threadCounts: [Int] = Self.threadCounts, kernels: [InstructionSet] = InstructionSet.available, _ what: String
    ) throws {
        for threads in threadCounts {
            for kernel in kernels {
                let evaluation = try evaluate(
                    predictions, labels, specification, threads: threads, kernel: kernel, perRow: folder["rows.npy"])
                #expect(evaluation.report.run?.kernel == kernel.rawValue)
                let found = Outcome(evaluation, perRow: folder.read("rows.npy"))
                let wanted = expected ?? found
                expected = wanted
                // Not `#expect(found == wanted)`, which would print all bytes.
                #expect(found.meanHex == wanted.meanHex, "\(what), \(threads) threads, \(kernel)")
                #expect(found.sumHex == wanted.sumHex, "\(what), \(threads) threads, \(kernel)")
                #expect(found.partial == wanted.partial ? true : false, "partial: \(what), \(threads) threads, \(kernel)")
                #expect(found.perRow == wanted.perRow ? true : false, "losses of rows: \(what), \(threads) threads, \(kernel)")
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func everyFramingThreadAndKernel(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        for _ in 0..<(isOptimised ? 12 : 1) {
            let dump = Dump.random(&random, elementLimit: isOptimised ? 20_000 : 3000)
            let (predictionBytes, labelBytes) = (dump.predictionBytes, dump.labelBytes)
            var expected: Outcome?
            for framing in Framing.all {
                let labelFraming = Framing.all.randomElement(using: &random)!
                let predictions = folder.write(framing.store(predictionBytes), "p.npy")
                let labels = folder.write(labelFraming.store(labelBytes), "l.npy")
                try expectSame(
                    &expected, folder, [predictions], [labels], dump.specification,
                    "seed \(seed), \(dump.summary), predictions \(framing), labels \(labelFraming)")
            }
        }
    }

    /// Many dumps, each in two random forms, evaluated by random threads and kernels.
    @Test func randomDumps() throws {
        let seed: UInt64 = 5
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        for number in 0..<(isOptimised ? 600 : 15) {
            let dump = Dump.random(&random, elementLimit: isOptimised ? 20_000 : 3000)
            var expected: Outcome?
            for _ in 0..<3 {
                let (framing, labelFraming) = (Framing.all.randomElement(using: &random)!, Framing.all.randomElement(using: &random)!)
                let predictions = folder.write(framing.store(dump.predictionBytes), "p.npy")
                let labels = folder.write(labelFraming.store(dump.labelBytes), "l.npy")
                try expectSame(
                    &expected, folder, [predictions], [labels], dump.specification,
                    threadCounts: [Self.threadCounts.randomElement(using: &random)!],
                    kernels: [InstructionSet.available.randomElement(using: &random)!],
                    "seed \(seed), dump \(number), \(dump.summary), predictions \(framing), labels \(labelFraming)")
            }
        }
    }

    /// The rows cut into files: evaluated in one run, with the labels cut otherwise, and apart and merged in any order.
    @Test func cutIntoFiles() throws {
        let seed: UInt64 = 6
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        for number in 0..<(isOptimised ? 100 : 4) {
            var dump = Dump.random(&random, elementLimit: isOptimised ? 20_000 : 3000)
            // Enough rows for ten files, of which no two have the same losses.
            while dump.rowCount < 60 || (dump.classCount == 1 && dump.specification.task == .multiclass) {
                dump = Dump.random(&random, elementLimit: isOptimised ? 20_000 : 3000)
            }
            let whole = try evaluate(
                [folder.write(dump.predictionBytes, "p.npy")], [folder.write(dump.labelBytes, "l.npy")], dump.specification,
                perRow: folder["rows.npy"])
            let expected = Outcome(whole, perRow: folder.read("rows.npy"))

            let fileCount = Int.random(in: 2...10, using: &random)
            func cuts(leastRowCount: Int) -> [Range<Int>] {
                var ranges: [Range<Int>] = []
                var start = 0
                for file in 0..<fileCount {
                    let left = fileCount - 1 - file
                    let end =
                        left == 0
                        ? dump.rowCount : Int.random(in: start + leastRowCount...dump.rowCount - left * leastRowCount, using: &random)
                    ranges.append(start..<end)
                    start = end
                }
                return ranges
            }
            let parts = cuts(leastRowCount: 4)
            var predictions: [String] = []
            var labels: [String] = []
            for (index, rows) in parts.enumerated() {
                let part = dump.slice(rows)
                predictions.append(folder.write(Framing.all.randomElement(using: &random)!.store(part.predictionBytes), "p\(index).npy"))
                labels.append(folder.write(Framing.all.randomElement(using: &random)!.store(part.labelBytes), "l\(index).npy"))
            }
            let what = "seed \(seed), dump \(number), \(dump.summary), \(fileCount) files"
            var outcome: Outcome? = expected
            let threads = [Self.threadCounts.randomElement(using: &random)!, 1]
            let kernels = [InstructionSet.available.randomElement(using: &random)!]
            try expectSame(&outcome, folder, predictions, labels, dump.specification, threadCounts: threads, kernels: kernels, what)
            // One file of labels for all.
            try expectSame(
                &outcome, folder, predictions, [folder["l.npy"]], dump.specification, threadCounts: threads, kernels: kernels,
                what + ", labels in one")
            // Another number of label files, cut elsewhere and of both byte orders; an empty one among them.
            var others: [String] = []
            for (index, rows) in (cuts(leastRowCount: 0) + [dump.rowCount..<dump.rowCount]).enumerated() {
                var part = dump.slice(rows)
                part.areLabelsBigEndian = Bool.random(using: &random)
                part.areLabelsColumn = Bool.random(using: &random)
                others.append(folder.write(Framing.all.randomElement(using: &random)!.store(part.labelBytes), "o\(index).npy"))
            }
            try expectSame(
                &outcome, folder, predictions, others, dump.specification, threadCounts: threads, kernels: kernels,
                what + ", labels cut otherwise")

            var partials: [String] = []
            for index in 0..<fileCount {
                let part = try evaluate([predictions[index]], [labels[index]], dump.specification, threads: 2)
                try PartialFile.write(part.partial, to: folder["\(index).partial"])
                partials.append(folder["\(index).partial"])
            }
            try mergeInAnyOrder(partials, using: &random, what) { merged in
                #expect(merged.loss.meanHex == expected.meanHex, "\(what), merged")
                #expect(merged.loss.sumHex == expected.sumHex, "\(what), merged")
                #expect(merged.rows.scored == UInt64(dump.rowCount), "\(what), merged")
                #expect(merged.loss.standardError == whole.report.loss.standardError, "\(what), merged")
                #expect(merged.accuracy == whole.report.accuracy, "\(what), merged")
            }
        }
    }

    /// Once or each time, as it is said, and without a word not at all.
    @Test func aShardThatComesTwice() throws {
        var random = SplitMix64(seed: 7)
        let folder = TemporaryFolder()
        let dump = Dump.random(&random, task: .multiclass, input: .logits, elementType: .float32)
        let predictions = folder.write(dump.predictionBytes, "p.npy")
        let labels = folder.write(dump.labelBytes, "l.npy")
        for name in ["a", "b"] { try PartialFile.write(evaluate([predictions], [labels]).partial, to: folder[name]) }
        let error = #expect(throws: EngineError.self) { try PartialFile.merge([folder["a"], folder["b"]]) }
        #expect(error?.category == .data && error?.path == folder["b"])
        #expect(
            error?.remedy
                == """
                    \(setting: .sameShard, .once) counts such a shard once, \(setting: .sameShard, .each) as often as it is given; \
                    \(setting: .firstRow) says in each where it lies
                    """)
        let problem = error?.problem.description
        #expect(problem?.contains("\(dump.rowCount) rows") == true && problem?.contains(folder["a"]) == true)
        let once = try PartialFile.merge([folder["a"], folder["b"]], sameShard: .once)
        #expect(once.report.rows.scored == UInt64(dump.rowCount))
        #expect(once.report.warnings.contains { $0.description.contains(folder["b"]) })
        let each = try PartialFile.merge([folder["a"], folder["b"]], sameShard: .each)
        #expect(each.report.rows.scored == 2 * UInt64(dump.rowCount))
        #expect(each.report.loss.meanHex == once.report.loss.meanHex)
    }
}
