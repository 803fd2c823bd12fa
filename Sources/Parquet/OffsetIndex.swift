/// The places of the data pages of a column chunk, with the row at which each begins.
struct OffsetIndex {
    /// The place of a page.
    struct Page: Equatable {
        /// The offset of the page's header in the file.
        let byteOffset: Int
        /// The number of the page's first row in its row group.
        let firstRow: Int
    }

    /// The pages in their order; at least one.
    let pages: [Page]

    /// The largest index in bytes. A page takes some ten bytes.
    static let byteCountLimit = 64 << 20

    /// Reads an index.
    ///
    /// - Parameters:
    ///   - chunk: the range of the file that holds the chunk's pages.
    ///   - rowCount: the number of rows of the row group.
    /// - Returns: nil if the bytes are no index, or one that contradicts the chunk. Pages are then found by their headers.
    init?(_ bytes: UnsafeRawBufferPointer, chunk: Range<Int>, rowCount: Int) {
        var reader = ThriftReader(bytes)
        var pages: [Page] = []
        do throws(ThriftReader.Fault) {
            try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
                guard field == 1 else { return false }
                try reader.readList(type, of: .structure) { reader, _ throws(ThriftReader.Fault) in
                    pages.append(try Self.page(&reader))
                }
                return true
            }
        } catch {
            return nil
        }
        guard let first = pages.first, first.firstRow == 0, let last = pages.last, last.firstRow < rowCount,
            zip(pages, pages.dropFirst()).allSatisfy({ $0.firstRow < $1.firstRow && $0.byteOffset < $1.byteOffset }),
            chunk.contains(first.byteOffset), chunk.contains(last.byteOffset)
        else { return nil }
        self.pages = pages
    }

    private static func page(_ reader: inout ThriftReader) throws(ThriftReader.Fault) -> Page {
        var (byteOffset, firstRow) = (0, 0)
        try reader.readStruct { reader, field, type throws(ThriftReader.Fault) in
            switch field {
            case 1: byteOffset = try reader.size(type)
            case 3: firstRow = try reader.size(type)
            default: return false
            }
            return true
        }
        return Page(byteOffset: byteOffset, firstRow: firstRow)
    }

    /// Lists the numbers of rows in the pages.
    func rowCounts(of rowCount: Int) -> [Int] {
        let ends = pages.dropFirst().map(\.firstRow) + [rowCount]
        return zip(pages, ends).map { $1 - $0.firstRow }
    }

    /// Finds the page that holds a row. O(log pages).
    func index(ofRow row: Int) -> Int {
        var (low, high) = (0, pages.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if pages[middle].firstRow <= row { low = middle } else { high = middle }
        }
        return low
    }
}
