import Formats
import SeededRandom
import Testing

@Suite("Where records of a table end, whatever is in them")
struct TableGrammarTests {
    private static let pieces = [
        "1", "2.5", "-3e-5", ",", ",", ",", "\"", "\"", "\"\"", "\n", "\n", "\r\n", "\r", " ", "\t", "é", "\u{0}", "cat", "true", "nan",
        "x",
        "9007199254740993", "99999999999999999999", "1,2,3\n", "4,5,6\n", "\"7\",\"8\",\"9\"\r\n", ",\"a\nb\",",
        "aaaaaaaaaaaaaaaaaaaaaaaaa",
    ]

    private static func text(_ generator: inout SplitMix64, pieceCount: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0...pieceCount, using: &generator) {
            bytes += Array((pieces.randomElement(using: &generator) ?? "").utf8)
            // Bytes that are no UTF-8.
            if generator.next() % 40 == 0 { bytes.append(UInt8.random(in: 128...255, using: &generator)) }
        }
        return bytes
    }

    /// The same, byte by byte.
    private static func extent(_ bytes: ArraySlice<UInt8>, isEnd: Bool, byLines: Bool, areBlanksDelimiters: Bool) -> RecordExtent {
        var extent = RecordExtent()
        var isInQuotes = false
        var isFieldStart = true
        var line: [UInt8] = []
        var lineCount = 0
        func isBlank() -> Bool {
            let kept = line.last == 0x0D ? line.dropLast() : line[...]
            return kept.allSatisfy { $0 == 0x20 || $0 == 0x09 }
        }
        var place = bytes.startIndex
        while place < bytes.endIndex {
            let byte = bytes[place]
            place += 1
            line.append(byte)
            if byte == 0x0A { lineCount += 1 }
            if isInQuotes, !byLines {
                guard byte == 0x22 else { continue }
                if place < bytes.endIndex, bytes[place] == 0x22 {
                    line.append(0x22)
                    place += 1
                } else {
                    isInQuotes = false
                }
            } else if byte == 0x0A {
                line.removeLast()
                extent.rowCount += isBlank() ? 0 : 1
                extent.byteCount = place - bytes.startIndex
                extent.lineCount = lineCount
                line = []
                isFieldStart = true
            } else {
                isInQuotes = byte == 0x22 && isFieldStart
                isFieldStart = areBlanksDelimiters ? byte == 0x20 || byte == 0x09 : byte == 0x2C
            }
        }
        if isEnd, extent.byteCount < bytes.count {
            extent.rowCount += isBlank() && !isInQuotes ? 0 : 1
            extent.byteCount = bytes.count
            extent.lineCount = lineCount + (bytes.last == 0x0A ? 0 : 1)
        }
        return extent
    }

    /// Parsers of the table `a,b,label`: one that takes the short way, and one that never does.
    private static func parsers(_ delimiter: Character = ",") throws -> (plain: any RecordParser, careful: any RecordParser) {
        let format = try TableText(String("a,b,label\n1,2,cat\n".map { $0 == "," ? delimiter : $0 })).format()
        var selection = RecordSelection(predictions: try format.resolve("a"))
        selection.labels = .classIndex(try format.resolve("label")[0], names: ["cat", "1", "x"])
        let plain = try format.makeParser(selection)
        selection.weight = selection.predictions[0]
        return (plain, try format.makeParser(selection))
    }

    @Test(
        "measure counts as a reader does that goes byte by byte, parse has as many rows, and both ways of parsing agree", arguments: 1...8,
        [",", " "] as [Character])
    func random(seed: UInt64, delimiter: Character) throws {
        var generator = SplitMix64(seed: seed)
        let (plain, careful) = try Self.parsers(delimiter)
        let (rows, carefulRows) = (RecordRows(), RecordRows())
        for iteration in 0..<3000 {
            let note: Comment = "seed \(seed), iteration \(iteration)"
            var bytes = Self.text(&generator, pieceCount: iteration % 10 == 0 ? 300 : 30)
            if delimiter == " " { bytes = bytes.map { $0 == 0x2C ? [0x20, 0x20, 0x20, 0x09, 0x2C][Int(generator.next() % 5)] : $0 } }
            let table = TableText(bytes)
            for byLines in [false, true] {
                for isEnd in [false, true] {
                    let extent = table.measure(plain, isEnd: isEnd, byLines: byLines)
                    let expected = Self.extent(
                        bytes[...], isEnd: isEnd, byLines: byLines, areBlanksDelimiters: delimiter == " ")
                    try #require(extent == expected, "\(note.rawValue), byLines \(byLines), isEnd \(isEnd): \(bytes)")
                }
                _ = table.parse(plain, byLines: byLines, into: rows)
                _ = table.parse(careful, byLines: byLines, into: carefulRows)
                let expected = Self.extent(
                    bytes[...], isEnd: true, byLines: byLines, areBlanksDelimiters: delimiter == " ")
                try #require(rows.rowCount == expected.rowCount, note)
                #expect(
                    rows.lines.count == rows.rowCount && rows.values.count == rows.rowCount && rows.classLabels.count == rows.rowCount, note
                )
                try #require(rows.values.map(\.bitPattern) == carefulRows.values.map(\.bitPattern), note)
                #expect(rows.classLabels == carefulRows.classLabels, note)
                #expect(rows.lines == carefulRows.lines, note)
                #expect(rows.problems == carefulRows.problems, note)
                #expect(rows.problems.map(\.rowIndex) == rows.values.indices.filter { rows.values[$0].isNaN }, note)
                for problem in rows.problems { #expect(rows.classLabels[problem.rowIndex] == .min, note) }
            }
        }
    }

    @Test("Cut anywhere between records, the pieces have the rows of the whole")
    func cuts() throws {
        try cuts(",")
        try cuts(" ")
    }

    private func cuts(_ delimiter: Character) throws {
        var generator = SplitMix64(seed: 9)
        let (parser, _) = try Self.parsers(delimiter)
        for iteration in 0..<150 {
            let bytes = Self.text(&generator, pieceCount: 120)
            let table = TableText(bytes)
            for byLines in [false, true] {
                let whole = table.measure(parser, byLines: byLines)
                for cut in 0...bytes.count {
                    let first = table.measure(parser, 0..<cut, isEnd: false, byLines: byLines)
                    let second = table.measure(parser, first.byteCount..<bytes.count, byLines: byLines)
                    let sum = RecordExtent(
                        byteCount: first.byteCount + second.byteCount, rowCount: first.rowCount + second.rowCount,
                        lineCount: first.lineCount + second.lineCount)
                    try #require(sum == whole, "iteration \(iteration), cut \(cut), byLines \(byLines)")
                }
            }
        }
    }

    @Test("Bytes of a good table that are changed, taken out or doubled give no row more or less than measure counts", arguments: 1...4)
    func mutation(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let header = "id,label,p_a,p_b,\"some text\",w\n"
        let good = (0..<40).map {
            "\($0),\($0 % 2 == 0 ? "a" : "p_b"),0.\($0)1,-1.5e-\($0),\"te\($0 % 3 == 0 ? "\n" : "")xt, \"\"x\"\"\",1\r\n"
        }
        let format = try TableText(header + good.joined()).format()
        var selection = RecordSelection(predictions: try format.resolve("p_*"))
        selection.labels = .classIndex(try format.resolve("label")[0], names: format.classNames(of: selection.predictions))
        selection.weight = try format.resolve("w")[0]
        selection.byteCount = try format.resolve("some text")[0]
        let parser = try format.makeParser(selection)
        let rows = RecordRows()
        #expect(TableText(good.joined()).parse(parser, into: rows).problems == [])
        #expect(
            rows.rowCount == 40
                && rows.byteCount
                    == good.indices.reduce(0) { $0 + "text, \"x\"\($1)".utf8.count - "\($1)".utf8.count + ($1 % 3 == 0 ? 1 : 0) }
        )
        for iteration in 0..<4000 {
            var bytes = Array(good.joined().utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: bytes.indices, using: &generator)
                switch generator.next() % 4 {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes[place] = "\",\n\r0 ".utf8.randomElement(using: &generator) ?? 0
                case 2: bytes.remove(at: place)
                default: bytes.insert(bytes[place], at: place)
                }
            }
            let table = TableText(bytes)
            for byLines in [false, true] {
                let extent = table.measure(parser, byLines: byLines)
                _ = table.parse(parser, byLines: byLines, into: rows)
                #expect(rows.rowCount == extent.rowCount, "seed \(seed), iteration \(iteration)")
                #expect(
                    rows.values.count == 2 * extent.rowCount && rows.weights.count == extent.rowCount,
                    "seed \(seed), iteration \(iteration)")
                for problem in rows.problems {
                    #expect(
                        rows.values[2 * problem.rowIndex].isNaN && rows.weights[problem.rowIndex].isNaN,
                        "seed \(seed), iteration \(iteration)")
                }
            }
        }
    }

    @Test("A blank line is no row: empty, of spaces, of a carriage return; but a quoted nothing is one")
    func blankLines() throws {
        let (parser, _) = try Self.parsers()
        let counts: [(String, Int)] = [
            ("", 0), ("\n", 0), ("\r\n\r\n", 0), ("  \n\t\r\n \r", 0), ("\"\"\n", 1), (" ", 0), ("\r", 0), (",\n", 1), ("\u{B}\n", 1),
            ("\r\r\n", 1),
            (" \r \n", 1), ("1,2,cat\n\n\n3,4,x\n \n", 2), (String(repeating: "\n", count: 200) + "1,2,cat", 1),
            (String(repeating: " ", count: 200) + "\n", 0), (String(repeating: " ", count: 63) + "\n\n", 0),
        ]
        for (text, count) in counts {
            let table = TableText(text)
            #expect(table.measure(parser).rowCount == count, "\(text.debugDescription)")
            #expect(table.parse(parser).rowCount == count, "\(text.debugDescription)")
        }
    }
}
