import Foundation
import Testing

/// JSON Lines: predictions of services, and logs of language models.
@Suite struct RecordLogTests {
    static let paths = ["--prediction-columns", "output.probs", "--label-column", "label"]

    @Test func givesTheBitsOfArrays() throws {
        let (scratch, dump) = try TableTests.scratch(rowCount: 25_000, columnCount: 3, seed: 51)
        let outputs = ["--json", "-", "--per-row", "rows.npy", "--partial", "partial"]
        let arrays = try XentRun.xent(
            ["eval", "p.npy", "--labels", "y.npy", "--weights", "w.npy"] + TextDump.task + outputs, in: scratch
        ).json()
        let rows = try scratch.bytes("rows.npy")
        let partial = try scratch.bytes("partial")
        let log = Data(dump.jsonLines().utf8)
        try scratch.write("t.jsonl", log)
        try scratch.write("frames.zst", ZstdFixture(log, pieceByteCount: 100_003).plain)
        try TableTests.gzip("t.jsonl", in: scratch)
        for name in ["t.jsonl", "frames.zst", "t.jsonl.gz"] {
            for threads in ["1", "3"] {
                let report = try XentRun.xent(
                    ["eval", name, "--threads", threads, "--weight-column", "weight"] + TextDump.task + Self.paths + outputs, in: scratch
                ).json()
                try TableTests.expectSame(report, arrays, "\(name), \(threads) threads")
                #expect(try scratch.bytes("rows.npy") == rows, "\(name), \(threads) threads")
                #expect(try scratch.bytes("partial") == partial, "\(name), \(threads) threads")
            }
        }
        // `probs` is known by its name, wherever it lies.
        let report = try XentRun.xent(
            ["eval", "t.jsonl", "--weight-column", "weight", "--json", "-"] + TextDump.task, in: scratch
        ).json()
        try TableTests.expectSame(report, arrays, "by default")
    }

    /// A record's tokens add up; their number and the texts' bytes give the other means.
    @Test func likelihoodOfTokens() throws {
        let scratch = try Scratch()
        let records = [
            #"{"text": "ab\u00e9", "choices": [{"logprobs": {"content": ["#
                + #"{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.25}]}}]}"#,
            #"{"text": "", "choices": [{"logprobs": {"content": [{"token": "c", "logprob": -0.25}]}}]}"#,
        ]
        try scratch.write("log.jsonl", records.joined(separator: "\n"))
        let run = try XentRun.xent(
            [
                "eval", "log.jsonl", "--task", "likelihood", "--input", "log-probabilities", "--prediction-columns",
                "choices.0.logprobs.content.*.logprob", "--text-column", "text", "--json", "-",
            ], in: scratch)
        let report = try run.json()
        #expect(try report.number("loss", "sum") == 2)
        #expect(try report.number("loss", "mean") == 1)
        #expect(try report.count("rows", "scored") == 2)
        #expect(try report.count("tokens", "count") == 3)
        #expect(try report.number("tokens", "mean") == 2.0 / 3)
        #expect(try report.count("tokens", "bytes") == 4)
        #expect(try abs(report.number("tokens", "bits_per_byte") - 2 / (4 * 0.6931471805599453)) < 1e-15)
    }

