import Elements
import Formats
import Messages
import Outputs
import Scoring
import SeededRandom
import Testing

@testable import Engine

/// Files of llama.cpp's --kl-divergence-base, against the same log-probabilities in `.npy`.
@Suite struct LlamaCppTests {
    private let folder = TemporaryFolder()

    /// A base of random numbers, the log-probabilities that they stand for, and the tokens that follow.
    private struct Base {
        let file: [UInt8]
        let values: [Double]
        let labels: [Int32]
        let vocabularyCount: Int

        init(contextTokenCount: Int, vocabularyCount: Int, chunkCount: Int, seed: UInt64) {
            var random = SplitMix64(seed: seed)
            func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
            let tokens = (0..<chunkCount * contextTokenCount).map { _ in Int32.random(in: 0..<Int32(vocabularyCount), using: &random) }
            var file = LlamaCppBase.magic + bytes([contextTokenCount, vocabularyCount, chunkCount].map { Int32($0) }) + bytes(tokens)
            var values: [Double] = []
            var labels: [Int32] = []
            for chunk in 0..<chunkCount {
                for row in 0..<contextTokenCount - 1 - contextTokenCount / 2 {
                    let (scale, least) = (Float.random(in: 1e-5...1.5e-4, using: &random), Float.random(in: -24...(-10), using: &random))
                    let numbers = (0..<vocabularyCount).map { _ in UInt16.random(in: 0...UInt16.max, using: &random) }
                    file += bytes([scale, least]) + bytes(numbers) + (vocabularyCount.isMultiple(of: 2) ? [] : [0xAB, 0xCD])
                    values += numbers.map { Double(scale) * Double($0) + Double(least) }
                    labels.append(tokens[chunk * contextTokenCount + contextTokenCount / 2 + 1 + row])
                }
            }
            (self.file, self.values, self.labels, self.vocabularyCount) = (file, values, labels, vocabularyCount)
        }
    }

    private func evaluation(
        _ predictions: String, labels: String? = nil, task: LossTask = .multiclass, input: PredictionInput = .logProbabilities, threads: Int = 2
    ) throws(EngineError) -> Evaluation {
        var options = EvaluationOptions(
            predictionPaths: [predictions], labelPaths: [labels].compactMap { $0 },
            specification: LossSpecification(task: task, input: input))
        options.threadCount = threads
        return try Evaluation(options)
    }

    /// Every bit is that of the numbers as an array: for odd and even vocabularies, for rows that are cut by reads, for any threads.
    @Test(arguments: [
        (contextTokenCount: 8, vocabularyCount: 11, chunkCount: 5), (7, 10, 3), (512, 1000, 9), (33, 70_001, 2), (4, 1, 2),
    ]) func sameBits(contextTokenCount: Int, vocabularyCount: Int, chunkCount: Int) throws {
        let base = Base(contextTokenCount: contextTokenCount, vocabularyCount: vocabularyCount, chunkCount: chunkCount, seed: 31)
        func bytes<Value>(_ values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }
        let shape = [base.labels.count, vocabularyCount]
        let x = folder.write(NPYHeader.encode(elementType: .float64, shape: shape) + bytes(base.values), "x.npy")
        let y = folder.write(NPYHeader.encode(elementType: .int32, shape: [base.labels.count]) + bytes(base.labels), "y.npy")
        let path = folder.write(base.file, "base.kld")
        let expected = Outcome(try evaluation(x, labels: y))
        for threads in [1, 3] {
            #expect(Outcome(try evaluation(path, threads: threads)) == expected, "\(threads) threads")
            #expect(Outcome(try evaluation(path, labels: y, threads: threads)) == expected, "\(threads) threads, other labels")
        }
        try pack(path, folder["packed.npy.zst"])
        #expect(Outcome(try evaluation(folder["packed.npy.zst"], labels: y)) == expected, "packed")
    }

    @Test func inspection() throws {
        let base = Base(contextTokenCount: 8, vocabularyCount: 11, chunkCount: 5, seed: 32)
        let file = try Inspection(path: folder.write(base.file, "base.kld"))
        #expect(file.format == "llama.cpp base" && file.columns?.map(\.name) == ["log_probs", "label"])
        #expect(file.columns?.map(\.shape) == [[15, 11], [15]] && file.columns?.map(\.elementType) == ["f8", "i4"])
    }

    private func expectFailure(
        _ file: [UInt8], task: LossTask = .multiclass, input: PredictionInput = .logProbabilities, says words: String...,
        at location: SourceLocation = #_sourceLocation
    ) {
        let path = folder.write(file, "bad.kld")
        let error = #expect(throws: EngineError.self, sourceLocation: location) { () throws in
            _ = try evaluation(path, task: task, input: input)
        }
        for word in words { #expect(error?.description.contains(word) == true, "\(String(describing: error))", sourceLocation: location) }
    }

    @Test func refused() throws {
        let base = Base(contextTokenCount: 8, vocabularyCount: 11, chunkCount: 5, seed: 33)
        // Two and a half chunks: what an interrupted run leaves.
        let rowByteCount = 2 * (2 * 6 + 4)
        let half = base.file.prefix(20 + 4 * 40 + 7 * rowByteCount + 5)
        expectFailure(Array(half), says: "7 rows or 2 chunks", "15 rows or 5 chunks", "interrupted")
        expectFailure(Array(base.file.prefix(15)), says: "the end of the file", "interrupted")
        expectFailure(base.file + [0], says: "damaged")
        expectFailure(base.file, input: .logits, says: "log-probabilities")
        expectFailure(base.file, task: .soft, says: "log-probabilities")
        for name in ["_logp16_", "_logp16n"] { expectFailure(Array(name.utf8) + base.file.dropFirst(8), says: name, "fork of llama.cpp") }
        for (place, value) in [(8, -1), (8, 0), (12, 0), (12, .max), (16, -1)] as [(Int, Int32)] {
            var file = base.file
            withUnsafeBytes(of: value.littleEndian) { file.replaceSubrange(place..<place + 4, with: $0) }
            expectFailure(file, says: "llama.cpp base at byte \(place)")
        }
        // A text may begin with the same letters.
        #expect(!LlamaCppBase.isPlausible(Array("_logits_0,_logits_1,label\n1,2,0\n".utf8)))
        #expect(LlamaCppBase.isPlausible(base.file))
    }

    /// Cut anywhere, and with bits flipped, it is an error or is evaluated.
    @Test func seededDamage() throws {
        let base = Base(contextTokenCount: 8, vocabularyCount: 5, chunkCount: 2, seed: 34)
        for end in stride(from: 0, to: base.file.count, by: 7) {
            let path = folder.write(Array(base.file[..<end]), "cut.kld")
            #expect(throws: EngineError.self, "cut at \(end)") { _ = try evaluation(path) }
        }
        var random = SplitMix64(seed: 35)
        for _ in 0..<200 {
            var damaged = base.file
            damaged[Int.random(in: damaged.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            let path = folder.write(damaged, "flipped.kld")
            do throws(EngineError) { #expect(try evaluation(path).report.rows.read == 6) } catch { #expect(!error.description.isEmpty) }
        }
    }
}
