// The section "invalid":
//
//   8 bytes each: the number of invalid rows, and of those that follow, at most 10
//   each of the first rows, in ascending order of all that follows:
//     8 bytes each: its number among all rows, its number in its file, its line (0 where it has none)
//     8 bytes and the text: its problem as UTF-8, after the number of its bytes
//
// Paths are left out: bytes depend on the rows alone.

extension InvalidRows {
    public func encode(into bytes: inout [UInt8]) {
        // Without their paths rows may have another order.
        let rows = first.map { InvalidRow(path: nil, row: $0.row, line: $0.line, problem: $0.problem, order: $0.order) }.sorted()
        bytes.append(littleEndian: count)
        bytes.append(littleEndian: UInt64(rows.count))
        for row in rows {
            for number in [row.order, row.row, row.line ?? 0] { bytes.append(littleEndian: UInt64(max(number, 0))) }
            bytes.append(text: row.problem)
        }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        var rows = InvalidRows()
        rows.count = try reader.unsigned()
        let keptCount = try reader.count(leastByteCount: 32)
        guard keptCount <= Self.limit else { throw .damaged("\(keptCount) invalid rows are described, and \(Self.limit) at most are kept") }
        for _ in 0..<keptCount {
            let order = try Self.number(&reader), row = try Self.number(&reader), line = try Self.number(&reader)
            let next = InvalidRow(path: nil, row: row, line: line == 0 ? nil : line, problem: try reader.text(), order: order)
            if let last = rows.first.last, next < last { throw .damaged("invalid rows are not in order") }
            rows.first.append(next)
        }
        try reader.expectEnd()
        self = rows
    }

    private static func number(_ reader: inout SectionReader) throws(PartialError) -> Int {
        guard let number = Int(exactly: try reader.unsigned()) else { throw .damaged("a row's number is 2^63 or more") }
        return number
    }
}
