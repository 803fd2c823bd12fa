/// A reader of the fields of one structure, which are little-endian. Every read is checked against the structure's end.
struct FieldReader {
    private let bytes: [UInt8]
    /// The index of the next byte.
    private(set) var position: Int
    private let end: Int
    /// The place of `bytes` in the file, for messages.
    let byteOffset: Int
    /// False if checksums are taken as they are.
    private let verifiesChecksums: Bool

    init(_ bytes: [UInt8], at byteOffset: Int, verifiesChecksums: Bool = true) {
        self.bytes = bytes
        position = 0
        end = bytes.count
        self.byteOffset = byteOffset
        self.verifiesChecksums = verifiesChecksums
    }

    /// Makes a reader of a part of the bytes.
    private init(_ other: FieldReader, _ range: Range<Int>) {
        bytes = other.bytes
        position = range.lowerBound
        end = range.upperBound
        byteOffset = other.byteOffset
        verifiesChecksums = other.verifiesChecksums
    }

    /// The number of bytes that have not been read.
    var remaining: Int { end - position }
    /// The place in the file of the next byte.
    var place: Int { byteOffset + position }

    private func require(_ count: Int) throws(HDF5Error) {
        guard count >= 0, count <= remaining else {
            throw HDF5Error(.damaged, at: place, "a structure ends \(count - remaining) bytes before its last field does")
        }
    }

    /// Reads a number of 1 to 8 bytes.
    mutating func number(_ byteCount: Int) throws(HDF5Error) -> UInt64 {
        try require(byteCount)
        var value: UInt64 = 0
        for index in 0..<min(byteCount, 8) { value |= UInt64(bytes[position + index]) << UInt64(8 * index) }
        position += byteCount
        return value
    }

    /// Reads a number of up to 8 bytes that counts something.
    mutating func count(_ byteCount: Int) throws(HDF5Error) -> Int {
        let value = try number(byteCount)
        guard let count = Int(exactly: value) else { throw HDF5Error(.damaged, at: place - byteCount, "a number of \(value)") }
        return count
    }

    /// Reads one byte.
    mutating func byte() throws(HDF5Error) -> UInt8 { UInt8(truncatingIfNeeded: try number(1)) }

    /// Skips bytes.
    mutating func skip(_ byteCount: Int) throws(HDF5Error) {
        try require(byteCount)
        position += byteCount
    }

    /// Reads bytes as they are.
    mutating func take(_ byteCount: Int) throws(HDF5Error) -> ArraySlice<UInt8> {
        try require(byteCount)
        position += byteCount
        return bytes[(position - byteCount)..<position]
    }

    /// Reads a part of the structure by a reader of its own.
    mutating func part(_ byteCount: Int) throws(HDF5Error) -> FieldReader {
        try require(byteCount)
        position += byteCount
        return FieldReader(self, (position - byteCount)..<position)
    }

    /// Reads the four letters with which a structure begins, and throws if they are others.
    mutating func expect(_ signature: String) throws(HDF5Error) {
        let place = place
        guard try take(4).elementsEqual(signature.utf8) else {
            throw HDF5Error(.damaged, at: place, "there is no \(signature), to which an address leads")
        }
    }

    /// Reads a version, and throws if it is none of those that are known.
    mutating func version(_ known: ClosedRange<UInt8>, of what: String) throws(HDF5Error) -> UInt8 {
        let place = place
        let version = try byte()
        guard known.contains(version) else {
            throw HDF5Error(
                .unsupported, at: place, "version \(version) of \(what), of which \(known.lowerBound) to \(known.upperBound) are read",
                remedy: "is it damaged? A newer library may write older versions: h5py.File(path, 'w', libver='v110')")
        }
        return version
    }

    /// Verifies the checksum that follows all bytes that were read from the beginning on.
    mutating func verifyChecksum(_ what: String) throws(HDF5Error) {
        guard verifiesChecksums else { return try skip(4) }
        let found = bytes.withUnsafeBytes { Lookup3.hash(UnsafeRawBufferPointer(rebasing: $0[..<position])) }
        let place = place
        let wanted = UInt32(truncatingIfNeeded: try number(4))
        guard found == wanted else {
            throw HDF5Error(
                .checksum, at: place,
                "\(what) has the checksum 0x\(String(found, radix: 16)), and 0x\(String(wanted, radix: 16)) is stored")
        }
    }

    /// Verifies a checksum of all bytes that lies among them, and that counts as zeros.
    ///
    /// - Parameter offset: the offset of the checksum.
    func verifyChecksum(_ what: String, inside offset: Int) throws(HDF5Error) {
        var stored = self
        try stored.skip(offset - position)
        let wanted = UInt32(truncatingIfNeeded: try stored.number(4))
        var content = bytes
        for index in offset..<offset + 4 { content[index] = 0 }
        var checked = FieldReader(
            content + withUnsafeBytes(of: wanted.littleEndian) { Array($0) }, at: byteOffset, verifiesChecksums: verifiesChecksums)
        try checked.skip(content.count)
        try checked.verifyChecksum(what)
    }
}
