internal import Container
internal import Formats

/// The chunks of text in order: spans of files that can be cut, which workers decode, and whole records of files that cannot.
struct RecordFeed: RowFeed {
    private let files: [RecordFile]
    private let cutsText: Bool
    private let progress: ProgressMeter
    /// The part of the single file that is read; nil for all of all files.
    private let window: RecordWindow?
    private let stream: RecordStream
    private var fileIndex = -1
    /// The spans of the file that have not been given out; none if the file cannot be cut.
    private var spans: ArraySlice<FileSpan> = []
    /// The number of all spans of the file.
    private var spanCount = 0
    private var isStreaming = false
    /// True if nothing of a file that cannot be cut has been given out.
    private var isAtFirstPiece = false

    /// Begins before the first chunk, or before one of which a numbering told the state.
    ///
    /// - Parameters:
    ///   - cutsText: true if files may be cut at line feeds.
    ///   - state: the state of the numbering before the first chunk that is wanted; nil for the first of all.
    init(
        _ files: [RecordFile], options: ContainerOptions, cutsText: Bool, window: RecordWindow?, from state: RecordNumbering.State? = nil,
        _ control: RunControl
    ) throws(EngineError) {
        self.window = window
        self.files = files
        self.cutsText = cutsText
        progress = control.progress
        stream = RecordStream(files, options: options, isCalledOff: { control.hasFailed })
        guard let state else { return }
        fileIndex = state.fileIndex - 1
        try beginNextFile()
        if !isStreaming { spans = files[fileIndex].spans[state.spanIndex...] }
    }

    /// Goes to the next file, of which there must be one.
    private mutating func beginNextFile() throws(EngineError) {
        fileIndex += 1
        spans = cutsText ? files[fileIndex].spans[...] : []
        spanCount = spans.count
        if let window {
            let file = files[fileIndex]
            // The spans begin with the byte before the window, which may be a line feed.
            spans =
                window.byteRange.isEmpty
                ? [] : spans.drop { file.decodedBytes(of: $0).upperBound < window.byteRange.lowerBound }
            isStreaming = false
            return
        }
        isStreaming = spans.isEmpty
        isAtFirstPiece = isStreaming
        if isStreaming { try stream.begin(fileIndex) }
    }

    mutating func next(into chunk: RecordChunk) throws(EngineError) -> Bool {
        while true {
            chunk.fileIndex = fileIndex
            if isStreaming {
                if let read = try stream.next(into: chunk.buffer) {
                    progress.advance(by: read.decodedByteCount)
                    chunk.span = nil
                    chunk.isCut = false
                    chunk.isFirst = isAtFirstPiece
                    isAtFirstPiece = false
                    chunk.text = 0..<read.extent.byteCount
                    chunk.extent = read.extent
                    chunk.firstLine = read.line
                    return true
                }
                isStreaming = false
            }
            if window?.isComplete == true { return false }
            if let span = spans.popFirst() {
                chunk.span = span
                chunk.spanIndex = spans.startIndex - 1
                chunk.isCut = spanCount > 1 || window != nil
                (chunk.beginsWindow, chunk.endsWindow) = (false, false)
                chunk.isFirst = spans.count == spanCount - 1
                chunk.isLast = spans.isEmpty
                return true
            }
            guard fileIndex + 1 < files.count else { return false }
            try beginNextFile()
        }
    }
}
