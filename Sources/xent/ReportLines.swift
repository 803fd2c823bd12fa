import Messages

/// The lines of a report for people, each with a name on the left and a value beside it. Values may have names of files and columns in
/// them: what would steer a terminal is escaped.
struct ReportLines {
    private var lines: [String]
    /// The number of columns from the left edge to the values.
    private let column: Int

    init(title: String, column: Int = 20) {
        lines = [title, ""]
        self.column = column
    }

    var text: String { lines.joined(separator: "\n") }

    /// Adds a line.
    ///
    /// - Parameter isStyled: true if the value has colours of ours in it, and no names of files or columns. It is then not escaped.
    mutating func add(_ name: String, _ value: String, isStyled: Bool = false) {
        let shown = isStyled ? value : QuotedBytes.printable(value)
        lines.append("  " + name + String(repeating: " ", count: max(1, column - 2 - name.count)) + shown)
    }

    /// Adds a line without a name, in which names of files and columns are escaped.
    mutating func add(escaped line: String) { lines.append(QuotedBytes.printable(line)) }

    /// Adds a line as it is; an empty one is a gap.
    mutating func add(line: String) { lines.append(line) }
}
