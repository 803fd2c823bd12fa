import Formats

/// A table's text as the engine hands it over: readable bytes follow it, and what they are does not matter.
struct TableText {
    private let storage: [UInt8]
    let count: Int

    /// `following`: bytes that a parser which reads too far would take for more of the table.
    init(_ bytes: some Collection<UInt8>, following: String = "7,7\n\"7\t7;7|7") {
        count = bytes.count
        let pad = Array(following.utf8)
        storage = Array(bytes) + (0..<readableByteCountAfterText).map { pad[$0 % pad.count] }
    }

    init(_ text: String) { self.init(text.utf8) }

    func withText<Result>(_ range: Range<Int>? = nil, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range ?? 0..<count])) }
    }

    func format(
        hasHeader: Bool = true, isWhole: Bool = true, role: RecordFormats.Options.Role = .predictions
    ) throws(FormatError) -> any RecordFormat {
        var options = RecordFormats.Options()
        options.hasHeader = hasHeader
        options.role = role
        let result: Result<(any RecordFormat)?, FormatError> = withText { text in
            do throws(FormatError) { return .success(try RecordFormats.recognise(text, isWhole: isWhole, options: options)) } catch {
                return .failure(error)
            }
        }
        guard let format = try result.get() else {
            throw FormatError(kind: .signature, subject: "text", byteOffset: nil, found: "nothing that is known")
        }
        return format
    }

    func measure(_ parser: any RecordParser, _ range: Range<Int>? = nil, isEnd: Bool = true, byLines: Bool = false) -> RecordExtent {
        withText(range) { parser.measure($0, isEnd: isEnd, assumesNoLineFeedsInRecords: byLines) }
    }

    func parse(_ parser: any RecordParser, _ range: Range<Int>? = nil, byLines: Bool = false, into rows: RecordRows = RecordRows())
        -> RecordRows
    {
        withText(range) { parser.parse($0, assumesNoLineFeedsInRecords: byLines, into: rows) }
        return rows
    }

    /// The rows of the whole: predictions of the columns that `predictions` names, labels of another.
    func rows(
        _ predictions: String..., label: String? = nil, classNames: [String]? = nil, targets: [String] = [], weight: String? = nil,
        hasHeader: Bool = true, isCareful: Bool = false
    ) throws -> RecordRows {
        let format = try format(hasHeader: hasHeader)
        var selection = RecordSelection(predictions: try predictions.flatMap { try format.resolve($0) })
        // A column that is wanted twice sends every record the long way.
        if isCareful { selection.predictions.append(selection.predictions[0]) }
        if let label { selection.labels = .classIndex(try format.resolve(label)[0], names: classNames) }
        if !targets.isEmpty { selection.labels = .numbers(try targets.flatMap { try format.resolve($0) }) }
        selection.weight = try weight.map { try format.resolve($0)[0] }
        let parser = try format.makeParser(selection)
        return parse(parser, format.headerByteCount..<count)
    }
}

extension RecordProblem {
    /// All of it, for comparing.
    var text: String { "row \(rowIndex): \(column.map { "\($0): " } ?? "")\(message)\(remedy.map { "; \($0)" } ?? "")" }
}
