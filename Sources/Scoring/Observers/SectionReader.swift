/// Takes numbers off the front of bytes that may come from anywhere.
///
/// Every method checks that the bytes are there before it reads or allocates, and throws `PartialError` where they are not.
public struct SectionReader {
    /// The bytes that have not been taken.
    private(set) var rest: ArraySlice<UInt8>

    /// Reads from the first of `bytes` on.
    public init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    /// The number of bytes that have not been taken.
    public var remainingByteCount: Int { rest.count }

    /// Takes a UInt64 of eight bytes, the least significant first.
    public mutating func unsigned() throws(PartialError) -> UInt64 {
        guard let value = rest.popUInt64() else { throw .damaged("a number is missing: \(rest.count) bytes are left of 8") }
        return value
    }

    /// Takes a Float64 of eight bytes, the least significant first.
    public mutating func double() throws(PartialError) -> Double { Double(bitPattern: try unsigned()) }

    /// Takes a count of things that follow, each of at least `leastByteCount` bytes, so that a count that cannot be true is refused before
    /// room is made for it.
    public mutating func count(leastByteCount: Int) throws(PartialError) -> Int {
        let count = try unsigned()
        guard count <= UInt64(rest.count / max(leastByteCount, 1)) else {
            throw .damaged("\(count) elements are announced and \(rest.count) bytes follow")
        }
        // At most the number of the bytes.
        return Int(count)
    }

    /// Takes as many bytes as that.
    public mutating func bytes(_ count: Int) throws(PartialError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= rest.count else { throw .damaged("\(rest.count) bytes are left of \(count)") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// Takes a count of bytes, and the bytes as UTF-8.
    public mutating func text() throws(PartialError) -> String {
        let bytes = try bytes(try count(leastByteCount: 1))
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .damaged("a text is not UTF-8") }
        return text
    }

    /// Takes an exact sum.
    public mutating func exactSum() throws(PartialError) -> ExactSum {
        do {
            return try ExactSum(decoding: &rest)
        } catch {
            throw .damaged("an exact sum is damaged")
        }
    }

    /// Takes the moments of a dialect.
    mutating func moments() throws(PartialError) -> Moments {
        guard let moments = Moments(decoding: &rest) else { throw .damaged("the moments of a dialect are damaged") }
        return moments
    }

    /// Throws where bytes are left.
    public func expectEnd() throws(PartialError) {
        guard rest.isEmpty else { throw .damaged("\(rest.count) bytes follow the end") }
    }
}

extension [UInt8] {
    /// Appends eight bytes, the least significant first.
    public mutating func append(littleEndian value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { append(UInt8(truncatingIfNeeded: value &>> UInt64(shift))) }
    }

    /// Appends the number of a text's UTF-8 bytes and the bytes.
    package mutating func append(text: String) {
        let bytes = Array(text.utf8)
        append(littleEndian: UInt64(bytes.count))
        self += bytes
    }
}

extension ArraySlice<UInt8> {
    /// Takes eight bytes off the front; nil where there are fewer.
    mutating func popUInt64() -> UInt64? {
        guard count >= 8 else { return nil }
        var value: UInt64 = 0
        for byte in prefix(8).reversed() { value = value &<< 8 | UInt64(byte) }
        self = dropFirst(8)
        return value
    }
}
