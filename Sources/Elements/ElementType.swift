/// The type of one stored number.
///
/// Names follow Swift's; `name` gives the short form that NumPy's users know (`f4` is a 4-byte float).
public enum ElementType: String, Sendable, CaseIterable {
    /// Floating-point types: IEEE 754 binary16, bfloat16, IEEE 754 binary32 and binary64.
    case float16, bfloat16, float32, float64
    /// Signed integers in two's complement.
    case int8, int16, int32, int64
    /// Unsigned integers.
    case uint8, uint16, uint32, uint64
    /// NumPy's Boolean: one byte that is 0 or 1.
    case bool

    /// The number of bytes in one element of the file: 1, 2, 4 or 8.
    public var byteCount: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    /// True if elements are binary floating point, so that a value may be a fraction, infinite or NaN.
    public var isFloatingPoint: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        default: false
        }
    }

    /// The short name for messages and `inspect`: kind and byte count as NumPy writes them (`f4`, `i8`, `u1`), besides `bf16` and `bool`.
    public var name: String {
        switch self {
        case .float16: "f2"
        case .bfloat16: "bf16"
        case .float32: "f4"
        case .float64: "f8"
        case .int8: "i1"
        case .int16: "i2"
        case .int32: "i4"
        case .int64: "i8"
        case .uint8: "u1"
        case .uint16: "u2"
        case .uint32: "u4"
        case .uint64: "u8"
        case .bool: "bool"
        }
    }
}
