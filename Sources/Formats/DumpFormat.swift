internal import Messages

/// The format of a file, recognised from the beginning of its decompressed bytes.
///
/// ```swift
/// var byteCount = DumpFormat.firstByteCount
/// while case .needs(let more) = try DumpFormat.recognise(bytes.prefix(byteCount), isWhole: byteCount >= bytes.count, options: .init()) {
///     byteCount = more
/// }
/// ```
public enum DumpFormat: Sendable {
    /// One array, which has no name: `.npy`.
    case array(ArrayLayout)
    /// Several arrays by name, which lie one after another: `.safetensors`.
    case tensors(SafetensorsHeader)
    /// Text, each of whose records is a row.
    case records(any RecordFormat)

    /// The result of looking at a beginning.
    public enum Recognition<Found: Sendable>: Sendable {
        /// The format, or its header.
        case recognised(Found)
        /// The format cannot be told, or its header is not whole, before the first `byteCount` bytes are given.
        case needs(byteCount: Int)

        /// Returns the same result, with the format made of another thing that was found.
        func map<Other: Sendable>(_ transform: (Found) -> Other) -> Recognition<Other> {
            switch self {
            case .recognised(let found): .recognised(transform(found))
            case .needs(let byteCount): .needs(byteCount: byteCount)
            }
        }
    }

    /// The number of bytes to give `recognise` first.
    public static let firstByteCount = 128

    /// The format's name in reports and messages: `npy`, `safetensors`, or that of the text.
    public var name: String {
        switch self {
        case .array: "npy"
        case .tensors: "safetensors"
        case .records(let format): format.name
        }
    }

    /// Recognises the format, and reads its header.
    ///
    /// - Parameters:
    ///   - prefix: the first bytes of the file.
    ///   - isWhole: true if they are all bytes of the file.
    ///   - options: the user's statements about a text.
    /// - Throws: `FormatError` if the format is known and its header is wrong, or if it is not known.
    public static func recognise(
        _ prefix: UnsafeRawBufferPointer, isWhole: Bool, options: RecordFormats.Options
    ) throws(FormatError) -> Recognition<DumpFormat> {
        if prefix.starts(with: NPYHeader.magic) || NPYHeader.magic.starts(with: prefix) {
            return try array(prefix, isWhole: isWhole).map { .array($0) }
        }
        if SafetensorsHeader.isPlausible(prefix) { return try tensors(prefix, isWhole: isWhole) }
        if !isWhole, prefix.count < FileSignature.byteCount { return .needs(byteCount: FileSignature.byteCount) }
        if let foreign = FileSignature.ofFile(prefix) { throw foreign.error }
        if !isWhole, prefix.count < RecordFormats.prefixByteCount { return .needs(byteCount: RecordFormats.prefixByteCount) }
        do throws(FormatError) {
            if let format = try RecordFormats.recognise(prefix, isWhole: isWhole, options: options) { return .recognised(.records(format)) }
        } catch {
            guard error.kind == .truncatedHeader, !isWhole, prefix.count < options.recordByteCountLimit else { throw error }
            // No further than a byte too many: what writes an endless record may stall after it.
            return .needs(byteCount: min(2 * prefix.count, options.recordByteCountLimit + 1))
        }
        throw unknown(prefix)
    }

    /// The error for bytes of no format that is known.
    private static func unknown(_ prefix: UnsafeRawBufferPointer) -> FormatError {
        if prefix.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            let inner = FileSignature(
                name: "a zip archive inside what was decompressed", remedy: "decompress it once, and give the archive itself")
            return (FileSignature.ofZip(beginningWith: prefix) ?? inner).error
        }
        if let guess = FileSignature.ofStructure(prefix) { return guess.error }
        return FormatError(
            kind: .signature, subject: "format", byteOffset: 0,
            found: "\(QuotedBytes.hexadecimal(prefix)), with which no format begins that is known", allowed: nil,
            remedy: "save arrays with np.save, tables as CSV in UTF-8, records as JSON Lines")
    }

    /// Reads the header of an `.npy`.
    public static func array(_ prefix: UnsafeRawBufferPointer, isWhole: Bool) throws(FormatError) -> Recognition<ArrayLayout> {
        switch try NPYHeader.parse(prefix) {
        case .complete(let layout): return .recognised(layout)
        case .needs(let byteCount):
            guard !isWhole else { throw NPYHeader.truncated(fileByteCount: prefix.count, neededByteCount: byteCount) }
            return .needs(byteCount: byteCount)
        }
    }

    /// Reads the header of an `.npy` of strings.
    ///
    /// - Throws: `FormatError` of kind `.elementType` for any other `.npy`.
    package static func strings(_ prefix: UnsafeRawBufferPointer, isWhole: Bool) throws(FormatError) -> Recognition<StringArrayLayout> {
        switch try NPYHeader.dictionary(prefix) {
        case .found(var dictionary): return .recognised(try dictionary.parseStrings())
        case .needs(let byteCount):
            guard !isWhole else { throw NPYHeader.truncated(fileByteCount: prefix.count, neededByteCount: byteCount) }
            return .needs(byteCount: byteCount)
        }
    }

    private static func tensors(_ prefix: UnsafeRawBufferPointer, isWhole: Bool) throws(FormatError) -> Recognition<DumpFormat> {
        switch try SafetensorsHeader.parse(prefix) {
        case .complete(let header): return .recognised(.tensors(header))
        case .needs(let byteCount):
            guard !isWhole else { throw SafetensorsHeader.truncated(fileByteCount: prefix.count, neededByteCount: byteCount) }
            return .needs(byteCount: byteCount)
        }
    }
}
