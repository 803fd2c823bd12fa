/// Numbers of any type as Float64: soft labels, weights.
public enum Float64Values {
    /// Converts `count` numbers in this machine's byte order. O(count).
    ///
    /// Every type is converted exactly, but for `int64` and `uint64` beyond ±2^53, which round to the nearest Float64, ties to even. A NaN
    /// stays a NaN. A `bool` gives its byte: 0 and 1, and any other byte, which no bool has, as itself, so that a range check finds it.
    ///
    /// Unsafe: `source` holds `count` elements, at any alignment; `destination` has room for `count`; they do not overlap.
    public static func convert(
        _ source: UnsafeRawPointer, elementType: ElementType, count: Int, into destination: UnsafeMutablePointer<Double>
    ) {
        switch elementType {
        case .float16: convert(source, count, destination) { (bits: UInt16) in Double(Float(float16Bits: bits)) }
        case .bfloat16: convert(source, count, destination) { (bits: UInt16) in Double(Float(bfloat16Bits: bits)) }
        case .float32: convert(source, count, destination) { (value: Float) in Double(value) }
        case .float64: convert(source, count, destination) { (value: Double) in value }
        case .int8: convert(source, count, destination) { (value: Int8) in Double(value) }
        case .int16: convert(source, count, destination) { (value: Int16) in Double(value) }
        case .int32: convert(source, count, destination) { (value: Int32) in Double(value) }
        case .int64: convert(source, count, destination) { (value: Int64) in Double(value) }
        case .uint8, .bool: convert(source, count, destination) { (value: UInt8) in Double(value) }
        case .uint16: convert(source, count, destination) { (value: UInt16) in Double(value) }
        case .uint32: convert(source, count, destination) { (value: UInt32) in Double(value) }
        case .uint64: convert(source, count, destination) { (value: UInt64) in Double(value) }
        }
    }

    /// The number at `index`, converted as `convert` does. For single values; a block of them is `convert`'s.
    ///
    /// Unsafe: `source` holds more than `index` elements.
    public static func value(_ source: UnsafeRawPointer, elementType: ElementType, at index: Int) -> Double {
        var value = 0.0
        convert(source + index * elementType.byteCount, elementType: elementType, count: 1, into: &value)
        return value
    }

    /// One loop a type: the closure is inlined, and the loop vectorised.
    @inline(__always)
    private static func convert<Stored: BitwiseCopyable>(
        _ source: UnsafeRawPointer, _ count: Int, _ destination: UnsafeMutablePointer<Double>, _ value: (Stored) -> Double
    ) {
        for index in 0..<max(count, 0) {
            // `&*` so that the loop has one exit: the offset lies within the caller's memory, hence cannot overflow.
            let byteOffset = index &* MemoryLayout<Stored>.size
            destination[index] = value(source.loadUnaligned(fromByteOffset: byteOffset, as: Stored.self))
        }
    }
}
