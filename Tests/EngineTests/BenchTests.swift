import Container
import Elements
import Formats
import Foundation
import Messages
import Oracle
import Scoring
import SeededRandom
import Testing
import WorkStealing

@testable import Bench
@testable import Engine

/// What `Bench` and `LossBench` report. Times cannot be foretold: what is checked is that they are there, and that all figures follow from
/// them.
@Suite struct BenchTests {
    /// A few rows, measured for a moment.
    static func options(
        _ source: BenchOptions.Source = .synthetic(SyntheticShape(rowCount: 3000, classCount: 20, element: .float32)),
        _ specification: LossSpecification = LossSpecification(task: .multiclass, input: .logits)
    ) -> BenchOptions {
        var options = BenchOptions(source: source, specification: specification)
        options.threadCounts = [1]
        options.repeatCount = 1
        options.kernelSeconds = 0.001
        return options
    }

    static func expectSpread(_ spread: Spread, count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(spread.samples.count == count, sourceLocation: sourceLocation)
        #expect(spread.samples.allSatisfy { $0 > 0 && $0 < .infinity }, "\(spread)", sourceLocation: sourceLocation)
        #expect(spread.min == spread.samples.min() && spread.max == spread.samples.max(), sourceLocation: sourceLocation)
    }

    @Test func medianAndEnds() {
        #expect(Spread([3, 1, 2]).median == 2)
        let even = Spread([4, 1, 10, 2])
        #expect(even.median == 3 && even.min == 1 && even.max == 10 && even.samples == [4, 1, 10, 2])
        #expect(Spread([7]).median == 7)
        #expect(Spread([]).median.isNaN)
        #expect(Spread([6, 1], over: [2, 4]).samples == [3, 0.25])
    }

    // MARK: A dump that is made

    @Test func figuresFollowFromTheTimes() throws {
        var options = Self.options()
        options.threadCounts = [3, 1, 1]
        options.repeatCount = 4
        let report = try Bench(options).report
        #expect(report.threads.map(\.threads) == [1, 3])
        let elements = 3000 * 20.0
        // Headers are of 128 bytes, as NumPy writes them; predictions of four bytes, labels as well.
        #expect(report.dump.decodedBytes == 128 + 4 * 3000 * 20 + 128 + 4 * 3000)
        #expect(report.dump.storedBytes == report.dump.inputs.reduce(0) { $0 + $1.bytes })
        #expect(report.dump.ratio == Double(report.dump.decodedBytes) / Double(report.dump.storedBytes))
        #expect(report.dump.ratio > 1 && report.dump.ratio < 1.5)
        for run in report.threads {
            for figure in [run.decode, run.kernels, run.whole] {
                Self.expectSpread(figure.seconds, count: 4)
                #expect(figure.rowsPerSecond == 3000 / figure.seconds.median)
                #expect(figure.elementsPerSecond == elements / figure.seconds.median)
                #expect(figure.bytesPerSecond == Double(report.dump.decodedBytes) / figure.seconds.median)
                Self.expectSpread(figure.speedup, count: 4)
            }
            for index in 0..<4 {
                let whole = run.whole.seconds.samples[index]
                #expect(run.wholeToDecode.samples[index] == whole / run.decode.seconds.samples[index])
                #expect(run.wholeToKernels.samples[index] == whole / run.kernels.seconds.samples[index])
                #expect(run.whole.speedup.samples[index] == report.threads[0].whole.seconds.samples[index] / whole)
            }
        }
        #expect(report.threads[0].decode.speedup.samples == [1, 1, 1, 1])
        #expect(report.kernels.map(\.kernel) == InstructionSet.available.map(\.rawValue))
        for kernel in report.kernels {
            Self.expectSpread(kernel.elementsPerSecond, count: 4)
            #expect(kernel.elementsPerSecond.samples == kernel.rowsPerSecond.samples.map { 20 * $0 })
        }
        #expect(report.machine.cores == ProcessorCount.available)
        #expect(report.settings.repeats == 4 && report.settings.warmups == 1 && report.settings.kernelSeconds == 0.001)
        #expect(report.settings.blockBytes == report.settings.blockRows * 80)
        #expect(report.settings.blockBytes <= CacheResidentRows.byteCountLimit)
        // As many as there are measurements of kernels alone: for each number of threads, and for each kernel.
        Self.expectSpread(report.processorShare, count: 4 * (2 + InstructionSet.available.count))
        #expect(report.warnings.contains { $0.description.contains("the dump is small") })
        #expect(report.warnings.contains { $0.description.contains("3 threads were asked for") } == (ProcessorCount.available < 3))
    }

