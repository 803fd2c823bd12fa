package import Elements

/// A column of values: a field of the schema that has no fields in it, with the lists and structs around it.
package struct ArrowColumn: Sendable, Equatable {
    /// The meaning of a value.
    package enum Content: Sendable, Equatable {
        /// IEEE 754 numbers of 2, 4 and 8 bytes.
        case float16, float32, float64
        /// Signed integers.
        case int8, int16, int32, int64
        /// Unsigned integers.
        case uint8, uint16, uint32, uint64
        /// A truth value: one bit in the file, one byte once it is read.
        case boolean
        /// A whole number of 10^−scale, of 4, 8, 16 or 32 bytes.
        case decimal(scale: Int)
        /// Bytes of any number, which are text if `isText`.
        case bytes(isText: Bool)
        /// Values whose meaning is no number that could be averaged, by the type's name.
        case other(String)
    }

    /// The place of a field among the nodes and buffers of a record batch.
    struct Node: Sendable, Equatable {
        /// The index among the nodes.
        let index: Int
        /// The index of its first buffer, if no column before it had views.
        let bufferIndex: Int
        /// The number of columns of views before it, each of which has any number of buffers more.
        let viewsBefore: Int
        /// True if its first buffer is one of validity.
        let hasValidity: Bool

        /// The index of a buffer after that of validity, if no column before it had views.
        func buffer(_ place: Int) -> Int { bufferIndex + place + (hasValidity ? 1 : 0) }
    }

    /// A list or a struct around the values.
    struct Level: Sendable, Equatable {
        enum Kind: Sendable, Equatable {
            case structure
            case list(offsetByteCount: Int)
            case listView(offsetByteCount: Int)
            case fixedSizeList(count: Int)
        }

        let kind: Kind
        let node: Node

        var isList: Bool { kind != .structure }
    }

    /// The way in which values are stored.
    enum Storage: Sendable, Equatable {
        /// Values of so many bits, one after another.
        case fixed(bitCount: Int)
        /// Bytes between offsets.
        case bytes(offsetByteCount: Int)
        /// Views, which hold short bytes themselves.
        case views
        /// Values that are not read.
        case opaque
    }

    /// The index among the columns.
    package let index: Int
    /// The dotted path without the names that lists have inside: `output.logits`.
    package let name: String
    /// The dotted path with a `[]` for each list: `output.logits.[]`.
    package let itemName: String
    /// The meaning of a value.
    package let content: Content
    /// The number of bytes of a value once it is read; 0 if they differ.
    package let byteCount: Int
    /// The lists and structs around a value, outermost first.
    let levels: [Level]
    /// The place of the values.
    let node: Node
    /// The way in which values are stored, in the record batch or in the dictionary.
    let storage: Storage
    /// The dictionary that holds the values; nil if they are in the record batches.
    let dictionary: ArrowField.Dictionary?
    /// The number of lists around a value.
    package let listDepth: Int

    /// True if values are places in a dictionary.
    package var hasDictionary: Bool { dictionary != nil }
    /// True if a row may hold any number of values.
    package var isRepeated: Bool { listDepth > 0 }
    /// True if values are bytes of any number.
    package var isBytes: Bool { if case .bytes = content { true } else { false } }
    /// True if values are numbers, decimals among them, or truth values.
    package var isNumber: Bool { if case .decimal = content { true } else { elementType != nil } }

    /// The type of the values once they are read; nil if they are no binary numbers of a type that has a name.
    package var elementType: ElementType? {
        switch content {
        case .float16: .float16
        case .float32: .float32
        case .float64: .float64
        case .int8: .int8
        case .int16: .int16
        case .int32: .int32
        case .int64: .int64
        case .uint8: .uint8
        case .uint16: .uint16
        case .uint32: .uint32
        case .uint64: .uint64
        case .boolean: .bool
        case .decimal, .bytes, .other: nil
        }
    }

    /// The type in words, such as "list of float32", "list of 5 of float32", "dictionary of text".
    package var typeText: String {
        let value =
            switch content {
            case .boolean: "boolean"
            case .decimal(let scale): "decimal of \(scale) places"
            case .bytes(let isText): isText ? "text" : "bytes"
            case .other(let name): name
            default: "\(content)"
            }
        var text = ""
        for level in levels {
            switch level.kind {
            case .structure: break
            case .list, .listView: text += "list of "
            case .fixedSizeList(let count): text += "list of \(count) of "
            }
        }
        return text + (dictionary == nil ? "" : "dictionary of ") + value
    }
}

