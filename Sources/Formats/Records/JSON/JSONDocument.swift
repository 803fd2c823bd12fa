internal import Messages

/// One JSON document as a text: an array of records, or an object around one.
///
/// The records are the elements of the array. They are read in order, and the document is never in memory as a whole; what stands before
/// the array, and after its last record, has the limit of a record.
struct JSONDocument: RecordFormat {
    var name: String { "json" }
    var columns: [RecordColumn] { paths.columns }
    let headerByteCount: Int
    let headerLineCount: Int
    var allowsLineFeedsInRecords: Bool { true }
    var isCuttable: Bool { false }
    /// The array's closing bracket shows that the text is whole.
    var endsRecordsWithLineFeeds: Bool { false }

    private let paths: JSONRecordPaths
    /// The number of arrays and objects around the array.
    private let depth: Int

    func classNames(of predictions: [RecordPath]) -> [String]? { paths.classNames(of: predictions) }
    func resolve(_ name: String) throws(FormatError) -> [RecordPath] { try paths.resolve(name) }
    func resolve(_ names: [String]) throws(FormatError) -> [RecordPath] { try paths.resolve(names) }
    func path(at place: Int) -> RecordPath { paths.path(at: place) }
    func quotedValue(_ path: RecordPath, ofFirstRecordIn text: UnsafeRawBufferPointer) -> String? { paths.quotedValue(path, of: text) }
    func value(_ path: RecordPath, ofFirstRecordIn text: UnsafeRawBufferPointer) -> String? { paths.value(path, of: text) }
    /// Records may share a line.
    func record(at index: Int, of text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        JSONElements(text).dropFirst(index).first { _ in true }?.bytes
    }
    func texts(at path: RecordPath) -> [[String]?] { paths.texts(at: path) }
    func namesBeside(_ predictions: RecordPath) -> [RecordPath] { paths.namesBeside(predictions) }
    func makeParser(_ selection: RecordSelection) throws(FormatError) -> any RecordParser {
        try paths.makeParser(selection, .elements(depth: depth))
    }

