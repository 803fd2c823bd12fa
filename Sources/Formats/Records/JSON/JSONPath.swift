/// A path to a value in a JSON record, as users write it: `output.logprobs`, `choices.0.logprobs.content.*.logprob`.
///
/// Steps are separated by dots. A step is a key of an object; `*` means every element of an array; a whole number is an index of an array,
/// or a key if it meets an object. A backslash before `.`, `*` or `\` takes away the special meaning: `a\.b` is one key.
struct JSONPath: Sendable, Equatable {
    enum Step: Sendable, Hashable {
        case key(String)
        case everyElement

        /// The array index that a key may mean as well.
        var elementIndex: Int? {
            guard case .key(let key) = self, key.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return key.utf8.count > 1 && key.utf8.first == 0x30 ? nil : Int(key)
        }

        /// The step as it is written in a path.
        var text: String {
            switch self {
            case .everyElement: return "*"
            case .key(let key):
                // By scalars, since the character after a dot may combine with it.
                var text = ""
                for scalar in key.unicodeScalars {
                    if scalar == "." || scalar == "*" || scalar == "\\" { text.unicodeScalars.append("\\") }
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
        func finish() -> Bool {
            guard !key.isEmpty || hasEscape else { return false }
            steps.append(key == "*" && endsWithStar ? .everyElement : .key(key))
            key = ""
            hasEscape = false
            endsWithStar = false
            return true
        }
        for character in text.unicodeScalars {
            if isEscaped {
                key.unicodeScalars.append(character)
                isEscaped = false
                endsWithStar = false
            } else if character == "\\" {
                isEscaped = true
                hasEscape = true
            } else if character == "." {
                guard finish() else { return nil }
            } else {
                key.unicodeScalars.append(character)
                endsWithStar = character == "*"
            }
        }
        let isPrefix = endsWithStar && key != "*"
        guard !isEscaped, finish() else { return nil }
        if isPrefix, case .key(let last)? = steps.popLast() { steps.append(.key(String(last.dropLast()))) }
        return (steps, isPrefix)
    }

    /// The end of a path in one record.
    enum Target {
        /// Single values, in their order. `isCertain` is false if an empty array or a null may stand for more.
        case values([JSONValue], isCertain: Bool)
        case object([String])
        /// No value; the path ends after `stepCount` steps.
        case nothing(stepCount: Int)
    }

    /// Follows the path through one record. Linear in the values it passes.
    func target(in record: JSONValue) -> Target {
        var values: [JSONValue] = []
        var isCertain = true
        var failure: Target?
        func follow(_ value: JSONValue, _ taken: Int) {
            guard failure == nil else { return }
            switch value {
            case .array(let elements) where taken == steps.count:
                if elements.isEmpty { isCertain = false }
                for element in elements { follow(element, taken) }
            case .object(let fields) where taken == steps.count: failure = .object(fields.all.map(\.key))
            case _ where taken == steps.count: values.append(value)
            case .object(let fields):
                guard case .key(let key) = steps[taken], let field = fields[key] else {
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
                    for element in elements {
                        follow(element, taken + 1)
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
}