    /// Kernels alone on one thread are measured for about as long as was asked for, and counted to the row.
    @Test func kernelsAreTimedAndCounted() throws {
        let rows = SyntheticRows(LossSpecification(task: .multiclass, input: .logits), classCount: 100, .float32, seed: 3)
        let block = CacheResidentRows(rows)
        let scorer = block.scorer(.best)
        var totals = LossTotals(block.specification)
        for pass in 0..<3 { block.score(scorer, &totals, firstRow: pass * block.rowCount) }
        #expect(totals.moments[0].readCount == UInt64(3 * block.rowCount))
        let clock = ContinuousClock()
        let start = clock.now
        let result = try block.measure(.best, threadCount: 1, seconds: 0.2, Cancellation())
        let elapsed = clock.now - start
        #expect(elapsed >= .milliseconds(200))
        // A row of 100 values takes between a nanosecond and a millisecond.
        #expect(result.rowsPerSecond > 1e3 && result.rowsPerSecond < 1e9)
        #expect(result.processorShare > 0 && result.processorShare < 1.01)
        #expect(result.instructionSetThatRan == .best)
    }

    @Test(arguments: InstructionSet.available)
    func theKernelThatWasAskedForRan(instructionSet: InstructionSet) throws {
        var options = Self.options()
        options.instructionSet = instructionSet
        let report = try Bench(options).report
        #expect(report.settings.kernel == instructionSet.rawValue)
        #expect(report.kernels.map(\.kernel) == InstructionSet.available.map(\.rawValue))
    }

    /// Every task and input is made such that all rows are scored, and nothing is warned of but the size.
    @Test(arguments: LossTask.allCases, PredictionInput.allCases)
    func everyTaskCanBeMade(task: LossTask, input: PredictionInput) throws {
        guard let specification = try? LossSpecification(task: task, input: input, modifiers: LossModifiers()) else {
            #expect(task == .likelihood && input == .logits)
            return
        }
        let shape = SyntheticShape(rowCount: 700, classCount: task.isSingleValued ? 1 : 30, element: .float16)
        let report = try Bench(Self.options(.synthetic(shape), specification)).report
        #expect(report.dump.task == task.rawValue && report.dump.input == input.rawValue && report.dump.isSynthetic)
        #expect(report.dump.rows == 700 && report.dump.columns == shape.classCount)
        #expect(report.dump.inputs.map(\.role) == (task.hasLabels ? ["predictions", "labels"] : ["predictions"]))
        #expect(report.dump.inputs[0].elementType == "f2" && report.dump.inputs.allSatisfy { $0.path == nil })
        #expect(report.dump.seed == 1 && report.dump.level == 3)
        #expect(report.warnings.filter { !$0.description.contains("small") && !$0.description.contains("busy") } == [])
    }

    /// What is made is a dump like any other: frames of 1 MiB, a model that is mostly right, and the same for the same seed.
    @Test func madeDumpIsEvaluated() throws {
        let specification = LossSpecification(task: .multiclass, input: .logits)
        let shape = SyntheticShape(rowCount: 30_000, classCount: 50, element: .float32)
        func outcome(seed: UInt64) throws -> (Outcome, Report) {
            let dump = try SyntheticDump(shape, specification, seed: seed, Cancellation())
            let evaluation = try Self.evaluate(dump, specification)
            return (Outcome(evaluation), evaluation.report)
        }
        let (first, report) = try outcome(seed: 5)
        #expect(report.rows.scored == 30_000 && report.classes == 50)
        #expect(report.inputs[0].frames == (128 + 4 * 30_000 * 50 - 1) >> 20 + 1 && report.inputs[0].compression == "zstd-seekable")
        let accuracy = try #require(report.accuracy)
        // Chance is 0.02.
        #expect(accuracy > 0.1 && accuracy < 0.6)
        #expect(report.warnings == [])
        #expect(try outcome(seed: 5).0 == first)
        #expect(try outcome(seed: 6).0 != first)
    }

    @Test func levelIsUsed() throws {
        func storedBytes(_ level: Int) throws -> BenchReport.Dump {
            var shape = SyntheticShape(rowCount: 20_000, classCount: 1, element: .bfloat16)
            shape.level = level
            return try Bench(Self.options(.synthetic(shape), LossSpecification(task: .binary, input: .probabilities))).report.dump
        }
        let (fast, small) = (try storedBytes(1), try storedBytes(19))
        #expect(small.storedBytes < fast.storedBytes && fast.level == 1 && small.level == 19)
    }

