internal import Messages

/// JSON Lines: one record of JSON on each line, an object or an array. <https://jsonlines.org>
///
/// Paths name the values (`output.logprobs`, `choices.0.logprobs.content.*.logprob`). The steps of a path are separated by dots. A step is
/// a key, an index of an array, or `*` for every element of an array; `\.` is a dot in a key. A path that leads to an array means all
/// numbers in it. Blank lines are not records. Numbers may be written in strings, and `NaN`, `Infinity` and `-Infinity` without quotes, as
/// by Python's json.
public struct JSONLines: RecordFormat {
    /// `jsonl`.
    public let name = "jsonl"
    /// The paths of the first record. An array of numbers has one path; arrays of arrays or of objects have those that lead through every
    /// element.
    public var columns: [RecordColumn] { paths.columns }
    /// The number of bytes of a byte-order mark: 3 or 0.
    public let headerByteCount: Int
    /// Always 0: names are written in every record.
    public var headerLineCount: Int { 0 }
    /// Always false: a line feed in a string is escaped.
    public var allowsLineFeedsInRecords: Bool { false }

    private let paths: JSONRecordPaths

    /// The number of lines that may be passed over because they are no records.
    private static let damagedLineLimit = 100

    /// Recognises JSON Lines by the first byte that is no white space, and reads the first records. Linear in them.
    ///
    /// - Returns: nil if the text begins with another byte.
    /// - Throws: `FormatError` of kind `.syntax` if it begins with `{` and no whole line of `prefix` is a record, or if it is one JSON
    ///   document.
    public static func recognise(
        _ prefix: UnsafeRawBufferPointer, isWhole: Bool, _ options: RecordFormats.Options = RecordFormats.Options()
    ) throws(FormatError) -> JSONLines? {
        let headerByteCount = prefix.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard let first = prefix.dropFirst(headerByteCount).first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return nil }

        var records: [JSONValue] = []
        var failure: (defect: JSONDefect, byteOffset: Int, line: UnsafeRawBufferPointer)?
        var isFirstOfAll = true, damagedLineCount = 0
        for line in TextLines(UnsafeRawBufferPointer(rebasing: prefix.dropFirst(headerByteCount))) {
            if records.count == JSONRecordPaths.exampleCount || damagedLineCount == damagedLineLimit { break }
            guard !line.isBlank, line.endsWithLineFeed || isWhole else { continue }
            do throws(JSONDefect) {
                records.append(try JSONValue.parse(line.bytes))
            } catch {
                damagedLineCount += 1
                if failure == nil { failure = (error, headerByteCount + line.byteOffset, line.bytes) }
                // A bracket alone is how a document over many lines begins.
                if isFirstOfAll, error.isCut, line.bytes.count(where: { $0 > 0x20 }) <= 2 {
                    throw JSONDocument.error(prefix, headerByteCount, line.byteOffset, isWhole: isWhole)
                }
            }
            isFirstOfAll = false
        }
        if let firstRecord = records.first {
            // One object may be a whole table.
            if isWhole, records.count == 1, failure == nil { try JSONDocument.refuseTable(firstRecord, at: headerByteCount) }
            return JSONLines(headerByteCount: headerByteCount, paths: JSONRecordPaths(records))
        }
        if failure == nil, isText(prefix) {
            try JSONDocument.refuseTable(beginningWith: prefix, at: headerByteCount)
            throw FormatError(
                kind: .truncatedHeader, subject: "JSON Lines", byteOffset: headerByteCount,
                found: "no line feed within \(prefix.count) bytes",
                allowed: "a first record of up to \(options.recordByteCountLimitText)",
                remedy: "\(setting: .maximumRecord) raises the limit; save arrays as large as this with np.save; if this is one object, "
                    + "\(setting: .recordPath) names its array of records")
        }
        // A bracket begins other texts as well.
        guard first == UInt8(ascii: "{") || failure?.line.dropFirst().first(where: { $0 > 0x20 }) == UInt8(ascii: "{") else { return nil }
        guard let failure else { return nil }
        throw FormatError(
            kind: .syntax, subject: "first record of JSON Lines", byteOffset: failure.byteOffset,
            found: failure.defect.description(of: failure.line), allowed: "an object of JSON on one line",
            remedy: "if a record goes over many lines, write it on one: jq -c .")
    }

    /// Returns true if the line has no control character that JSON cannot have.
    private static func isText(_ line: UnsafeRawBufferPointer) -> Bool { line.allSatisfy { $0 >= 0x20 || 0x09...0x0D ~= $0 } }

    private init(headerByteCount: Int, paths: JSONRecordPaths) {
        self.headerByteCount = headerByteCount
        self.paths = paths
    }

    /// Returns the last keys of paths that lead to one number each; nil for an array.
    public func classNames(of predictions: [RecordPath]) -> [String]? { paths.classNames(of: predictions) }

    /// Resolves a path, or `PREFIX*`: the columns whose last key begins with the prefix, in the order of the first record. A path into an
    /// array that is empty in the first record, or into a null, is accepted unseen.
    public func resolve(_ name: String) throws(FormatError) -> [RecordPath] { try paths.resolve(name) }

    /// Resolves several paths, one after another.
    public func resolve(_ names: [String]) throws(FormatError) -> [RecordPath] { try paths.resolve(names) }

    /// Returns the path with the column's name.
    public func path(at place: Int) -> RecordPath { paths.path(at: place) }

    /// Returns a value of the first record of a text as messages quote it; nil if the record has none, or is damaged.
    public func quotedValue(_ path: RecordPath, ofFirstRecordIn text: UnsafeRawBufferPointer) -> String? {
        let line = TextLines(text).first { !$0.isBlank }
        return line.flatMap { paths.quotedValue(path, of: $0.bytes) }
    }

    /// Returns a value of the first record of a text; nil if the record has none, or is damaged.
    public func value(_ path: RecordPath, ofFirstRecordIn text: UnsafeRawBufferPointer) -> String? {
        let line = TextLines(text).first { !$0.isBlank }
        return line.flatMap { paths.value(path, of: $0.bytes) }
    }

    /// Returns the texts that a path leads to in each of the first records.
    public func texts(at path: RecordPath) -> [[String]?] { paths.texts(at: path) }

    /// Lists the paths to strings that could name the values of the predictions.
    public func namesBeside(_ predictions: RecordPath) -> [RecordPath] { paths.namesBeside(predictions) }

    /// Makes a parser for one worker. Its memory grows to about six times the bytes of the longest record.
    ///
    /// - Throws: `FormatError` of kind `.column` for a text that is no path.
    public func makeParser(_ selection: RecordSelection) throws(FormatError) -> any RecordParser {
        try paths.makeParser(selection, .lines)
    }
}
