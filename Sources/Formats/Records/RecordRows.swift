/// Rows that a parser has made of records; its memory is kept and grows to the largest piece of text.
public final class RecordRows {
    public internal(set) var rowCount = 0
    /// Values a row: the first record's, where they were not given.
    public internal(set) var valuesPerRow = 0
    /// rowCount × valuesPerRow; empty where no predictions are wanted.
    public internal(set) var values: [Double] = []
    /// Class indices of `Labels.classIndex`, one a row. A row without a readable one has `Int64.min`, which is no class.
    public internal(set) var classLabels: [Int64] = []
    /// Labels of `Labels.numbers`, rowCount × labelsPerRow.
    public internal(set) var targets: [Double] = []
    public internal(set) var labelsPerRow = 0
    /// One a row, where they are wanted.
    public internal(set) var weights: [Double] = []
    /// The line of each row's record, counted from the text's first, which is 0.
    public internal(set) var lines: [UInt32] = []
    /// What is wrong with records, in their order, at most one of a row.
    public internal(set) var problems: [RecordProblem] = []
    /// Numbers that were added up, one count a row where they are; and bytes of `byteCount`, where it is wanted. 0 of a row with a problem.
    public internal(set) var tokenCounts: [UInt64] = []
    public internal(set) var byteCounts: [UInt64] = []

    public init() {}

    /// Puts eight zeros after the last element of each column, for kernels that read in steps of eight.
    public func padColumns() {
        func pad<Element: FixedWidthInteger>(_ elements: inout [Element]) { elements.append(contentsOf: repeatElement(0, count: 8)) }
        func pad(_ numbers: inout [Double]) { numbers.append(contentsOf: repeatElement(0, count: 8)) }
        pad(&values)
        pad(&classLabels)
        pad(&targets)
        pad(&weights)
        pad(&tokenCounts)
        pad(&byteCounts)
    }
}

/// Why a record is no row.
public struct RecordProblem: Sendable, Equatable {
    public let rowIndex: Int
    /// The column's name or the path, where it is one value's fault.
    public let column: String?
    /// What was found and what was wanted: `'0.3x' is no number`.
    public let message: String
    public let remedy: String?
    /// A quoted field is not closed on its line: where the text was cut into units at line feeds, the cut may be what is wrong.
    public let isUnclosedQuote: Bool

    public init(rowIndex: Int, column: String?, message: String, remedy: String? = nil, isUnclosedQuote: Bool = false) {
        self.rowIndex = rowIndex
        self.column = column
        self.message = message
        self.remedy = remedy
        self.isUnclosedQuote = isUnclosedQuote
    }
}
