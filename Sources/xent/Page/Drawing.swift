/// A drawing in SVG. Its colours are those of the page, by the classes of its marks.
///
/// It is 400 units wide, so that its letters have their size on the screen of a telephone, and are only a little larger on others.
struct Drawing {
    /// The side of a text at which its place is.
    enum Anchor: String {
        case start, middle, end
    }

    /// The width of every drawing.
    static let width = 400.0
    /// The height.
    let height: Double
    private var marks = Markup()

    init(height: Double) { self.height = height }

    /// Adds a rectangle.
    mutating func rectangle(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ style: StaticString, tip: String? = nil) {
        marks += .element(
            "rect",
            [
                "class": "\(style)", "x": Self.number(x), "y": Self.number(y), "width": Self.number(max(width, 0)),
                "height": Self.number(max(height, 0)),
            ], tip.map { .element("title", text: $0) } ?? Markup())
    }

    /// Adds a line.
    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: StaticString) {
        marks += .element(
            "line", ["class": "\(style)", "x1": Self.number(x1), "y1": Self.number(y1), "x2": Self.number(x2), "y2": Self.number(y2)])
    }

    /// Adds a line through several points.
    mutating func path(_ points: [(x: Double, y: Double)], _ style: StaticString) {
        let places = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
        marks += .element("polyline", ["class": "\(style)", "points": places])
    }

    /// Adds a dot.
    mutating func dot(_ x: Double, _ y: Double, _ style: StaticString, radius: Double = 4, tip: String? = nil) {
        marks += .element(
            "circle", ["class": "\(style)", "cx": Self.number(x), "cy": Self.number(y), "r": Self.number(radius)],
            tip.map { .element("title", text: $0) } ?? Markup())
    }

    /// Adds a text whose base line begins, ends or has its middle at a place.
    mutating func label(_ text: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start, _ style: StaticString = "label") {
        marks += .element(
            "text", ["class": "\(style)", "x": Self.number(x), "y": Self.number(y), "text-anchor": anchor.rawValue], text: text)
    }

    /// Adds a scale below the drawing's marks: grid lines, numbers, and the name of what is measured.
    mutating func horizontal(_ axis: Axis, name: String, top: Double, bottom: Double, from start: Double, to end: Double, ticks: Int = 5) {
        for tick in axis.ticks(ticks) {
            let x = axis.place(tick)
            line(x, top, x, bottom, "grid")
            label(Axis.text(tick), x, bottom + 14, x > Self.width - 16 ? .end : .middle)
        }
        line(start, bottom, end, bottom, "axis")
        label(name, (start + end) / 2, bottom + 30, .middle, "name")
    }

    /// Adds a scale at the left.
    mutating func vertical(_ axis: Axis, name: String, left: Double, right: Double, top: Double, ticks: Int = 5) {
        for tick in axis.ticks(ticks) {
            let y = axis.place(tick)
            line(left, y, right, y, "grid")
            label(Axis.text(tick), left - 5, y + 4, .end)
        }
        label(name, 2, top - 8, .start, "name")
    }

    /// The drawing with a description for readers who do not see it.
    func markup(_ description: String) -> Markup {
        .element(
            "svg", ["viewBox": "0 0 \(Self.number(Self.width)) \(Self.number(height))", "role": "img", "aria-label": description],
            .element("title", text: description) + marks)
    }

    /// Cuts a name to a number of letters, of which those of East Asian scripts and pictures are two.
    static func cut(_ name: String, to count: Int) -> String {
        func width(_ character: Character) -> Int { character.unicodeScalars.contains { $0.value >= 0x1100 && $0.value != 0x2026 } ? 2 : 1 }
        var cut = "", used = 0
        for character in name {
            let next = used + width(character)
            // A letter that is the last needs no room for the mark after it.
            if next > count { return cut + "…" }
            cut.append(character)
            used = next
        }
        return cut
    }

    /// Writes a length with two digits after the point, the same on every machine.
    private static func number(_ value: Double) -> String {
        guard value.isFinite, value.magnitude < 1e6 else { return "0" }
        let hundredths = Int((value * 100).rounded())
        let (whole, rest) = (hundredths.magnitude / 100, hundredths.magnitude % 100)
        let fraction = rest == 0 ? "" : rest % 10 == 0 ? ".\(rest / 10)" : rest < 10 ? ".0\(rest)" : ".\(rest)"
        return (hundredths < 0 ? "-" : "") + "\(whole)\(fraction)"
    }
}
