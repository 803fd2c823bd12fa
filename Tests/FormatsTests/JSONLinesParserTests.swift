import Formats
import Foundation
import SeededRandom
import Testing

@Suite("Records of JSON Lines as rows")
struct JSONLinesParserTests {
    private func selection(_ predictions: String...) -> RecordSelection { RecordSelection(predictions: predictions.map { path($0) }) }

    @Test("Class labels: numbers, numbers in strings, names, truth values")
    func classLabels() throws {
        var selection = selection("p")
        selection.labels = .classIndex(path("label"), names: nil)
        let good =
            [
                ("3", 3), ("\"4\"", 4), ("-100", -100), ("5.0", 5), ("1e2", 100), ("true", 1), ("false", 0), ("\" 7 \"", 7), ("-0", 0),
                ("9223372036854775807", Int64.max), ("-9223372036854775807", -Int64.max), ("9007199254740993", 9_007_199_254_740_993),
                ("\"\\u0031\"", 1), ("\"1.0\"", 1),
            ] as [(String, Int64)]
        let rows = try JSONText(good.map { "{\"label\":\($0.0),\"p\":1}\n" }.joined()).rows(selection)
        #expect(rows.problems.isEmpty && rows.classLabels == good.map(\.1), "\(rows.problems)")

        let bad = [
            ("2.5", "no whole number"), ("\"cat\"", "is no number"), ("null", "null"), ("[1]", "an array"), ("{\"a\":1}", "an object"),
            ("9223372036854775808", "beyond Int64"), ("1e300", "beyond Int64"), ("NaN", "no whole number"), ("Infinity", "no whole number"),
            ("01", "no number"), ("\"\"", "is no number"), ("tru", "no number"), ("\"\\ud800\"", "surrogate"),
        ]
        let problems = try JSONText("{\"label\":1,\"p\":1}\n" + bad.map { "{\"label\":\($0.0),\"p\":1}\n" }.joined()).rows(selection)
        #expect(problems.problems.map(\.rowIndex) == Array(1...bad.count))
        for (problem, bad) in zip(problems.problems, bad) {
            #expect(problem.column == "label" && problem.message.contains(bad.1), "\(bad.0): \(problem.message)")
        }
        #expect(problems.classLabels == [1] + Array(repeating: .min, count: bad.count))
        #expect(problems.values.dropFirst().allSatisfy { $0.isNaN } && problems.values[0] == 1)

        selection.labels = .classIndex(path("label"), names: ["cat", "dög", "2"])
        let named = try JSONText(
            ["\"cat\"", "\"dög\"", "\"d\\u00f6g\"", "\"2\"", "1", "\"0\"", "\"bird\""].map { "{\"label\":\($0),\"p\":1}\n" }.joined()
        ).rows(selection)
        // One of the names is a number: labels are names, as they are in tables.
        #expect(named.classLabels == [0, 1, 1, 2, .min, .min, .min])
        #expect(
            named.problems.map(\.message)
                == ["1", "0", "bird"].map { "'\($0)' is no class; the classes are 'cat', 'd\\xc3\\xb6g', '2'" })
        // Bare, it is a number of JSON all the same.
        selection.labels = .classIndex(path("label"), names: ["1", "01", "cat", "1.0"])
        let bare = try JSONText(["1", "01", "cat", "1.0", "\"01\"", "1"].map { "{\"label\":\($0),\"p\":1}\n" }.joined()).rows(selection)
        #expect(bare.classLabels == [0, .min, .min, 3, 1, 0] && bare.problems.allSatisfy { $0.message.hasSuffix("is no number") })
        selection.labels = .classIndex(path("label"), names: ["cat", "dög", "bird"])
        let indices = try JSONText(["1", "\"0\"", "\"bird\""].map { "{\"label\":\($0),\"p\":1}\n" }.joined()).rows(selection)
        #expect(indices.classLabels == [1, 0, 2] && indices.problems.isEmpty)
    }

    @Test("Labels as numbers: one array of all, or a path each; truth values are 1 and 0")
    func numberLabels() throws {
        var selection = selection("p")
        selection.labels = .numbers([path("t")])
        let rows = try JSONText("{\"p\":[1,2],\"t\":[0.25,0.75]}\n{\"t\":[true,false],\"p\":[3,4]}\n{\"t\":[1],\"p\":[3,4]}\n").rows(
            selection)
        #expect(rows.labelsPerRow == 2 && sameBits(rows.targets, [0.25, 0.75, 1, 0, .nan, .nan]))
        #expect(rows.problems.map(\.message) == ["1 numbers, where 2 are wanted"])
        selection.labels = .numbers([path("b"), path("a")])
        let two = try JSONText("{\"p\":1,\"a\":0,\"b\":1}\n{\"p\":1,\"a\":9007199254740993,\"b\":1}\n").rows(selection)
        #expect(sameBits(two.targets, [1, 0, .nan, .nan]) && two.problems.first?.message.contains("2^53") == true)
        #expect(two.problems.first?.column == "a")
    }

    @Test("Many columns in any order, with weights and byte counts")
    func columns() throws {
        let names = (0..<40).map { "p_\($0)" }
        var random = SplitMix64(seed: 5)
        var lines = ""
        var wanted: [Double] = []
        for row in 0..<50 {
            let values = names.indices.map { Double(row * 100 + $0) }
            wanted += values
            let fields = names.indices.map { "\"p_\($0)\": \(values[$0])" }.shuffled(using: &random)
            lines += "{\"x\": [1, {\"p_1\": 7}], " + fields.joined(separator: ",") + ", \"w\": 0.5, \"t\": \"é\\n\"}\r\n"
        }
        let text = try JSONText(lines)
        var selection = RecordSelection(predictions: names.map { path($0) })
        selection.weight = path("w")
        selection.byteCount = path("t")
        let rows = try text.rows(selection)
        #expect(rows.problems.isEmpty && rows.values == wanted && rows.valuesPerRow == 40)
        #expect(rows.weights == Array(repeating: 0.5, count: 50) && rows.byteCount == 150)
        let parser = try text.parser(RecordSelection(predictions: []))
        let none = RecordRows()
        text.parse(parser, into: none)
        #expect(none.rowCount == 50 && none.values.isEmpty && none.valuesPerRow == 0 && none.problems.isEmpty)
    }

    @Test("Sums of log-probabilities: a first null is left out, tokens and bytes are counted, cancellation is compensated")
    func sums() throws {
        var selection = selection("l")
        selection.sumsValues = true
        selection.byteCount = path("n")
        let big = "[" + Array(repeating: "-0.1", count: 1000).joined(separator: ",") + "]"
        let rows = try JSONText(
            "{\"l\":[null,-1.5,\"-2\"],\"n\":3}\n{\"l\":[1e100,1,-1e100],\"n\":2}\n{\"l\":\(big),\"n\":\"abc\"}\n{\"l\":[],\"n\":0}\n"
                + "{\"l\":null,\"n\":1}\n{\"n\":1}\n{\"l\":[-Infinity,-1],\"n\":0}\n{\"l\":-4,\"n\":0}\n"
                + "{\"l\":[-1],\"n\":-1}\n{\"l\":[-1],\"n\":1.5}\n"
        ).rows(selection)
        #expect(sameBits(rows.values, [-3.5, 1, -100, .nan, .nan, .nan, -.infinity, -4, .nan, .nan]), "\(rows.values)")
        #expect(rows.tokenCount == 2 + 3 + 1000 + 2 + 1 && rows.byteCount == 8 && rows.valuesPerRow == 1)
        // Nothing is known of a record without tokens, and it has no problem.
        #expect(rows.problems.map(\.rowIndex) == [4, 5, 8, 9] && rows.tokenCounts[3] == 0)
        #expect(rows.problems.map(\.column) == ["l", "l", "n", "n"])
    }

    private func log(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/logs")
        return Array(try Data(contentsOf: folder.appending(path: name + ".jsonl")))
    }

    @Test("Logs of lm-evaluation-harness, OpenAI and vLLM")
    func logs() throws {
        var harness = selection("filtered_resps.*.0")
        harness.sumsValues = true
        harness.byteCount = path("doc.choices.0")
        let samples = try log("lm-evaluation-harness")
        let rows = try JSONText(samples).rows(harness)
        #expect(rows.problems.isEmpty && rows.values == [-47.625, -3.75] && rows.tokenCount == 4)
        #expect(rows.byteCount == "is using wrap to wrap a pair of skis.".utf8.count + "swings and lands in her arms.".utf8.count)
        var classes = selection("filtered_resps.*.0")
        classes.labels = .classIndex(path("target"), names: nil)
        let scored = try JSONText(samples).rows(classes)
        #expect(scored.values == [-20.5, -27.125, -1.25, -2.5] && scored.classLabels == [3, 0])

        let chat = try log("chat-completions")
        var selection = selection("choices.0.logprobs.content.*.logprob")
        selection.sumsValues = true
        selection.byteCount = path("choices.0.message.content")
        let text = try JSONText(chat)
        #expect(text.format.columns.map(\.name).contains("choices.*.logprobs.content.*.logprob"))
        #expect(try text.format.resolve("choices.0.logprobs.content.*.logprob").count == 1)
        let tokens = try text.rows(selection)
        #expect(sameBits(tokens.values, [-0.75, .nan, .nan]) && tokens.tokenCount == 2 && tokens.byteCount == 3)
        #expect(
            tokens.problems.map(\.message) == [
                "'choices.0.logprobs' is null, and has no 'content'", "'choices.0.logprobs.content.*' has no 'logprob'",
            ])

        let completion = try log("completions")
        var legacy = self.selection("choices.0.logprobs.token_logprobs")
        legacy.sumsValues = true
        let sum = try JSONText(completion).rows(legacy)
        #expect(sum.values == [-2.75] && sum.tokenCount == 1 && sum.problems.isEmpty)
    }

    @Test("Every way in which a record is none is said: what was found, what was wanted")
    func problems() throws {
        let cases: [(line: String, column: String?, words: [String])] = [
            ("{\"o\":{\"l\":[1,2", nil, ["brackets still open"]), ("{\"o\":{\"l\":[1,2]},\"t\":\"abc", nil, ["inside a string"]),
            ("{\"o\":{\"l\":[1,2]},", nil, ["brackets still open"]), ("{\"o\":{\"l\":[1,2]", nil, ["brackets still open"]),
            ("{\"o\":{\"l\":[1,2]}}}", nil, ["more after the end", "byte 17"]), ("{\"o\":{\"l\":[1,2]}} {}", nil, ["more after the end"]),
            ("{\"o\":{\"l\":[1,2]}} x", nil, ["more after the end"]), ("{\"o\":{\"l\":[1,2}}", nil, ["no JSON at byte 14"]),
            ("{\"o\":{\"l\":[1,,2]}}", nil, ["no JSON"]), ("{\"o\":{\"l\":[1,2,]}}", nil, ["no JSON"]),
            ("{\"o\":{\"l\":[1 2]}}", nil, ["no JSON"]),
            ("{\"o\" {\"l\":[1,2]}}", nil, ["no JSON"]), ("{\"o\":{\"l\":[1,2]},}", nil, ["no JSON"]), ("{o:1}", nil, ["no JSON"]),
            ("{\"x\":,\"o\":{\"l\":[1,2]}}", nil, ["no JSON"]), ("{\"x\":\"a\tb\",\"o\":{\"l\":[1,2]}}", nil, ["control character"]),
            ("1.5", nil, ["neither an object nor an array"]), ("\"text\"", nil, ["neither an object nor an array"]),
            ("{}", "o.l", ["the record has no 'o'"]), ("{\"o\":{}}", "o.l", ["'o' has no 'l'"]),
            ("{\"o\":3}", "o.l", ["'o' is no object: '3'", "no 'l'"]),
            ("{\"o\":[]}", "o.l", ["'o' is no object"]), ("{\"o\":null}", "o.l", ["'o' is null"]),
            ("[1,2]", "o.l", ["the record is no object"]),
            ("{\"o\":{\"l\":[1,2,3]}}", "o.l", ["3 numbers, where 2 are wanted"]), ("{\"o\":{\"l\":[]}}", "o.l", ["no number"]),
            ("{\"o\":{\"l\":[1,\"a\"]}}", "o.l", ["'a' is no number"]),
            ("{\"o\":{\"l\":[1,{\"x\":1}]}}", "o.l", ["an object, where a number is wanted"]),
            ("{\"o\":{\"l\":[1,null]}}", "o.l", ["null, where a number is wanted"]),
            ("{\"o\":{\"l\":[1,true]}}", "o.l", ["'true', where a number"]),
            ("{\"o\":{\"l\":[1,1.5x]}}", "o.l", ["'1.5x' is no number"]),
            ("{\"o\":{\"l\":[1,2],\"l\":[1,2]}}", "o.l", ["'o.l' is there twice"]),
            ("{\"o\":{\"l\":[1,2]},\"\\u006f\":{\"l\":[1,2]}}", "o.l", ["'o' is there twice"]),
            (
                "{\"o\":{\"l\":" + String(repeating: "[", count: 70) + String(repeating: "]", count: 70) + "}}", nil,
                ["64 arrays and objects"]
            ),
        ]
        for newline in ["\n", "\r\n"] {
            for (line, column, words) in cases {
                let rows = try JSONText("{\"o\":{\"l\":[1,2]}}" + newline + line + newline + "{\"o\":{\"l\":[3,4]}}" + newline).rows(
                    RecordSelection(predictions: [path("o.l")]))
                let problem = rows.problems.first
                #expect(rows.problems.count == 1 && problem?.rowIndex == 1 && problem?.column == column, "\(line): \(rows.problems)")
                for word in words { #expect(problem?.message.contains(word) == true, "\(line): \(problem?.message ?? "")") }
                #expect(sameBits(rows.values, [1, 2, .nan, .nan, 3, 4]) && rows.lines == [0, 1, 2])
            }
        }
        let bytes = Array("{\"o\":{\"l\":[1,2]}}\n{\"x\":\"é".utf8) + [0xFF] + Array("\",\"o\":{\"l\":[1,2]}}\n".utf8)
        let rows = try JSONText(bytes).rows(RecordSelection(predictions: [path("o.l")]))
        #expect(rows.problems.map(\.message) == ["the record has at byte 8 the byte ff, which is no UTF-8 there"])
        // Deep, but of no concern.
        let deep = "{\"x\":" + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000) + ",\"o\":{\"l\":[1,2]}}\n"
        #expect(try JSONText("{\"o\":{\"l\":[1,2]}}\n" + deep).rows(RecordSelection(predictions: [path("o.l")])).values == [1, 2, 1, 2])
    }

    @Test("Elements that are not there, and paths that meet")
    func elements() throws {
        let text = try JSONText("{\"a\":[[1,2],[3,4]]}\n{\"a\":[[5,6]]}\n{\"a\":[7,8]}\n")
        #expect(sameBits(try text.rows(selection("a.1.0")).values, [3, .nan, .nan]))
        #expect(
            try text.rows(selection("a.1.0")).problems.map(\.message) == [
                "'a' has no element 1: it is too short", "'a.1' is no object: '8', and has no '0'",
            ])
        // Several paths are a number each.
        #expect(try text.rows(selection("a.*.1", "a")).values.allSatisfy { $0.isNaN })
        var sums = selection("a.*.1", "a.0", "a")
        sums.sumsValues = true
        let rows = try JSONText("{\"a\":[[1,2],[3,4]]}\n").rows(sums)
        #expect(rows.values == [2 + 4 + 1 + 2 + 1 + 2 + 3 + 4] && rows.tokenCount == 8)
    }

    @Test("The width is learnt from the first good record, and rows before it are filled")
    func width() throws {
        let text = try JSONText("{\"l\":\"x\"}\n\n{\"l\":[1,2,3]}\n{\"l\":[1]}\n")
        let rows = RecordRows()
        let parser = try text.parser(selection("l"))
        text.parse(parser, into: rows)
        #expect(rows.valuesPerRow == 3 && sameBits(rows.values, [.nan, .nan, .nan, 1, 2, 3, .nan, .nan, .nan]) && rows.lines == [0, 2, 3])
        #expect(text.measure(parser, isEnd: true) == RecordExtent(byteCount: text.count, rowCount: 3, lineCount: 4))
        // Wide ones too.
        let wide = (0..<5000).map(String.init).joined(separator: ",")
        #expect(try JSONText("{\"l\":[\(wide)]}\n").rows(selection("l")).values == (0..<5000).map(Double.init))
        var told = selection("l")
        told.valuesPerRow = 2
        #expect(try JSONText("{\"l\":[1,2,3]}\n{\"l\":[1,2]}").rows(told).problems.map(\.rowIndex) == [0])
    }
}
