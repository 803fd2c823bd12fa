internal import Messages

/// The columns of JSON records: the paths to their values.
enum JSONColumns {
    /// The most paths through every element of an array that are listed, and the most values that are looked at for them all. Each path is
    /// followed through all elements: for objects with keys of their own the time would otherwise grow with the square of their number.
    private static let elementPathLimit = 1000
    private static let followedValueLimit = 2_000_000
    private static let leastElementPathCount = 16
    /// The most elements of a mixed array that are listed one by one.
    private static let listedElementCount = 16
    private static let exampleByteCount = 40

    /// Lists the paths of the first record with their contents, and examples from all records. Linear in the records.
    static func list(_ records: [JSONValue]) -> [RecordColumn] {
        guard let first = records.first else { return [] }
        var paths: [[JSONPath.Step]] = []
        var known: Set<[JSONPath.Step]> = []
        collect(first, [], &paths, &known)
        var elementPathCount = 0
        let elementPathLimit = max(leastElementPathCount, min(elementPathLimit, followedValueLimit / max(1, first.valueCount)))
        // An empty key cannot be written in a path.
        return paths.filter { steps in
            guard steps.contains(.everyElement) else { return !steps.contains(.key("")) }
            elementPathCount += 1
            guard elementPathCount <= elementPathLimit, !steps.contains(.key("")) else { return false }
            // Objects of one member beside others of several have no path of their own.
            if case .members = JSONPath(steps: steps).target(in: first) { return false }
            return true
        }.map { steps in
            let path = JSONPath(steps: steps)
            var content = RecordColumn.Content.missing
            if case .values(let values, _) = path.target(in: first) { content = self.content(values, isArray: isArray(steps, in: first)) }
            let examples = records.compactMap { record -> String? in
                guard case .values(let values, _) = path.target(in: record), !values.isEmpty else { return nil }
                return example(values)
            }
            return RecordColumn(name: path.text, content: content, examples: examples, values: distinct(path, records))
        }
    }

    /// Collects the different values of a path that leads to one value in each record.
    private static func distinct(_ path: JSONPath, _ records: [JSONValue]) -> [String] {
        var found: [String] = []
        for record in records {
            guard case .values(let values, _) = path.target(in: record), values.count == 1, let text = values[0].scalarText,
                !found.contains(name: text)
            else { continue }
            found.append(text)
        }
        return Array(found.prefix(RecordColumn.valueCountLimit))
    }

    private static func collect(
        _ value: JSONValue, _ steps: [JSONPath.Step], _ paths: inout [[JSONPath.Step]], _ known: inout Set<[JSONPath.Step]>
    ) {
        switch value {
        // Objects under token ids, one member each.
        case .object(let fields) where steps.last == .everyElement && fields.all.count == 1 && Int(fields.all[0].key) != nil:
            collect(fields.all[0].value, steps + [.everyElement], &paths, &known)
        case .object(let fields):
            // Only the first of a key that occurs twice: a record with such a key is a problem if the key is wanted.
            var keys: Set<Name> = []
            for field in fields.all where keys.insert(Name(field.key)).inserted {
                collect(field.value, steps + [.key(field.key)], &paths, &known)
            }
        case .array(let elements):
            if elements.contains(where: \.isContainer) {
                for element in elements { collect(element, steps + [.everyElement], &paths, &known) }
            } else if !elements.allSatisfy(\.isNumberOrNull), elements.count <= listedElementCount {
                for index in elements.indices { collect(elements[index], steps + [.key(String(index))], &paths, &known) }
            } else {
                // A record that is an array itself has no key to name it by.
                let steps = steps.isEmpty ? [.everyElement] : steps
                if known.insert(steps).inserted { paths.append(steps) }
            }
        default:
            if known.insert(steps).inserted { paths.append(steps) }
        }
    }

    /// True if the path may lead to several values.
    private static func isArray(_ steps: [JSONPath.Step], in record: JSONValue) -> Bool {
        if steps.contains(.everyElement) { return true }
        var value = record
        for step in steps {
            switch (value, step) {
            case (.object(let fields), .key(let key)): value = fields[key] ?? .null
            case (.object(let fields), .everyElement): value = fields.all.first?.value ?? .null
            case (.array(let elements), _): value = step.elementIndex.flatMap { $0 < elements.count ? elements[$0] : nil } ?? .null
            default: return false
            }
        }
        if case .array = value { return true }
        return false
    }

    private static func content(_ values: [JSONValue], isArray: Bool) -> RecordColumn.Content {
        let present = values.filter { if case .null = $0 { false } else { true } }
        if present.contains(where: { if case .string = $0 { true } else { false } }) { return .text }
        if isArray { return .array(count: values.count) }
        switch present.first {
        case .number: return .number
        case .boolean: return .boolean
        default: return .missing
        }
    }

    private static func example(_ values: [JSONValue]) -> String {
        var text = ""
        for value in values {
            let next = text.isEmpty ? value.shown : ", " + value.shown
            if !text.isEmpty, text.utf8.count + next.utf8.count > exampleByteCount { return text + ", …" }
            text += next
        }
        return text
    }
}

extension JSONValue {
    fileprivate var isContainer: Bool {
        switch self {
        case .object, .array: true
        default: false
        }
    }

    /// The number of single values inside.
    fileprivate var valueCount: Int {
        switch self {
        case .object(let fields): fields.all.reduce(0) { $0 + $1.value.valueCount }
        case .array(let elements): elements.reduce(0) { $0 + $1.valueCount }
        default: 1
        }
    }

    fileprivate var isNumberOrNull: Bool {
        switch self {
        case .number, .null: true
        default: false
        }
    }

    /// The text of a string, a number or a truth value; nil for null and for containers.
    fileprivate var scalarText: String? {
        switch self {
        case .string(let text): text
        case .number(let text): String(text)
        case .boolean(let value): value ? "true" : "false"
        case .object, .array, .null: nil
        }
    }

    /// The value for people: strings are cut, and all but printable ASCII is escaped.
    var shown: String {
        switch self {
        case .object: "{…}"
        case .array: "[…]"
        case .string(let text): QuotedBytes.text(text.utf8)
        case .number(let text): String(text.prefix(QuotedBytes.byteCountLimit))
        case .boolean(let value): value ? "true" : "false"
        case .null: "null"
        }
    }
}
