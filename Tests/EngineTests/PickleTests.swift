import Elements
import Formats
import Foundation
import Messages
import Outputs
import Scoring
import SeededRandom
import Testing

@testable import Engine

/// Files of PyTorch and pickles of NumPy arrays, which scripts/make-pickle-fixtures.py writes, against the same rows in `.npy`.
@Suite struct PickleTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/pickles")
    private static let rowCount = 60, classCount = 5
    private let folder = TemporaryFolder()

    private func fixture(_ name: String) -> String { Self.fixtures.appending(path: name).path }
    private func content(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: Self.fixtures.appending(path: name))) }

    private static func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

    /// The logits and labels as `.npy`. All values are the same in every type that the fixtures have.
    private func arrays() -> (predictions: String, labels: String) {
        func logit(_ row: Int, _ column: Int) -> Float { Float((7 * row + 3 * column) % 11 - 5) / 4 }
        let logits: [Float] = (0..<Self.rowCount).flatMap { row in (0..<Self.classCount).map { logit(row, $0) } }
        let labels = (0..<Self.rowCount).map { Int64(3 * $0 % Self.classCount) }
        return (
            folder.write(NPYHeader.encode(elementType: .float32, shape: [Self.rowCount, Self.classCount]) + Self.bytes(logits), "x.npy"),
            folder.write(NPYHeader.encode(elementType: .int64, shape: [Self.rowCount]) + Self.bytes(labels), "y.npy")
        )
    }

    private func evaluation(
        _ predictions: [String], labels: [String] = [], predictionName: String? = nil, labelName: String? = nil, classAxis: Int? = nil,
        threads: Int = 2, memory: Int? = nil
    ) throws(EngineError) -> Evaluation {
        var options = EvaluationOptions(
            predictionPaths: predictions, labelPaths: labels, specification: LossSpecification(task: .multiclass, input: .logits))
        options.columns.predictions = [predictionName].compactMap { $0 }
        options.columns.label = labelName
        options.columns.classAxis = classAxis
        options.threadCount = threads
        if let memory { options.maximumWindowByteCount = memory }
        return try Evaluation(options)
    }

    private static let files: [(name: String, predictions: String?, label: String?)] =
        [
            "dict.pt", "protocol-4.pt", "bf16.pt", "f16.pt", "f64.pt", "new-types.pt", "parameter.pt", "view.pt", "row-stride.pt",
            "every-second-row.pt", "transposed.pt", "transposed-part.pt", "with-others.pt", "numpy-inside.pt", "state-dict.pt",
            "no-checksum.pt", "big-endian.pt", "deflated.pt", "legacy.pt", "legacy-views.pt", "legacy-new-types.pt", "numpy-1.pkl",
            "numpy-2.pkl", "numpy-3.pkl", "numpy-4.pkl", "numpy-5.pkl", "fortran-2.pkl", "fortran-4.pkl", "fortran-5.pkl",
            "big-endian.pkl", "numpy-bf16.pkl", "numpy-others.pkl", "python-2.pkl",
        ].map { ($0, nil, nil) } + [
            ("tuple.pt", "0", "1"), ("numpy-tuple.pkl", "0", "1"), ("nested.pt", "val.logits", "val.label"),
            ("numpy-pairs.pkl", "1.0", "1.1"),
        ]

    /// Every way to store the rows gives the bits of the array, for any threads, also compressed.
    @Test(arguments: [1, 2, 3]) func sameBits(threads: Int) throws {
        let (x, y) = arrays()
        let expected = Outcome(try evaluation([x], labels: [y]))
        for (name, predictions, label) in Self.files {
            let found = try evaluation([fixture(name)], predictionName: predictions, labelName: label, threads: threads)
            // The partial says the type of the values.
            #expect(found.report.loss.meanHex == expected.meanHex && found.report.loss.sumHex == expected.sumHex, "\(name)")
            #expect(found.report.rows.scored == Self.rowCount, "\(name)")
            let single = folder.write(Framing.single.store(try content(name)), name + ".zst")
            guard !name.hasSuffix(".pt") || name.hasPrefix("legacy") else { continue }
            let compressed = try evaluation([single], predictionName: predictions, labelName: label, threads: threads)
            #expect(compressed.report.loss.meanHex == expected.meanHex, "\(name) in zstd")
        }
        let time = try evaluation([fixture("time-axis.pt")], classAxis: 1, threads: threads)
        #expect(time.report.loss.meanHex == expected.meanHex)
    }

    /// Predictions, and labels, of their own: as one tensor, one array, and by name out of several files.
    @Test func companions() throws {
        let (x, y) = arrays()
        let expected = try evaluation([x], labels: [y]).report.loss.meanHex
        for name in ["tensor.pt", "legacy-tensor.pt", "numpy-array.pkl"] {
            #expect(try evaluation([fixture(name)], labels: [y]).report.loss.meanHex == expected, "\(name)")
        }
        for name in ["dict.pt", "numpy-2.pkl", "every-second-row.pt", "legacy.pt"] {
            #expect(try evaluation([x], labels: [fixture(name)], labelName: "label").report.loss.meanHex == expected, "\(name)")
        }
        #expect(try evaluation([fixture("nested.pt")], labels: [y], predictionName: "val.logits").report.loss.meanHex == expected)
        // A name that leaves a doubt is asked for.
        let error = #expect(throws: EngineError.self) { _ = try evaluation([fixture("tuple.pt")], labels: [y]) }
        #expect(error?.description.contains("0, 1") == true, "\(String(describing: error))")
    }

    /// What is refused, with the words of the error.
    @Test func refused() throws {
        let expected = try JSONDecoder().decode(
            [String: [String]].self, from: Data(contentsOf: Self.fixtures.appending(path: "refused/expected.json")))
        #expect(expected.count >= 18)
        for (name, words) in expected.sorted(by: { $0.key < $1.key }) {
            let error = #expect(throws: EngineError.self, "\(name)") { () throws in
                _ = try evaluation([fixture("refused/" + name)], predictionName: "logits", labelName: "label")
            }
            for word in words { #expect(error?.description.contains(word) == true, "\(name): \(String(describing: error))") }
            #expect(error?.category == .data && error?.description.contains(name) == true, "\(name): \(String(describing: error))")
        }
    }

    /// The memory that a text of bytes takes is bounded.
    @Test func textsOfBytesAreBounded() throws {
        #expect(try evaluation([fixture("numpy-2.pkl")], memory: 1200).report.rows.scored == Self.rowCount)
        let error = #expect(throws: EngineError.self) { _ = try evaluation([fixture("numpy-2.pkl")], memory: 1199) }
        #expect(error?.description.contains("1200 bytes is stored as text") == true, "\(String(describing: error))")
    }

    // MARK: Damage

    /// An archive cut anywhere is an error; one with bits flipped is an error, or gives the right result.
    @Test func seededDamageOfArchives() throws {
        let (x, y) = arrays()
        let expected = try evaluation([x], labels: [y]).report.loss.meanHex
        var random = SplitMix64(seed: 1507)
        for name in ["dict.pt", "row-stride.pt", "numpy-inside.pt"] {
            let whole = try content(name)
            for _ in 0..<60 {
                let end = Int.random(in: 0..<whole.count, using: &random)
                let path = folder.write(Array(whole[..<end]), "cut.pt")
                #expect(throws: EngineError.self, "\(name), cut at \(end)") { _ = try evaluation([path]) }
            }
            var refusedCount = 0
            for _ in 0..<400 {
                var damaged = whole
                let place = Int.random(in: damaged.indices, using: &random)
                damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                let path = folder.write(damaged, "flipped.pt")
                do throws(EngineError) {
                    #expect(try evaluation([path]).report.loss.meanHex == expected, "\(name), byte \(place)")
                } catch {
                    refusedCount += 1
                }
            }
            #expect(refusedCount > 100, "\(name)")
        }
    }

    /// Files without checksums, cut or with bits flipped, are errors or evaluated, whatever their values then are.
    @Test func seededDamageOfPickles() throws {
        var random = SplitMix64(seed: 1508)
        for name in ["legacy.pt", "numpy-2.pkl", "numpy-4.pkl", "fortran-5.pkl", "python-2.pkl"] {
            let whole = try content(name)
            for _ in 0..<40 {
                let end = Int.random(in: 0..<whole.count, using: &random)
                let path = folder.write(Array(whole[..<end]), "cut")
                #expect(throws: EngineError.self, "\(name), cut at \(end)") { _ = try evaluation([path]) }
            }
            for _ in 0..<300 {
                var damaged = whole
                damaged[Int.random(in: damaged.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                let path = folder.write(damaged, "flipped")
                do throws(EngineError) {
                    let report = try evaluation([path]).report
                    #expect(report.rows.read <= 2 * Self.rowCount, "\(name)")
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }

    // MARK: Other commands

    @Test func packing() throws {
        let (x, y) = arrays()
        let expected = try evaluation([x], labels: [y]).report.loss.meanHex
        for name in ["dict.pt", "row-stride.pt", "transposed.pt", "numpy-2.pkl", "legacy.pt"] {
            try pack(fixture(name), folder[name + ".npy.zst"])
            var options = PackingOptions(inputPath: fixture(name), outputPath: folder[name + "-labels.npy.zst"])
            options.part = .labels
            try Packing(options).output.commit()
            let packed = try evaluation([folder[name + ".npy.zst"]], labels: [folder[name + "-labels.npy.zst"]])
            #expect(packed.report.loss.meanHex == expected, "\(name)")
        }
    }

    @Test func inspection() throws {
        let file = try Inspection(path: fixture("row-stride.pt"))
        #expect(file.format == "pytorch" && file.isShardable)
        let logits = try #require(file.columns?.first)
        #expect(logits.name == "logits" && logits.elementType == "f4" && logits.shape == [60, 5] && logits.strides == [9, 1])
        #expect(logits.place == "storage 0 from element 29 on" && logits.examples?.count == 5)
        let names = ["torch._utils._rebuild_tensor_v2", "torch.FloatStorage", "collections.OrderedDict", "torch.LongStorage"]
        #expect(file.callables?.map(\.name) == names)
        let tensor = try Inspection(path: fixture("tensor.pt"))
        #expect(tensor.shape == [60, 5] && tensor.strides == [5, 1] && tensor.place == "storage 0" && tensor.hasChecksums == true)
        #expect(try Inspection(path: fixture("no-checksum.pt")).columns?.first?.place == "storage 0, without a checksum")
        let pickle = try Inspection(path: fixture("numpy-others.pkl"))
        #expect(pickle.format == "pickle")
        #expect(pickle.columns?.first { $0.name == "objects" }?.problem?.description.contains("Python objects") == true)
        // What is refused elsewhere is shown with its names.
        for name in ["refused/system.pt", "refused/system.pkl", "refused/system-legacy.pt"] {
            let hostile = try Inspection(path: fixture(name))
            #expect(hostile.callables?.filter { !$0.isRead }.map(\.name) == ["posix.system"], "\(name)")
            #expect(hostile.columns?.map(\.name) == ["logits", "label"], "\(name)")
        }
    }
}
