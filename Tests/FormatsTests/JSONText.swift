import Formats
import Testing

/// A text of JSON Lines with what a parser may read after it.
struct JSONText {
    let format: JSONLines
    /// From the first record on.
    private let bytes: [UInt8]
    private let byteCount: Int

    /// `padding` is what stands after the text: brackets and quotation marks are the nastiest.
    init(_ text: some Collection<UInt8>, padding: UInt8 = UInt8(ascii: "}")) throws {
        let text = Array(text)
        format = try #require(try text.withUnsafeBytes { try JSONLines.recognise($0, isWhole: true) })
        byteCount = text.count - format.headerByteCount
        bytes = text.dropFirst(format.headerByteCount) + Array(repeating: padding, count: readableByteCountAfterText)
    }

    init(_ text: String) throws { try self.init(text.utf8) }

    func parser(_ selection: RecordSelection) throws -> any RecordParser { try format.makeParser(selection) }

    /// All records at once.
    func rows(_ selection: RecordSelection) throws -> RecordRows {
        let rows = RecordRows()
        parse(try parser(selection), 0..<byteCount, into: rows)
        return rows
    }

    func parse(_ parser: any RecordParser, _ range: Range<Int>? = nil, into rows: RecordRows) {
        bytes.withUnsafeBytes { parser.parse(UnsafeRawBufferPointer(rebasing: $0[range ?? 0..<byteCount]), into: rows) }
    }

    func measure(_ parser: any RecordParser, _ range: Range<Int>? = nil, isEnd: Bool) -> RecordExtent {
        bytes.withUnsafeBytes {
            parser.measure(
                UnsafeRawBufferPointer(rebasing: $0[range ?? 0..<byteCount]), isEnd: isEnd, assumesNoLineFeedsInRecords: true)
        }
    }

    var count: Int { byteCount }
}

func path(_ name: String) -> RecordPath { RecordPath(name: name, columnIndex: nil) }

/// Equal, or both NaN.
func sameBits(_ first: [Double], _ second: [Double]) -> Bool {
    first.count == second.count && zip(first, second).allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }
}
