import Foundation
import SeededRandom
import Testing

/// Pages of reports: `xent report`, and `--html` of eval, merge and compare.
@Suite struct PageTests {
    /// A folder with a dump of three classes, one of decisions, and models to compare.
    static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        let logits = RandomDump.logits(rows: 400, columns: 3, seed: 17)
        try scratch.write("p.npy", NPYFixture.floats(logits, columns: 3))
        try scratch.write("p2.npy", NPYFixture.floats(logits.map { $0 / 2 }, columns: 3))
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: 400, classes: 3, seed: 18)))
        var random = SplitMix64(seed: 19)
        try scratch.write("b.npy", NPYFixture.doubles((0..<400).map { _ in Double(random.next() >> 11) * 0x1p-53 }))
        try scratch.write("t.npy", NPYFixture.labels(RandomDump.labels(rows: 400, classes: 2, seed: 20)))
        return scratch
    }

    static let multiclass = ["--labels", "y.npy", "--task", "multiclass", "--input", "logits"]
    static let everything = [
        "--insight", "--calibration", "both", "--top-k", "1,2", "--ranking", "--slice", "label", "--slice", "predicted", "--slice",
        "label,predicted", "--temperature-sweep", "0.5,1,2",
        "--fit-temperature", "--worst", "5", "--dialect", "exact", "--dialect", "pytorch",
    ]

    /// Writes a page with a command, and returns it.
    static func page(_ arguments: [String], in scratch: Scratch) throws -> String {
        let run = try XentRun.xent(arguments + ["--html", "page.html", "--quiet"], in: scratch)
        run.expectSuccess()
        return try scratch.text("page.html")
    }

    /// Every section is there for a report that has its figures, and absent for one that has not.
    @Test func sectionsFollowTheReport() throws {
        let scratch = try Self.scratch()
        let titles = [
            "Losses of rows", "Reliability", "Confidences", "Calibration of classes", "Classes, by label", "Classes, by prediction",
            "Ranking of classes", "Temperature", "Labels among the first predictions", "The worst rows", "Dialects",
        ]
        let full = try Self.page(["eval", "p.npy"] + Self.multiclass + Self.everything, in: scratch)
        let plain = try Self.page(["eval", "p.npy"] + Self.multiclass, in: scratch)
        for title in titles {
            #expect(full.contains("<h3>\(title)</h3>"), "\(title)")
            #expect(!plain.contains("<h3>\(title)</h3>"), "\(title)")
        }
        let binary = try Self.page(
            ["eval", "b.npy", "--labels", "t.npy", "--task", "binary", "--input", "probabilities", "--ranking", "--calibration", "auto"],
            in: scratch)
        for title in ["Ranking", "Reliability", "ROC curve", "Precision and recall"] { #expect(binary.contains("<h3>\(title)</h3>"), "\(title)") }
        #expect(binary.contains("probability of label 1"))
        let comparison = try Self.page(["compare", "p.npy", "p2.npy"] + Self.multiclass, in: scratch)
        for title in ["Means", "Difference", "Who is right", "Divergence of rows", "Probability of the label"] {
            #expect(comparison.contains("<h3>\(title)</h3>"), "\(title)")
        }
        for page in [full, plain, binary, comparison] { Self.expectSound(page) }
    }

    /// The mean with its interval comes before warnings, warnings before what matters, and that before pictures.
    @Test func theMeanComesFirst() throws {
        let scratch = try ReportTests.infiniteScratch()
        let run = try XentRun.xent(
            ["eval", "p.npy", "--labels", "y.npy", "--task", "binary", "--input", "probabilities", "--worst", "2", "--html", "page.html"],
            in: scratch)
        run.expectSuccess()
        let page = try scratch.text("page.html")
        let places = try [
            "class=\"mean\"", "class=\"warnings\"", "class=\"findings\"", "class=\"figures\"", "<figure>", "<footer>",
        ].map { try #require(page.range(of: $0), "\($0)").lowerBound }
        #expect(places == places.sorted())
        #expect(page.contains("1 row has an infinite loss"))
        let findings = try #require(page.firstMatch(of: #/<ul class="findings">([\s\S]*?)</ul>/#)).output.1
        #expect((1...3).contains(findings.components(separatedBy: "<li>").count - 1))
    }

    /// The same report gives the same bytes, whether the run or its JSON makes the page.
    @Test(arguments: [[], ["--unit", "bits"]])
    func theSameReportGivesTheSameBytes(unit: [String]) throws {
        let scratch = try Self.scratch()
        let eval = ["eval", "p.npy"] + Self.multiclass + Self.everything + unit
        let page = try Self.page(eval + ["--json", "r.json"], in: scratch)
        for name in ["1.html", "2.html"] { try XentRun.xent(["report", "r.json", "-o", name], in: scratch).expectSuccess() }
        #expect(try scratch.text("1.html") == page)
        #expect(try scratch.bytes("1.html") == scratch.bytes("2.html"))
        let printed = try XentRun.xent(["report", "r.json", "-o", "-"], in: scratch)
        printed.expectSuccess()
        #expect(printed.stdout == page)
        // Threads change the section of the run alone.
        let one = try Self.page(eval + ["--threads", "1"], in: scratch), two = try Self.page(eval + ["--threads", "2"], in: scratch)
        func withoutRun(_ page: String) -> [Substring] { page.split(separator: "\n").filter { !$0.contains("<dt>run</dt>") } }
        #expect(withoutRun(one) == withoutRun(two))
        let comparison = try Self.page(["compare", "p.npy", "p2.npy"] + Self.multiclass + ["--json", "c.json"], in: scratch)
        try XentRun.xent(["report", "c.json", "-o", "c.html"], in: scratch).expectSuccess()
        #expect(try scratch.text("c.html") == comparison)
    }

    @Test func mergeWritesAPage() throws {
        let scratch = try Self.scratch()
        for shard in ["0", "1"] {
            try XentRun.xent(
                ["eval", "p.npy"] + Self.multiclass + ["--insight", "--shard", "\(shard)/2", "--partial", "\(shard).partial", "--quiet"],
                in: scratch
            ).expectSuccess()
        }
        let page = try Self.page(["merge", "0.partial", "1.partial", "--json", "m.json"], in: scratch)
        Self.expectSound(page)
        #expect(page.contains("<h3>Losses of rows</h3>"))
        #expect(!page.contains("<dt>run</dt>"))
        try XentRun.xent(["report", "m.json", "-o", "m.html"], in: scratch).expectSuccess()
        #expect(try scratch.text("m.html") == page)
    }

    /// The bars of the histogram hold every scored row, and touch one another in order.
    @Test func histogramHoldsAllRows() throws {
        let scratch = try Self.scratch()
        let report = try XentRun.xent(["eval", "p.npy"] + Self.multiclass + ["--quantiles", "0.5", "--json", "-"], in: scratch).json()
        let bins = try report.list("quantiles", "histogram")
        #expect((2...64).contains(bins.count))
        #expect(try bins.reduce(0) { try $0 + $1.count("rows") } == 400)
        for (bin, next) in zip(bins, bins.dropFirst()) {
            #expect(try bin.number("lower") < bin.number("upper"))
            #expect(try bin.number("upper") <= next.number("lower"))
        }
        #expect(try bins[0].number("lower") == report.number("loss", "min"))
        #expect(try bins[bins.count - 1].number("upper") == report.number("loss", "max"))
    }

    /// Names that would be markup, or steer what shows them, are text on the page.
    @Test func namesAreEscaped() throws {
        let scratch = try Self.scratch()
        let hostile = "<script>alert(1)</script>&\"'\u{2028}\u{202e}"
        try XentRun.xent(
            ["eval", "p.npy"] + Self.multiclass + Self.everything + ["--json", "r.json", "--quiet"], in: scratch
        ).expectSuccess()
        // Every text of the report, and every name of a slice's column, becomes the hostile one.
        func spoiled(_ value: Any, _ key: String) -> Any {
            if let list = value as? [Any] { return list.map { spoiled($0, key) } }
            guard let object = value as? [String: Any] else {
                let isFixed = ["task", "input", "unit", "code", "role", "interval", "kind", "on_invalid", "divergence"].contains(key)
                let isNumber = ["inf", "-inf", "nan"].contains(value as? String ?? "")
                return value is String && !isFixed && !isNumber ? hostile + "\u{1b}[31m\u{0}\n" : value
            }
            if key == "by" { return Dictionary(uniqueKeysWithValues: object.map { (hostile + $0.key, hostile) }) }
            return object.reduce(into: [String: Any]()) { $0[$1.key] = spoiled($1.value, $1.key) }
        }
        var report = try #require(try JSONSerialization.jsonObject(with: scratch.bytes("r.json")) as? [String: Any])
        report["warnings"] = ["a <b>warning</b>"]
        var columns = try #require(report["columns"] as? [String: Any])
        columns["labels"] = ["label"]
        columns["class_names"] = ["a", "b", "c"]
        report["columns"] = columns
        let bytes = try JSONSerialization.data(withJSONObject: spoiled(report, ""))
        let name = "<script>\"'&\u{7}.json"
        try scratch.write(name, bytes)
        try scratch.write("other.json", bytes)
        let run = try XentRun.xent(["report", name, "other.json", "-o", "page.html"], in: scratch)
        run.expectSuccess()
        let page = try scratch.text("page.html")
        Self.expectSound(page)
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;\\u{2028}\\u{202e}"))
        #expect(page.contains("&lt;script&gt;&quot;&#39;&amp;\\x07.json"))
        #expect(page.contains("\\x1b[31m\\x00\\x0a"))
        for character in ["\u{1b}", "\u{0}", "\u{7}", "\u{2028}", "\u{202e}"] { #expect(!page.contains(character)) }
    }

    /// Reports side by side, of evaluations and of a comparison.
    @Test func severalReports() throws {
        let scratch = try Self.scratch()
        for name in ["p", "p2"] {
            try XentRun.xent(["eval", "\(name).npy"] + Self.multiclass + ["--json", "\(name).json", "--quiet"], in: scratch).expectSuccess()
        }
        try XentRun.xent(["compare", "p.npy", "p2.npy"] + Self.multiclass + ["--json", "c.json", "--quiet"], in: scratch).expectSuccess()
        try XentRun.xent(["report", "p.json", "p2.json", "c.json", "-o", "page.html"], in: scratch).expectSuccess()
        let page = try scratch.text("page.html")
        Self.expectSound(page)
        #expect(page.components(separatedBy: "<article>").count == 4)
        for name in ["p.json", "p2.json", "c.json"] { #expect(page.contains("<h2>\(name)</h2>"), "\(name)") }
        #expect(page.contains("<h3>Means of all reports</h3>"))
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        let content: String
        let says: [String]
        var testDescription: String { content }
    }

    static let mistakes = [
        Mistake(content: "", says: ["empty"]),
        Mistake(content: "{\"loss\": ", says: ["JSON"]),
        Mistake(content: "[1, 2]", says: ["the document"]),
        Mistake(content: "{}", says: ["'loss' and 'rows'", "'difference'"]),
        Mistake(content: "{\"rows\": {}}", says: ["'loss'"]),
        Mistake(content: "{\"rows\": {}, \"loss\": {}}", says: ["has no '"]),
        Mistake(content: "{\"difference\": {}, \"a\": {}, \"b\": {}}", says: ["has no '"]),
    ]

    /// Another file than a report is an error that names it and what is missing, and no page is left.
    @Test(arguments: mistakes)
    func otherFilesAreErrors(_ mistake: Mistake) throws {
        let scratch = try Scratch()
        try scratch.write("r.json", mistake.content)
        let run = try XentRun.xent(["report", "r.json", "-o", "page.html"], in: scratch)
        expectFailure(run, status: 65, says: ["r.json: "] + mistake.says + ["--json"])
        #expect(scratch.names == ["r.json"])
    }

    @Test func outputsAreChecked() throws {
        let scratch = try Self.scratch()
        try XentRun.xent(["eval", "p.npy"] + Self.multiclass + ["--json", "r.json", "--quiet"], in: scratch).expectSuccess()
        let before = try scratch.bytes("r.json")
        expectFailure(try XentRun.xent(["report", "r.json"], in: scratch), status: 64, says: ["-o OUT.html"])
        expectFailure(try XentRun.xent(["report", "r.json", "-o", "r.json"], in: scratch), status: 64, says: ["r.json", "another name"])
        expectFailure(try XentRun.xent(["report", "none.json", "-o", "page.html"], in: scratch), status: 66, says: ["none.json"])
        for command in [["eval", "p.npy"], ["compare", "p.npy", "p2.npy"]] {
            expectFailure(try XentRun.xent(command + Self.multiclass + ["--html", "-"], in: scratch), status: 64, says: ["--html"])
            expectFailure(try XentRun.xent(command + Self.multiclass + ["--html", "p.npy"], in: scratch), status: 64, says: ["p.npy"])
        }
        #expect(try scratch.bytes("r.json") == before)
        #expect(!scratch.names.contains("page.html"))
    }

    /// At most 200 slices are drawn, and the caption counts the others.
    @Test func manySlicesAreCut() throws {
        let scratch = try Scratch()
        var random = SplitMix64(seed: 21)
        let rows = 1200
        try scratch.write("b.npy", NPYFixture.doubles((0..<rows).map { _ in Double(random.next() >> 11) * 0x1p-53 }))
        try scratch.write("t.npy", NPYFixture.labels(RandomDump.labels(rows: rows, classes: 2, seed: 22)))
        try scratch.write("g.npy", NPYFixture.wideLabels((0..<rows).map { Int64($0 / 4) }))
        let page = try Self.page(
            ["eval", "b.npy", "--labels", "t.npy", "--task", "binary", "--input", "probabilities", "--groups", "g.npy"], in: scratch)
        Self.expectSound(page)
        let figure = try #require(page.firstMatch(of: #/<figure><h3>Slices by[\s\S]*?<\/figure>/#)).output
        #expect(figure.components(separatedBy: "<circle").count == 201)
        #expect(figure.contains("100 more are in the JSON report."))
    }

    // MARK: Soundness

    /// The page is well formed, has a description of every drawing, no script, and nothing that a browser would fetch.
    static func expectSound(_ page: String, sourceLocation: SourceLocation = #_sourceLocation) {
        for word in ["http", "<script", "src=", "href=", "url(", "@import", "<link", "<iframe", "onload", "onclick"] {
            #expect(!page.lowercased().contains(word), "\(word)", sourceLocation: sourceLocation)
        }
        #expect(page.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"), sourceLocation: sourceLocation)
        if let fault = fault(of: page) { Issue.record("\(fault)", sourceLocation: sourceLocation) }
        let drawings = page.components(separatedBy: "<svg ").dropFirst()
        for drawing in drawings {
            #expect(
                drawing.contains(#/^viewBox="[0-9. ]+" role="img" aria-label="[^"]+"><title>[^<]+<\/title>/#),
                sourceLocation: sourceLocation)
        }
        #expect(
            page.components(separatedBy: "<figure>").count == page.components(separatedBy: "<figcaption>").count,
            sourceLocation: sourceLocation)
        #expect(!page.contains("NaN") && !page.contains("=\"nan") && !page.contains("=\"inf"), sourceLocation: sourceLocation)
    }

    /// Finds the first place where a page is not well formed: elements that do not nest, or characters that should be escaped. Nil if there
    /// is none.
    static func fault(of page: String) -> String? {
        var open: [Substring] = []
        var rest = page[...].dropFirst("<!DOCTYPE html>\n".count)
        let tag = #/^<(\/?)([a-z0-9]+)((?: [a-zA-Z0-9-]+="[^"<>]*")*)(\/?)>/#
        while let start = rest.firstIndex(of: "<") {
            let text = rest[..<start]
            if open.last != "style" {
                if text.contains(">") || text.contains("\"") || text.contains("'") { return "not escaped: \(text.suffix(80))" }
                if text.replacing(#/&(amp|lt|gt|quot|#39);/#, with: "").contains("&") { return "a bare &: \(text.suffix(80))" }
            }
            guard let match = rest[start...].prefix(20_000).firstMatch(of: tag) else { return "no tag: \(rest[start...].prefix(80))" }
            let (_, closes, name, _, isClosed) = match.output
            if !closes.isEmpty {
                guard open.popLast() == name else { return "</\(name)> closes another: \(rest[start...].prefix(80))" }
            } else if isClosed.isEmpty {
                open.append(name)
            }
            rest = rest[match.range.upperBound...]
        }
        return open.isEmpty ? nil : "<\(open[open.count - 1])> is not closed"
    }
}
