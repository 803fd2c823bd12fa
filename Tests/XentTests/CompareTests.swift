import Foundation
import SeededRandom
import Testing

/// `xent compare` of dumps, of partials and of reports.
@Suite struct CompareTests {
    private static let task = ["--task", "multiclass", "--input", "logits"]
    private static let countries = ["de", "fr", "us"]

    /// Rows of two models of three classes: B is A with noise, and better in one country.
    private struct Models {
        let rowCount: Int
        let a: [Float], b: [Float]
        let labels: [UInt8]
        let places: [Int]

        init(rowCount: Int = 600, seed: UInt64 = 41) {
            self.rowCount = rowCount
            a = RandomDump.logits(rows: rowCount, columns: 3, seed: seed)
            let noise = RandomDump.logits(rows: rowCount, columns: 3, seed: seed + 1)
            labels = RandomDump.labels(rows: rowCount, classes: 3, seed: seed + 2)
            let labels = labels
            places = RandomDump.labels(rows: rowCount, classes: 3, seed: seed + 3).map { Int($0) }
            let places = places, a = a
            b = a.indices.map { index in
                let row = index / 3
                return a[index] + noise[index] / 8 + (places[row] == 1 && index % 3 == Int(labels[row]) ? 2 : 0)
            }
        }

        func table(_ values: [Float], labels: [UInt8]?, ids: [Int]? = nil) -> String {
            var text = "id,country,logit_0,logit_1,logit_2\(labels == nil ? "" : ",label")\n"
            for row in 0..<rowCount {
                let numbers = values[3 * row..<3 * row + 3].map { "\($0)" }.joined(separator: ",")
                text += "\(ids?[row] ?? row),\(CompareTests.countries[places[row]]),\(numbers)\(labels.map { ",\($0[row])" } ?? "")\n"
            }
            return text
        }

        func write(to scratch: Scratch) throws {
            try scratch.write("a.npy", NPYFixture.floats(a, columns: 3))
            try scratch.write("b.npy", NPYFixture.floats(b, columns: 3))
            try scratch.write("y.npy", NPYFixture.labels(labels))
            try scratch.write("a.csv", table(a, labels: labels))
            try scratch.write("b.csv", table(b, labels: labels))
        }
    }

    private static func compare(_ arguments: [String], in scratch: Scratch) throws -> JSONDocument {
        try XentRun.xent(["compare"] + arguments + ["--json", "-"], in: scratch).json()
    }

