internal import Container
internal import Formats

/// An opened text of records.
struct RecordFile: Sendable {
    let container: ContainerFile
    let format: any RecordFormat
    /// The values that are wanted of its records.
    let selection: RecordSelection

    var path: String { container.path }

    /// Opens a text by its beginning; nil if no format recognises it.
    init?(_ container: ContainerFile, _ prefix: inout DecodedPrefix, hasHeader: Bool) throws(EngineError) {
        var options = RecordFormats.Options()
        options.hasHeader = hasHeader
        var byteCount = RecordFormats.prefixByteCount
        var found: (any RecordFormat)?
        while true {
            // The bytes of a stream must be kept until the first record has been parsed, whose numbers may be longer than the names.
            container.keepRewindable(4 * byteCount)
            try prefix.read(upTo: byteCount)
            let isWhole = prefix.isWhole
            do throws(FormatError) {
                found = try prefix.bytes.withBytes { bytes throws(FormatError) in
                    try RecordFormats.recognise(bytes, isWhole: isWhole, options: options)
                }
                break
            } catch {
                guard error.kind == .truncatedHeader, !isWhole, byteCount < RecordFormats.recordByteCountLimit else {
                    throw EngineError(error, path: container.path)
                }
                byteCount *= 2
            }
        }
        guard let found else { return nil }
        format = found
        self.container = container
        selection = RecordSelection(predictions: [])
    }

    private init(_ file: RecordFile, _ selection: RecordSelection) {
        container = file.container
        format = file.format
        self.selection = selection
    }

    /// Returns the same text, with another selection of the values in its records.
    func selecting(_ selection: RecordSelection) -> RecordFile { RecordFile(self, selection) }

    /// Makes a parser for the selected values.
    func makeParser() throws(EngineError) -> any RecordParser {
        do throws(FormatError) { return try format.makeParser(selection) } catch { throw EngineError(error, path: path) }
    }

    /// Finds the columns that a name or `PREFIX*` means.
    func resolve(_ name: String) throws(EngineError) -> [RecordPath] {
        do throws(FormatError) { return try format.resolve(name) } catch { throw EngineError(error, path: path) }
    }

    /// Finds the columns that several names mean, one after another.
    func resolve(_ names: [String]) throws(EngineError) -> [RecordPath] {
        do throws(FormatError) { return try format.resolve(names) } catch { throw EngineError(error, path: path) }
    }

    /// Makes the error for a record that is longer than the limit.
    func lengthError(line: Int) -> EngineError {
        EngineError(
            .data, path: path, line: line, "a record goes on for more than \(RecordFormats.recordByteCountLimit >> 20) MiB",
            remedy: format.allowsLineFeedsInRecords ? "is a quote not closed, or is it no text?" : "is it no text?")
    }
}
