internal import Container
internal import Formats

/// An opened text of records.
struct RecordFile: Sendable {
    let container: ContainerFile
    let format: any RecordFormat
    /// What of its records is wanted.
    let selection: RecordSelection

    var path: String { container.path }

    /// nil where the beginning is that of no text that is known.
    init?(_ container: ContainerFile, _ prefix: inout DecodedPrefix, hasHeader: Bool) throws(EngineError) {
        try prefix.read(upTo: RecordFormats.prefixByteCount)
        // A first record of many values may be longer. Of a stream no more can be read than it gives again.
        if !prefix.bytes.contains(0x0A) {
            try prefix.read(upTo: container.isStream ? ContainerFile.rewindableByteCount / 2 : RecordFile.recordByteCountLimit / 4)
        }
        var options = RecordFormats.Options()
        options.hasHeader = hasHeader
        let isWhole = prefix.isWhole
        do throws(FormatError) {
            let format = try prefix.bytes.withBytes { bytes throws(FormatError) in
                try RecordFormats.recognise(bytes, isWhole: isWhole, options: options)
            }
            guard let format else { return nil }
            self.format = format
        } catch {
            throw EngineError(error, path: container.path)
        }
        self.container = container
        selection = RecordSelection(predictions: [])
    }

    private init(_ file: RecordFile, _ selection: RecordSelection) {
        container = file.container
        format = file.format
        self.selection = selection
    }

    /// The same text, of whose records this is wanted.
    func selecting(_ selection: RecordSelection) -> RecordFile { RecordFile(self, selection) }

    func makeParser() throws(EngineError) -> any RecordParser {
        do throws(FormatError) { return try format.makeParser(selection) } catch { throw EngineError(error, path: path) }
    }

    func resolve(_ name: String) throws(EngineError) -> [RecordPath] {
        do throws(FormatError) { return try format.resolve(name) } catch { throw EngineError(error, path: path) }
    }

    /// The places of several names, one after another.
    func resolve(_ names: [String]) throws(EngineError) -> [RecordPath] {
        var paths: [RecordPath] = []
        for name in names { paths += try resolve(name) }
        return paths
    }

    /// A record may be as long as this: it is kept in memory whole. 262,144 logits take some 3 MB of text.
    static let recordByteCountLimit = 64 << 20

    /// The error for one that is longer.
    func lengthError(line: Int) -> EngineError {
        EngineError(
            .data, path: path, line: line, "a record goes on for more than \(Self.recordByteCountLimit >> 20) MiB",
            remedy: format.allowsLineFeedsInRecords ? "is a quote not closed, or is it no text?" : "is it no text?")
    }
}
