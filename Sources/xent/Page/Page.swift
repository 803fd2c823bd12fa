import Engine

/// A page of reports for people: one file without scripts, which needs no network. The same reports give the same bytes.
struct Page {
    /// The reports with their names.
    private let reports: [(name: String, section: any ReportSection)]

    /// Makes a page of one report, or of several side by side.
    init(_ documents: [(name: String, document: ReportDocument)]) {
        reports = documents.map { ($0.name, $0.document.section) }
    }

    /// Makes a page of one part.
    init(_ section: any ReportSection) { reports = [("", section)] }

    /// Makes a page of one report.
    init(_ document: ReportDocument) { self.init([("", document)]) }

    /// The page as HTML.
    var html: String {
        let title = reports.count == 1 ? reports[0].section.title : Amount.counted(reports.count, "report")
        let head =
            Markup.element("meta", ["charset": "utf-8"]).line
            + Markup.element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]).line
            + Markup.element("meta", ["name": "color-scheme", "content": "light dark"]).line
            + Markup.element("title", text: "Xent: \(title)").line + Markup.style(StyleSheet.text).line
        var main = Markup()
        if reports.count == 1 {
            main = reports[0].section.markup(name: nil)
        } else {
            main = Markup.element("h1", text: title).line + overview
            main += .element("div", ["class": "reports"], reports.reduce(Markup()) { $0 + $1.section.markup(name: $1.name) })
        }
        return Markup.element(
            "html", ["lang": "en"], .element("head", [:], head).line + .element("body", [:], .element("main", [:], main).line)
        ).document
    }

    /// The means of all evaluations beside one another; empty if they are fewer than two, or of unlike units.
    private var overview: Markup {
        let evaluations = reports.compactMap { name, section in (section as? EvaluationSection).map { (name, $0) } }
        guard evaluations.count > 1, Set(evaluations.map { $0.1.report.unit }).count == 1, let unit = evaluations.first?.1.report.unit
        else {
            return Markup()
        }
        let plot = IntervalPlot(
            rows: evaluations.map { name, section in
                let bounds = section.interval
                return IntervalPlot.Row(
                    name: name, value: section.report.loss.mean, lower: bounds?.lower ?? .nan, upper: bounds?.upper ?? .nan)
            }, measure: "mean loss, \(unit.rawValue)", reference: nil)
        var table = NumberTable("The figures of all reports", ["report", "mean", "lower", "upper", "accuracy", "rows"])
        for (name, section) in evaluations.prefix(IntervalPlot.limit) {
            table.add([
                name, Amount.significant(section.report.loss.mean, digits: 7),
                section.interval.map { Amount.significant($0.lower, digits: 6) } ?? "",
                section.interval.map { Amount.significant($0.upper, digits: 6) } ?? "",
                section.report.accuracy.map { section.percent($0) } ?? "", Amount.grouped(section.report.rows.scored),
            ])
        }
        return .element(
            "div", ["class": "figures"],
            Figure.markup(
                "Means of all reports", plot.drawing,
                caption:
                    "The mean over rows of each report with its interval. Reports of the same rows are compared more closely by "
                    + "xent compare."
                    + plot.remainder, table))
    }
}
