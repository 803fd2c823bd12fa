internal import Elements
internal import Messages

/// An array in a pickle: a tensor of PyTorch, or an array of NumPy.
public struct PickledArray: Sendable {
    /// The place of an array's elements.
    public enum Content: Sendable, Equatable {
        /// The elements are these bytes of the file that holds the pickle.
        case bytes(Range<Int>)
        /// The elements are these bytes of the file after decoding from UTF-8 to one byte a character.
        case text(Range<Int>, decodedByteCount: Int)
        /// The elements are in a storage of PyTorch, from the element `first` on.
        case storage(key: String, byteCount: Int, first: Int)
        /// The elements are in a storage that is these bytes of the file, from the element `first` on.
        case storageBytes(Range<Int>, first: Int)
    }

    /// The type, the shape and the order of an array's elements.
    struct Description: Sendable {
        let type: Result<(elementType: ElementType, isByteSwapped: Bool), FormatError>
        let typeName: String
        let shape: [Int]
        /// The strides in elements; nil for arrays of NumPy.
        let strides: [Int]?
        let isFortranOrder: Bool
    }

    /// The keys and indices that lead to the array, with dots between them, such as `batches.0.logits`; empty if the pickle is the array.
    public let name: String
    /// The place of the elements.
    public internal(set) var content: Content
    private let description: Description

    init(name: String, _ tensor: PickleTensor) {
        self.name = name
        content = tensor.content
        description = tensor.description
    }

    /// The name of the type: `ElementType.name`, or for a type that is not read its own.
    public var typeName: String { description.typeName }
    /// The dimensions, outermost first.
    public var shape: [Int] { description.shape }
    /// The distances of neighbouring places along each dimension in elements; nil for arrays of NumPy.
    public var strides: [Int]? { description.strides }
    /// True if the first index of an array of NumPy runs fastest.
    public var isFortranOrder: Bool { description.isFortranOrder }

    /// Makes the layout of the elements. O(dimensions · log dimensions).
    ///
    /// - Parameters:
    ///   - byteOffset: the place of the content's first byte among the bytes that are read.
    ///   - isStorageByteSwapped: true if storages of PyTorch have the other order of bytes than this machine.
    /// - Throws: `FormatError` of kind `.elementType`, with the remedy, if the type is not read, and of kind `.shape` if several places
    ///   share an element.
    public func layout(at byteOffset: Int, isStorageByteSwapped: Bool = false) throws(FormatError) -> ArrayLayout {
        let (elementType, isByteSwapped) = try description.type.get()
        let first: Int
        switch content {
        case .storage(_, _, let element), .storageBytes(_, let element): first = element
        case .bytes, .text: first = 0
        }
        guard let strides else {
            return try ArrayLayout(
                elementType: elementType, isByteSwapped: isByteSwapped, isFortranOrder: isFortranOrder, shape: shape,
                dataByteOffset: byteOffset, subject: subject, shapeByteOffset: nil)
        }
        // The reader has held the place of the first element against the storage, so that neither product nor sum overflows.
        return try ArrayLayout(
            elementType: elementType, isByteSwapped: isStorageByteSwapped && elementType.byteCount > 1, shape: shape, strides: strides,
            dataByteOffset: byteOffset + first * elementType.byteCount, subject: subject)
    }

    private var subject: String { name.isEmpty ? "array" : "array \(QuotedBytes.text(name.utf8))" }
}

/// The arrays of a pickle, and what it names.
public struct PickledArrays: Sendable {
    /// A callable that a pickle names.
    public struct Callable: Sendable, Equatable {
        /// The module and the name as they are written, such as `torch._utils._rebuild_tensor_v2`.
        public let name: String
        /// The place of the first opcode that names it, in bytes.
        public let byteOffset: Int
        /// True if it is one of those that are read.
        public let isRead: Bool
    }

    /// The arrays with their names, in the order in which the pickle holds them.
    public internal(set) var arrays: [PickledArray] = []
    /// The callables, each once, in the order in which they are named. None is ever called.
    public internal(set) var callables: [Callable] = []
    /// True if the pickle is one array, which has no name.
    public internal(set) var isOneArray = false
    /// True if the file is one of PyTorch's, and not a pickle by itself.
    public internal(set) var isPyTorch = false
    /// The number of bytes of the file up to the end of the last pickle, or of the last storage after it.
    public internal(set) var endByteOffset = 0
    /// True if storages have the other order of bytes than this machine, as the old format says it.
    public internal(set) var areStoragesByteSwapped = false
}
