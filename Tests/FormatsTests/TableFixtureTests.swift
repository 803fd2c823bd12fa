import Formats
import Foundation
import Testing

@Suite("Tables read as Python's csv module reads them")
struct TableFixtureTests {
    private struct Expected: Decodable {
        struct Record: Decodable {
            let line: Int
            let fields: Int
            let numbers: [String?]?
            let label: Int?
            let bytes: Int?
        }
        struct File: Decodable {
            let delimiter: String
            let names: [String]
            let kinds: [String]
            let headerLines: Int
            let lines: Int
            let records: [Record]
        }
        let labels: [String]
        let files: [String: File]
    }

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/table")

    /// The files of scripts/make-table-fixtures.py.
    private static func load() throws -> (labels: [String], files: [(name: String, expected: Expected.File, text: TableText)]) {
        let expected = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: folder.appending(path: "expected.json")))
        return (
            expected.labels,
            try expected.files.sorted { $0.key < $1.key }.map {
                ($0.key, $0.value, TableText(try Data(contentsOf: folder.appending(path: $0.key))))
            }
        )
    }

    @Test("Names, rows, lines, numbers, labels, bytes of text; what is missing or ragged is a problem")
    func replay() throws {
        let (labels, files) = try Self.load()
        #expect(files.count > 40)
        for (name, expected, text) in files {
            let format = try text.format()
            #expect(format.name == (expected.delimiter == "\t" ? "tsv" : "csv"), "\(name)")
            #expect(format.columns.map(\.name) == expected.names, "\(name)")
            #expect(format.headerLineCount == expected.headerLines, "\(name)")
            let numbers = expected.kinds.indices.filter { expected.kinds[$0] == "number" }
            let label = try #require(expected.kinds.firstIndex(of: "label"))
            let column = try #require(expected.kinds.firstIndex(of: "text"))
            let place = { (index: Int) in RecordPath(name: expected.names[index], columnIndex: index) }
            var selection = RecordSelection(predictions: numbers.map(place))
            selection.labels = .classIndex(place(label), names: labels)
            selection.byteCount = place(column)
            let parser = try format.makeParser(selection)
            let body = format.headerByteCount..<text.count
            let rows = text.parse(parser, body)
            let extent = text.measure(parser, body)
            #expect(extent == RecordExtent(byteCount: body.count, rowCount: expected.records.count, lineCount: expected.lines), "\(name)")
            try #require(rows.rowCount == expected.records.count, "\(name)")
            #expect(rows.lines.map { Int($0) } == expected.records.map(\.line), "\(name)")

            var problems = rows.problems[...]
            var byteCount = 0
            for (row, record) in expected.records.enumerated() {
                let values = Array(rows.values[row * numbers.count..<(row + 1) * numbers.count])
                let wanted = record.numbers?.compactMap { $0 } ?? []
                if record.fields == expected.kinds.count, wanted.count == numbers.count {
                    #expect(values == wanted.compactMap { Double($0) }, "\(name) row \(row)")
                    #expect(rows.classLabels[row] == record.label.map { Int64($0) }, "\(name) row \(row)")
                    byteCount += record.bytes ?? 0
                } else {
                    let first = problems.popFirst()
                    let problem = try #require(first, "\(name) row \(row)")
                    #expect(problem.rowIndex == row, "\(name)")
                    let message = record.numbers == nil ? "\(record.fields) field" : "missing value"
                    #expect(problem.message.hasPrefix(message), "\(name) row \(row): \(problem.text)")
                    #expect(values.allSatisfy { $0.isNaN } && rows.classLabels[row] == .min, "\(name) row \(row)")
                }
            }
            #expect(problems.isEmpty, "\(name)")
            if format.columns[column].content != .number { #expect(rows.byteCount == byteCount, "\(name)") }
        }
    }

    @Test("Cut anywhere, the pieces have as many rows and lines as the whole, and the same values")
    func cuts() throws {
        let (labels, files) = try Self.load()
        for (name, expected, text) in files {
            let format = try text.format()
            var selection = RecordSelection(predictions: try format.resolve("number_*"))
            let label = try #require(expected.names.firstIndex(of: "label"))
            selection.labels = .classIndex(RecordPath(name: "label", columnIndex: label), names: labels)
            let parser = try format.makeParser(selection)
            let start = format.headerByteCount
            let whole = text.parse(parser, start..<text.count)
            let pieces = RecordRows()
            for cut in stride(from: start, through: text.count, by: 7) {
                let first = text.measure(parser, start..<cut, isEnd: false)
                let middle = start + first.byteCount
                #expect(middle <= cut, "\(name) at \(cut)")
                let second = text.measure(parser, middle..<text.count)
                #expect(first.rowCount + second.rowCount == whole.rowCount, "\(name) at \(cut)")
                #expect(first.lineCount + second.lineCount == expected.lines, "\(name) at \(cut)")
                _ = text.parse(parser, start..<middle, into: pieces)
                #expect(pieces.rowCount == first.rowCount, "\(name) at \(cut)")
                let firstLabels = pieces.classLabels
                _ = text.parse(parser, middle..<text.count, into: pieces)
                #expect(firstLabels + pieces.classLabels == whole.classLabels, "\(name) at \(cut)")
                #expect(pieces.rowCount == second.rowCount, "\(name) at \(cut)")
            }
        }
    }
}
