import Elements
import Formats
import Foundation
import Messages
import Outputs
import Scoring
import Testing

@testable import Engine

/// Dumps in Parquet, which scripts/make-parquet-fixtures.py writes, against the same rows in `.npy`.
@Suite struct ParquetRowsTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/parquet")
    private let folder = TemporaryFolder()

    private func path(_ name: String) -> String { Self.fixtures.appending(path: name + ".parquet").path }

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

    private func evaluation(
        _ predictions: [String], labels: [String] = [], _ columns: DumpColumns = DumpColumns(), task: LossTask = .multiclass,
        threads: Int = 2, invalid: EvaluationOptions.InvalidRowPolicy = .fail
    ) throws -> Evaluation {
        var options = EvaluationOptions(
            predictionPaths: predictions, labelPaths: labels, specification: LossSpecification(task: task, input: .logits))
        options.columns = columns
        options.threadCount = threads
        options.invalidRows = invalid
        return try Evaluation(options)
    }

    private func columns(_ change: (inout DumpColumns) -> Void) -> DumpColumns {
        var columns = DumpColumns()
        change(&columns)
        return columns
    }

    /// Every way to store the rows gives the bits of the array.
    @Test(arguments: [1, 2, 3, 8]) func sameBits(threads: Int) throws {
        let (x, y) = arrays(rowCount: 500, classCount: 5)
        let expected = try evaluation([x], labels: [y]).report
        let names = ["cat", "dog", "bird", "fish", "newt"]
        let cases: [(name: String, columns: DumpColumns)] = [
            ("list", DumpColumns()), ("list-planes", DumpColumns()), ("wide-names", DumpColumns()), ("wide-numbers", DumpColumns()),
            ("wide-mixed", DumpColumns()), ("float64", DumpColumns()), ("float16", DumpColumns()), ("decimal", DumpColumns()),
            ("vectors", DumpColumns()), ("sequences", DumpColumns()),
            ("struct", columns { ($0.predictions, $0.label) = (["output.logits"], "output.label") }),
            ("words", columns { $0.classNames = names }), ("wide-names", columns { $0.weight = "w" }),
        ]
        for (name, columns) in cases {
            let report = try evaluation([path(name)], columns, threads: threads).report
            #expect(report.loss.meanHex == expected.loss.meanHex, "\(name), \(threads) threads")
            #expect(report.rows.scored == 500, "\(name)")
        }
    }

    /// Labels and predictions may be in files of either kind, and of several files.
    @Test func companions() throws {
        let (x, y) = arrays(rowCount: 500, classCount: 5)
        let expected = try evaluation([x], labels: [y]).report.loss.meanHex
        #expect(try evaluation([x], labels: [path("labels")]).report.loss.meanHex == expected)
        #expect(try evaluation([path("list")], labels: [y]).report.loss.meanHex == expected)
        #expect(try evaluation([path("list")], labels: [path("labels")]).report.loss.meanHex == expected)
        #expect(try evaluation([path("wide-names")], labels: [path("labels-of-words")]).report.loss.meanHex == expected)
        let names = columns { $0.classNames = ["cat", "dog", "bird", "fish", "newt"] }
        #expect(try evaluation([x], labels: [path("labels-of-words")], names).report.loss.meanHex == expected)
        #expect(try evaluation([path("sequences")], labels: [y]).report.loss.meanHex == expected)
        #expect(try evaluation([x], labels: [path("labels-of-sequences")]).report.loss.meanHex == expected)
        #expect(throws: EngineError.self, "one label for five rows") {
            try evaluation([path("sequences")], labels: [path("soft")], columns { $0.label = "y" })
        }
        let twice = try evaluation([x, x], labels: [y, y]).report
        #expect(try evaluation([path("list"), path("list-planes")]).report.loss.meanHex == twice.loss.meanHex)
        #expect(throws: EngineError.self) { try evaluation([path("list")], labels: [path("labels"), path("labels")]) }
    }

    @Test func softLabels() throws {
        let (x, y) = arrays(rowCount: 500, classCount: 5)
        let expected = try evaluation([x], labels: [y]).report.loss.meanHex
        let soft = try evaluation([path("soft")], columns { $0.label = "y" }, task: .soft).report
        #expect(soft.loss.meanHex == expected)
    }

    /// A null, a list of another length and a label that is none are invalid rows, each with its place.
    @Test func invalidRows() throws {
        let names = columns { $0.classNames = ["cat", "dog", "bird", "fish", "newt"] }
        let report = try evaluation([path("broken")], names, invalid: .skip).report
        #expect(report.rows.scored == 495 && report.rows.invalid == 5)
        let error = #expect(throws: EngineError.self) { try evaluation([path("broken")], names, threads: 1) }
        #expect(error?.row == 40 && error?.message.text(.swift).contains("null") == true, "\(String(describing: error))")
        let texts = report.rows.firstInvalid.map { "\($0)" }.joined(separator: "\n")
        for words in ["horse", "a null is no list", "3 values, where 5 are due", "the value at 1 is null"] {
            #expect(texts.contains(words), "\(words): \(texts)")
        }
    }

    /// Rows of tables that are paired by their places have the same identifiers, if the tables share some.
    @Test func identifiers() throws {
        let (x, y) = arrays(rowCount: 500, classCount: 5)
        let expected = try evaluation([x], labels: [y]).report.loss.meanHex
        let paired = try evaluation([path("wide-names")], labels: [path("labels-and-ids")]).report
        #expect(paired.loss.meanHex == expected && paired.columns?.identifiers == ["id"])
        let error = #expect(throws: EngineError.self) {
            try evaluation([path("wide-names")], labels: [path("labels-and-other-ids")])
        }
        #expect(error?.row == 217, "\(String(describing: error))")
        #expect(error?.message.text(.swift).contains("id is '217', and that of") == true)
        #expect(throws: EngineError.self) {
            try evaluation([path("wide-names")], labels: [path("labels-and-ids")], columns { $0.identifier = "nothing" })
        }
        #expect(throws: EngineError.self) { try evaluation([path("wide-names")], columns { $0.identifier = "id" }) }
    }

    /// A list of lists of another shape makes all its rows invalid.
    @Test func unevenSequences() throws {
        let report = try evaluation([path("sequences-broken")], invalid: .skip).report
        #expect(report.rows.scored == 490 && report.rows.invalid == 10)
        let error = #expect(throws: EngineError.self) { try evaluation([path("sequences-broken")], threads: 1) }
        #expect(error?.row == 350 && error?.message.text(.swift).contains("not all of 5 values") == true, "\(String(describing: error))")
    }

    /// Row groups that are cut at pages give the same bits as those that are not.
    @Test(arguments: ["large-list", "large-wide"]) func largeRowGroups(name: String) throws {
        let (x, y) = arrays(rowCount: 600_000, classCount: 8)
        let expected = try evaluation([x], labels: [y]).report.loss.meanHex
        for threads in [1, 2, 3, 8] {
            let found = try evaluation([path(name)], threads: threads)
            #expect(found.report.loss.meanHex == expected, "\(name), \(threads) threads")
        }
        let source = try EvaluationPlan(EvaluationOptions(
            predictionPaths: [path(name)], labelPaths: [], specification: LossSpecification(task: .multiclass, input: .logits))).source
        #expect((source as? ColumnarRowSource)?.unitCount ?? 0 > 1, "one row group is shared out")
    }

    /// Rows that were counted by values, and are of other lengths, are read again without.
    @Test func rowsCountedWrong() throws {
        let report = try evaluation([path("large-uneven")], invalid: .skip).report
        #expect(report.rows.scored == 599_998 && report.rows.invalid == 2)
        let error = #expect(throws: EngineError.self) { try evaluation([path("large-uneven")], threads: 1) }
        #expect(error?.row == 300_001, "\(String(describing: error))")
    }

    /// Names that no column has, columns that hold no numbers, and settings of other formats are told.
    @Test(arguments: [
        ("logit", nil, "closest" as String?), ("label", "logits", nil), ("label", nil, nil),
    ] as [(String, String?, String?)]) func refused(predictions: String, label: String?, words: String?) throws {
        #expect(throws: EngineError.self) {
            try evaluation([path("words")], columns { ($0.predictions, $0.label) = ([predictions], label) })
        }
    }

    /// A packed table evaluates to the same bits.
    @Test(arguments: ["list", "wide-names", "float16", "vectors"]) func packed(name: String) throws {
        let expected = try evaluation([path(name)]).report.loss.meanHex
        func pack(_ part: PackingOptions.Part, _ output: String) throws {
            var options = PackingOptions(inputPath: path(name), outputPath: folder[output])
            options.part = part
            if part == .labels { options.columns.label = "label" }
            try Packing(options).output.commit()
        }
        try pack(.predictions, "p.npy.zst")
        try pack(.labels, "l.npy.zst")
        #expect(try evaluation([folder["p.npy.zst"]], labels: [folder["l.npy.zst"]]).report.loss.meanHex == expected)
    }

    @Test func inspected() throws {
        let inspection = try Inspection(path: path("list-planes"))
        #expect(inspection.format == "parquet" && inspection.rows == 500 && inspection.rowGroups == 4)
        let column = try #require(inspection.columns?.first { $0.name == "logits" })
        #expect(column.storage?.type == "list of float32" && column.storage?.codecs == ["zstd"])
        #expect(column.storage?.encodings.contains("byte_stream_split") == true && column.storage?.pages ?? 0 > 4)
        #expect(inspection.createdBy?.contains("parquet-cpp-arrow") == true)
    }
}
