/// The parts that have a meaning for floating-point types alone.
extension ElementType {
    /// The floating-point types, which are those that predictions can have.
    public static let floatingPointTypes: [ElementType] = [.float16, .bfloat16, .float32, .float64]

    /// The distance from 1 to the next number of the type: NumPy's `finfo(dtype).eps`.
    ///
    /// - Precondition: the type is floating point.
    public var epsilon: Double {
        switch self {
        case .float16: 0x1p-10
        case .bfloat16: 0x1p-7
        case .float32: 0x1p-23
        case .float64: 0x1p-52
        default: preconditionFailure("\(name) is not a floating-point type")
        }
    }

    /// Reads the element at `index`, exactly; a NaN stays a NaN. For single values: the type is looked at each time.
    ///
    /// Unsafe: `values` holds more than `index` elements, at any alignment, in this machine's byte order.
    ///
    /// - Precondition: the type is floating point.
    @inlinable
    public func value(_ values: UnsafeRawPointer, at index: Int) -> Double {
        switch self {
        case .float16: Double(Float(float16Bits: values.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
        case .bfloat16: Double(Float(bfloat16Bits: values.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
        case .float32: Double(values.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
        case .float64: values.loadUnaligned(fromByteOffset: 8 * index, as: Double.self)
        default: preconditionFailure("\(name) is not a floating-point type")
        }
    }
}
