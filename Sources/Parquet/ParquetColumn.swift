package import Elements

/// A leaf of the schema: a column of values, with the levels that say where lists begin and what is missing.
package struct ParquetColumn: Sendable, Equatable {
    /// The meaning of a value.
    package enum Content: Sendable, Equatable {
        /// IEEE 754 numbers of 2, 4 and 8 bytes.
        case float16, float32, float64
        /// Integers of 4 and 8 bytes as they are stored. Narrower ones are stored in 4.
        case int32, int64, uint32, uint64
        /// A truth value, as one byte.
        case boolean
        /// A whole number of 10^−scale.
        case decimal(scale: Int)
        /// Bytes of any number, which are text if `isText`.
        case bytes(isText: Bool)
        /// Bytes, or a number, whose meaning is no number that could be averaged, by its name.
        case other(String)
    }

    /// The index among the leaves of the schema.
    package let index: Int
    /// The dotted path without the names that lists have inside: `output.logits`.
    package let name: String
    /// The dotted path with a `[]` for each list: `output.logits.[]`.
    package let itemName: String
    /// The stored type.
    package let physicalType: PhysicalType
    /// The meaning of a value.
    package let content: Content
    /// The number of bytes of a stored value; 0 if they differ.
    package let byteCount: Int
    /// The definition level of a value that is there.
    package let definitionLimit: Int
    /// The number of lists around a value.
    package let repetitionLimit: Int
    /// For each list around a value, outermost first, the definition level from which on the list has an element.
    package let elementDefinitionLevels: [Int]
    /// The type of the values before they were stored as Float32, as the file's metadata say it; nil if they are as they were.
    package internal(set) var narrowType: ElementType?

    /// True if a row may hold any number of values.
    package var isRepeated: Bool { repetitionLimit > 0 }

    /// The type in words, such as "float32", "list of float32".
    package var typeText: String {
        let value =
            switch content {
            case .float16: "float16"
            case .float32: "float32"
            case .float64: "float64"
            case .int32: "int32"
            case .int64: "int64"
            case .uint32: "uint32"
            case .uint64: "uint64"
            case .boolean: "boolean"
            case .decimal(let scale): "decimal of \(scale) places"
            case .bytes(let isText): isText ? "text" : "bytes"
            case .other(let name): name
            }
        return String(repeating: "list of ", count: repetitionLimit) + value
    }
}

/// The tree of a schema, gone through once to list its leaves.
struct SchemaWalk {
    private let elements: [SchemaElement]
    private var next = 0
    private(set) var leaves: [ParquetColumn] = []

    private static let depthLimit = 64
    /// The number of bytes of a name, with those of all groups around it.
    private static let nameByteCountLimit = 1 << 16

    /// Lists the leaves of a schema.
    init(_ elements: [SchemaElement]) throws(PageFault) {
        self.elements = elements
        guard let root = elements.first else { throw .damaged("the schema is empty") }
        next = 1
        for _ in 0..<max(0, root.childCount) { try visit(Path(), in: .group) }
        guard next == elements.count else { throw .damaged("the schema has \(elements.count) elements, of which \(next) are in its tree") }
    }

    /// The way from the root to an element.
    private struct Path {
        var names: [String] = []
        var items: [String] = []
        var byteCount = 0
        var depth = 0
        var definition = 0
        var repetition = 0
        var elementDefinitions: [Int] = []
    }

    /// The group around an element, as far as it decides whether the element's name is one that only lists have.
    private enum Surroundings {
        case group
        /// The group is annotated as a list, and has this name.
        case list(named: String)
        /// The group is the repeated one of a list.
        case listItem
    }

