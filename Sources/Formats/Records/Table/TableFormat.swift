/// Tables as text: CSV (RFC 4180), and the same with tabs, semicolons or bars between the fields.
///
/// Fields may be quoted, with quotes doubled and line feeds within; lines end in LF or CRLF; blank lines, which may hold spaces, are no
/// rows; a byte-order mark may come first. Spaces around names and numbers do not count.
struct TableFormat: RecordFormat {
    let delimiter: UInt8
    let columns: [RecordColumn]
    let headerByteCount: Int
    let headerLineCount: Int
    /// Without, columns are named by their places: `0`, `1`, …
    let hasHeader: Bool

    var name: String { delimiter == UInt8(ascii: "\t") ? "tsv" : "csv" }
    var allowsLineFeedsInRecords: Bool { true }

    /// Only a header has names: those that are places would be taken for class indices, and be wrong.
    func classNames(of predictions: [RecordPath]) -> [String]? {
        hasHeader && !predictions.isEmpty ? predictions.map(\.name) : nil
    }

    func resolve(_ name: String) throws(FormatError) -> [RecordPath] { try resolve([name]) }

    func resolve(_ names: [String]) throws(FormatError) -> [RecordPath] {
        let columnNames = ColumnNames(columns.map(\.name))
        var paths: [RecordPath] = []
        for name in names { paths += try columnNames.places(of: name).map { path(at: $0) } }
        return paths
    }

    func path(at place: Int) -> RecordPath { RecordPath(name: columns[place].name, columnIndex: place) }

    func makeParser(_ selection: RecordSelection) throws(FormatError) -> any RecordParser {
        try TableParser(self, selection)
    }
}
