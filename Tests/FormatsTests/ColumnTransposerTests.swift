import Formats
import SeededRandom
import Testing

@Suite("Rows from columns")
struct ColumnTransposerTests {
    /// Every size from 1 × 1 to 70 × 70, of every element size, with columns at a distance and anywhere, at any alignment: the same as an
    /// element at a time, and not a byte beyond.
    @Test("Every size is the same as an element at a time", arguments: [1, 2, 4, 8])
    func everySize(elementByteCount: Int) {
        let seed: UInt64 = 61
        var random = SplitMix64(seed: seed)
        let guardByte: UInt8 = 0xA5
        for rowCount in 1...70 {
            for columnCount in 1...70 {
                let stride = rowCount * elementByteCount + Int.random(in: 0...9, using: &random)
                let shift = Int.random(in: 0...7, using: &random)
                let source = (0..<shift + stride * columnCount).map { _ in UInt8.random(in: 0...255, using: &random) }
                let byteCount = rowCount * columnCount * elementByteCount
                var expected = [UInt8](repeating: guardByte, count: shift + byteCount + 16)
                for row in 0..<rowCount {
                    for column in 0..<columnCount {
                        for byte in 0..<elementByteCount {
                            expected[shift + (row * columnCount + column) * elementByteCount + byte] =
                                source[shift + column * stride + row * elementByteCount + byte]
                        }
                    }
                }
                var strided = [UInt8](repeating: guardByte, count: expected.count)
                var scattered = strided
                source.withUnsafeBytes { source in
                    let base = source.baseAddress! + shift
                    strided.withUnsafeMutableBytes {
                        ColumnTransposer.transpose(
                            base, columnByteStride: stride, columnCount: columnCount, rowCount: rowCount,
                            elementByteCount: elementByteCount, into: $0.baseAddress! + shift)
                    }
                    let columns = (0..<columnCount).map { base + $0 * stride }
                    scattered.withUnsafeMutableBytes { target in
                        columns.withUnsafeBufferPointer {
                            ColumnTransposer.transpose(
                                $0, rowCount: rowCount, elementByteCount: elementByteCount, into: target.baseAddress! + shift)
                        }
                    }
                }
                // Not within the expectation, which would print them.
                let isSame = strided == expected && scattered == expected
                #expect(isSame, "seed \(seed): \(rowCount) rows, \(columnCount) columns of \(elementByteCount) bytes")
            }
        }
    }

    @Test("Nothing is moved where there is nothing")
    func nothing() {
        var target: [UInt8] = [7]
        for (rows, columns) in [(0, 0), (0, 3), (3, 0)] {
            target.withUnsafeMutableBytes { target in
                ColumnTransposer.transpose(
                    UnsafeRawPointer(target.baseAddress!), columnByteStride: 0, columnCount: columns, rowCount: rows, elementByteCount: 4,
                    into: target.baseAddress!)
            }
        }
        #expect(target == [7])
    }
}
