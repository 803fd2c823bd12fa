/// Tables as text: CSV (RFC 4180), and the same with tabs, semicolons, bars or blanks between the fields.
///
/// Between blanks a run of spaces and tabs is one, as `numpy.savetxt` and tools that align columns write them.
///
/// Fields may be quoted, with doubled quotes and line feeds inside. Lines end in LF or CRLF. Blank lines, which may hold spaces, are not
/// rows. A byte-order mark may come first. Spaces around names and numbers do not count.
struct TableFormat: RecordFormat {
    /// The byte between two fields. The space stands for any run of spaces and tabs.
    let delimiter: UInt8
    let columns: [RecordColumn]
    /// The columns by their names.
    let columnNames: ColumnNames
    let headerByteCount: Int
    let headerLineCount: Int
    /// True if the first line holds the columns' names. Otherwise their names are their indices: `0`, `1`, …
    let hasHeader: Bool

    var name: String {
        switch delimiter {
        case UInt8(ascii: "\t"): "tsv"
        case TableRecord.blank: "txt"
        default: "csv"
        }
    }
    var isTable: Bool { true }
    var hasNames: Bool { hasHeader }
    var allowsLineFeedsInRecords: Bool { true }

    /// Returns the names of the prediction columns, if the table has a header. Without one, names are indices, and would be confused with
    /// class indices.
    func classNames(of predictions: [RecordPath]) -> [String]? {
        hasHeader && !predictions.isEmpty ? predictions.map(\.name) : nil
    }

    func resolve(_ name: String) throws(FormatError) -> [RecordPath] { try resolve([name]) }

    func resolve(_ names: [String]) throws(FormatError) -> [RecordPath] {
        var paths: [RecordPath] = []
        for name in names { paths += try columnNames.places(of: name).map { path(at: $0) } }
        return paths
    }

    func path(at place: Int) -> RecordPath { RecordPath(name: columns[place].name, columnIndex: place) }

    func quotedValue(_ path: RecordPath, ofFirstRecordIn text: UnsafeRawBufferPointer) -> String? {
        tableValue(path, ofFirstRecordIn: text)?.quoted
    }

    func value(_ path: RecordPath, ofFirstRecordIn text: UnsafeRawBufferPointer) -> String? {
        tableValue(path, ofFirstRecordIn: text).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    private func tableValue(_ path: RecordPath, ofFirstRecordIn text: UnsafeRawBufferPointer) -> TableValue? {
        var fields = TableRecord()
        fields.read(text, at: 0, delimiter: delimiter, assumesNoLineFeeds: false)
        guard let index = path.columnIndex, fields.fields.indices.contains(index) else { return nil }
        return fields.fields[index].value(text, delimiter)
    }

    func makeParser(_ selection: RecordSelection) throws(FormatError) -> any RecordParser {
        try TableParser(self, selection)
    }
}
