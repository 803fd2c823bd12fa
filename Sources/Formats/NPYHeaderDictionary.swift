internal import Elements
internal import Messages

/// A reader for the dictionary of a `.npy` header: a Python literal with the keys `descr`, `fortran_order` and `shape`, in any order.
///
/// It knows only the syntax that such a header can have: strings in either quotes (without escapes), `True`, `False`, tuples of decimal
/// numbers (with the `L` that Python 2 put after long ones), any spacing, an optional trailing comma. Nothing is evaluated, and nothing
/// nests.
struct NPYHeaderDictionary {
    private let bytes: [UInt8]
    /// The offset of `bytes` in the file.
    private let byteOffset: Int
    /// True if a number may have Python 2's suffix `L`, as NumPy allows in the versions that Python 2 wrote.
    private let allowsLongSuffix: Bool
    private var position = 0
    /// True if strings are wanted, and numbers are not.
    private var wantsStrings = false
    /// The form of the strings, if they are wanted and `descr` has been read.
    private var strings: StringArrayLayout.Encoding?
    /// The number of bytes of each string.
    private var stringByteCount = 0

    init(bytes: [UInt8], byteOffset: Int, majorVersion: UInt8) {
        self.bytes = bytes
        self.byteOffset = byteOffset
        self.allowsLongSuffix = majorVersion < 3
    }

    private enum Key: String, CaseIterable { case descr, fortranOrder = "fortran_order", shape }

    /// Parses the dictionary of an array of strings.
    ///
    /// - Throws: `FormatError` of kind `.elementType` for any other array.
    mutating func parseStrings() throws(FormatError) -> StringArrayLayout {
        wantsStrings = true
        let layout = try parse()
        return StringArrayLayout(layout, strings ?? .bytes)
    }

    /// Parses the dictionary and makes the layout of the data that follow the header.
    mutating func parse() throws(FormatError) -> ArrayLayout {
        var type: (type: ElementType, isByteSwapped: Bool)?
        var isFortranOrder: Bool?
        var shape: (dimensions: [Int], byteOffset: Int)?

        try expect("{", "{, the start of a dictionary")
        while true {
            skipSpaces()
            if take("}") { break }
            let keyByteOffset = place
            let name = try string("a key in quotes, or }")
            guard let key = Key.allCases.first(where: { name.elementsEqual($0.rawValue.utf8) }) else {
                throw FormatError(
                    kind: .unknownKey, subject: "NumPy header key", byteOffset: keyByteOffset, found: QuotedBytes.text(name),
                    allowed: "descr, fortran_order, shape", remedy: Self.remedy)
            }
            try expect(":", "a colon after the key '\(key.rawValue)'")
            skipSpaces()
            let isRepeated =
                switch key {
                case .descr: type != nil
                case .fortranOrder: isFortranOrder != nil
                case .shape: shape != nil
                }
            guard !isRepeated else {
                throw FormatError(
                    kind: .duplicateKey, subject: "NumPy header key", byteOffset: keyByteOffset, found: "'\(key.rawValue)' a second time",
                    allowed: "each key once", remedy: Self.remedy)
            }
            switch key {
            case .descr: type = try elementType()
            case .fortranOrder: isFortranOrder = try bool()
            case .shape:
                let start = place
                shape = (try dimensions(), start)
            }
            skipSpaces()
            if take("}") { break }
            try expect(",", "a comma or } after the value of '\(key.rawValue)'")
        }
        skipSpaces()
        guard position == bytes.count else { throw unexpected("nothing but spaces after the dictionary's }") }

        guard let type, let isFortranOrder, let shape else {
            let missing = [
                type == nil ? Key.descr : nil, isFortranOrder == nil ? Key.fortranOrder : nil, shape == nil ? Key.shape : nil,
            ].compactMap { $0?.rawValue }.joined(separator: ", ")
            throw FormatError(
                kind: .missingKey, subject: "NumPy header", byteOffset: byteOffset, found: "no \(missing)",
                allowed: "all of descr, fortran_order, shape", remedy: Self.remedy)
        }
        return try ArrayLayout(
            elementType: type.type, isByteSwapped: type.isByteSwapped, isFortranOrder: isFortranOrder,
            shape: wantsStrings ? shape.dimensions + [stringByteCount] : shape.dimensions,
            dataByteOffset: byteOffset + bytes.count, subject: "NumPy shape", shapeByteOffset: shape.byteOffset)
    }

    // MARK: Values

