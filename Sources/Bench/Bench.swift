internal import Container
internal import Elements
public import Engine
internal import Formats
internal import Messages
internal import Scoring
public import WorkStealing

/// A measurement of an evaluation and of its parts: decoding alone, the kernels alone, and the whole evaluation, for each number of
/// threads.
///
/// Every round measures all of them in turn. Machines are noisy, and a disturbance slows down neighbouring measurements alike, so ratios
/// are taken within a round. The first round warms up and is not counted.
public struct Bench: Sendable {
    /// The figures that were measured.
    public let report: BenchReport

    /// Measures the evaluation and its parts, and blocks until all rounds are done.
    ///
    /// - Parameter step: a closure that is told what is measured next, on the calling thread.
    /// - Throws: `EngineError` of category `.usage` for options out of range, and the errors of an evaluation of the dump.
    public init(
        _ options: BenchOptions, cancellation: Cancellation = Cancellation(), step: (_ text: String) -> Void = { _ in }
    ) throws(EngineError) {
        try options.check()
        let threadCounts = Set(options.threadCounts).sorted()
        let (evaluation, dump) = try Self.prepare(options, cancellation, step)
        let (plan, block) = try ReadingMode.attempt { mode throws(EngineError) in
            let plan = try EvaluationPlan(evaluation, mode, RunControl(cancellation: cancellation))
            guard plan.readsArraysOnly else {
                throw EngineError(
                    usage: "text is parsed, and bench measures decoding and kernels of arrays", remedy: "make arrays of it with xent pack first")
            }
            return (plan, try CacheResidentRows(plan))
        }
        var samples = Samples(threadCounts: threadCounts)
        for round in 0...options.repeatCount {
            let name = round == 0 ? "warming up" : "round \(round) of \(options.repeatCount)"
            let isCounted = round > 0
            for (index, threadCount) in threadCounts.enumerated() {
                step("\(name), \(threadCount) thread\(threadCount == 1 ? "" : "s")")
                var ofThreads = evaluation
                ofThreads.threadCount = threadCount
                try samples.measure(ofThreads, at: index, block, options, isCounted: isCounted, cancellation)
            }
            step("\(name), kernels alone")
            try samples.measureKernels(block, options, isCounted: isCounted, cancellation)
        }
        report = BenchReport(options, plan, block, samples, dump)
    }

    /// Names the dump's files, or makes some or all of them in memory.
    ///
    /// - Returns: options for evaluating the dump, and the files that were made; nil if none were.
    private static func prepare(
        _ options: BenchOptions, _ cancellation: Cancellation, _ step: (String) -> Void
    ) throws(EngineError) -> (EvaluationOptions, SyntheticDump?) {
        let specification = options.specification
        var dump: SyntheticDump?
        var (predictions, labels): ([String], [String])
        switch options.source {
        case .synthetic(let shape):
            step("making a dump")
            dump = try SyntheticDump(shape, specification, seed: options.seed, cancellation)
            predictions = dump?.predictions.map { [$0.name] } ?? []
            labels = dump?.labels.map { [$0.name] } ?? []
        case .files(let predictionPaths, let labelPaths):
            (predictions, labels) = (predictionPaths, labelPaths)
            if specification.task.hasLabels, labels.isEmpty {
                step("making labels")
                dump = try Self.labels(for: predictions, options, cancellation)
                labels = dump?.labels.map { [$0.name] } ?? []
            }
        }
        var evaluation = EvaluationOptions(predictionPaths: predictions, labelPaths: labels, specification: specification)
        for source in [dump?.predictions, dump?.labels] {
            if let source { evaluation.byteSources[source.name] = source }
        }
        // Invalid rows do not end a measurement. The warnings say how many were left out.
        evaluation.invalidRows = .skip
        evaluation.instructionSet = options.instructionSet
        evaluation.maximumWindowByteCount = options.maximumWindowByteCount
        return (evaluation, dump)
    }

