/// The part of a page that shows one report.
protocol ReportSection {
    /// The loss and the rows in a few words.
    var title: String { get }
    /// The figure that the report is read for, with its interval.
    var headline: Markup { get }
    /// The doubts that a reader of the figures should know of.
    var warnings: [String] { get }
    /// The few sentences that matter most after the headline.
    var findings: [String] { get }
    /// The pictures that the report has figures for.
    var figures: Markup { get }
    /// The specification, the files and the run, by their names.
    var particulars: [(name: String, text: String)] { get }
    /// The version of xent that made the report.
    var version: String { get }
}

extension ReportSection {
    /// The largest number of findings.
    static var findingLimit: Int { 3 }

    /// The whole part.
    ///
    /// - Parameter name: the name of the report's file where a page has several; nil where it has one.
    func markup(name: String?) -> Markup {
        var content: Markup
        if let name {
            content = .element("h2", text: name).line + .element("p", text: title).line
        } else {
            content = .element("h1", text: title).line
        }
        content += headline
        if !warnings.isEmpty {
            let items = warnings.reduce(Markup()) { $0 + Markup.element("li", text: $1).line }
            let heading = Markup.element("h2", text: warnings.count == 1 ? "Warning" : "Warnings").line
            content += Markup.element("section", ["class": "warnings"], heading + .element("ul", [:], items)).line
        }
        let found = findings.prefix(Self.findingLimit).reduce(Markup()) { $0 + Markup.element("li", text: $1).line }
        if !found.source.isEmpty { content += Markup.element("ul", ["class": "findings"], found).line }
        content += Markup.element("div", ["class": "figures"], figures).line
        let list = particulars.reduce(Markup()) { $0 + (.element("dt", text: $1.name) + Markup.element("dd", text: $1.text)).line }
        content += .element("footer", [:], .element("h2", text: "What was read, and how") + .element("dl", [:], list))
        return Markup.element("article", [:], content).line
    }
}
