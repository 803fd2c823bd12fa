internal import Scoring

// Numbers of one to ten bytes, seven bits each, the lowest first; the top bit of a byte says that another follows (LEB128).
extension SectionReader {
    /// Takes a number of at most ten bytes.
    mutating func varint() throws(PartialError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = try bytes(1).first else { break }
            guard shift < 63 || byte <= 1 else { throw .damaged("a number is larger than 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .damaged("a number is longer than ten bytes")
    }

    /// Takes a number of things that follow, each of at least `leastByteCount` bytes, so that a number that cannot be true is refused before
    /// room is made for it.
    mutating func varintCount(leastByteCount: Int) throws(PartialError) -> Int {
        let count = try varint()
        guard count <= UInt64(remainingByteCount / max(leastByteCount, 1)) else {
            throw .damaged("\(count) elements are announced and \(remainingByteCount) bytes follow")
        }
        return Int(count)
    }
}

extension [UInt8] {
    /// Appends a number in the form that `SectionReader.varint()` reads, in as few bytes as it takes.
    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}
