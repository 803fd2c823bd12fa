internal import Elements

/// An array of an archive that holds several, such as a `.safetensors` file.
public struct NamedArray: Sendable, Equatable {
    /// The array's name in the archive.
    public let name: String
    /// The name of the type: `ElementType.name`, or for a type that is not read the archive's own name, escaped for messages.
    public let typeName: String
    /// The dimensions, outermost first.
    public let shape: [Int]
    private let content: Result<ArrayLayout, FormatError>

    /// Makes an array that can be read.
    init(name: String, layout: ArrayLayout) {
        self.name = name
        typeName = layout.elementType.name
        shape = layout.shape
        content = .success(layout)
    }

    /// Makes an array that is sound, but of a type that is not read.
    init(name: String, typeName: String, shape: [Int], reason: FormatError) {
        self.name = name
        self.typeName = typeName
        self.shape = shape
        content = .failure(reason)
    }

    /// Returns the place, type and shape of the numbers.
    ///
    /// - Throws: `FormatError` of kind `.elementType`, with the remedy, if the type is not read. An archive with such an array can be
    ///   opened all the same.
    public func layout() throws(FormatError) -> ArrayLayout { try content.get() }
}