    @Test("Labels that lie with both models are compared row by row, and B may have none")
    func labels() throws {
        let scratch = try Scratch(), models = Models()
        try models.write(to: scratch)
        var other = models.labels
        other[417] = (other[417] + 1) % 3
        try scratch.write("other.csv", models.table(models.b, labels: other))
        try scratch.write("none.csv", models.table(models.b, labels: nil))
        try scratch.write("other.jsonl", (0..<600).map { row in
            "{\"logits\": [\(models.b[3 * row]), \(models.b[3 * row + 1]), \(models.b[3 * row + 2])], \"label\": \(other[row])}\n"
        }.joined())
        let expected = try Self.compare(["a.csv", "b.csv"] + Self.task, in: scratch).number("difference", "mean")
        for (b, options) in [("none.csv", []), ("b.npy", []), ("b.csv", ["--labels", "y.npy"]), ("other.csv", ["--labels", "y.npy"])] {
            let found = try Self.compare(["a.csv", b, "--prediction-columns", "logit_*"] + Self.task + options, in: scratch)
            let difference = try found.number("difference", "mean")
            // The table has its numbers in decimal, which the array has in Float32.
            #expect(b == "b.npy" ? abs(difference - expected) < 1e-6 : difference == expected, "\(b) \(options)")
            #expect(try found.count("rows", "paired") == 600)
        }
        for (b, place, options) in [("other.csv", "line 419", []), ("other.jsonl", "line 418", ["--b-prediction-columns", "logits"])] {
            let run = try XentRun.xent(["compare", "a.csv", b, "--prediction-columns", "logit_*", "--threads", "3"] + Self.task + options, in: scratch)
            #expect(run.ending == .exit(65))
            let name = { (label: UInt8) in "\(label) (logit_\(label))" }
            #expect(
                run.stderr.contains("a.csv: line 419: the label is \(name(models.labels[417])), and that of \(b), \(place), is \(name(other[417]))"),
                "\(run.stderr)")
        }
    }

    @Test("--id-column names the first row with another identifier; another number of rows and another order of classes are errors")
    func rowsBelongTogether() throws {
        let scratch = try Scratch(), models = Models()
        try models.write(to: scratch)
        var ids = Array(0..<600)
        ids.swapAt(300, 301)
        try scratch.write("ids.csv", models.table(models.b, labels: models.labels, ids: ids))
        let whole = ["compare", "a.csv", "b.csv", "--id-column", "id"] + Self.task
        try XentRun.xent(whole, in: scratch).expectSuccess()
        let swapped = try XentRun.xent(["compare", "a.csv", "ids.csv", "--id-column", "id"] + Self.task, in: scratch)
        #expect(swapped.ending == .exit(65))
        #expect(swapped.stderr.contains("a.csv: line 302: id is '300', and that of ids.csv, line 302, is '301'"), "\(swapped.stderr)")
        try scratch.write("short.npy", NPYFixture.floats(Array(models.b.dropLast(30)), columns: 3))
        for a in ["a.npy", "a.csv"] {
            let short = try XentRun.xent(
                ["compare", a, "short.npy", "--labels", "y.npy"] + (a == "a.csv" ? ["--prediction-columns", "logit_*"] : []) + Self.task, in: scratch)
            #expect(short.ending == .exit(65) && short.stderr.contains("short.npy") && short.stderr.contains("short.npy"), "\(short.stderr)")
        }
        let turned = models.table(models.b, labels: models.labels).replacingOccurrences(of: "logit_0,logit_1,logit_2", with: "logit_1,logit_0,logit_2")
        try scratch.write("turned.csv", turned)
        let order = try XentRun.xent(["compare", "a.csv", "turned.csv", "--prediction-columns", "logit_0,logit_1,logit_2"] + Self.task, in: scratch)
        order.expectSuccess()
        let unsorted = try XentRun.xent(
            ["compare", "a.csv", "turned.csv", "--prediction-columns", "logit_0,logit_1,logit_2", "--b-prediction-columns", "logit_1,logit_0,logit_2"] + Self.task, in: scratch)
        #expect(unsorted.ending == .exit(64) && unsorted.stderr.contains("class 0 is logit_1"), "\(unsorted.stderr)")
    }

    @Test("Rows that are invalid in one model are out of both, and counted")
    func invalidRows() throws {
        let scratch = try Scratch(), models = Models()
        try models.write(to: scratch)
        var broken = models.b
        for row in [3, 9] { broken[3 * row] = .nan }
        try scratch.write("nan.npy", NPYFixture.floats(broken, columns: 3))
        let arguments = ["a.npy", "nan.npy", "--labels", "y.npy"] + Self.task
        let refused = try XentRun.xent(["compare"] + arguments, in: scratch)
        #expect(refused.ending == .exit(65) && refused.stderr.contains("nan.npy: row 3"), "\(refused.stderr)")
        let report = try Self.compare(arguments + ["--on-invalid", "skip"], in: scratch)
        #expect(try report.count("rows", "paired") == 598 && report.count("rows", "only_a") == 2 && report.count("rows", "only_b") == 0)
    }

    @Test("What B's predictions contradict is said of B, and what both share is said once")
    func warningsOfB() throws {
        let scratch = try Scratch()
        let p: [Float] = [0.5, 0.25, 0.25, 0.125, 0.5, 0.375, 0.25, 0.25, 0.5]
        var q = p
        (q[3], q[6]) = (0.5, 0.3)
        try scratch.write("p.npy", NPYFixture.floats(p, columns: 3))
        try scratch.write("q.npy", NPYFixture.floats(q, columns: 3))
        try scratch.write("y.npy", NPYFixture.labels([1, 1, 1]))
        let task = ["--labels", "y.npy", "--task", "multiclass", "--input", "probabilities"]
        func warnings(_ a: String, _ b: String) throws -> [String] {
            try Self.compare([a, b] + task, in: scratch).texts("warnings").filter { $0.contains("sum to 1") }
        }
        let ofB = try warnings("p.npy", "q.npy")
        #expect(ofB.count == 1 && ofB.allSatisfy { $0.hasPrefix("B: 2 of 3 rows") && $0.contains("q.npy: row 1") }, "\(ofB)")
        let ofA = try warnings("q.npy", "p.npy")
        #expect(ofA.count == 1 && ofA.allSatisfy { $0.hasPrefix("2 of 3 rows") }, "\(ofA)")
        // The labels, which are all the same, are those of both.
        let all = try Self.compare(["p.npy", "q.npy"] + task, in: scratch).texts("warnings")
        #expect(all.count { $0.contains("label") } == 1, "\(all)")
    }

    @Test("Two partials give the bits of two dumps with --interval jackknife, however their shards were merged")
    func partials() throws {
        let scratch = try Scratch(), models = Models()
        try models.write(to: scratch)
        for model in ["a", "b"] {
            let eval = ["eval", "\(model).npy", "--labels", "y.npy", "--interval", "jackknife", "--quiet"] + Self.task
            try XentRun.xent(eval + ["--partial", "\(model).partial"], in: scratch).expectSuccess()
            for shard in 0..<3 {
                try XentRun.xent(eval + ["--shard", "\(shard)/3", "--partial", "\(model)\(shard).partial"], in: scratch).expectSuccess()
            }
        }
        for order in [[0, 1, 2], [2, 0, 1]] {
            for model in ["a", "b"] {
                let shards = (model == "a" ? order : order.reversed()).map { "\(model)\($0).partial" }
                try XentRun.xent(["merge"] + shards + ["--partial", "\(model)-merged.partial", "--quiet"], in: scratch).expectSuccess()
            }
            let dumps = try Self.compare(["a.npy", "b.npy", "--labels", "y.npy", "--interval", "jackknife"] + Self.task, in: scratch)
            for files in [["a.partial", "b.partial"], ["a-merged.partial", "b-merged.partial"]] {
                let partials = try Self.compare(files, in: scratch)
                #expect(try partials.text("pairing") == "groups" && dumps.text("pairing") == "rows")
                for key in try dumps.keys("difference") where key != "interval" && key != "mean_hex" {
                    #expect(try partials.number("difference", key) == dumps.number("difference", key), "\(key)")
                }
                #expect(try partials.text("difference", "mean_hex") == dumps.text("difference", "mean_hex"))
                for model in ["a", "b"] {
                    #expect(try partials.number(model, "loss", "mean") == dumps.number(model, "loss", "mean"))
                    #expect(try partials.number(model, "loss", "standard_error") == dumps.number(model, "loss", "standard_error"))
                }
            }
        }
    }

    @Test("Partials of other rows, losses or sections are refused, and both are named")
    func partialsThatDoNotPair() throws {
        let scratch = try Scratch(), models = Models()
        try models.write(to: scratch)
        try scratch.write("other.npy", NPYFixture.labels(models.labels.map { ($0 + 1) % 3 }))
        try scratch.write("clusters.npy", NPYFixture.labels(models.places.map { UInt8($0) }))
        let jackknife = ["--interval", "jackknife"]
        let evaluations: [(String, [String])] = [
            ("a", ["--labels", "y.npy"] + jackknife), ("labels", ["--labels", "other.npy"] + jackknife),
            ("smooth", ["--labels", "y.npy", "--label-smoothing", "0.1"] + jackknife), ("plain", ["--labels", "y.npy"]),
            ("clusters", ["--labels", "y.npy", "--clusters", "clusters.npy"]),
        ]
        for (name, options) in evaluations {
            try XentRun.xent(["eval", "a.npy", "--partial", "\(name).partial", "--quiet"] + options + Self.task, in: scratch).expectSuccess()
        }
        let mistakes: [(String, [String])] = [
            ("labels", ["labels.partial", "a.partial", "other labels"]), ("smooth", ["smooth.partial", "a.partial", "label smoothing"]),
            ("plain", ["plain.partial", "--interval jackknife"]), ("clusters", ["a.partial", "--clusters"]),
        ]
        for (name, words) in mistakes {
            let run = try XentRun.xent(["compare", "a.partial", "\(name).partial"], in: scratch)
            #expect(run.ending == .exit(65), "\(name): \(run.stderr)")
            for word in words { #expect(run.stderr.contains(word), "\(name): \(run.stderr)") }
        }
        for arguments in [["a.partial", "a.npy"], ["a.partial", "a.partial", "--task", "multiclass"], ["a.partial", "a.partial", "--interval", "normal"]] {
            #expect(try XentRun.xent(["compare"] + arguments, in: scratch).ending == .exit(64), "\(arguments)")
        }
    }

    @Test("Two reports are compared without pairs, and the text says so")
    func reports() throws {
        let scratch = try Scratch(), models = Models()
        try models.write(to: scratch)
        for model in ["a", "b"] {
            try XentRun.xent(
                ["eval", "\(model).npy", "--labels", "y.npy", "--slice", "label", "--json", "\(model).json", "--quiet"] + Self.task, in: scratch
            ).expectSuccess()
        }
        let report = try Self.compare(["a.json", "b.json"], in: scratch)
        let errors = try ["a", "b"].map { try report.number($0, "loss", "standard_error") }
        #expect(try report.text("pairing") == "none")
        #expect(try report.number("difference", "standard_error") == (errors[0] * errors[0] + errors[1] * errors[1]).squareRoot())
        #expect(try report.number("difference", "mean") == report.number("b", "loss", "mean") - report.number("a", "loss", "mean"))
        #expect(try !report.keys("difference").contains("correlation") && report.list("slices").count == 3)
        let text = try XentRun.xent(["compare", "a.json", "b.json"], in: scratch)
        #expect(text.stdout.contains("unpaired: reports do not say which rows belong together"), "\(text.stdout)")
        try XentRun.xent(["eval", "a.npy", "--labels", "y.npy", "--unit", "bits", "--json", "bits.json", "--quiet"] + Self.task, in: scratch)
            .expectSuccess()
        #expect(try XentRun.xent(["compare", "a.json", "bits.json"], in: scratch).stderr.contains("bits.json: its figures are in bits"))
    }

    @Test("Slices have the differences of their rows, and the largest changes are those of the rows' own losses")
    func slicesAndChanges() throws {
        let scratch = try Scratch(), models = Models()
        try models.write(to: scratch)
        for model in ["a", "b"] {
            try XentRun.xent(
                ["eval", "\(model).csv", "--slice", "country", "--per-row", "\(model)-rows.csv", "--json", "\(model).json", "--quiet"] + Self.task,
                in: scratch
            ).expectSuccess()
        }
        let arguments = ["a.csv", "b.csv", "--slice", "country", "--slice", "label,country", "--worst", "5"] + Self.task
        let report = try Self.compare(arguments, in: scratch)
        let losses = try ["a", "b"].map { try scratch.text("\($0)-rows.csv").split(separator: "\n").compactMap { Double($0.split(separator: ",")[1]) } }
        let differences = zip(losses[0], losses[1]).map { $1 - $0 }
        try #require(differences.count == 600)
        let slices = try report.list("slices")
        #expect(slices.count == 3 + 9)
        for slice in slices.prefix(3) {
            let place = try #require(Self.countries.firstIndex(of: try slice.text("by", "country")))
            let rows = (0..<600).filter { models.places[$0] == place }
            let own = rows.map { differences[$0] }
            let mean = own.reduce(0, +) / Double(own.count)
            let variance = own.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(own.count - 1)
            #expect(try slice.count("rows") == rows.count)
            #expect(abs(try slice.number("difference") - mean) < 1e-12)
            #expect(abs(try slice.number("standard_error") - (variance / Double(own.count)).squareRoot()) < 1e-9)
            #expect(try slice.number("p_value_holm") >= slice.number("p_value"))
            for model in ["a", "b"] {
                let alone = try #require(
                    try JSONDocument(try scratch.text("\(model).json")).list("slices").first {
                        try $0.text("by", "country") == Self.countries[place]
                    })
                #expect(try slice.number("mean_\(model)") == alone.number("mean"))
                #expect(try slice.number("accuracy_\(model)") == alone.number("accuracy"))
            }
        }
        // B is better in France.
        #expect(try slices[2].text("by", "country") == "fr" && slices[2].number("p_value_holm") < 0.001)
        let expected = differences.indices.sorted { (-differences[$0], $0) < (-differences[$1], $1) }.prefix(5)
        let worst = try report.list("worst")
        #expect(try worst.map { try $0.count("row") } == Array(expected))
        for (row, number) in zip(worst, expected) {
            #expect(try row.text("place").hasPrefix("a.csv") && row.text("file") == "a.csv" && row.count("row_in_file") == number)
            #expect(abs(try row.number("difference") - differences[number]) < 1e-12)
            #expect(try row.count("label") == Int(models.labels[number]))
        }
        let page = try PageTests.page(["compare"] + arguments, in: scratch)
        PageTests.expectSound(page)
        for title in ["Differences by country", "Differences by country, label", "The largest changes"] {
            #expect(page.contains("<h3>\(title)</h3>"), "\(title)")
        }
    }

    /// Files of A with identifiers and countries beside the predictions or the labels, and the options that they take.
    private static let filesWithColumns = [
        ["a.csv"], ["a.jsonl", "--prediction-columns", "logits"], ["a.npz", "--prediction-columns", "logits"],
        ["a.parquet", "--prediction-columns", "logits"], ["a.npy", "--labels", "labels.csv"], ["a.npy", "--labels", "a.parquet"],
        ["a.npy.zst", "--labels", "labels.csv"],
    ]

    @Test("--show-column lists A's columns with the largest changes, from every kind of file, whatever the threads and cuts", arguments: filesWithColumns)
    func columnsAreShown(files: [String]) throws {
        let scratch = try Scratch()
        // Text of more than 1 MiB is read in pieces.
        let rowCount = files == ["a.csv"] ? 60_000 : 600
        let models = Models(rowCount: rowCount)
        try models.write(to: scratch)
        let labels = (0..<rowCount).map { "\($0),\(Self.countries[models.places[$0]]),\(models.labels[$0])\n" }.joined()
        try scratch.write("labels.csv", "id,country,label\n" + labels)
        try scratch.write(
            "a.jsonl",
            (0..<rowCount).map { row in
                "{\"id\": \(row), \"logits\": \(models.a[3 * row..<3 * row + 3].map { $0 }), \"country\": \"\(Self.countries[models.places[row]])\", "
                    + "\"label\": \(models.labels[row])}\n"
            }.joined())
        // B's own identifiers are others.
        try scratch.write("b.csv", models.table(models.b, labels: models.labels, ids: (0..<rowCount).map { -1 - $0 }))
        // Of arrays and Parquet, countries are numbers.
        let hasNumbers = files.contains("a.npz") || files.contains("a.parquet")
        if hasNumbers {
            try scratch.write("id.npy", NPYFixture.doubles((0..<rowCount).map { Double($0) }))
            try scratch.write("places.npy", NPYFixture.labels(models.places.map { UInt8($0) }))
            let zip = """
                import zipfile
                with zipfile.ZipFile("a.npz", "w") as z:
                    for name, file in ("logits", "a"), ("label", "y"), ("id", "id"), ("country", "places"): z.write(file + ".npy", name + ".npy")
                """
            try XentRun.tool("python3", ["-c", zip], in: scratch)
            try XentRun.xent(["pack", "a.npz", "--prediction-columns", "logits", "-o", "a.parquet"], in: scratch).expectSuccess()
        }
        if files[0].hasSuffix("zst") {
            try XentRun.xent(["pack", "a.npy", "-o", "a.npy.zst", "--frame-size", "1K"], in: scratch).expectSuccess()
        }
        let shown = ["--worst", "40", "--show-column", "id", "--show-column", "country"]
        func worst(_ b: String, _ options: [String]) throws -> [JSONDocument] {
            try Self.compare([files[0], b] + files.dropFirst() + Self.task + options, in: scratch).list("worst")
        }
        func expectColumns(_ rows: [JSONDocument], firstRow: Int = 0) throws {
            for row in rows {
                let number = try row.count("row") - firstRow, place = models.places[number]
                let country: JSONDocument.Value = hasNumbers ? .number(Double(place)) : .text(Self.countries[place])
                #expect(try row.values("columns") == ["id": .number(Double(number)), "country": country], "\(files)")
            }
        }
        let plain = try worst("b.npy", ["--worst", "40"])
        #expect(try plain.count == 40 && !plain[0].keys().contains("columns"))
        for b in ["b.npy", "b.csv"] {
            let options = b == "b.csv" ? ["--b-prediction-columns", "logit_*"] : []
            for threads in ["1", "3"] {
                let rows = try worst(b, options + shown + ["--threads", threads])
                #expect(try rows.map { try $0.count("row") } == plain.map { try $0.count("row") }, "\(files), \(b)")
                try expectColumns(rows)
            }
        }
        guard files[0].hasPrefix("a.npy") else { return }
        let later = try worst("b.npy", shown + ["--first-row", "5000"])
        #expect(try later.map { try $0.count("row") - 5000 } == plain.map { try $0.count("row") })
        try expectColumns(later, firstRow: 5000)
        // The rows of a part are those of the whole that lie in it.
        let part = try worst("b.npy", shown + ["--shard", "1/3"])
        let expected = try plain.map { try $0.count("row") }.filter { (200..<400).contains($0) }
        #expect(try part.map { try $0.count("row") }.starts(with: expected) && part.count == 40 && !expected.isEmpty)
        try expectColumns(part)
    }

    @Test("Shown columns are in the text and on the page, where what would be markup or steer a terminal is escaped")
    func shownColumnsAreEscaped() throws {
        let scratch = try Scratch(), models = Models(rowCount: 30)
        let hostile = "<script>alert(1)</script>&\u{1b}[31m"
        func table(_ values: [Float]) -> String {
            models.table(values, labels: models.labels).replacingOccurrences(of: "country", with: "<b>country").replacingOccurrences(of: "us", with: hostile)
        }
        try scratch.write("a.csv", table(models.a))
        try scratch.write("b.csv", table(models.b))
        let arguments = ["compare", "a.csv", "b.csv", "--worst", "30", "--show-column", "<b>country", "--show-column", "id"] + Self.task
        let run = try XentRun.xent(arguments + ["--json", "c.json", "--html", "c.html"], in: scratch)
        run.expectSuccess()
        let rows = try JSONDocument(try scratch.text("c.json")).list("worst")
        let names = Self.countries.map { $0 == "us" ? hostile : $0 }
        #expect(try rows.count == 30 && rows.allSatisfy { try names.contains($0.text("columns", "<b>country")) })
        for row in rows {
            let number = try row.count("row")
            let country = names[models.places[number]].replacingOccurrences(of: "\u{1b}", with: "\\x1b")
            let line = try #require(run.stdout.split(separator: "\n").first { $0.hasPrefix("    a.csv: row \(number):") })
            #expect(line.hasSuffix(", <b>country \(country), id \(number)"), "\(line)")
        }
        #expect(!run.stdout.contains("\u{1b}"))
        let page = try scratch.text("c.html")
        PageTests.expectSound(page)
        #expect(page.contains(">&lt;b&gt;country</th>") && page.contains(">id</th>"))
        #expect(page.contains(">&lt;script&gt;alert(1)&lt;/script&gt;&amp;\\x1b[31m</td>") && page.contains(">de</td>"))
        try XentRun.xent(["report", "c.json", "-o", "again.html"], in: scratch).expectSuccess()
        #expect(try scratch.text("again.html") == page)
    }

    @Test("A column that is not there, columns without rows, and partials or reports are told as eval tells them, with the way out")
    func columnsThatCannotBeShown() throws {
        let scratch = try Scratch(), models = Models()
        try models.write(to: scratch)
        let mistakes: [([String], String)] = [
            (["--worst", "3", "--show-column", "contry"], "a.csv: there is no column 'contry' to list with the worst rows; there are id, country, logit_0"),
            (["--show-column", "country"], "--show-column lists columns with --worst; give --worst too"),
            (["--worst", "3", "--show-column", "id", "--show-column", "id"], "--show-column is id, id; give at most 64 different names of columns"),
            (["--worst", "0", "--show-column", "id"], "--worst must be at least 1, not 0"),
        ]
        for (options, words) in mistakes {
            let compared = try XentRun.xent(["compare", "a.csv", "b.csv"] + Self.task + options, in: scratch)
            let evaluated = try XentRun.xent(["eval", "a.csv"] + Self.task + options, in: scratch)
            #expect(compared.ending == .exit(64) && compared.stderr.contains(words), "\(compared.stderr)")
            let told = compared.stderr.replacingOccurrences(of: "xent compare --help", with: "xent eval --help")
            #expect(evaluated.ending == compared.ending && evaluated.stderr == told, "\(evaluated.stderr)")
        }
        // B's columns are not A's.
        let ofB = try XentRun.xent(["compare", "a.npy", "b.csv", "--labels", "y.npy", "--worst", "3", "--show-column", "id", "--b-prediction-columns", "logit_*"] + Self.task, in: scratch)
        #expect(ofB.ending == .exit(64) && ofB.stderr.contains("a.npy: neither it nor its labels have named columns, such as 'id'"), "\(ofB.stderr)")
        for model in ["a", "b"] {
            try XentRun.xent(
                ["eval", "\(model).csv", "--interval", "jackknife", "--worst", "3", "--show-column", "id", "--partial", "\(model).partial", "--json", "\(model).json", "--quiet"]
                    + Self.task, in: scratch
            ).expectSuccess()
        }
        for (files, what) in [(["a.partial", "b.partial"], "partials"), (["a.json", "b.json"], "reports")] {
            for (options, remedy) in [([], "leave it out"), (["--show-column", "id"], "leave it and --show-column out")] {
                let run = try XentRun.xent(["compare"] + files + ["--worst", "3"] + options, in: scratch)
                let words = "--worst lists the rows whose losses change the most, and \(what) do not hold the losses of all rows; \(remedy), or compare the dumps"
                #expect(run.ending == .exit(64) && run.stderr.contains(words), "\(run.stderr)")
            }
            try XentRun.xent(["compare"] + files, in: scratch).expectSuccess()
        }
    }

    @Test("A column by which A's rows are sliced, or that is listed, is no prediction of B either")
    func otherColumnsOfTablesWithoutNames() throws {
        let scratch = try Scratch()
        try scratch.write("a.csv", "7,0.25\n8.5,0.9\n7,0.6\n")
        try scratch.write("b.csv", "7,0.5\n8.5,0.5\n7,0.75\n")
        try scratch.write("y.npy", NPYFixture.labels([1, 1, 0]))
        let task = ["--labels", "y.npy", "--task", "binary", "--input", "probabilities", "--no-header", "predictions"]
        for options in [["--worst", "1", "--show-column", "0"], ["--slice", "0"], ["--cluster-column", "0"]] {
            let report = try Self.compare(["a.csv", "b.csv"] + task + options, in: scratch)
            #expect(abs(try report.number("b", "loss", "mean") - (2 * log(2) - log(0.25)) / 3) < 1e-15, "\(options)")
            if options[0] == "--worst" { #expect(try report.list("worst")[0].values("columns") == ["0": .number(8.5)]) }
        }
    }

    @Test("Clusters may be a column; the interval may come from groups or a bootstrap")
    func intervals() throws {
        let scratch = try Scratch(), models = Models()
        try models.write(to: scratch)
        let tables = ["a.csv", "b.csv"] + Self.task
        let clustered = try Self.compare(tables + ["--cluster-column", "country"], in: scratch)
        #expect(try clustered.count("difference", "clusters") == 3 && clustered.text("difference", "interval") == "clustered")
        #expect(try clustered.texts("warnings").contains { $0.contains("only 3 clusters") })
        let normal = try Self.compare(tables, in: scratch).number("difference", "standard_error")
        for kind in ["jackknife", "bootstrap"] {
            let report = try Self.compare(tables + ["--interval", kind], in: scratch)
            let error = try report.number("difference", "standard_error")
            #expect(abs(error / normal - 1) < 0.2 && error != normal, "\(kind)")
            #expect(try report.text("difference", "interval") == kind && report.count("difference", "groups") > 300)
        }
        let missing = try XentRun.xent(["compare"] + tables + ["--interval", "clustered"], in: scratch)
        #expect(missing.ending == .exit(64) && missing.stderr.contains("--clusters"), "\(missing.stderr)")
    }

    /// The base file that llama.cpp would write of some logits.
    private static func base(_ logits: [Float], _ tokens: [Int32], context: Int, vocabulary: Int, chunks: Int) -> Data {
        var data = Data("_logits_".utf8)
        func append<Value>(_ value: Value) { withUnsafeBytes(of: value) { data.append(contentsOf: $0) } }
        for number in [context, vocabulary, chunks] { append(Int32(number).littleEndian) }
        for token in tokens { append(token.littleEndian) }
        for row in 0..<logits.count / vocabulary {
            let (scale, least, numbers) = quantised(Array(logits[row * vocabulary..<(row + 1) * vocabulary]))
            append(scale.bitPattern.littleEndian)
            append(least.bitPattern.littleEndian)
            for number in numbers { append(number.littleEndian) }
            if !vocabulary.isMultiple(of: 2) { append(UInt16(0)) }
        }
        return data
    }

    private static func quantised(_ x: [Float]) -> (scale: Float, least: Float, numbers: [UInt16]) {
        let largest = x.max() ?? 0, least = max(x.min() ?? 0, largest - 16)
        let logarithm = Float(log(x.reduce(0.0) { $0 + Double(exp($1 - largest)) }))
        let scale = (largest - least) / 65535
        return (scale, least - largest - logarithm, x.map { $0 > least ? UInt16(((1 / scale) * ($0 - least)).rounded(.toNearestOrEven)) : 0 })
    }

    @Test("--dialect llama.cpp gives llama.cpp's figures of two of its files, by its own cut")
    func llamaCpp() throws {
        let scratch = try Scratch()
        let (context, vocabulary, chunks) = (64, 101, 5)
        let rowsPerChunk = context - 1 - context / 2, rowCount = rowsPerChunk * chunks
        let tokens = RandomDump.labels(rows: context * chunks, classes: vocabulary, seed: 51).map { Int32($0) }
        let first = RandomDump.logits(rows: rowCount, columns: vocabulary, seed: 52).map { 2 * $0 }
        let noise = RandomDump.logits(rows: rowCount, columns: vocabulary, seed: 53)
        let second = zip(first, noise).map { $0 + $1 / 20 }
        try scratch.write("a.kld", Self.base(first, tokens, context: context, vocabulary: vocabulary, chunks: chunks))
        try scratch.write("b.kld", Self.base(second, tokens, context: context, vocabulary: vocabulary, chunks: chunks))
        let labels = (0..<rowCount).map { Int(tokens[$0 / rowsPerChunk * context + context / 2 + 1 + $0 % rowsPerChunk]) }
        func logarithms(_ logits: [Float], _ row: Int) -> [Float] {
            let (scale, least, numbers) = Self.quantised(Array(logits[row * vocabulary..<(row + 1) * vocabulary]))
            return numbers.map { scale * Float($0) + least }
        }
        var divergences: [Double] = [], changes: [Double] = [], ofA: [Double] = [], ofB: [Double] = [], sameCount = 0, uncut = 0.0
        for row in 0..<rowCount {
            let (p, q) = (logarithms(first, row), logarithms(second, row))
            var sum = 0.0
            for c in 0..<vocabulary {
                let term = Double(exp(p[c]) * (p[c] - q[c]))
                uncut += term
                if p[c] > -16 { sum += term }
            }
            divergences.append(sum)
            ofA.append(Double(-p[labels[row]]))
            ofB.append(Double(-q[labels[row]]))
            changes.append(Double(exp(q[labels[row]]) - exp(p[labels[row]])))
            if p.firstIndex(of: p.max() ?? 0) == q.firstIndex(of: q.max() ?? 0) { sameCount += 1 }
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(rowCount) }
        func error(_ values: [Double]) -> Double {
            ((values.map { $0 * $0 }.reduce(0, +) / Double(rowCount) - mean(values) * mean(values)) / Double(rowCount - 1)).squareRoot()
        }
        let arguments = ["a.kld", "b.kld", "--dialect", "llama.cpp", "--task", "multiclass", "--input", "log-probabilities"]
        let report = try Self.compare(arguments, in: scratch).at(["dialects", "llama.cpp"])
        func expectClose(_ path: [String], _ value: Double) throws {
            let found = try report.at(path).number()
            #expect(abs(found - value) <= 1e-6 + 1e-4 * abs(value), "\(path): \(found), \(value)")
        }
        try expectClose(["perplexity_a", "value"], exp(mean(ofA)))
        try expectClose(["perplexity_b", "value"], exp(mean(ofB)))
        try expectClose(["perplexity_b", "standard_error"], exp(mean(ofB)) * error(ofB))
        try expectClose(["log_perplexity_ratio", "value"], mean(ofB) - mean(ofA))
        try expectClose(["divergence", "mean"], mean(divergences))
        try expectClose(["divergence", "standard_error"], error(divergences))
        try expectClose(["divergence", "maximum"], divergences.max() ?? 0)
        try expectClose(["probability_of_label_difference", "mean"], mean(changes))
        try expectClose(["probability_of_label_difference", "rms"], mean(changes.map { $0 * $0 }).squareRoot())
        try expectClose(["same_top", "value"], Double(sameCount) / Double(rowCount))
        let sorted = divergences.map { Float($0) }.sorted()
        let place = Float(0.99) * Float(rowCount - 1), whole = Int(place)
        let quantiles = try report.at(["divergence", "quantiles"])
        let index = try #require(try quantiles.list("q").firstIndex { try $0.number() == 0.99 })
        let expected = (1 - (place - Float(whole))) * sorted[whole] + (place - Float(whole)) * sorted[whole + 1]
        #expect(abs(try quantiles.list("values")[index].number() - Double(expected)) < 1e-6)
        #expect(abs(uncut / Double(rowCount) - mean(divergences)) > 1e-9, "the cut cuts nothing here")
        let refused = try XentRun.xent(["eval", "a.kld", "--dialect", "llama.cpp", "--task", "multiclass", "--input", "log-probabilities"], in: scratch)
        #expect(refused.ending == .exit(64) && refused.stderr.contains("compare"), "\(refused.stderr)")
    }

    /// One model's probabilities are clipped by the dialect, and the other's logits are not: both are scored against the same labels.
    @Test func onlyOneModelIsClipped() throws {
        let scratch = try Scratch()
        var random = SplitMix64(seed: 61)
        let logits = (0..<500).map { _ in Float.random(in: -4...4, using: &random) }
        try scratch.write("x.npy", NPYFixture.floats(logits))
        try scratch.write("p.npy", NPYFixture.floats(logits.map { 1 / (1 + exp(-$0)) }))
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: 500, classes: 2, seed: 62)))
        for (a, b, kinds) in [("x", "p", ["logits", "probabilities"]), ("p", "x", ["probabilities", "logits"])] {
            let report = try Self.compare(
                ["\(a).npy", "\(b).npy", "--labels", "y.npy", "--task", "binary", "--input", kinds[0], "--input-b", kinds[1], "--dialect", "keras"],
                in: scratch)
            for (model, name, kind) in [("a", a, kinds[0]), ("b", b, kinds[1])] {
                let alone = try XentRun.xent(
                    ["eval", "\(name).npy", "--labels", "y.npy", "--task", "binary", "--input", kind, "--dialect", "keras", "--json", "-"], in: scratch
                ).json()
                #expect(try report.number(model, "loss", "mean") == alone.number("loss", "mean"))
                #expect(try report.number(model, "accuracy") == alone.number("accuracy"))
            }
        }
    }
}
