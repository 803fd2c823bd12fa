package import Elements

/// A column of a file that is written: its name, and the type and number of its values a row.
package struct WrittenColumn: Sendable, Equatable {
    /// The values of a row.
    package enum Values: Sendable, Equatable {
        /// One number or truth value.
        case numbers(ElementType)
        /// One text, or bytes that are none.
        case texts(isText: Bool)
    }

    /// The name.
    package let name: String
    /// The values as they are handed over.
    package let values: Values
    /// The number of values of the list of each row; nil if a row has one value and no list.
    package let listLength: Int?
    /// True if rows may be null.
    package let isOptional: Bool

    /// Makes a column of numbers.
    package init(_ name: String, _ type: ElementType, listLength: Int? = nil, isOptional: Bool = false) {
        self.init(name, .numbers(type), listLength: listLength, isOptional: isOptional)
    }

    /// Makes a column of texts.
    package init(_ name: String, isText: Bool, isOptional: Bool) {
        self.init(name, .texts(isText: isText), listLength: nil, isOptional: isOptional)
    }

    private init(_ name: String, _ values: Values, listLength: Int?, isOptional: Bool) {
        self.name = name
        self.values = values
        self.listLength = listLength
        self.isOptional = isOptional
    }

    /// The number of values a row.
    package var valuesPerRow: Int { listLength ?? 1 }

    /// The stored type.
    var physicalType: PhysicalType {
        guard case .numbers(let type) = values else { return .byteArray }
        return switch type {
        case .float16, .bfloat16, .float32: .float
        case .float64: .double
        case .int8, .int16, .int32, .uint8, .uint16, .uint32: .int32
        case .int64, .uint64: .int64
        case .bool: .boolean
        }
    }

    /// The number of bytes of a stored value; 0 for texts, whose sizes differ.
    package var storedByteCount: Int {
        switch physicalType {
        case .boolean: 1
        case .int32, .float: 4
        case .int64, .double: 8
        default: 0
        }
    }

    /// True if the bytes of values are stored in planes.
    package var isInPlanes: Bool { storedByteCount > 1 }

    /// The type before it was stored, if values are handed over in it again: it is narrower than the stored one.
    package var narrowType: ElementType? {
        switch values {
        case .numbers(.float16): .float16
        case .numbers(.bfloat16): .bfloat16
        // Labels of a byte are read, and scored, in a quarter of the memory.
        case .numbers(.uint8): .uint8
        default: nil
        }
    }

    /// The encoding of the values.
    var encoding: PageEncoding { isInPlanes ? .byteStreamSplit : .plain }

    /// The names from the root of the schema to the values.
    var path: [String] { listLength == nil ? [name] : [name, "list", "element"] }

    /// The number of elements of the schema.
    var schemaElementCount: Int { listLength == nil ? 1 : 3 }

    /// Writes the elements of the schema.
    func writeSchema(_ elements: inout [(inout ThriftWriter) -> Void]) {
        let repetition = { (isRequired: Bool) in isRequired ? SchemaElement.Repetition.required.rawValue : SchemaElement.Repetition.optional.rawValue }
        let name = name, isOptional = isOptional
        guard listLength != nil else {
            elements.append { writer in writeLeaf(name, repetition(!isOptional), &writer) }
            return
        }
        elements.append { writer in
            writer.int32(3, repetition(!isOptional))
            writer.text(4, name)
            writer.int32(5, 1)
            // LIST as the old annotation and as the new one.
            writer.int32(6, 3)
            writer.structure(10) { $0.structure(3) { _ in } }
        }
        elements.append { writer in
            writer.int32(3, SchemaElement.Repetition.repeated.rawValue)
            writer.text(4, "list")
            writer.int32(5, 1)
        }
        elements.append { writer in writeLeaf("element", SchemaElement.Repetition.required.rawValue, &writer) }
    }

    private func writeLeaf(_ name: String, _ repetition: Int, _ writer: inout ThriftWriter) {
        writer.int32(1, physicalType.rawValue)
        writer.int32(3, repetition)
        writer.text(4, name)
        switch values {
        case .texts(isText: true):
            writer.int32(6, 0)
            writer.structure(10) { $0.structure(1) { _ in } }
        case .texts: break
        case .numbers(let type):
            let integer: (converted: Int, bitCount: Int8, isSigned: Bool)? =
                switch type {
                case .uint8: (11, 8, false)
                case .uint16: (12, 16, false)
                case .uint32: (13, 32, false)
                case .uint64: (14, 64, false)
                case .int8: (15, 8, true)
                case .int16: (16, 16, true)
                default: nil
                }
            guard let integer else { break }
            writer.int32(6, integer.converted)
            writer.structure(10) {
                $0.structure(10) {
                    $0.int8(1, integer.bitCount)
                    $0.boolean(2, integer.isSigned)
                }
            }
        }
    }
}
