internal import Messages
package import Scoring

/// The columns whose values are kept with the rows that a figure lists.
///
/// Values that lie beside the predictions are read when a row is kept. All others are filled in when all rows have been observed.
public struct ShownColumns: Sendable, Equatable {
    /// The largest number of bytes of a text that is kept; longer ones are cut, and end in "…".
    public static let byteLimit = 4096
    /// The largest number of columns.
    public static let countLimit = 64

    /// The names of the columns, in the order that they were asked for.
    public let names: [String]

    /// Takes the names of columns, and checks them.
    ///
    /// - Parameters:
    ///   - names: the names of the columns.
    ///   - rowCount: the number of rows that are listed; 0 for none.
    /// - Throws: `SpecificationError` for names that are empty, equal or more than `countLimit`, and for columns without rows.
    init(_ names: [String], ofRows rowCount: Int) throws(SpecificationError) {
        guard rowCount != 0 || names.isEmpty else {
            throw SpecificationError(
                problem: "\(setting: .shownColumn) is of the worst rows, and none are listed", remedy: "give \(setting: .worst) too")
        }
        let areNames = names.allSatisfy { !$0.isEmpty } && Set(names.map { Array($0.utf8) }).count == names.count
        guard areNames, names.count <= Self.countLimit else {
            throw SpecificationError(
                problem: "\(setting: .shownColumn) is \(names.prefix(8).joined(separator: ", "))",
                remedy: "give at most \(Self.countLimit) different names of columns")
        }
        self.names = names
    }

    /// Returns the values of a listed row by the names of their columns; nil if no columns are shown.
    ///
    /// - Parameter values: the values of the row, in the order of the columns.
    public func named(_ values: [SliceValue]) -> [String: SliceValue]? {
        names.isEmpty ? nil : Dictionary(zip(names, values), uniquingKeysWith: { first, _ in first })
    }

    /// Returns the values of a row of a block, as far as the block has them.
    fileprivate func values(_ block: ScoredBlock, _ row: Int) -> [SliceValue] {
        names.indices.map { column in block.shownText?(column, row).map { Self.kept($0) } ?? .missing }
    }

    /// Reads the values of a row that a section has for each column.
    func values(_ reader: inout SectionReader) throws(PartialError) -> [SliceValue] {
        var values: [SliceValue] = []
        for _ in names { values.append(try SliceValue(&reader)) }
        return values
    }

    /// Returns the value of a text, which is cut if it is too long.
    fileprivate static func kept(_ text: String) -> SliceValue {
        // An empty text is no value, as in slices.
        guard text.utf8.count > byteLimit else { return text.isEmpty ? .missing : SliceValue(text: text) }
        // Bytes that continue a character are cut with it.
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: byteLimit)
        while text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
        return .text(text[..<end] + "…")
    }
}

/// A row that a figure lists, with the values of shown columns.
protocol ListedRow: Ranked {
    /// The number of the row in its dump, from 0.
    var number: UInt64 { get }
    /// The values of the shown columns, in their order.
    var shown: [SliceValue] { get set }
}

extension RankedHeap where Element: ListedRow {
    /// Keeps a row of a block if it comes before the last one. Only then are the values of its shown columns read.
    mutating func insert(_ row: Element, _ columns: ShownColumns, of block: ScoredBlock) {
        guard last.map({ row.comes(before: $0) }) ?? true else { return }
        var row = row
        // Wrapping: the row is one of the block's.
        row.shown = columns.values(block, Int(row.number &- block.rows.firstRow))
        insert(row)
    }

    /// Sets the values of a shown column in all rows that are kept.
    ///
    /// - Parameters:
    ///   - texts: the texts by the numbers of rows; a row that is not among them has no value.
    ///   - column: the index of the column.
    mutating func show(_ texts: [UInt64: String], inColumn column: Int) {
        updateEach { $0.shown[column] = texts[$0.number].map { ShownColumns.kept($0) } ?? .missing }
    }
}

/// An observer that lists rows with the values of shown columns.
package protocol RowListing: RowObserver {
    /// The columns that are shown; nil if no rows are listed.
    var shownColumnsOfRows: ShownColumns? { get }
    /// The numbers of the listed rows, in no order.
    var numbersOfRows: [UInt64] { get }

    /// Fills in the values of a shown column that are not read beside the predictions, such as those of a file of labels. To be called once, when
    /// all rows have been observed.
    ///
    /// - Parameters:
    ///   - texts: the texts by the numbers of rows; a row that is not among them has no value.
    ///   - column: an index of the names of the columns.
    mutating func show(_ texts: [UInt64: String], inColumn column: Int)
}
