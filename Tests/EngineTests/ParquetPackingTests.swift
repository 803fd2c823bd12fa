import Container
import Elements
import Formats
import Foundation
import Outputs
import Parquet
import Scoring
import SeededRandom
import Testing
import WorkStealing

@testable import Engine

/// Packs to a Parquet file, commits, and gives the report.
@discardableResult
private func packToParquet(
    _ input: String, _ output: String, labels: String? = nil, weights: String? = nil, _ columns: DumpColumns = DumpColumns(),
    level: Int? = nil, pageByteCount: Int? = nil, threads: Int = 2
) throws -> PackReport {
    var options = PackingOptions(inputPath: input, outputPath: output)
    options.layout = .parquet
    options.columns = columns
    (options.labelPath, options.weightPath) = (labels, weights)
    (options.level, options.frameByteCount, options.threadCount) = (level, pageByteCount, threads)
    let packing = try Packing(options)
    try packing.output.commit()
    return packing.report
}

/// Dumps packed to Parquet, against the dumps themselves.
@Suite struct ParquetPackingTests {
    private func evaluation(
        _ predictions: String, labels: [String] = [], _ specification: LossSpecification, weights: [String] = [],
        weightColumn: String? = nil, labelColumns: [String] = [], threads: Int = 2
    ) throws -> Evaluation {
        var options = EvaluationOptions(predictionPaths: [predictions], labelPaths: labels, specification: specification)
        options.weightPaths = weights
        options.columns.weight = weightColumn
        options.columns.labels = labelColumns
        options.threadCount = threads
        options.invalidRows = .skip
        return try Evaluation(options)
    }

    /// Dumps of every task, type, loss and dialect, small and of many pages: the packed file has their bits, whatever the dialect clips by.
    @Test(arguments: 0..<60) func sameBits(seed: UInt64) throws {
        var random = SplitMix64(seed: 900 + seed)
        let type = ElementType.floatingPointTypes[Int(seed % 4)]
        let dump = Dump.randomOfAnyLoss(&random, valueLimit: 4000, elementType: type)
        let folder = TemporaryFolder()
        let task = dump.specification.task
        let x = folder.write(dump.predictionBytes, "x.npy")
        let y = task.hasLabels ? folder.write(dump.labelBytes, "y.npy") : nil
        let w = dump.weights == nil ? nil : folder.write(dump.weightBytes, "w.npy")
        // A page of few values, so that there are many.
        let pageByteCount = Bool.random(using: &random) ? Int.random(in: 1...600, using: &random) : nil
        if dump.labelType == .bool, let targets = dump.targets, targets.contains(where: { $0 != 0 && $0 != 1 }) {
            // A bit holds no such byte.
            let error = #expect(throws: EngineError.self) { try packToParquet(x, folder["p.parquet"], labels: y) }
            #expect("\(String(describing: error))".contains("a truth value of"))
            return
        }
        try packToParquet(x, folder["p.parquet"], labels: y, weights: w, pageByteCount: pageByteCount)
        let expected = try evaluation(x, labels: [y].compactMap { $0 }, dump.specification, weights: [w].compactMap { $0 }).report
        let isList = dump.labelColumnCount > 1
        let found = try evaluation(
            folder["p.parquet"], dump.specification, weightColumn: w == nil ? nil : "weight",
            labelColumns: isList && task.hasLabels && ![.multiclass, .binary].contains(task) ? ["labels"] : []
        ).report
        #expect(found.loss.meanHex == expected.loss.meanHex && found.loss.sumHex == expected.loss.sumHex, "seed \(seed): \(dump.specification)")
        let counts = { (rows: Report.Rows) in [rows.scored, rows.ignored, rows.invalid] }
        #expect(counts(found.rows) == counts(expected.rows), "seed \(seed): \(dump.specification.task), labels of \(dump.labelType)")
    }

