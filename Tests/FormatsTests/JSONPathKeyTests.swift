import Formats
import Messages
import Testing

@Suite("Paths of JSON with keys that the record gives, objects of one member, choices and nulls")
struct JSONPathKeyTests {
    private func sums(_ text: String, _ paths: String...) throws -> RecordRows {
        var selection = RecordSelection(predictions: paths.map { path($0) })
        selection.sumsValues = true
        selection.addends = .logProbabilities
        return try JSONText(text).rows(selection)
    }

    static let prompt =
        #"{"prompt_token_ids": [1, 15043, 29892], "prompt_logprobs": [null, "#
        + #"{"15043": {"logprob": -7.5, "rank": 9}, "917": {"logprob": -2.5, "rank": 1}}, {"29892": {"logprob": -1.5}}]}"#

    @Test("{PATH} is the key at another path: one for each element, or one for all")
    func keys() throws {
        let key = "prompt_logprobs.*.{prompt_token_ids}.logprob"
        let rows = try sums(Self.prompt + "\n", key)
        #expect(rows.values == [-9] && rows.tokenCounts == [2] && rows.problems == [])
        #expect(try JSONText(Self.prompt + "\n").format.resolve(key).map(\.name) == [key])
        // The keys may stand after the objects, and be texts, also with escapes.
        let tokens =
            #"{"t": [{"a": -1, "b": -2}, {"\u00e9": -4, "a": -8}], "w": ["b", "\u00e9"], "answer": "a", "p": {"a": -0.5, "b": -3}}"#
        for (name, sum) in [
            ("t.*.{w}", -6.0), ("t.*.{w.*}", -6), ("t.*.{answer}", -9), ("t.0.{answer}", -1), ("p.{answer}", -0.5), ("p.{w.0}", -3),
        ] {
            let rows = try sums(tokens + "\n" + tokens, name)
            #expect(rows.values == [sum, sum] && rows.problems == [], "\(name): \(rows.values) \(rows.problems)")
            #expect(try JSONText(tokens).format.resolve(name).map(\.name) == [name])
        }
        // A choice's own probability, without sums.
        #expect(try JSONText(tokens).rows(RecordSelection(predictions: [path("p.{answer}"), path("p.b")])).values == [-0.5, -3])
    }

