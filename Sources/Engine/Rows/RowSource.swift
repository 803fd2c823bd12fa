package import Container
package import Elements
package import Formats
internal import Messages
package import WorkStealing

/// The rows of a dump, whatever its format: their number, their layout, and the ways to read them.
///
/// A source is one of two kinds. A `UnitRowSource` is cut into units whose rows have known numbers, so that any worker can read any unit.
/// An `OrderedRowSource` is taken piece by piece in order. `RowPipeline` runs both. README.md beside this file says how to add a source.
package protocol RowSource: Sendable {
    /// The name of the first file, for messages; nil if the rows come from no file.
    var path: String? { get }
    /// The values and the columns of each row.
    var layout: RowLayout { get }
    /// The number of rows; nil if only reading tells.
    var rowCount: Int? { get }
    /// The number of decoded bytes that are read in all, for progress; nil if only reading tells.
    var decodedByteCount: Int? { get }
    /// The way in which the rows are shared out, in a few words for people.
    var scheduleText: String { get }

    /// Begins to read the rows one after another on one thread.
    func makeCursor(_ control: RunControl) throws(EngineError) -> sending any RowCursor
    /// Begins to read rows by their numbers on one thread; nil if a row cannot be read without decoding much that comes before it.
    var makeRandomReader: (@Sendable (_ control: RunControl) -> sending any RandomRowReader)? { get }
    /// Returns the place of a row as far as it is known without reading; nil if it is not.
    func knownPlace(ofRow row: Int) -> RowPlace?
    /// Finds the place of a row, and reads rows again if it has to; nil if that is not possible.
    func findPlace(ofRow row: Int) -> RowPlace?
    /// Returns the way in which the rows are shared out beside a column that can be read only in order, in a few words for people.
    func scheduleText(inOrderBeside column: String) -> String
    /// Reads all rows of a pipeline with this source: as units, or in order.
    func run<Consumer: RowConsumer>(
        _ pipeline: RowPipeline, _ makeConsumer: @Sendable () -> sending Consumer
    ) throws(RunError<EngineError>) -> RowPipeline.Result<Consumer>
    /// Verifies what can be verified only after all rows have been read, such as an archive's checksums.
    func finishReading() throws(EngineError)
    /// The number of units into which the rows are cut; nil if pieces are taken until there are no more.
    var knownUnitCount: Int? { get }
    /// Returns true if a run of these rows can have left such work, so that another can continue it.
    func canContinue(_ work: FinishedWork) -> Bool
}

extension RowSource {
    package var path: String? { nil }
    package var makeRandomReader: (@Sendable (_ control: RunControl) -> sending any RandomRowReader)? { nil }
    package func finishReading() throws(EngineError) {}
    package func knownPlace(ofRow row: Int) -> RowPlace? { nil }
    package func findPlace(ofRow row: Int) -> RowPlace? { knownPlace(ofRow: row) }

    /// Begins to read the rows one after another, in a way that nobody can cancel.
    package func makeCursor() throws(EngineError) -> sending any RowCursor { try makeCursor(RunControl()) }
}

/// The values and columns that a row of a source holds.
package struct RowLayout: Sendable {
    /// The type of the values. Each batch has a type of its own, since the files of one dump may differ.
    package let elementType: ElementType
    /// The number of values a row, such as the number of classes.
    package let valuesPerRow: Int
    /// The columns that lie beside the values, in the order in which batches carry them.
    package let columns: [ColumnLayout]

    /// Makes a layout.
    package init(elementType: ElementType, valuesPerRow: Int, columns: [ColumnLayout] = []) {
        self.elementType = elementType
        self.valuesPerRow = valuesPerRow
        self.columns = columns
    }

    /// The number of bytes that the values of one row take.
    package var rowByteCount: Int { valuesPerRow * elementType.byteCount }

    /// The largest number of values a row. A row is kept in memory whole, and no header may ask for more. Vocabularies reach 256 K.
    package static let valueCountLimit = 1 << 24
}

/// The type and the width of a column that lies beside the values.
package struct ColumnLayout: Sendable {
    /// The column's name: one of `CompanionColumn`'s names, or a key that the user chose.
    package let name: String
    /// The type of the column's values.
    package let elementType: ElementType
    /// The number of values a row.
    package let valuesPerRow: Int

    /// Makes a layout.
    package init(name: String, elementType: ElementType, valuesPerRow: Int = 1) {
        self.name = name
        self.elementType = elementType
        self.valuesPerRow = valuesPerRow
    }

    /// The number of bytes that the column takes in one row.
    package var rowByteCount: Int { valuesPerRow * elementType.byteCount }
}

