import Container
import Elements
import Engine
import Formats

/// A dump whose rows are computed from their numbers, so that any row can be made by itself.
struct GeneratedDump: Sendable {
    var seed: UInt64 = 1
    var rowCount = 20_011
    var classCount = 7

    /// The number of groups that rows belong to.
    static let groupCount = 5

    /// One of the things that a row has.
    enum Field: String, Sendable, CaseIterable {
        /// Logits of Float32, one a class, in [-8, 8).
        case predictions
        /// A class of Int64.
        case labels
        /// A group of UInt8.
        case group

        var elementType: ElementType {
            switch self {
            case .predictions: .float32
            case .labels: .int64
            case .group: .uint8
            }
        }

        var column: ColumnLayout { ColumnLayout(name: rawValue, elementType: elementType) }
    }

    func valuesPerRow(_ field: Field) -> Int { field == .predictions ? classCount : 1 }
    func rowByteCount(_ field: Field) -> Int { valuesPerRow(field) * field.elementType.byteCount }

    func logit(_ row: Int, _ index: Int) -> Float { Float(Int16(truncatingIfNeeded: word(0, row * classCount + index))) / 4096 }
    func label(_ row: Int) -> Int64 { Int64(word(1, row) % UInt64(classCount)) }
    func group(_ row: Int) -> UInt8 { UInt8(word(2, row) % UInt64(Self.groupCount)) }

    /// SplitMix64's output for a number of a stream.
    private func word(_ stream: UInt64, _ index: Int) -> UInt64 {
        // Wrapping: a hash.
        var z = (seed &* 4 &+ stream) &* 0xD129_0B75_F4C2_9B27 &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Writes what some rows have, in the machine's byte order.
    func write(_ field: Field, _ rows: Range<Int>, to bytes: UnsafeMutableRawPointer) {
        var place = bytes
        func append(_ value: some BitwiseCopyable) {
            place.storeBytes(of: value, as: type(of: value))
            place += MemoryLayout.size(ofValue: value)
        }
        for row in rows {
            switch field {
            case .predictions: for index in 0..<classCount { append(logit(row, index)) }
            case .labels: append(label(row))
            case .group: append(group(row))
            }
        }
    }

    /// Writes what some rows have to the beginning of a buffer.
    func write(_ field: Field, _ rows: Range<Int>, to buffer: ByteBuffer) {
        buffer.reserve(rows.count * rowByteCount(field))
        write(field, rows, to: buffer.base)
    }

    /// The `.npy` file of a field.
    func npy(_ field: Field) -> [UInt8] {
        let shape = field == .predictions ? [rowCount, classCount] : [rowCount]
        var rows = [UInt8](repeating: 0, count: rowCount * rowByteCount(field))
        rows.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { write(field, 0..<rowCount, to: base) }
        }
        return NPYHeader.encode(elementType: field.elementType, shape: shape) + rows
    }

    /// A table of the logits and the labels.
    func csv() -> [UInt8] {
        var text = (0..<classCount).map { "p_\($0)," }.joined() + "label\n"
        for row in 0..<rowCount { text += (0..<classCount).map { "\(logit(row, $0))," }.joined() + "\(label(row))\n" }
        return Array(text.utf8)
    }
}
