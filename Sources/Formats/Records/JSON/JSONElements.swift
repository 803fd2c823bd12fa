internal import JSONReading
internal import Messages

/// The elements of a JSON array, one after another, in a text that begins at an element.
struct JSONElements: Sequence, IteratorProtocol {
    struct Element {
        /// The element without white space around it.
        let bytes: UnsafeRawBufferPointer
        /// The number of the text's line feeds before the element.
        let line: Int
        /// True if a comma or a bracket follows the element.
        let isDelimited: Bool
    }

    private let text: UnsafeRawBufferPointer
    /// The place after the last element's comma.
    private(set) var byteOffset = 0
    private(set) var lineCount = 0
    /// The place of the array's closing bracket, once the elements have come to it.
    private(set) var closing: Int?

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    mutating func next() -> Element? {
        skipWhiteSpace()
        guard closing == nil, byteOffset < text.count else { return nil }
        let start = byteOffset
        let line = lineCount
        var lineFeedCount = 0
        let length = Self.elementEnd(UnsafeRawBufferPointer(rebasing: text[start...]), &lineFeedCount)
        let end = start + length
        lineCount += lineFeedCount
        if end < text.count {
            if text[end] == UInt8(ascii: ",") { byteOffset = end + 1 } else { (closing, byteOffset) = (end, end) }
            // The closing bracket may follow the comma of the last element.
            if length == 0, closing != nil { return nil }
        } else {
            byteOffset = end
        }
        var last = end
        while last > start, Self.isWhiteSpace(text[last - 1]) { last -= 1 }
        return Element(bytes: UnsafeRawBufferPointer(rebasing: text[start..<last]), line: line, isDelimited: end < text.count)
    }

    /// Skips white space before an element.
    private mutating func skipWhiteSpace() {
        while byteOffset < text.count, Self.isWhiteSpace(text[byteOffset]) {
            if text[byteOffset] == 0x0A { lineCount += 1 }
            byteOffset += 1
        }
    }

    static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    /// Returns the offset of the comma or closing bracket after the element or member that a text begins with; the text's size if it ends
    /// before. The readable bytes after the text are read.
    static func elementEnd(_ text: UnsafeRawBufferPointer, _ lineFeedCount: inout Int) -> Int {
        guard let base = text.baseAddress else { return 0 }
        return jsonElementEnd(base.assumingMemoryBound(to: CChar.self), text.count, &lineFeedCount)
    }

    /// Measures the whole elements at the beginning of a text, as `RecordParser.measure` does.
    ///
    /// An element is whole if its comma and a byte of the next element are there. So the last elements stay until the end is known, and
    /// with them what follows the array. At the end `depth` arrays and objects around the array must end, too.
    static func measure(_ text: UnsafeRawBufferPointer, isEnd: Bool, depth: Int) -> RecordExtent {
        var elements = JSONElements(text)
        var rowCount = 0
        // The whole elements.
        var (wholeByteCount, wholeRowCount, wholeLineCount) = (0, 0, 0)
        while let element = elements.next() {
            rowCount += 1
            if !isEnd, element.isDelimited, elements.closing == nil, elements.hasMore() {
                (wholeByteCount, wholeRowCount, wholeLineCount) = (elements.byteOffset, rowCount, elements.lineCount)
            }
        }
        guard isEnd else { return RecordExtent(byteCount: wholeByteCount, rowCount: wholeRowCount, lineCount: wholeLineCount) }
        let lineCount = text.count { $0 == 0x0A } + (text.isEmpty || text.last == 0x0A ? 0 : 1)
        var whole = RecordExtent(byteCount: text.count, rowCount: rowCount, lineCount: lineCount)
        whole.endProblem = endProblem(text, after: elements.closing, depth: depth)
        return whole
    }

    /// Skips white space, and returns true if more of the text follows.
    private mutating func hasMore() -> Bool {
        skipWhiteSpace()
        return byteOffset < text.count
    }

    /// Returns what is wrong with the text after the array; nil if nothing is.
    private static func endProblem(_ text: UnsafeRawBufferPointer, after closing: Int?, depth: Int) -> RecordExtent.EndProblem? {
        let cut = RecordExtent.EndProblem(
            message: "the text ends inside its array of records", remedy: "was it cut short? Write or copy it again")
        guard var place = closing, text[place] == UInt8(ascii: "]") else { return cut }
        place += 1
        // The members after the array, up to the closing bracket of each object around it.
        for _ in 0..<depth {
            while true {
                var lineFeedCount = 0
                place += elementEnd(UnsafeRawBufferPointer(rebasing: text[place...]), &lineFeedCount)
                guard place < text.count else { return cut }
                place += 1
                if text[place - 1] != UInt8(ascii: ",") { break }
            }
        }
        guard let more = text[place...].firstIndex(where: { !isWhiteSpace($0) }) else { return nil }
        return RecordExtent.EndProblem(
            message: "more follows the end of the array of records: \(QuotedBytes.text(text[more...].prefix(40)))",
            remedy: "give each array a file of its own, or write a record a line: jq -c '.[]'")
    }
}
