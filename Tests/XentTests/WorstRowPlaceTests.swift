import Foundation
import Testing

/// The places of the worst rows: `place`, `file` and `row_in_file`, of runs and of merges.
@Suite struct WorstRowPlaceTests {
    private static let rowCount = 600
    /// The row of the dump with which each file begins, and their end.
    private static let bounds = [0, 130, 131, 400, rowCount]

    /// A dump in four files of each kind. The labels lie with the rows of text and of Parquet, and in files of their own beside arrays.
    private static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        let logits = RandomDump.logits(rows: rowCount, columns: 3, seed: 91), labels = RandomDump.labels(rows: rowCount, classes: 3, seed: 92)
        try scratch.write("y.npy", NPYFixture.labels(labels))
        for (index, (start, end)) in zip(bounds, bounds.dropFirst()).enumerated() {
            try scratch.write("\(index).npy", NPYFixture.floats(Array(logits[3 * start..<3 * end]), columns: 3))
            try scratch.write("\(index).y.npy", NPYFixture.labels(Array(labels[start..<end])))
            try scratch.write("\(index).npy.zst", ZstdFixture(try scratch.bytes("\(index).npy"), pieceByteCount: 777).seekable)
            let rows = (start..<end).map { row in (logits[3 * row..<3 * row + 3].map { "\($0)" }, labels[row]) }
            // Lines that are no rows.
            let records = rows.enumerated().map { "\($0 % 7 == 0 ? "\n" : "")\($1.0.joined(separator: ",")),\($1.1)\n" }
            try scratch.write("\(index).csv", "p_0,p_1,p_2,label\n" + records.joined())
            try scratch.write("\(index).jsonl", rows.map { "{\"p\": [\($0.0.joined(separator: ", "))], \"label\": \($0.1)}\n" }.joined())
            try XentRun.xent(["pack", "\(index).npy", "--labels", "\(index).y.npy", "-o", "\(index).parquet"], in: scratch).expectSuccess()
        }
        return scratch
    }

    /// The options that name the files of a kind, but for the predictions themselves.
    private static func options(_ kind: String) -> [String] {
        let columns = ["csv": ["--prediction-columns", "p_*"], "jsonl": ["--prediction-columns", "p"]]
        return (kind.hasPrefix("npy") ? ["--labels", "y.npy"] : columns[kind] ?? []) + SmallDump.task
    }

    private static func files(_ kind: String) -> [String] { (0..<4).map { "\($0).\(kind)" } }

    /// Returns the place that a row of the dump has among files.
    private static func expected(_ row: Int, _ files: [String]) -> (file: String, rowInFile: Int) {
        let index = bounds.lastIndex { $0 <= row } ?? 0
        return (files[index], row - bounds[index])
    }

    private static func expectPlaces(
        _ report: JSONDocument, _ files: [String], firstRow: Int = 0, count: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let worst = try report.list("worst")
        #expect(worst.count == count, sourceLocation: sourceLocation)
        for row in worst {
            let (file, rowInFile) = expected(try row.count("row") - firstRow, files)
            #expect(try row.text("file") == file && row.count("row_in_file") == rowInFile, sourceLocation: sourceLocation)
            #expect(try row.text("place") == "\(file): row \(rowInFile)", sourceLocation: sourceLocation)
        }
        let inputs = try report.list("inputs").filter { try $0.text("role") == "predictions" }.map { try $0.text("path") }
        #expect(try worst.allSatisfy { inputs.contains(try $0.text("file")) }, sourceLocation: sourceLocation)
    }

    private static let kinds = ["npy", "npy.zst", "csv", "jsonl", "parquet"]

    @Test("The row that is named has the loss that is told, and the part of the rows and the number of the first change no place", arguments: kinds)
    func severalFiles(kind: String) throws {
        let scratch = try Self.scratch()
        let files = Self.files(kind), request = files + Self.options(kind) + ["--worst", "\(Self.rowCount)", "--json", "-"]
        for threads in ["1", "3"] {
            let report = try XentRun.xent(["eval"] + request + ["--threads", threads], in: scratch).json()
            try Self.expectPlaces(report, files, count: Self.rowCount)
            guard threads == "3" else { continue }
            // The losses of each file by itself, in its own order.
            var losses: [String: [Double]] = [:]
            for (index, file) in files.enumerated() {
                let options = Self.options(kind).map { $0 == "y.npy" ? "\(index).y.npy" : $0 }
                try XentRun.xent(["eval", file] + options + ["--per-row", "losses.csv", "--quiet"], in: scratch).expectSuccess()
                losses[file] = try scratch.text("losses.csv").split(separator: "\n").compactMap { Double($0.split(separator: ",")[1]) }
            }
            for row in try report.list("worst") {
                let ofFile = try #require(losses[try row.text("file")])
                let rowInFile = try row.count("row_in_file")
                try #require(ofFile.indices.contains(rowInFile))
                #expect(try row.number("loss") == ofFile[rowInFile])
            }
        }
        let later = try XentRun.xent(["eval"] + request + ["--first-row", "5000"], in: scratch).json()
        try Self.expectPlaces(later, files, firstRow: 5000, count: Self.rowCount)
        guard kind != "csv", kind != "jsonl" else { return }
        for shard in 0..<3 {
            let part = try XentRun.xent(["eval"] + request + ["--shard", "\(shard)/3", "--first-row", "70"], in: scratch).json()
            try Self.expectPlaces(part, files, firstRow: 70, count: 200)
        }
    }

    @Test("A run that goes on after its death knows the places of the rows that it read before", arguments: kinds)
    func checkpoint(kind: String) throws {
        let scratch = try Self.scratch()
        let request = (Self.files(kind) + Self.options(kind)).map { "'\($0)'" }.joined(separator: " ") + " --worst 600 --threads 1"
        let script = """
            touch -d '1 hour ago' [0-9]* y.npy
            XENT_TEST_CHECKPOINT_SECONDS=0 XENT_TEST_DIE_AT=unit:3 "$XENT" eval \(request) --checkpoint c --quiet
            test $? = 137 || exit 1
            "$XENT" eval \(request) --checkpoint c --json -
            """
        let report = try XentRun.shell(script, in: scratch).json()
        #expect(try report.count("run", "resumes") == 1)
        try Self.expectPlaces(report, Self.files(kind), count: Self.rowCount)
    }

    @Test("A shard of text knows the file, and the row in it if no row that nobody counted comes before")
    func shardsOfText() throws {
        let scratch = try Self.scratch()
        let task = Self.options("csv") + ["--worst", "300", "--json", "-"]
        for count in [1, 4] {
            for shard in 0..<count {
                let worst = try XentRun.xent(["eval", "2.csv"] + task + ["--shard", "\(shard)/\(count)"], in: scratch).json().list("worst")
                #expect(!worst.isEmpty)
                for row in worst {
                    let number = try row.count("row")
                    #expect(try row.text("file") == "2.csv" && row.text("place") == "2.csv: row \(number)")
                    #expect(try row.keys().contains("row_in_file") == (shard == 0))
                    if shard == 0 { #expect(try row.count("row_in_file") == number) }
                }
            }
        }
        // A plan has counted them.
        let whole = try XentRun.xent(["eval", "2.csv"] + task, in: scratch).json()
        let merged = try PlanCommandTests.planned(["2.csv"] + task.dropLast(2), shards: 4, in: scratch)
        #expect(try merged.list("worst").count == 269 && merged.values()["worst"] == whole.values()["worst"])
        #expect(try merged.list("worst").allSatisfy { try $0.text("place") == "2.csv: row \($0.count("row_in_file"))" && $0.text("file") == "2.csv" })
    }

    @Test("A merge by a plan names the places that one run names, whatever the order of the partials", arguments: kinds)
    func plans(kind: String) throws {
        let scratch = try Self.scratch()
        let files = Self.files(kind), request = files + Self.options(kind) + ["--worst", "500"]
        let whole = try XentRun.xent(["eval"] + request + ["--json", "-"], in: scratch).json()
        let merged = try PlanCommandTests.planned(request, shards: 5, in: scratch)
        #expect(try merged.list("worst").count == 500 && merged.values()["worst"] == whole.values()["worst"])
        #expect(try merged.list("worst").allSatisfy { try $0.keys().isSuperset(of: ["place", "file", "row_in_file"]) })
        let forward = ["merge", "--plan", "plan.json"] + (0..<5).map { "\($0).partial" } + ["--json", "-"]
        #expect(try XentRun.xent(forward, in: scratch).json().values()["worst"] == whole.values()["worst"])
    }

    @Test("Partials do not know the files, and their merge names none: neither in one order nor in the other, nor after a merge of merges")
    func mergesWithoutAPlan() throws {
        let scratch = try Self.scratch()
        let request = ["--worst", "40"] + SmallDump.task
        func labels(_ index: Int) -> [String] { ["--labels", "\(index).y.npy"] }
        for (index, first) in Self.bounds.dropLast().enumerated() {
            try XentRun.xent(
                ["eval", "\(index).npy", "--first-row", "\(first)", "--partial", "\(index).partial"] + labels(index) + request, in: scratch
            ).expectSuccess()
            // The bytes depend on the rows alone.
            try XentRun.xent(
                ["eval", "\(index).npy.zst", "--first-row", "\(first)", "--partial", "other.partial"] + labels(index) + request, in: scratch
            ).expectSuccess()
            #expect(try scratch.bytes("\(index).partial") == scratch.bytes("other.partial"))
        }
        let whole = try XentRun.xent(["eval"] + Self.files("npy") + ["--labels", "y.npy", "--json", "-"] + request, in: scratch).json()
        let partials = (0..<4).map { "\($0).partial" }
        try XentRun.xent(["merge"] + partials.prefix(2) + ["--partial", "half.partial", "--quiet"], in: scratch).expectSuccess()
        for order in [partials, partials.reversed(), ["3.partial", "half.partial", "2.partial"]] {
            let worst = try XentRun.xent(["merge"] + order + ["--json", "-"], in: scratch).json().list("worst")
            #expect(try worst.map { try $0.count("row") } == whole.list("worst").map { try $0.count("row") })
            for row in worst { #expect(try row.keys().isDisjoint(with: ["place", "file", "row_in_file"])) }
        }
    }

    @Test("Files are named as the inputs name them: standard input, and names that are not UTF-8")
    func names() throws {
        let scratch = try Self.scratch()
        let task = SmallDump.task.joined(separator: " ") + " --prediction-columns 'p_*' --worst 3 --json -"
        for (script, name) in [
            ("\"$XENT\" eval - \(task) < 2.csv", "-"),
            ("name=$(printf 'caf\\351.csv'); cp 2.csv \"$name\"; \"$XENT\" eval \"$name\" \(task)", "caf\\xe9.csv"),
            ("name=$(printf 'caf\\351.csv'); cp 2.csv \"$name\"; \"$XENT\" compare \"$name\" 2.csv \(task)", "caf\\xe9.csv"),
        ] {
            let report = try XentRun.shell(script, in: scratch).json()
            let inputs = try (script.contains("compare") ? report.at(["a"]) : report).list("inputs")
            #expect(try inputs.map { try $0.text("path") } == [name], "\(script)")
            for row in try report.list("worst") { #expect(try row.text("file") == name && row.count("row_in_file") == row.count("row"), "\(script)") }
        }
    }
}
