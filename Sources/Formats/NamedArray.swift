/// An array of an archive that holds several: `.safetensors`.
public struct NamedArray: Sendable, Equatable {
    /// As the archive has it.
    public let name: String
    /// The type: `ElementType.name`, or where it is not read the archive's own, fit for messages.
    public let typeName: String
    /// Dimensions, outermost first.
    public let shape: [Int]
    private let content: Result<ArrayLayout, FormatError>

    /// An array that can be read.
    init(name: String, layout: ArrayLayout) {
        self.name = name
        typeName = layout.elementType.name
        shape = layout.shape
        content = .success(layout)
    }

    /// An array that is there and sound, but of a type that is not read.
    init(name: String, typeName: String, shape: [Int], reason: FormatError) {
        self.name = name
        self.typeName = typeName
        self.shape = shape
        content = .failure(reason)
    }

    /// Where its numbers lie, and what they are.
    ///
    /// - Throws: `FormatError` of kind `.elementType`, with the remedy, where the type is not read: for where this array is wanted.
    public func layout() throws(FormatError) -> ArrayLayout { try content.get() }
}