    /// Makes labels for predictions whose labels are not named: one a row, at random.
    private static func labels(
        for predictions: [String], _ options: BenchOptions, _ cancellation: Cancellation
    ) throws(EngineError) -> SyntheticDump {
        let task = options.specification.task
        guard task == .binary || task == .multiclass else {
            throw EngineError(
                usage: "no labels are named, and for task \(task.rawValue) they are as many as the predictions",
                remedy: "name their file with \(setting: .labels)")
        }
        var unlabelled = EvaluationOptions(
            predictionPaths: predictions, labelPaths: [], specification: options.specification)
        unlabelled.maximumWindowByteCount = options.maximumWindowByteCount
        let rows = try ReadingMode.attempt { [unlabelled] mode throws(EngineError) in
            try EvaluationPlan.predictions(of: unlabelled, mode, RunControl(cancellation: cancellation))
        }
        // Rows that are too wide or missing are an error of the plan, which says more about them.
        return try SyntheticDump(
            labelsFor: options.specification, rowCount: rows.rowCount ?? 0, classCount: max(1, rows.layout.valuesPerRow),
            seed: options.seed, cancellation)
    }
}

extension Bench {
    /// The samples of all counted rounds, and the facts of the last evaluation.
    struct Samples {
        /// The samples of one number of threads: one sample for each counted round.
        struct OfThreads {
            /// The number of threads that the last evaluation reported.
            var threadCount: Int
            var decodeSeconds: [Double] = []
            var wholeSeconds: [Double] = []
            /// The rates of the kernels alone.
            var rowsPerSecond: [Double] = []
        }

        var byThreads: [OfThreads]
        /// The rates of each kernel on one thread, under the instruction set that the kernel itself reports.
        var byKernel: [(instructionSet: InstructionSet, rowsPerSecond: [Double])] = []
        /// The number of bytes that decoding alone gave in the last round.
        var decodedByteCount = 0
        /// The kernel that the last evaluation reported.
        var kernel = ""
        /// The warnings of the last evaluation.
        var warnings: [Message] = []
        /// The shares of processor time that the kernels alone got, as in `CacheResidentRows.Measurement.processorShare`.
        var processorShares: [Double] = []

        init(threadCounts: [Int]) { byThreads = threadCounts.map { OfThreads(threadCount: $0) } }

        /// Measures decoding, the whole evaluation and the kernels on one number of threads.
        mutating func measure(
            _ evaluation: EvaluationOptions, at index: Int, _ block: CacheResidentRows, _ options: BenchOptions, isCounted: Bool,
            _ cancellation: Cancellation
        ) throws(EngineError) {
            let clock = ContinuousClock()
            let start = clock.now
            decodedByteCount = try DecodingPass.run(evaluation, cancellation)
            let middle = clock.now
            let result = try Evaluation(evaluation, cancellation: cancellation)
            let end = clock.now
            let kernels = try block.measure(
                options.instructionSet, threadCount: evaluation.threadCount, seconds: options.kernelSeconds, cancellation)
            kernel = result.report.run?.kernel ?? ""
            warnings = result.report.warnings
            byThreads[index].threadCount = result.report.run?.threads ?? 0
            guard isCounted else { return }
            byThreads[index].decodeSeconds.append((middle - start).seconds)
            byThreads[index].wholeSeconds.append((end - middle).seconds)
            byThreads[index].rowsPerSecond.append(kernels.rowsPerSecond)
            processorShares.append(kernels.processorShare)
        }

        /// Measures each kernel alone on one thread.
        mutating func measureKernels(
            _ block: CacheResidentRows, _ options: BenchOptions, isCounted: Bool, _ cancellation: Cancellation
        ) throws(EngineError) {
            for instructionSet in InstructionSet.available {
                let result = try block.measure(instructionSet, threadCount: 1, seconds: options.kernelSeconds, cancellation)
                guard isCounted, let ran = result.instructionSetThatRan else { continue }
                processorShares.append(result.processorShare)
                if let index = byKernel.firstIndex(where: { $0.instructionSet == ran }) {
                    byKernel[index].rowsPerSecond.append(result.rowsPerSecond)
                } else {
                    byKernel.append((ran, [result.rowsPerSecond]))
                }
            }
        }
    }
}

extension BenchReport {
    /// The time in seconds below which a figure depends on scheduling more than on work.
    private static let fewSeconds = 0.01

