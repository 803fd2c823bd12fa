import Foundation
import SeededRandom
import Testing

/// Slices by intervals of numbers and by one value, from every kind of file; what is missing or invalid; what is too much.
@Suite struct SliceCutTests {
    private static let task = ["--task", "multiclass", "--input", "probabilities", "--label-column", "label"]
    private static let rowCount = 3000

    private struct Dump {
        let values: [Double]
        let labels: [Int]
        /// Ages, of which one in nine is missing and some are texts.
        let ages: [String]
        let countries: [String]

        init(seed: UInt64) {
            var random = SplitMix64(seed: seed)
            let rows = 0..<SliceCutTests.rowCount
            values = rows.flatMap { _ in
                let first = Double.random(in: 0.01..<0.99, using: &random)
                return [first, 1 - first]
            }
            labels = rows.map { _ in Int.random(in: 0...1, using: &random) }
            ages = rows.map { row in
                // Every edge occurs, and the first record shows that there are ages.
                if row < 4 { return ["0", "18.0", "65", "120"][row] }
                if Int.random(in: 0..<9, using: &random) == 0 { return "" }
                if Int.random(in: 0..<40, using: &random) == 0 { return "old" }
                return "\(Double.random(in: -20..<150, using: &random))"
            }
            countries = rows.map { _ in ["US", "DE", "KE"].randomElement(using: &random) ?? "US" }
        }

        var table: String {
            "age,country,label,p0,p1\n"
                + labels.indices.map { "\(ages[$0]),\(countries[$0]),\(labels[$0]),\(values[2 * $0]),\(values[2 * $0 + 1])\n" }.joined()
        }

        var records: String {
            labels.indices.map { row in
                let age = ages[row].isEmpty ? "" : ages[row] == "old" ? "\"age\":\"old\"," : "\"age\":\(ages[row]),"
                return "{\(age)\"country\":\"\(countries[row])\",\"label\":\(labels[row]),\"p\":[\(values[2 * row]),\(values[2 * row + 1])]}\n"
            }.joined()
        }

        /// The interval of a row's age as a report names it.
        func interval(_ row: Int) -> String? {
            if ages[row].isEmpty { return nil }
            guard let age = Double(ages[row]) else { return ages[row] }
            return age < 0 ? "(-inf, 0)" : age < 18 ? "[0, 18)" : age < 65 ? "[18, 65)" : age <= 120 ? "[65, 120]" : "(120, inf)"
        }

        func write(to scratch: Scratch) throws {
            try scratch.write("t.csv", table)
            try scratch.write("t.jsonl", records)
            try scratch.write("labels.csv", "age,country,label\n" + labels.indices.map { "\(ages[$0]),\(countries[$0]),\(labels[$0])\n" }.joined())
            try scratch.write("p.npy", NPYFixture.doubles(values, columns: 2))
        }
    }

    private static let files = [
        ["t.csv", "--prediction-columns", "p0,p1"], ["t.jsonl", "--prediction-columns", "p"], ["p.npy", "--labels", "labels.csv"],
    ]

    @Test("Intervals, one value and crosses of these hold their rows, from every file and with any threads, and add up to the whole")
    func slicesHoldTheirRows() throws {
        let scratch = try Scratch()
        let dump = Dump(seed: 71)
        try dump.write(to: scratch)
        let slices = ["--slice", "age:0,18,65,120", "--slice", "country=US", "--slice", "country=US,age:0,18,65,120", "--slice", "country,label"]
        var first: Data?
        for file in Self.files {
            for threads in ["1", "3"] {
                let run = try XentRun.xent(
                    ["eval"] + file + slices + Self.task + ["--partial", "partial", "--json", "-", "--threads", threads], in: scratch)
                run.expectSuccess()
                let partial = try scratch.bytes("partial")
                #expect(partial == first ?? partial, "\(file), \(threads) threads")
                first = first ?? partial
                let report = try run.json()
                var rowsOfRequest: [Int: Int] = [:]
                for slice in try report.list("slices") {
                    let by = try slice.values("by"), request = try slice.count("request")
                    let rows = (0..<Self.rowCount).filter { row in
                        let isOfCountry = by["country"].map { $0 == .text(dump.countries[row]) } ?? true
                        let isOfLabel = by["label"].map { $0 == .number(Double(dump.labels[row])) } ?? true
                        let isOfAge = by["age"].map { $0 == dump.interval(row).map { .text($0) } ?? .null } ?? true
                        return isOfCountry && isOfLabel && isOfAge
                    }
                    #expect(try slice.count("rows") == rows.count, "\(by)")
                    let sum = rows.reduce(0.0) { $0 - log(dump.values[2 * $1 + dump.labels[$1]]) }
                    #expect(try abs(slice.number("sum") - sum) < 1e-9 * sum, "\(by)")
                    rowsOfRequest[request, default: 0] += rows.count
                }
                let ofCountry = dump.countries.count { $0 == "US" }
                #expect(rowsOfRequest == [0: Self.rowCount, 1: ofCountry, 2: ofCountry, 3: Self.rowCount], "\(file)")
            }
        }
        let text = try XentRun.xent(["eval"] + Self.files[0] + slices + Self.task, in: scratch).stdout
        #expect(text.contains("[18, 65): ") && text.contains("(120, inf)"))
    }

