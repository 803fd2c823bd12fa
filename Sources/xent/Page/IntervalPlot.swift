/// A forest plot: names below one another, each with a figure and the interval in which it lies.
struct IntervalPlot {
    /// A row of the plot.
    struct Row {
        let name: String
        let value: Double, lower: Double, upper: Double
    }

    /// The largest number of rows that are drawn. Tables have as many.
    static let limit = 200
    private static let rowHeight = 20.0
    private static let left = 132.0, right = 392.0, top = 8.0

    let rows: [Row]
    /// The name of what is measured.
    let measure: String
    /// The number that intervals are seen against, with its name; nil for none.
    var reference: (value: Double, name: String)?

    /// The drawing; nil if no row has a figure that is finite.
    var drawing: Drawing? {
        let shown = rows.prefix(Self.limit)
        guard shown.contains(where: { $0.value.isFinite }) else { return nil }
        let bottom = Self.top + Self.rowHeight * Double(shown.count) + (reference == nil ? 0 : 14)
        let axis = Axis(
            around: shown.flatMap { [$0.value, $0.lower, $0.upper] } + (reference.map { [$0.value] } ?? []), from: Self.left, to: Self.right
        )
        var drawing = Drawing(height: bottom + 36)
        drawing.horizontal(axis, name: measure, top: Self.top, bottom: bottom, from: Self.left, to: Self.right)
        if let reference, reference.value.isFinite {
            let x = axis.place(reference.value)
            drawing.line(x, Self.top, x, bottom, "reference")
            let isRight = x > (Self.left + Self.right) / 2
            drawing.label(reference.name, x + (isRight ? -4 : 4), bottom - 4, isRight ? .end : .start, "note")
        }
        for (index, row) in shown.enumerated() {
            let y = Self.top + Self.rowHeight * (Double(index) + 0.5)
            drawing.label(Drawing.cut(row.name, to: 17), Self.left - 8, y + 4, .end)
            guard row.value.isFinite else {
                let isRight = row.value == .infinity
                drawing.label(
                    row.value.isNaN ? "not known" : "infinite", isRight ? Self.right : Self.left, y + 4, isRight ? .end : .start, "note")
                continue
            }
            let tip =
                "\(row.name): \(Amount.significant(row.value, digits: 5)), "
                + "\(Amount.significant(row.lower, digits: 5)) to \(Amount.significant(row.upper, digits: 5))"
            if row.lower.isFinite, row.upper.isFinite {
                let (x1, x2) = (axis.place(row.lower), axis.place(row.upper))
                drawing.line(x1, y, x2, y, "bar")
                drawing.line(x1, y - 4, x1, y + 4, "bar")
                drawing.line(x2, y - 4, x2, y + 4, "bar")
            }
            drawing.dot(axis.place(row.value), y, "dot", tip: tip)
        }
        return drawing
    }

    /// The table of the rows.
    func table(_ name: String) -> NumberTable {
        var table = NumberTable(name, ["", measure, "lower", "upper"])
        for row in rows.prefix(Self.limit) {
            table.add([row.name] + [row.value, row.lower, row.upper].map { Amount.significant($0, digits: 6) })
        }
        return table
    }

    /// A sentence about the rows that are not drawn; empty if all are.
    var remainder: String {
        rows.count > Self.limit ? " \(Amount.grouped(rows.count - Self.limit)) more are in the JSON report." : ""
    }
}
