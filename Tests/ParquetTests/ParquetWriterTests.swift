import Container
import Elements
import SeededRandom
import Testing

@testable import Parquet

/// Files that this package writes, read again.
@Suite struct ParquetWriterTests {
    /// Rows of a column as they are handed to the encoder.
    private struct Input {
        let column: WrittenColumn
        let rowCount: Int
        /// The bytes of the values of each page.
        let pages: [(rowCount: Int, bytes: [UInt8], validity: [UInt8]?)]
    }

    private static func file(_ columns: [Input], _ coding: ColumnCoding = .planes(.literals)) throws -> [UInt8] {
        var writer = ParquetWriter(columns.map(\.column), createdBy: "xent version 0.0.0")
        var bytes = writer.beginning
        let encoder = PageEncoder()
        for (index, input) in columns.enumerated() {
            for page in input.pages {
                let encoded = try page.bytes.withUnsafeBytes {
                    try encoder.encode(
                        PageRows(rowCount: page.rowCount, values: $0, validity: page.validity), of: input.column, coding)
                }
                bytes += writer.append(encoded, toColumn: index)
                #expect(writer.byteCount == bytes.count)
            }
        }
        writer.endRowGroup()
        bytes += writer.end()
        #expect(writer.byteCount == bytes.count)
        return bytes
    }

    private static func open(_ bytes: [UInt8]) throws -> ParquetFile {
        try ParquetFile(ContainerFile(source: MemorySource(name: "memory", bytes: bytes)))
    }

