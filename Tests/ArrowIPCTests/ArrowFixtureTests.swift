import ArrowIPC
import Container
import Foundation
import SeededRandom
import Testing

/// The files that scripts/make-arrow-fixtures.py writes, against the values that pyarrow wrote.
@Suite struct ArrowFixtureTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// The tables of expected.json. A value is a number's text in base 16, a text, or null.
    private struct Expected: Decodable {
        let files: [String: Int]
        let tables: [[String: [String?]]]
    }

    private static func expected() throws -> Expected {
        try JSONDecoder().decode(Expected.self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    }

    static func open(_ name: String, limits: ArrowFile.Limits = ArrowFile.Limits()) throws -> ArrowFile {
        try ArrowFile(ContainerFile(path: folder.appending(path: name).path), limits: limits)
    }

    static func open(bytes: [UInt8]) throws -> ArrowFile {
        try ArrowFile(ContainerFile(source: MemorySource(name: "bytes", bytes: bytes)))
    }

    private static func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: name))) }

    /// Every type, codec and form gives the items that pyarrow reads.
    @Test func everyItem() throws {
        let expected = try Self.expected()
        #expect(expected.files.count >= 28)
        for (name, table) in expected.files.sorted(by: { $0.key < $1.key }) {
            let columns = expected.tables[table]
            let file = try Self.open(name)
            #expect(file.form == (name.hasSuffix("arrows") ? .stream : .file) && file.hasEnd, "\(name)")
            #expect(Set(file.columns.map(\.itemName)) == Set(columns.keys), "\(name)")
            for column in file.columns {
                let items = try ColumnItems(file, column)
                let wanted = try #require(columns[column.itemName])
                guard column.isNumber else {
                    #expect(items.texts == wanted, "\(name), \(column.itemName)")
                    continue
                }
                #expect(items.numbers.count == wanted.count, "\(name), \(column.itemName)")
                for (index, (found, text)) in zip(items.numbers, wanted).enumerated() {
                    let number = text.map { $0 == "nan" ? Double.nan : Double($0) ?? .nan }
                    #expect(
                        found?.bitPattern == number?.bitPattern || (found?.isNaN == true && number?.isNaN == true),
                        "\(name), \(column.itemName), item \(index): \(String(describing: found)), not \(String(describing: text))")
                }
            }
        }
    }

    /// Files and streams are told by their first bytes, and texts that begin alike are none.
    @Test func recognised() throws {
        for name in try Self.expected().files.keys {
            #expect(ArrowFile.isArrow(Array(try Self.bytes(name).prefix(4096))), "\(name)")
        }
        for text in ["ARROW1,ARROW2\n1,2\n", "p,label\n0.5,1\n", "{\"logits\": [1, 2]}\n", "PAR1    ", "ARROW1"] {
            #expect(!ArrowFile.isArrow(Array(text.utf8)), "\(text)")
        }
        #expect(!ArrowFile.isArrow(try Self.bytes("version-1.feather")))
    }

    /// Rows that are read from any row on, in steps of any size, are those of one reading from the first row on.
    @Test(arguments: [
        "nulls-None.arrow", "nulls-zstd.arrows", "nulls-lz4.arrow", "texts-zstd.arrow", "texts-None.arrow", "dictionary-deltas.arrows",
    ])
    func anyRow(name: String) throws {
        let file = try Self.open(name)
        var random = SplitMix64(seed: 7)
        for column in file.columns {
            let all = try ColumnItems(file, column)
            let cursor = ArrowCursor(file, column: column)
            for _ in 0..<40 {
                let start = Int.random(in: 0..<file.rowCount, using: &random)
                let count = Int.random(in: 1...file.rowCount - start, using: &random)
                try cursor.begin(row: start)
                var row = start
                try cursor.readValues(count, failure: { $0 }) { rows, segment throws(ArrowError) in
                    switch segment {
                    case .null:
                        for place in rows { #expect(column.isNumber ? all.numbers[start + place] == nil : all.texts[start + place] == nil) }
                    case .values(let values, let from):
                        if column.isNumber {
                            var numbers = [Double](repeating: 0, count: rows.count)
                            numbers.withUnsafeMutableBufferPointer { numbers in
                                guard let base = numbers.baseAddress else { return }
                                values.copyNumbers(column, from: from, count: rows.count, into: base) { _, _ in 0 }
                            }
                            for (place, number) in zip(rows, numbers) {
                                #expect(all.numbers[start + place]?.bitPattern == number.bitPattern || number.isNaN)
                            }
                        } else {
                            for place in rows {
                                let text = String(decoding: values.spans[from + place - rows.lowerBound], as: UTF8.self)
                                #expect(all.texts[start + place] == text)
                            }
                        }
                    }
                    row += rows.count
                }
                #expect(row == start + count, "\(name), \(column.name)")
            }
        }
    }

    /// Lists of the due length are copied, and each other one is told with its row and the reason.
    @Test(arguments: ["lists-None.arrow", "lists-zstd.arrows"], ["list", "large", "view", "fixed", "struct.logits"])
    func lists(name: String, column: String) throws {
        let file = try Self.open(name)
        let column = try #require(file.columns.first { $0.name == column })
        let plain = try #require(file.columns.first { $0.name == "large" })
        let wanted: [Int: ArrowCursor.ListProblem] =
            switch column.name {
            case "fixed": [7: .null, 51: .nullValue(at: 2), 52: .null]
            case "struct.logits": Dictionary(uniqueKeysWithValues: stride(from: 0, to: 60, by: 9).map { ($0, .null) })
            default: [3: .null, 5: .count(0), 8: .nullValue(at: 1), 11: .count(9)]
            }
        let values = try rows(file, column, wanted)
        // The other columns hold the same rows.
        let others = try rows(file, plain, [3: .null, 5: .count(0), 8: .nullValue(at: 1), 11: .count(9)])
        for row in 0..<60 where wanted[row] == nil && ![3, 5, 8, 11].contains(row) {
            #expect(values[row * 5..<row * 5 + 5].elementsEqual(others[row * 5..<row * 5 + 5]), "row \(row)")
        }
    }

    private func rows(_ file: ArrowFile, _ column: ArrowColumn, _ wanted: [Int: ArrowCursor.ListProblem]) throws -> [Float] {
        var first: [Float]?
        for step in [1, 7, 60] {
            var found: [Int: ArrowCursor.ListProblem] = [:]
            var values = [Float](repeating: 0, count: 60 * 5)
            let cursor = ArrowCursor(file, column: column)
            try cursor.begin(row: 0)
            try values.withUnsafeMutableBytes { values in
                let base = try #require(values.baseAddress)
                for start in stride(from: 0, to: 60, by: step) {
                    try cursor.readLists(min(step, 60 - start), valuesPerRow: 5, into: base + start * 20) { found[start + $0] = $1 }
                }
            }
            #expect(found == wanted, "steps of \(step)")
            for row in wanted.keys { for place in row * 5..<row * 5 + 5 { values[place] = 0 } }
            if let first { #expect(values == first, "steps of \(step)") }
            first = first ?? values
        }
        return first ?? []
    }

    /// Columns of types that are not read are refused by their names once they are used, and no others.
    @Test func refusedColumns() throws {
        let file = try Self.open("refused.arrow")
        for (name, type) in [("union", "union"), ("runs", "run-end encoded"), ("null", "null")] {
            let column = try #require(file.columns.first { $0.name == name })
            let error = #expect(throws: ArrowError.self) { try ColumnItems(file, column) }
            #expect(error?.kind == .unsupported && error?.description.contains("column \(name): \(type) is not read") == true, "\(name)")
        }
        let when = try #require(file.columns.first { $0.name == "when" })
        #expect(!when.isNumber && when.typeText == "timestamp[us]")
        let x = try #require(file.columns.first { $0.name == "x" })
        #expect(try ColumnItems(file, x).numbers == [1, 2, 4])
    }

    /// Files that are cut short, have something after their end, or have more than is allowed are errors of their kinds.
    @Test func refusedFiles() throws {
        func kind(_ bytes: [UInt8]) -> ArrowError.Kind? {
            do { _ = try Self.open(bytes: bytes) } catch let error as ArrowError { return error.kind } catch {}
            return nil
        }
        let file = try Self.bytes("numbers-None.arrow")
        #expect(kind(file) == nil)
        #expect(kind(Array(file.dropLast())) == .truncated)
        #expect(kind(Array(file.prefix(4000))) == .truncated)
        let stream = try Self.bytes("numbers-None.arrows")
        #expect(kind(stream) == nil)
        #expect(kind(Array(stream.prefix(stream.count - 100))) == .truncated)
        #expect(kind(stream + stream) == .unsupported, "two streams")
        #expect(kind(stream + [1]) == .unsupported)
        #expect(kind(stream + [0, 0, 0, 0]) == nil)
        // Without the mark of its end.
        let open = try Self.open(bytes: Array(stream.dropLast(8)))
        #expect(!open.hasEnd && open.rowCount == 60)
        var limits = ArrowFile.Limits()
        limits.byteCount = 60
        let texts = try Self.open("texts-None.arrow", limits: limits)
        for name in ["t", "view", "dictionary"] {
            let column = try #require(texts.columns.first { $0.name == name })
            let error = #expect(throws: ArrowError.self) { try ColumnItems(texts, column) }
            #expect(error?.kind == .tooLarge, "\(name)")
        }
    }

    /// Damaged files are errors or results, whatever byte is another.
    @Test(arguments: ["lists-zstd.arrows", "nulls-lz4.arrow", "texts-None.arrow", "dictionary-deltas.arrows", "old.arrows"])
    func damaged(name: String) throws {
        let whole = try Self.bytes(name)
        var random = SplitMix64(seed: 11)
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let file = try? Self.open(bytes: bytes) else { continue }
            for column in file.columns { _ = try? ColumnItems(file, column, keepsItems: false) }
        }
    }
}
