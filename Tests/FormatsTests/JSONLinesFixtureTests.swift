import Formats
import Foundation
import SeededRandom
import Testing

@Suite("JSON Lines as Python's json reads them")
struct JSONLinesFixtureTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/json")

    /// By file and path, a row each: the values as hexadecimal floats, or nil where the record is none.
    private static func expected() throws -> [String: [String: [[String]?]]] {
        try JSONDecoder().decode(
            [String: [String: [[String]?]]].self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    }

    @Test("Every path leads to Python's values, bit for bit, and every record that it refuses is a problem")
    func values() throws {
        var rowCount = 0, problemCount = 0
        for (name, paths) in try Self.expected() {
            let bytes = Array(try Data(contentsOf: Self.folder.appending(path: name)))
            for padding in [UInt8(ascii: "}"), UInt8(ascii: "\""), 0] {
                let text = try JSONText(bytes, padding: padding)
                for (name, expected) in paths {
                    let rows = try text.rows(RecordSelection(predictions: [path(name)]))
                    #expect(rows.rowCount == expected.count)
                    #expect(rows.values.count == rows.rowCount * rows.valuesPerRow)
                    var problems = rows.problems.makeIterator()
                    for (row, expected) in expected.enumerated() {
                        let values = Array(rows.values[row * rows.valuesPerRow..<(row + 1) * rows.valuesPerRow])
                        if let expected {
                            let wanted = expected.map { $0 == "nan" ? Double.nan : Double(Self.spelled($0)) ?? 12345 }
                            #expect(sameBits(values, wanted), "\(name) of row \(row): \(values), not \(wanted); \(rows.problems)")
                        } else {
                            #expect(problems.next()?.rowIndex == row, "\(name), row \(row)")
                            #expect(values.allSatisfy { $0.isNaN })
                            problemCount += 1
                        }
                        rowCount += 1
                    }
                    #expect(problems.next() == nil, "\(name)")
                }
            }
        }
        #expect(rowCount > 4000 && problemCount > 200)
    }

    /// Python's infinity is Swift's.
    private static func spelled(_ text: String) -> String { text.hasSuffix("inf") ? text + "inity" : text }

    @Test("measure counts what parse makes, wherever the text is cut")
    func everyCut() throws {
        for name in try Self.expected().keys.sorted().prefix(4) {
            let text = try JSONText(Array(try Data(contentsOf: Self.folder.appending(path: name))))
            let parser = try text.parser(RecordSelection(predictions: [path("logits")]))
            let whole = text.measure(parser, isEnd: true)
            let rows = RecordRows(), first = RecordRows(), second = RecordRows()
            text.parse(parser, into: rows)
            #expect(whole.byteCount == text.count && whole.rowCount == rows.rowCount)
            for cut in stride(from: 0, through: text.count, by: 7) {
                let extent = text.measure(parser, 0..<cut, isEnd: false)
                #expect(extent.byteCount <= cut)
                text.parse(parser, 0..<extent.byteCount, into: first)
                #expect(first.rowCount == extent.rowCount)
                let rest = text.measure(parser, extent.byteCount..<text.count, isEnd: true)
                #expect(rest.rowCount + extent.rowCount == whole.rowCount && rest.lineCount + extent.lineCount == whole.lineCount)
                #expect(rest.byteCount + extent.byteCount == whole.byteCount)
                text.parse(parser, extent.byteCount..<text.count, into: second)
                #expect(sameBits(first.values + second.values, rows.values))
                #expect(first.lines + second.lines.map { $0 + UInt32(extent.lineCount) } == rows.lines)
                let problems = first.problems.map(\.rowIndex) + second.problems.map { $0.rowIndex + first.rowCount }
                #expect(problems == rows.problems.map(\.rowIndex))
            }
        }
    }

    @Test("Random damage never crashes, and rows stay as many as are counted", arguments: [1, 2, 3, 4])
    func mutations(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let names = try Self.expected().keys.sorted()
        let bytes = Array(try Data(contentsOf: Self.folder.appending(path: names[Int(seed) % names.count])))
        let alphabet = Array("{}[],:\"\\ \n0123456789.-+eEtfnNIu".utf8) + [0, 0xFF, 0xC3, 0xED]
        var selection = RecordSelection(predictions: [path("logits")])
        selection.labels = .classIndex(path("label"), names: ["cat", "dog"])
        selection.weight = path("choices.1.logprob")
        selection.byteCount = path("output.text")
        var sums = RecordSelection(predictions: [path("choices.*.logprob"), path("output.logprobs.*.1")])
        sums.sumsValues = true
        for round in 0..<400 {
            var mutated = bytes
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let place = Int.random(in: 0..<mutated.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: mutated[place] = alphabet.randomElement(using: &random) ?? 0
                case 1: mutated.insert(alphabet.randomElement(using: &random) ?? 0, at: place)
                case 2: mutated.removeSubrange(place..<min(mutated.count, place + Int.random(in: 1...40, using: &random)))
                default: mutated[place] = UInt8.random(in: 0...255, using: &random)
                }
                if mutated.isEmpty { mutated = bytes }
            }
            guard let text = try? JSONText(mutated, padding: alphabet.randomElement(using: &random) ?? 0) else { continue }
            for selection in [selection, sums] {
                let parser = try text.parser(selection)
                let rows = RecordRows()
                text.parse(parser, into: rows)
                #expect(rows.rowCount == text.measure(parser, isEnd: true).rowCount, "seed \(seed), round \(round)")
                #expect(rows.values.count == rows.rowCount * rows.valuesPerRow, "seed \(seed), round \(round)")
            }
        }
    }
}
