/// A requirement that a report must meet: `loss.mean <= 0.7`, `rows.invalid == 0`, `loss.mean <= baseline + 2se`.
///
/// A gate states what is required, so that a figure that is absent or NaN fails it. On the right stands a number, a percentage (90% is 0.9),
/// or `baseline`, the same figure of an earlier report, with a margin: a number, a percentage of the baseline's absolute value, or a number of
/// standard errors of the difference of two independent figures, √(SE² + SE²). `==` compares all 64 bits but the sign of 0.
///
/// ```swift
/// let gates = try Gate.parse("loss.mean <= 0.7 and rows.invalid == 0")
/// let report = try evaluation.report.judged(by: gates, baseline: nil)
/// ```
public struct Gate: Sendable, Hashable {
    enum Relation: String, Sendable, CaseIterable {
        // The longer ones first, as they are looked for.
        case atMost = "<="
        case atLeast = ">="
        case equal = "=="
        case less = "<"
        case greater = ">"

        func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .atMost: left <= right
            case .atLeast: left >= right
            case .equal: left == right
            case .less: left < right
            case .greater: left > right
            }
        }
    }

    /// The right side.
    enum Bound: Sendable, Hashable {
        case number(Double)
        case baseline(Margin)
    }

    /// The distance from the baseline that is allowed; negative below it.
    enum Margin: Sendable, Hashable {
        case absolute(Double)
        /// A share of the baseline's absolute value.
        case relative(Double)
        case standardErrors(Double)
    }

    /// The requirement as it was written, with one space between words.
    public let text: String
    let path: FigurePath
    let relation: Relation
    let bound: Bound

    /// True if the gate compares with an earlier report.
    public var usesBaseline: Bool {
        if case .baseline = bound { true } else { false }
    }

    /// Reads requirements, with `and` between them.
    ///
    /// - Throws: `EngineError` of category `.usage`, which says what is not understood.
    public static func parse(_ text: String) throws(EngineError) -> [Gate] {
        var gates: [Gate] = []
        var words: [Substring] = []
        let all = Self.words(text)
        for (place, word) in all.enumerated() {
            if word == "and" {
                gates.append(try Gate(words, of: text))
                words = []
                if place == all.count - 1 { throw fail(text, "nothing stands behind 'and'") }
            } else {
                words.append(word)
            }
        }
        gates.append(try Gate(words, of: text))
        return gates
    }

    /// The words of a text: what spaces separate, but not those between quotation marks.
    private static func words(_ text: String) -> [Substring] {
        var isQuoted = false
        return text.split {
            if $0 == "\"" { isQuoted.toggle() }
            return !isQuoted && $0.isWhitespace
        }
    }

    private static func fail(_ text: String, _ what: String) -> EngineError {
        EngineError(
            usage: "the requirement '\(text)' is not understood: \(what)",
            remedy: "it has the form PATH OPERATOR BOUND: 'loss.mean <= 0.7', 'accuracy >= 90%', 'loss.mean <= baseline + 2se'")
    }

    private init(_ words: [Substring], of whole: String) throws(EngineError) {
        let text = words.joined(separator: " ")
        guard !text.isEmpty else { throw Self.fail(whole, "it is empty") }
        guard let (path, relation, right) = Self.split(text) else {
            let hasEquals = text.contains("!=") || text.contains("=")
            throw Self.fail(
                whole, hasEquals ? "the operators are <, <=, >, >= and ==" : "it has none of the operators <, <=, >, >= and ==")
        }
        self.text = text
        self.path = try FigurePath(path)
        self.relation = relation
        guard let bound = Self.bound(right) else {
            throw Self.fail(
                whole, right.isEmpty ? "nothing stands on the right" : "'\(right)' is no number, no percentage, and no baseline ± a margin")
        }
        self.bound = bound
    }

    /// Finds the operator outside of brackets and quotation marks.
    private static func split(_ text: String) -> (path: String, Relation, right: String)? {
        var depth = 0
        var isQuoted = false
        for index in text.indices {
            switch text[index] {
            case "\"": isQuoted.toggle()
            case "[" where !isQuoted: depth += 1
            case "]" where !isQuoted: depth -= 1
            case "<" where depth == 0, ">" where depth == 0, "=" where depth == 0:
                guard let relation = Relation.allCases.first(where: { text[index...].hasPrefix($0.rawValue) }) else { return nil }
                let right = text[index...].dropFirst(relation.rawValue.count)
                return (trimmed(text[..<index]), relation, trimmed(right))
            default: break
            }
        }
        return nil
    }

    private static func trimmed(_ text: Substring) -> String { text.split(separator: " ").joined(separator: " ") }

    private static func bound(_ text: String) -> Bound? {
        let word = "baseline"
        guard text.hasPrefix(word) else {
            if text.hasSuffix("%") { return number(text.dropLast()).map { .number($0 / 100) } }
            return number(text[...]).map { .number($0) }
        }
        let rest = text.dropFirst(word.count).filter { $0 != " " }
        guard let sign = rest.first else { return .baseline(.absolute(0)) }
        guard sign == "+" || sign == "-" || sign == "−" else { return nil }
        let factor = sign == "+" ? 1.0 : -1.0
        let size = rest.dropFirst()
        // A second sign is a slip.
        guard let first = size.first, first.isNumber || first == "." else { return nil }
        if size.hasSuffix("%") { return number(size.dropLast()).map { .baseline(.relative(factor * $0 / 100)) } }
        if size.hasSuffix("se") { return number(size.dropLast(2)).map { .baseline(.standardErrors(factor * $0)) } }
        return number(size).map { .baseline(.absolute(factor * $0)) }
    }

    /// A number, or an infinity; no NaN, with which no comparison holds.
    private static func number(_ text: Substring) -> Double? {
        guard let number = Double(text), !number.isNaN else { return nil }
        return number
    }
}