/// The place of a row, for messages and reports.
package struct RowPlace: Sendable {
    /// The rows among which a row is counted.
    package enum Counting: Sendable {
        /// The rows of the file.
        case inFile
        /// The rows of a shard of the file. The rows of the file before it have not been counted.
        case inShard
        /// The rows of an array in memory, which lies in no file.
        case inMemory
    }

    /// The path of the file, or a word for rows in memory.
    package let path: String
    /// The row's number, from 0, among the rows that `counting` says.
    package let row: Int
    /// The line of a text, from 1; nil if the file has none.
    package let line: Int?
    /// The compressed frame that holds the row's first byte; nil if there is none.
    package let frame: Frame?
    /// The rows among which the row is counted.
    package let counting: Counting

    /// Makes a place.
    package init(path: String, row: Int, line: Int? = nil, frame: Frame? = nil, counting: Counting = .inFile) {
        self.path = path
        self.row = row
        self.line = line
        self.frame = frame
        self.counting = counting
    }

    /// The place in words, such as "p.npy: row 17".
    package var text: String { "\(path): row \(row)" }
    /// The file as reports list it among their inputs; nil for rows in memory.
    package var file: String? { counting == .inMemory ? nil : FileName.shown(path) }
    /// The row's number in the file, from 0; nil if it is not known.
    package var rowInFile: Int? { counting == .inFile ? row : nil }
}

/// Some neighbouring rows in memory. Its pointers are valid during the call that hands it over.
package struct RowBatch {
    /// The number of the first row among all rows of the source.
    package let firstRow: Int
    /// The number of rows.
    package let rowCount: Int
    /// The values, row by row in the machine's byte order, with 64 readable bytes after the last.
    package let values: UnsafeRawPointer
    /// The type of the values.
    package let elementType: ElementType
    /// The columns beside the values, one for each of `RowLayout.columns`: row by row in the machine's byte order, with 64 readable bytes
    /// after the last.
    package let columns: [UnsafeRawPointer]
    /// The rows that could not be read, in order. Their values are NaN.
    package let problems: [RecordProblem]
    /// Finds the place of the row at an index of the batch.
    package let place: (_ index: Int) -> RowPlace
    /// Returns the text of a shown column (`RecordSelection.shown`) in the row at an index of the batch; nil where the row has none. Nil
    /// where no columns are shown.
    package let shownText: ((_ column: Int, _ index: Int) -> String?)?

    /// Makes a batch.
    package init(
        firstRow: Int, rowCount: Int, values: UnsafeRawPointer, elementType: ElementType, columns: [UnsafeRawPointer] = [],
        problems: [RecordProblem] = [], place: @escaping (_ index: Int) -> RowPlace,
        shownText: ((_ column: Int, _ index: Int) -> String?)? = nil
    ) {
        self.firstRow = firstRow
        self.rowCount = rowCount
        self.values = values
        self.elementType = elementType
        self.columns = columns
        self.problems = problems
        self.place = place
        self.shownText = shownText
    }

    /// Returns the rows of the batch with numbers in `rows`.
    ///
    /// - Parameter layout: the layout of the batch's source.
    func clamped(to rows: Range<Int>, _ layout: RowLayout) -> RowBatch {
        let kept = (firstRow..<firstRow + rowCount).clamped(to: rows)
        let skipped = kept.lowerBound - firstRow
        guard kept.count < rowCount else { return self }
        let place = place, shownText = shownText
        return RowBatch(
            firstRow: kept.lowerBound, rowCount: kept.count, values: values + skipped * layout.valuesPerRow * elementType.byteCount,
            elementType: elementType, columns: zip(columns, layout.columns).map { $0 + skipped * $1.rowByteCount },
            problems: problems.compactMap { $0.moved(by: -skipped, within: kept.count) }, place: { place($0 + skipped) },
            shownText: shownText.map { text in { text($0, $1 + skipped) } })
    }
}

extension RecordProblem {
    /// Returns the problem with its row's index moved by `offset`; nil if the index is not in `0..<rowCount` then.
    fileprivate func moved(by offset: Int, within rowCount: Int) -> RecordProblem? {
        guard (0..<rowCount).contains(rowIndex + offset) else { return nil }
        // A problem that ends the run has ended it before.
        return RecordProblem(
            rowIndex: rowIndex + offset, column: column, message: message, remedy: remedy, isUnclosedQuote: isUnclosedQuote)
    }
}
