import Foundation
import SeededRandom

/// `.npy` files, written from NumPy's description of the format.
enum NPYFixture {
    /// Header of version 1.0, padded so that the data begin at a multiple of 64 bytes.
    static func header(_ descr: String, _ shape: [Int], fortranOrder: Bool = false) -> Data {
        let shapeText = shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
        var text = "{'descr': '\(descr)', 'fortran_order': \(fortranOrder ? "True" : "False"), 'shape': \(shapeText), }"
        while (10 + text.utf8.count + 1) % 64 != 0 { text += " " }
        text += "\n"
        return Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count & 0xFF), UInt8(text.utf8.count >> 8)]) + Data(text.utf8)
    }

    static func floats(_ values: [Float], columns: Int? = nil) -> Data {
        header("<f4", shape(values.count, columns)) + raw(values.map { $0.bitPattern.littleEndian })
    }

    static func doubles(_ values: [Double], columns: Int? = nil) -> Data {
        header("<f8", shape(values.count, columns)) + raw(values.map { $0.bitPattern.littleEndian })
    }

    static func labels(_ values: [UInt8]) -> Data { header("|u1", [values.count]) + Data(values) }

    static func wideLabels(_ values: [Int64]) -> Data { header("<i8", [values.count]) + raw(values.map { $0.littleEndian }) }

    private static func shape(_ count: Int, _ columns: Int?) -> [Int] { columns.map { [count / $0, $0] } ?? [count] }

    private static func raw(_ values: [some FixedWidthInteger]) -> Data { values.withUnsafeBytes { Data($0) } }
}

/// Six rows of three logits with their labels, for tests in which the numbers do not matter.
enum SmallDump {
    static let logits: [Float] = [0.5, -1, 2, 3, 0, -2.25, 1, 1, 1, -4, 8, 0.125, 0, 0.75, -0.5, 6, 5, 4]
    static let labels: [UInt8] = [2, 0, 1, 1, 0, 2]

    /// Writes p.npy and y.npy.
    static func write(to scratch: Scratch) throws {
        try scratch.write("p.npy", NPYFixture.floats(logits, columns: 3))
        try scratch.write("y.npy", NPYFixture.labels(labels))
    }

    static let task = ["--task", "multiclass", "--input", "logits"]
    static let eval = ["eval", "p.npy", "--labels", "y.npy"] + task
}

/// Logits and labels of any size, by a seed.
enum RandomDump {
    static func logits(rows: Int, columns: Int, seed: UInt64) -> [Float] {
        var random = SplitMix64(seed: seed)
        return (0..<rows * columns).map { _ in Float(Int64(truncatingIfNeeded: random.next()) >> 40) / 0x10_0000 }
    }

    static func labels(rows: Int, classes: Int, seed: UInt64) -> [UInt8] {
        var random = SplitMix64(seed: seed)
        return (0..<rows).map { _ in UInt8(random.next() % UInt64(classes)) }
    }
}