    /// The first token of a completion has no log-probability, and a service writes null.
    @Test func completionsOfAService() throws {
        let scratch = try Scratch()
        try scratch.write(
            "log.jsonl",
            #"{"choices": [{"logprobs": {"tokens": ["a", "b", "c"], "token_logprobs": [null, -1.0, -0.5]}}]}"# + "\n"
                + #"{"choices": [{"logprobs": {"tokens": ["a"], "token_logprobs": [-0.5]}}]}"# + "\n")
        let report = try XentRun.xent(
            [
                "eval", "log.jsonl", "--task", "likelihood", "--input", "log-probabilities", "--prediction-columns",
                "choices.0.logprobs.token_logprobs", "--json", "-",
            ], in: scratch
        ).json()
        #expect(try report.number("loss", "sum") == 2)
        #expect(try report.count("tokens", "count") == 3)
    }

    /// lm-evaluation-harness: a list of [log-likelihood, is greedy] for each choice, numbers as strings, the right choice's number.
    @Test func samplesOfAnEvaluationHarness() throws {
        let scratch = try Scratch()
        try scratch.write(
            "samples.jsonl",
            #"{"doc_id": 0, "target": "1", "filtered_resps": [["-1.5", "False"], ["-0.5", "True"]], "acc": 1.0}"# + "\n"
                + #"{"doc_id": 1, "target": "0", "filtered_resps": [["-1.0", "False"], ["-3.0", "False"]], "acc": 1.0}"# + "\n")
        try scratch.write("p.npy", NPYFixture.doubles([-1.5, -0.5, -1, -3], columns: 2))
        try scratch.write("y.npy", NPYFixture.labels([1, 0]))
        let task = ["--task", "multiclass", "--input", "logits", "--json", "-"]
        let arrays = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy"] + task, in: scratch).json()
        let report = try XentRun.xent(
            ["eval", "samples.jsonl", "--prediction-columns", "filtered_resps.*.0", "--label-column", "target"] + task, in: scratch
        ).json()
        try TableTests.expectSame(report, arrays, "harness")
        #expect(try report.number("accuracy") == 1)
    }

    /// Questions with three to five choices: the cross-entropy over each record's own.
    @Test func choicesOfOtherNumbers() throws {
        let scratch = try Scratch()
        try scratch.write(
            "samples.jsonl",
            #"{"target": "1", "filtered_resps": [["-2.5", "False"], ["-1.25", "True"], ["-3.0", "False"], ["-4.0", "False"]]}"# + "\n"
                + #"{"target": "2", "filtered_resps": [["-0.5", "True"], ["-1.75", "False"], ["-3.5", "False"]]}"# + "\n")
        let arguments = [
            "eval", "samples.jsonl", "--task", "multiclass", "--input", "logits", "--prediction-columns", "filtered_resps.*.0",
            "--label-column", "target",
        ]
        let refused = try XentRun.xent(arguments, in: scratch)
        expectFailure(refused, status: 65, says: ["line 2: column filtered_resps.*.0: 3 numbers, where 4 are wanted", "--ragged"])
        let report = try XentRun.xent(arguments + ["--ragged", "--json", "-"], in: scratch).json()
        #expect(try report.number("loss", "mean") == 1.8556862633142783)
        #expect(try report.count("classes") == 4)
        // The largest number need not come first, and a label of a choice that is not there is no row.
        try scratch.write(
            "samples.jsonl", "{\"filtered_resps\": [[0], [0]], \"target\": 0}\n{\"filtered_resps\": [[0], [0]], \"target\": 2}\n"
                + "{\"filtered_resps\": [[0], [0], [0], [0]], \"target\": 3}\n")
        let skipped = try XentRun.xent(arguments + ["--ragged", "--on-invalid", "skip", "--json", "-"], in: scratch).json()
        #expect(try abs(skipped.number("loss", "sum") - 3 * 0.6931471805599453) < 1e-15)
        #expect(try skipped.count("rows", "invalid") == 1)
        // Of probabilities those that are absent are 0.
        try scratch.write("p.jsonl", "{\"p\": [0.5, 0.5], \"y\": 0}\n{\"p\": [0.25, 0.25, 0.5], \"y\": 2}\n")
        let probabilities = try XentRun.xent(
            ["eval", "p.jsonl", "--ragged", "--task", "multiclass", "--input", "probabilities", "--json", "-"], in: scratch
        ).json()
        #expect(try abs(probabilities.number("loss", "mean") - 0.6931471805599453) < 1e-15)
        #expect(try probabilities.texts("warnings") == [])
    }

    /// vLLM's prompt_logprobs: an object for each token, with the likeliest tokens beside the token itself.
    @Test func logProbabilitiesUnderTokens() throws {
        let scratch = try Scratch()
        try scratch.write("a.jsonl", JSONPathFixture.prompt + "\n")
        let task = ["--task", "likelihood", "--input", "log-probabilities", "--json", "-"]
        let named = try XentRun.xent(
            ["eval", "a.jsonl", "--prediction-columns", "prompt_logprobs.*.{prompt_token_ids}.logprob"] + task, in: scratch
        ).json()
        #expect(try named.number("loss", "mean") == 9)
        #expect(try named.count("tokens", "count") == 2)
        let refused = try XentRun.xent(["eval", "a.jsonl", "--prediction-columns", "prompt_logprobs.*.*.logprob"] + task, in: scratch)
        expectFailure(refused, status: 65, says: ["keyed by token", "{prompt_token_ids}"])
        // OpenAI's top_logprobs are keyed by the token's text.
        try scratch.write(
            "b.jsonl",
            #"{"choices": [{"logprobs": {"tokens": ["a", " b"], "top_logprobs": [{"a": -1, "c": -2}, {"c": -0.5, " b": -3}]}}]}"#)
        let top = try XentRun.xent(
            ["eval", "b.jsonl", "--prediction-columns", "choices.0.logprobs.top_logprobs.*.{choices.0.logprobs.tokens}"] + task, in: scratch
        ).json()
        #expect(try top.number("loss", "mean") == 4)
    }

    /// Several choices of one prompt are no longer text.
    @Test func severalChoicesAreNotAddedUp() throws {
        let scratch = try Scratch()
        let content = #"{"logprobs": {"content": [{"logprob": -1.0}, {"logprob": -2.0}]}}"#
        let task = ["--task", "likelihood", "--input", "log-probabilities", "--json", "-"]
        try scratch.write("n.jsonl", "{\"choices\": [\(content)]}\n{\"choices\": [\(content), \(content)]}\n")
        for name in [["--prediction-columns", "choices.*.logprobs.content.*.logprob"], []] {
            let run = try XentRun.xent(["eval", "n.jsonl"] + name + task, in: scratch)
            expectFailure(run, status: 65, says: ["line 2", "'choices' has several elements", "'choices.0.logprobs.content.*.logprob'"])
        }
        let one = try XentRun.xent(
            ["eval", "n.jsonl", "--prediction-columns", "choices.0.logprobs.content.*.logprob"] + task, in: scratch
        ).json()
        #expect(try one.number("loss", "mean") == 3)
    }

    /// A record without tokens is neither certain nor wrong.
    @Test func recordsWithoutTokens() throws {
        let scratch = try Scratch()
        let task = ["--task", "likelihood", "--prediction-columns", "l", "--json", "-"]
        try scratch.write("e.jsonl", "{\"l\": [-1.5]}\n{\"l\": []}\n{\"l\": [null]}\n{\"l\": [-0.5]}\n")
        for dialect in ["exact", "pytorch"] {
            for threads in ["1", "3"] {
                let report = try XentRun.xent(
                    ["eval", "e.jsonl", "--input", "log-probabilities", "--dialect", dialect, "--threads", threads] + task, in: scratch
                ).json()
                #expect(try report.number("loss", "mean") == 1, "\(dialect)")
                for (key, count) in [("scored", 2), ("ignored", 2), ("invalid", 0)] {
                    #expect(try report.count("rows", key) == count, "\(dialect) \(key)")
                }
                #expect(try report.count("tokens", "count") == 2)
                #expect(try report.texts("warnings") == ["2 of 4 records have no tokens, and were left out"])
                #expect(try report.list("notices").map { try $0.text("code") } == ["records-without-tokens"])
            }
        }
        // One with a problem is invalid.
        try scratch.write("e.jsonl", "{\"l\": [-1.5]}\n{\"l\": [-1, null]}\n{\"l\": []}\n")
        let mixed = try XentRun.xent(["eval", "e.jsonl", "--input", "log-probabilities", "--on-invalid", "skip"] + task, in: scratch).json()
        for (key, count) in [("scored", 1), ("ignored", 1), ("invalid", 1)] { #expect(try mixed.count("rows", key) == count) }
        let run = try XentRun.xent(["eval", "e.jsonl", "--input", "log-probabilities"] + task, in: scratch)
        expectFailure(run, status: 65, says: ["line 2: column l: null, which only the first"])
        try scratch.write("e.jsonl", "{\"l\": []}\n")
        let none = try XentRun.xent(["eval", "e.jsonl", "--input", "log-probabilities"] + task, in: scratch)
        expectFailure(none, status: 65, says: ["the only record has no tokens; check --prediction-columns"])
    }
}

/// Records that several tests read.
enum JSONPathFixture {
    static let prompt = #"{"prompt_token_ids": [1, 15043, 29892], "prompt_logprobs": [null, "#
        + #"{"15043": {"logprob": -7.5, "rank": 9}, "917": {"logprob": -2.5, "rank": 1}}, {"29892": {"logprob": -1.5}}]}"#
}
