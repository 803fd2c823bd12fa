import Container
import Parquet

extension FuzzTarget {
    /// Parquet: the footer, and every page of every column. What is read of pages is held against what they say of themselves.
    static let parquet = FuzzTarget(
        name: "Parquet",
        run: { bytes in
            guard let container = try? ContainerFile(source: MemorySource(name: "parquet", bytes: Array(bytes))) else { return }
            // Pages are decompressed as a whole, and then as their values are wanted.
            for streamedPageByteCount in [16 << 20, 0] {
                var limits = ParquetFile.Limits()
                limits.pageByteCount = 16 << 20
                limits.streamedPageByteCount = streamedPageByteCount
                guard let file = try? ParquetFile(container, limits: limits) else { return }
                read(file)
            }
        },
        seeds: {
            let files = [
                // lists, version 1
                "504152311500153215322c150c1500150615061c00000002000000032203000000034f0b0000803f00000040000040401504194c350018"
                    + "06736368656d61150200350218016c150215064c3c000000350418046c697374150200150825021807656c656d656e74001608191c191c"
                    + "26001c1508192506001938016c046c69737407656c656d656e741500160c165816582608491c150015001502003c292608041946020202"
                    + "060000001658160826081658002820706172717565742d6370702d6172726f772076657273696f6e2032362e302e31191c1c000000aa00"
                    + "000050415231",
                // planes, version 2
                "504152311506151415145c150615021506151215041500121c00000003050000000080403f401504192c35001806736368656d61150200"
                    + "15082502180178001606191c191c26001c1508192506121918017815001606164416442608491c150015121502003c2906192602040000"
                    + "001644160626081644002820706172717565742d6370702d6172726f772076657273696f6e2032362e302e31191c1c0000007a00000050"
                    + "415231",
                // a dictionary of texts
                "504152311504151415144c15041500120000010000006101000000621500151215122c150a1510150615061c000000020000000a010103"
                    + "1a1504192c35001806736368656d61150200150c250218017425004c1c000000160a191c191c26001c150c193500061019180174150016"
                    + "0a1668166826382608292c15041500150200150015101502003c160a19061926000a0000001668160a2608166800282070617271756574"
                    + "2d6370702d6172726f772076657273696f6e2032362e302e31191c1c0000008c00000050415231",
                // differences and beginnings
                "504152311506153815385c150815001508150a15041500121c000000080180010404020504000000070a00000000000000000000000000"
                    + "001506154e154e5c150815001508150e15041500121c0000000801800104040003020000000f0000000000000080010404040101000000"
                    + "0600000061616263621504193c35001806736368656d611504001502250218016900150c250218017425004c1c0000001608191c192c26"
                    + "001c15021925060a1918016915001608166816682608491c1500150a1502003c29061926000800000026001c150c1925060e1918017415"
                    + "001608167e167e2670491c1500150e1502003c161019061926000800000016e6011608260816e601002820706172717565742d6370702d"
                    + "6172726f772076657273696f6e2032362e302e31192c1c00001c000000b900000050415231",
            ]
            return files.map { file in
                let digits = Array(file.utf8)
                return stride(from: 0, to: digits.count, by: 2).compactMap {
                    UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
                }
            }
        })

    private static func read(_ file: ParquetFile) {
        for column in file.columns.prefix(8) {
            for group in file.rowGroups.indices.prefix(4) {
                read(ColumnReader(file, rowGroup: group, column: column), column)
                guard column.repetitionLimit == 1, column.isNumber, column.byteCount > 0 else { continue }
                let cursor = ColumnCursor(file, rowGroup: group, column: column)
                var row = [UInt8](repeating: 0, count: 2 * column.byteCount)
                for _ in 0..<min(64, file.rowGroups[group].rowCount) {
                    let isRead: Void? = row.withUnsafeMutableBytes { row in
                        guard let base = row.baseAddress else { return nil }
                        return try? cursor.readLists(1, valuesPerRow: 2, into: base) { _, _ in }
                    }
                    if isRead == nil { break }
                }
            }
        }
    }

    private static func read(_ reader: ColumnReader, _ column: ParquetColumn) {
        var pageCount = 0
        while pageCount < 100, (try? reader.nextPage()) == true {
            pageCount += 1
            let page = reader.page
            precondition(page.valueCount <= page.levelCount, "more values than levels")
            precondition(page.rowCount <= page.levelCount, "more rows than levels")
            precondition(page.nullCount(column) + page.valueCount <= page.levelCount, "more items than levels")
            if column.physicalType == .byteArray {
                precondition(page.spans.count == page.valueCount, "not as many texts as there are")
                var sum = 0
                for span in page.spans.prefix(1000) { for byte in span { sum &+= Int(byte) } }
                precondition(sum >= 0)
            } else {
                let bytes = UnsafeRawBufferPointer(
                    start: page.values(from: 0, count: page.valueCount, byteCount: column.byteCount), count: page.valueCount * column.byteCount)
                precondition(bytes.reduce(0) { $0 &+ Int($1) } >= 0)
            }
            if column.isNumber, page.valueCount > 0, page.valueCount < 1 << 16 {
                var numbers = [Double](repeating: 0, count: page.valueCount)
                numbers.withUnsafeMutableBufferPointer { numbers in
                    if let base = numbers.baseAddress { page.copyNumbers(column, from: 0, count: numbers.count, into: base) }
                }
            }
        }
    }
}
