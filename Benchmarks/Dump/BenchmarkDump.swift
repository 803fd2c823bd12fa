import Container
import Foundation

/// 200,000 rows of 100 f32 logits with their labels, in seekable frames of 1 MiB: made once a process, and removed at its end.
public struct BenchmarkDump: Sendable {
    public static let rowCount = 200_000
    public static let classCount = 100
    public static let shared = BenchmarkDump()

    public let predictionsPath: String
    public let labelsPath: String
    /// Bytes of the predictions, decompressed.
    public let decodedByteCount: Int

    private init() {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("xent-benchmarks-\(getpid())")
        // A benchmark that cannot make its input has nothing to measure.
        try! FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        predictionsPath = folder.appendingPathComponent("p.npy.zst").path
        labelsPath = folder.appendingPathComponent("y.npy").path
        // Wrapping: Knuth's linear congruential generator.
        var state: UInt64 = 1
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        var content = Self.header("<f4", "(\(Self.rowCount), \(Self.classCount))")
        for _ in 0..<Self.rowCount * Self.classCount {
            // The sum of four uniform numbers is bell-shaped, as logits are.
            let value = Float(next() + next() + next() + next()) * 0x1p-31 * 6 - 12
            withUnsafeBytes(of: value.bitPattern.littleEndian) { content.append(contentsOf: $0) }
        }
        decodedByteCount = content.count
        var writer = SeekableWriter(level: 3)
        var file = Data()
        for start in stride(from: 0, to: content.count, by: 1 << 20) {
            file.append(contentsOf: try! writer.frame(of: content[start..<min(start + 1 << 20, content.count)]))
        }
        file.append(contentsOf: writer.seekTable())
        try! file.write(to: URL(fileURLWithPath: predictionsPath))
        let labels = Self.header("|u1", "(\(Self.rowCount),)") + (0..<Self.rowCount).map { _ in UInt8(next() % UInt64(Self.classCount)) }
        try! Data(labels).write(to: URL(fileURLWithPath: labelsPath))
        atexit { try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + "/xent-benchmarks-\(getpid())") }
    }

    private static func header(_ type: String, _ shape: String) -> [UInt8] {
        var text = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
        while (10 + text.utf8.count + 1) % 64 != 0 { text += " " }
        text += "\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count & 0xFF), UInt8(text.utf8.count >> 8)] + Array(text.utf8)
    }
}
