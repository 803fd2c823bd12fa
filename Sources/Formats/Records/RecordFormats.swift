/// The formats of text that are known, and how the beginning of a text says which it is.
public enum RecordFormats {
    /// What the user says of a table.
    public struct Options: Sendable {
        /// The first line holds names of columns.
        public var hasHeader = true

        public init() {}
    }

    /// How much of a text's beginning is looked at first.
    public static let prefixByteCount = 1 << 20

    /// A record, or a table's line of names, may be as long as this: it is kept in memory whole. 262,144 logits take some 3 MB of text.
    public static let recordByteCountLimit = 64 << 20

    /// Finds out the format.
    ///
    /// `prefix` is the beginning of the decompressed text: all there is (`isWhole`), or as much as has the first record whole.
    /// - Returns: nil where it is no text that is known.
    /// - Throws: `FormatError` where it is, and something is wrong with its beginning: no names, no record. Of kind `.truncatedHeader` where
    ///   `prefix` ends inside the first record, so that more of the text has to be looked at, up to `recordByteCountLimit`.
    public static func recognise(
        _ prefix: UnsafeRawBufferPointer, isWhole: Bool, options: Options
    ) throws(FormatError) -> (any RecordFormat)? {
        // One line a format; JSON Lines first, since `{` begins no table worth the name.
        if let lines = try JSONLines.recognise(prefix, isWhole: isWhole) { return lines }
        return try TableFormat.recognise(prefix, isWhole: isWhole, options: options)
    }
}
