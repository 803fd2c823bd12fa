import Foundation
import SeededRandom
import Testing

/// Slices and clusters by columns of a dump: the same from every kind of file, and those of the values as they are written.
@Suite struct SliceColumnTests {
    private static let task = ["--task", "multiclass", "--input", "probabilities"]
    /// Texts that a table quotes or that look like numbers; one is empty.
    private static let words = ["de", "a,b", "say \"x\"", "", "ü", "3.10", "3.1", "007", "7", "two words", "NA", "true"]

    private struct Dump {
        let values: [Double]
        let labels: [Int]
        let words: [String]
        let ages: [Int]

        var rowCount: Int { labels.count }

        init(rowCount: Int, seed: UInt64) {
            var random = SplitMix64(seed: seed)
            values = (0..<rowCount).flatMap { _ in
                let first = Double.random(in: 0.01..<0.99, using: &random)
                return [first, 1 - first]
            }
            labels = (0..<rowCount).map { _ in Int.random(in: 0...1, using: &random) }
            // The first record shows which keys there are.
            words = ["de"] + (1..<rowCount).map { _ in SliceColumnTests.words.randomElement(using: &random) ?? "" }
            ages = (0..<rowCount).map { _ in Int.random(in: -2...9, using: &random) }
        }

        /// The columns word, age and label, and with predictions p0 and p1.
        func table(hasPredictions: Bool = true, rows: (Int) -> Bool = { _ in true }) -> String {
            func quoted(_ text: String) -> String {
                text.contains(",") || text.contains("\"") ? "\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"" : text
            }
            var text = "word,age,label\(hasPredictions ? ",p0,p1" : "")\n"
            for row in 0..<rowCount where rows(row) {
                let numbers = hasPredictions ? ",\(values[2 * row]),\(values[2 * row + 1])" : ""
                text += "\(quoted(words[row])),\(ages[row]),\(labels[row])\(numbers)\n"
            }
            return text
        }

        /// Records in which a word that is empty is not there, or null.
        var records: [String] {
            (0..<rowCount).map { row in
                let word = words[row].replacingOccurrences(of: "\"", with: "\\\"").replacingOccurrences(of: "ü", with: "\\u00fc")
                let member = words[row].isEmpty ? (row % 2 == 0 ? "" : "\"word\":null,") : "\"word\":\"\(word)\","
                return "{\(member)\"age\":\(ages[row]),\"label\":\(labels[row]),\"p\":[\(values[2 * row]),\(values[2 * row + 1])]}"
            }
        }

        func write(to scratch: Scratch) throws {
            try scratch.write("t.csv", table())
            try scratch.write("t.jsonl", records.joined(separator: "\n") + "\n")
            try scratch.write("t.json", "[" + records.joined(separator: ", ") + "]")
            try scratch.write("y.csv", table(hasPredictions: false))
            try scratch.write("p.npy", NPYFixture.doubles(values, columns: 2))
            try scratch.write("label.npy", NPYFixture.wideLabels(labels.map { Int64($0) }))
            try scratch.write("age.npy", NPYFixture.wideLabels(ages.map { Int64($0) }))
            var texts = Data()
            for word in words {
                let scalars = word.unicodeScalars.map(\.value) + [UInt32](repeating: 0, count: 9 - word.unicodeScalars.count)
                for scalar in scalars { withUnsafeBytes(of: scalar.littleEndian) { texts.append(contentsOf: $0) } }
            }
            try scratch.write("word.npy", NPYFixture.header("<U9", [rowCount]) + texts)
            try XentRun.tool(
                "python3",
                [
                    "-c", "import zipfile\nwith zipfile.ZipFile('t.npz', 'w') as z: [z.write(n + '.npy') for n in ('p', 'label', 'age', 'word')]",
                ], in: scratch)
        }
    }

