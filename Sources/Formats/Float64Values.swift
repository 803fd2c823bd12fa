public import Elements

/// Conversion of numbers of any element type to Float64, for soft labels and weights.
public enum Float64Values {
    /// Converts `count` numbers that are in this machine's byte order. O(count).
    ///
    /// The conversion is exact for every type, except that `int64` and `uint64` beyond ±2^53 round to the nearest Float64, ties to even. A
    /// NaN stays a NaN. A `bool` gives its byte. A byte other than 0 and 1, which no Boolean has, keeps its value, so that a range check
    /// finds it.
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

    /// Converts the number at `index`, as `convert` does. For single values; `convert` is faster for a block of them.
    ///
    /// Unsafe: `source` holds more than `index` elements.
    public static func value(_ source: UnsafeRawPointer, elementType: ElementType, at index: Int) -> Double {
        var value = 0.0
        convert(source + index * elementType.byteCount, elementType: elementType, count: 1, into: &value)
        return value
    }

    /// Converts the elements of one stored type. The closure is inlined and the loop vectorised.
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
