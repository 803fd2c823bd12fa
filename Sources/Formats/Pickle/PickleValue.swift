/// A value of a pickle while it is read. Objects that hold others are in a list of their own, so that nothing is nested in memory, however
/// deep the pickle is.
enum PickleValue {
    case none
    case truth(Bool)
    case number(Int)
    /// A value that holds no array and whose content nobody asks for, such as a float.
    case passedOver
    /// The number with which a file of PyTorch's old format begins.
    case magicNumber
    /// A text, by its index among the payloads.
    case text(UInt32)
    /// Bytes, by their index among the payloads.
    case bytes(UInt32)
    case callable(PickleCallable)
    /// An object, by its index among the objects.
    case object(UInt32)

    /// True if the value may hold an array.
    var isObject: Bool {
        if case .object = self { true } else { false }
    }
}

/// The place of a text's or of bytes' content in the file. Short texts are kept in memory as well.
struct PicklePayload {
    let byteOffset: Int
    let byteCount: Int
    /// The place of a short text in the reader's memory; -1 for others.
    let memoryOffset: Int
    /// True for the strings of Python 2, which are bytes and texts at once.
    let isBinaryString: Bool
}

/// An object of a pickle that holds other values, or that is built step by step.
enum PickleObject {
    /// A list, of whose elements only those are kept that may hold arrays, with their indices.
    case list(elements: [(index: Int, value: PickleValue)], count: Int)
    case dictionary([(key: PickleValue, value: PickleValue)])
    case tuple([PickleValue])
    case storage(PickleStorage)
    /// A tensor, or an array of NumPy, by its index among the tensors.
    case tensor(Int)
    /// An array of NumPy whose content is still to come.
    case unbuiltArray
    case arrayType(PickleArrayType)
    /// Bytes that stand in the pickle as a text of as many characters, by the index of the text's payload.
    case encodedBytes(UInt32)
    /// An object that holds no array.
    case passedOver
}

/// A storage of PyTorch: the numbers of one or several tensors.
struct PickleStorage {
    let key: String
    let type: PickledType
    /// The number of elements.
    let count: Int
}

/// A type of NumPy.
struct PickleArrayType {
    /// The type string, such as `f4`, without an order of bytes.
    var descriptor: [UInt8]
    /// The order of bytes: `<`, `>`, `=` or `|`.
    var order: UInt8
    /// True for a type of several fields.
    var hasFields: Bool
}

/// A tensor or an array as the pickle describes it.
struct PickleTensor {
    let content: PickledArray.Content
    let description: PickledArray.Description
}