    private static let files = [
        ["t.csv", "--prediction-columns", "p0,p1"], ["t.jsonl", "--prediction-columns", "p"], ["t.json", "--prediction-columns", "p"],
        ["t.npz", "--prediction-columns", "p"], ["p.npy", "--labels", "y.csv"],
    ]

    @Test("Slices of text, of records, of archives and of labels' files are the same, whatever the threads")
    func isOfAnyFile() throws {
        let scratch = try Scratch()
        let dump = Dump(rowCount: 4000, seed: 91)
        try dump.write(to: scratch)
        var first: Data?
        for file in Self.files {
            for threads in ["1", "3"] {
                let run = try XentRun.xent(
                    ["eval"] + file + ["--label-column", "label", "--slice", "word", "--slice", "age,word", "--partial", "partial", "--json", "-"]
                        + Self.task + ["--threads", threads], in: scratch)
                let partial = run.ending == .exit(0) ? try scratch.bytes("partial") : Data()
                #expect(partial == first ?? partial, "\(file), \(threads) threads")
                first = first ?? partial
                let slices = try run.json().list("slices").filter { try $0.keys("by") == ["word"] }
                #expect(slices.count == Self.words.count, "\(file)")
            }
        }
    }

    @Test("A slice has the rows of its value, and numbers are told by their value")
    func valuesAreThoseOfTheRows() throws {
        let scratch = try Scratch()
        let dump = Dump(rowCount: 3000, seed: 92)
        try dump.write(to: scratch)
        let options = ["--prediction-columns", "p0,p1", "--label-column", "label"] + Self.task + ["--json", "-"]
        let report = try XentRun.xent(["eval", "t.csv", "--slice", "word", "--slice", "age"] + options, in: scratch).json()
        for slice in try report.list("slices") {
            let by = try slice.values("by")
            let rows: (Int) -> Bool
            switch (by["word"], by["age"]) {
            case (.text(let word), nil): rows = { dump.words[$0] == word }
            case (.number(let number), nil):
                let texts: Set<String> = number == 7 ? ["7"] : ["3.1"]
                rows = { texts.contains(dump.words[$0]) }
            case (.null, nil): rows = { dump.words[$0].isEmpty }
            case (nil, .number(let age)): rows = { Double(dump.ages[$0]) == age }
            default: throw HarnessError("a slice by \(by)")
            }
            try scratch.write("few.csv", dump.table(rows: rows))
            let few = try XentRun.xent(["eval", "few.csv"] + options, in: scratch).json()
            #expect(try slice.text("mean_hex") == few.text("loss", "mean_hex"), "\(by)")
            #expect(try slice.count("rows") == few.count("rows", "scored"), "\(by)")
        }
        let numbers = try report.list("slices").count { slice in
            if case .number? = try slice.values("by")["word"] { true } else { false }
        }
        #expect(numbers == 2, "7 and 3.1 are numbers, and 007 and 3.10 are none")
    }

    @Test("Slices of shards are merged to those of the whole")
    func merges() throws {
        let scratch = try Scratch()
        let dump = Dump(rowCount: 2000, seed: 93)
        try dump.write(to: scratch)
        let options = ["--prediction-columns", "p0,p1", "--label-column", "label", "--slice", "word", "--cluster-column", "word"] + Self.task
        for (name, range) in [("a", 0..<700), ("b", 700..<2000)] {
            try scratch.write("\(name).csv", dump.table { range.contains($0) })
            try XentRun.xent(
                ["eval", "\(name).csv", "--partial", "\(name).partial", "--first-row", "\(range.lowerBound)"] + options, in: scratch
            ).expectSuccess()
        }
        let whole = try XentRun.xent(["eval", "t.csv", "--json", "-"] + options, in: scratch).json()
        let merged = try XentRun.xent(["merge", "b.partial", "a.partial", "--json", "-"], in: scratch).json()
        for key in ["slices", "uncertainty"] {
            let (found, expected) = (try merged.without()[key], try whole.without()[key])
            #expect(found != nil && found == expected, "\(key)")
        }
    }

