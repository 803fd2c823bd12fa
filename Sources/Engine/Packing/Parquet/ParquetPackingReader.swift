internal import Elements
internal import Formats
internal import Parquet

/// A page on its way to the output. Items are used again and again.
final class PackedItem {
    let rows = PackedPage()
    /// The index of the page's column.
    var column = 0
    var coding = ColumnCoding.planes(.literals)
    /// True for the last page of a row group.
    var endsRowGroup = false
    /// The page once it is encoded.
    var page: EncodedPage?
}

/// The way in which pages of a column are compressed, as its first page decided.
struct PackedCoding: Sendable {
    var coding: ColumnCoding
    /// The number of bytes of the first page with literals alone, and with zstd's level 1; nil if it was not tried.
    var literalsByteCount: Int?
    var levelByteCount: Int?
}

/// A reader of the pages of a Parquet file that is packed, in the order of the output: row group by row group, and column by column in it.
struct ParquetPackingReader {
    private let source: ParquetPackingSource
    private let readers: [any PackedColumnReader]
    private let level: Int?
    private let encoder = PageEncoder()
    let shape: ParquetPackingShape
    /// The row group, the column and the row in the row group that come next.
    private var (firstRow, column, row) = (0, 0, 0)
    /// True if a page of the column in this row group could not be stored in the column's coding. All after it have planes.
    private var isSetAside = false
    /// The codings that first pages decided, one for each column; nil before a column's first page.
    private(set) var codings: [PackedCoding?]
    /// The trial of both layouts on the first page of the predictions; nil before it, and without rows.
    private(set) var trial: LayoutTrial?

    init(_ source: ParquetPackingSource, level: Int?, pageByteCount: Int?, _ control: RunControl) throws(EngineError) {
        self.source = source
        self.level = level
        var readers: [any PackedColumnReader] = []
        for column in source.columns { readers.append(try column.makeReader(control.withoutProgress)) }
        self.readers = readers
        shape = ParquetPackingShape(source, pageByteCount: pageByteCount)
        codings = source.columns.map { _ in nil }
    }

    /// Reads the rows of the next page. Returns false after the last one; the inputs have then been found to end where they should.
    mutating func next(into item: PackedItem) throws(EngineError) -> Bool {
        let rowCount = source.rowCount
        guard firstRow < rowCount else {
            try checkEnds(item.rows)
            return false
        }
        let groupRowCount = min(shape.rowsPerGroup, rowCount - firstRow)
        let wanted = min(groupRowCount - row, column == source.predictionIndex ? shape.rowsPerPage : shape.rowsPerPageOfOthers)
        item.rows.validity.removeAll(keepingCapacity: true)
        try readers[column].read(wanted, into: item.rows)
        guard item.rows.rowCount > 0 else { throw endError }
        try checkTruthValues(item.rows)
        item.column = column
        item.page = nil
        try chooseCoding(item)
        row += item.rows.rowCount
        item.endsRowGroup = false
        if row == groupRowCount {
            (row, column) = (0, column + 1)
            if column == source.columns.count {
                (column, firstRow) = (0, firstRow + groupRowCount)
                item.endsRowGroup = true
            }
        }
        return true
    }

    /// Throws if a byte of a truth value is neither 0 nor 1: a bit could not say which rows have it.
    private func checkTruthValues(_ rows: PackedPage) throws(EngineError) {
        let written = source.columns[column].written
        guard written.values == .numbers(.bool), let place = rows.values.room(from: 0, count: rows.byteCount).firstIndex(where: { $0 > 1 })
        else { return }
        throw EngineError(
            .data, path: source.predictions.file.path,
            "column '\(ColumnName.list([written.name]))', row \(firstRow + row + place / written.valuesPerRow): a truth value of "
                + "\(rows.values.room(from: place, count: 1)[0]), where 0 and 1 are",
            remedy: "save it as integers")
    }

