internal import Messages

/// A path to a value in a JSON record, as users write it: `output.logprobs`, `choices.0.logprobs.content.*.logprob`.
///
/// Steps are separated by dots. A step is a key of an object; `*` means every element of an array, or the only member of an object; a whole
/// number is an index of an array, or a key if it meets an object. `{PATH}` is the key that the record has at another path: with
/// `{"ids": [7, 9], "logprobs": [{"7": -1, "8": -2}, {"9": -3}]}`, `logprobs.*.{ids}` leads to −1 and −3. A backslash before `.`, `*`, `{`,
/// `}` or `\` takes away the special meaning: `a\.b` is one key.
struct JSONPath: Sendable, Equatable {
    enum Step: Sendable, Hashable {
        case key(String)
        case everyElement
        /// The key that the path in braces leads to, as it is written.
        case keyAt(String)

        /// Keys are told by their bytes.
        static func == (left: Step, right: Step) -> Bool {
            switch (left, right) {
            case (.everyElement, .everyElement): true
            case (.key(let left), .key(let right)), (.keyAt(let left), .keyAt(let right)): left.isSameName(as: right)
            default: false
            }
        }

        func hash(into hasher: inout Hasher) {
            switch self {
            case .everyElement: hasher.combine(0)
            case .key(let key):
                hasher.combine(1)
                hasher.combine(Name(key))
            case .keyAt(let path):
                hasher.combine(2)
                hasher.combine(Name(path))
            }
        }

        /// True for a key that the record gives.
        var isGiven: Bool {
            if case .keyAt = self { true } else { false }
        }

        /// The array index that a key may mean as well.
        var elementIndex: Int? {
            guard case .key(let key) = self, key.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return key.utf8.count > 1 && key.utf8.first == 0x30 ? nil : Int(key)
        }

        /// The step as it is written in a path.
        var text: String {
            switch self {
            case .everyElement: return "*"
            case .keyAt(let path): return "{\(path)}"
            case .key(let key):
                // By scalars, since the character after a dot may combine with it.
                var text = ""
                for scalar in key.unicodeScalars {
                    if [".", "*", "\\", "{", "}"].contains(scalar) { text.unicodeScalars.append("\\") }
                    text.unicodeScalars.append(scalar)
                }
                return text
            }
        }
    }

    let steps: [Step]

    init(steps: [Step]) { self.steps = steps }

    /// Parses a path. Returns nil if a step is empty.
    init?(_ text: String) {
        guard let parsed = Self.parse(text), !parsed.isPrefix else { return nil }
        steps = parsed.steps
    }

    /// The path as it is written. `init` makes the same path of it.
    var text: String { Self.text(steps) }

    static func text(_ steps: some Sequence<Step>) -> String { steps.map(\.text).joined(separator: ".") }

    /// Parses the steps of `PREFIX*`, whose last step is the beginning of a key. Returns nil for any other text.
    static func prefix(_ text: String) -> [Step]? {
        guard let parsed = parse(text), parsed.isPrefix else { return nil }
        return parsed.steps
    }

    private static func parse(_ text: String) -> (steps: [Step], isPrefix: Bool)? {
        var steps: [Step] = []
        var key = ""
        var isEscaped = false, hasEscape = false, endsWithStar = false
        // The path in braces so far, and whether its brace has been closed.
        var inner: String?
        var isClosed = false
        func finish() -> Bool {
            if let path = inner {
                // The path to a key gives no key itself.
                guard isClosed, let parsed = JSONPath(path), !parsed.steps.contains(where: \.isGiven) else { return false }
                steps.append(.keyAt(path))
                (inner, isClosed) = (nil, false)
                return true
            }
            guard !key.isEmpty || hasEscape else { return false }
            steps.append(key == "*" && endsWithStar ? .everyElement : .key(key))
            key = ""
            hasEscape = false
            endsWithStar = false
            return true
        }
        for character in text.unicodeScalars {
            if let path = inner, !isClosed {
                if character == "}", !isEscaped {
                    isClosed = true
                } else {
                    isEscaped = character == "\\" && !isEscaped
                    inner = path + String(character)
                }
            } else if isClosed, character != "." {
                return nil
            } else if isEscaped {
                key.unicodeScalars.append(character)
                isEscaped = false
                endsWithStar = false
            } else if character == "\\" {
                isEscaped = true
                hasEscape = true
            } else if character == "." {
                guard finish() else { return nil }
            } else if character == "{", key.isEmpty, !hasEscape {
                inner = ""
            } else {
                key.unicodeScalars.append(character)
                endsWithStar = character == "*"
            }
        }
        let isPrefix = endsWithStar && key != "*"
        guard !isEscaped, finish() else { return nil }
        if isPrefix, case .key(let last)? = steps.popLast() { steps.append(.key(String(String.UnicodeScalarView(last.unicodeScalars.dropLast())))) }
        return (steps, isPrefix)
    }

