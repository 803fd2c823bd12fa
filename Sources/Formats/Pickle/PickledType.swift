internal import Elements

/// A type of numbers that PyTorch stores, by its place in a list of all of them.
struct PickledType: Equatable, Sendable {
    private let index: UInt8

    private struct Known {
        let name: String
        /// The type as it is read; nil if it is not.
        let elementType: ElementType?
        let byteCount: Int
        /// The class of its storages before the name that ends in `Storage`; nil for types that have none.
        let storage: String?

        init(_ name: String, _ elementType: ElementType?, _ byteCount: Int, _ storage: String?) {
            self.name = name
            self.elementType = elementType
            self.byteCount = byteCount
            self.storage = storage
        }
    }

    private static let known: [Known] = [
        Known("float32", .float32, 4, "Float"), Known("float64", .float64, 8, "Double"), Known("float16", .float16, 2, "Half"),
        Known("bfloat16", .bfloat16, 2, "BFloat16"), Known("int64", .int64, 8, "Long"), Known("int32", .int32, 4, "Int"),
        Known("int16", .int16, 2, "Short"), Known("int8", .int8, 1, "Char"), Known("uint8", .uint8, 1, "Byte"),
        Known("bool", .bool, 1, "Bool"), Known("uint16", .uint16, 2, nil), Known("uint32", .uint32, 4, nil),
        Known("uint64", .uint64, 8, nil), Known("complex64", nil, 8, "ComplexFloat"), Known("complex128", nil, 16, "ComplexDouble"),
        Known("complex32", nil, 4, nil), Known("quint8", nil, 1, "QUInt8"), Known("qint8", nil, 1, "QInt8"),
        Known("qint32", nil, 4, "QInt32"), Known("quint4x2", nil, 1, "QUInt4x2"), Known("quint2x4", nil, 1, "QUInt2x4"),
        Known("float8_e4m3fn", nil, 1, nil), Known("float8_e5m2", nil, 1, nil), Known("float8_e4m3fnuz", nil, 1, nil),
        Known("float8_e5m2fnuz", nil, 1, nil), Known("float8_e8m0fnu", nil, 1, nil), Known("float4_e2m1fn_x2", nil, 1, nil),
    ]

    private init(_ index: Int) { self.index = UInt8(truncatingIfNeeded: index) }

    /// Finds the type whose name in `torch` is `name`, such as `float32`.
    init?(torch name: String) {
        guard let index = Self.known.firstIndex(where: { $0.name == name }) else { return nil }
        self.init(index)
    }

    /// Finds the type of a class of storages, such as `FloatStorage`.
    init?(storageClass name: String) {
        guard name.hasSuffix("Storage"), let index = Self.known.firstIndex(where: { $0.storage == String(name.dropLast(7)) }) else {
            return nil
        }
        self.init(index)
    }

    /// Bytes that only the tensor gives a type.
    static let bytes = PickledType(8)
    static let bfloat16 = PickledType(3)

    private var entry: Known { Self.known[Int(index)] }

    /// The name in `torch`.
    var name: String { entry.name }
    /// The type as it is read; nil if it is not.
    var elementType: ElementType? { entry.elementType }
    /// The number of bytes of an element.
    var byteCount: Int { entry.byteCount }
}