    fileprivate init(
        _ options: BenchOptions, _ plan: EvaluationPlan, _ block: CacheResidentRows, _ samples: Bench.Samples, _ made: SyntheticDump?
    ) {
        let specification = plan.specification
        let rowCount = plan.source.rowCount ?? 0
        let columnCount = plan.classCount
        let decodedByteCount = samples.decodedByteCount
        xent = Version.current
        machine = Machine.current(libzstd: Libzstd.version, kernels: InstructionSet.available.map(\.rawValue))
        settings = Settings(
            kernel: samples.kernel, repeats: options.repeatCount, warmups: 1, kernelSeconds: options.kernelSeconds,
            blockRows: block.rowCount, blockBytes: block.byteCount)
        processorShare = Spread(samples.processorShares)

        let inputs = plan.reportedInputs.map { input in
            let isPredictions = input.role == .predictions
            let isMade = isPredictions ? made?.predictions != nil : made?.labels != nil
            let labelType = plan.companions.first { $0.name == CompanionColumn.labels }?.elementType
            return Input(
                role: input.role.rawValue, path: isMade ? nil : input.path, bytes: input.bytes,
                elementType: (isPredictions ? plan.source.layout.elementType : labelType ?? .float64).name,
                compression: input.compression, frames: input.frames)
        }
        let storedByteCount = inputs.reduce(0) { $0 + $1.bytes }
        var level: Int?
        if case .synthetic(let shape) = options.source, shape.layout == .frames { level = shape.level == 0 ? FrameCompressor.defaultLevel : shape.level }
        dump = Dump(
            task: specification.task.rawValue, input: specification.input.rawValue, dialects: specification.dialects.map(\.name),
            rows: rowCount, columns: columnCount, isSynthetic: made?.predictions != nil, seed: made == nil ? nil : options.seed, level: level,
            schedule: plan.scheduleText, inputs: inputs, storedBytes: storedByteCount, decodedBytes: decodedByteCount,
            ratio: Double(decodedByteCount) / Double(max(1, storedByteCount)))

        func figure(_ seconds: [Double], _ first: [Double]) -> Figure {
            let seconds = Spread(seconds)
            return Figure(
                seconds: seconds, bytesPerSecond: Double(decodedByteCount) / seconds.median,
                elementsPerSecond: Double(rowCount) * Double(columnCount) / seconds.median,
                rowsPerSecond: Double(rowCount) / seconds.median, speedup: Spread(first, over: seconds.samples))
        }
        func kernelSeconds(_ samples: Bench.Samples.OfThreads) -> [Double] { samples.rowsPerSecond.map { Double(rowCount) / $0 } }
        let first = samples.byThreads[0]
        threads = samples.byThreads.map { samples in
            let kernels = kernelSeconds(samples)
            return Run(
                threads: samples.threadCount, decode: figure(samples.decodeSeconds, first.decodeSeconds),
                kernels: figure(kernels, kernelSeconds(first)), whole: figure(samples.wholeSeconds, first.wholeSeconds),
                wholeToDecode: Spread(samples.wholeSeconds, over: samples.decodeSeconds),
                wholeToKernels: Spread(samples.wholeSeconds, over: kernels))
        }
        kernels = samples.byKernel.map { kernel, rates in
            Kernel(
                kernel: kernel.rawValue, elementsPerSecond: Spread(rates.map { $0 * Double(columnCount) }), rowsPerSecond: Spread(rates))
        }
        var warnings = samples.warnings
        let mostThreads = samples.byThreads.map(\.threadCount).max() ?? 1
        if mostThreads > machine.cores {
            let cores = machine.cores == 1 ? "one core" : "\(machine.cores) cores"
            warnings.append("\(mostThreads) threads were asked for, and this process may use \(cores): no more run at a time")
        }
        if threads.contains(where: { $0.whole.seconds.median < Self.fewSeconds }) {
            warnings.append("the dump is small: times below 10 ms say more about starting threads than about work")
        }
        if let warning = Self.warning(ofShare: processorShare) { warnings.append(warning) }
        self.warnings = warnings
    }

    /// The warning that other processes took much of the processors' time; nil if they did not.
    static func warning(ofShare share: Spread) -> Message? {
        guard share.median < 0.9 else { return nil }
        let percent = Int((100 * share.median).rounded())
        return "the machine is busy: the kernels alone got \(percent) % of the processors' time while they ran; ratios within a round "
            + "say something, times and speed-ups do not"
    }
}
