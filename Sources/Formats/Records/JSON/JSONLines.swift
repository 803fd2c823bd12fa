/// JSON Lines: one record of JSON on each line, an object or an array. <https://jsonlines.org>
///
/// Paths name the values (`output.logprobs`, `choices.0.logprobs.content.*.logprob`). The steps of a path are separated by dots. A step is
/// a key, an index of an array, or `*` for every element of an array; `\.` is a dot in a key. A path that leads to an array means all
/// numbers in it. Blank lines are not records. Numbers may be written in strings, and `NaN`, `Infinity` and `-Infinity` without quotes, as
/// by Python's json.
public struct JSONLines: RecordFormat {
    /// False: each record says which keys it has.
    public let isTable = false
    /// `jsonl`.
    public let name = "jsonl"
    /// The paths of the first record. An array of numbers has one path; arrays of arrays or of objects have those that lead through every
    /// element.
    public let columns: [RecordColumn]
    /// The number of bytes of a byte-order mark: 3 or 0.
    public let headerByteCount: Int
    /// Always 0: names are written in every record.
    public var headerLineCount: Int { 0 }
    /// Always false: a line feed in a string is escaped.
    public var allowsLineFeedsInRecords: Bool { false }

    /// The first record, which shows the paths that exist.
    private let firstRecord: JSONValue

    /// The number of records whose values are shown as examples.
    private static let exampleCount = 3
    /// The number of lines that may be passed over because they are no records.
    private static let damagedLineLimit = 100
    /// The number of columns that an error lists.
    private static let listedColumnCount = 20

    /// Recognises JSON Lines by the first byte that is no white space, and reads the first records. Linear in them.
    ///
    /// - Returns: nil if the text begins with another byte.
    /// - Throws: `FormatError` of kind `.syntax` if it begins with `{` and no whole line of `prefix` is a record, or if it is one JSON
    ///   document over many lines, or one array of records.
    public static func recognise(_ prefix: UnsafeRawBufferPointer, isWhole: Bool) throws(FormatError) -> JSONLines? {
        let headerByteCount = prefix.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        guard let first = prefix.dropFirst(headerByteCount).first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return nil }

