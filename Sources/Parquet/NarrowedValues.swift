internal import Elements

// A column may hold values that were narrower before: Parquet has no bfloat16 and no integers of a byte, and many readers have no Float16.
// The file's metadata say the type, and the values are handed over in it again.

extension ColumnPage {
    /// Copies values in the type that they are handed over in, from the value at `start` on. O(values).
    ///
    /// A value of a narrowed column that its type cannot hold sets `hasWideValue`.
    ///
    /// Unsafe: `target` has room for `count` elements of `column.elementType`, or stored values if it is nil.
    package func copyElements(_ column: ParquetColumn, from start: Int, count: Int, into target: UnsafeMutableRawPointer) {
        switch column.narrowType {
        case .bfloat16?: narrowToBFloat16(start, count, target)
        case .float16?: narrowToFloat16(start, count, target)
        case .uint8?: narrowToByte(start, count, target)
        default: copyStoredValues(from: start, count: count, byteCount: column.byteCount, into: target)
        }
    }

    private func narrowToBFloat16(_ start: Int, _ count: Int, _ target: UnsafeMutableRawPointer) {
        // The upper half of a Float32: two of its four planes, if they lie apart. The lower half of each value is 0.
        if copyUpperPlanes(from: start, count: count, into: target) { return }
        let source = values(from: start, count: count, byteCount: 4)
        var lower: UInt32 = 0
        for index in 0..<count {
            let bits = source.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
            lower |= bits & 0xFFFF
            target.storeBytes(of: UInt16(truncatingIfNeeded: bits >> 16), toByteOffset: 2 * index, as: UInt16.self)
        }
        if lower != 0 { hasWideValue = true }
    }

    private func narrowToByte(_ start: Int, _ count: Int, _ target: UnsafeMutableRawPointer) {
        if copyLowestPlane(from: start, count: count, into: target) { return }
        let source = values(from: start, count: count, byteCount: 4)
        var upper: UInt32 = 0
        for index in 0..<count {
            let bits = source.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
            upper |= bits >> 8
            target.storeBytes(of: UInt8(truncatingIfNeeded: bits), toByteOffset: index, as: UInt8.self)
        }
        if upper != 0 { hasWideValue = true }
    }

    private func narrowToFloat16(_ start: Int, _ count: Int, _ target: UnsafeMutableRawPointer) {
        let source = values(from: start, count: count, byteCount: 4)
        var difference: UInt32 = 0
        for index in 0..<count {
            let bits = source.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
            let narrow = Self.float16Bits(of: bits)
            difference |= Float(float16Bits: narrow).bitPattern ^ bits
            target.storeBytes(of: narrow, toByteOffset: 2 * index, as: UInt16.self)
        }
        if difference != 0 { hasWideValue = true }
    }

    /// Returns the binary16 that has the value of a Float32; any bits if there is none. Integer arithmetic and selects alone, so that vectors
    /// do it.
    @inline(__always)
    private static func float16Bits(of bits: UInt32) -> UInt16 {
        let magnitude = bits & 0x7FFF_FFFF
        // The exponent's bias is 127 there and 15 here. Wrapping: the result is used only where the difference is positive.
        let normal = (magnitude &- (112 << 23)) >> 13
        let special = magnitude >> 13 & 0x3FF | 0x7C00
        // A whole number of 2^-24, if the value is below the normal ones: at most 1,024, so that the conversion is exact for those.
        let small = Float(bitPattern: min(magnitude, 0x3880_0000)) * 0x1p24
        let subnormal = UInt32(bitPattern: Int32(small))
        let absolute = magnitude < 0x3880_0000 ? subnormal : magnitude < 0x7F80_0000 ? normal : special
        return UInt16(truncatingIfNeeded: absolute) | UInt16(truncatingIfNeeded: bits >> 16 & 0x8000)
    }
}
