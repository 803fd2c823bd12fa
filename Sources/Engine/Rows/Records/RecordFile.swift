internal import Container
internal import Formats
internal import Messages

/// An opened text of records.
struct RecordFile: Sendable {
    let container: ContainerFile
    let format: any RecordFormat
    /// The values that are wanted of its records.
    let selection: RecordSelection
    /// The most bytes that a record may have.
    let recordByteCountLimit: Int

    var path: String { container.path }

    /// Makes a text of a recognised format, of which nothing is wanted yet.
    init(_ container: ContainerFile, _ format: any RecordFormat, recordByteCountLimit: Int) {
        self.container = container
        self.recordByteCountLimit = recordByteCountLimit
        self.format = format
        selection = RecordSelection(predictions: [])
    }

    private init(_ file: RecordFile, _ selection: RecordSelection) {
        container = file.container
        recordByteCountLimit = file.recordByteCountLimit
        format = file.format
        self.selection = selection
    }

    /// Returns the same text, with another selection of the values in its records.
    func selecting(_ selection: RecordSelection) -> RecordFile { RecordFile(self, selection) }

    /// Makes a parser for the selected values.
    func makeParser() throws(EngineError) -> any RecordParser {
        do throws(FormatError) { return try format.makeParser(selection) } catch { throw EngineError(error, path: path) }
    }

    /// Makes the error for a record that is longer than the limit.
    func lengthError(line: Int) -> EngineError {
        let doubt = format.allowsLineFeedsInRecords ? "is a quote not closed, or is it no text?" : "is it no text?"
        return EngineError(
            .data, path: path, line: line,
            "a record goes on for more than \(RecordFormats.text(ofByteCount: recordByteCountLimit))",
            remedy: "\(setting: .maximumRecord) raises the limit; \(doubt)")
    }
}
