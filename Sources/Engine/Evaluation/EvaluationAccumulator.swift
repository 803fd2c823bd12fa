internal import Elements
public import Scoring

/// An evaluation that rows are pushed into as they come, such as the batches of a training run.
///
/// ```swift
/// let accumulator = try EvaluationAccumulator<Float, Int32>(specification, classCount: 3)
/// try accumulator.add(predictions: logits.span, labels: labels.span)
/// let mean = accumulator.report.loss.mean
/// ```
///
/// The figures are the same, to the bit, as those of one evaluation of all rows, however the rows are cut into pushes. Memory does not grow
/// with the number of rows. An accumulator belongs to one thread. Several threads use one each, and their partials are merged.
public final class EvaluationAccumulator<Value: ArrayNumber, Label: ArrayNumber> {
    private let specification: LossSpecification
    private let classCount: Int
    private let options: EvaluationOptions
    private let valueType: ElementType
    private let labelsPerRow: Int
    private let scorer: RowScorer
    private let values = ByteBuffer()
    private let labelBytes = ByteBuffer()
    private let weightBytes = ByteBuffer()
    /// The number of rows that were pushed.
    public private(set) var rowCount = 0

    /// The approximate number of bytes of predictions that are scored at a time. They stay in a core's cache.
    private static var blockByteCount: Int { 512 << 10 }

    /// Makes an evaluation of no rows.
    ///
    /// - Parameters:
    ///   - specification: the loss. Rows have weights of their own if its modifiers say so.
    ///   - classCount: the number of values a row; 1 for tasks binary and likelihood.
    ///   - observers: figures of the caller's own.
    ///   - invalidRows: the treatment of invalid rows.
    ///   - firstRow: the number of the first row in the whole dump, from which the partial knows its place.
    ///   - instructionSet: the instruction set of the kernels; the figures do not depend on it.
    /// - Throws: `EngineError` of category `.usage` if the loss does not fit the number of classes or the types.
    public init(
        _ specification: LossSpecification, classCount: Int = 1, observers: [any RowObserver] = [],
        invalidRows: EvaluationOptions.InvalidRowPolicy = .fail, firstRow: Int? = nil, instructionSet: InstructionSet = .best
    ) throws(EngineError) {
        do throws(SpecificationError) { try specification.check(classCount: classCount) } catch { throw EngineError(error) }
        let shape = try MemoryShape(specification.task, predictionCount: 0, classCount: classCount, labelCount: 0, weightCount: 0)
        labelsPerRow = shape.labelsPerRow
        self.specification = specification
        self.classCount = classCount
        valueType = try Evaluation.elementType(Value.self)
        guard valueType.isFloatingPoint else {
            throw EngineError(usage: "predictions of type \(valueType.name) are no logits or probabilities", remedy: "use Float or Double")
        }
        var options = EvaluationOptions(predictionPaths: [], labelPaths: [], specification: specification)
        options.invalidRows = invalidRows
        options.firstRow = firstRow
        options.observers = observers
        options.instructionSet = instructionSet
        try options.check()
        self.options = options
        var companions: [CompanionColumn] = []
        func add(_ name: String, _ type: ElementType, valuesPerRow: Int) {
            companions.append(
                CompanionColumn(
                    ColumnLayout(name: name, elementType: type, valuesPerRow: valuesPerRow),
                    origin: .besidePredictions(index: companions.count)))
        }
        if labelsPerRow > 0 { add(CompanionColumn.labels, try Evaluation.elementType(Label.self), valuesPerRow: labelsPerRow) }
        if specification.modifiers.hasRowWeights { add(CompanionColumn.weights, .float64, valuesPerRow: 1) }
        scorer = RowScorer(
            try RowScorer.Settings(specification, classCount: classCount, companions, options, perRow: nil, perRowOffset: 0, RunControl()))
    }

    /// Scores rows and adds them to the figures.
    ///
    /// - Parameters:
    ///   - predictions: whole rows, one after another.
    ///   - labels: the labels of these rows: one a row, or one a value for tasks soft and multilabel; empty for task likelihood.
    ///   - weights: the weights of these rows if the loss has row weights; else empty.
    /// - Throws: `EngineError` of category `.usage` if the numbers of values do not fit together; nothing has been added then.
    ///   `EngineError` of category `.data` at an invalid row if the policy is `.fail`; rows before it may have been added.
    public func add(
        predictions: borrowing Span<Value>, labels: borrowing Span<Label>, weights: [Double] = []
    ) throws(EngineError) {
        let shape = try MemoryShape(
            specification.task, predictionCount: predictions.count, classCount: classCount, labelCount: labels.count,
            weightCount: weights.count)
        guard weights.isEmpty != specification.modifiers.hasRowWeights || shape.rowCount == 0 else {
            throw EngineError(
                usage: specification.modifiers.hasRowWeights ? "the rows' weights are missing" : "the loss has no row weights",
                remedy: "say in the loss's modifiers whether rows have weights")
        }
        let rowByteCount = classCount * valueType.byteCount
        let blockRowCount = max(1, Self.blockByteCount / rowByteCount)
        var done = 0
        while done < shape.rowCount {
            let rows = done..<min(shape.rowCount, done + blockRowCount)
            // Kernels read a little past the end, so the rows are copied to memory with room after its end.
            predictions.copy(rows.lowerBound * classCount..<rows.upperBound * classCount, to: values)
            labels.copy(rows.lowerBound * labelsPerRow..<rows.upperBound * labelsPerRow, to: labelBytes)
            weights.span.copy(weights.isEmpty ? 0..<0 : rows, to: weightBytes)
            try score(rows.count)
            done = rows.upperBound
        }
    }

    /// Scores the rows in the buffers.
    private func score(_ count: Int) throws(EngineError) {
        var columns: [UnsafeRawPointer] = []
        if labelsPerRow > 0 { columns.append(UnsafeRawPointer(labelBytes.base)) }
        if specification.modifiers.hasRowWeights { columns.append(UnsafeRawPointer(weightBytes.base)) }
        let firstRow = rowCount
        let batch = RowBatch(
            firstRow: firstRow, rowCount: count, values: UnsafeRawPointer(values.base), elementType: valueType, columns: columns,
            place: { RowPlace(path: "predictions", row: firstRow + $0, counting: .inMemory) })
        try scorer.consume(batch, companions: columns)
        rowCount += count
    }

    /// The figures of the rows so far.
    public var report: Report {
        Report(
            specification: specification, rowsPolicy: Report.RowsPolicy(options),
            classCount: classCount, observers: scorer.observers, warnings: [], place: { _ in nil }, inputs: [], run: nil, insight: options.insight)
    }

    /// The mergeable state of the rows so far.
    public var partial: Partial {
        let first = UInt64(clamping: options.firstRow ?? 0)
        return Partial(
            specification: specification, classCount: classCount,
            place: options.firstRow == nil
                ? .unplaced : .placed(dump: .unnamed, unit: .rows, ranges: [first..<first + UInt64(rowCount)]),
            observers: scorer.observers)
    }
}

extension Span where Element: BitwiseCopyable {
    /// Copies elements to the start of a buffer.
    fileprivate borrowing func copy(_ range: Range<Int>, to buffer: ByteBuffer) {
        let byteCount = range.count * MemoryLayout<Element>.stride
        buffer.reserve(byteCount)
        guard byteCount > 0 else { return }
        withBytes { bytes in
            buffer.room(from: 0, count: byteCount).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * MemoryLayout<Element>.stride..<range.upperBound * MemoryLayout<Element>.stride]))
        }
    }
}