    /// The bytes do not depend on the threads, and neither do the decisions.
    @Test func sameBytesForAnyThreads() throws {
        let folder = TemporaryFolder()
        let bytes = WideDump.bytes(rowCount: 30_000, classCount: 70, labelType: .uint8, seed: 91)
        let (x, y) = (folder.write(bytes.predictions, "x.npy"), folder.write(bytes.labels, "y.npy"))
        let first = try packToParquet(x, folder["1.parquet"], labels: y, threads: 1)
        for threads in [2, 7] {
            let report = try packToParquet(x, folder["n.parquet"], labels: y, threads: threads)
            #expect(folder.read("n.parquet") == folder.read("1.parquet") ? true : false, "\(threads) threads")
            #expect(report.pages?.columns.map(\.coding) == first.pages?.columns.map(\.coding))
        }
        // Whole rows, about 128 Ki values a page.
        #expect(first.pages?.rows == (1 << 17) / 70 && first.pages?.rowGroups == 1)
        #expect(first.pages?.columns.map(\.name) == ["label", "scores"])
        #expect(first.pages?.columns.map(\.elementType) == ["u1", "f4"])
        #expect(first.run.layouts.map { $0.parquet.ratio > $0.frames.ratio } == true)
    }

    /// Noise takes literals alone; values with long repetitions take level 1, for which the first page was over 2 % smaller.
    @Test func firstPageDecides() throws {
        let folder = TemporaryFolder()
        var random = SplitMix64(seed: 92)
        let noise = (0..<50_000).map { _ in Float.random(in: -5...5, using: &random) }
        let repeated = (0..<50_000).map { Float($0 / 500) }
        for (values, coding) in [(noise, "literals"), (repeated, "level 1"), (repeated + noise, "level 1"), (noise + repeated, "literals")] {
            let bytes = NPYHeader.encode(elementType: .float32, shape: [values.count / 10, 10]) + values.withUnsafeBytes { Array($0) }
            let report = try packToParquet(folder.write(bytes, "x.npy"), folder["p.parquet"], pageByteCount: 200_000)
            let column = try #require(report.pages?.columns.first)
            #expect(column.coding == coding)
            let (literals, level) = (try #require(column.literalsByteCount), try #require(column.levelByteCount))
            #expect((100 * level < 98 * literals) == (coding == "level 1"))
        }
        let given = try packToParquet(folder["x.npy"], folder["p.parquet"], level: 7)
        #expect(given.pages?.columns.map(\.coding) == ["level 7"])
    }

    /// A label that has no bits puts packed bits aside for the rest of its row group, and not for the next one: Spark's reader takes a page
    /// without a dictionary for places where one with a dictionary follows it.
    @Test func lateLabelWithoutBits() throws {
        let folder = TemporaryFolder()
        var dump = WideDump.bytes(rowCount: 330_000, classCount: 70, labelType: .int16, seed: 99)
        let other = dump.labels.count - 2 * 330_000 + 2 * 150_000
        dump.labels.replaceSubrange(other..<other + 2, with: withUnsafeBytes(of: Int16(-100).littleEndian) { Array($0) })
        let (x, y) = (folder.write(dump.predictions, "x.npy"), folder.write(dump.labels, "y.npy"))
        let report = try packToParquet(x, folder["p.parquet"], labels: y)
        #expect(report.pages?.columns.first?.coding == "7 bits")
        let file = try ParquetFile(ContainerFile(path: folder["p.parquet"]))
        for group in file.rowGroups.indices {
            let reader = ColumnReader(file, rowGroup: group, column: file.columns[0])
            var (encodings, rowCount): ([Int], Int) = ([], 0)
            while try reader.nextPage() {
                rowCount += reader.page.rowCount
                // RLE_DICTIONARY is 8, BYTE_STREAM_SPLIT 9.
                encodings.append(reader.page.encoding)
                #expect(reader.page.encoding == (group == 0 && rowCount > 150_000 ? 9 : 8))
            }
            #expect(encodings.contains(8))
        }
        var modifiers = LossModifiers()
        modifiers.ignoreIndex = -100
        let loss = try LossSpecification(task: .multiclass, input: .logits, dialects: [.exact], modifiers: modifiers)
        let expected = try evaluation(x, labels: [y], loss).report
        let found = try evaluation(folder["p.parquet"], loss).report
        #expect(found.loss.sumHex == expected.loss.sumHex && found.rows.ignored == 1)
    }

    /// A row that is longer than a page has a page of its own, and no rows or one row make a file.
    @Test func extremeShapes() throws {
        let folder = TemporaryFolder()
        let loss = LossSpecification(task: .multiclass, input: .logits)
        for (rowCount, classCount) in [(5, 200_000), (1, 3), (1, 300_000), (3, 131_072), (2, 131_073)] {
            let bytes = WideDump.bytes(rowCount: rowCount, classCount: classCount, seed: 93)
            let (x, y) = (folder.write(bytes.predictions, "x.npy"), folder.write(bytes.labels, "y.npy"))
            let report = try packToParquet(x, folder["p.parquet"], labels: y)
            #expect(report.pages?.rows == max(1, (1 << 17) / classCount))
            let expected = try evaluation(x, labels: [y], loss).report.loss.sumHex
            #expect(try evaluation(folder["p.parquet"], loss).report.loss.sumHex == expected, "\(rowCount) × \(classCount)")
        }
        let none = folder.write(NPYHeader.encode(elementType: .float32, shape: [0, 4]), "none.npy")
        #expect(try packToParquet(none, folder["none.parquet"]).pages?.count == 0)
        let file = try ParquetFile(ContainerFile(path: folder["none.parquet"]))
        #expect(file.rowCount == 0 && file.columns.map(\.name) == ["scores"])
    }

    /// Several row groups, each cut into units at the index's pages, have the bits of one thread and of the array.
    @Test func unitsOfPages() throws {
        let folder = TemporaryFolder()
        let bytes = WideDump.bytes(rowCount: 330_000, classCount: 70, labelType: .int16, seed: 94)
        let (x, y) = (folder.write(bytes.predictions, "x.npy"), folder.write(bytes.labels, "y.npy"))
        let report = try packToParquet(x, folder["p.parquet"], labels: y)
        #expect(report.pages?.rowGroups == 2)
        let loss = LossSpecification(task: .multiclass, input: .logits)
        let expected = try evaluation(x, labels: [y], loss).report.loss.sumHex
        for threads in [1, 3] {
            let found = try evaluation(folder["p.parquet"], loss, threads: threads).report
            #expect(found.loss.sumHex == expected && found.rows.scored == 330_000)
        }
    }

    /// An index of pages that lies about a row, or a place, changes nothing: rows are counted by the pages themselves then.
    @Test func indexThatLies() throws {
        let folder = TemporaryFolder()
        let bytes = WideDump.bytes(rowCount: 90_000, classCount: 70, labelType: .int64, seed: 95)
        let (x, y) = (folder.write(bytes.predictions, "x.npy"), folder.write(bytes.labels, "y.npy"))
        try packToParquet(x, folder["p.parquet"], labels: y)
        let loss = LossSpecification(task: .multiclass, input: .logits)
        let expected = try evaluation(folder["p.parquet"], loss).report.loss.sumHex
        #expect(try evaluation(x, labels: [y], loss).report.loss.sumHex == expected)
        let packed = folder.read("p.parquet")
        let footerByteCount = packed[(packed.count - 8)..<(packed.count - 4)].reversed().reduce(0) { $0 << 8 | Int($1) }
        let end = packed.count - 8 - footerByteCount
        var random = SplitMix64(seed: 96)
        for _ in 0..<60 {
            var damaged = packed
            // The indexes lie before the footer.
            damaged[Int.random(in: end - 500..<end, using: &random)] ^= UInt8(1 << Int.random(in: 0...7, using: &random))
            folder.write(damaged, "d.parquet")
            #expect(try evaluation(folder["d.parquet"], loss).report.loss.sumHex == expected)
        }
    }

    /// The other columns of a table come along by their names, with nulls and texts, and those of an archive.
    @Test func columnsComeAlong() throws {
        let folder = TemporaryFolder()
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/parquet")
        for name in ["wide-names", "list", "words", "float16", "labels-and-ids", "struct"] {
            let path = fixtures.appending(path: name + ".parquet").path
            let input = try ParquetFile(ContainerFile(path: path))
            guard name != "labels-and-ids" else { continue }
            var columns = DumpColumns()
            if name == "struct" { (columns.predictions, columns.label) = (["output.logits"], "output.label") }
            if name == "words" { columns.classNames = ["cat", "dog", "bird", "fish", "newt"] }
            let report = try packToParquet(path, folder["p.parquet"], columns)
            let output = try ParquetFile(ContainerFile(path: folder["p.parquet"]))
            let own = Set(report.columns)
            for column in input.columns where !column.isRepeated && !own.contains(column.name) && column.elementType != nil {
                #expect(output.columns.contains { $0.name == column.name }, "\(name), \(column.name)")
            }
            let loss = LossSpecification(task: .multiclass, input: .logits)
            var options = EvaluationOptions(predictionPaths: [path], labelPaths: [], specification: loss)
            options.columns = columns
            let expected = try Evaluation(options).report.loss.sumHex
            let found = try evaluation(folder["p.parquet"], loss).report.loss.sumHex
            #expect(found == expected, "\(name)")
        }
    }

    /// Bytes whose file gives them a meaning that a packed file would not tell are left out, by name and type; texts come along.
    @Test func bytesOfAnotherMeaningAreLeftOut() throws {
        let folder = TemporaryFolder()
        let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/parquet")
        // A column of texts that are no labels.
        var bytes = try [UInt8](Data(contentsOf: fixtures.appending(path: "words.parquet")))
        Self.replace(Array("label".utf8), by: Array("notes".utf8), in: &bytes)
        let texts = try packToParquet(folder.write(bytes, "text.parquet"), folder["p.parquet"])
        #expect(texts.pages?.leftOut == [] && texts.pages?.columns.map(\.name) == ["logits", "notes"])
        // The old annotation and the new one of text become those of BSON, whose fields are as long.
        Self.replace([0x25, 0x00, 0x4c, 0x1c, 0x00, 0x00], by: [0x25, 0x28, 0x4c, 0xdc, 0x00, 0x00], in: &bytes)
        let input = try ParquetFile(ContainerFile(path: folder.write(bytes, "bson.parquet")))
        try #require(input.columns.map(\.content) == [.other("bson"), .float32])
        let report = try packToParquet(folder["bson.parquet"], folder["p.parquet"])
        #expect(report.pages?.leftOut == ["notes (bson)"] && report.pages?.columns.map(\.name) == ["logits"])
        #expect(try ParquetFile(ContainerFile(path: folder["p.parquet"])).columns.map(\.name) == ["logits"])
    }

    private static func replace(_ old: [UInt8], by new: [UInt8], in bytes: inout [UInt8]) {
        for place in bytes.indices.dropLast(old.count) where Array(bytes[place..<place + old.count]) == old {
            bytes.replaceSubrange(place..<place + old.count, with: new)
        }
    }

    /// Nothing is left of a packing that fails, whichever part it fails in.
    @Test func failuresLeaveNothing() throws {
        let folder = TemporaryFolder()
        let bytes = WideDump.bytes(rowCount: 3000, classCount: 10, seed: 97)
        let x = folder.write(bytes.predictions, "x.npy")
        let y = folder.write(Array(bytes.labels.dropLast(80)), "y.npy")
        let few = folder.write(NPYHeader.encode(elementType: .int32, shape: [2999]) + [UInt8](repeating: 0, count: 4 * 2999), "few.npy")
        let before = folder.names
        for labels in [y, few, folder["missing.npy"]] {
            #expect(throws: EngineError.self) { try packToParquet(x, folder["p.parquet"], labels: labels) }
        }
        let error = #expect(throws: EngineError.self) { try packToParquet(x, folder["p.parquet"], labels: few) }
        #expect("\(String(describing: error))".contains("2999 labels for 3000 rows of predictions"), "\(String(describing: error))")
        #expect(throws: EngineError.self) {
            var options = PackingOptions(inputPath: x, outputPath: folder["p.npy.zst"])
            options.labelPath = y
            _ = try Packing(options)
        }
        #expect(folder.names == before)
    }

    @Test func cancelled() throws {
        let folder = TemporaryFolder()
        let x = folder.write(WideDump.bytes(rowCount: 3000, classCount: 10, seed: 98).predictions, "x.npy")
        var options = PackingOptions(inputPath: x, outputPath: folder["p.parquet"])
        options.layout = .parquet
        let cancellation = Cancellation()
        cancellation.cancel()
        let error = #expect(throws: EngineError.self) { try Packing(options, cancellation: cancellation) }
        #expect(error?.category == .cancelled && folder.names == ["x.npy"])
    }
}
