import Container
import Parquet

/// All items of a column, read page by page.
struct ColumnItems {
    /// The items that are numbers or truth values, as `Float64`; nil for a null.
    private(set) var numbers: [Double?] = []
    /// The items that are bytes; nil for a null.
    private(set) var texts: [String?] = []
    private(set) var valueCount = 0
    private(set) var nullCount = 0
    private(set) var rowCount = 0
    /// The encodings of the pages.
    private(set) var encodings: Set<Int> = []

    /// Reads a column in all row groups.
    ///
    /// - Parameter keepsItems: false to count them only.
    init(_ file: ParquetFile, _ column: ParquetColumn, keepsItems: Bool = true) throws(ParquetError) {
        for group in file.rowGroups.indices {
            let reader = ColumnReader(file, rowGroup: group, column: column)
            while try reader.nextPage() {
                let page = reader.page
                encodings.insert(page.encoding)
                valueCount += page.valueCount
                nullCount += page.nullCount(column)
                rowCount += page.rowCount
                if keepsItems { add(page, column) }
            }
        }
    }

    private mutating func add(_ page: ColumnPage, _ column: ParquetColumn) {
        var read: [Double] = []
        if column.isNumber {
            read = Array(unsafeUninitializedCapacity: page.valueCount) { buffer, count in
                if let base = buffer.baseAddress { page.copyNumbers(column, from: 0, count: page.valueCount, into: base) }
                count = page.valueCount
            }
        }
        var next = 0
        for level in page.definitionLevels where level >= column.elementDefinitionLevels.last ?? 0 {
            let isThere = level == column.definitionLimit
            if column.isNumber {
                numbers.append(isThere ? read[next] : nil)
            } else if column.physicalType == .byteArray {
                texts.append(isThere ? String(decoding: page.spans[next], as: UTF8.self) : nil)
            }
            if isThere { next += 1 }
        }
    }
}
