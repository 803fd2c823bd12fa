internal import Container
internal import Formats
internal import Scoring
internal import WorkStealing

/// What one worker owns who scores records: decoder, parser, rows, scorer. Nothing grows with the dump.
final class RecordWorker {
    private let plan: Plan
    private let files: [RecordFile]
    private let decoder: Decoder
    private let rows = RecordRows()
    private let labelReader: RowReader?
    private let weightReader: RowReader?
    let scorer: RowScorer
    /// Of task likelihood.
    private(set) var tokens: TokenSums?
    private var weights: [Double] = []

    /// The parser of the file that was worked on last.
    private var parser: (fileIndex: Int, parser: any RecordParser)?

    init(_ plan: Plan, _ files: [RecordFile], perRow: PerRowOutput?) {
        self.plan = plan
        self.files = files
        decoder = Decoder(options: plan.containerOptions)
        func reader(_ column: SideColumn?) -> RowReader? {
            guard let rows = column?.arrays, !rows.isSequential else { return nil }
            return RowReader(rows, options: plan.containerOptions)
        }
        labelReader = reader(plan.labels)
        weightReader = reader(plan.weights)
        scorer = RowScorer(plan, perRow: perRow)
        if plan.specification.task == .likelihood { tokens = TokenSums(countsBytes: files[0].selection.byteCount != nil) }
    }

    private func parser(of fileIndex: Int) throws(EngineError) -> any RecordParser {
        if let parser, parser.fileIndex == fileIndex { return parser.parser }
        let made = try files[fileIndex].makeParser()
        parser = (fileIndex, made)
        return made
    }

    /// Decodes a piece that is a unit, and finds its whole lines.
    func decode(_ piece: RecordPiece, _ progress: ProgressMeter) throws(EngineError) {
        guard let span = piece.span else { return }
        let file = files[piece.fileIndex]
        var byteCount = 0
        switch span {
        case .bytes(let bytes):
            decoder.start(file.container, decodedBytes: bytes)
            byteCount = bytes.count
        case .frames(let frames):
            decoder.start(file.container, frames: frames)
            for index in frames { byteCount += file.container.frames[index].decodedByteCount }
        case .whole: return
        }
        let start = RecordPiece.frontByteCount
        piece.buffer.reserve(start + byteCount)
        try decoder.fill(piece.buffer.room(from: start, count: byteCount), path: file.path)
        piece.decoded = start..<start + byteCount
        progress.advance(by: byteCount)
        piece.measure(try parser(of: piece.fileIndex), headerByteCount: file.format.headerByteCount)
    }

    /// Values of rows that are made of one text at a time: 32 MiB of them. A line of two bytes is a row of as many values as any, if one of
    /// NaN.
    private static let valueCountLimit = 4 << 20

    /// Parses and scores a piece that has its numbers.
    func score(_ piece: RecordPiece) throws(EngineError) {
        guard piece.extent.rowCount > 0 else { return }
        let rowLimit = max(1, Self.valueCountLimit / plan.classCount)
        var part = Part(text: piece.text, extent: piece.extent, firstRow: 0, firstLine: 0)
        guard part.extent.rowCount > rowLimit else { return try score(part, of: piece) }
        // About as much text as has so many rows.
        let parser = try parser(of: piece.fileIndex)
        let byteCount = max(1, piece.text.count / (piece.extent.rowCount / rowLimit + 1))
        while part.text.lowerBound < piece.text.upperBound {
            var length = byteCount
            repeat {
                let end = min(piece.text.upperBound, part.text.lowerBound + length)
                part.extent = parser.measure(
                    piece.bytes(part.text.lowerBound..<end), isEnd: end == piece.text.upperBound, assumesNoLineFeedsInRecords: piece.isCut)
                length *= 2
            } while part.extent.byteCount == 0
            part.text = part.text.lowerBound..<part.text.lowerBound + part.extent.byteCount
            if part.extent.rowCount > 0 { try score(part, of: piece) }
            part = Part(
                text: part.text.upperBound..<piece.text.upperBound, extent: RecordExtent(), firstRow: part.firstRow + part.extent.rowCount,
                firstLine: part.firstLine + part.extent.lineCount)
        }
    }

    /// Some of a piece's records; rows and lines before it in the piece.
    private struct Part {
        var text: Range<Int>
        var extent: RecordExtent
        var firstRow: Int
        var firstLine: Int
    }

