internal import Elements
internal import Scoring

/// The values of a companion column as keys of groups.
struct KeyElement {
    private let element: ElementType

    /// Nil for a column whose rows are not one number each.
    init?(_ column: CompanionValues) {
        guard let element = ElementType.allCases.first(where: { $0.name == column.elementName }), element.byteCount == column.rowByteCount
        else { return nil }
        self.element = element
    }

    /// Returns the key of a row: equal numbers have equal keys, whatever their type.
    @inline(__always)
    func key(_ bytes: UnsafeRawPointer, at row: Int) -> SliceValue {
        switch element {
        case .int64: return .integer(bytes.loadUnaligned(fromByteOffset: 8 * row, as: Int64.self))
        case .int32: return .integer(Int64(bytes.loadUnaligned(fromByteOffset: 4 * row, as: Int32.self)))
        case .int16: return .integer(Int64(bytes.loadUnaligned(fromByteOffset: 2 * row, as: Int16.self)))
        case .int8: return .integer(Int64(bytes.load(fromByteOffset: row, as: Int8.self)))
        case .uint64: return SliceValue(bytes.loadUnaligned(fromByteOffset: 8 * row, as: UInt64.self))
        case .uint32: return .integer(Int64(bytes.loadUnaligned(fromByteOffset: 4 * row, as: UInt32.self)))
        case .uint16: return .integer(Int64(bytes.loadUnaligned(fromByteOffset: 2 * row, as: UInt16.self)))
        case .uint8, .bool: return .integer(Int64(bytes.load(fromByteOffset: row, as: UInt8.self)))
        case .float16, .bfloat16, .float32, .float64: return SliceValue(element.value(bytes, at: row))
        }
    }

    /// Returns the hash of a row's key.
    func hash(_ bytes: UnsafeRawPointer, at row: Int) -> UInt64 { key(bytes, at: row).hash }
}

/// The value of a column by which rows are put into slices.
public enum SliceValue: Sendable, Hashable {
    /// A whole number.
    case integer(Int64)
    /// A whole number of 2^63 or more.
    case large(UInt64)
    /// A number that is not whole, or infinite.
    case number(Double)
    /// A text.
    case text(String)
    /// No value: NaN, null.
    case missing

    init(_ number: UInt64) { self = Int64(exactly: number).map { .integer($0) } ?? .large(number) }

    init(_ number: Double) {
        if number.isNaN {
            self = .missing
        } else if let integer = Int64(exactly: number) {
            self = .integer(integer)
        } else {
            self = .number(number)
        }
    }

    /// The hash by which clusters are told apart.
    var hash: UInt64 {
        switch self {
        case .integer(let value): RowHash.hash(UInt64(bitPattern: value))
        case .large(let value): RowHash.hash(value, seed: 1)
        case .number(let value): RowHash.hash(value.bitPattern, seed: 2)
        case .text(let text): text.utf8.reduce(RowHash.hash(UInt64(text.utf8.count), seed: 3)) { RowHash.hash(UInt64($1), seed: $0) }
        case .missing: RowHash.hash(0, seed: 4)
        }
    }
}

extension SliceValue: Comparable {
    private var rank: Int {
        switch self {
        case .integer, .large, .number: 0
        case .text: 1
        case .missing: 2
        }
    }

    /// Numbers by value, then texts by their bytes, then no value.
    public static func < (left: SliceValue, right: SliceValue) -> Bool {
        switch (left, right) {
        case (.integer(let a), .integer(let b)): a < b
        case (.large(let a), .large(let b)): a < b
        case (.integer, .large): true
        case (.large, .integer): false
        case (.number(let a), .number(let b)): a < b
        case (.integer(let a), .number(let b)): Double(a) < b || (Double(a) == b && Double(a) > 0)
        case (.number(let a), .integer(let b)): a < Double(b)
        case (.large(let a), .number(let b)): Double(a) < b
        case (.number(let a), .large(let b)): a < Double(b)
        case (.text(let a), .text(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
        default: left.rank < right.rank
        }
    }
}

extension SliceValue: Codable {
    /// Writes a number, a text or null.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let value): try container.encode(value)
        case .large(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let text): try container.encode(text)
        case .missing: try container.encodeNil()
        }
    }

    /// Reads what `encode(to:)` wrote.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .missing
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .large(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .text(try container.decode(String.self))
        }
    }
}
