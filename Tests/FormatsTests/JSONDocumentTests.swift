import Formats
import Messages
import SeededRandom
import Testing

@Suite("One JSON document: an array of records, or an object around one")
struct JSONDocumentTests {
    @Test("Places in an array are no names of classes, and keys are")
    func namesOfClasses() throws {
        let arrays = try #require(try recognise("[[7, 0.25, 0.75, 1], [8, 0.5, 0.5, 0]]"))
        #expect(arrays.classNames(of: try arrays.resolve(["1", "2"])) == nil)
        let nested = try #require(try recognise("[{\"r\": [[-1, 0], [-2, 0]]}]"))
        #expect(nested.classNames(of: try nested.resolve(["r.0.0", "r.1.0"])) == nil)
        let keys = try #require(try recognise("[{\"r\": {\"1\": 0.25, \"2\": 0.75}}]"))
        #expect(keys.classNames(of: try keys.resolve(["r.1", "r.2"])) == ["1", "2"])
    }

    @Test("A long document is recognised without its last bytes, as with them")
    func longDocuments() throws {
        let record = "{\"p\": [0.25, 0.75], \"y\": 1}"
        for count in [2000, 2400, 5000] {
            let text = "[" + [String](repeating: record, count: count).joined(separator: ",\n") + "]"
            for isWhole in [true, false] {
                let format = try #require(try recognise(text, isWhole: isWhole))
                #expect(format.name == "json" && format.columns.map(\.name) == ["p", "y"] && format.columns[1].examples == ["1", "1", "1"])
            }
        }
        // One record that ends with the text.
        let long = "[{\"p\": [" + [String](repeating: "0.5", count: 40_000).joined(separator: ",") + "]}]"
        #expect(try recognise(long)?.columns.first?.content == .array(count: 40_000))
        #expect(error(long, isWhole: false)?.kind == .truncatedHeader)
    }

