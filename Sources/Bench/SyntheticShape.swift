public import Elements
internal import Engine
internal import Scoring

/// The size and the type of a dump that is to be made.
public struct SyntheticShape: Sendable {
    /// The layout of the predictions that are made.
    public enum Layout: String, Sendable, CaseIterable {
        /// A `.npy` in seekable zstd.
        case frames
        /// A Parquet file whose values lie in planes of bytes.
        case planes
    }

    /// The number of rows.
    public var rowCount: Int
    /// The number of values a row; 1 for tasks binary and likelihood.
    public var classCount: Int
    /// The stored type of the values, which is a floating-point type.
    public var element: ElementType
    /// zstd's compression level, one of `PackingOptions.levels`.
    public var level = 3
    /// The layout of the predictions. Labels are frames in either.
    public var layout = Layout.frames

    /// Makes a shape with compression level 3.
    public init(rowCount: Int, classCount: Int, element: ElementType) {
        self.rowCount = rowCount
        self.classCount = classCount
        self.element = element
    }

    /// Throws an `EngineError` of category `.usage` if the shape is out of range, or does not fit the task.
    func check(_ task: LossTask) throws(EngineError) {
        guard rowCount >= 1 else {
            throw EngineError(usage: "a dump of \(rowCount) rows has nothing to measure", remedy: "give at least 1")
        }
        try Self.check(classCount: classCount)
        try Self.check(element)
        guard classCount == 1 || !task.isSingleValued else {
            throw EngineError(
                usage: "task \(task.rawValue) has one value a row, not \(classCount)", remedy: "leave the number of classes out")
        }
        guard PackingOptions.levels.contains(level) else {
            throw EngineError(
                usage: "libzstd has no compression level \(level)",
                remedy: "levels go from \(PackingOptions.levels.lowerBound) to \(PackingOptions.levels.upperBound); 3 is usual")
        }
    }

    /// Throws an `EngineError` of category `.usage` if the number of classes is out of range.
    static func check(classCount: Int) throws(EngineError) {
        guard (1...RowLayout.valueCountLimit).contains(classCount) else {
            throw EngineError(usage: "\(classCount) classes cannot be", remedy: "give 1 to \(RowLayout.valueCountLimit)")
        }
    }

    static func check(_ element: ElementType) throws(EngineError) {
        guard element.isFloatingPoint else {
            throw EngineError(
                usage: "predictions of type \(element.name) are no logits or probabilities",
                remedy: "take one of " + ElementType.floatingPointTypes.map(\.name).joined(separator: ", "))
        }
    }
}
