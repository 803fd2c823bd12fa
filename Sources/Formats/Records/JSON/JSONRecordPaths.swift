internal import Messages

/// The paths that lead to the values of JSON records, as the first records show them.
///
/// All formats of JSON records name their values alike.
struct JSONRecordPaths: Sendable {
    /// The paths of the first record. An array of numbers has one path; arrays of arrays or of objects have those that lead through every
    /// element.
    let columns: [RecordColumn]
    /// The first records, of which the very first shows the paths that exist.
    private let firstRecords: [JSONValue]
    private var firstRecord: JSONValue { firstRecords.first ?? .null }

    /// The number of records whose values are shown as examples.
    static let exampleCount = 3
    /// The number of columns that an error lists.
    private static let listedColumnCount = 20

    /// Lists the paths of the first records, of which there is at least one. Linear in them.
    init(_ records: [JSONValue]) {
        columns = JSONColumns.list(records)
        firstRecords = records
    }

    /// Returns the last keys of paths that lead to one number each; nil for an array, and for elements of arrays, whose places are no
    /// names.
    func classNames(of predictions: [RecordPath]) -> [String]? {
        guard predictions.count > 1, !predictions.contains(where: { isElement($0.name) }) else { return nil }
        return predictions.map { path in
            guard case .key(let key)? = JSONPath(path.name)?.steps.last else { return path.name }
            return key
        }
    }

    /// Returns a value of a record as messages quote it; nil if the record has none, or is damaged.
    func quotedValue(_ path: RecordPath, of record: UnsafeRawBufferPointer) -> String? { Self.jsonValue(path, of: record)?.shown }