/// The fields of a schema, gone through once to list its columns.
struct SchemaWalk {
    private let version: ArrowMessage.Version
    private(set) var columns: [ArrowColumn] = []
    /// The numbers of nodes, buffers and columns of views of a record batch.
    private(set) var (nodeCount, bufferCount, viewCount) = (0, 0, 0)
    private var nameByteCount = 0
    private let nameByteCountLimit: Int

    /// The number of bytes of names, with those of all structs around them, for each byte of a schema. Names of structs are repeated
    /// before those of all fields in them.
    private static let nameByteCountFactor = 16

    /// Lists the columns of a schema whose message has so many bytes.
    init(_ schema: ArrowSchema, _ version: ArrowMessage.Version, messageByteCount: Int) throws(ArrowFault) {
        self.version = version
        nameByteCountLimit = max(1 << 16, messageByteCount) * Self.nameByteCountFactor
        for field in schema.fields { try visit(field, Path(), isListItem: false) }
    }

    /// The way from the root to a field.
    private struct Path {
        var names: [String] = []
        var items: [String] = []
        var levels: [ArrowColumn.Level] = []
    }

    private mutating func visit(_ field: ArrowField, _ path: Path, isListItem: Bool) throws(ArrowFault) {
        var path = path
        if !isListItem {
            path.names.append(field.name)
            path.items.append(field.name)
        }
        let node = ArrowColumn.Node(
            index: nodeCount, bufferIndex: bufferCount, viewsBefore: viewCount, hasValidity: field.hasValidity(version))
        nodeCount += 1
        bufferCount += field.bufferCount(version)
        if field.dictionary != nil {
            // Fields in the values of a dictionary are in its message alone.
            try append(field, path, node)
            return
        }
        switch field.kind {
        case .fixed, .bytes: try append(field, path, node)
        case .views:
            viewCount += 1
            try append(field, path, node)
        case .structure:
            path.levels.append(ArrowColumn.Level(kind: .structure, node: node))
            for child in field.children { try visit(child, path, isListItem: false) }
        case .list, .listView, .fixedSizeList:
            let kind: ArrowColumn.Level.Kind =
                switch field.kind {
                case .list(let byteCount): .list(offsetByteCount: byteCount)
                case .listView(let byteCount): .listView(offsetByteCount: byteCount)
                case .fixedSizeList(let count): .fixedSizeList(count: count)
                default: preconditionFailure("no list")
                }
            path.levels.append(ArrowColumn.Level(kind: kind, node: node))
            path.items.append("[]")
            for child in field.children { try visit(child, path, isListItem: true) }
        case .null, .union, .runEndEncoded:
            try append(field, path, node)
            for child in field.children { countHidden(child) }
        }
    }

    /// Counts the nodes and buffers of a field whose values are not read.
    private mutating func countHidden(_ field: ArrowField) {
        nodeCount += 1
        bufferCount += field.bufferCount(version)
        guard field.dictionary == nil else { return }
        if case .views = field.kind { viewCount += 1 }
        for child in field.children { countHidden(child) }
    }

    private mutating func append(_ field: ArrowField, _ path: Path, _ node: ArrowColumn.Node) throws(ArrowFault) {
        let name = path.names.joined(separator: ".")
        let itemName = path.items.joined(separator: ".")
        nameByteCount += name.utf8.count + itemName.utf8.count
        guard nameByteCount <= nameByteCountLimit else { throw .damaged("the names of its schema are longer than the schema allows") }
        var content: ArrowColumn.Content
        var storage: ArrowColumn.Storage
        var byteCount = 0
        switch field.kind {
        case .fixed(let found, let bitCount):
            (content, storage) = (found, .fixed(bitCount: bitCount))
            byteCount = max(1, bitCount / 8)
        case .bytes(let isText, let offsetByteCount):
            (content, storage) = (.bytes(isText: isText), .bytes(offsetByteCount: offsetByteCount))
        case .views(let isText): (content, storage) = (.bytes(isText: isText), .views)
        case .null: (content, storage) = (.other("null"), .opaque)
        case .union: (content, storage) = (.other("union"), .opaque)
        case .runEndEncoded: (content, storage) = (.other("run-end encoded"), .opaque)
        case .structure: (content, storage) = (.other("struct"), .opaque)
        case .list, .listView, .fixedSizeList: (content, storage) = (.other("list"), .opaque)
        }
        if case .fixed(_, bitCount: 0) = field.kind { storage = .opaque }
        columns.append(
            ArrowColumn(
                index: columns.count, name: name, itemName: itemName, content: content, byteCount: byteCount, levels: path.levels,
                node: node, storage: storage, dictionary: field.dictionary, listDepth: path.levels.count { $0.isList }))
    }
}
