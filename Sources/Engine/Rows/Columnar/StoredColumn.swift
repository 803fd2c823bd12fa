internal import Elements

/// A column of values of a columnar file, whatever its format.
struct StoredColumn: Sendable {
    /// The index among the file's columns of values.
    let index: Int
    /// The dotted path without the names that lists have inside: `output.logits`.
    let name: String
    /// The type of the values once they are read; nil if they are no binary numbers of a type that has a name.
    let elementType: ElementType?
    /// True if values are whole numbers of a power of ten, which become `Float64`.
    let isDecimal: Bool
    /// True if values are bytes of any number.
    let isBytes: Bool
    /// True if values are known to be text.
    let isText: Bool
    /// True if values are texts, or bytes whose file gives them no other meaning, such as BSON.
    let isTextOrPlainBytes: Bool
    /// The number of lists around a value.
    let listDepth: Int
    /// The number of bytes of a value once it is read; 0 if they differ.
    let byteCount: Int
    /// The type in words, such as "float32", "list of float32".
    let typeText: String
    /// False if the file says that no value is null.
    let mayBeNull: Bool

    /// True if values are numbers, decimals among them, or truth values.
    var isNumber: Bool { isDecimal || elementType != nil }
    /// True if values are whole numbers, and no truth values.
    var isInteger: Bool { elementType.map { !$0.isFloatingPoint && $0 != .bool } ?? false }
    /// True if a row may hold any number of values.
    var isRepeated: Bool { listDepth > 0 }
}
