import Parquet
import Testing

@Suite struct DecimalNumberTests {
    private func value(_ bytes: [UInt8], scale: Int) -> Double {
        bytes.withUnsafeBytes { DecimalNumber.value($0, scale: scale) }
    }

    @Test func integers() {
        #expect(DecimalNumber.value(1, scale: 1) == 0.1)
        #expect(DecimalNumber.value(-123_456_789, scale: 6) == -123.456789)
        #expect(DecimalNumber.value(.max, scale: 18) == 9.223372036854775807)
        #expect(DecimalNumber.value(.min, scale: 0) == -0x1p63)
        #expect(DecimalNumber.value(9_007_199_254_740_993, scale: 1) == 900719925474099.3)
        #expect(DecimalNumber.value(3, scale: 40) == 3e-40)
    }

    @Test func bytes() {
        #expect(value([0x01], scale: 2) == 0.01)
        #expect(value([0xFF], scale: 2) == -0.01)
        #expect(value([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x30, 0x39], scale: 3) == 12.345)
        #expect(value([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xCF, 0xC7], scale: 3) == -12.345)
        // ±2^64 and 2^64 + 1, which are more than eight bytes.
        #expect(value([1, 0, 0, 0, 0, 0, 0, 0, 0], scale: 0) == 0x1p64)
        #expect(value([0xFF, 0, 0, 0, 0, 0, 0, 0, 0], scale: 0) == -0x1p64)
        #expect(value([1, 0, 0, 0, 0, 0, 0, 0, 1], scale: 20) == 0.18446744073709551617)
        #expect(value([], scale: 0).isNaN)
        #expect(value([1] + [UInt8](repeating: 0, count: 40), scale: 0).isNaN)
    }
}
