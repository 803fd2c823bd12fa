internal import Elements
internal import Engine
internal import Formats
internal import Scoring
internal import WorkStealing
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Rows that stay in a core's cache and are scored again and again. They measure the kernels alone, without reading or decompressing.
///
/// `@unchecked Sendable`: nothing is written after the initialiser.
final class CacheResidentRows: @unchecked Sendable {
    /// The largest number of bytes of values, which stay in a core's second-level cache together with labels and losses. A single row may
    /// be larger.
    static let byteCountLimit = 256 << 10
    /// The largest number of labels as numbers, each of which takes eight bytes.
    static let targetCountLimit = 1 << 15

    let specification: LossSpecification
    let classCount: Int
    let rowCount: Int
    let element: ElementType
    private let hasIndices: Bool
    private let values: ByteBuffer
    private let classLabels: UnsafeMutablePointer<Int32>
    private let targets: UnsafeMutablePointer<Double>

    /// The number of bytes of all values.
    var byteCount: Int { rowCount * classCount * element.byteCount }

    /// Takes the first rows of a dump.
    convenience init(_ plan: EvaluationPlan) throws(EngineError) {
        let element = plan.source.layout.elementType
        guard element.isFloatingPoint else {
            throw EngineError(usage: "predictions of type \(element.name) are no logits or probabilities", remedy: "name other files")
        }
        let column = plan.companions.first { $0.name == CompanionColumn.labels }
        let scorer = Self.scorer(plan.specification, classCount: plan.classCount, column?.elementType, plan.options.instructionSet)
        let (values, labels) = (ByteBuffer(), ByteBuffer())
        let rowCount = try plan.source.makeCursor().read(rowCount: Self.rowCount(scorer, element), into: values, at: 0)
        if let column, let rows = column.rows { _ = try rows.makeCursor().read(rowCount: rowCount, into: labels, at: 0) }
        self.init(scorer, element, rowCount: rowCount, values: values, labels: labels, column?.elementType)
    }

    /// Makes rows by a seed.
    convenience init(_ rows: SyntheticRows) {
        var rows = rows
        let scorer = Self.scorer(rows.specification, classCount: rows.classCount, rows.labelType, .best)
        let rowCount = Self.rowCount(scorer, rows.element)
        let (values, labels) = (ByteBuffer(), ByteBuffer())
        rows.fill(values, labels, rowCount: rowCount)
        self.init(scorer, rows.element, rowCount: rowCount, values: values, labels: labels, rows.labelType)
    }

    private init(
        _ scorer: BlockScorer, _ element: ElementType, rowCount: Int, values: ByteBuffer, labels: ByteBuffer,
        _ labelType: ElementType?
    ) {
        specification = scorer.specification
        classCount = scorer.classCount
        self.element = element
        self.rowCount = rowCount
        self.values = values
        hasIndices = Self.hasIndices(labelType)
        let labelCapacity = rowCount + BlockScorer.readableLabelCountAfterLast
        classLabels = .allocate(capacity: labelCapacity)
        // Task likelihood has no labels: each value is the probability of what happened, which is label 1.
        classLabels.initialize(repeating: 1, count: labelCapacity)
        let targetCount = scorer.readsTargets ? rowCount * scorer.classCount : 0
        targets = .allocate(capacity: targetCount + 8)
        targets.initialize(repeating: 1, count: targetCount + 8)
        guard let labelType else { return }
        if scorer.readsClassLabels {
            ClassLabels.convert(labels.base, elementType: labelType, rowCount: rowCount, ignoreIndex: nil, into: classLabels)
        }
        if scorer.readsTargets { Float64Values.convert(labels.base, elementType: labelType, count: targetCount, into: targets) }
    }

    deinit {
        classLabels.deallocate()
        targets.deallocate()
    }

    private static func hasIndices(_ labelType: ElementType?) -> Bool { labelType.map { !$0.isFloatingPoint } ?? true }

    private static func scorer(
        _ specification: LossSpecification, classCount: Int, _ labelType: ElementType?, _ instructionSet: InstructionSet
    ) -> BlockScorer {
        BlockScorer(
            specification: specification, classCount: classCount, ignoredLabel: ClassLabels.ignored, hasIndices: hasIndices(labelType),
            instructionSet: instructionSet)
    }