    @Test("Arrays of numbers are cut as well, and so are the labels themselves")
    func arraysAreCut() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        try scratch.write("g.npy", NPYFixture.doubles([0.5, 1, .nan, 2.5, 3, 7]))
        let report = try XentRun.xent(
            SmallDump.eval + ["--groups", "g.npy", "--slice", "group:1,3", "--slice", "label:1", "--slice", "label=1", "--json", "-"], in: scratch
        ).json()
        let slices = try report.list("slices")
        func names(_ request: Int) throws -> [JSONDocument.Value?] {
            try slices.filter { try $0.count("request") == request }.map { try $0.values("by").values.first }
        }
        #expect(try names(0) == [.text("(-inf, 1)"), .text("[1, 3]"), .text("(3, inf)"), .null])
        #expect(try names(1) == [.text("(-inf, 1)"), .text("[1, inf)")])
        #expect(try names(2) == [.number(1)])
    }

    @Test("A column with any number of different numbers can be cut, and is refused as it is, with the count and the remedy")
    func manyNumbersNeedIntervals() throws {
        let scratch = try Scratch()
        let count = 70_000
        try scratch.write(
            "t.csv", "x,w,label,p0,p1\n" + (0..<count).map { "\(Double($0) + 0.5),k\($0),1,0.25,0.75\n" }.joined())
        let options = ["eval", "t.csv", "--prediction-columns", "p0,p1"] + Self.task
        let cut = try XentRun.xent(options + ["--slice", "x:0,35000,70000", "--slice", "w=k69999", "--json", "-"], in: scratch).json()
        #expect(try cut.list("slices").map { try $0.count("rows") } == [35_000, 35_000, 1])
        for (column, told) in [("x", "x has 70000 different values, and at most 10000 are slices; put numbers into intervals: --slice 'x:EDGE,EDGE,…'"),
            ("w", "w has 70000 different values, and at most 10000 are slices; slice by what has fewer values; --slice 'w=VALUE' takes one")]
        {
            let run = try XentRun.xent(options + ["--slice", column, "--partial", "p", "--threads", "3"], in: scratch)
            #expect(run.ending == .exit(65))
            #expect(run.stderr.contains(told), "\(run.stderr)")
            #expect(run.stdout.isEmpty && !scratch.names.contains("p"))
        }
        try scratch.write("u.csv", "x,label,p0,p1\n" + (0..<3003).map { "\(Double($0 % 1001) / 7),1,0.25,0.75\n" }.joined())
        let few = try XentRun.xent(["eval", "u.csv", "--prediction-columns", "p0,p1", "--slice", "x"] + Self.task, in: scratch)
        #expect(few.ending == .exit(0), "1,001 values, of which every seventh is whole, are not too many: \(few.stderr)")
        try scratch.write("v.csv", "x,label,p0,p1\n" + (0..<3003).map { "\(Double($0 % 1200) / 7),1,0.25,0.75\n" }.joined())
        let many = try XentRun.xent(["eval", "v.csv", "--prediction-columns", "p0,p1", "--slice", "x"] + Self.task, in: scratch)
        #expect(many.ending == .exit(65))
        #expect(many.stderr.contains("x has 1028 different numbers that are not whole, and at most 1000 are slices; put numbers into intervals"), "\(many.stderr)")
    }

    @Test("Invalid rows are counted in their slices, and rows without a value are a slice")
    func invalidRowsAreCounted() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "c,label,p0,p1\na,0,0.5,0.5\na,1,nan,0.5\n,1,0.5,0.5\nb,7,0.5,0.5\nb,0,0.25,0.75\n")
        for slices in [["c"], ["c=a"], ["label"]] {
            let report = try XentRun.xent(
                ["eval", "t.csv", "--prediction-columns", "p0,p1", "--on-invalid", "skip", "--json", "-", "--partial", "x"] + Self.task
                    + slices.flatMap { ["--slice", $0] }, in: scratch
            ).json()
            let found = try report.list("slices").map { slice in
                "\(try slice.values("by").values.first ?? .null): \(try slice.count("rows")) \(try slice.keys().contains("invalid_rows") ? slice.count("invalid_rows") : 0)"
            }
            let expected: [String: [String]] = [
                "c": ["text(\"a\"): 1 1", "text(\"b\"): 1 1", "null: 1 0"], "c=a": ["text(\"a\"): 1 1"],
                // The label of a record that is no row is not known.
                "label": ["number(0.0): 2 0", "number(1.0): 1 0", "null: 0 2"],
            ]
            #expect(found == expected[slices[0]], "\(slices)")
            let merged = try XentRun.xent(["merge", "x", "--json", "-"], in: scratch).json()
            #expect(try merged.without()["slices"] == report.without()["slices"])
        }
    }

    @Test("A value that no row has is told, and so are edges out of order")
    func whatCannotBeMeantIsTold() throws {
        let scratch = try Scratch()
        try Dump(seed: 72).write(to: scratch)
        let options = ["eval", "t.csv", "--prediction-columns", "p0,p1"] + Self.task
        let missing = try XentRun.xent(options + ["--slice", "country=us"], in: scratch)
        #expect(missing.ending == .exit(0))
        #expect(missing.stderr.contains("no row has the value 'us' in country: --slice 'country=us' has no slice"), "\(missing.stderr)")
        let edges = try XentRun.xent(options + ["--slice", "age:18,0"], in: scratch)
        #expect(edges.ending == .exit(64))
        #expect(edges.stderr.contains("the edges of age are 18.0, 0.0; give 1 to 1000 numbers in ascending order"), "\(edges.stderr)")
    }

    @Test("Columns are listed with the worst rows, from every kind of file, and by a merge")
    func columnsAreShown() throws {
        let scratch = try Scratch()
        let dump = Dump(seed: 73)
        try dump.write(to: scratch)
        let losses = dump.labels.indices.map { -log(dump.values[2 * $0 + dump.labels[$0]]) }
        let worst = losses.indices.sorted { losses[$0] > losses[$1] }.prefix(5)
        for measure in ["loss", "confident-wrong", "margin"] {
            for file in Self.files {
                for threads in ["1", "4"] {
                    let run = try XentRun.xent(
                        ["eval"] + file + Self.task + [
                            "--worst", "5", "--worst-by", measure, "--show-column", "country", "--show-column", "age", "--json", "-", "--threads", threads,
                            "--partial", "p",
                        ], in: scratch)
                    run.expectSuccess()
                    let rows = try run.json().list("worst")
                    if measure == "loss" { #expect(try rows.map { try $0.count("row") } == Array(worst), "\(file)") }
                    for row in rows {
                        let number = try row.count("row"), columns = try row.values("columns")
                        #expect(columns["country"] == .text(dump.countries[number]), "\(file), row \(number)")
                        let age = dump.ages[number]
                        let expected: JSONDocument.Value = age.isEmpty ? .null : Double(age).map { .number($0) } ?? .text(age)
                        #expect(columns["age"] == expected, "\(file), row \(number)")
                    }
                    let merged = try XentRun.xent(["merge", "p", "--json", "-"], in: scratch).json()
                    #expect(try merged.list("worst").map { try $0.values("columns") } == rows.map { try $0.values("columns") })
                }
            }
        }
        let text = try XentRun.xent(["eval"] + Self.files[0] + Self.task + ["--worst", "1", "--show-column", "country"], in: scratch)
        #expect(text.stdout.contains(", country \(dump.countries[worst[0]])"))
        let unknown = try XentRun.xent(["eval"] + Self.files[0] + Self.task + ["--worst", "1", "--show-column", "contry"], in: scratch)
        #expect(unknown.ending == .exit(64) && unknown.stderr.contains("contry"), "\(unknown.stderr)")
        let alone = try XentRun.xent(["eval"] + Self.files[0] + Self.task + ["--show-column", "country"], in: scratch)
        #expect(alone.ending == .exit(64) && alone.stderr.contains("give --worst too"), "\(alone.stderr)")
    }

    @Test("Columns of arrays beside the predictions are listed with the worst rows")
    func arraysAreShown() throws {
        let scratch = try Scratch()
        let python = """
            import struct, zipfile
            def npy(descr, shape, data):
                head = "{'descr': '%s', 'fortran_order': False, 'shape': %s, }" % (descr, shape)
                head += ' ' * (63 - (10 + len(head)) % 64) + '\\n'
                return b'\\x93NUMPY\\x01\\x00' + struct.pack('<H', len(head)) + head.encode() + data
            with zipfile.ZipFile('t.npz', 'w') as z:
                z.writestr('p.npy', npy('<f8', (4, 2), struct.pack('<8d', .9, .1, .2, .8, .6, .4, .5, .5)))
                z.writestr('label.npy', npy('<i8', (4,), struct.pack('<4q', 0, 0, 0, 0)))
                z.writestr('id.npy', npy('<i8', (4,), struct.pack('<4q', 40, 41, 42, 43)))
                z.writestr('word.npy', npy('<U2', (4,), b''.join(w.encode('utf-32-le').ljust(8, b'\\0') for w in ('a', 'ü', 'cc', '7'))))
            """
        try XentRun.tool("python3", ["-c", python], in: scratch)
        let run = try XentRun.xent(
            ["eval", "t.npz", "--prediction-columns", "p", "--worst", "3", "--show-column", "word", "--show-column", "id", "--first-row", "100", "--json", "-"]
                + Self.task, in: scratch)
        run.expectSuccess()
        let rows = try run.json().list("worst")
        #expect(try rows.map { try $0.count("row") } == [101, 103, 102])
        #expect(try rows.map { try $0.values("columns") } == [["word": .text("ü"), "id": .number(41)], ["word": .number(7), "id": .number(43)], ["word": .text("cc"), "id": .number(42)]])
    }
}
