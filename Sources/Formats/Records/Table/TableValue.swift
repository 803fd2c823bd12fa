internal import Messages
internal import TableReading

/// The value of a field, without spaces around it.
struct TableValue {
    let bytes: [UInt8]

    /// The value read as a number.
    enum Number: Equatable {
        case number(Double)
        /// An empty field, `nan`, `NA` and the like, as pandas reads them.
        case missing
        case none
    }

    private static let missingWords: Set<[UInt8]> = Set(
        ["", "nan", "-nan", "+nan", "na", "n/a", "#n/a", "#na", "<na>", "null", "none"].map { Array($0.utf8) })
    private static let infinities: [[UInt8]: Double] = Dictionary(
        uniqueKeysWithValues: [("", 1.0), ("+", 1), ("-", -1)].flatMap { sign, factor in
            ["inf", "infinity"].map { (Array((sign + $0).utf8), factor * .infinity) }
        })

    private var lowercased: [UInt8] { bytes.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 } }

    var isMissing: Bool { bytes.count <= 4 && Self.missingWords.contains(lowercased) }

    /// The value as a number, correctly rounded.
    var number: Number {
        if isMissing { return .missing }
        var digits = bytes[...]
        if digits.first == UInt8(ascii: "+") {
            digits = digits.dropFirst()
            if digits.first == UInt8(ascii: "-") { return .none }
        }
        var value = 0.0
        let isNumber = digits.withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { xentParseNumber($0, bytes.count, &value) } ?? false
        }
        if isNumber { return .number(value) }
        return bytes.count <= 9 ? Self.infinities[lowercased].map { .number($0) } ?? .none : .none
    }

    /// The value as a Boolean: 1 for `true`, 0 for `false`, in any case; nil for any other text.
    var boolean: Double? {
        guard bytes.count == 4 || bytes.count == 5 else { return nil }
        let word = lowercased
        return word == Array("true".utf8) ? 1 : word == Array("false".utf8) ? 0 : nil
    }

    /// The value read as a class index.
    enum ClassIndex: Equatable {
        case index(Int64)
        case missing, fraction, beyond, none
    }

    /// The value as a whole number, which may have a point or an exponent: `2.0` is 2. `Int64.min`, which means no class, is out of range.
    var classIndex: ClassIndex {
        switch number {
        case .none: return .none
        case .missing: return .missing
        case .number(let value):
            // Digits alone are read exactly; a Float64 would round them.
            let digits = bytes.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
            if digits.allSatisfy({ 0x30...0x39 ~= $0 }) {
                guard let index = Int64(String(decoding: bytes, as: UTF8.self)), index != .min else { return .beyond }
                return .index(index)
            }
            if value.isInfinite { return .beyond }
            if value != value.rounded(.towardZero) { return .fraction }
            guard let index = Int64(exactly: value), index != .min else { return .beyond }
            return .index(index)
        }
    }

    /// True for a number with a comma in place of the point: `0,25`.
    var hasDecimalComma: Bool {
        guard let comma = bytes.firstIndex(of: UInt8(ascii: ",")), bytes.count > comma + 1 else { return false }
        let isDigit = { (byte: UInt8) in 0x30...0x39 ~= byte }
        let whole = bytes[..<comma].drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        guard whole.allSatisfy(isDigit), isDigit(bytes[comma + 1]) else { return false }
        var number = bytes
        number[comma] = UInt8(ascii: ".")
        return TableValue(bytes: number).number != .none
    }

    /// The value as messages quote it.
    var quoted: String { QuotedBytes.text(bytes) }

    /// The remedy for numbers as people write them in many countries.
    static let remedyOfCommas = "numbers have a point, not a comma, and nothing between thousands"

    /// The remedy for a value that is no number, if it can be guessed.
    var remedy: String? {
        let isDigits = { (byte: UInt8) in 0x30...0x39 ~= byte }
        if bytes.contains(UInt8(ascii: ",")), bytes.allSatisfy({ isDigits($0) || ",.-+eE".utf8.contains($0) }) {
            return Self.remedyOfCommas
        }
        if bytes.last == UInt8(ascii: "%"), bytes.first.map(isDigits) == true { return "write percentages as fractions: 0.25 for 25%" }
        if bytes.contains(UInt8(ascii: "_")), bytes.allSatisfy({ isDigits($0) || "_.-+eE".utf8.contains($0) }) {
            return "write digits without underscores"
        }
        if lowercased.drop(while: { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }).starts(with: Array("0x".utf8)) {
            return "write decimal numbers, not hexadecimal ones"
        }
        if bytes.contains(UInt8(ascii: "[")) { return "one number a column is wanted; a list of them is read from JSON Lines" }
        return nil
    }
}
