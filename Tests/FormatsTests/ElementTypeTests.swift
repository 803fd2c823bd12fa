import Elements
import Testing

@Suite struct ElementTypeTests {
    @Test func floatingPointTypesAreThoseThatSaySo() {
        #expect(ElementType.floatingPointTypes == ElementType.allCases.filter(\.isFloatingPoint))
    }

    /// The bits of 1 plus 1 are the bits of the next number.
    @Test(
        arguments: [(.float16, 0x3C00), (.bfloat16, 0x3F80), (.float32, 0x3F80_0000), (.float64, 0x3FF0_0000_0000_0000)]
            as [(ElementType, UInt64)])
    func epsilonIsTheDistanceFromOneToTheNextNumber(type: ElementType, one: UInt64) {
        // One byte in front, so that the elements are not aligned.
        var bytes: [UInt8] = [0xFF]
        for bits in [one, one + 1] {
            switch type.byteCount {
            case 2: withUnsafeBytes(of: UInt16(bits)) { bytes += $0 }
            case 4: withUnsafeBytes(of: UInt32(bits)) { bytes += $0 }
            default: withUnsafeBytes(of: bits) { bytes += $0 }
            }
        }
        let (first, second) = bytes.withUnsafeBytes { (type.value($0.baseAddress! + 1, at: 0), type.value($0.baseAddress! + 1, at: 1)) }
        #expect(first == 1 && second - first == type.epsilon)
    }
}
