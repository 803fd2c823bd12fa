internal import Messages

/// The paths that lead to the values of JSON records, as the first records show them.
///
/// All formats of JSON records name their values alike.
struct JSONRecordPaths: Sendable {
    /// The paths of the first record. An array of numbers has one path; arrays of arrays or of objects have those that lead through every
    /// element.
    let columns: [RecordColumn]
    /// The first record, which shows the paths that exist.
    private let firstRecord: JSONValue

    /// The number of records whose values are shown as examples.
    static let exampleCount = 3
    /// The number of columns that an error lists.
    private static let listedColumnCount = 20

    /// Lists the paths of the first records, of which there is at least one. Linear in them.
    init(_ records: [JSONValue]) {
        columns = JSONColumns.list(records)
        firstRecord = records.first ?? .null
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
