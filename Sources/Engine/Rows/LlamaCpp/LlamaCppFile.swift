internal import Container
internal import Formats

/// A file of llama.cpp's `--kl-divergence-base`: log-probabilities, and the tokens that are their labels, as two arrays.
struct LlamaCppFile: Sendable {
    /// The name of the format in reports and messages.
    static let format = "llama.cpp base"
    /// The name of the log-probabilities.
    static let valuesName = "log_probs"
    /// The name of the tokens that are predicted.
    static let labelsName = "label"

    private let base: LlamaCppBase
    private let container: ContainerFile
    private let options: ContainerOptions

    /// Reads the head of a file.
    ///
    /// - Parameter prefix: the first bytes, as many as the head has.
    init(_ prefix: [UInt8], _ container: ContainerFile, options: ContainerOptions) throws(EngineError) {
        guard container.compression == .none, !container.isStream else {
            throw EngineError(
                .data, path: container.path, "it is a \(Self.format), whose rows are read where they lie, and it is compressed or a pipe",
                remedy: "write it to a file first, decompressed")
        }
        self.container = container
        self.options = options
        do throws(FormatError) {
            base = try LlamaCppBase(prefix, valueCountLimit: RowLayout.valueCountLimit)
            try base.check(fileByteCount: container.byteCount)
        } catch {
            throw EngineError(error, path: container.path)
        }
    }

    /// The arrays: log-probabilities of the vocabulary, row by row, and the tokens that follow.
    var arrays: [DumpFile.ArchivedArray] {
        [
            DumpFile.ArchivedArray(name: Self.valuesName) { () throws(EngineError) in
                try open(QuantisedRows(base: base, container: container)) { () throws(FormatError) in try base.valueLayout() }
            },
            DumpFile.ArchivedArray(name: Self.labelsName) { () throws(EngineError) in
                try open(PredictedTokens(base: base, container: container)) { () throws(FormatError) in try base.labelLayout() }
            },
        ]
    }

    private func open(
        _ source: any ByteSource, _ layout: () throws(FormatError) -> ArrayLayout
    ) throws(EngineError) -> ArrayFile {
        let content: ContainerFile
        do throws(ContainerError) { content = try ContainerFile(raw: source) } catch { throw EngineError(error) }
        let found: ArrayLayout
        do throws(FormatError) { found = try layout() } catch { throw EngineError(error, path: container.path) }
        return try ArrayFile(content, found, endByteOffset: found.endByteOffset, options: options, warnings: [])
    }
}
