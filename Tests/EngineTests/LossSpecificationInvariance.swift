import Elements
import Formats
import Foundation
import Messages
import Scoring
import SeededRandom
import Testing

@testable import Engine

/// `EngineInvariance` for any loss: every task, input and modifier, several dialects in one pass, weights, invalid rows.
@Suite struct LossSpecificationInvariance {
    static let threadCounts = [1, 2, 3, 8]

    /// All that must be the same, with the places of invalid rows.
    private struct Findings: Equatable {
        let figures: String
        let invalidRows: [InvalidRow]
        let warnings: [Message]
        let outcome: Outcome

        init(_ evaluation: Evaluation, perRow: [UInt8]) throws {
            figures = try Self.figures(evaluation.report)
            invalidRows = evaluation.report.rows.firstInvalid
            warnings = evaluation.report.warnings
            outcome = Outcome(evaluation, perRow: perRow)
        }

        private struct Figures: Encodable {
            let loss: Report.Loss
            let dialects: [String: Report.DialectLoss]
            let counts: [UInt64]
            let classes: Int
            let accuracy: Double?
        }

        /// Every number of a report but those of the run.
        static func figures(_ report: Report) throws -> String {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            let rows = report.rows
            let figures = Figures(
                loss: report.loss, dialects: report.dialects, counts: [rows.read, rows.scored, rows.ignored, rows.invalid, rows.infinite],
                classes: report.classes, accuracy: report.accuracy)
            return String(decoding: try encoder.encode(figures), as: UTF8.self)
        }
    }

    /// The files of a dump.
    private struct Paths {
        var predictions: [String] = []
        var labels: [String] = []
        var weights: [String] = []

        /// Files whose names end in `suffix`.
        init(_ dump: Dump, _ folder: TemporaryFolder, framing: () -> Framing, suffix: String = "") {
            predictions = [folder.write(framing().store(dump.predictionBytes), "p\(suffix).npy")]
            if dump.specification.task.hasLabels { labels = [folder.write(framing().store(dump.labelBytes), "l\(suffix).npy")] }
            if dump.weights != nil { weights = [folder.write(framing().store(dump.weightBytes), "w\(suffix).npy")] }
        }
    }

    /// Evaluates files and holds what is found against what was found first. The paths of files are compared only where `comparesPaths`.
    private func expectSame(
        _ expected: inout Findings?, _ folder: TemporaryFolder, _ paths: Paths, _ dump: Dump, threads: Int, kernel: InstructionSet,
        comparesPaths: Bool = true, _ what: String
    ) throws {
        let what = "\(what), \(threads) threads, \(kernel)"
        let evaluation = try evaluate(
            paths.predictions, paths.labels, dump.specification, weights: paths.weights, threads: threads, kernel: kernel, onInvalid: .skip,
            perRow: folder["rows.npy"])
        #expect(evaluation.report.run?.kernel == kernel.rawValue)
        let found = try Findings(evaluation, perRow: folder.read("rows.npy"))
        let wanted = expected ?? found
        expected = wanted
        #expect(found.figures == wanted.figures, "\(what)")
        // Not `#expect(found == wanted)`, which would print all bytes.
        #expect(found.outcome == wanted.outcome ? true : false, "partial or losses of rows: \(what)")
        guard comparesPaths else { return }
        #expect(found.warnings == wanted.warnings, "\(what)")
        #expect(found.invalidRows == wanted.invalidRows, "\(what)")
    }

    /// Which row ends the run where invalid rows are not skipped; nil where none does.
    private func failingRow(_ paths: Paths, _ dump: Dump, threads: Int) -> Int? {
        do throws(EngineError) {
            try evaluate(paths.predictions, paths.labels, dump.specification, weights: paths.weights, threads: threads)
            return nil
        } catch {
            return error.row
        }
    }

    private func expectSame(
        _ dump: Dump, _ folder: TemporaryFolder, framings: [Framing], _ random: inout SplitMix64, _ what: String
    ) throws {
        var expected: Findings?
        var failingRows: [Int?] = []
        for (number, framing) in framings.enumerated() {
            // Labels and weights in a form of their own.
            var forms = [framing] + (0..<2).map { _ in framings.randomElement(using: &random)! }
            let what = "\(what), predictions \(framing), labels \(forms[1]), weights \(forms[2])"
            let paths = Paths(dump, folder, framing: { forms.removeFirst() })
            // One form by all, the others by some.
            let combinations = Self.threadCounts.flatMap { threads in InstructionSet.available.map { (threads, $0) } }
            for (threads, kernel) in number == 0 ? combinations : Array(combinations.shuffled(using: &random).prefix(2)) {
                try expectSame(&expected, folder, paths, dump, threads: threads, kernel: kernel, what)
            }
            failingRows.append(failingRow(paths, dump, threads: Self.threadCounts.randomElement(using: &random)!))
            #expect(failingRows[number] == failingRows[0], "\(what): another row ends the run")
        }
        #expect(failingRows[0] == expected?.invalidRows.first?.row, "\(what)")
    }

    @Test(arguments: 201...203 as ClosedRange<UInt64>)
    func everyFramingThreadAndKernel(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        for number in 0..<(isOptimised ? 40 : 2) {
            let dump = Dump.randomOfAnyLoss(&random, valueLimit: 2000)
            let framings = Array(Framing.all.shuffled(using: &random).prefix(5))
            try expectSame(dump, folder, framings: framings, &random, "seed \(seed), dump \(number), \(dump.summary)")
        }
    }