    @Test("Clusters of a column of numbers are those of the same array, and texts are clusters too")
    func clusters() throws {
        let scratch = try Scratch()
        let dump = Dump(rowCount: 1500, seed: 94)
        try dump.write(to: scratch)
        func uncertainty(_ arguments: [String]) throws -> JSONDocument {
            try XentRun.xent(["eval"] + arguments + ["--label-column", "label"] + Self.task + ["--json", "-"], in: scratch).json().at(["uncertainty"])
        }
        let array = try uncertainty(["t.npz", "--prediction-columns", "p", "--clusters", "age.npy"])
        for file in Self.files {
            let column = try uncertainty(file + ["--cluster-column", "age"])
            // Sums of the same clusters in another order.
            let ratio = try column.number("standard_error") / array.number("standard_error")
            let (found, expected) = (try column.count("clusters"), try array.count("clusters"))
            #expect(abs(ratio - 1) < 1e-12 && found == expected, "\(file)")
            #expect(try uncertainty(file + ["--cluster-column", "word"]).count("clusters") == Self.words.count, "\(file)")
        }
    }

    @Test("A column that is not there, of too many values or beside a pipe is told, with the remedy")
    func mistakes() throws {
        let scratch = try Scratch()
        try Dump(rowCount: 100, seed: 95).write(to: scratch)
        let columns = ["--prediction-columns", "p0,p1", "--label-column", "label"] + Self.task
        func fails(_ arguments: [String], _ status: Int32, _ says: [String]) throws {
            expectFailure(try XentRun.xent(["eval"] + arguments, in: scratch), status: status, says: says)
        }
        try fails(["t.csv", "--slice", "wrod"] + columns, 64, ["t.csv: there is no column 'wrod'", "word, age, label", "check --slice"])
        try fails(
            ["p.npy", "--labels", "label.npy", "--slice", "word"] + Self.task, 64, ["neither it nor its labels have named columns", "--groups"])
        try fails(["t.npz", "--prediction-columns", "p", "--label-column", "label", "--slice", "p"] + Self.task, 65, ["more than one value a row"])
        try fails(["t.csv", "--clusters", "age.npy", "--cluster-column", "age"] + columns, 64, ["exclude each other"])
        let piped = try XentRun.shell(
            "cat y.csv | \"$XENT\" eval p.npy --labels - --label-column label --slice word \(Self.task.joined(separator: " "))", in: scratch)
        expectFailure(piped, status: 64, says: ["standard input: it is read once", "write it to a file first"])
        // Ten thousand and one values, which are more than slices may be.
        var text = "key,p0,p1,label\n"
        for row in 0...10_000 { text += "k\(row),0.5,0.5,0\n" }
        try scratch.write("keys.csv", text)
        try fails(
            ["keys.csv", "--slice", "key"] + columns, 65, ["key has 10001 different values, and at most 10000 are slices", "slice by what has fewer values"])
    }

    /// Small slices are left out of texts, and told; JSON has them.
    @Test func smallSlicesAreNotShown() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "country,p0,p1,label\nde,0.2,0.8,1\nfr,0.9,0.1,1\nde,0.6,0.4,0\n")
        try scratch.write("u.csv", "country,p0,p1,label\nde,0.3,0.7,1\nfr,0.8,0.2,1\nde,0.5,0.5,0\n")
        let options = ["--task", "multiclass", "--input", "probabilities", "--slice", "country", "--min-slice-rows", "2", "--json", "j"]
        for command in [["eval", "t.csv"], ["compare", "t.csv", "u.csv"]] {
            let run = try XentRun.xent(command + options, in: scratch)
            run.expectSuccess()
            #expect(run.stdout.contains("2 slices, 1 of them not shown, of fewer than 2 rows, the "), "\(run.stdout)")
            #expect(run.stdout.contains("    de: ") && !run.stdout.contains("    fr: "))
            #expect(try JSONDocument(path: scratch.place("j")).list("slices").count == 2)
        }
    }
}
