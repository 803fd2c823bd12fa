import Messages
import SeededRandom
import Testing

@testable import Formats

/// The hashes by which rows are compared, the same in every format.
@Suite struct IdentifierTests {
    private func hash(_ text: String) -> UInt64 { Identifier.hash(text.utf8) }

    @Test("Only an empty identifier has the hash 0, and pandas' 7.0 is 7")
    func canonical() {
        #expect(hash("") == 0)
        #expect(hash("7.0") == hash("7") && hash("-7.000") == hash("-7"))
        for (one, other) in [("7", "7.5"), ("7", "70"), ("7", "7."), (".0", ""), ("-.0", "-"), ("a.0", "a"), ("7", "07"), ("a", "A"), ("a", "a ")]
        {
            #expect(hash(one) != hash(other), "\(one) and \(other)")
        }
    }

    @Test("Different identifiers have different hashes, of any length")
    func different() {
        var seen: [UInt64: String] = [:]
        for number in 0..<100_000 {
            for text in ["\(number)", "id-\(number)", "train/images/\(number).png"] { #expect(seen.updateValue(text, forKey: hash(text)) == nil) }
        }
        for length in 1...64 {
            let text = String(repeating: "x", count: length)
            #expect(seen.updateValue(text, forKey: hash(text)) == nil)
        }
    }

    @Test("A table and JSON Lines give the hash of the text as it is written, by the quick way and by the other")
    func parsed() throws {
        var random = SplitMix64(seed: 20)
        let texts = (0..<500).map { _ -> String in
            switch random.next() % 5 {
            case 0: String(random.next() % 1000)
            case 1: "\(random.next() % 1000).0"
            case 2: "é\(random.next())"
            case 3: String(repeating: "k", count: Int(random.next() % 40) + 1)
            default: "a \"b\" \(random.next() % 10)"
            }
        }
        let table = "p,id,y\n" + texts.map { "0.5,\"\($0.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\",1\n" }.joined()
        let json = texts.map { text in
            "{\"p\": 0.5, \"id\": \"\(text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\""))\", \"y\": 1}\n"
        }.joined()
        for text in [table, json] {
            let bytes = Array(text.utf8) + [UInt8](repeating: 0, count: 64)
            try bytes.withUnsafeBytes { padded in
                let text = UnsafeRawBufferPointer(rebasing: padded.dropLast(64))
                let format = try #require(try RecordFormats.recognise(text, isWhole: true, options: .init()))
                var selection = RecordSelection(predictions: try format.resolve("p"))
                selection.identifiers = try format.resolve("id") + format.resolve("y")
                let rows = RecordRows()
                let records = UnsafeRawBufferPointer(rebasing: text.dropFirst(format.headerByteCount))
                try format.makeParser(selection).parse(records, into: rows)
                #expect(rows.problems.isEmpty)
                #expect(rows.identifiers == texts.flatMap { [hash($0), hash("1")] })
                let quoted = format.quotedValue(selection.identifiers[0], ofFirstRecordIn: records)
                #expect(quoted == QuotedBytes.text(texts[0].utf8) || quoted == texts[0])
            }
        }
    }
}
