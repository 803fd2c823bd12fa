// The section "invalid":
//
//   8 bytes each: the number of invalid rows, and of those that follow, at most 10
//   each of the first rows, in ascending order of all that follows:
//     8 bytes: its number among all rows
//     8 bytes and the text: its problem as UTF-8, after the number of its bytes
//
// Paths, and numbers and lines in files, are left out: bytes depend on the rows alone, not on how they are cut into files.

extension InvalidRows {
    public func encode(into bytes: inout [UInt8]) {
        // Without their places rows may have another order.
        let rows = first.map { InvalidRow(path: nil, row: $0.order, line: nil, problem: $0.problem, order: $0.order) }.sorted()
        bytes.append(littleEndian: count)
        bytes.append(littleEndian: UInt64(rows.count))
        for row in rows {
            bytes.append(littleEndian: UInt64(max(row.order, 0)))
            bytes.append(text: row.problem)
        }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        var rows = InvalidRows()
        rows.count = try reader.unsigned()
        let keptCount = try reader.count(leastByteCount: 16)
        guard keptCount <= Self.limit else { throw .damaged("\(keptCount) invalid rows are described, and \(Self.limit) at most are kept") }
        for _ in 0..<keptCount {
            guard let order = Int(exactly: try reader.unsigned()) else { throw .damaged("a row's number is 2^63 or more") }
            let next = InvalidRow(path: nil, row: order, line: nil, problem: try reader.text(), order: order)
            if let last = rows.first.last, next < last { throw .damaged("invalid rows are not in order") }
            rows.first.append(next)
        }
        try reader.expectEnd()
        self = rows
    }
}
