import Messages

/// A piece of HTML with SVG in it, into which text gets only escaped.
///
/// Names of elements and attributes are literals of the program. All that comes from a report is content, or the value of an attribute:
/// there is no way to add it as markup.
struct Markup {
    /// The attributes of an element in their order.
    typealias Attributes = KeyValuePairs<StaticString, String>

    /// The source of the piece.
    private(set) var source: String

    private init(source: String) { self.source = source }

    /// Makes a piece without content.
    init() { source = "" }

    /// Makes a piece of text.
    static func text(_ text: String) -> Markup { Markup(source: escaped(text)) }

    /// Makes an element. One without content is closed at once, as void elements are.
    static func element(_ name: StaticString, _ attributes: Attributes = [:], _ content: Markup? = nil) -> Markup {
        var source = "<\(name)"
        for (attribute, value) in attributes { source += " \(attribute)=\"\(escaped(value))\"" }
        guard let content else { return Markup(source: source + "/>") }
        return Markup(source: source + ">" + content.source + "</\(name)>")
    }

    /// Makes an element that holds a text.
    static func element(_ name: StaticString, _ attributes: Attributes = [:], text: String) -> Markup {
        element(name, attributes, .text(text))
    }

    /// Makes the style sheet of a page.
    static func style(_ sheet: StaticString) -> Markup { Markup(source: "<style>\n\(sheet)</style>") }

    /// The source of a document, of which this is the root.
    var document: String { "<!DOCTYPE html>\n" + source + "\n" }

    static func + (left: Markup, right: Markup) -> Markup { Markup(source: left.source + right.source) }

    static func += (left: inout Markup, right: Markup) { left.source += right.source }

    /// Makes a block of its own line, so that pages can be compared line by line.
    var line: Markup { Markup(source: source + "\n") }

    /// Replaces the characters that markup is made of, and those that cannot be seen: control characters and marks of direction are written
    /// as `\x1b` and `\u{202e}`.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in QuotedBytes.printable(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
