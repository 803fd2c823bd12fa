package import Elements

/// A number that arrays in memory can be made of: predictions of `Float`, `Double` and `Float16`, labels of any of these and of integers.
public protocol ArrayNumber: BitwiseCopyable, Sendable {
    /// The type's name as NumPy has it, without a byte order, such as "f4" for `Float`.
    static var elementName: String { get }
}

extension Float: ArrayNumber {
    public static var elementName: String { "f4" }
}
extension Double: ArrayNumber {
    public static var elementName: String { "f8" }
}
// Macs with Intel processors have no Float16.
#if !(os(macOS) && arch(x86_64))
extension Float16: ArrayNumber {
    public static var elementName: String { "f2" }
}
#endif
extension Int8: ArrayNumber {
    public static var elementName: String { "i1" }
}
extension Int16: ArrayNumber {
    public static var elementName: String { "i2" }
}
extension Int32: ArrayNumber {
    public static var elementName: String { "i4" }
}
extension Int64: ArrayNumber {
    public static var elementName: String { "i8" }
}
extension Int: ArrayNumber {
    public static var elementName: String { "i\(MemoryLayout<Int>.size)" }
}
extension UInt8: ArrayNumber {
    public static var elementName: String { "u1" }
}
extension UInt16: ArrayNumber {
    public static var elementName: String { "u2" }
}
extension UInt32: ArrayNumber {
    public static var elementName: String { "u4" }
}
extension UInt64: ArrayNumber {
    public static var elementName: String { "u8" }
}
extension Bool: ArrayNumber {
    public static var elementName: String { "bool" }
}

extension ArrayNumber {
    /// The element type; nil if no type has this name and this size.
    package static var elementType: ElementType? {
        ElementType.allCases.first { $0.name == elementName && $0.byteCount == MemoryLayout<Self>.size }
    }
}
