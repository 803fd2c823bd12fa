internal import Container
internal import Elements
internal import Formats
internal import Messages
internal import Scoring

/// The rows of text files: CSV, TSV, JSON Lines.
struct RecordRowSource: OrderedRowSource {
    let files: [RecordFile]
    /// The column that gives the rows' values: the predictions, or the labels or weights of a text that holds nothing else.
    let values: RecordColumnKind
    /// The columns beside the values, in the order of `layout.columns`.
    let columns: [RecordColumnKind]
    let options: ContainerOptions
    /// True if files may be cut at line feeds, so that all workers decode.
    let cutsText: Bool
    /// The part of the single file that is read; nil for all of all files.
    let window: RecordWindow?
    let layout: RowLayout
    /// The values of the last identifiers of a record, whose texts are kept; empty if the hashes of all are enough.
    let hashedValues: [HashedValues]

    /// Makes a source of predictions, with the columns beside them that the first file's selection names.
    ///
    /// - Parameters:
    ///   - valuesPerRow: the number of predictions a row.
    ///   - window: the part of a single file that is read.
    ///   - hashedValues: the values of the last identifiers of a record.
    init(
        predictionsOf files: [RecordFile], valuesPerRow: Int, options: ContainerOptions, cutsText: Bool, window: RecordWindow? = nil,
        hashedValues: [HashedValues] = []
    ) {
        self.window = window
        self.hashedValues = hashedValues
        self.files = files
        self.options = options
        self.cutsText = cutsText
        values = .predictions
        var columns: [RecordColumnKind] = []
        var layouts: [ColumnLayout] = []
        func add(_ kind: RecordColumnKind, _ name: String, valuesPerRow: Int = 1) {
            columns.append(kind)
            layouts.append(ColumnLayout(name: name, elementType: kind.elementType, valuesPerRow: valuesPerRow))
        }
        if let selection = files.first?.selection {
            switch selection.labels {
            case .none: break
            case .classIndex: add(.classLabels, CompanionColumn.labels)
            case .numbers: add(.targets, CompanionColumn.labels, valuesPerRow: selection.labelsPerRow ?? 1)
            }
            if selection.weight != nil { add(.weights, CompanionColumn.weights) }
            if selection.sumsValues {
                add(.tokenCounts, CompanionColumn.tokenCounts)
                if selection.addends == .logProbabilities { add(.placeholderCounts, CompanionColumn.placeholderCounts) }
            }
            if selection.wantsByteCounts { add(.byteCounts, CompanionColumn.byteCounts) }
            if selection.wantsWordCounts { add(.wordCounts, CompanionColumn.wordCounts) }
            if !selection.identifiers.isEmpty {
                add(.identifiers, CompanionColumn.identifiers, valuesPerRow: selection.identifiers.count)
            }
        }
        self.columns = columns
        layout = RowLayout(elementType: .float64, valuesPerRow: valuesPerRow, columns: layouts)
    }

    /// Makes a source of one column of text, such as labels that lie apart from their predictions.
    ///
    /// - Parameters:
    ///   - identifierCount: the number of identifiers a row that go beside the values.
    ///   - hashedValues: the values of the last identifiers of a record.
    init(
        _ values: RecordColumnKind, of files: [RecordFile], valuesPerRow: Int, identifierCount: Int = 0, options: ContainerOptions,
        hashedValues: [HashedValues] = []
    ) {
        self.hashedValues = hashedValues
        self.files = files
        self.values = values
        self.options = options
        columns = identifierCount > 0 ? [.identifiers] : []
        let layouts = columns.map {
            ColumnLayout(name: CompanionColumn.identifiers, elementType: $0.elementType, valuesPerRow: identifierCount)
        }
        cutsText = false
        window = nil
        layout = RowLayout(elementType: values.elementType, valuesPerRow: valuesPerRow, columns: layouts)
    }

    var path: String? { files.first?.path }
    var rowCount: Int? { nil }

    var decodedByteCount: Int? {
        var total = 0
        for file in files {
            guard let count = file.container.decodedByteCount else { return nil }
            total += count
        }
        return total
    }

    var scheduleText: String {
        let spans = files.map { $0.spans.count }
        let cut = spans.reduce(0, +)
        return cut == 0
            ? "text in order, decompressed by one worker at a time, parsed and scored by all"
            : String.counted(cut, "unit") + " of text, decompressed, parsed and scored by all"
                + (spans.contains(0) ? ", and " + String.counted(spans.count { $0 == 0 }, "file") + " in order" : "")
    }

    /// Throws if a member of a zip archive is not what its checksum says.
    func finishReading() throws(EngineError) {
        for file in files {
            do throws(ContainerError) { try file.container.verifyMemberChecksum() } catch { throw EngineError(error) }
        }
    }

    func makeFeed(_ control: RunControl) throws(EngineError) -> sending RecordFeed {
        try RecordFeed(files, options: options, cutsText: cutsText, window: window, control)
    }
    func canResume(from point: ResumePoint) -> Bool { state(of: point) != nil }
    func makeFeed(_ control: RunControl, from point: ResumePoint) throws(EngineError) -> sending RecordFeed {
        try RecordFeed(files, options: options, cutsText: cutsText, window: window, from: state(of: point), control)
    }
    func makeNumbering(from point: ResumePoint) throws(EngineError) -> sending RecordNumbering {
        guard let state = state(of: point) else { return try makeNumbering() }
        return try RecordNumbering(files, window: window, from: state)
    }
    private func state(of point: ResumePoint) -> RecordNumbering.State? {
        RecordNumbering.State(point.state, files, cutsText: cutsText)
    }
    func makePiece() -> sending RecordChunk { RecordChunk() }
    func makeNumbering() throws(EngineError) -> sending RecordNumbering { RecordNumbering(files, window: window) }
    func makeReader(_ control: RunControl) -> sending RecordReader { RecordReader(self, control) }

    /// Begins to read whole records, without cutting the text.
    func makeCursor(_ control: RunControl) throws(EngineError) -> sending any RowCursor {
        guard cutsText else { return try PieceCursor(self, control) }
        return try PieceCursor(uncut, control)
    }

    func knownPlace(ofRow row: Int) -> RowPlace? { files.count == 1 && window == nil ? RowPlace(path: files[0].path, row: row) : nil }

    private var uncut: RecordRowSource { RecordRowSource(self, other: files, window: nil) }

    /// The rows of one of the files: those of whole records in a range of decoded bytes, or all of it, read in order.
    func only(_ file: Int, _ bytes: Range<Int>?) -> RecordRowSource {
        RecordRowSource(self, other: [files[file]], window: bytes.map { RecordWindow($0) })
    }

    private init(_ other: RecordRowSource, other files: [RecordFile], window: RecordWindow?) {
        self.files = files
        values = other.values
        columns = other.columns
        options = other.options
        layout = other.layout
        hashedValues = other.hashedValues
        cutsText = window != nil
        self.window = window
    }
}