    /// Dumps of some units, whose blocks end at other rows in every form.
    @Test(arguments: 211...213 as ClosedRange<UInt64>)
    func severalUnits(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        let framings: [Framing] = [
            .frames(frameByteCount: 100_003, isSized: true), .raw, .seekable(frameByteCount: 1_000_003, hasChecksums: true), .streamed,
        ]
        for number in 0..<(isOptimised ? 4 : 1) {
            let part = Dump.randomOfAnyLoss(&random, valueLimit: 20_000, elementType: .float64)
            // Three units of 2 MiB and the beginning of a fourth.
            let dump = part.repeated((13 << 19) / (8 * part.values.count) + 1)
            try expectSame(
                dump, folder, framings: framings.shuffled(using: &random), &random,
                "seed \(seed), dump \(number), \(part.rowCount) rows repeated, \(dump.summary)")
        }
    }

    /// Rows that are invalid in one dialect and not in another: the first of all ends the run, and each is listed once.
    @Test func firstInvalidRowOfAnyDialect() throws {
        let folder = TemporaryFolder()
        var dump = Dump(elementType: .float64, classCount: 1, values: [Double](repeating: 0.25, count: 40), labels: [])
        dump.targets = [Double](repeating: 1, count: 40)
        // Keras takes a probability above 1.
        (dump.values[5], dump.values[7], dump.values[30]) = (1.5, .nan, 2)
        for dialects in [[Dialect.keras, .exact], [.exact, .keras]] {
            dump.specification = try LossSpecification(task: .binary, input: .probabilities, dialects: dialects)
            let paths = Paths(dump, folder, framing: { .raw })
            #expect(failingRow(paths, dump, threads: 1) == 5, "\(dump.specification.canonicalText)")
            let report = try evaluate(dump, folder, framing: .raw, onInvalid: .skip).report
            #expect(report.rows.firstInvalid.map(\.row) == [5, 7, 30], "\(dump.specification.canonicalText)")
            #expect(report.dialects["keras"]?.invalidRows == 1 && report.dialects["exact"]?.invalidRows == 3)
        }
    }

    /// The rows cut into files: evaluated in one run, with labels and weights cut otherwise, and apart and merged in any order.
    @Test func cutIntoFiles() throws {
        let seed: UInt64 = 221
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        func anyFraming() -> Framing { Framing.all.randomElement(using: &random)! }
        for number in 0..<(isOptimised ? 100 : 4) {
            var dump = Dump.randomOfAnyLoss(&random, valueLimit: 2000)
            // Enough rows for ten files, of which no two have the same losses.
            while dump.rowCount < 60 || (dump.classCount == 1 && !dump.specification.task.isSingleValued) {
                dump = Dump.randomOfAnyLoss(&random, valueLimit: 2000)
            }
            let fileCount = Int.random(in: 2...10, using: &random)
            func cuts(_ fileCount: Int) -> [Range<Int>] {
                // At least four rows a file.
                let inner = (1..<fileCount).map { _ in Int.random(in: 0...dump.rowCount - 4 * fileCount, using: &random) }.sorted()
                let starts = [0] + inner.enumerated().map { $1 + 4 * ($0 + 1) } + [dump.rowCount]
                return zip(starts, starts.dropFirst()).map { $0..<$1 }
            }
            let what = "seed \(seed), dump \(number), \(dump.summary), \(fileCount) files"
            var expected: Findings?
            let whole = Paths(dump, folder, framing: anyFraming)
            try expectSame(&expected, folder, whole, dump, threads: 1, kernel: .best, what)

            let parts = cuts(fileCount).enumerated().map { Paths(dump.slice($1), folder, framing: anyFraming, suffix: "\($0)") }
            var paths = whole
            paths.predictions = parts.flatMap(\.predictions)
            paths.labels = parts.flatMap(\.labels)
            paths.weights = parts.flatMap(\.weights)
            // One file of labels for all, and labels and weights cut elsewhere.
            var withWhole = paths
            (withWhole.labels, withWhole.weights) = (whole.labels, whole.weights)
            let others = cuts(fileCount + 1).enumerated().map { Paths(dump.slice($1), folder, framing: anyFraming, suffix: "other\($0)") }
            var withOthers = paths
            (withOthers.labels, withOthers.weights) = (others.flatMap(\.labels), others.flatMap(\.weights))
            let forms = [
                (paths, "cut alike"), (withWhole, "labels and weights in one"), (withOthers, "labels and weights cut otherwise"),
            ]
            for (paths, form) in forms {
                try expectSame(
                    &expected, folder, paths, dump, threads: Self.threadCounts.randomElement(using: &random)!,
                    kernel: InstructionSet.available.randomElement(using: &random)!, comparesPaths: false, "\(what), \(form)")
            }

            var partials: [String] = []
            for (index, part) in parts.enumerated() {
                let evaluation = try evaluate(
                    part.predictions, part.labels, dump.specification, weights: part.weights,
                    threads: Self.threadCounts.randomElement(using: &random)!, onInvalid: .skip)
                try PartialFile.write(evaluation.partial, to: folder["partial\(index)"])
                partials.append(folder["partial\(index)"])
            }
            try mergeInAnyOrder(partials, using: &random, what) { merged in
                let figures = try Findings.figures(merged)
                #expect(figures == expected?.figures, "\(what), merged")
            }
        }
    }
}
