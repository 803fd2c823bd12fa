/// A named column beside the predictions of a block: values as they are stored, row by row, in the machine's byte order.
///
/// The bytes are valid only as long as the block is.
public struct CompanionValues {
    /// The role or name of the column, such as "tokens".
    public let name: String
    /// `rowByteCount` bytes for each row of the block, at any alignment.
    public let bytes: UnsafeRawPointer
    /// The number of bytes of one row.
    public let rowByteCount: Int
    /// The type of an element as NumPy names it, without a byte order: "i8", "u8", "f8".
    public let elementName: String
    /// The values whose hashes the rows hold, each a `UInt64` at the beginning of its row; nil for a column of numbers.
    public let hashedValues: HashedValues?

    /// Describes a column; nothing is copied.
    public init(
        name: String, bytes: UnsafeRawPointer, rowByteCount: Int, elementName: String, hashedValues: HashedValues? = nil
    ) {
        self.name = name
        self.bytes = bytes
        self.rowByteCount = rowByteCount
        self.elementName = elementName
        self.hashedValues = hashedValues
    }
}
