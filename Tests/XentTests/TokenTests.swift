import Foundation
import Testing

/// Task likelihood of records: tokens add up, and are counted where their record is scored.
@Suite struct TokenTests {
    static let task = ["--task", "likelihood", "--input", "log-probabilities", "--prediction-columns", "lp"]
    static let ln2 = 0.6931471805599453

    private func expect(_ document: JSONDocument, tokens: Int, perToken: Double, bytes: Int?, bitsPerByte: Double?, _ note: Comment) throws
    {
        #expect(try document.count("tokens", "count") == tokens, note)
        #expect(try document.number("tokens", "mean") == perToken, note)
        if let bytes, let bitsPerByte {
            #expect(try document.count("tokens", "bytes") == bytes, note)
            #expect(try abs(document.number("tokens", "bits_per_byte") - bitsPerByte) < 1e-15, note)
        }
    }

    @Test("Of rows that are left out, whatever is wrong with them, neither tokens nor bytes count", arguments: ["jsonl", "csv"])
    func leftOut(format: String) throws {
        let scratch = try Scratch()
        if format == "csv" {
            // Of a table task likelihood takes one column.
            try scratch.write("t.csv", "a,t,w\n-3,abc,1\n0.5,a,1\n-1,abcdefgh,-1\nx,abcd,1\n-6,abc,1\n")
            let report = try XentRun.xent(
                [
                    "eval", "t.csv", "--task", "likelihood", "--input", "log-probabilities", "--prediction-columns", "a", "--text-column",
                    "t", "--weight-column", "w", "--on-invalid", "skip", "--json", "-",
                ], in: scratch
            ).json()
            try expect(report, tokens: 2, perToken: 4.5, bytes: 6, bitsPerByte: 9 / (6 * Self.ln2), "csv")
            return
        }
        // Above 0; above 0 beside others; no number; a bad weight.
        try scratch.write(
            "t.jsonl",
            """
            {"lp": [-1, -2], "t": "abc", "w": 1}
            {"lp": [0.5], "t": "a", "w": 1}
            {"lp": [0.5, -4, -4], "t": "ab", "w": 1}
            {"lp": [-1, "x"], "t": "abcd", "w": 1}
            {"lp": [-1], "t": "abcdefgh", "w": -1}
            {"lp": [-3, -0.0, -3], "t": "abc", "w": 1}

            """)
        for threads in ["1", "3"] {
            let report = try XentRun.xent(
                [
                    "eval", "t.jsonl", "--text-column", "t", "--weight-column", "w", "--on-invalid", "skip", "--threads", threads, "--json",
                    "-",
                ]
                    + Self.task, in: scratch
            ).json()
            #expect(try report.count("rows", "scored") == 2 && report.count("rows", "invalid") == 4)
            try expect(report, tokens: 5, perToken: 9.0 / 5, bytes: 6, bitsPerByte: 9 / (6 * Self.ln2), "jsonl")
        }
        let run = try XentRun.xent(["eval", "t.jsonl"] + Self.task, in: scratch)
        #expect(run.ending == .exit(65) && run.stderr.contains("line 2"))
        try scratch.write("one.jsonl", "{\"lp\": [-1]}\n{\"lp\": [-4, 0.5]}\n")
        let above = try XentRun.xent(["eval", "one.jsonl"] + Self.task, in: scratch)
        #expect(
            above.ending == .exit(65) && above.stderr.contains("line 2: column lp: the log-probability of token 2 of 2 is 0.5, above 0"))
    }

    @Test("A table's numbers are counts of bytes, and a warning says so")
    func byteCounts() throws {
        let scratch = try Scratch()
        for (text, bytes, warns) in [("1984\n-1,20", 2004, true), ("in 1984\n-1,20", 9, false)] {
            try scratch.write("t.csv", "lp,t\n-1,\(text)\n")
            let run = try XentRun.xent(["eval", "t.csv", "--text-column", "t", "--json", "-"] + Self.task, in: scratch)
            #expect(try run.json().count("tokens", "bytes") == bytes)
            #expect(run.stderr.contains("the numbers of column t are taken for counts of bytes") == warns)
        }
    }

    @Test("Weights weigh tokens and bytes as they do losses")
    func weights() throws {
        let scratch = try Scratch()
        try scratch.write("w.jsonl", "{\"w\": 3, \"lp\": [-1, -2], \"t\": \"ab\"}\n{\"w\": 0.5, \"lp\": [-1], \"t\": \"abcd\"}\n")
        let arguments = ["eval", "w.jsonl", "--text-column", "t"] + Self.task
        let weighted = try XentRun.xent(arguments + ["--weight-column", "w", "--json", "-"], in: scratch).json()
        try expect(weighted, tokens: 3, perToken: 9.5 / 6.5, bytes: 6, bitsPerByte: 9.5 / (8 * Self.ln2), "in the records")
        // In a file of their own, as another type.
        try scratch.write("w.csv", "3\n0.5\n")
        let apart = try XentRun.xent(arguments + ["--weights", "w.csv", "--no-header", "--json", "-"], in: scratch).json()
        try expect(apart, tokens: 3, perToken: 9.5 / 6.5, bytes: 6, bitsPerByte: 9.5 / (8 * Self.ln2), "apart")
        try scratch.write("tens.jsonl", try scratch.text("w.jsonl").replacingOccurrences(of: "0.5", with: "3"))
        let equal = try XentRun.xent(["eval", "tens.jsonl"] + Self.task + ["--weight-column", "w", "--json", "-"], in: scratch).json()
        try expect(equal, tokens: 3, perToken: 4.0 / 3, bytes: nil, bitsPerByte: nil, "all the same")
    }

    @Test("Merged partials have the means that one run has; shards that differ in tokens alone are two")
    func merge() throws {
        let scratch = try Scratch()
        let shards = [#"{"w": 2, "lp": [-1, -2], "t": "abc"}"#, #"{"w": 2, "lp": [-3], "t": "abcd"}"#, #"{"w": 1, "lp": [-3], "t": ""}"#]
        try scratch.write("all.jsonl", shards.joined(separator: "\n"))
        for isWeighted in [false, true] {
            let options = ["--text-column", "t"] + (isWeighted ? ["--weight-column", "w"] : [])
            let whole = try XentRun.xent(["eval", "all.jsonl", "--json", "-", "--partial", "whole"] + Self.task + options, in: scratch)
                .json()
            for (number, shard) in shards.enumerated() {
                try scratch.write("\(number).jsonl", shard)
                try XentRun.xent(["eval", "\(number).jsonl", "--partial", "\(number).part"] + Self.task + options, in: scratch)
                    .expectSuccess()
            }
            let merged = try XentRun.xent(["merge", "2.part", "0.part", "1.part", "--json", "-"], in: scratch).json()
            for key in ["count", "bytes"] { #expect(try merged.count("tokens", key) == whole.count("tokens", key)) }
            for key in ["mean", "bits_per_byte", "perplexity"] { #expect(try merged.number("tokens", key) == whole.number("tokens", key)) }
            #expect(try merged.count("rows", "scored") == 3)
            let again = try XentRun.xent(["merge", "whole", "--json", "-"], in: scratch).json()
            #expect(try again.number("tokens", "mean") == whole.number("tokens", "mean"))
        }
        // Without bytes in one of them there are none of all.
        try XentRun.xent(["eval", "0.jsonl", "--partial", "0.part"] + Self.task, in: scratch).expectSuccess()
        try XentRun.xent(["eval", "1.jsonl", "--partial", "1.part", "--text-column", "t"] + Self.task, in: scratch).expectSuccess()
        let run = try XentRun.xent(["merge", "0.part", "1.part"], in: scratch)
        #expect(run.stdout.contains("3 tokens") && !run.stdout.contains("bits per byte"))
    }

    @Test("Probabilities do not add up: one a record, or none")
    func probabilities() throws {
        let scratch = try Scratch()
        let task = ["--task", "likelihood", "--input", "probabilities", "--prediction-columns", "p"]
        try scratch.write("one.jsonl", "{\"p\": 0.5}\n{\"p\": [0.25]}\n")
        let report = try XentRun.xent(["eval", "one.jsonl", "--json", "-"] + task, in: scratch).json()
        #expect(try abs(report.number("loss", "sum") - 3 * Self.ln2) < 1e-15)
        try scratch.write("two.jsonl", "{\"p\": 0.5}\n{\"p\": [0.5, 0.25]}\n")
        let run = try XentRun.xent(["eval", "two.jsonl"] + task, in: scratch)
        #expect(run.ending == .exit(65))
        #expect(run.stderr.contains("line 2: column p: 2 probabilities, and only log-probabilities add up; give log-probabilities"))
    }

    @Test("The first token of a prompt has no log-probability: null, or an object that is null")
    func nulls() throws {
        let scratch = try Scratch()
        for (record, path) in [
            (#"{"c": [{"lp": null}, {"lp": -1}, {"lp": -2}]}"#, "c.*.lp"), (#"{"c": [null, {"lp": -1}, {"lp": -2}]}"#, "c.*.lp"),
            (#"{"c": [null, -1, -2]}"#, "c"),
        ] {
            try scratch.write("n.jsonl", record)
            let report = try XentRun.xent(
                ["eval", "n.jsonl", "--task", "likelihood", "--input", "log-probabilities", "--prediction-columns", path, "--json", "-"],
                in: scratch
            ).json()
            try expect(report, tokens: 2, perToken: 1.5, bytes: nil, bitsPerByte: nil, Comment(rawValue: record))
        }
        // A record of which nothing is known is none.
        try scratch.write("n.jsonl", #"{"c": null}"#)
        let run = try XentRun.xent(
            ["eval", "n.jsonl", "--task", "likelihood", "--input", "log-probabilities", "--prediction-columns", "c"], in: scratch)
        #expect(run.ending == .exit(65) && run.stderr.contains("null") && run.stderr.contains("--on-invalid skip"))
    }
}