    /// Recognises one array of objects or arrays, or, if `options.recordPath` is given, finds the array in the object that the text is.
    ///
    /// A text that begins with no bracket is none, whatever the path is: it may be labels beside the document. An array is one document if it
    /// is not closed on its first line, or if nothing follows it. Otherwise its line may be a record of JSON Lines.
    /// - Returns: nil if the text is no such document.
    /// - Throws: `FormatError` if there is no array at the path; of kind `.truncatedHeader` if more of the text is needed.
    static func recognise(
        _ prefix: UnsafeRawBufferPointer, isWhole: Bool, _ options: RecordFormats.Options
    ) throws(FormatError) -> JSONDocument? {
        let markByteCount = prefix.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let first = prefix.dropFirst(markByteCount).first { !JSONElements.isWhiteSpace($0) }
        guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return nil }
        // The reader of elements looks ahead. Most texts are not copied for it: where their last bytes are left out, the first records
        // show the format all the same.
        if prefix.count > uncopiedByteCount {
            let text = UnsafeRawBufferPointer(rebasing: prefix.dropLast(readableByteCountAfterText))
            if !isWhole { return try recognise(text, markByteCount, isWhole: false, options) }
            if let found = try? recognise(text, markByteCount, isWhole: false, options) { return found }
        }
        let padded = Array(prefix) + [UInt8](repeating: 0, count: readableByteCountAfterText)
        let result: Result<JSONDocument?, FormatError> = padded.withUnsafeBytes { bytes in
            do throws(FormatError) {
                return .success(
                    try recognise(UnsafeRawBufferPointer(rebasing: bytes[..<prefix.count]), markByteCount, isWhole: isWhole, options))
            } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// The size of the largest whole text that is copied at once.
    private static let uncopiedByteCount = 1 << 16

    /// Recognises a document in a text with readable bytes after it.
    private static func recognise(
        _ text: UnsafeRawBufferPointer, _ markByteCount: Int, isWhole: Bool, _ options: RecordFormats.Options
    ) throws(FormatError) -> JSONDocument? {
        guard let path = options.recordPath else { return try array(text, markByteCount, isWhole, options) }
        guard let steps = JSONPath(path)?.steps, !steps.contains(.everyElement) else {
            throw FormatError(
                kind: .column, subject: "path to the records", byteOffset: nil, found: QuotedBytes.text(path.utf8),
                allowed: "keys with dots between them, such as results or data.samples")
        }
        var search = JSONArraySearch(text, at: markByteCount, isWhole: isWhole, path: path, options)
        let start = try search.find(steps)
        guard let document = try JSONDocument(text, start, depth: steps.count, isWhole: isWhole, options) else {
            throw FormatError(
                kind: .syntax, subject: "records at \(QuotedBytes.text(path.utf8))", byteOffset: start,
                found: "an array without objects or arrays", allowed: "an array of records")
        }
        return document
    }

    /// Recognises an array of records without anything around it.
    private static func array(
        _ text: UnsafeRawBufferPointer, _ markByteCount: Int, _ isWhole: Bool, _ options: RecordFormats.Options
    ) throws(FormatError) -> JSONDocument? {
        func next(_ place: Int) -> Int? { text[place...].firstIndex { !JSONElements.isWhiteSpace($0) } }
        guard let opening = next(markByteCount), text[opening] == UInt8(ascii: "["), let first = next(opening + 1),
            text[first] == UInt8(ascii: "{") || text[first] == UInt8(ascii: "[")
        else { return nil }
        let lineEnd = text[opening...].firstIndex(of: 0x0A) ?? text.count
        var lineFeedCount = 0
        // The array as the element of a text that has no other.
        let end = opening + JSONElements.elementEnd(UnsafeRawBufferPointer(rebasing: text[opening..<lineEnd]), &lineFeedCount)
        guard end == lineEnd else { return nil }
        if lineEnd < text.count || isWhole {
            let line = UnsafeRawBufferPointer(rebasing: text[opening..<lineEnd])
            // A closed array, after which there is more, is a record of JSON Lines.
            if isClosed(line), next(lineEnd) != nil || !isWhole { return nil }
        }
        return try JSONDocument(text, opening + 1, depth: 0, isWhole: isWhole, options)
    }

    /// Returns true if the array that a text begins with ends with the text.
    private static func isClosed(_ text: UnsafeRawBufferPointer) -> Bool {
        var elements = JSONElements(UnsafeRawBufferPointer(rebasing: text.dropFirst()))
        while elements.next() != nil {}
        return elements.closing != nil
    }

    /// Reads the first records, whose array begins at `start`. Returns nil if they are no objects or arrays.
    private init?(
        _ text: UnsafeRawBufferPointer, _ start: Int, depth: Int, isWhole: Bool, _ options: RecordFormats.Options
    ) throws(FormatError) {
        var records: [JSONValue] = []
        var elements = JSONElements(UnsafeRawBufferPointer(rebasing: text[start...]))
        var failure: (defect: JSONDefect, byteOffset: Int, bytes: UnsafeRawBufferPointer)?
        var count = 0
        while records.count < JSONRecordPaths.exampleCount, count < 100, let element = elements.next(), element.isDelimited {
            count += 1
            let isContainer = element.bytes.first == UInt8(ascii: "{") || element.bytes.first == UInt8(ascii: "[")
            do throws(JSONDefect) {
                let value = try JSONValue.parse(element.bytes)
                if isContainer { records.append(value) }
            } catch {
                if isContainer, failure == nil { failure = (error, elements.byteOffset, element.bytes) }
            }
        }
        guard !records.isEmpty else {
            if let failure {
                throw FormatError(
                    kind: .syntax, subject: "first record of the JSON array", byteOffset: start + failure.byteOffset,
                    found: failure.defect.description(of: failure.bytes), allowed: "an object")
            }
            if count > 0 { return nil }
            guard elements.closing == nil else {
                throw FormatError(
                    kind: .syntax, subject: "array of records", byteOffset: start, found: "no records", allowed: "one at least")
            }
            throw FormatError(
                kind: .truncatedHeader, subject: "JSON array", byteOffset: start, found: "no whole record within \(text.count) bytes",
                allowed: "a first record of up to \(options.recordByteCountLimitText)",
                remedy: isWhole ? "was the file cut short?" : "\(setting: .maximumRecord) raises the limit; is it an array of records?")
        }
        headerByteCount = start
        headerLineCount = text[..<start].count { $0 == 0x0A }
        paths = JSONRecordPaths(records)
        self.depth = depth
    }

    // MARK: Documents that hold no records

    private static let tableRemedy = "write a record a line: to_json(path, orient=\"records\", lines=True)"

    /// Throws if an object is a whole table, as `DataFrame.to_json()` writes it.
    static func refuseTable(_ record: JSONValue, at byteOffset: Int) throws(FormatError) {
        guard case .object(let fields) = record, fields.all.count > 1 else { return }
        func keys(_ value: JSONValue) -> [String]? {
            guard case .object(let fields) = value else { return nil }
            return fields.all.map(\.key)
        }
        func areIndices(_ keys: [String]) -> Bool { !keys.isEmpty && keys.allSatisfy { Int($0) != nil } }
        let inner = fields.all.map { keys($0.value) }
        if let first = inner[0], inner.allSatisfy({ $0 == first }), areIndices(first) || areIndices(fields.all.map(\.key)) {
            throw table(byteOffset, areIndices(first) ? "columns, each an object by index" : "rows, each under its index")
        }
        if fields.all.count == 2, case .object = fields["schema"], case .array = fields["data"] {
            let remedy: Message = "\(setting: .recordPath, .text("data")) reads its rows; or \(tableRemedy)"
            throw table(byteOffset, "a schema and data (orient=\"table\")", remedy: remedy)
        }
        if fields["columns"] != nil, fields["index"] != nil, fields["data"] != nil {
            let remedy: Message = "\(setting: .recordPath, .text("data")) reads its rows; or \(tableRemedy)"
            throw table(byteOffset, "columns, index and data (orient=\"split\")", remedy: remedy)
        }
    }

    /// Throws if a text without line feeds begins as a table of `DataFrame.to_json()` does: `{"p_0":{"0":`.
    static func refuseTable(beginningWith text: UnsafeRawBufferPointer, at byteOffset: Int) throws(FormatError) {
        let beginning = String(decoding: text[byteOffset...].prefix(512), as: UTF8.self).filter { !$0.isWhitespace }
        let parts = beginning.split(separator: "\"", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0] == "{", parts[2] == ":{" else { return }
        if Int(parts[3]) != nil, parts[4].hasPrefix(":") { throw table(byteOffset, "columns, each an object by index") }
        if Int(parts[1]) != nil { throw table(byteOffset, "rows, each under its index") }
    }

    private static func table(_ byteOffset: Int, _ found: String, remedy: Message = Message(tableRemedy)) -> FormatError {
        FormatError(
            kind: .syntax, subject: "JSON", byteOffset: byteOffset, found: "one object of \(found), as DataFrame.to_json() writes it",
            allowed: "records", remedy: remedy)
    }

    /// Makes the error for a document over many lines that is no array of records. If it is an object with arrays of records, the remedy
    /// names them.
    static func error(_ text: UnsafeRawBufferPointer, _ markByteCount: Int, _ lineByteOffset: Int, isWhole: Bool) -> FormatError {
        if isWhole, let value = try? JSONValue.parse(UnsafeRawBufferPointer(rebasing: text[markByteCount...])) {
            do throws(FormatError) { try refuseTable(value, at: markByteCount) } catch { return error }
            var names: [String] = []
            arrays(value, [], &names)
            if !names.isEmpty {
                let list = names.prefix(8).map { QuotedBytes.text($0.utf8) }.joined(separator: ", ")
                return FormatError(
                    kind: .syntax, subject: "JSON", byteOffset: markByteCount + lineByteOffset, found: "one object over many lines",
                    allowed: "records", remedy: "\(setting: .recordPath) names the array of records: \(list)")
            }
        }
        return FormatError(
            kind: .syntax, subject: "JSON", byteOffset: markByteCount + lineByteOffset, found: "JSON that goes over many lines",
            allowed: "a record a line, or an array of records",
            remedy: "\(setting: .recordPath) names the path to an array of records; jq -c . FILE writes a record a line")
    }

    /// Lists the paths to the arrays of objects or arrays inside objects.
    private static func arrays(_ value: JSONValue, _ steps: [JSONPath.Step], _ names: inout [String]) {
        switch value {
        case .object(let fields) where steps.count < 4 && names.count < 9:
            for field in fields.all { arrays(field.value, steps + [.key(field.key)], &names) }
        case .array(let elements):
            let areRecords = elements.allSatisfy { element in
                switch element {
                case .object, .array: true
                default: false
                }
            }
            if areRecords, !elements.isEmpty, !steps.isEmpty { names.append(JSONPath.text(steps)) }
        default: break
        }
    }
}
