import Container
import Elements
import Formats
import Foundation
import Messages
import Scoring
import Testing

@testable import Engine

/// Dumps in HDF5, which scripts/make-hdf5-fixtures.py writes, against the same rows in `.npy`.
@Suite struct HDF5ArraysTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/hdf5")
    private let folder = TemporaryFolder()

    private func path(_ name: String) -> String { Self.fixtures.appending(path: name + ".h5").path }

    private func logit(_ row: Int, _ column: Int) -> Float { Float((7 * row + 3 * column) % 11 - 5) / 4 }

    /// Writes the logits, labels and weights of a dump as `.npy`.
    private func arrays(rowCount: Int, classCount: Int = 10) -> (predictions: String, labels: String, weights: String) {
        let logits = (0..<rowCount).flatMap { row in (0..<classCount).map { logit(row, $0) } }
        let labels = (0..<rowCount).map { Int64(3 * $0 % classCount) }
        let weights = (0..<rowCount).map { Float(1 + $0 % 3) }
        func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        return (
            folder.write(NPYHeader.encode(elementType: .float32, shape: [rowCount, classCount]) + bytes(logits), "x.npy"),
            folder.write(NPYHeader.encode(elementType: .int64, shape: [rowCount]) + bytes(labels), "y.npy"),
            folder.write(NPYHeader.encode(elementType: .float32, shape: [rowCount]) + bytes(weights), "w.npy")
        )
    }

    private func evaluation(
        _ predictions: String, labels: String? = nil, weights: String? = nil, threads: Int = 2,
        _ change: (inout EvaluationOptions) -> Void = { _ in }
    ) throws(EngineError) -> Evaluation {
        var options = EvaluationOptions(
            predictionPaths: [predictions], labelPaths: [labels].compactMap { $0 },
            specification: LossSpecification(task: .multiclass, input: .logits))
        options.weightPaths = [weights].compactMap { $0 }
        options.threadCount = threads
        change(&options)
        return try Evaluation(options)
    }

    /// Every layout gives the bits of the arrays, with labels beside the predictions or elsewhere, for any threads.
    @Test(arguments: ["contiguous", "gzip", "lzf", "resizable"]) func sameBits(name: String) throws {
        let (x, y, w) = arrays(rowCount: 700)
        let expected = Outcome(try evaluation(x, labels: y))
        let weighted = Outcome(try evaluation(x, labels: y, weights: w))
        for threads in [1, 2, 3, 8] {
            #expect(Outcome(try evaluation(path(name), threads: threads)) == expected, "\(threads) threads")
            #expect(Outcome(try evaluation(path(name), labels: y, threads: threads)) == expected, "\(threads) threads, other labels")
            let weights = try evaluation(path(name), threads: threads) { $0.columns.weight = "weight" }
            #expect(Outcome(weights) == weighted, "\(threads) threads, weights")
        }
        try pack(path(name), folder["packed.npy.zst"])
        #expect(Outcome(try evaluation(folder["packed.npy.zst"], labels: y)) == expected, "packed")
    }

    /// A dataset of many blocks of chunks, each of several chunks: the bits of the array for any threads and any shards.
    @Test(arguments: ["large", "large-columns"]) func manyUnits(name: String) throws {
        let (x, y, _) = arrays(rowCount: 150_000)
        let expected = try evaluation(x, labels: y)
        for threads in [1, 2, 3, 7] {
            #expect(Outcome(try evaluation(path(name), labels: y, threads: threads)) == Outcome(expected), "\(threads) threads")
            #expect(Outcome(try evaluation(path(name), threads: threads)) == Outcome(expected), "\(threads) threads, labels beside")
        }
        for count in [2, 5] {
            var rows: UInt64 = 0
            for index in 0..<count {
                let shard = try Shard(index: index, count: count)
                let part = try evaluation(path(name)) { $0.shard = shard }
                let same = try evaluation(x, labels: y) { $0.shard = shard }
                #expect(part.report.loss.sumHex == same.report.loss.sumHex, "shard \(index) of \(count)")
                rows += part.report.rows.scored
            }
            #expect(rows == 150_000)
        }
        let units = try ArrayFile.open(named: "logits", in: path(name)).units
        #expect(units.count > 1 && units.allSatisfy { $0.headByteCount == 0 && $0.tailByteCount == 0 }, "units of whole rows")
    }

    /// Classes on another axis than the last, in chunks that cut every axis.
    @Test func classAxis() throws {
        let (x, y, _) = arrays(rowCount: 700)
        let expected = Outcome(try evaluation(x, labels: y))
        for threads in [1, 3] {
            let found = try evaluation(path("axes"), threads: threads) { $0.columns.classAxis = 1 }
            #expect(Outcome(found) == expected, "\(threads) threads")
        }
    }

    /// Texts of a fixed length are identifiers, as those of `.npz` are.
    @Test func identifiers() throws {
        let (x, y, _) = arrays(rowCount: 700)
        let expected = try evaluation(x, labels: y).report.loss.meanHex
        let report = try evaluation(path("gzip"), labels: path("lzf")).report
        #expect(report.loss.meanHex == expected && report.columns?.identifiers == ["id"])
    }

    @Test func inspection() throws {
        let file = try Inspection(path: path("gzip"))
        #expect(file.format == "hdf5" && file.compression == "none" && file.isShardable)
        let columns = Dictionary(uniqueKeysWithValues: (file.columns ?? []).map { ($0.name, $0) })
        #expect(columns["logits"]?.elementType == "f4" && columns["logits"]?.shape == [700, 10])
        #expect(columns["logits"]?.chunkShape == [100, 4] && columns["logits"]?.filters == ["shuffle", "gzip"])
        #expect(columns["weight"]?.chunkShape == nil && columns["weight"]?.filters == nil && columns["weight"]?.isShardable == true)
        #expect(columns["logits"]?.examples?.first == "-1.25")
    }

    /// What is not read is an error where it is used, and not before.
    @Test func refusedWhereUsed() throws {
        let refused = Self.fixtures.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "HDF5Tests/Fixtures/refused.h5").path
        let file = try Inspection(path: refused)
        let problem = file.columns?.first { $0.name == "zstd" }?.problem
        #expect(problem?.description.contains("filter 32015") == true, "\(String(describing: problem))")
        let error = #expect(throws: EngineError.self) { () throws in
            _ = try evaluation(refused) { $0.columns.predictions = ["zstd"] }
        }
        #expect(
            error?.description.contains("refused.h5: zstd: its chunks went through zstd, filter 32015") == true,
            "\(String(describing: error))")
    }

    @Test func memoryLimit() throws {
        let error = #expect(throws: EngineError.self) { () throws in
            _ = try evaluation(path("gzip")) { options in
                options.columns.predictions = ["logits"]
                options.maximumWindowByteCount = 1000
            }
        }
        let text = error?.description ?? ""
        #expect(text.contains("chunks are 100 × 4") && text.contains("maximumWindowByteCount"), "\(text)")
    }
}

extension ArrayFile {
    /// Opens an array of a file by its name.
    fileprivate static func open(named name: String, in path: String) throws -> ArrayFile {
        let file = try DumpFile(path, options: ContainerOptions())
        guard case .archive(let arrays) = file.content else { throw EngineError(.data, "no archive") }
        return try #require(arrays.first { $0.name == name }).open()
    }

    fileprivate var units: [ArrayUnit] { ArrayUnit.cut(self, fileIndex: 0) }
}