    /// Random values of a type, of which floats are no NaN, cut into pages.
    private static func numbers(
        _ name: String, _ type: ElementType, listLength: Int?, rowsPerPage: [Int], _ random: inout SplitMix64
    ) -> Input {
        let pages = rowsPerPage.map { rows -> (rowCount: Int, bytes: [UInt8], validity: [UInt8]?) in
            let count = rows * (listLength ?? 1)
            var bytes = (0..<count * type.byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
            for index in 0..<count {
                let last = (index + 1) * type.byteCount - 1
                if type == .bool { bytes[last] &= 1 }
                // An exponent with a zero bit.
                if type.isFloatingPoint { bytes[last] &= 0xBF }
            }
            return (rows, bytes, nil)
        }
        return Input(
            column: WrittenColumn(name, type, listLength: listLength), rowCount: rowsPerPage.reduce(0, +), pages: pages)
    }

    /// Each type, as values and as lists, has its bytes again, in every way to put planes together.
    @Test(arguments: ByteStreamSplit.Instructions.available) func everyType(instructions: ByteStreamSplit.Instructions) throws {
        var random = SplitMix64(seed: 51)
        for type in ElementType.allCases {
            for (listLength, pages) in [(nil, [1000, 77]), (1, [5]), (3, [40, 1]), (10, [64, 64, 3]), (100, [13]), (700, [1, 1, 2])] {
                let inputs = [
                    Self.numbers("label", .int64, listLength: nil, rowsPerPage: [pages.reduce(0, +)], &random),
                    Self.numbers("x", type, listLength: listLength, rowsPerPage: pages, &random),
                ]
                let file = try Self.open(Self.file(inputs))
                #expect(file.rowCount == inputs[0].rowCount && file.createdBy == "xent version 0.0.0")
                #expect(file.columns.map(\.name) == ["label", "x"])
                let column = file.columns[1]
                let wanted = inputs[1].pages.flatMap(\.bytes)
                #expect(column.repetitionLimit == (listLength == nil ? 0 : 1))
                // Narrow integers are stored in four bytes, and are no narrower again; floats are.
                let elementType = try #require(column.elementType)
                if type.isFloatingPoint { #expect(elementType == type) }
                var found = [UInt8](repeating: 0, count: file.rowCount * (listLength ?? 1) * max(8, elementType.byteCount) + 64)
                let cursor = ColumnCursor(file, rowGroup: 0, column: column, scratch: PageScratch(instructions: instructions))
                try found.withUnsafeMutableBytes { found in
                    let base = found.baseAddress!
                    if let listLength {
                        try cursor.readLists(file.rowCount, valuesPerRow: listLength, into: base) { row, problem in
                            Issue.record("row \(row): \(problem)")
                        }
                    } else {
                        try cursor.readValues(file.rowCount) { rows, segment in
                            guard case .values(let page, let from) = segment else { return }
                            page.copyElements(
                                column, from: from, count: rows.count, into: base + rows.lowerBound * elementType.byteCount)
                        }
                    }
                }
                try cursor.finish()
                if type.byteCount > 1 || type == .bool {
                    if elementType.byteCount == type.byteCount {
                        #expect(Array(found.prefix(wanted.count)) == wanted ? true : false, "\(type), lists of \(listLength ?? 0)")
                    }
                    if type != .bool { #expect(cursor.reader.page.instructionsThatRan == instructions || type == .float16) }
                }
                // As numbers, whatever the stored type.
                let numbers = try ColumnItems(file, column).numbers
                for (index, number) in numbers.enumerated() {
                    let value = Self.number(wanted, type, index)
                    #expect(number?.bitPattern == value.bitPattern, "\(type), value \(index)")
                }
                #expect(numbers.count * type.byteCount == wanted.count)
            }
        }
    }

    private static func number(_ bytes: [UInt8], _ type: ElementType, _ index: Int) -> Double {
        bytes.withUnsafeBytes { bytes in
            func load<Value: BitwiseCopyable>(_: Value.Type) -> Value {
                bytes.loadUnaligned(fromByteOffset: index * type.byteCount, as: Value.self)
            }
            return switch type {
            case .float16, .bfloat16, .float32, .float64: type.value(bytes.baseAddress!, at: index)
            case .int8: Double(load(Int8.self))
            case .int16: Double(load(Int16.self))
            case .int32: Double(load(Int32.self))
            case .int64: Double(load(Int64.self))
            case .uint8, .bool: Double(load(UInt8.self))
            case .uint16: Double(load(UInt16.self))
            case .uint32: Double(load(UInt32.self))
            case .uint64: Double(load(UInt64.self))
            }
        }
    }

    /// Every value of the narrow types comes back with its bits, zeros of both signs, infinities and NaNs as well.
    @Test(arguments: [ElementType.float16, .bfloat16]) func everyNarrowValue(type: ElementType) throws {
        let values = (0...UInt16.max).map { $0 }
        let bytes = values.withUnsafeBytes { Array($0) }
        let input = Input(
            column: WrittenColumn("x", type, listLength: 4), rowCount: 1 << 14, pages: [(1 << 14, bytes, nil)])
        let file = try Self.open(Self.file([input]))
        #expect(file.columns[0].narrowType == type)
        var found = [UInt16](repeating: 1, count: values.count)
        let cursor = ColumnCursor(file, rowGroup: 0, column: file.columns[0])
        try found.withUnsafeMutableBytes {
            try cursor.readLists(1 << 14, valuesPerRow: 4, into: $0.baseAddress!) { _, _ in }
        }
        // Widening makes a signalling NaN of f16 a quiet one nowhere: its bits are moved.
        #expect(found == values)
    }

    /// Values that the narrow type of the metadata cannot hold are an error, not other numbers.
    @Test func metadataOfOtherValues() throws {
        let values: [Float] = [1, 2, 0.1, 4]
        for type in [ElementType.float16, .bfloat16] {
            // The key has a longer text than any type of ours, so that the file keeps its size when it is put in.
            let input = Input(
                column: WrittenColumn("x", .float32), rowCount: 4, pages: [(4, values.withUnsafeBytes { Array($0) }, nil)])
            let narrow = Input(
                column: WrittenColumn("x", type), rowCount: 4, pages: [(4, [0, 0, 0, 0, 0, 0, 0, 0], nil)])
            // The pages of one file before the footer of the other.
            var writer = ParquetWriter([narrow.column], createdBy: "xent version 0.0.0")
            let page = try input.pages[0].bytes.withUnsafeBytes {
                try PageEncoder().encode(PageRows(rowCount: 4, values: $0), of: input.column, .planes(.literals))
            }
            let stored = writer.append(page, toColumn: 0)
            writer.endRowGroup()
            let file = try Self.open(writer.beginning + stored + writer.end())
            let error = #expect(throws: ParquetError.self) {
                try ColumnCursor(file, rowGroup: 0, column: file.columns[0]).readValues(4) { rows, segment in
                    guard case .values(let page, let from) = segment else { return }
                    withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { room in
                        page.copyElements(file.columns[0], from: from, count: rows.count, into: room.baseAddress!)
                    }
                }
            }
            #expect(error?.description.contains("its values were \(type.name), and one of them is none") == true)
        }
    }

    @Test func textsAndNulls() throws {
        let texts = ["a", "", "räksmörgås", String(repeating: "long", count: 100)]
        func stored(_ texts: [String]) -> [UInt8] {
            texts.flatMap { text in withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { Array($0) } + Array(text.utf8) }
        }
        let some: [Float] = [1.5, -2]
        let inputs = [
            Input(column: WrittenColumn("t", isText: true, isOptional: false), rowCount: 4, pages: [(4, stored(texts), nil)]),
            Input(
                column: WrittenColumn("o", isText: true, isOptional: true), rowCount: 4,
                pages: [(3, stored([texts[0], texts[2]]), [1, 0, 1]), (1, stored([texts[3]]), nil)]),
            Input(
                column: WrittenColumn("n", .float32, isOptional: true), rowCount: 4,
                pages: [(4, some.withUnsafeBytes { Array($0) }, [0, 1, 0, 1])]),
        ]
        let file = try Self.open(Self.file(inputs))
        #expect(try ColumnItems(file, file.columns[0]).texts == texts)
        #expect(try ColumnItems(file, file.columns[1]).texts == [texts[0], nil, texts[2], texts[3]])
        #expect(try ColumnItems(file, file.columns[2]).numbers == [nil, 1.5, nil, -2])
        #expect(file.columns[0].content == .bytes(isText: true))
    }

    @Test func noRows() throws {
        let file = try Self.open(Self.file([Input(column: WrittenColumn("x", .float32, listLength: 3), rowCount: 0, pages: [])]))
        #expect(file.rowCount == 0 && file.rowGroups.isEmpty && file.columns.map(\.name) == ["x"])
    }

    /// The first page decides: literals alone for noise, level 1 where repetitions make it over 2 % smaller.
    @Test func codingOfTheFirstPage() throws {
        var random = SplitMix64(seed: 52)
        let noise = (0..<20_000).map { _ in Float.random(in: -3...3, using: &random) }
        let repeated = (0..<20_000).map { Float($0 / 100 % 7) }
        let column = WrittenColumn("x", .float32, listLength: 10)
        let encoder = PageEncoder()
        try #require(PageEncoder.codesLiterals)
        for (values, coding) in [(noise, ColumnCoding.planes(.literals)), (repeated, .planes(.fastLevel))] {
            let chosen = try values.withUnsafeBytes { try encoder.choose(PageRows(rowCount: 2000, values: $0), of: column) }
            #expect(chosen.coding == coding)
            let (literals, level) = (try #require(chosen.literalsByteCount), try #require(chosen.levelByteCount))
            #expect((literals * 98 > level * 100) == (coding == .planes(.fastLevel)))
            #expect(chosen.page.bytes.count == (coding == .planes(.literals) ? literals : level))
        }
    }

    /// A byte that differs is an error, or nothing that the values depend on; it is never a crash.
    @Test func damage() throws {
        var random = SplitMix64(seed: 53)
        let inputs = [
            Self.numbers("label", .int32, listLength: nil, rowsPerPage: [60], &random),
            Self.numbers("x", .float16, listLength: 7, rowsPerPage: [30, 30], &random),
        ]
        let bytes = try Self.file(inputs)
        let wanted = try Self.open(bytes).columns.map { try ColumnItems(Self.open(bytes), $0).numbers }
        var errorCount = 0
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= UInt8(1 << Int.random(in: 0...7, using: &random))
            do {
                let file = try Self.open(damaged)
                for (place, column) in file.columns.enumerated() {
                    let items = try ColumnItems(file, column)
                    let isData = index < inputs.count * 2000 && file.columns.count == 2 && column.elementType != nil
                    // What the footer says of a page is not covered by checksums.
                    if isData, index < 1000, items.numbers.count == wanted[place].count {
                        #expect(items.numbers == wanted[place], "byte \(index)")
                    }
                    if let length = column.isRepeated ? 7 : nil {
                        let cursor = ColumnCursor(file, rowGroup: 0, column: column)
                        var room = [UInt8](repeating: 0, count: 60 * length * 8)
                        try room.withUnsafeMutableBytes { room in
                            try cursor.readLists(60, valuesPerRow: length, into: room.baseAddress!) { _, _ in }
                        }
                    }
                }
            } catch is ParquetError {
                errorCount += 1
            }
        }
        #expect(errorCount > bytes.count / 2)
    }
}
