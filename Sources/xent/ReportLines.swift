/// The lines of a report for people, each with a name on the left and a value beside it.
struct ReportLines {
    private var lines: [String]

    init(title: String) { lines = [title, ""] }

    var text: String { lines.joined(separator: "\n") }

    mutating func add(_ name: String, _ value: String) {
        lines.append("  " + name + String(repeating: " ", count: max(1, 18 - name.count)) + value)
    }

    /// Adds a line as it is; an empty one is a gap.
    mutating func add(line: String) { lines.append(line) }
}
