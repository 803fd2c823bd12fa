public import Messages

/// Rows that a parser has made of records. The memory is kept, and grows to the largest piece of text.
public final class RecordRows {
    /// The number of rows.
    public internal(set) var rowCount = 0
    /// The number of values in a row. The first record says it if the selection does not.
    public internal(set) var valuesPerRow = 0
    /// The predictions, `rowCount` × `valuesPerRow`; empty if the selection wants none.
    public internal(set) var values: [Double] = []
    /// The class indices of `Labels.classIndex`, one a row. A row without a readable one has `Int64.min`, which is no class.
    public internal(set) var classLabels: [Int64] = []
    /// The labels of `Labels.numbers`, `rowCount` × `labelsPerRow`.
    public internal(set) var targets: [Double] = []
    /// The number of labels in a row of `targets`.
    public internal(set) var labelsPerRow = 0
    /// The weights, one a row; empty if the selection wants none.
    public internal(set) var weights: [Double] = []
    /// The line of each row's record, counted from 0 at the text's first.
    public internal(set) var lines: [UInt32] = []
    /// The problems of records, in the order of the rows, at most one for a row.
    public internal(set) var problems: [RecordProblem] = []
    /// The number of values that were added up for each row, or the number that its record gives, if the selection sums values; 0 for a row
    /// with a problem. A record without values has no problem, and its sum is NaN.
    public internal(set) var tokenCounts: [UInt64] = []
    /// The hashes of the selection's identifiers, `rowCount` × their number (`Identifier.hash`); 0 where there is none, and for a row
    /// with a problem.
    public package(set) var identifiers: [UInt64] = []
    /// For each row, how many of the values that were added up are placeholders, if the selection sums values.
    public internal(set) var placeholderCounts: [UInt64] = []
    /// The number of bytes that the selection's `byteCount` gives for each row, if it is wanted; 0 for a row with a problem.
    public internal(set) var byteCounts: [UInt64] = []

    /// The number of words of each row's text, if it is wanted; 0 for a row with a problem, and `unknownCount` for a row whose text is a
    /// number of bytes.
    public internal(set) var wordCounts: [UInt64] = []
    /// The word count of a row whose words are not known.
    public static let unknownCount = UInt64.max

    /// Makes an object without rows.
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
        pad(&placeholderCounts)
        pad(&byteCounts)
        pad(&wordCounts)
        pad(&identifiers)
    }
}

/// The reason why a record is not a valid row.
public struct RecordProblem: Sendable, Equatable {
    /// The row's index among the rows parsed with it.
    public let rowIndex: Int
    /// The column's name or the path, if one value is wrong; nil if the record is.
    public let column: String?
    /// The message, with the text found and the kind of value wanted: `'0.3x' is no number`.
    public let message: String
    /// The action that avoids the problem.
    public let remedy: Message?
    /// True if a quoted field is not closed on its line. If the text was cut into units at line feeds, the cut may be the reason.
    public let isUnclosedQuote: Bool
    /// True if the problem shows that rows before it were misread too, so that the run ends with it even where invalid rows are left out.
    public var endsRun = false

    /// Makes a problem whose remedy, if any, names no setting.
    public init(rowIndex: Int, column: String?, message: String, remedy: String? = nil, isUnclosedQuote: Bool = false) {
        self.init(
            rowIndex: rowIndex, column: column, message: message, remedy: remedy.map { Message($0) }, isUnclosedQuote: isUnclosedQuote)
    }

    /// Makes a problem.
    public init(rowIndex: Int, column: String?, message: String, remedy: Message?, isUnclosedQuote: Bool = false) {
        self.rowIndex = rowIndex
        self.column = column
        self.message = message
        self.remedy = remedy
        self.isUnclosedQuote = isUnclosedQuote
    }
}