    private mutating func visit(_ path: Path, in surroundings: Surroundings) throws(PageFault) {
        guard next < elements.count else { throw .damaged("the schema ends inside a group") }
        let element = elements[next]
        next += 1
        var path = path
        path.depth += 1
        guard path.depth <= Self.depthLimit else {
            throw .damaged("groups of the schema lie in each other more than \(Self.depthLimit) deep")
        }
        guard element.childCount >= 0, element.childCount <= elements.count else {
            throw .damaged("a group of the schema has \(element.childCount) children")
        }
        // A group without children has no type. A leaf has a type and no children.
        let isGroup = element.childCount > 0 || element.type == nil
        switch element.repetition {
        case .required: break
        case .optional: path.definition += 1
        case .repeated:
            path.definition += 1
            path.repetition += 1
            path.elementDefinitions.append(path.definition)
        }
        var inner = Surroundings.group
        switch surroundings {
        case .group:
            append(element.name, to: &path)
            if element.repetition == .repeated { path.items.append("[]") }
            if isGroup, isList(element) { inner = .list(named: element.name) }
        case .list(let name):
            // The names of old writers mean that the repeated group is the element itself, and no shell around it.
            let isShell =
                isGroup && element.repetition == .repeated && element.childCount == 1 && element.name != "array"
                && element.name != name + "_tuple"
            if element.repetition == .repeated { path.items.append("[]") } else { append(element.name, to: &path) }
            if isShell {
                inner = .listItem
            } else if isGroup, isList(element) {
                // A list whose elements are lists, by the rules of old writers.
                inner = .list(named: element.name)
            }
        case .listItem:
            if element.repetition == .repeated { path.items.append("[]") }
            if isGroup, isList(element) { inner = .list(named: element.name) }
        }
        guard path.byteCount <= Self.nameByteCountLimit else {
            throw .damaged("names of the schema are longer than \(Self.nameByteCountLimit) bytes")
        }
        if isGroup {
            for _ in 0..<element.childCount { try visit(path, in: inner) }
            return
        }
        leaves.append(try leaf(element, path))
    }

    /// True if the element that was read last is annotated as a list, or as a map without values, which is a list of keys.
    private func isList(_ element: SchemaElement) -> Bool {
        guard element.childCount == 1 else { return false }
        let isListOfKeys = element.annotation == .map && next < elements.count && elements[next].childCount == 1
        return element.annotation == .list || isListOfKeys
    }

    private func append(_ name: String, to path: inout Path) {
        path.names.append(name)
        path.items.append(name)
        path.byteCount += name.utf8.count + 1
    }

    private func leaf(_ element: SchemaElement, _ path: Path) throws(PageFault) -> ParquetColumn {
        let name = path.names.joined(separator: ".")
        guard let type = element.type.flatMap({ PhysicalType(rawValue: $0) }) else {
            throw .damaged("column \(name) has the type \(element.type ?? -1), which does not exist")
        }
        let byteCount: Int
        switch type {
        case .boolean: byteCount = 1
        case .int32, .float: byteCount = 4
        case .int64, .double: byteCount = 8
        case .int96: byteCount = 12
        case .byteArray: byteCount = 0
        case .fixedLengthByteArray:
            guard (1...(1 << 20)).contains(element.typeByteCount) else {
                throw .damaged("column \(name) has values of \(element.typeByteCount) bytes")
            }
            byteCount = element.typeByteCount
        }
        return ParquetColumn(
            index: leaves.count, name: name, itemName: path.items.joined(separator: "."), physicalType: type,
            content: content(type, element), byteCount: byteCount, definitionLimit: path.definition, repetitionLimit: path.repetition,
            elementDefinitionLevels: path.elementDefinitions)
    }

    private func content(_ type: PhysicalType, _ element: SchemaElement) -> ParquetColumn.Content {
        if case .other(let name) = element.annotation { return .other(name) }
        if case .decimal(let scale) = element.annotation, [.int32, .int64, .byteArray, .fixedLengthByteArray].contains(type) {
            // No decimal of a database has more places, and powers of ten end there.
            return (0...76).contains(scale) ? .decimal(scale: scale) : .other("decimal of scale \(scale)")
        }
        switch type {
        case .boolean: return .boolean
        case .int96: return .other("int96")
        case .float: return .float32
        case .double: return .float64
        case .int32: return element.annotation == .integer(bitCount: 32, isSigned: false) ? .uint32 : .int32
        case .int64: return element.annotation == .integer(bitCount: 64, isSigned: false) ? .uint64 : .int64
        case .byteArray: return .bytes(isText: element.annotation == .text)
        case .fixedLengthByteArray: return element.annotation == .float16 && element.typeByteCount == 2 ? .float16 : .bytes(isText: false)
        }
    }
}
