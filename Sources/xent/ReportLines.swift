/// The lines of a report for people: names on the left, what they name beside them.
struct ReportLines {
    private var lines: [String]

    init(title: String) { lines = [title, ""] }

    var text: String { lines.joined(separator: "\n") }

    mutating func add(_ name: String, _ value: String) {
        lines.append("  " + name + String(repeating: " ", count: max(1, 18 - name.count)) + value)
    }

    /// A line of its own shape; empty for a gap.
    mutating func add(line: String) { lines.append(line) }
}
