import Container
import Foundation
import Parquet
import Testing

/// The files that scripts/make-parquet-fixtures.py writes, against the values that pyarrow wrote.
@Suite struct ParquetFixtureTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// A value of expected.json: a number's text in base 16, a text, or null.
    static func expected() throws -> [String: [String: [String?]]] {
        try JSONDecoder().decode(
            [String: [String: [String?]]].self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    }

    /// Opens a fixture.
    ///
    /// - Parameter streamedPageByteCount: the size of pages beyond which values are decompressed as they are wanted.
    static func open(_ name: String, streamedPageByteCount: Int? = nil) throws -> ParquetFile {
        var limits = ParquetFile.Limits()
        if let streamedPageByteCount { limits.streamedPageByteCount = streamedPageByteCount }
        return try ParquetFile(ContainerFile(path: folder.appending(path: name).path), limits: limits)
    }

    /// Every item is what pyarrow wrote, where pages are decompressed as a whole and where they are not.
    @Test(arguments: [nil, 0]) func everyItem(streamedPageByteCount: Int?) throws {
        let files = try Self.expected()
        #expect(files.count >= 20)
        for (name, columns) in files.sorted(by: { $0.key < $1.key }) {
            let file = try Self.open(name, streamedPageByteCount: streamedPageByteCount)
            #expect(Set(file.columns.map(\.itemName)) == Set(columns.keys), "\(name)")
            for column in file.columns {
                let items = try ColumnItems(file, column)
                let wanted = try #require(columns[column.itemName])
                if column.isNumber {
                    #expect(items.numbers.count == wanted.count, "\(name), \(column.itemName)")
                    for (index, (found, text)) in zip(items.numbers, wanted).enumerated() {
                        let number = text.map { $0 == "nan" ? Double.nan : Double($0) ?? .nan }
                        #expect(
                            found?.bitPattern == number?.bitPattern || (found?.isNaN == true && number?.isNaN == true),
                            "\(name), \(column.itemName), item \(index): \(String(describing: found)), not \(String(describing: text))")
                    }
                } else {
                    #expect(items.texts == wanted, "\(name), \(column.itemName)")
                }
                #expect(items.rowCount == file.rowCount, "\(name), \(column.itemName)")
            }
        }
    }

    /// The fixtures have the encodings for which they were made.
    @Test(arguments: [
        ("numbers-plain-v1", 0), ("numbers-plain-v2", 0), ("numbers-byte_stream_split-v1", 9), ("numbers-byte_stream_split-v2", 9),
        ("dictionary-then-plain", 8), ("dictionary-then-plain", 0), ("delta", 5), ("delta", 6), ("delta", 7), ("truth-rle", 3),
    ]) func encoding(name: String, encoding: Int) throws {
        let file = try Self.open(name + ".parquet")
        var found: Set<Int> = []
        for column in file.columns { found.formUnion(try ColumnItems(file, column).encodings) }
        #expect(found.contains(encoding), "\(name)")
    }

    /// Rows of lists are put together across pages, whatever their number is that is read at once.
    @Test(arguments: ["list-v1.parquet", "list-v2.parquet"], [nil, 0]) func lists(name: String, streamedPageByteCount: Int?) throws {
        let file = try Self.open(name, streamedPageByteCount: streamedPageByteCount)
        let column = try #require(file.columns.first { $0.name == "logits" })
        let wanted = try ColumnItems(file, column).numbers.map { Float($0 ?? .nan) }
        for step in [1, 2, 7, 1000] {
            var read: [Float] = []
            for group in file.rowGroups.indices {
                let cursor = ColumnCursor(file, rowGroup: group, column: column)
                var left = file.rowGroups[group].rowCount
                while left > 0 {
                    let count = min(step, left)
                    var rows = [Float](repeating: .nan, count: 5 * count)
                    try rows.withUnsafeMutableBytes { rows in
                        try cursor.readLists(count, valuesPerRow: 5, into: rows.baseAddress!) { Issue.record("row \($0): \($1)") }
                    }
                    read += rows
                    left -= count
                }
                try cursor.finish()
            }
            #expect(read == wanted)
        }
    }

    @Test func brokenLists() throws {
        let file = try Self.open("list-broken.parquet")
        for step in [1, 3, 40] {
            let cursor = ColumnCursor(file, rowGroup: 0, column: file.columns[0])
            var problems: [Int: ColumnCursor.ListProblem] = [:]
            for first in stride(from: 0, to: 40, by: step) {
                let count = min(step, 40 - first)
                var rows = [Float](repeating: 0, count: 5 * count)
                try rows.withUnsafeMutableBytes { rows in
                    try cursor.readLists(count, valuesPerRow: 5, into: rows.baseAddress!) { problems[first + $0] = $1 }
                }
            }
            try cursor.finish()
            #expect(problems == [3: .null, 5: .count(0), 8: .nullValue(at: 1), 11: .count(9)])
        }
    }

    /// A page whose type is damaged is passed over as one of another kind, and the next column's pages are not read in its place.
    @Test func pagesOfTheNextColumn() throws {
        let whole = Array(try Data(contentsOf: Self.folder.appending(path: "numbers-plain-v1.parquet")))
        let footer = whole.suffix(8).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        // The first two fields of a page's header: its type, 0 for data, and its size. Within a header the encoding looks the same.
        let places = (4..<whole.count - 8 - footer).filter { whole[$0] == 0x15 && whole[$0 + 1] == 0 && whole[$0 + 2] == 0x15 }
        var pages: [Int] = []
        for place in places where place > (pages.last ?? -1) + 24 { pages.append(place) }
        #expect(pages.count >= 2)
        for page in pages {
            // An index page, and a type that there is not.
            for type: UInt8 in [2, 32] {
                var bytes = whole
                bytes[page + 1] = type
                let damaged = try ParquetFile(ContainerFile(source: MemorySource(name: "damaged", bytes: bytes)))
                var errors: [ParquetError] = []
                for column in damaged.columns {
                    do throws(ParquetError) { _ = try ColumnItems(damaged, column) } catch { errors.append(error) }
                }
                #expect(errors.map(\.kind) == [.damaged], "the page at byte \(page)")
            }
        }
    }

    /// Each page of a file with checksums is compared with its own.
    @Test func checksums() throws {
        let file = try Self.open("codec-none.parquet")
        var bytes = Array(try Data(contentsOf: Self.folder.appending(path: "codec-none.parquet")))
        // The last byte before the footer is one of the last column's values.
        let footer = bytes.suffix(8).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        bytes[bytes.count - 9 - footer] ^= 1
        let damaged = try ParquetFile(ContainerFile(source: MemorySource(name: "damaged", bytes: bytes)))
        let last = try #require(file.columns.last)
        let error = #expect(throws: ParquetError.self) { try ColumnItems(damaged, last) }
        #expect(error?.kind == .checksum)
        #expect(error?.place.rowGroup == 0 && error?.place.column == "i8" && error?.place.page != nil && error?.place.byteOffset != nil)
        for column in file.columns.dropLast() { _ = try ColumnItems(damaged, column) }
    }

    /// Every file cut short, and with each of its bytes changed in turn, is an error or a sound result.
    @Test(arguments: ["delta", "nulls-v1", "list-v2", "codec-lz4", "dictionary-then-plain", "decimal-bytes"])
    func damage(name: String) throws {
        let bytes = Array(try Data(contentsOf: Self.folder.appending(path: name + ".parquet")))
        func read(_ bytes: [UInt8]) {
            guard let container = try? ContainerFile(source: MemorySource(name: name, bytes: bytes)),
                let file = try? ParquetFile(container)
            else { return }
            for column in file.columns { _ = try? ColumnItems(file, column) }
        }
        for end in stride(from: 0, to: bytes.count, by: 97) { read(Array(bytes[..<end])) }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= [1, 0x80, 0xFF][index % 3]
            read(changed)
        }
    }
}