    // MARK: Numbers that are made

    @Test func narrowTypesAreRoundedToNearest() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<100_000 {
            // All exponents that Float16 has, subnormals and those that round to 0 included.
            let scale = Double(sign: .plus, exponent: Int.random(in: -30...16, using: &random), significand: 1)
            let value = random.nextUniform(in: -1...1) * scale
            guard value.magnitude < 65504 else { continue }
            #expect(SyntheticRows.float16Bits(value) == Float16(Float(value)).bitPattern, "\(value), seed 7")
            let bfloat = Double(Float(bitPattern: UInt32(SyntheticRows.bfloat16Bits(value)) << 16))
            #expect((bfloat - value).magnitude <= value.magnitude * 0x1p-8, "\(value), seed 7")
        }
        #expect(SyntheticRows.float16Bits(1e6) == Float16.greatestFiniteMagnitude.bitPattern)
        #expect(SyntheticRows.float16Bits(-0.0) == 0x8000)
    }

    @Test func normalNumbersHaveTheirMoments() {
        var random = SplitMix64(seed: 9)
        let numbers = (0..<100_000).map { _ in random.nextApproximatelyNormal() }
        let mean = numbers.reduce(0, +) / 1e5
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1e5
        // Of 10^5 numbers the mean has a deviation of 0.003, the variance one of 0.004.
        #expect(mean.magnitude < 0.016 && (variance - 1).magnitude < 0.02)
        #expect(numbers.allSatisfy { $0.magnitude < 3.5 })
        // Not the 2^18 values that a sum of 16-bit numbers has.
        #expect(Set(numbers).count == numbers.count)
    }

    /// Every loss that is measured gives every row a finite loss, in every type.
    @Test(arguments: ElementType.floatingPointTypes)
    func everyLossScoresAllRows(element: ElementType) {
        for each in LossBench.Case.all {
            let classCount = each.specification.task.isSingleValued ? 1 : 33
            let block = CacheResidentRows(
                SyntheticRows(each.specification, classCount: classCount, element, seed: 11, hasSoftDecisions: each.hasSoftDecisions))
            let scorer = block.scorer(.best)
            var totals = LossTotals(each.specification)
            block.score(scorer, &totals, firstRow: 0)
            let moments = totals.moments[0]
            #expect(moments.scoredCount == UInt64(block.rowCount), "\(each.name)")
            #expect(moments.invalidCount == 0 && moments.ignoredCount == 0, "\(each.name)")
            // A probability of a narrow type may be 0 or 1.
            if element == .float32 || element == .float64 { #expect(moments.infiniteCount == 0, "\(each.name)") }
            #expect(moments.maximum > moments.minimum, "\(each.name)")
            #expect(block.byteCount <= CacheResidentRows.byteCountLimit)
        }
    }

    @Test func rowsThatAreWiderThanABlockAreBlocks() {
        let rows = SyntheticRows(LossSpecification(task: .multiclass, input: .logits), classCount: 100_000, .float64, seed: 12)
        let block = CacheResidentRows(rows)
        let scorer = block.scorer(.best)
        var totals = LossTotals(block.specification)
        block.score(scorer, &totals, firstRow: 0)
        #expect(block.rowCount == 1 && block.byteCount == 800_000 && totals.moments[0].scoredCount == 1)
    }

    // MARK: Files

    static let framings = [
        Framing.raw, .single, .streamed, .frames(frameByteCount: 100_003, isSized: true), .frames(frameByteCount: 100_003, isSized: false),
        .seekable(frameByteCount: 1 << 20, hasChecksums: true),
    ]

    /// Decoding alone decodes all there is, each byte once, however the work is shared out.
    @Test(arguments: framings, framings)
    func filesAreDecodedWhole(predictions: Framing, labels: Framing) throws {
        let folder = TemporaryFolder()
        let (rowCount, classCount) = (60_000, 20)
        let paths = WideDump.write(folder, rowCount: rowCount, classCount: classCount, predictions: predictions, labels: labels, seed: 21)
        let plain = WideDump.bytes(rowCount: rowCount, classCount: classCount, seed: 21)
        // Of raw files that can be cut, the header is not read again.
        func decodedByteCount(_ framing: Framing, _ bytes: [UInt8]) -> ClosedRange<Int> {
            if case .raw = framing { return bytes.count - 128...bytes.count }
            return bytes.count...bytes.count
        }
        let expected = (decodedByteCount(predictions, plain.predictions), decodedByteCount(labels, plain.labels))
        for threads in [1, 3] {
            var options = EvaluationOptions(
                predictionPaths: [paths.predictions], labelPaths: [paths.labels],
                specification: LossSpecification(task: .multiclass, input: .logits))
            options.threadCount = threads
            let count = try DecodingPass.run(options, Cancellation())
            #expect(count >= expected.0.lowerBound + expected.1.lowerBound && count <= expected.0.upperBound + expected.1.upperBound)
        }
        let report = try Bench(Self.options(.files(predictions: [paths.predictions], labels: [paths.labels]))).report
        #expect(report.dump.rows == rowCount && report.dump.columns == classCount && !report.dump.isSynthetic)
        #expect(report.dump.inputs.map(\.path) == [paths.predictions, paths.labels])
        #expect(report.dump.seed == nil && report.dump.level == nil)
        #expect(report.dump.storedBytes == folder.read("predictions.npy").count + folder.read("labels.npy").count)
        #expect(report.threads[0].whole.seconds.median > 0)
    }

    /// Several files, one of them without rows.
    @Test func manyFiles() throws {
        let folder = TemporaryFolder()
        let none = folder.write(NPY.file(.float32, shape: [0, 20], values: []), "none")
        let noLabels = folder.write(NPY.file(.int64, shape: [0], values: []), "no-labels")
        let paths = WideDump.write(folder, rowCount: 500, classCount: 20, predictions: .raw, labels: .raw, labelType: .int64, seed: 22)
        let report = try Bench(
            Self.options(.files(predictions: [none, paths.predictions], labels: [noLabels, paths.labels]))
        ).report
        #expect(report.dump.rows == 500 && report.dump.inputs.count == 4)
        #expect(report.settings.blockRows == 500)
    }

    /// Where there is one a row, labels need not be there.
    @Test(arguments: [LossTask.multiclass, .binary])
    func labelsAreMade(task: LossTask) throws {
        let folder = TemporaryFolder()
        let columns = task == .binary ? 1 : 7
        let path = folder.write(
            NPY.file(.float64, shape: [900, columns], values: (0..<900 * columns).map { Double($0 % 13) - 6 }), "p.npy")
        let report = try Bench(
            Self.options(.files(predictions: [path], labels: []), LossSpecification(task: task, input: .logits))
        ).report
        #expect(report.dump.inputs.map(\.path) == [path, nil] && report.dump.inputs.map(\.role) == ["predictions", "labels"])
        #expect(report.dump.seed == 1 && report.dump.level == nil && !report.dump.isSynthetic)
        #expect(report.warnings.filter { !$0.description.contains("small") && !$0.description.contains("busy") } == [])
    }

    @Test func warningsOfTheEvaluationArePassedOn() throws {
        let folder = TemporaryFolder()
        let path = folder.write(NPY.file(.float32, shape: [10, 2], values: [.nan] + [Double](repeating: 0.5, count: 19)), "p.npy")
        let report = try Bench(Self.options(.files(predictions: [path], labels: []))).report
        #expect(report.warnings.contains { $0.description.contains("1 of 10 rows was invalid") })
    }

    // MARK: What cannot be measured

    static func failure(_ options: BenchOptions) -> EngineError? {
        do throws(EngineError) {
            _ = try Bench(options)
            return nil
        } catch {
            return error
        }
    }

    @Test func optionsThatCannotBe() {
        func expectUsage(_ says: String, _ change: (inout BenchOptions) -> Void, sourceLocation: SourceLocation = #_sourceLocation) {
            var options = Self.options()
            change(&options)
            let error = Self.failure(options)
            #expect(error?.category == .usage && error?.description.contains(says) == true, "\(String(describing: error))",
                sourceLocation: sourceLocation)
        }
        expectUsage("no number of threads") { $0.threadCounts = [] }
        expectUsage("0 threads") { $0.threadCounts = [1, 0] }
        expectUsage("threads") { $0.threadCounts = [.max] }
        expectUsage("0 repeats") { $0.repeatCount = 0 }
        for seconds in [0, -1, .nan, .infinity, 1e300] { expectUsage("no time") { $0.kernelSeconds = seconds } }
        func made(_ rows: Int, _ classes: Int, level: Int = 3) -> BenchOptions.Source {
            var shape = SyntheticShape(rowCount: rows, classCount: classes, element: .float64)
            shape.level = level
            return .synthetic(shape)
        }
        expectUsage("0 rows") { $0.source = made(0, 3) }
        expectUsage("-1 classes") { $0.source = made(3, -1) }
        expectUsage("classes cannot be") { $0.source = made(3, .max) }
        expectUsage("memory") { $0.source = made(.max, 1) }
        expectUsage("memory") { $0.source = made(.max / 100_000, 1000) }
        expectUsage("level 23") { $0.source = made(3, 3, level: 23) }
        expectUsage("one value a row") {
            $0.source = made(3, 2)
            $0.specification = LossSpecification(task: .binary, input: .logits)
        }
        expectUsage("no predictions") { $0.source = .files(predictions: [], labels: []) }
        let folder = TemporaryFolder()
        let path = folder.write(NPY.file(.float32, shape: [2, 2], values: [1, 2, 3, 4]), "p.npy")
        for task in [LossTask.soft, .multilabel] {
            expectUsage("EvaluationOptions.labelPaths") {
                $0.source = .files(predictions: [path], labels: [])
                $0.specification = LossSpecification(task: task, input: .logits)
            }
        }
    }

    @Test func filesThatCannotBeRead() throws {
        let folder = TemporaryFolder()
        for labels in [[], [folder["labels"]]] {
            let missing = Self.failure(Self.options(.files(predictions: [folder["none.npy"]], labels: labels)))
            #expect(missing?.category == .noInput && missing?.description.contains("none.npy") == true)
        }
        let flat = folder.write(NPY.file(.float32, shape: [4], values: [1, 2, 3, 4]), "flat.npy")
        #expect(Self.failure(Self.options(.files(predictions: [flat], labels: [])))?.category == .data)

        // Damage far behind the block that the kernels score.
        let paths = WideDump.write(
            folder, rowCount: 60_000, classCount: 20, predictions: .seekable(frameByteCount: 1 << 20, hasChecksums: true), labels: .raw,
            seed: 23)
        var bytes = folder.read("predictions.npy")
        bytes[bytes.count * 3 / 4] ^= 0x10
        folder.write(bytes, "predictions.npy")
        var options = EvaluationOptions(
            predictionPaths: [paths.predictions], labelPaths: [paths.labels],
            specification: LossSpecification(task: .multiclass, input: .logits))
        options.threadCount = 2
        #expect(throws: EngineError.self) { try DecodingPass.run(options, Cancellation()) }
        let damaged = Self.failure(Self.options(.files(predictions: [paths.predictions], labels: [paths.labels])))
        #expect(damaged?.category == .data && damaged?.frameIndex == 3)
    }

    @Test(arguments: [0, 1, 2, 3])
    func canBeCancelled(beforeStep: Int) {
        let cancellation = Cancellation()
        var steps = 0
        do throws(EngineError) {
            _ = try Bench(Self.options(), cancellation: cancellation) { _ in
                if steps == beforeStep { cancellation.cancel() }
                steps += 1
            }
            Issue.record("it went on")
        } catch {
            #expect(error.category == .cancelled)
            #expect(steps == beforeStep + 1)
        }
    }

    /// Evaluates a dump that lies in memory.
    static func evaluate(_ dump: SyntheticDump, _ specification: LossSpecification) throws -> Evaluation {
        let (predictions, labels) = (try #require(dump.predictions), try #require(dump.labels))
        var options = EvaluationOptions(predictionPaths: [predictions.name], labelPaths: [labels.name], specification: specification)
        options.byteSources = [predictions.name: predictions, labels.name: labels]
        return try Evaluation(options)
    }

    // MARK: JSON

    /// The keys that programs read.
    @Test func keysOfTheJSON() throws {
        func keys(_ value: Any?) -> Set<String> { Set((value as? [String: Any])?.keys.map { $0 } ?? []) }
        let data = try JSONEncoder().encode(Bench(Self.options()).report)
        let report = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(keys(report) == ["xent", "machine", "settings", "dump", "threads", "kernels", "processor_share", "warnings"])
        #expect(keys(report["machine"]).subtracting(["processor"]) == ["cores", "kernels", "libzstd"])
        #expect(
            keys(report["settings"]) == ["kernel", "repeats", "warmups", "kernel_seconds", "block_rows", "block_bytes"])
        #expect(
            keys(report["dump"]) == [
                "task", "input", "dialects", "rows", "columns", "synthetic", "seed", "level", "schedule", "inputs", "stored_bytes",
                "decoded_bytes", "ratio",
            ])
        let run = try #require((report["threads"] as? [Any])?.first as? [String: Any])
        #expect(keys(run) == ["threads", "decode", "kernels", "whole", "whole_to_decode", "whole_to_kernels"])
        #expect(keys(run["whole"]) == ["seconds", "bytes_per_second", "elements_per_second", "rows_per_second", "speedup"])
        #expect(keys(run["whole_to_decode"]) == ["median", "min", "max", "samples"])
        #expect(keys((report["kernels"] as? [Any])?.first) == ["kernel", "elements_per_second", "rows_per_second"])

        var options = LossBenchOptions()
        (options.task, options.repeatCount, options.kernelSeconds) = (.likelihood, 1, 0.001)
        let losses = try JSONSerialization.jsonObject(with: JSONEncoder().encode(LossBench(options).report)) as? [String: Any]
        #expect(
            keys(losses) == [
                "xent", "machine", "element_type", "classes", "repeats", "warmups", "kernel_seconds", "seed", "losses", "processor_share",
                "warnings",
            ])
        #expect(
            keys((losses?["losses"] as? [Any])?.first) == [
                "task", "input", "divergence", "modifier", "columns", "block_rows", "block_bytes", "kernels",
            ])
    }

    // MARK: Losses

    /// Every combination of dialect exact is there, as it is, and each is once.
    @Test func everyLossOfDialectExactIsMeasured() {
        let plain = LossBench.Case.all.filter { $0.modifier.isEmpty }.map {
            [$0.specification.task.rawValue, $0.specification.input.rawValue, $0.specification.modifiers.divergence.rawValue]
        }
        let table = LossTable.rows.filter { $0.dialect == "exact" }.map { [$0.task, $0.input, $0.divergence] }
        #expect(Set(plain) == Set(table) && plain.count == table.count)
        let names = LossBench.Case.all.map(\.name)
        #expect(Set(names).count == names.count)
        for setting in [Setting.labelSmoothing, .focalGamma, .renormalizes] {
            let measured = LossBench.Case.all.filter { $0.modifier.description.hasPrefix(setting.swiftName) }.map {
                [$0.specification.task.rawValue, $0.specification.input.rawValue, $0.specification.modifiers.divergence.rawValue]
            }
            let taken = LossTable.rows.filter { $0.dialect == "exact" && $0.modifiers.contains(setting) }.map {
                [$0.task, $0.input, $0.divergence]
            }
            #expect(Set(measured) == Set(taken), "\(setting)")
        }
    }

    @Test func lossesAreMeasuredByEveryKernel() throws {
        var options = LossBenchOptions()
        (options.repeatCount, options.kernelSeconds, options.classCount, options.element) = (2, 0.001, 7, .bfloat16)
        (options.task, options.input) = (.multiclass, .probabilities)
        var steps: [String] = []
        let report = try LossBench(options) { steps.append($0.description) }.report
        #expect(
            report.losses.map(\.modifier) == [
                "", "\(setting: .labelSmoothing, .text("0.1"))", "\(setting: .focalGamma, .text("2"))", "\(setting: .renormalizes)",
            ])
        #expect(steps.count == 4 && steps[0].contains("multiclass from probabilities"))
        #expect(report.elementType == "bf16" && report.classes == 7)
        for loss in report.losses {
            #expect(loss.task == "multiclass" && loss.input == "probabilities" && loss.divergence == "ce" && loss.columns == 7)
            #expect(loss.blockBytes == loss.blockRows * 14)
            #expect(loss.kernels.map(\.kernel) == InstructionSet.available.map(\.rawValue))
            for kernel in loss.kernels { Self.expectSpread(kernel.elementsPerSecond, count: 2) }
        }
        (options.task, options.input, options.instructionSets) = (.likelihood, nil, [.available[0]])
        let likelihoods = try LossBench(options).report
        #expect(likelihoods.losses.map(\.input) == ["probabilities", "log-probabilities"])
        #expect(likelihoods.losses.allSatisfy { $0.columns == 1 && $0.kernels.map(\.kernel) == [InstructionSet.available[0].rawValue] })

        options.input = .logits
        #expect(throws: EngineError.self) { try LossBench(options) }
        options.input = nil
        options.classCount = 0
        #expect(throws: EngineError.self) { try LossBench(options) }
        options.classCount = 1
        let cancellation = Cancellation()
        cancellation.cancel()
        #expect(throws: EngineError.self) { try LossBench(options, cancellation: cancellation) }
    }
}
