/// A table of a picture's numbers. It scrolls for itself where it is wider than the page.
struct NumberTable {
    /// The heads of the columns.
    private let heads: [String]
    private var rows: [[String]] = []
    /// The content of the table in a few words, for readers who do not see it.
    private let name: String
    /// The number of columns from the left that hold texts, not numbers.
    private let textColumnCount: Int

    init(_ name: String, _ heads: [String], textColumnCount: Int = 1) {
        (self.name, self.heads, self.textColumnCount) = (name, heads, textColumnCount)
    }

    /// Adds a row. Its first cell is the head of the row.
    mutating func add(_ cells: [String]) { rows.append(cells) }

    /// True if there are no rows.
    var isEmpty: Bool { rows.isEmpty }

    /// The table.
    var markup: Markup {
        var head = Markup(), body = Markup()
        for (index, text) in heads.enumerated() {
            head += .element("th", ["scope": "col", "class": index < textColumnCount ? "text" : "number"], text: text)
        }
        for row in rows {
            var cells = Markup()
            for (index, text) in row.enumerated() {
                cells +=
                    index == 0
                    ? .element("th", ["scope": "row", "class": textColumnCount > 0 ? "text" : "number"], text: text)
                    : .element("td", ["class": index < textColumnCount ? "text" : "number"], text: text)
            }
            body += Markup.element("tr", [:], cells).line
        }
        let table = Markup.element("table", [:], .element("thead", [:], .element("tr", [:], head)) + .element("tbody", [:], body))
        return Markup.element("div", ["class": "scroll", "role": "region", "aria-label": name, "tabindex": "0"], table).line
    }

    /// The largest number of rows of a table that is open at first.
    private static let openLimit = 6

    /// The table, closed at first if it is long. All are open on paper.
    var folded: Markup {
        let content = Markup.element("summary", text: name) + markup
        return rows.count <= Self.openLimit ? .element("details", ["open": "open"], content) : .element("details", [:], content)
    }
}