    private mutating func chooseCoding(_ item: PackedItem) throws(EngineError) {
        let written = source.columns[item.column].written
        if codings[item.column] == nil {
            let isLabels = written.name == source.labelName
            if let level {
                codings[item.column] = PackedCoding(coding: .planes(.level(level)))
            } else {
                let chosen = try EngineError.ofPage(source.predictions.file.path) { () throws(PageEncodingError) in
                    try encoder.choose(item.rows.rows, of: written, limit: isLabels ? source.classCount : 0)
                }
                codings[item.column] = PackedCoding(
                    coding: chosen.coding, literalsByteCount: chosen.literalsByteCount, levelByteCount: chosen.levelByteCount)
                item.page = chosen.page
            }
            if item.column == source.predictionIndex, case .planes(let coding)? = codings[item.column]?.coding {
                trial = LayoutTrial(item.rows.rows, of: written, coding, frameLevel: LayoutTrial.usualFrameLevel)
            }
        }
        let coding = codings[item.column]?.coding ?? .planes(.literals)
        if row == 0 { isSetAside = false }
        isSetAside = isSetAside || !coding.canStore(item.rows.rows, of: written)
        item.coding = isSetAside ? .planes(.fastLevel) : coding
    }

    private var endError: EngineError {
        EngineError(
            .data, path: source.predictions.file.path,
            "column '\(ColumnName.list([source.columns[column].written.name]))' ends before the last of \(source.rowCount) rows",
            remedy: "was it cut short, or is it still being written?")
    }

    /// Throws if a column has more rows than are known. A reader at its end verifies what can be verified only there.
    private func checkEnds(_ page: PackedPage) throws(EngineError) {
        for (index, reader) in readers.enumerated() {
            try reader.read(1, into: page)
            guard page.rowCount == 0 else {
                throw EngineError(
                    .data, path: source.predictions.file.path,
                    "column '\(ColumnName.list([source.columns[index].written.name]))' has more than \(source.rowCount) rows")
            }
        }
    }
}

/// The numbers of rows in the pages and row groups of a Parquet file that is packed. They depend on the columns alone.
struct ParquetPackingShape: Sendable, Equatable {
    /// The number of rows in a page of the predictions: about 128 Ki values, whole rows and at least one.
    let rowsPerPage: Int
    /// The number of rows in a page of another column.
    let rowsPerPageOfOthers: Int
    /// The number of rows in a row group: about 64 MiB of predictions, and whole pages.
    let rowsPerGroup: Int

    private static let valuesPerPage = 1 << 17
    private static let groupByteCount = 64 << 20
    /// The least number of rows in pages of other columns, unless the predictions' pages have more.
    private static let leastRowsOfOthers = 4096

    init(_ source: ParquetPackingSource, pageByteCount: Int?) {
        let written = source.columns[source.predictionIndex].written
        self.init(valuesPerRow: written.valuesPerRow, byteCount: written.storedByteCount, pageByteCount: pageByteCount)
    }

    /// Makes the shape for predictions of some values a row, each of `byteCount` bytes as they are stored.
    init(valuesPerRow: Int, byteCount: Int, pageByteCount: Int?) {
        let valuesPerPage = pageByteCount.map { $0 / max(1, byteCount) } ?? Self.valuesPerPage
        rowsPerPage = max(1, valuesPerPage / max(1, valuesPerRow))
        // A unit of an evaluation is some pages of predictions. Pages of labels are about as long, so that few are read for two units.
        rowsPerPageOfOthers = max(rowsPerPage, min(4 * rowsPerPage, Self.valuesPerPage), Self.leastRowsOfOthers)
        let rowsOfBytes = Self.groupByteCount / max(1, valuesPerRow * byteCount)
        rowsPerGroup = max(1, rowsOfBytes / rowsPerPage) * rowsPerPage
    }
}

extension EngineError {
    /// Does work on a page, and turns its error into one of the engine.
    static func ofPage<Result>(_ path: String, _ body: () throws(PageEncodingError) -> Result) throws(EngineError) -> Result {
        do { return try body() } catch { throw EngineError(.inputOutput, path: path, "\(error.problem)") }
    }
}