    private mutating func elementType() throws(FormatError) -> (type: ElementType, isByteSwapped: Bool) {
        let start = place
        switch peek {
        case UInt8(ascii: "["):
            throw ElementType.unreadable(
                found: "a list of fields (a structured type)", byteOffset: start,
                remedy: "save the one field that is wanted: np.save(path, np.ascontiguousarray(array['field']))")
        case UInt8(ascii: "("):
            throw ElementType.unreadable(
                found: "a tuple (a sub-array type)", byteOffset: start, remedy: "save the array as np.save(path, array.astype(np.float32))")
        default: break
        }
        let descriptor = try string("a type in quotes, such as '<f4'")
        guard wantsStrings else { return try ElementType.parseNPY(descriptor: descriptor, byteOffset: start) }
        guard let found = StringArrayLayout.Encoding.parseNPY(descriptor: descriptor) else {
            throw ElementType.unreadable(found: QuotedBytes.text(descriptor), byteOffset: start, remedy: "save strings of type U or S")
        }
        (strings, stringByteCount) = found
        return (.uint8, false)
    }

    private mutating func bool() throws(FormatError) -> Bool {
        if take("True") { return true }
        if take("False") { return false }
        throw unexpected("True or False for fortran_order")
    }

    /// Parses a tuple: `()`, `(5,)`, `(5, 10)`, `(5, 10,)`. A lone `(5)` is a number in Python and no tuple; it is refused, as in NumPy.
    private mutating func dimensions() throws(FormatError) -> [Int] {
        try expect("(", "( for the shape, a tuple")
        var dimensions: [Int] = []
        while true {
            skipSpaces()
            if take(")") { return dimensions }
            guard dimensions.count < ArrayLayout.dimensionCountLimit else {
                throw FormatError(
                    kind: .shape, subject: "NumPy shape", byteOffset: place,
                    found: "more than \(ArrayLayout.dimensionCountLimit) dimensions",
                    allowed: "up to \(ArrayLayout.dimensionCountLimit)", remedy: Self.remedy)
            }
            dimensions.append(try dimension())
            skipSpaces()
            if take(",") { continue }
            guard dimensions.count > 1, take(")") else {
                throw unexpected(dimensions.count > 1 ? "a comma or ) in the shape" : "a comma after the shape's first number")
            }
            return dimensions
        }
    }

    private mutating func dimension() throws(FormatError) -> Int {
        let start = place
        func wrong(_ found: String, _ allowed: String) -> FormatError {
            FormatError(
                kind: .shape, subject: "NumPy shape", byteOffset: start, found: found, allowed: allowed, remedy: Self.remedy)
        }
        let isNegative = take("-")
        let firstDigit = position
        var value = 0
        var overflows = false
        while let byte = peek, case UInt8(ascii: "0")...UInt8(ascii: "9") = byte {
            let tens = value.multipliedReportingOverflow(by: 10)
            let sum = tens.partialValue.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            value = sum.partialValue
            overflows = overflows || tens.overflow || sum.overflow
            position += 1
        }
        let digits = bytes[firstDigit..<position]
        guard let first = digits.first else { throw unexpected("a whole number or ) in the shape") }
        let found = "dimension \(isNegative ? "-" : "")\(QuotedBytes.text(digits).dropFirst().dropLast())"
        // Octal in Python 2, an error in Python 3.
        guard digits.count == 1 || first != UInt8(ascii: "0") else { throw wrong(found, "a number without leading zeros") }
        guard !isNegative else { throw wrong(found, "0 or more") }
        guard !overflows else { throw wrong(found, "0 to \(Int.max)") }
        if allowsLongSuffix { _ = take("L") }
        return value
    }

    // MARK: Tokens

    /// Parses a string in single or double quotes, with Python 2's `u` in front or without. No key and no type needs an escape, so there
    /// are none.
    private mutating func string(_ allowed: String) throws(FormatError) -> [UInt8] {
        let start = position
        _ = take("u")
        guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            position = start
            throw unexpected(allowed)
        }
        position += 1
        let first = position
        while let byte = peek {
            if byte == quote {
                position += 1
                return Array(bytes[first..<(position - 1)])
            }
            guard byte >= 0x20, byte != UInt8(ascii: "\\") else { throw unexpected("a string without escapes or line breaks") }
            position += 1
        }
        throw unexpected("the closing quote of the string at byte \(byteOffset + start)")
    }

    private mutating func expect(_ token: StaticString, _ allowed: String) throws(FormatError) {
        skipSpaces()
        guard take(token) else { throw unexpected(allowed) }
    }

    /// Consumes `token` (ASCII) if it comes next.
    private mutating func take(_ token: StaticString) -> Bool {
        token.withUTF8Buffer { token in
            guard bytes[position...].starts(with: token) else { return false }
            position += token.count
            return true
        }
    }

    private mutating func skipSpaces() {
        while let byte = peek, byte == 0x20 || (0x09...0x0D).contains(byte) && byte != 0x0B { position += 1 }
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// The offset of the next byte in the file.
    private var place: Int { byteOffset + position }

    private func unexpected(_ allowed: String) -> FormatError {
        let rest = bytes[position...]
        return FormatError(
            kind: .syntax, subject: "NumPy header", byteOffset: place,
            found: rest.isEmpty ? "the header's end" : QuotedBytes.text(rest.prefix(16)), allowed: allowed, remedy: Self.remedy)
    }

    private static let remedy = "the header is damaged, or was not written by np.save: save the array again"
}
