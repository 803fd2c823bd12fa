internal import Container
internal import Formats

/// The text of records in pieces, in order: stretches of files that can be cut, which the workers decode, and whole records of those that
/// cannot.
struct RecordPieces {
    private let files: [RecordFile]
    private let isCuttingAllowed: Bool
    private let progress: ProgressMeter
    private let text: RecordText
    private var fileIndex = -1
    /// The stretches of the file that have not been given out, and the number of all; none where it cannot be cut.
    private var spans: ArraySlice<WorkUnit.Span> = []
    private var spanCount = 0
    private var isStreaming = false

    /// - Parameter isCuttingAllowed: whether files may be cut at line feeds.
    init(_ plan: Plan, _ files: [RecordFile], isCuttingAllowed: Bool, progress: ProgressMeter) {
        self.files = files
        self.isCuttingAllowed = isCuttingAllowed
        self.progress = progress
        text = RecordText(files, options: plan.containerOptions)
    }

    /// Fills a piece with what comes next.
    ///
    /// - Returns: false after the last.
    mutating func next(into piece: RecordPiece) throws(EngineError) -> Bool {
        while true {
            piece.fileIndex = fileIndex
            if isStreaming {
                if let read = try text.next(into: piece.buffer) {
                    progress.advance(by: read.decodedByteCount)
                    piece.span = nil
                    piece.isCut = false
                    piece.text = 0..<read.extent.byteCount
                    piece.extent = read.extent
                    piece.firstLine = read.line
                    return true
                }
                isStreaming = false
            }
            if let span = spans.popFirst() {
                piece.span = span
                piece.isCut = spanCount > 1
                piece.isFirst = spans.count == spanCount - 1
                piece.isLast = spans.isEmpty
                return true
            }
            guard fileIndex + 1 < files.count else { return false }
            fileIndex += 1
            spans = isCuttingAllowed ? files[fileIndex].spans[...] : []
            spanCount = spans.count
            isStreaming = spans.isEmpty
            if isStreaming { try text.begin(fileIndex) }
        }
    }
}
