import Container
import Elements
import SeededRandom
import Testing

@testable import Parquet

/// Whole numbers that are written as packed bits with a dictionary.
@Suite struct PackedBitsTests {
    /// Numbers of up to eight bits are unpacked to bytes as they are to words.
    @Test(arguments: 0...8) func unpacking(bitCount: Int) {
        var random = SplitMix64(seed: 1500 + UInt64(bitCount))
        for count in [0, 1, 7, 8, 9, 63, 64, 1000, 4097] {
            // Eight bytes more, as a page's memory has them.
            let bytes = (0..<(count * bitCount + 7) / 8 + 8).map { _ in UInt8.random(in: 0...255, using: &random) }
            var words = [UInt32](repeating: 0, count: count + 8), found = [UInt8](repeating: 0, count: count + 8)
            bytes.withUnsafeBytes { bytes in
                words.withUnsafeMutableBufferPointer {
                    RunReader.unpack(bytes.baseAddress!, bitCount: bitCount, count: count, into: $0.baseAddress!)
                }
                found.withUnsafeMutableBufferPointer {
                    RunReader.unpackBytes(bytes.baseAddress!, bitCount: bitCount, count: count, into: $0.baseAddress!)
                }
            }
            #expect(found.prefix(count).map { UInt32($0) } == Array(words.prefix(count)), "\(count) numbers")
        }
    }

    private static func bytes(_ numbers: [Int], _ type: ElementType) -> [UInt8] {
        numbers.flatMap { number in withUnsafeBytes(of: Int64(number).littleEndian) { Array($0.prefix(type.byteCount)) } }
    }

    /// Writes row groups of pages, and opens the file.
    private static func file(
        _ column: WrittenColumn, _ type: ElementType, groups: [[[Int]]], validity: [UInt8]? = nil, limit: Int = 0
    ) throws -> (file: ParquetFile, codings: [ColumnCoding]) {
        var writer = ParquetWriter([column], createdBy: "xent version 0.0.0")
        var stored = writer.beginning
        let encoder = PageEncoder()
        var coding: ColumnCoding?
        for group in groups {
            var isSetAside = false
            for numbers in group {
                try bytes(numbers, type).withUnsafeBytes { values in
                    let rows = PageRows(rowCount: validity?.count ?? numbers.count, values: values, validity: validity)
                    coding = try coding ?? encoder.choose(rows, of: column, limit: limit).coding
                    isSetAside = isSetAside || !coding!.canStore(rows, of: column)
                    stored += writer.append(
                        try encoder.encode(rows, of: column, isSetAside ? .planes(.fastLevel) : coding!), toColumn: 0)
                }
            }
            writer.endRowGroup()
        }
        stored += writer.end()
        return (try ParquetFile(ContainerFile(source: MemorySource(name: "memory", bytes: stored))), [coding!])
    }

    private static let types: [ElementType] = [.int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64]

    /// Each type and each number of bits comes back, over row groups and pages, one of which has a number of its own kind.
    @Test(arguments: types) func everyType(type: ElementType) throws {
        var random = SplitMix64(seed: 1600 + UInt64(type.byteCount))
        for bitCount in 1...8 where !(type == .int8 && bitCount == 8) {
            let largest = (1 << bitCount) - 1
            func page(_ count: Int) -> [Int] { (0..<count).map { _ in Int.random(in: 0...largest, using: &random) } }
            let isSigned = [.int8, .int16, .int32, .int64].contains(type)
            let other = isSigned ? -100 : bitCount < 8 ? largest + 1 : 3
            let groups = [[page(1000) + [largest], page(77)], [page(500), [0, 0, 0], [other] + page(9), page(20)]]
            let (file, codings) = try Self.file(WrittenColumn("label", type), type, groups: groups)
            #expect(codings == [.indices(bitCount: bitCount)], "\(bitCount)")
            let items = try ColumnItems(file, file.columns[0])
            #expect(items.numbers == groups.flatMap { $0.flatMap { $0.map { Double($0) } } }, "\(bitCount) bits")
            let hasOther = other < 0 || other > largest
            #expect(items.encodings == (hasOther ? [8, 9] : [8]))
            #expect(file.rowGroups[0].chunks[0].encodingNames == ["plain", "rle", "rle_dictionary"])
            #expect(file.rowGroups[1].chunks[0].encodingNames.contains("byte_stream_split") == hasOther)
            // As they are handed over: in the type of the file, or in a byte.
            let column = file.columns[0], elementType = try #require(column.elementType)
            #expect((elementType == .uint8) == (type == .uint8))
            let cursor = ColumnCursor(file, rowGroup: 0, column: column)
            var found = [UInt8](repeating: 0, count: 1078 * elementType.byteCount)
            try found.withUnsafeMutableBytes { found in
                try cursor.readValues(1078) { rows, segment in
                    guard case .values(let page, let from) = segment else { return }
                    page.copyElements(
                        column, from: from, count: rows.count, into: found.baseAddress! + rows.lowerBound * elementType.byteCount)
                }
            }
            #expect(found == Self.bytes(groups[0].flatMap { $0 }, elementType) ? true : false, "\(bitCount) bits")
        }
    }