        var records: [JSONValue] = []
        var failure: (defect: JSONDefect, byteOffset: Int, line: UnsafeRawBufferPointer)?
        var isFirstOfAll = true, damagedLineCount = 0
        for line in TextLines(UnsafeRawBufferPointer(rebasing: prefix.dropFirst(headerByteCount))) {
            if records.count == exampleCount || damagedLineCount == damagedLineLimit { break }
            guard !line.isBlank, line.endsWithLineFeed || isWhole else { continue }
            do throws(JSONDefect) {
                records.append(try JSONValue.parse(line.bytes))
            } catch {
                damagedLineCount += 1
                if failure == nil { failure = (error, headerByteCount + line.byteOffset, line.bytes) }
                // A bracket alone is how a document over many lines begins.
                if isFirstOfAll, error.isCut, line.bytes.count(where: { $0 > 0x20 }) <= 2 {
                    throw document(headerByteCount + line.byteOffset)
                }
            }
            isFirstOfAll = false
        }
        if let firstRecord = records.first {
            if isWhole, records.count == 1, failure == nil, case .array(let elements) = firstRecord, elements.count > 1,
                elements.allSatisfy({ if case .object = $0 { true } else { false } })
            {
                throw arrayOfRecords(headerByteCount)
            }
            return JSONLines(columns: JSONColumns.list(records), headerByteCount: headerByteCount, firstRecord: firstRecord)
        }
        if failure == nil, isText(prefix) {
            throw FormatError(
                kind: .truncatedHeader, subject: "JSON Lines", byteOffset: headerByteCount, found: "no line feed within \(prefix.count) bytes",
                allowed: "a first record of up to \(RecordFormats.recordByteCountLimit >> 20) MiB",
                remedy: "save arrays as large as this with np.save, or, where this is one JSON document, write a record a line: jq -c '.[]'"
            )
        }
        // A bracket begins other texts as well.
        guard first == UInt8(ascii: "{") || failure?.line.dropFirst().first(where: { $0 > 0x20 }) == UInt8(ascii: "{") else { return nil }
        guard let failure else { return nil }
        if first == UInt8(ascii: "[") { throw arrayOfRecords(headerByteCount) }
        throw FormatError(
            kind: .syntax, subject: "first record of JSON Lines", byteOffset: failure.byteOffset,
            found: failure.defect.description(of: failure.line), allowed: "an object of JSON on one line",
            remedy: "if a record goes over many lines, write it on one: jq -c .")
    }

    /// Returns true if the line has no control character that JSON cannot have.
    private static func isText(_ line: UnsafeRawBufferPointer) -> Bool { line.allSatisfy { $0 >= 0x20 || 0x09...0x0D ~= $0 } }

    private static func document(_ byteOffset: Int) -> FormatError {
        FormatError(
            kind: .syntax, subject: "JSON Lines", byteOffset: byteOffset, found: "JSON that goes over many lines",
            allowed: "a record a line",
            remedy: "write a record a line with jq -c . FILE, or jq -c '.[]' FILE where it is one array of records")
    }

    private static func arrayOfRecords(_ byteOffset: Int) -> FormatError {
        FormatError(
            kind: .syntax, subject: "JSON Lines", byteOffset: byteOffset, found: "one array of records", allowed: "a record a line",
            remedy: "write a record a line: jq -c '.[]' FILE")
    }

    private init(columns: [RecordColumn], headerByteCount: Int, firstRecord: JSONValue) {
        self.columns = columns
        self.headerByteCount = headerByteCount
        self.firstRecord = firstRecord
    }

    /// Returns the last keys of paths that lead to one number each; nil for an array.
    public func classNames(of predictions: [RecordPath]) -> [String]? {
        guard predictions.count > 1 else { return nil }
        return predictions.map { path in
            guard case .key(let key)? = JSONPath(path.name)?.steps.last else { return path.name }
            return key
        }
    }

    /// Resolves a path, or `PREFIX*`: the columns whose last key begins with the prefix, in the order of the first record. A path into an
    /// array that is empty in the first record, or into a null, is accepted unseen.
    public func resolve(_ name: String) throws(FormatError) -> [RecordPath] {
        if let prefix = JSONPath.prefix(name), case .key(let beginning)? = prefix.last {
            let meant = columns.filter { column in
                guard let steps = JSONPath(column.name)?.steps, steps.count == prefix.count, case .key(let key)? = steps.last else {
                    return false
                }
                return steps.dropLast() == prefix.dropLast() && key.hasPrefix(beginning)
            }
            guard !meant.isEmpty else { throw unknown(name, found: "no key of the first record begins so") }
            return meant.map { RecordPath(name: $0.name, columnIndex: nil) }
        }
        if let path = JSONPath(name) {
            switch path.target(in: firstRecord) {
            case .values: return [RecordPath(name: name, columnIndex: nil)]
            case .object(let keys):
                let parts = keys.prefix(Self.listedColumnCount).map { QuotedBytes.text((name + "." + JSONPath.Step.key($0).text).utf8) }
                throw FormatError(
                    kind: .column, subject: "column \(QuotedBytes.text(name.utf8))", byteOffset: nil, found: "an object",
                    allowed: parts.isEmpty ? nil : parts.joined(separator: ", "), remedy: "name what is wanted of it")
            case .nothing(let stepCount):
                // A key that has a dot itself.
                let escaped = JSONPath(steps: [.key(name)]).text
                if columns.contains(where: { $0.name == escaped }) { return [RecordPath(name: escaped, columnIndex: nil)] }
                let place = stepCount == 0 ? "the first record" : QuotedBytes.text(JSONPath.text(path.steps.prefix(stepCount)).utf8)
                let missing = path.steps[stepCount]
                throw unknown(
                    name,
                    found: missing == .everyElement
                        ? "\(place) is no array" : "no \(QuotedBytes.text(missing.text.utf8)) in \(place)")
            }
        }
        throw unknown(name, found: "no path: a key is empty, or the last backslash stands alone")
    }

    /// Resolves several paths, one after another.
    public func resolve(_ names: [String]) throws(FormatError) -> [RecordPath] {
        var paths: [RecordPath] = []
        for name in names { paths += try resolve(name) }
        return paths
    }

    /// Returns the path with the column's name.
    public func path(at place: Int) -> RecordPath { RecordPath(name: columns[place].name, columnIndex: nil) }

    private func unknown(_ name: String, found: String) -> FormatError {
        var listed = columns.prefix(Self.listedColumnCount).map { QuotedBytes.text($0.name.utf8) }
        if columns.count > listed.count { listed.append("and \(columns.count - listed.count) more") }
        return FormatError(
            kind: .column, subject: "column \(QuotedBytes.text(name.utf8))", byteOffset: nil, found: found,
            allowed: listed.isEmpty ? nil : listed.joined(separator: ", "),
            remedy: "write a.b for b inside a, a.0 for the first element, a.* for all of them, and \\. for a dot in a key")
    }

    /// Makes a parser for one worker. Its memory grows to about six times the bytes of the longest record.
    ///
    /// - Throws: `FormatError` of kind `.column` for a text that is no path.
    public func makeParser(_ selection: RecordSelection) throws(FormatError) -> any RecordParser {
        try JSONLinesParser(selection) { (path: RecordPath) throws(FormatError) in
            guard let parsed = JSONPath(path.name) else { throw unknown(path.name, found: "no path") }
            return parsed
        }
    }
}