    /// Computes the number of rows that keep to the limits, at least 1.
    private static func rowCount(_ scorer: BlockScorer, _ element: ElementType) -> Int {
        let ofValues = byteCountLimit / (scorer.classCount * element.byteCount)
        return max(1, scorer.readsTargets ? min(ofValues, targetCountLimit / scorer.classCount) : ofValues)
    }

    // MARK: Scoring

    /// Makes a scorer for `score`. Each worker has its own.
    func scorer(_ instructionSet: InstructionSet) -> BlockScorer {
        BlockScorer(
            specification: specification, classCount: classCount, ignoredLabel: ClassLabels.ignored, hasIndices: hasIndices,
            instructionSet: instructionSet)
    }

    /// Scores all the rows once and adds them up, as an evaluation does.
    ///
    /// - Parameter firstRow: the number of the first row.
    func score(_ scorer: BlockScorer, _ totals: inout LossTotals, firstRow: Int) {
        var row = 0
        while row < rowCount {
            let count = min(BlockScorer.rowLimit, rowCount - row)
            let rows = LabelledRows(
                values: values.base + row * classCount * element.byteCount, element: element, classLabels: classLabels + row,
                targets: scorer.readsTargets ? targets + row * classCount : targets, weights: nil, rowCount: count,
                firstRow: UInt64(firstRow + row))
            totals.observe(scorer.score(rows) { (_, _) throws(Never) in })
            row += count
        }
    }

    /// The result of one measurement.
    struct Measurement {
        /// The number of rows that all workers together scored in a second.
        let rowsPerSecond: Double
        /// The instruction set that the kernels reported.
        let instructionSetThatRan: InstructionSet?
        /// The share of processor time that the workers' threads got while they worked. It is below 1 if other processes took some.
        let processorShare: Double
    }

    /// The processor time of this thread so far, in seconds.
    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }

    /// Scores the rows again and again, on `threadCount` workers for `seconds`.
    ///
    /// - Throws: `EngineError` of category `.cancelled`.
    func measure(
        _ instructionSet: InstructionSet, threadCount: Int, seconds: Double, _ cancellation: Cancellation
    ) throws(EngineError) -> Measurement {
        let clock = ContinuousClock()
        let limit = Duration.seconds(seconds)
        // The clock is read rarely, so that reading it costs nothing beside the work.
        let passCount = max(1, (1 << 13) / max(1, rowCount * classCount))
        let pool = WorkStealingPool(workerCount: threadCount)
        let start = clock.now
        let workers: [KernelWorker]
        do {
            (workers, _) = try pool.run(
                unitCount: threadCount, cancellation: cancellation,
                makeWorker: { _ throws(Never) in KernelWorker(self.scorer(instructionSet)) },
                body: { _, worker throws(Never) in
                    let processorBegin = Self.processorSeconds
                    let begin = clock.now
                    repeat {
                        for _ in 0..<passCount {
                            self.score(worker.scorer, &worker.totals, firstRow: worker.nextRow)
                            worker.nextRow += self.rowCount
                        }
                    } while clock.now - begin < limit && !cancellation.isCancelled
                    worker.seconds += (clock.now - begin).seconds
                    worker.processorSeconds += Self.processorSeconds - processorBegin
                })
        } catch {
            throw EngineError(cancelledBefore: "all was measured")
        }
        let elapsed = (clock.now - start).seconds
        // These are the scorers' own counts.
        let rows = workers.reduce(0.0) { $0 + Double($1.totals.moments[0].readCount) }
        return Measurement(
            rowsPerSecond: rows / elapsed, instructionSetThatRan: workers.first?.scorer.instructionSetThatRan,
            processorShare: workers.reduce(0) { $0 + $1.processorSeconds } / workers.reduce(0) { $0 + $1.seconds })
    }
}

/// A scorer with its progress.
private final class KernelWorker {
    /// The number that the first row gets. Observers look more closely at the first rows of a dump of logits, which are few.
    static let firstRow = InputWarnings.logitRowLimit

    let scorer: BlockScorer
    var totals: LossTotals
    var nextRow = KernelWorker.firstRow
    /// The time at work in seconds, by the clock.
    var seconds = 0.0
    /// The processor time of this work in seconds.
    var processorSeconds = 0.0

    init(_ scorer: BlockScorer) {
        self.scorer = scorer
        totals = LossTotals(scorer.specification)
    }
}