    /// Larger numbers, numbers below 0 and floating-point numbers have planes; what is chosen reaches to the number of classes.
    @Test func choice() throws {
        func coding(_ numbers: [Int], _ type: ElementType, limit: Int = 0) throws -> ColumnCoding {
            try Self.file(WrittenColumn("label", type), type, groups: [[numbers]], limit: limit).codings[0]
        }
        #expect(try coding([0, 0, 0], .int64) == .indices(bitCount: 1))
        #expect(try coding([0, 3], .int64, limit: 100) == .indices(bitCount: 7))
        #expect(try coding([0, 255], .int16, limit: 256) == .indices(bitCount: 8))
        for (numbers, type, limit) in [([0, 256], ElementType.int32, 0), ([1, -1], .int64, 0), ([0, 1], .int32, 257), ([0, 1], .float64, 0)] {
            let found = try coding(numbers, type, limit: limit)
            #expect(found == .planes(.literals) || found == .planes(.fastLevel), "\(numbers)")
        }
    }

    /// Rows that a coding cannot store are an error of the encoder.
    @Test func otherNumbers() throws {
        let column = WrittenColumn("label", .int32)
        for (numbers, bitCount) in [([2], 1), ([-1], 8), ([256], 8)] {
            Self.bytes(numbers, .int32).withUnsafeBytes { values in
                let rows = PageRows(rowCount: 1, values: values)
                #expect(!ColumnCoding.indices(bitCount: bitCount).canStore(rows, of: column))
                #expect(throws: PageEncodingError.self) { try PageEncoder().encode(rows, of: column, .indices(bitCount: bitCount)) }
            }
        }
    }

    /// Nulls have no bits, and a page of nulls alone has no values.
    @Test func nulls() throws {
        let column = WrittenColumn("group", .int32, isOptional: true)
        let validity: [UInt8] = [0, 1, 1, 0, 1, 0]
        let (file, codings) = try Self.file(column, .int32, groups: [[[5, 0, 7]]], validity: validity)
        #expect(codings == [.indices(bitCount: 3)])
        #expect(try ColumnItems(file, file.columns[0]).numbers == [nil, 5, 0, nil, 7, nil])
        let none = try Self.file(column, .int32, groups: [[[]]], validity: [0, 0]).file
        #expect(try ColumnItems(none, none.columns[0]).numbers == [nil, nil])
    }

    /// Bits take no compression, unless that halves them.
    @Test func compression() throws {
        var random = SplitMix64(seed: 1700)
        let mixed = (0..<80_000).map { _ in Int.random(in: 0...1, using: &random) }
        let sorted = (0..<80_000).map { $0 / 40_000 }
        for (numbers, isLarge) in [(mixed, true), (sorted, false)] {
            let (file, _) = try Self.file(WrittenColumn("label", .uint8), .uint8, groups: [[numbers]])
            #expect((file.rowGroups[0].chunks[0].storedByteCount > 9000) == isLarge)
            #expect(try ColumnItems(file, file.columns[0]).numbers == numbers.map { Double($0) })
        }
    }
}

/// Frames of zstd that are put together from planes.
@Suite struct AssembledFrameTests {
    /// Planes come back, whatever their sizes; a plane is coded only where a tenth is saved.
    @Test(arguments: [1, 2, 100, 4096, 131_072, 131_073, 300_001]) func planes(planeByteCount: Int) throws {
        var random = SplitMix64(seed: 1800 + UInt64(planeByteCount))
        // Noise; noise of which a byte in a hundred is fixed; few values; one value.
        let limits: [ClosedRange<UInt8>] = [0...255, 0...240, 0...15, 7...7]
        let bytes = limits.flatMap { limit in (0..<planeByteCount).map { _ in UInt8.random(in: limit, using: &random) } }
        let compressor = PageCompressor()
        let frame = try bytes.withUnsafeBytes { bytes in
            try withExtendedLifetime(compressor) { try Array(compressor.compress(bytes, partCount: 4, .literals)) }
        }
        var decoded = [UInt8](repeating: 0, count: bytes.count)
        try decoded.withUnsafeMutableBytes { decoded in
            try frame.withUnsafeBytes { try PageCodec().decompress($0, .zstd, into: decoded) }
        }
        #expect(decoded == bytes ? true : false)
        guard planeByteCount >= 4096 else { return }
        #expect(frame.count > 2 * planeByteCount + planeByteCount / 4 && frame.count < 2 * planeByteCount + planeByteCount * 7 / 10)
    }
}
