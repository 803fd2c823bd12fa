/// Tables as text: CSV (RFC 4180), and the same with tabs, semicolons or bars between the fields.
///
/// Fields may be quoted, with doubled quotes and line feeds inside. Lines end in LF or CRLF. Blank lines, which may hold spaces, are not
/// rows. A byte-order mark may come first. Spaces around names and numbers do not count.
struct TableFormat: RecordFormat {
    let isTable = true
    let delimiter: UInt8
    let columns: [RecordColumn]
    let headerByteCount: Int
    let headerLineCount: Int
    /// True if the first line holds the columns' names. Otherwise their names are their indices: `0`, `1`, …
    let hasHeader: Bool

    var name: String { delimiter == UInt8(ascii: "\t") ? "tsv" : "csv" }
    var allowsLineFeedsInRecords: Bool { true }

    /// Returns the names of the prediction columns, if the table has a header. Without one, names are indices, and would be confused with
    /// class indices.
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
