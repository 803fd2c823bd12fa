public import Elements
internal import Messages

/// The header of NumPy's `.npy` files, versions 1.0, 2.0 and 3.0.
///
/// The file begins with the magic `\x93NUMPY`, two version bytes and the header's length (little-endian; 2 bytes in version 1, 4 in
/// versions 2 and 3). The header itself follows: a Python dictionary of `descr`, `fortran_order` and `shape`. Then come the data.
/// <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
///
/// ```swift
/// let file = NPYHeader.encode(elementType: .float32, shape: [2, 3]) + [UInt8](repeating: 0, count: 24)
/// switch try file.withUnsafeBytes({ bytes throws(FormatError) in try NPYHeader.parse(bytes) }) {
/// case .complete(let layout): print(layout.rowCount, "rows from byte", layout.dataByteOffset)
/// case .needs(let byteCount): print("the header needs", byteCount, "bytes")
/// }
/// ```
public enum NPYHeader {
    /// The result of parsing the first bytes of a file.
    public enum ParseResult: Sendable, Equatable {
        /// The whole header was given, and this is its layout.
        case complete(ArrayLayout)
        /// The parser needs the first `byteCount` bytes of the file, which are more than it was given. Call `parse` again with them. If the
        /// file ends before, `truncated(fileByteCount:neededByteCount:)` is the error.
        case needs(byteCount: Int)
    }

    /// The longest header in bytes that is read. A longer one is refused before anything is allocated for it. NumPy itself stops at 10,000.
    public static let headerByteCountLimit = 1 << 20

    /// The first six bytes of every `.npy` file: `\x93NUMPY`.
    public static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]

    /// Returns true if `prefix` begins with the magic, and false if it does not or is too short.
    public static func looksLikeNPY(_ prefix: UnsafeRawBufferPointer) -> Bool {
        prefix.starts(with: magic)
    }

    /// Parses the start of a file. `prefix` may be just the first bytes, and may go beyond the header.
    ///
    /// Linear in the header's length. Allocates no more than the header's own bytes.
    ///
    /// - Throws: `FormatError`. An array of a type that is not read is an error here. Fortran order is not,
    ///   nor are zero rows, nor any number of dimensions up to NumPy's 64.
    public static func parse(_ prefix: UnsafeRawBufferPointer) throws(FormatError) -> ParseResult {
        switch try dictionary(prefix) {
        case .needs(let byteCount): return .needs(byteCount: byteCount)
        case .found(var dictionary): return .complete(try dictionary.parse())
        }
    }

    /// The dictionary of a header, or the number of the file's first bytes that it takes to find it.
    enum DictionaryResult {
        case found(NPYHeaderDictionary)
        case needs(byteCount: Int)
    }

    /// Finds the dictionary at the start of a file.
    static func dictionary(_ prefix: UnsafeRawBufferPointer) throws(FormatError) -> DictionaryResult {
        guard prefix.starts(with: magic.prefix(prefix.count)) else {
            let found = Array(prefix.prefix(8))
            let guess = FileSignature.recognise(prefix)
            throw FormatError(
                kind: .signature, subject: "NumPy magic", byteOffset: 0,
                found: QuotedBytes.hexadecimal(found) + (guess.map { " (\($0.name))" } ?? ""),
                allowed: QuotedBytes.hexadecimal(magic) + " (a .npy file)", remedy: guess?.remedy ?? "save the array with np.save")
        }
        guard prefix.count >= 8 else { return .needs(byteCount: 10) }

        let lengthByteCount: Int
        switch (prefix[6], prefix[7]) {
        case (1, 0): lengthByteCount = 2
        // Version 3 is version 2 in UTF-8 instead of Latin-1. Only names of fields can differ, and fields are refused.
        case (2, 0), (3, 0): lengthByteCount = 4
        case (let major, let minor):
            throw FormatError(
                kind: .version, subject: "NumPy format version", byteOffset: 6, found: "\(major).\(minor)", allowed: "1.0, 2.0, 3.0",
                remedy: "save the array again with np.save")
        }
        let headerByteOffset = 8 + lengthByteCount
        guard prefix.count >= headerByteOffset else { return .needs(byteCount: headerByteOffset) }

        var headerByteCount = 0
        for index in 0..<lengthByteCount { headerByteCount |= Int(prefix[8 + index]) << (8 * index) }
        guard headerByteCount <= headerByteCountLimit else {
            throw FormatError(
                kind: .headerLength, subject: "NumPy header length", byteOffset: 8, found: "\(headerByteCount) bytes",
                allowed: "up to \(headerByteCountLimit)", remedy: "the file is damaged, or was not written by np.save")
        }
        let dataByteOffset = headerByteOffset + headerByteCount
        guard prefix.count >= dataByteOffset else { return .needs(byteCount: dataByteOffset) }

        // A copy, so that the parser's every access is checked in release builds too. Mostly 118 bytes.
        return .found(
            NPYHeaderDictionary(
                bytes: Array(prefix[headerByteOffset..<dataByteOffset]), byteOffset: headerByteOffset, majorVersion: prefix[6]))
    }

    /// Makes the error for a file that ends before the header that `parse` asked for.
    public static func truncated(fileByteCount: Int, neededByteCount: Int) -> FormatError {
        FormatError(
            kind: .truncatedHeader, subject: "NumPy header", byteOffset: nil,
            found: fileByteCount == 0 ? "an empty file" : "the end of the file after \(fileByteCount) bytes",
            allowed: "at least \(neededByteCount) bytes", remedy: "the file was cut short: write or copy it again")
    }

    /// Writes the bytes that `np.save` puts before a C-ordered array of this type and shape in this machine's byte order. They equal those
    /// of NumPy 1.25 and later: version 1.0 (2.0 if some hundreds of dimensions need it), with the data aligned to 64 bytes.
    ///
    /// - Precondition: no dimension is negative.
    public static func encode(elementType: ElementType, shape: [Int]) -> [UInt8] {
        precondition(shape.allSatisfy { $0 >= 0 }, "a dimension is negative")
        let dimensions = shape.map { String($0) }
        var dictionary = "{'descr': '\(elementType.npyDescriptor)', 'fortran_order': False, 'shape': ("
        dictionary += dimensions.joined(separator: ", ") + (dimensions.count == 1 ? ",), }" : "), }")
        // NumPy leaves room for the first dimension to grow in place, to 21 digits.
        if let first = dimensions.first { dictionary += String(repeating: " ", count: max(0, 21 - first.utf8.count)) }

        func wrapped(major: UInt8, lengthByteCount: Int) -> [UInt8] {
            let unpaddedByteCount = 8 + lengthByteCount + dictionary.utf8.count + 1
            // NumPy adds 64 spaces, not none, where the header already ends on a multiple of 64.
            let padByteCount = 64 - unpaddedByteCount % 64
            let headerByteCount = dictionary.utf8.count + padByteCount + 1
            var bytes = magic + [major, 0]
            for index in 0..<lengthByteCount { bytes.append(UInt8(truncatingIfNeeded: headerByteCount >> (8 * index))) }
            bytes += dictionary.utf8
            bytes += repeatElement(UInt8(ascii: " "), count: padByteCount)
            bytes.append(UInt8(ascii: "\n"))
            return bytes
        }
        let bytes = wrapped(major: 1, lengthByteCount: 2)
        return bytes.count - 10 <= Int(UInt16.max) ? bytes : wrapped(major: 2, lengthByteCount: 4)
    }
}
