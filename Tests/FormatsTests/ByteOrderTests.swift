import Formats
import Testing

@Suite("Swapping bytes")
struct ByteOrderTests {
    @Test("Each element is reversed, at any length and alignment, and nothing beside it is touched", arguments: [1, 2, 4, 8])
    func swap(elementByteCount: Int) {
        // Lengths around those that vector loops take at once.
        for byteCount in Array(0...70) + [255, 256, 257, 1000] {
            for displacement in [0, 1, 3] {
                var bytes = (0..<(displacement + byteCount + 9)).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
                var wanted = bytes
                for element in 0..<(byteCount / elementByteCount) {
                    let start = displacement + element * elementByteCount
                    wanted[start..<(start + elementByteCount)].reverse()
                }
                bytes.withUnsafeMutableBytes {
                    ByteOrder.swapInPlace(
                        UnsafeMutableRawBufferPointer(rebasing: $0[displacement..<(displacement + byteCount)]),
                        elementByteCount: elementByteCount)
                }
                #expect(bytes == wanted, "\(byteCount) bytes, displaced by \(displacement)")
            }
        }
        ByteOrder.swapInPlace(UnsafeMutableRawBufferPointer(start: nil, count: 0), elementByteCount: elementByteCount)
    }
}
