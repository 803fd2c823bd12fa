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
}
