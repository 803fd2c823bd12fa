internal import Messages

/// A path to a figure of a report, in the keys of its JSON: `loss.mean`, `rows.invalid`, `slices[country=US].mean`, `quantiles.values[1]`.
///
/// A word in brackets chooses an element of an array: a number by its place from 0, and `name=value`, also several with commas between them,
/// the slice of just these columns. A value with a comma, a bracket or a quotation mark stands between quotation marks: `[city="a, b"]`.
struct FigurePath: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case key(String)
        case index(Int)
        /// The columns and values of a slice.
        case slice([String: String])
    }

    /// The path as it was written.
    let text: String
    let steps: [Step]

    /// Reads a path.
    ///
    /// - Throws: `EngineError` of category `.usage`.
    init(_ text: String) throws(EngineError) {
        self.text = text
        var steps: [Step] = []
        var rest = text[...]
        func fail(_ what: String) -> EngineError {
            EngineError(
                usage: "'\(text)' is no path of a figure: \(what)",
                remedy: "a path has the keys of the JSON report, as loss.mean, rows.invalid and slices[country=US].mean do")
        }
        while !rest.isEmpty {
            if rest.first == "[" {
                guard !steps.isEmpty else { throw fail("it begins with '['") }
                rest = rest.dropFirst()
                guard let words = Self.words(&rest) else { throw fail("a '[' or a quotation mark is not closed") }
                steps.append(try Self.choice(words, fail))
            } else {
                if !steps.isEmpty {
                    guard rest.first == "." else { throw fail("after ']' comes '.' or '['") }
                    rest = rest.dropFirst()
                }
                let key = rest.prefix { $0 != "." && $0 != "[" }
                guard !key.isEmpty, key.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }) else {
                    throw fail(key.isEmpty ? "a key is missing" : "'\(key)' is no key")
                }
                steps.append(.key(String(key)))
                rest = rest.dropFirst(key.count)
            }
        }
        guard !steps.isEmpty else { throw fail("it is empty") }
        self.steps = steps
    }

    /// Takes the words between brackets from the text, behind the opening one; nil if nothing closes it. Quotation marks are left out.
    private static func words(_ rest: inout Substring) -> [String]? {
        var words = [""]
        var isQuoted = false
        while let character = rest.popFirst() {
            if character == "\"" {
                isQuoted.toggle()
            } else if isQuoted || (character != "," && character != "]") {
                words[words.count - 1].append(character)
            } else if character == "," {
                words.append("")
            } else {
                return words
            }
        }
        return nil
    }

    private static func choice(_ words: [String], _ fail: (String) -> EngineError) throws(EngineError) -> Step {
        if words.count == 1, let index = Int(words[0]), index >= 0 { return .index(index) }
        var values: [String: String] = [:]
        for word in words {
            guard let equals = word.firstIndex(of: "="), equals != word.startIndex else {
                throw fail("'\(word)' is neither a number nor name=value")
            }
            guard values.updateValue(String(word[word.index(after: equals)...]), forKey: String(word[..<equals])) == nil else {
                throw fail("the column '\(word[..<equals])' is named twice")
            }
        }
        return .slice(values)
    }

    /// The path to a figure beside this one, under another key.
    func replacingLastKey(with key: String) -> FigurePath? {
        guard case .key(let last)? = steps.last else { return nil }
        return FigurePath(text: String(text.dropLast(last.count)) + key, steps: steps.dropLast() + [.key(key)])
    }

    private init(text: String, steps: [Step]) { (self.text, self.steps) = (text, steps) }

    /// The last key; nil if the path ends with a bracket.
    var lastKey: String? {
        if case .key(let key)? = steps.last { key } else { nil }
    }

    /// Why a path leads to no number.
    struct Absence: Error {
        let reason: String
    }

    /// Finds the number at the end of the path. O(steps · elements of an array on the way).
    func number(in tree: FigureTree) throws(Absence) -> Double {
        var place = tree
        var walked = ""
        for step in steps {
            switch step {
            case .key(let key):
                guard let next = place[key] else { throw Absence(reason: Self.missing(key, in: place, after: walked, of: tree)) }
                place = next
                walked += walked.isEmpty ? key : ".\(key)"
            case .index(let index):
                guard case .array(let elements) = place, index < elements.count else {
                    if case .array(let elements) = place { throw Absence(reason: "\(walked) has \(elements.count) elements, and [\(index)] is none") }
                    throw Absence(reason: "\(walked) is no list")
                }
                place = elements[index]
                walked += "[\(index)]"
            case .slice(let values):
                guard case .array(let elements) = place else { throw Absence(reason: "\(walked) is no list of slices") }
                guard let slice = elements.first(where: { Self.isSlice($0, of: values) }) else {
                    throw Absence(reason: Self.missingSlice(values, among: elements, walked))
                }
                place = slice
                walked += "[…]"
            }
        }
        guard case .number(let number) = place else {
            switch place {
            case .object(let fields): throw Absence(reason: "\(walked) is no number; it has \(Self.listed(fields.keys.sorted()))")
            case .array: throw Absence(reason: "\(walked) is a list, and no number")
            case .null: throw Absence(reason: "\(walked) has no value")
            default: throw Absence(reason: "\(walked) is no number")
            }
        }
        return number
    }

    /// Returns true if an element is the slice of just these values.
    private static func isSlice(_ element: FigureTree, of values: [String: String]) -> Bool {
        guard case .object(let by)? = element["by"], by.count == values.count else { return false }
        return values.allSatisfy { name, wanted in
            switch by[name] {
            case .text(let text)?: text.isSameName(as: wanted)
            case .number(let number)?: Double(wanted) == number
            case .boolean(let value)?: "\(value)" == wanted
            case .null?: wanted == "null"
            default: false
            }
        }
    }

    private static func missing(_ key: String, in place: FigureTree, after walked: String, of tree: FigureTree) -> String {
        guard case .object(let fields) = place else {
            return "\(walked) has no '\(key)': it is \(place.number != nil ? "a number" : "no object")"
        }
        let whole = walked.isEmpty ? "the report" : walked
        if walked.isEmpty, case .object(let loss)? = tree["loss"], loss[key] != nil { return "the report has no '\(key)'; loss.\(key) is meant?" }
        if let near = NearName.of(key, among: fields.keys.sorted()) { return "\(whole) has no '\(key)'; '\(near)' is meant?" }
        return "\(whole) has no '\(key)': it has \(listed(fields.keys.sorted()))"
    }

    private static func missingSlice(_ values: [String: String], among elements: [FigureTree], _ walked: String) -> String {
        let wanted = values.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: ",")
        let names = Set(elements.compactMap { element -> String? in
            guard case .object(let by)? = element["by"] else { return nil }
            return by.keys.sorted().joined(separator: ",")
        })
        return "\(walked) has no slice \(wanted)" + (names.isEmpty ? "" : "; there are \(elements.count) slices by \(listed(names.sorted()))")
    }

    private static func listed(_ names: [String]) -> String {
        names.prefix(12).joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 12) more" : "")
    }
}