    @Test("A beginning is closed after its last whole record, wherever it ends")
    func closedBeginnings() throws {
        let records = [#"{"p": [0.5, {"q": "]}\\"}]}"#, "[1, [2]]", #"{"a": "\"}]["}"#]
        for (before, after, path) in [("[", "]", nil), (#"{"n": [{}], "r": {"s": ["#, "]}}", "r.s")] {
            let text = Array((before + records.joined(separator: ",\n") + after).utf8)
            var ends: [Int] = []
            for index in records.indices { ends.append((before + records[...index].joined(separator: ",\n")).utf8.count) }
            for count in 0...text.count {
                let closed = RecordFormats.closedDocument(beginningWith: Array(text.prefix(count)), recordPath: path)
                let whole = ends.count { $0 <= count }
                guard whole > 0 else {
                    #expect(closed == nil, "\(count) bytes")
                    continue
                }
                #expect(closed == Array(text[..<ends[whole - 1]]) + Array(after.utf8), "\(count) bytes")
            }
        }
        #expect(RecordFormats.closedDocument(beginningWith: Array("[{}}".utf8), recordPath: nil) == nil)
        #expect(RecordFormats.closedDocument(beginningWith: Array("[{}]".utf8), recordPath: "a..b") == nil)
    }

    private func recognise(_ text: String, records: String? = nil, isWhole: Bool = true) throws -> (any RecordFormat)? {
        var options = RecordFormats.Options()
        options.recordPath = records
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes { try RecordFormats.recognise($0, isWhole: isWhole, options: options) }
    }

    private func error(_ text: String, records: String? = nil, isWhole: Bool = true) -> FormatError? {
        do {
            _ = try recognise(text, records: records, isWhole: isWhole)
            return nil
        } catch { return error as? FormatError }
    }

    /// The text with readable bytes after it, which would be taken for more of the array.
    private func with<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let bytes = Array(text.utf8)
        let padded = bytes + (0..<readableByteCountAfterText).map { Array("{},]\"".utf8)[$0 % 5] }
        return try padded.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<bytes.count])) }
    }

    private func rows(_ text: String, records: String? = nil, _ paths: String...) throws -> (rows: RecordRows, extent: RecordExtent) {
        let format = try #require(try recognise(text, records: records))
        let parser = try format.makeParser(RecordSelection(predictions: try paths.flatMap { try format.resolve($0) }))
        return with(text) { whole in
            let body = UnsafeRawBufferPointer(rebasing: whole[format.headerByteCount...])
            let extent = parser.measure(body, isEnd: true, assumesNoLineFeedsInRecords: false)
            let rows = RecordRows()
            parser.parse(UnsafeRawBufferPointer(rebasing: body[..<extent.byteCount]), into: rows)
            #expect(rows.rowCount == extent.rowCount)
            return (rows, extent)
        }
    }

    @Test("Arrays on one line and over many, of objects and of arrays, in an object")
    func recognised() throws {
        for (text, path) in [
            ("[{\"a\":1},{\"a\":2}]", nil), ("[{\"a\": 1},\n {\"a\": 2}]\n", nil),
            ("\u{FEFF} [\n  {\n    \"a\": 1\n  },\n  {\"a\":2}\n]\n", nil),
            ("[\r\n{\"a\":1}\r\n,\r\n{\"a\":2}\r\n]", nil), ("{\"r\": [{\"a\":1},{\"a\":2}]}", "r"),
            ("{\"x\": {\"r\": [9]}, \"d\": {\"y\": \"]},{\", \"r\":\n[{\"a\":1},{\"a\":2}], \"z\": [{}, []]}, \"n\": 3}\n", "d.r"),
            ("[[0], {\"r\": [{\"a\":1},{\"a\":2}]}, 5]", "1.r"),
        ] {
            let format = try #require(try recognise(text, records: path))
            #expect(format.name == "json" && !format.isCuttable && format.columns.map(\.name) == ["a"], "\(text)")
            let (rows, extent) = try rows(text, records: path, "a")
            #expect(
                rows.values == [1, 2] && rows.problems == [] && extent.endProblem == nil,
                "\(text): \(rows.problems) \(String(describing: extent.endProblem))")
        }
        #expect(try rows("[[1,2],[3,4]]\n", "*").rows.values == [1, 2, 3, 4])
        // A table beside the document is none of it.
        #expect(try recognise("a,b\n1,2\n", records: "r")?.name == "csv")
        // Lines that are arrays are JSON Lines.
        for text in ["[{\"a\":1},{\"a\":2}]\n[{\"a\":3}]\n", "[1,2]\n[3,4]\n", "[[1],[2]]\n[[3],[4]]\n"] {
            #expect(try recognise(text)?.name == "jsonl", "\(text)")
        }
        // Without a line's end the array may be longer than what has been read.
        #expect(try recognise("[{\"a\":1},{\"a\":2},{\"a\"", isWhole: false)?.name == "json")
        #expect(error("[{\"a\":1", isWhole: false)?.kind == .truncatedHeader)
        #expect(error("{\"a\":1", records: "r", isWhole: false)?.kind == .truncatedHeader)
        for (text, path, words) in [
            ("{\"results\": [{}]}", "result", "'results'"), ("{\"r\": {\"a\": 1}}", "r", "allowed: an array of records"),
            ("{\"r\": 3}", "r.s", "no object"), ("{\"r\": [1, 2]}", "r", "without objects"),
            ("{\"r\": []}", "r", "no records"),
            ("{\"r\": [{\"a\":1}]}", "r.*", "keys with dots"), ("{\"a\":1", "r", "cut short"),
        ] {
            let found = error(text, records: path)
            #expect(found?.description.contains(words) == true, "\(text) \(path): \(String(describing: found))")
        }
    }

    @Test("The rows and lines of an array do not depend on where its text is cut")
    func cuts() throws {
        var generator = SplitMix64(seed: 31)
        for iteration in 0..<60 {
            let count = Int.random(in: 1...12, using: &generator)
            let gap = { [" ", "\n", "", "\r\n  "].randomElement(using: &generator) ?? "" }
            var text = gap()
            for index in 0..<count {
                let words = ["a", "]", "}", "\\\"", "\\\\", ",", "é", "{["].randomElement(using: &generator) ?? ""
                text += "{\(gap())\"w\": \"\(words)\",\(gap())\"v\": \(index)\(gap())}" + gap() + (index + 1 < count ? "," + gap() : "")
            }
            text += "]" + (iteration % 2 == 0 ? "\n" : "")
            let format = try #require(try recognise("[" + text))
            let parser = try format.makeParser(RecordSelection(predictions: try format.resolve("v")))
            try with(text) { whole in
                let extent = parser.measure(whole, isEnd: true, assumesNoLineFeedsInRecords: false)
                #expect(extent.rowCount == count && extent.endProblem == nil && extent.byteCount == whole.count)
                let all = RecordRows()
                parser.parse(whole, into: all)
                try #require(all.values == (0..<count).map(Double.init), "iteration \(iteration): \(text)")
                for cut in 0...whole.count {
                    let first = parser.measure(
                        UnsafeRawBufferPointer(rebasing: whole[..<cut]), isEnd: false, assumesNoLineFeedsInRecords: false)
                    let rest = UnsafeRawBufferPointer(rebasing: whole[first.byteCount...])
                    let second = parser.measure(rest, isEnd: true, assumesNoLineFeedsInRecords: false)
                    try #require(
                        first.rowCount + second.rowCount == count && second.endProblem == nil, "iteration \(iteration), cut \(cut): \(text)"
                    )
                    #expect(first.lineCount + second.lineCount == extent.lineCount)
                    let rows = RecordRows()
                    parser.parse(UnsafeRawBufferPointer(rebasing: whole[..<first.byteCount]), into: rows)
                    let lines = rows.lines
                    #expect(rows.rowCount == first.rowCount && rows.problems == [])
                    parser.parse(rest, into: rows)
                    #expect(rows.rowCount == second.rowCount)
                    #expect(lines + rows.lines.map { $0 + UInt32(first.lineCount) } == all.lines, "iteration \(iteration), cut \(cut)")
                    // A text that ends here has been cut short.
                    if cut < whole.count - (iteration % 2 == 0 ? 1 : 0) {
                        let ended = parser.measure(
                            UnsafeRawBufferPointer(rebasing: whole[..<cut]), isEnd: true, assumesNoLineFeedsInRecords: false)
                        #expect(
                            ended.endProblem?.message == "the text ends inside its array of records", "iteration \(iteration), cut \(cut)")
                    }
                }
            }
        }
    }

    @Test("What follows the array is told, and records that are none are rows with problems")
    func damage() throws {
        #expect(
            try rows("[{\"a\":1}]\n[{\"a\":2}]".replacing("\n", with: ""), "a").extent.endProblem?.message.contains("more follows") == true)
        #expect(try rows("{\"r\":[{\"a\":1}], \"x\": [1", records: "r", "a").extent.endProblem?.message.contains("ends inside") == true)
        let (rows, extent) = try rows("[{\"a\":1},\n{\"a\":},,{\"a\":2} {\"a\":3},\n7,{\"b\":1},{\"a\":4},]", "a")
        #expect(extent.endProblem == nil && extent.rowCount == 7)
        #expect(rows.problems.map(\.rowIndex) == [1, 2, 3, 4, 5] && rows.values.first == 1 && rows.values.last == 4)
        #expect(rows.lines == [0, 1, 1, 1, 2, 2, 2])
    }

    @Test("Tables of DataFrame.to_json() and objects of arrays are told by name")
    func tables() throws {
        for text in [
            "{\"p_0\":{\"0\":0.1,\"1\":0.2},\"p_1\":{\"0\":0.9,\"1\":0.8}}",
            "{\"0\":{\"p_0\":0.1,\"p_1\":0.9},\"1\":{\"p_0\":0.2,\"p_1\":0.8}}",
            "{\"schema\":{\"fields\":[]},\"data\":[{\"index\":0,\"p\":0.1}]}",
            "{\"columns\":[\"p\"],\"index\":[0],\"data\":[[0.1]]}", "{\n \"p_0\": {\"0\": 0.1},\n \"p_1\": {\"0\": 0.9}\n}\n",
        ] {
            let found = error(text)
            #expect(found?.remedy?.description.contains("orient=\"records\", lines=True") == true, "\(text): \(String(describing: found))")
        }
        #expect(error("{\"p_0\":{\"0\":0.1,\"1\":0.2", isWhole: false)?.description.contains("DataFrame.to_json()") == true)
        let envelope = error("{\n \"results\": [{\"a\": 1}],\n \"n\": {\"s\": [[1], [2]]}\n}\n")
        #expect(
            envelope?.description.contains("DumpColumns.recordPath names the array of records: 'results', 'n.s'") == true,
            "\(String(describing: envelope))")
        // Records with objects of their own are records.
        for text in ["{\"p\":{\"0\":0.1,\"1\":0.9},\"y\":1}\n", "{\"p\":{\"a\":1},\"q\":{\"a\":2}}\n"] {
            #expect(try recognise(text)?.name == "jsonl")
        }
    }
}
