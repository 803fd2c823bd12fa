import Elements
import Formats
import Foundation
import Glibc
import Messages
import Outputs
import Scoring
import Testing

@testable import Engine

/// Dumps in Arrow IPC, which scripts/make-arrow-fixtures.py writes, against the same rows in `.npy`.
@Suite struct ArrowRowsTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")
    private let folder = TemporaryFolder()

    private func path(_ name: String) -> String {
        let streams = ["stream", "wide-views", "labels-of-words"]
        return Self.fixtures.appending(path: "arrow/" + name + (streams.contains(name) ? ".arrows" : ".arrow")).path
    }

    private func logit(_ row: Int, _ column: Int) -> Float { Float((7 * row + 3 * column) % 11 - 5) / 4 }

    /// Writes the logits and labels of a dump as `.npy`.
    private func arrays(rowCount: Int, classCount: Int) -> (predictions: String, labels: String) {
        let logits = (0..<rowCount).flatMap { row in (0..<classCount).map { logit(row, $0) } }
        let labels = (0..<rowCount).map { Int64(3 * $0 % classCount) }
        func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        return (
            folder.write(NPYHeader.encode(elementType: .float32, shape: [rowCount, classCount]) + bytes(logits), "x.npy"),
            folder.write(NPYHeader.encode(elementType: .int64, shape: [rowCount]) + bytes(labels), "y.npy")
        )
    }

    private func options(
        _ predictions: [String], labels: [String] = [], _ columns: DumpColumns = DumpColumns(), task: LossTask = .multiclass,
        threads: Int = 2, invalid: EvaluationOptions.InvalidRowPolicy = .fail
    ) -> EvaluationOptions {
        var options = EvaluationOptions(
            predictionPaths: predictions, labelPaths: labels, specification: LossSpecification(task: task, input: .logits))
        options.columns = columns
        options.threadCount = threads
        options.invalidRows = invalid
        return options
    }

    private func report(
        _ predictions: [String], labels: [String] = [], _ columns: DumpColumns = DumpColumns(), task: LossTask = .multiclass,
        threads: Int = 2, invalid: EvaluationOptions.InvalidRowPolicy = .fail
    ) throws -> Report {
        try Evaluation(options(predictions, labels: labels, columns, task: task, threads: threads, invalid: invalid)).report
    }

    private func columns(_ change: (inout DumpColumns) -> Void) -> DumpColumns {
        var columns = DumpColumns()
        change(&columns)
        return columns
    }

    private let classNames = ["cat", "dog", "bird", "fish", "newt"]

    /// Every way to store the rows gives the bits of the array, for any number of threads.
    @Test(arguments: [1, 2, 3, 8]) func sameBits(threads: Int) throws {
        let (x, y) = arrays(rowCount: 500, classCount: 5)
        let expected = try report([x], labels: [y])
        let cases: [(name: String, columns: DumpColumns)] = [
            ("list", DumpColumns()), ("list-lz4", DumpColumns()), ("fixed", DumpColumns()), ("fixed-zstd", DumpColumns()),
            ("stream", DumpColumns()), ("large-view", DumpColumns()), ("wide-names", DumpColumns()), ("wide-dictionary", DumpColumns()),
            ("wide-views", DumpColumns()), ("wide-numbers", DumpColumns()), ("wide-mixed", DumpColumns()), ("float64", DumpColumns()),
            ("float16", DumpColumns()), ("decimal", DumpColumns()), ("sequences", DumpColumns()), ("sequences-fixed", DumpColumns()),
            ("polars", DumpColumns()),
            ("struct", columns { ($0.predictions, $0.label) = (["output.logits"], "output.label") }),
            ("words", columns { $0.classNames = classNames }), ("wide-dictionary", columns { $0.weight = "w" }),
        ]
        for (name, columns) in cases {
            let found = try report([path(name)], columns, threads: threads)
            #expect(found.loss.meanHex == expected.loss.meanHex, "\(name), \(threads) threads")
            #expect(found.rows.scored == 500, "\(name)")
        }
    }

    /// Shards of a file, cut anywhere, merge to the bits of the whole.
    @Test(arguments: ["stream", "fixed-zstd", "wide-dictionary"]) func shards(name: String) throws {
        let expected = try report([path(name)]).loss.meanHex
        for count in [2, 3, 7] {
            var partials: [String] = []
            for index in 0..<count {
                var options = options([path(name)], threads: 1)
                options.shard = try Shard(index: index, count: count)
                let partial = folder["\(name)-\(index)-\(count).partial"]
                try PartialFile.write(Evaluation(options).partial, to: partial)
                partials.append(partial)
            }
            #expect(try PartialFile.merge(partials).report.loss.meanHex == expected, "\(name), \(count) shards")
        }
    }

    /// Labels and predictions may be in files of any kind, and of several files, Parquet and Arrow together.
    @Test func companions() throws {
        let (x, y) = arrays(rowCount: 500, classCount: 5)
        let parquet = Self.fixtures.appending(path: "parquet/list.parquet").path
        let expected = try report([x], labels: [y]).loss.meanHex
        #expect(try report([x], labels: [path("labels")]).loss.meanHex == expected)
        #expect(try report([path("fixed")], labels: [y]).loss.meanHex == expected)
        #expect(try report([path("stream")], labels: [path("labels")]).loss.meanHex == expected)
        #expect(try report([parquet], labels: [path("labels")]).loss.meanHex == expected)
        let names = columns { $0.classNames = classNames }
        #expect(try report([x], labels: [path("labels-of-words")], names).loss.meanHex == expected)
        let twice = try report([x, x], labels: [y, y]).loss.meanHex
        #expect(try report([path("list"), path("stream")]).loss.meanHex == twice)
        #expect(try report([path("fixed-zstd"), parquet]).loss.meanHex == twice)
        let soft = try report([path("soft")], columns { $0.label = "y" }, task: .soft)
        #expect(soft.loss.meanHex == expected)
        #expect(throws: EngineError.self) { try report([path("list")], labels: [path("labels"), path("labels")]) }
    }

    /// A null, a list of another length and a label that is none are invalid rows, each with its place.
    @Test(arguments: ["broken-None", "broken-lz4"]) func invalidRows(name: String) throws {
        let names = columns { $0.classNames = classNames }
        let found = try report([path(name)], names, invalid: .skip)
        #expect(found.rows.scored == 495 && found.rows.invalid == 5)
        let error = #expect(throws: EngineError.self) { try report([path(name)], names, threads: 1) }
        #expect(error?.row == 40 && error?.message.text(.swift).contains("null") == true, "\(String(describing: error))")
        let texts = found.rows.firstInvalid.map { "\($0)" }.joined(separator: "\n")
        for words in ["horse", "a null is no list", "3 values, where 5 are due", "the value at 1 is null"] {
            #expect(texts.contains(words), "\(words): \(texts)")
        }
        let uneven = try report([path("sequences-broken")], invalid: .skip)
        #expect(uneven.rows.scored == 490 && uneven.rows.invalid == 10)
    }

    /// Rows of tables that are paired by their places have the same identifiers, if the tables share some.
    @Test func identifiers() throws {
        let paired = try report([path("wide-names")], labels: [path("labels-and-ids")])
        #expect(paired.columns?.identifiers == ["id"])
        let error = #expect(throws: EngineError.self) { try report([path("wide-names")], labels: [path("labels-and-other-ids")]) }
        #expect(error?.row == 217 && error?.message.text(.swift).contains("id is '217', and that of") == true)
    }

    /// Long compressed buffers, which are decompressed piece by piece, and batches that are read by several workers give the same bits.
    @Test(arguments: ["large-fixed-lz4", "large-fixed-zstd", "large-wide"]) func largeBatches(name: String) throws {
        let (x, y) = arrays(rowCount: 600_000, classCount: 8)
        let expected = try report([x], labels: [y]).loss.meanHex
        for threads in [1, 2, 3, 8] {
            #expect(try report([path(name)], threads: threads).loss.meanHex == expected, "\(name), \(threads) threads")
        }
        let source = try EvaluationPlan(options([path(name)])).source
        #expect((source as? ColumnarRowSource)?.unitCount ?? 0 > 1, "batches are shared out")
    }

    /// Rows of an uncompressed file are shared out wherever batches end, and small batches are read together.
    @Test func units() throws {
        let stream = try EvaluationPlan(options([path("stream")])).source
        #expect((stream as? ColumnarRowSource)?.unitCount == 1, "50 batches of 10 rows are one unit")
    }

    /// A column of a type that is not read is refused by its name, and a pipe or a compressed file with the remedy.
    @Test func refused() throws {
        let tests = Self.fixtures.deletingLastPathComponent().deletingLastPathComponent()
        let refused = tests.appending(path: "ArrowIPCTests/Fixtures/refused.arrow")
        for (name, words) in [("union", "union"), ("when", "timestamp[us]"), ("null", "null")] {
            let error = #expect(throws: EngineError.self) {
                try report([refused.path], columns { ($0.predictions, $0.label) = ([name], "x") }, task: .binary)
            }
            #expect(error?.message.text(.swift).contains(words) == true, "\(name): \(String(describing: error))")
        }
        let bytes = try Array(Data(contentsOf: URL(filePath: path("list"))))
        let compressed = folder.write(Framing.single.store(bytes), "a.arrow.zst")
        let error = #expect(throws: EngineError.self) { try report([compressed]) }
        #expect(error?.message.text(.swift).contains("decompress it first") == true, "\(String(describing: error))")
        let fifo = folder["a.fifo"]
        #expect(mkfifo(fifo, 0o600) == 0)
        Thread.detachNewThread {
            // The reader may go before all is written.
            signal(SIGPIPE, SIG_IGN)
            try? FileHandle(forWritingTo: URL(filePath: fifo)).write(contentsOf: bytes)
        }
        let piped = #expect(throws: EngineError.self) { try report([fifo]) }
        #expect(piped?.message.text(.swift).contains("write it to a file first") == true, "\(String(describing: piped))")
    }

    /// A stream without the mark of its end is evaluated with a warning.
    @Test func streamWithoutEnd() throws {
        let bytes = try Array(Data(contentsOf: URL(filePath: path("stream"))))
        let cut = try report([folder.write(Array(bytes.dropLast(8)), "cut.arrows")])
        #expect(cut.rows.scored == 500 && cut.warnings.contains { $0.text(.swift).contains("no mark of its end") }, "\(cut.warnings)")
        #expect(try !report([path("stream")]).warnings.contains { $0.text(.swift).contains("no mark of its end") })
    }

    /// Too little memory is told with the setting that raises it.
    @Test func tooLittleMemory() throws {
        var options = options([path("wide-views")])
        options.maximumWindowByteCount = 1 << 10
        let error = #expect(throws: EngineError.self) { try Evaluation(options) }
        #expect(error?.message.text(.swift).contains("maximumWindowByteCount raises the limit") == true, "\(String(describing: error))")
    }

    /// A packed table evaluates to the same bits.
    @Test(arguments: ["list-lz4", "wide-dictionary", "float16", "stream"]) func packed(name: String) throws {
        let expected = try report([path(name)]).loss.meanHex
        func pack(_ part: PackingOptions.Part, _ output: String) throws {
            var options = PackingOptions(inputPath: path(name), outputPath: folder[output])
            options.part = part
            if part == .labels { options.columns.label = "label" }
            if name == "wide-dictionary", part == .labels { options.columns.classNames = classNames }
            try Packing(options).output.commit()
        }
        try pack(.predictions, "p.npy.zst")
        try pack(.labels, "l.npy.zst")
        #expect(try report([folder["p.npy.zst"]], labels: [folder["l.npy.zst"]]).loss.meanHex == expected)
    }

    @Test func inspected() throws {
        let inspection = try Inspection(path: path("fixed-zstd"))
        #expect(inspection.format == "arrow" && inspection.rows == 500 && inspection.recordBatches == 4 && inspection.rowGroups == nil)
        #expect(inspection.isShardable)
        let column = try #require(inspection.columns?.first { $0.name == "logits" })
        #expect(column.storage?.type == "list of 5 of float32" && column.storage?.codecs == ["zstd"])
        #expect(column.storage?.decodedBytes == 10_000 && column.storage?.bytes ?? .max < 10_000)
        let stream = try Inspection(path: path("stream"))
        #expect(stream.format == "arrow stream" && stream.recordBatches == 50 && stream.shardingNote.contains("any row"))
        let words = try Inspection(path: path("wide-dictionary")).columns?.first { $0.name == "label" }
        #expect(words?.storage?.type == "dictionary of text" && words?.storage?.encodings == ["dictionary"])
    }
}
