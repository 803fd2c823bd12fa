/// A table of the accuracy page. Columns are of three kinds by their names: keys say what was measured, maxima ("max …", "C = …") are what
/// a later run may not exceed, and the others are only told.
struct AccuracyTable {
    var header: [String]
    var rows: [[String]] = []

    var markdown: [String] {
        let lines = [header, header.map { Self.isFigure($0) ? "--:" : "---" }] + rows
        return lines.map { "| " + $0.joined(separator: " | ") + " |" }
    }

    /// Each maximum of the tables in the lines of a page: by its row's keys and its column.
    static func maxima(_ lines: [String]) -> [String: Double] {
        var maxima: [String: Double] = [:]
        var header: [String] = []
        for line in lines {
            guard line.hasPrefix("| "), line.hasSuffix(" |") else {
                header = []
                continue
            }
            let cells = line.dropFirst(2).dropLast(2).split(separator: " | ", omittingEmptySubsequences: false).map(String.init)
            if header.isEmpty {
                header = cells
                continue
            }
            guard cells.count == header.count else { continue }
            let keys = zip(header, cells).filter { !isFigure($0.0) }.map(\.1)
            for (column, cell) in zip(header, cells) where isMaximum(column) {
                // Not a number: not measured, or the line below the header.
                if let value = Double(cell) { maxima[(keys + [column]).joined(separator: ", ")] = value }
            }
        }
        return maxima
    }

    private static func isMaximum(_ column: String) -> Bool { column.hasPrefix("max") || column.hasPrefix("C = ") }
    private static func isFigure(_ column: String) -> Bool {
        isMaximum(column) || ["promised", "mean", "arguments", "rows"].contains { column.hasPrefix($0) }
    }
}
