/// The lines before a table that begin with `#`, `%` or `//`.
///
/// `numpy.savetxt` writes its `header` so: `# p_0,p_1`, or behind other `comments`.
struct TableComment {
    /// The first line after them, and the number of lines before it; nil if there is none.
    let record: (byteOffset: Int, lineCount: Int)?
    /// The last of the lines, without its end.
    private let lastLine: Range<Int>

    /// Returns the mark at an offset; nil if there is none.
    private static func mark(_ text: UnsafeRawBufferPointer, at byteOffset: Int) -> String? {
        ["#", "%", "//"].first { text[byteOffset...].starts(with: $0.utf8) }
    }

    /// Finds the lines. Returns nil if the first line does not begin with a mark.
    init?(_ text: UnsafeRawBufferPointer, from first: (byteOffset: Int, lineCount: Int)) {
        var line: (byteOffset: Int, lineCount: Int)? = first
        var lastLine: Range<Int>?
        while let current = line {
            let start = TableRecord.pastBlanks(text, current.byteOffset)
            guard start < text.count, Self.mark(text, at: start) != nil else { break }
            let end = text[start...].firstIndex(of: 0x0A) ?? text.count
            lastLine = start..<(end > start && text[end - 1] == 0x0D ? end - 1 : end)
            guard end < text.count else {
                line = nil
                break
            }
            line = TableFormat.firstRecord(text, end + 1).map { ($0.byteOffset, current.lineCount + 1 + $0.lineCount) }
        }
        guard let lastLine else { return nil }
        self.lastLine = lastLine
        record = line
    }

    /// Returns the names in the last of the lines, if they are `count` names; nil otherwise.
    ///
    /// The mark is no part of the first name, unless it stands for a column itself. Names that are no words may have another delimiter than
    /// the records: `header="p_0 p_1"` beside `delimiter=","`.
    func names(_ text: UnsafeRawBufferPointer, count: Int, _ recordDelimiter: UInt8) -> [String]? {
        guard let mark = Self.mark(text, at: lastLine.lowerBound), let first = mark.utf8.first else { return nil }
        let marks = lastLine.prefix { text[$0] == first }.count
        let behind = lastLine.lowerBound + marks..<lastLine.upperBound
        for (range, delimiter) in [(behind, recordDelimiter), (lastLine, recordDelimiter)] + ",\t;| ".utf8.map({ (behind, $0) }) {
            let line = UnsafeRawBufferPointer(rebasing: text[range])
            var record = TableRecord()
            record.read(line, at: 0, delimiter: delimiter, assumesNoLineFeeds: true)
            let names = record.fields.map { $0.value(line, delimiter) }
            guard names.count == count, names.contains(where: { !$0.bytes.isEmpty }), !record.isUnclosed else { continue }
            if delimiter != recordDelimiter, !names.allSatisfy({ $0.bytes.contains { 0x30...0x39 ~= $0 || $0 == 0x5F } }) { continue }
            // `#,p_0` has a column of the name `#`.
            let isMarkAlone = names[0].bytes.isEmpty && delimiter != TableRecord.blank
            return names.enumerated().map { isMarkAlone && $0 == 0 ? mark : String(decoding: $1.bytes, as: UTF8.self) }
        }
        return nil
    }
}
