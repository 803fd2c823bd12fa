internal import Elements
public import Scoring
public import WorkStealing

extension Evaluation {
    /// Evaluates predictions that lie in memory, and blocks until it is done.
    ///
    /// ```swift
    /// let specification = try LossSpecification(task: .multiclass, input: .logits)
    /// let logits: [Float] = [2, 0, 1, 0, 3, 1]
    /// let labels: [Int32] = [0, 1]
    /// let report = try Evaluation(
    ///     predictions: logits.span, classCount: 3, labels: labels.span, specification: specification).report
    /// ```
    ///
    /// The result is the same, to the bit, as for the same rows in files. Only the last rows are copied, and labels block by block.
    ///
    /// - Parameters:
    ///   - predictions: rowCount × classCount values, row by row.
    ///   - classCount: the number of values a row; 1 for tasks binary and likelihood.
    ///   - labels: one class index a row; for tasks soft and multilabel classCount numbers a row; empty for task likelihood.
    ///   - weights: one number a row; empty if all rows weigh the same.
    ///   - specification: the loss.
    ///   - progress: shows how far the evaluation has come.
    ///   - cancellation: ends the evaluation when it is set.
    ///   - change: a closure that changes the other settings. Paths and columns are ignored.
    /// - Throws: `EngineError` of category `.usage` if the numbers of values do not fit together, and `.data` if a row is invalid.
    public init<Value: ArrayNumber, Label: ArrayNumber>(
        predictions: borrowing Span<Value>, classCount: Int = 1, labels: borrowing Span<Label>, weights: [Double] = [],
        specification: LossSpecification, progress: ProgressMeter = ProgressMeter(), cancellation: Cancellation = Cancellation(),
        options change: (inout EvaluationOptions) -> Void = { _ in }
    ) throws(EngineError) {
        var options = EvaluationOptions(predictionPaths: [], labelPaths: [], specification: specification)
        change(&options)
        let shape = try MemoryShape(
            specification.task, predictionCount: predictions.count, classCount: classCount, labelCount: labels.count,
            weightCount: weights.count)
        let (valueType, labelType) = (try Self.elementType(Value.self), try Self.elementType(Label.self))
        // Unsafe: the sources are used within this call alone, during which the spans and the array keep their memory.
        self = try predictions.withBytes { values throws(EngineError) in
            try labels.withBytes { labels throws(EngineError) in
                try weights.withBytes { weights throws(EngineError) in
                    var companions: [CompanionColumn] = []
                    if shape.labelsPerRow > 0 {
                        let rows = MemoryRowSource(
                            labels, labelType, valuesPerRow: shape.labelsPerRow, rowCount: shape.rowCount, name: "labels")
                        companions.append(CompanionColumn(name: CompanionColumn.labels, rows: rows))
                    }
                    if !weights.isEmpty {
                        let rows = MemoryRowSource(weights, .float64, valuesPerRow: 1, rowCount: shape.rowCount, name: "weights")
                        companions.append(CompanionColumn(name: CompanionColumn.weights, rows: rows))
                    }
                    let rows = MemoryRowSource(
                        values, valueType, valuesPerRow: classCount, rowCount: shape.rowCount, name: "predictions")
                    return try Evaluation(
                        rows: rows, companions: companions, options, RunControl(progress: progress, cancellation: cancellation))
                }
            }
        }
    }

    /// Finds the stored type of a number, and throws if there is none.
    static func elementType<Number: ArrayNumber>(_ type: Number.Type) throws(EngineError) -> ElementType {
        guard let elementType = type.elementType else {
            throw EngineError(
                usage: "\(type) says that it is '\(type.elementName)', which is no type of \(MemoryLayout<Number>.size) bytes",
                remedy: "use a type of the standard library")
        }
        return elementType
    }
}

/// The numbers of rows and labels of arrays in memory. The initialiser throws if they do not fit together.
struct MemoryShape {
    let rowCount: Int
    /// The number of labels a row; 0 for tasks without labels.
    let labelsPerRow: Int

    init(_ task: LossTask, predictionCount: Int, classCount: Int, labelCount: Int, weightCount: Int) throws(EngineError) {
        guard (1...RowLayout.valueCountLimit).contains(classCount), classCount == 1 || !task.isSingleValued else {
            throw EngineError(
                usage: "\(classCount) values a row cannot be for task \(task.rawValue)",
                remedy: task.isSingleValued ? "it takes one" : "give 1 to \(RowLayout.valueCountLimit)")
        }
        guard predictionCount % classCount == 0 else {
            throw EngineError(
                usage: "\(predictionCount) predictions are no whole rows of \(classCount)", remedy: "check the number of classes")
        }
        rowCount = predictionCount / classCount
        labelsPerRow = !task.hasLabels ? 0 : task == .soft || task == .multilabel ? classCount : 1
        guard labelCount == rowCount * labelsPerRow else {
            throw EngineError(
                usage: "\(labelCount) labels for \(rowCount) rows of predictions",
                remedy: labelsPerRow == 0 ? "task \(task.rawValue) has none" : "give \(labelsPerRow) a row")
        }
        guard weightCount == 0 || weightCount == rowCount else {
            throw EngineError(usage: "\(weightCount) weights for \(rowCount) rows of predictions", remedy: "give one a row, or none")
        }
    }
}

extension Span where Element: BitwiseCopyable {
    /// Calls `body` with the span's bytes, and keeps the type of its error.
    borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeBufferPointer { elements throws(Failure) in try body(UnsafeRawBufferPointer(elements)) }
    }
}