    /// Returns a text of a record, or a number, true or false as it is written; nil if the record has none, or is damaged.
    func value(_ path: RecordPath, of record: UnsafeRawBufferPointer) -> String? {
        switch Self.jsonValue(path, of: record) {
        case .string(let text), .number(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .null, .array, .object, nil: nil
        }
    }

    private static func jsonValue(_ path: RecordPath, of record: UnsafeRawBufferPointer) -> JSONValue? {
        guard let path = JSONPath(path.name), let record = try? JSONValue.parse(record), case .values(let values, _) = path.target(in: record)
        else { return nil }
        return values.first
    }

    /// Returns the texts that a path leads to in each of the first records; nil for a record in which it leads to something else.
    func texts(at path: RecordPath) -> [[String]?] {
        guard let path = JSONPath(path.name) else { return [] }
        return firstRecords.map { path.texts(in: $0) }
    }

    /// Lists the paths to strings that could name the values of the predictions: members of the objects that the path leads through.
    func namesBeside(_ predictions: RecordPath) -> [RecordPath] {
        guard let path = JSONPath(predictions.name), !path.steps.contains(where: \.isGiven),
            case .values(let values, _) = path.target(in: firstRecord), values.count > 1
        else { return [] }
        var found: [RecordPath] = []
        var object = firstRecord
        for (depth, step) in path.steps.enumerated() {
            if case .object(let fields) = object {
                for field in fields.all where JSONPath.Step.key(field.key) != step {
                    guard field.value.isNameOrNames(count: values.count) else { continue }
                    let beside = JSONPath(steps: path.steps[..<depth] + [.key(field.key)])
                    guard let names = beside.texts(in: firstRecord), names.count == values.count, Set(names.names).count == names.count else {
                        continue
                    }
                    found.append(RecordPath(name: beside.text, columnIndex: nil))
                }
            }
            guard let next = object.next(step) else { break }
            object = next
        }
        return found
    }

    /// Returns true if a path ends with the place of an element in an array of the first record.
    private func isElement(_ name: String) -> Bool {
        guard let steps = JSONPath(name)?.steps, steps.last?.elementIndex != nil else { return false }
        var value = firstRecord
        for step in steps.dropLast() {
            switch (value, step) {
            case (.object(let fields), .key(let key)): value = fields[key] ?? .null
            case (.object(let fields), _): value = fields.all.first?.value ?? .null
            case (.array(let elements), .key): value = step.elementIndex.flatMap { $0 < elements.count ? elements[$0] : nil } ?? .null
            case (.array(let elements), _): value = elements.first ?? .null
            default: return false
            }
        }
        if case .array = value { return true }
        return false
    }

    /// Resolves a path, or `PREFIX*`: the columns whose last key begins with the prefix, in the order of the first record. A path into an
    /// array that is empty in the first record, or into a null, is accepted unseen.
    func resolve(_ name: String) throws(FormatError) -> [RecordPath] {
        if let prefix = JSONPath.prefix(name), case .key(let beginning)? = prefix.last {
            let meant = columns.filter { column in
                guard let steps = JSONPath(column.name)?.steps, steps.count == prefix.count, case .key(let key)? = steps.last else {
                    return false
                }
                return steps.dropLast() == prefix.dropLast() && key.hasBytes(atStart: beginning)
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
            case .members(let stepCount, let keys):
                let place = stepCount == 0 ? "the first record" : QuotedBytes.text(JSONPath.text(path.steps.prefix(stepCount)).utf8)
                let shown = keys.map { QuotedBytes.text($0.utf8) }.joined(separator: ", ")
                throw FormatError(
                    kind: .column, subject: "column \(QuotedBytes.text(name.utf8))", byteOffset: nil,
                    found: "several members in \(place): \(shown)", allowed: "one, or a key",
                    remedy: Self.keyRemedy)
            case .nothing(let stepCount):
                // A key that has a dot itself.
                let escaped = JSONPath(steps: [.key(name)]).text
                if columns.contains(where: { $0.name.isSameName(as: escaped) }) { return [RecordPath(name: escaped, columnIndex: nil)] }
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
    func resolve(_ names: [String]) throws(FormatError) -> [RecordPath] {
        var paths: [RecordPath] = []
        for name in names { paths += try resolve(name) }
        return paths
    }

    /// Returns the path with the column's name.
    func path(at place: Int) -> RecordPath { RecordPath(name: columns[place].name, columnIndex: nil) }

    private func unknown(_ name: String, found: String) -> FormatError {
        var listed = columns.prefix(Self.listedColumnCount).map { QuotedBytes.text($0.name.utf8) }
        if columns.count > listed.count { listed.append("and \(columns.count - listed.count) more") }
        return FormatError(
            kind: .column, subject: "column \(QuotedBytes.text(name.utf8))", byteOffset: nil, found: found,
            allowed: listed.isEmpty ? nil : listed.joined(separator: ", "),
            remedy: "write a.b for b inside a, a.0 for the first element, a.* for all of them, and \\. for a dot in a key")
    }

    /// The remedy where `*` meets several members.
    static let keyRemedy =
        "objects keyed by token: {PATH} takes the key from the record, such as prompt_logprobs.*.{prompt_token_ids}.logprob, or "
        + "top_logprobs.*.{tokens}"

    /// Makes a parser for one worker. Its memory grows to about six times the bytes of the longest record.
    ///
    /// - Throws: `FormatError` of kind `.column` for a text that is no path.
    func makeParser(_ selection: RecordSelection, _ framing: JSONRecordParser.Framing) throws(FormatError) -> any RecordParser {
        try JSONRecordParser(selection, framing) { (path: RecordPath) throws(FormatError) in
            guard let parsed = JSONPath(path.name) else { throw unknown(path.name, found: "no path") }
            return parsed
        }
    }
}

extension JSONPath {
    /// Returns the texts that the path leads to in a record, as they are written; nil if it leads to anything but strings and numbers.
    fileprivate func texts(in record: JSONValue) -> [String]? {
        guard case .values(let values, _) = target(in: record) else { return nil }
        var texts: [String] = []
        for value in values {
            switch value {
            case .string(let text), .number(let text): texts.append(text)
            case .boolean, .null, .object, .array: return nil
            }
        }
        return texts
    }
}

extension JSONValue {
    /// Returns true for a string, and for an array of `count` strings.
    fileprivate func isNameOrNames(count: Int) -> Bool {
        switch self {
        case .string: true
        case .array(let elements):
            elements.count == count && elements.allSatisfy { if case .string = $0 { true } else { false } }
        case .object, .number, .boolean, .null: false
        }
    }

    /// Returns the value, or the first value, that a step of a path leads to.
    fileprivate func next(_ step: JSONPath.Step) -> JSONValue? {
        switch (self, step) {
        case (.object(let fields), .key(let key)): fields[key]
        case (.object(let fields), .everyElement): fields.all.first?.value
        case (.array(let elements), .everyElement): elements.first
        case (.array(let elements), .key): step.elementIndex.flatMap { $0 < elements.count ? elements[$0] : nil }
        default: nil
        }
    }
}
