/// Help as lines for a terminal, wrapped once to its width.
struct HelpText {
    /// The widths in which text is easy to read.
    private static let widths = 40...110

    private let width: Int
    private let style: TextStyle
    private var lines: [String] = []

    /// Writes a page.
    static func text(_ document: HelpDocument, width: Int, style: TextStyle = .plain) -> String {
        var text = HelpText(width: min(max(width, widths.lowerBound), widths.upperBound), style: style)
        text.add(document)
        return text.lines.joined(separator: "\n")
    }

    private init(width: Int, style: TextStyle) {
        self.width = width
        self.style = style
    }

    private mutating func add(_ document: HelpDocument) {
        for (number, line) in Self.wrapped("OVERVIEW: \(document.abstract)", width: width).enumerated() {
            lines.append(number == 0 ? style.heading("OVERVIEW:") + line.dropFirst("OVERVIEW:".count) : line)
        }
        for section in document.sections {
            lines += ["", style.heading(section.heading.uppercased())]
            for (number, block) in section.blocks.enumerated() {
                if number > 0 { lines.append("") }
                add(block)
            }
        }
    }

    private mutating func add(_ block: HelpDocument.Block) {
        switch block {
        case .text(let text):
            lines += Self.wrapped(text, width: width - 2).map { "  " + $0 }
        case .lines(let given):
            // Never wrapped: a command that is cut in two cannot be pasted.
            lines += given.map { $0.isEmpty ? "" : "  " + $0 }
        case .entries(let entries):
            let longest = entries.map(\.term.count).max() ?? 0
            // A term that is too long for its column has a line of its own.
            let column = width < 72 ? 6 : min(4 + longest, 28)
            for (term, text) in entries {
                let indentation = String(repeating: " ", count: column)
                let wrapped = Self.wrapped(text, width: width - column)
                if 2 + term.count + 2 <= column {
                    let first = "  " + term + String(repeating: " ", count: column - 2 - term.count) + (wrapped.first ?? "")
                    lines.append(first)
                    lines += wrapped.dropFirst().map { indentation + $0 }
                } else {
                    lines.append("  " + term)
                    lines += wrapped.map { indentation + $0 }
                }
            }
        }
    }

    /// Cuts text into lines at spaces. A word that is longer than a line has a line of its own.
    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        var length = 0
        for word in text.split(separator: " ") {
            let wordLength = word.count
            if length > 0, length + 1 + wordLength > width {
                lines.append(line)
                (line, length) = ("", 0)
            }
            if length > 0 { line += " " }
            line += word
            length += wordLength + (length > 0 ? 1 : 0)
        }
        if length > 0 { lines.append(line) }
        return lines
    }
}