    @Test("A key that is not there, and keys that are too few, are problems of the record")
    func wrongKeys() throws {
        let cases: [(String, String, String)] = [
            (#"{"k": ["x", "b"], "t": [{"a": -1}, {"b": -2}]}"#, "t.*.{k}", "'t.*' has no '{k}'"),
            (#"{"k": ["a"], "t": [{"a": -1}, {"b": -2}]}"#, "t.*.{k}", "the key for an element of 't.*' is not in the record"),
            (#"{"k": ["a", "b", "c"], "t": [{"a": -1}, {"b": -2}]}"#, "t.*.{k}", "'{k}' has another number of elements than 't'"),
            (#"{"t": [{"a": -1}, {"b": -2}]}"#, "t.*.{k}", "the key for an element of 't.*' is not in the record: '{k}'"),
            (#"{"k": {}, "t": [{"a": -1}, {"b": -2}]}"#, "t.*.{k}", "is not in the record"),
            (#"{"k": ["a", null], "t": [{"a": -1}, {"b": -2}]}"#, "t.*.{k}", "is not in the record"),
            (#"{"k": ["a", "b"], "p": {"a": -1}}"#, "p.{k}", "is not in the record"),
            (#"{"k": "a", "p": {"a": -1, "a": -2}}"#, "p.{k}", "there twice"),
        ]
        for (record, name, words) in cases {
            let good = #"{"k": ["a", "b"], "t": [{"a": -1}, {"b": -2}], "p": {"a": -1}}"#
            let rows = try sums(good + "\n" + record + "\n", name)
            let problem = rows.problems.last
            #expect(
                problem?.rowIndex == 1 && problem?.message.contains(words) == true, "\(record) \(name): \(rows.problems.map(\.message))")
            #expect(rows.values.last?.isNaN == true)
        }
        for name in ["a.{", "a.{}", "{a}b", "{a}}", "{{a}}", "{a..b}", "a.{b"] {
            #expect(throws: FormatError.self, "\(name)") {
                try JSONText("{\"a\":1}").format.makeParser(RecordSelection(predictions: [path(name)]))
            }
        }
        // Braces that belong to a key.
        let rows = try JSONText(#"{"{a}": 3}"#).rows(RecordSelection(predictions: [path("\\{a\\}")]))
        #expect(rows.values == [3])
        #expect(try JSONText(#"{"{a}": 3}"#).format.columns.map(\.name) == ["\\{a\\}"])
    }

    @Test("* is the only member of an object; of several, the keys have to be told")
    func members() throws {
        #expect(try sums(#"{"t": [null, {"7": {"lp": -1}}, {"9": {"lp": -2}}]}"#, "t.*.*.lp").values == [-3])
        let text = try JSONText(#"{"t": [null, {"7": {"lp": -1}}, {"9": {"lp": -2}}]}"#)
        #expect(text.format.columns.map(\.name) == ["t.*", "t.*.*.lp"])
        let rows = try sums(#"{"t": [{"7": -1}]}"# + "\n" + #"{"t": [{"7": -1, "8": -2}]}"# + "\n" + #"{"t": [{}]}"#, "t.*.*")
        #expect(rows.problems.map(\.rowIndex) == [1, 2])
        #expect(rows.problems[0].message.contains("'t.*' is an object, of which * takes the only member"))
        #expect(rows.problems[0].remedy?.description.contains("keyed by token") == true)
        do {
            _ = try JSONText(Self.prompt).format.resolve("prompt_logprobs.*.*.logprob")
            Issue.record("two members are not one")
        } catch {
            let text = "\(error)"
            #expect(text.contains("{prompt_token_ids}") && text.contains("'15043', '917'"), "\(text)")
        }
    }

    @Test("Choices of a record are not added up, unless each is named")
    func choices() throws {
        let one = #"{"choices": [{"lp": {"content": [{"logprob": -1}, {"logprob": -2}]}}]}"#
        let two = #"{"choices": [{"lp": {"content": [{"logprob": -1}]}}, {"lp": {"content": [{"logprob": -2}]}}]}"#
        let name = "choices.*.lp.content.*.logprob"
        let rows = try sums(one + "\n" + two, name)
        #expect(rows.values[0] == -3 && rows.problems.map(\.rowIndex) == [1])
        #expect(rows.problems[0].message == "'choices' has several elements, which are choices: they are not added up")
        #expect(rows.problems[0].remedy?.description.contains("'choices.0.lp.content.*.logprob'") == true)
        #expect(try sums(two, "choices.0.lp.content.*.logprob", "choices.1.lp.content.*.logprob").values == [-3])
        // Turns of a conversation are parts, and not choices.
        #expect(try sums(#"{"turns": [{"t": [-1, -2]}, {"t": [-4]}]}"#, "turns.*.t").values == [-7])
    }

    @Test("Only the first log-probability may be null")
    func nulls() throws {
        let good: [(String, String)] = [
            ("{\"l\": [null, -1]}", "l"), ("{\"l\": [null, {\"p\": -1}]}", "l.*.p"), ("{\"l\": [{\"p\": null}, {\"p\": -1}]}", "l.*.p"),
            ("{\"l\": [{\"q\": [null, -1]}]}", "l.*.q"), ("{\"l\": [[null, -1], [null, 0]]}", "l"),
        ]
        for (record, name) in good {
            let rows = try sums(record, name)
            #expect(rows.values == [-1] && rows.problems == [], "\(record): \(rows.values) \(rows.problems)")
        }
        let bad: [(String, String)] = [
            ("{\"l\": [-1, null]}", "l"), ("{\"l\": [null, null, -1]}", "l"), ("{\"l\": [null, -1, null]}", "l"),
            ("{\"l\": [{\"p\": -1}, null]}", "l.*.p"), ("{\"l\": [{\"p\": -1}, {\"p\": null}]}", "l.*.p"),
            ("{\"l\": [{\"p\": -1}, {\"p\": null}, {\"p\": -1}]}", "l.*.p"), ("{\"l\": [[-1], [0, null]]}", "l"),
        ]
        for (record, name) in bad {
            let rows = try sums("{\"l\": []}\n" + record, name)
            #expect(rows.problems.map(\.rowIndex) == [1], "\(record): \(rows.problems)")
            #expect(rows.problems.first?.message == "null, which only the first of a record's log-probabilities may be", "\(record)")
        }
        // Placeholders are counted.
        #expect(try sums("{\"l\": [-1, -9999, -1000]}\n{\"l\": [-998]}\n{\"l\": [-Infinity]}", "l").placeholderCounts == [2, 0, 0])
    }

    @Test("Records with predictions of their own number: the others are absent")
    func ragged() throws {
        var selection = RecordSelection(predictions: [path("p.*.0")])
        selection.labels = .classIndex(path("y"), names: nil)
        let text = try JSONText(
            #"{"p": [["-2.5"], ["-1"], ["-3"]], "y": 1}"# + "\n" + #"{"p": [["-1"], ["-2"]], "y": "1"}"# + "\n"
                + #"{"p": [["-1"], ["-2"]], "y": 2}"# + "\n" + #"{"p": [], "y": 0}"# + "\n")
        selection.valuesPerRow = 3
        let refused = try text.rows(selection)
        #expect(refused.problems.map(\.rowIndex) == [1, 2, 3])
        #expect(refused.problems[0].remedy?.description.contains("DumpColumns.isRagged takes absent ones as impossible") == true)
        selection.absentValue = -.infinity
        let rows = try text.rows(selection)
        #expect(sameBits(rows.values, [-2.5, -1, -3, -1, -2, -.infinity, .nan, .nan, .nan, .nan, .nan, .nan]))
        #expect(rows.classLabels == [1, 1, .min, .min] && rows.problems.map(\.rowIndex) == [2, 3])
        #expect(rows.problems[0].message == "the label 2 is none of the record's 2 predictions, 0..<2")
        // Fewer are allowed than there are classes, and not more.
        selection.valuesPerRow = 2
        #expect(try text.rows(selection).problems.map(\.rowIndex) == [0, 2, 3])
        // In a table they are missing values.
        let table = TableText("p_0,p_1,p_2,y\n1,2,,1\n1,,3,1\n,,,0\n1,2,3,2\n")
        let format = try table.format()
        var columns = RecordSelection(predictions: try format.resolve("p_*"))
        columns.labels = .classIndex(try format.resolve("y")[0], names: nil)
        columns.absentValue = 0
        let read = table.parse(try format.makeParser(columns), format.headerByteCount..<table.count)
        #expect(
            read.problems.map(\.rowIndex) == [1, 2] && Array(read.values[..<3]) == [1, 2, 0] && Array(read.values[9...]) == [1, 2, 3])
    }
}
