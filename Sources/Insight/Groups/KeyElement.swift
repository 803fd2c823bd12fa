internal import Elements
internal import Scoring

/// The values of a companion column as keys of groups.
struct KeyElement {
    private enum Form {
        case number(ElementType)
        case hash(HashedValues)
    }

    private let form: Form
    private let bytes: UnsafeRawPointer
    private let rowByteCount: Int

    /// Nil for a column whose rows are neither one number each nor hashes of values. The column's bytes are read as long as it lives.
    init?(_ column: CompanionValues) {
        bytes = column.bytes
        rowByteCount = column.rowByteCount
        if let values = column.hashedValues {
            form = .hash(values)
            return
        }
        guard let element = ElementType.allCases.first(where: { $0.name == column.elementName }), element.byteCount == column.rowByteCount
        else { return nil }
        form = .number(element)
    }

    /// True for a column of hashes.
    var isOfHashes: Bool {
        if case .hash = form { true } else { false }
    }

    /// Returns 64 bits of a row that no row of another value has: those of its number, or the hash of its value.
    @inline(__always)
    func code(at row: Int) -> UInt64 {
        func bits(_ integer: some SignedInteger) -> UInt64 { UInt64(bitPattern: Int64(integer)) }
        guard case .number(let element) = form else {
            return bytes.loadUnaligned(fromByteOffset: rowByteCount * row, as: UInt64.self)
        }
        switch element {
        case .int64: return bits(bytes.loadUnaligned(fromByteOffset: 8 * row, as: Int64.self))
        case .int32: return bits(bytes.loadUnaligned(fromByteOffset: 4 * row, as: Int32.self))
        case .int16: return bits(bytes.loadUnaligned(fromByteOffset: 2 * row, as: Int16.self))
        case .int8: return bits(bytes.load(fromByteOffset: row, as: Int8.self))
        case .uint64: return bytes.loadUnaligned(fromByteOffset: 8 * row, as: UInt64.self)
        case .uint32: return UInt64(bytes.loadUnaligned(fromByteOffset: 4 * row, as: UInt32.self))
        case .uint16: return UInt64(bytes.loadUnaligned(fromByteOffset: 2 * row, as: UInt16.self))
        case .uint8, .bool: return UInt64(bytes.load(fromByteOffset: row, as: UInt8.self))
        case .float16, .bfloat16, .float32, .float64:
            let number = element.value(bytes, at: row)
            // One code of all that are no number, and one of both zeros.
            return number == number ? (number + 0).bitPattern : Double.nan.bitPattern
        }
    }

    /// Returns the number of a row; NaN for a column of hashes.
    func number(at row: Int) -> Double {
        guard case .number(let element) = form else { return .nan }
        switch element {
        case .float16, .bfloat16, .float32, .float64: return element.value(bytes, at: row)
        case .int64, .int32, .int16, .int8: return Double(Int64(bitPattern: code(at: row)))
        case .uint64, .uint32, .uint16, .uint8, .bool: return Double(code(at: row))
        }
    }

    /// Returns the value of a row's code: equal numbers are equal values, whatever their type. Nil for a hash whose value is not kept, since
    /// there are too many.
    func value(ofCode code: UInt64) -> SliceValue? {
        switch form {
        case .hash(let values): return code == 0 ? .missing : values.text(ofHash: code).map { SliceValue(text: $0) }
        case .number(let element):
            switch element {
            case .int64, .int32, .int16, .int8: return .integer(Int64(bitPattern: code))
            case .uint64, .uint32, .uint16, .uint8, .bool: return SliceValue(code)
            case .float16, .bfloat16, .float32, .float64: return SliceValue(Double(bitPattern: code))
            }
        }
    }

    /// Returns the hash of a row's value.
    func hash(at row: Int) -> UInt64 {
        let code = code(at: row)
        // The value of a hash need not be known.
        if isOfHashes { return code == 0 ? SliceValue.missing.hash : RowHash.hash(code, seed: 5) }
        return (value(ofCode: code) ?? .missing).hash
    }
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
    /// Any other value than the ones by which rows were to be sliced. No slice that is reported has it.
    case otherValue

    /// Makes the value of a text of a table, in which numbers are texts too. A whole number, also with zeros after its point, is that number,
    /// and a decimal is the number if Swift writes the number so. All others, such as `007` and `3.10`, are texts: no two values become one.
    init(text: String) {
        let bytes = Array(text.utf8)
        let isNegative = bytes.first == UInt8(ascii: "-")
        let digits = bytes.dropFirst(isNegative ? 1 : 0).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let rest = bytes[digits.endIndex...]
        // Such texts have one hash with the whole number (`Identifier.hash`).
        let isWhole = rest.isEmpty || (rest.first == UInt8(ascii: ".") && rest.count > 1 && rest.dropFirst().allSatisfy { $0 == UInt8(ascii: "0") })
        let whole = isWhole && !digits.isEmpty ? String(decoding: bytes[..<digits.endIndex], as: UTF8.self) : text
        if let integer = Int64(whole), "\(integer)" == whole {
            self = .integer(integer)
        } else if let large = UInt64(whole), "\(large)" == whole {
            self = .large(large)
        } else if let number = Double(whole), number.isFinite, "\(number)" == whole {
            self = SliceValue(number)
        } else {
            self = .text(whole)
        }
    }

    /// Makes the value that was meant by a text, in a column of texts or of numbers; an empty one means no value.
    init(written text: String, isInText: Bool) {
        if text.isEmpty {
            self = .missing
        } else if isInText {
            self.init(text: text)
        } else if let integer = Int64(text) {
            self = .integer(integer)
        } else if let large = UInt64(text) {
            self = .large(large)
        } else {
            self = Double(text).map { SliceValue($0) } ?? .text(text)
        }
    }

    /// The value in words; "none" for no value.
    public var shown: String {
        switch self {
        case .integer(let number): "\(number)"
        case .large(let number): "\(number)"
        case .number(let number): "\(number)"
        case .text(let text): text
        case .missing: "none"
        case .otherValue: "others"
        }
    }

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
        case .otherValue: RowHash.hash(1, seed: 4)
        }
    }
}

extension SliceValue: Comparable {
    private var rank: Int {
        switch self {
        case .integer, .large, .number: 0
        case .text: 1
        case .missing: 2
        case .otherValue: 3
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
        case .missing, .otherValue: try container.encodeNil()
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
