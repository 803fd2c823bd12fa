import Formats
import Messages
import Testing

@Suite("JSON Lines: what they are told by, their columns and paths")
struct JSONLinesTests {
    private func recognise(_ text: String, isWhole: Bool = true) throws -> JSONLines? {
        try Array(text.utf8).withUnsafeBytes { try JSONLines.recognise($0, isWhole: isWhole) }
    }

    private func failure(_ text: String, isWhole: Bool = true) -> FormatError? {
        do {
            let format = try recognise(text, isWhole: isWhole)
            Issue.record("\(text): \(format.debugDescription)")
            return nil
        } catch {
            return error as? FormatError
        }
    }

    @Test("An object or an array of numbers at the beginning, after a byte-order mark and blank lines")
    func recognised() throws {
        for text in ["{\"a\":1}", "  {\"a\":1}\n", "\n\r\n{\"a\":1}\r\n", "[1,2]\n[3,4]\n", "{\"a\":1}\n{cut", "{cut\n{\"a\":1}\n"] {
            #expect(try recognise(text)?.name == "jsonl", "\(text)")
        }
        for text in ["", "\n", "a,b\n1,2\n", "\"a\"\n", "1\n", "[a],[b]\n1,2\n", "[section]\n"] {
            #expect(try recognise(text) == nil, "\(text)")
        }
        let marked = try #require(try recognise("\u{FEFF}{\"a\":1}\n"))
        #expect(marked.headerByteCount == 3 && marked.headerLineCount == 0 && !marked.allowsLineFeedsInRecords)
        #expect(marked.columns.map(\.name) == ["a"])
        #expect(
            try Array("{\"a\":1}\n".utf8).withUnsafeBytes { try RecordFormats.recognise($0, isWhole: true, options: .init()) } is JSONLines)
    }

    @Test("Documents over many lines are refused with the way out")
    func notLines() throws {
        for text in [
            "{\n  \"a\": 1\n}\n", "[\n  {\"a\": 1},\n  {\"a\": 2}\n]\n", "[{\"a\":1},\n{\"a\":2}]\n",
            "{\"a\":1,\n\"b\":2}\n",
        ] {
            let error = failure(text)
            #expect(error?.kind == .syntax && error?.remedy?.description.contains("jq") == true, "\(text): \(error?.description ?? "")")
        }
        // More of the text may end the record.
        for text in ["{\"a\":1", "\n {\"a\":1", "[0.5, 1"] {
            let cut = failure(text, isWhole: false)
            #expect(cut?.kind == .truncatedHeader && cut?.found.contains("no line feed") == true, "\(text)")
        }
        #expect(failure("{\"a\":1")?.found.contains("brackets still open") == true)
        #expect(failure("{\"a\":tru}\n")?.byteOffset == 0)
    }

    @Test("Columns are the first record's paths, with contents and examples")
    func columns() throws {
        let format = try #require(
            try recognise(
                """
                {"id": "x\\u00e9", "label": 3, "logits": [0.5, -1.25e3, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "ok": true, \
                "none": null, "empty": [], \
                "a.b": 1, "*": 2, "out": {"p": [[1, 2], [3]], "tokens": [{"t": "a", "lp": -1}, {"t": "b", "lp": null}]}, \
                "resps": [["-1.25", "False"], ["-2.5", "True"]]}
                {"id": "y", "label": 4, "more": 1}

                """))
        #expect(
            format.columns.map(\.name) == [
                "id", "label", "logits", "ok", "none", "empty", "a\\.b", "\\*", "out.p.*", "out.tokens.*.t", "out.tokens.*.lp", "resps.*.0",
                "resps.*.1",
            ])
        #expect(
            format.columns.map(\.content) == [
                .text, .number, .array(count: 12), .boolean, .missing, .array(count: 0), .number, .number, .array(count: 3), .text,
                .array(count: 2), .text, .text,
            ])
        #expect(format.columns[0].examples == ["'x\\xc3\\xa9'", "'y'"])
        #expect(format.columns[1].examples == ["3", "4"])
        #expect(format.columns[2].examples == ["0.5, -1.25e3, 2, 3, 4, 5, 6, 7, 8, 9, 10, …"])
    }

    @Test("Names resolve to paths; PREFIX* to the columns that begin so")
    func resolve() throws {
        let format = try #require(
            try recognise(
                "{\"p_b\":1,\"p_a\":2,\"label\":1,\"o\":{\"q_1\":1,\"q_2\":2},"
                    + "\"a.b\":3,\"c\":[{\"l\":{\"t\":[null,-1]}}],\"n\":null,\"e\":[]}\n"
            ))
        func names(_ name: String) throws -> [String] { try format.resolve(name).map(\.name) }
        #expect(try names("p_*") == ["p_b", "p_a"])
        #expect(try names("o.q_*") == ["o.q_1", "o.q_2"])
        #expect(try names("label") == ["label"])
        // The last three are what the first record does not say, and are taken at their word.
        for name in ["c.0.l.t", "c.*.l.t", "c.*.l.t.1", "a\\.b", "n.x", "e.0.y", "e.*.y"] { #expect(try names(name) == [name]) }
        #expect(try names("a.b") == ["a\\.b"])
        for (name, word) in [
            ("labels", "no 'labels' in the first record"), ("o", "an object"), ("o.q_3", "no 'q_3' in 'o'"), ("c.1.l", "no '1' in 'c'"),
            ("c.x", "no 'x' in 'c'"), ("label.x", "no 'x' in 'label'"), ("label.*", "is no array"), ("z*", "begins so"),
            ("*", "several members in the first record: 'p_b', 'p_a', 'label'"),
            ("", "no path"), ("a..b", "no path"), (".a", "no path"), ("a\\", "no path"), ("c.00.l", "no '00' in 'c'"),
        ] {
            do {
                Issue.record("\(name): \(try names(name))")
            } catch {
                let error = try #require(error as? FormatError)
                #expect(error.kind == .column && error.description.contains(word), "\(name): \(error)")
                if name == "labels" { #expect(error.description.contains("'label'"), "\(error)") }
                if name == "o" { #expect(error.description.contains("'o.q_1'"), "\(error)") }
            }
        }
        #expect(throws: FormatError.self) { try format.makeParser(RecordSelection(predictions: [path("a..b")])) }
    }

    @Test("Every listed column is found again by its name, whatever its key")
    func everyKey() throws {
        let format = try #require(
            try recognise("{\"p*\":1,\"*\":2,\"a.*\":3,\"\\\\\":4,\".\":5,\"0\":6,\"\":7,\".\\u0301x\":8,\"p1\":9}\n"))
        #expect(format.columns.count == 8)
        for column in format.columns { #expect(try format.resolve(column.name).map(\.name) == [column.name]) }
        #expect(try format.resolve("p*").map(\.name) == ["p\\*", "p1"])
        let rows = try JSONText("{\"p*\":1,\"*\":2,\"a.*\":3}\n").rows(
            RecordSelection(predictions: [path("a\\.\\*"), path("\\*"), path("p\\*")]))
        #expect(rows.values == [3, 2, 1])
    }

    @Test("Elements may lack what others have: a column all the same")
    func unequalElements() throws {
        let format = try #require(try recognise("{\"c\":[{\"a\":1},{\"b\":2},{\"a\":3}]}\n"))
        #expect(format.columns.map(\.name) == ["c.*.a", "c.*.b"])
        #expect(format.columns.map(\.content) == [.array(count: 2), .array(count: 1)])
        #expect(try format.resolve("c.*.a").count == 1)
        #expect(throws: FormatError.self) { try format.resolve("c.*.d") }
    }

    @Test("Arrays at the top are records too")
    func topLevelArrays() throws {
        let text = try JSONText("[1,2.5]\n\n[3,\"4\"]\n")
        let columns = text.format.columns
        #expect(columns.map(\.name) == ["*"] && columns[0].content == .array(count: 2))
        #expect(try text.format.resolve("*") == [path("*")])
        #expect(try text.rows(RecordSelection(predictions: [path("*")])).values == [1, 2.5, 3, 4])
        #expect(try text.rows(RecordSelection(predictions: [path("1"), path("0")])).values == [2.5, 1, 4, 3])
    }
}
