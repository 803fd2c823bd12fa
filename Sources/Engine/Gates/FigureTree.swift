/// The figures of a report as a tree, under the keys that the report's JSON has.
///
/// A gate finds its figure here by a path. Numbers keep all 64 bits, infinities and NaN among them, which JSON has no numbers for.
enum FigureTree: Sendable {
    case object([String: FigureTree])
    case array([FigureTree])
    case number(Double)
    case text(String)
    case boolean(Bool)
    case null

    /// Makes the tree of a report. O(size of the report).
    ///
    /// - Throws: what the report's `encode(to:)` throws; those of this module throw nothing.
    init(_ report: some Encodable) throws {
        let encoder = FigureEncoder()
        try report.encode(to: encoder)
        self = encoder.place.tree
    }

    /// The value under a key; nil if this is no object, or has no such key.
    subscript(key: String) -> FigureTree? {
        if case .object(let fields) = self { fields[key] } else { nil }
    }

    /// The number; nil for all else.
    var number: Double? {
        if case .number(let value) = self { value } else { nil }
    }
}

/// A value of the tree that may still grow.
private final class FigurePlace {
    private enum Content {
        case value(FigureTree)
        case object([String: FigurePlace])
        case array([FigurePlace])
    }

    private var content = Content.value(.null)

    var tree: FigureTree {
        switch content {
        case .value(let value): value
        case .object(let fields): .object(fields.mapValues(\.tree))
        case .array(let elements): .array(elements.map(\.tree))
        }
    }

    var count: Int {
        if case .array(let elements) = content { elements.count } else { 0 }
    }

    func set(_ value: FigureTree) { content = .value(value) }

    func becomeObject() {
        if case .object = content { return }
        content = .object([:])
    }

    func becomeArray() {
        if case .array = content { return }
        content = .array([])
    }

    func place(of key: String) -> FigurePlace {
        let place = FigurePlace()
        if case .object(var fields) = content {
            content = .value(.null)
            fields[key] = place
            content = .object(fields)
        }
        return place
    }

    func nextPlace() -> FigurePlace {
        let place = FigurePlace()
        if case .array(var elements) = content {
            content = .value(.null)
            elements.append(place)
            content = .array(elements)
        }
        return place
    }
}

private struct FigureEncoder: Encoder {
    let place: FigurePlace
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ place: FigurePlace = FigurePlace(), codingPath: [any CodingKey] = []) {
        self.place = place
        self.codingPath = codingPath
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        place.becomeObject()
        return KeyedEncodingContainer(KeyedFigures(place: place, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        place.becomeArray()
        return ListedFigures(place: place, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { SingleFigure(place: place, codingPath: codingPath) }
}

private struct KeyedFigures<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let place: FigurePlace
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) { place.place(of: key.stringValue).set(.null) }

    func encode(_ value: some Encodable, forKey key: Key) throws {
        try SingleFigure(place: place.place(of: key.stringValue), codingPath: codingPath + [key]).encode(value)
    }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        FigureEncoder(place.place(of: key.stringValue), codingPath: codingPath + [key]).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        FigureEncoder(place.place(of: key.stringValue), codingPath: codingPath + [key]).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { FigureEncoder(place.place(of: "super"), codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder { FigureEncoder(place.place(of: key.stringValue), codingPath: codingPath + [key]) }
}

private struct ListedFigures: UnkeyedEncodingContainer {
    let place: FigurePlace
    let codingPath: [any CodingKey]
    var count: Int { place.count }

    func encodeNil() { place.nextPlace().set(.null) }
    func encode(_ value: some Encodable) throws { try SingleFigure(place: place.nextPlace(), codingPath: codingPath).encode(value) }

    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        FigureEncoder(place.nextPlace(), codingPath: codingPath).container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        FigureEncoder(place.nextPlace(), codingPath: codingPath).unkeyedContainer()
    }

    func superEncoder() -> any Encoder { FigureEncoder(place.nextPlace(), codingPath: codingPath) }
}

private struct SingleFigure: SingleValueEncodingContainer {
    let place: FigurePlace
    let codingPath: [any CodingKey]

    func encodeNil() { place.set(.null) }

    func encode(_ value: some Encodable) throws {
        switch value {
        case let value as Bool: place.set(.boolean(value))
        case let value as String: place.set(.text(value))
        case let value as Double: place.set(.number(value))
        case let value as Float: place.set(.number(Double(value)))
        case let value as any BinaryInteger: place.set(.number(Double(value)))
        default: try value.encode(to: FigureEncoder(place, codingPath: codingPath))
        }
    }
}
