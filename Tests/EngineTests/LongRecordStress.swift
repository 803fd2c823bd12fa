import Container
import Elements
import Engine
import Formats
import Scoring
import SeededRandom
import Testing

/// Times and memory that must not grow faster than the input.
@Suite(.serialized) struct LongRecordStress {
    /// A source that gives its bytes in small pieces, once and in order, as a pipe does.
    private final class Trickle: ByteSource, @unchecked Sendable {
        let name: String
        private let bytes: [UInt8]
        private let pieceByteCount: Int

        init(_ name: String, _ bytes: [UInt8], pieceByteCount: Int) { (self.name, self.bytes, self.pieceByteCount) = (name, bytes, pieceByteCount) }

        var byteCount: Int? { nil }
        var access: ByteAccess { .sequential }

        func read(
            at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
        ) throws(ByteSourceError) -> Int {
            let count = min(buffer.count, pieceByteCount, bytes.count - byteOffset)
            bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[byteOffset..<byteOffset + count])) }
            return count
        }
    }

    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        let duration = try clock.measure(body)
        return Double(duration.components.seconds) + 1e-18 * Double(duration.components.attoseconds)
    }

    /// A record of 40 MiB in pieces of 64 KiB was copied for every piece: half a minute.
    @Test func longRecordsInPieces() throws {
        let long = "{\"p\":[0.5,0.5],\"label\":0,\"x\":\"\(String(repeating: "a", count: 40 << 20))\"}\n"
        let bytes = Array(("{\"p\":[0.5,0.5],\"label\":1}\n" + long + long).utf8)
        var options = EvaluationOptions(
            predictionPaths: ["t"], labelPaths: [], specification: LossSpecification(task: .multiclass, input: .probabilities))
        options.columns.predictions = ["p"]
        options.columns.label = "label"
        options.byteSources["t"] = MemorySource(name: "t", bytes: bytes)
        func evaluate(_ options: EvaluationOptions) throws { #expect(try Evaluation(options).report.rows.read == 3) }
        let whole = try seconds { try evaluate(options) }
        options.byteSources["t"] = Trickle("t", bytes, pieceByteCount: 64 << 10)
        let pieces = try seconds { try evaluate(options) }
        #expect(pieces < 10 * whole + 2, "\(pieces) s in pieces, \(whole) s as a whole")
    }

    /// A look at the first rows of each of many tensors read the rest of the file for each.
    @Test func manyTensors() throws {
        func file(_ count: Int) throws -> Double {
            let folder = TemporaryFolder()
            var header = "{"
            for index in 0..<count {
                header += "\(index > 0 ? "," : "")\"t\(index)\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[\(4 * index),\(4 * index + 4)]}"
            }
            header += "}"
            let bytes =
                withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8)
                + [UInt8](repeating: 0, count: 4 * count)
            let path = folder.write(bytes, "t.safetensors")
            return try seconds { _ = try Inspection(path: path) }
        }
        let few = try file(10_000), many = try file(80_000)
        #expect(many < 24 * few + 1, "\(few) s for 10,000, \(many) s for 80,000")
    }
}