    /// The end of a path in one record.
    enum Target {
        /// Single values, in their order. `isCertain` is false if an empty array or a null may stand for more.
        case values([JSONValue], isCertain: Bool)
        case object([String])
        /// No value; the path ends after `stepCount` steps.
        case nothing(stepCount: Int)
        /// An object of several members after `stepCount` steps, of which `*` takes one.
        case members(stepCount: Int, keys: [String])
    }

    /// Follows the path through one record. Linear in the values it passes.
    func target(in record: JSONValue) -> Target {
        var values: [JSONValue] = []
        var isCertain = true
        var failure: Target?
        // The index of the element under the last `*`, and the keys of each step that the record gives.
        var index = 0
        let givenKeys = steps.map { $0.isGiven ? keys(of: $0, in: record) : [] }
        func key(_ taken: Int) -> String? {
            switch steps[taken] {
            case .key(let key): return key
            case .everyElement: return nil
            case .keyAt:
                let keys = givenKeys[taken]
                return keys.count == 1 ? keys[0] : index < keys.count ? keys[index] : nil
            }
        }
        func follow(_ value: JSONValue, _ taken: Int) {
            guard failure == nil else { return }
            switch value {
            case .array(let elements) where taken == steps.count:
                if elements.isEmpty { isCertain = false }
                for element in elements { follow(element, taken) }
            case .object(let fields) where taken == steps.count: failure = .object(fields.all.map(\.key))
            case _ where taken == steps.count: values.append(value)
            case .object(let fields):
                if steps[taken] == .everyElement, !fields.all.isEmpty {
                    guard fields.all.count == 1 else {
                        failure = .members(stepCount: taken, keys: fields.all.prefix(3).map(\.key))
                        return
                    }
                    follow(fields.all[0].value, taken + 1)
                    return
                }
                guard let key = key(taken), let field = fields[key] else {
                    failure = .nothing(stepCount: taken)
                    return
                }
                follow(field, taken + 1)
            case .array(let elements):
                if elements.isEmpty {
                    isCertain = false
                } else if steps[taken] == .everyElement {
                    // Some elements may lack values that others have.
                    var firstFailure: Target?
                    var followedCount = 0
                    for (place, element) in elements.enumerated() {
                        index = place
                        follow(element, taken + 1)
                        // Which member is meant is not known, whatever others have.
                        if case .members = failure { return }
                        if failure == nil { followedCount += 1 }
                        firstFailure = firstFailure ?? failure
                        failure = nil
                    }
                    if followedCount == 0 { failure = firstFailure }
                } else if let index = steps[taken].elementIndex, index < elements.count {
                    follow(elements[index], taken + 1)
                } else {
                    failure = .nothing(stepCount: taken)
                }
            case .null: isCertain = false
            default: failure = .nothing(stepCount: taken)
            }
        }
        follow(record, 0)
        return failure ?? .values(values, isCertain: isCertain)
    }

    /// Returns the keys that a record gives a step, nil for a value that is none.
    private func keys(of step: Step, in record: JSONValue) -> [String?] {
        guard case .keyAt(let text) = step, case .values(let values, _)? = JSONPath(text)?.target(in: record) else { return [] }
        return values.map { value in
            switch value {
            case .string(let text), .number(let text): text
            case .boolean(let value): value ? "true" : "false"
            case .null, .object, .array: nil
            }
        }
    }
}