    private func score(_ part: Part, of piece: RecordPiece) throws(EngineError) {
        let file = files[piece.fileIndex]
        let rowCount = part.extent.rowCount
        try parser(of: piece.fileIndex).parse(piece.bytes(part.text), assumesNoLineFeedsInRecords: piece.isCut, into: rows)
        let problems = rows.problems
        if piece.isCut, file.format.allowsLineFeedsInRecords, let open = problems.first(where: \.isUnclosedQuote) {
            throw error(open, part, of: piece, file).blamingCut()
        }
        // The rows have their numbers by this count.
        guard rows.rowCount == rowCount else {
            throw EngineError(
                .data, path: file.path, line: piece.firstLine + part.firstLine + 1,
                "\(rowCount) records were counted and \(rows.rowCount) read in \(part.extent.lineCount) lines from here on",
                remedy: "this is a fault of xent: please report it, with these lines if you can")
        }
        let range = RowRange(first: part.firstRow, count: rowCount)
        rows.padValues()
        var problemIndex = 0
        var leftOut: [Int] = []
        try rows.values.withBytes { values throws(EngineError) in
            try withSides(piece, range) { sides throws(EngineError) in
                guard let base = values.baseAddress else { return }
                try scorer.score(base, .float64, rowCount: rowCount, firstRow: piece.firstRow + part.firstRow, sides: sides) {
                    index, problem, labelText, _ throws(EngineError) in
                    leftOut.append(index)
                    // Both come in the order of the rows.
                    while problemIndex < problems.count, problems[problemIndex].rowIndex < index { problemIndex += 1 }
                    if problemIndex < problems.count, problems[problemIndex].rowIndex == index {
                        try reportInvalid(problems[problemIndex], part, of: piece, file)
                    } else {
                        try reportInvalid(
                            RecordProblem(
                                rowIndex: index, column: file.column(of: problem), message: problem.message(labelText: labelText),
                                remedy: problem.remedy), part, of: piece, file)
                    }
                }
                addTokens(rowCount: rowCount, leftOut: leftOut, storedWeights: sides.weights)
            }
        }
    }

    /// Counts the tokens and bytes of rows that were scored. `leftOut`: the others, in order.
    private func addTokens(rowCount: Int, leftOut: [Int], storedWeights: UnsafeRawPointer?) {
        guard var tokens, rows.tokenCounts.count == rowCount else { return }
        // Not shared while it is added to.
        self.tokens = nil
        if let storedWeights, let column = plan.weights {
            if weights.count < rowCount { weights = Array(repeating: 0, count: rowCount) }
            weights.withUnsafeMutableBufferPointer { weights in
                guard let base = weights.baseAddress else { return }
                Float64Values.convert(storedWeights, elementType: column.elementType, count: rowCount, into: base)
            }
        }
        var remaining = leftOut[...]
        for row in 0..<rowCount {
            if remaining.first == row {
                remaining.removeFirst()
                continue
            }
            tokens.add(
                tokens: rows.tokenCounts[row], bytes: row < rows.byteCounts.count ? rows.byteCounts[row] : 0,
                weight: storedWeights == nil ? nil : weights[row])
        }
        self.tokens = tokens
    }

    /// Rows of a piece.
    private struct RowRange {
        let first: Int
        let count: Int
    }

    /// Labels and weights from wherever they are.
    private func withSides(
        _ piece: RecordPiece, _ range: RowRange, _ body: (RowScorer.Sides) throws(EngineError) -> Void
    ) throws(EngineError) {
        let place = piece.firstRow + range.first..<piece.firstRow + range.first + range.count
        var sides = RowScorer.Sides()
        func side(_ column: SideColumn?, _ reader: RowReader?, _ buffer: ByteBuffer) throws(EngineError) -> UnsafeRawPointer? {
            guard let column else { return nil }
            switch column.source {
            case .besidePredictions: return nil
            case .arrays, .records:
                if let reader { return try reader.bytes(of: place) }
                return UnsafeRawPointer(buffer.base) + range.first * column.rowByteCount
            }
        }
        sides.labels = try side(plan.labels, labelReader, piece.companions.labels)
        sides.weights = try side(plan.weights, weightReader, piece.companions.weights)
        try rows.classLabels.withBytes { indices throws(EngineError) in
            try rows.targets.withBytes { targets throws(EngineError) in
                try rows.weights.withBytes { weights throws(EngineError) in
                    if case .besidePredictions? = plan.labels?.source {
                        sides.labels = plan.labels?.elementType == .int64 ? indices.baseAddress : targets.baseAddress
                    }
                    if case .besidePredictions? = plan.weights?.source { sides.weights = weights.baseAddress }
                    try body(sides)
                }
            }
        }
    }

    private func error(_ problem: RecordProblem, _ part: Part, of piece: RecordPiece, _ file: RecordFile) -> EngineError {
        EngineError(
            .data, path: file.path, row: piece.firstRowInFile + part.firstRow + problem.rowIndex, line: line(of: problem, part, of: piece),
            problem.text, remedy: problem.remedy)
    }

    /// From 1, as editors count.
    private func line(of problem: RecordProblem, _ part: Part, of piece: RecordPiece) -> Int {
        piece.firstLine + part.firstLine + Int(rows.lines[problem.rowIndex]) + 1
    }

    private func reportInvalid(_ problem: RecordProblem, _ part: Part, of piece: RecordPiece, _ file: RecordFile) throws(EngineError) {
        guard plan.options.invalidRows == .skip else { throw error(problem, part, of: piece, file) }
        scorer.add(
            InvalidRow(
                path: file.path, row: piece.firstRowInFile + part.firstRow + problem.rowIndex, line: line(of: problem, part, of: piece),
                problem: problem.text, order: piece.firstRow + part.firstRow + problem.rowIndex))
    }
}

extension RecordFile {
    /// The column whose value is at fault, where there are several.
    fileprivate func column(of problem: RowProblem) -> String? {
        guard let place = problem.column else { return nil }
        if case .target = problem, case .numbers(let labels) = selection.labels {
            return place < labels.count ? labels[place].name : labels.first?.name
        }
        return place < selection.predictions.count ? selection.predictions[place].name : selection.predictions.first?.name
    }
}

extension RecordProblem {
    /// With the column.
    var text: String { column.map { "column \($0): \(message)" } ?? message }
}
