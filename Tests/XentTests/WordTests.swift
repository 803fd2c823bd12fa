import Foundation
import Testing

/// Figures per word and per byte of task likelihood, and counts that records hold.
@Suite struct WordTests {
    static let task = ["--task", "likelihood", "--input", "log-probabilities"]
    static let ln2 = 0.6931471805599453

    /// Log-probabilities of tokens, and a text; with the words that Python's `str.split()` finds.
    static let records: [(losses: [Double], text: String, words: Int)] = [
        ([1, 2], "Hello world", 2), ([0.5], "", 0), ([3, 0.25, 0.125], " a\u{3000}b\u{A0}c \n\t d ", 4), ([2], "naïve\u{200B}one “two”", 2),
        ([0.75, 4], "\u{2028}x\u{85}y\u{1C}z\u{1680}", 3), ([1.5], "   ", 0),
    ]

    /// Writes the records with the counts that follow from them.
    static func write(_ records: [(losses: [Double], text: String, words: Int)], to name: String, in scratch: Scratch) throws {
        var lines = ""
        for (losses, text, words) in records {
            let record: [String: Any] = [
                "lp": losses.map { -$0 }, "sum": -losses.reduce(0, +), "text": text, "tokens": losses.count, "bytes": text.utf8.count,
                "words": words,
            ]
            lines += String(decoding: try JSONSerialization.data(withJSONObject: record), as: UTF8.self) + "\n"
        }
        try scratch.write(name, lines)
    }

    /// The figures as lm-evaluation-harness defines them: exp of minus the log-likelihood over words and over bytes.
    @Test("Words and bytes of texts, whatever the threads", arguments: ["1", "3"])
    func texts(threads: String) throws {
        let scratch = try Scratch()
        try Self.write(Self.records, to: "log.jsonl", in: scratch)
        let report = try XentRun.xent(
            ["eval", "log.jsonl", "--prediction-columns", "lp", "--text-column", "text", "--threads", threads, "--json", "-"] + Self.task, in: scratch
        ).json()
        let sum = Self.records.flatMap(\.losses).reduce(0, +)
        let words = Self.records.reduce(0) { $0 + $1.words }, bytes = Self.records.reduce(0) { $0 + $1.text.utf8.count }
        #expect(try report.count("tokens", "words") == words && report.count("tokens", "bytes") == bytes)
        #expect(try report.number("tokens", "mean_per_word") == sum / Double(words))
        #expect(try abs(report.number("tokens", "word_perplexity") / exp(sum / Double(words)) - 1) < 1e-15)
        #expect(try abs(report.number("tokens", "byte_perplexity") / exp(sum / Double(bytes)) - 1) < 1e-15)
        #expect(try abs(report.number("tokens", "bits_per_byte") - sum / Double(bytes) / Self.ln2) < 1e-15)
        // The headline stays that of a token.
        let text = try XentRun.xent(["eval", "log.jsonl", "--prediction-columns", "lp", "--text-column", "text"] + Self.task, in: scratch).stdout
        let lines = text.split(separator: "\n")
        #expect(lines[1].hasPrefix("  per token ") && lines[3].hasPrefix("  interval "))
        #expect(lines[4].hasPrefix("  bits per byte ") && lines[5].hasPrefix("  per record "))
        #expect(lines[6] == "  per word          \(sum / Double(words)) nats, 11 words")
        #expect(lines[7].hasPrefix("  perplexities      ") && lines[7].contains(" a word, ") && lines[7].hasSuffix(" a byte"))
        let bits = try XentRun.xent(
            ["eval", "log.jsonl", "--prediction-columns", "lp", "--text-column", "text", "--unit", "bits", "--json", "-"] + Self.task, in: scratch
        ).json()
        #expect(try abs(bits.number("tokens", "mean_per_word") - sum / Double(words) / Self.ln2) < 1e-15)
        #expect(try bits.number("tokens", "word_perplexity") == report.number("tokens", "word_perplexity"))
    }

    @Test("A table's texts have the words of the same records, between quotes and without", arguments: ["csv", "tsv"])
    func tables(format: String) throws {
        let scratch = try Scratch()
        let separator = format == "csv" ? "," : "\t"
        try scratch.write(
            "t.\(format)",
            ["lp", "t"].joined(separator: separator) + "\n"
                + [("-1", "\"a \"\"b\"\" c\""), ("-2", "x  y"), ("-3", ""), ("-4", "\"one\ntwo\""), ("-0.5", "\u{2003}é ")]
                .map { "\($0.0)\(separator)\($0.1)\n" }.joined())
        let report = try XentRun.xent(
            ["eval", "t.\(format)", "--prediction-columns", "lp", "--text-column", "t", "--json", "-"] + Self.task, in: scratch
        ).json()
        #expect(try report.count("tokens", "words") == 3 + 2 + 0 + 2 + 1)
        #expect(try report.count("tokens", "bytes") == 7 + 4 + 0 + 7 + 6)
    }

    @Test("Counts that records hold give the figures of the texts", arguments: ["jsonl", "csv"])
    func counts(format: String) throws {
        let scratch = try Scratch()
        try Self.write(Self.records, to: "log.jsonl", in: scratch)
        if format == "csv" {
            try scratch.write(
                "log.csv",
                "sum,tokens,bytes,words\n"
                    + Self.records.map { "\(-$0.losses.reduce(0, +)),\($0.losses.count),\($0.text.utf8.count),\($0.words)\n" }.joined())
        }
        let texts = try XentRun.xent(
            ["eval", "log.jsonl", "--prediction-columns", "lp", "--text-column", "text", "--json", "-"] + Self.task, in: scratch
        ).json()
        let run = try XentRun.xent(
            [
                "eval", "log.\(format)", "--prediction-columns", "sum", "--tokens-column", "tokens", "--bytes-column", "bytes",
                "--words-column", "words", "--json", "-",
            ] + Self.task, in: scratch)
        #expect(run.stderr == "")
        let report = try run.json()
        for key in ["count", "bytes", "words"] { #expect(try report.count("tokens", key) == texts.count("tokens", key), "\(key)") }
        for key in ["mean", "perplexity", "bits_per_byte", "byte_perplexity", "mean_per_word", "word_perplexity", "standard_error"] {
            #expect(try report.number("tokens", key).bitPattern == texts.number("tokens", key).bitPattern, "\(key)")
        }
        #expect(run.stdout.contains("\"counts\" : [\n      \"tokens\",\n      \"bytes\",\n      \"words\""))
        // Words that are given stand before those of the texts.
        if format == "jsonl" {
            let both = try XentRun.xent(
                ["eval", "log.jsonl", "--prediction-columns", "lp", "--text-column", "text", "--words-column", "tokens", "--json", "-"]
                    + Self.task, in: scratch
            ).json()
            #expect(try both.count("tokens", "words") == both.count("tokens", "count") && both.count("tokens", "bytes") > 0)
        }
    }

    @Test("Merged shards have the words of one run; weights weigh them; rows that are left out have none")
    func merging() throws {
        let scratch = try Scratch()
        var lines = ""
        for (number, record) in Self.records.enumerated() {
            let text = String(decoding: try JSONSerialization.data(withJSONObject: [record.text]).dropFirst().dropLast(), as: UTF8.self)
            lines += "{\"lp\": [\(record.losses.map { "\(-$0)" }.joined(separator: ", "))], \"text\": \(text), \"w\": \(1 + number % 2)}\n"
        }
        lines += "{\"lp\": [0.5], \"text\": \"a b c d\", \"w\": 1}\n{\"lp\": [], \"text\": \"a b c d\", \"w\": 1}\n"
        try scratch.write("log.jsonl", lines)
        let eval = ["eval", "log.jsonl", "--prediction-columns", "lp", "--text-column", "text", "--on-invalid", "skip", "--silent"] + Self.task
        for weights in [[], ["--weight-column", "w"]] {
            let whole = try XentRun.xent(eval + weights + ["--json", "-", "--partial", "whole.partial"], in: scratch).json()
            var parts: [String] = []
            for shard in 0..<3 {
                // A shard of nothing is a shard.
                _ = try XentRun.xent(eval + weights + ["--shard", "\(shard)/3", "--partial", "\(shard).partial"], in: scratch)
                parts.insert("\(shard).partial", at: 0)
            }
            let merged = try XentRun.xent(["merge", "--silent", "--json", "-"] + parts, in: scratch).json()
            #expect(try whole.count("tokens", "words") == 11 && merged.count("tokens", "words") == 11)
            for key in ["mean_per_word", "word_perplexity", "byte_perplexity"] {
                #expect(try merged.number("tokens", key).bitPattern == whole.number("tokens", key).bitPattern, "\(key)")
            }
            let weight = { (number: Int) in weights.isEmpty ? 1.0 : Double(1 + number % 2) }
            let sums = Self.records.enumerated().map { weight($0) * $1.losses.reduce(0, +) }
            let words = Self.records.enumerated().map { weight($0) * Double($1.words) }
            #expect(try whole.number("tokens", "mean_per_word") == sums.reduce(0, +) / words.reduce(0, +))
        }
    }

    /// What a version before words wrote for `{"lp": [-1, -2], "t": "abc"}` with `--text-column t`.
    static let olderPartial = """
        WEVOVFBBUlQCAAAAAAAAADYAAAAAAAAAdGFzaz1saWtlbGlob29kIGlucHV0PWxvZy1wcm9iYWJpbGl0aWVzIGRpYWxlY3RzPWV4YWN0AQAAAAAAAAAFAAAA\
        AAAAAAcAAAAAAAAAaW52YWxpZAAAAAAAAAAABgAAAAAAAABsb3NzZXMAAAAAAAAAAAwAAAAAAAAAdG9rZW4tc3ByZWFkAAAAAAAAAAAGAAAAAAAAAHRva2Vu\
        cwAAAAAAAAAACAAAAAAAAAB3YXJuaW5ncwAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAH8AAAAAAAAAAQAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAhAAAAAAAAACEAAAAAAAAAIQAAAAAAAAAAAAAAAAAAAAAAAQwEwAAAAAEMBMAAAAABDAZAA\
        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADMAAAAAAAAAAQAAAAAAAAABAAAAAAAAAABDATAAAAAAQwGQAAAAAEMBYAAAAABDAUAAAAAAQwEgAAAAHgAA\
        AAAAAAADAAAAAAAAAAIAAAAAAAAAAwAAAAAAAAAAAAAAAABgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP//////////AAAAAAAAAAAAAAAAAAAA\
        AAAAAAAAAAAAAAAAAAAA8H8AAAAAAADw/wAAAAAAAAAAAAAAAAAAAAD///////////b/MYGwWRC4
        """

    @Test("A partial without words, such as those of earlier versions, is read, and merges: the whole has none then")
    func olderPartials() throws {
        let scratch = try Scratch()
        try scratch.write("old.partial", try #require(Data(base64Encoded: Self.olderPartial)))
        try scratch.write("log.jsonl", "{\"lp\": [-3], \"t\": \"d e\"}\n")
        let eval = ["eval", "log.jsonl", "--prediction-columns", "lp"] + Self.task
        try XentRun.xent(eval + ["--text-column", "t", "--partial", "new.partial"], in: scratch).expectSuccess()
        // Without texts there is no section for words, so that earlier versions read the bytes as well.
        try XentRun.xent(eval + ["--partial", "plain.partial"], in: scratch).expectSuccess()
        let old = try XentRun.xent(["merge", "old.partial", "--json", "-"], in: scratch).json()
        #expect(try old.number("tokens", "mean") == 1.5 && old.count("tokens", "bytes") == 3)
        for (partials, bytes) in [(["old.partial", "new.partial"], 6), (["new.partial", "old.partial"], 6), (["new.partial", "plain.partial"], nil)]
        {
            let run = try XentRun.xent(
                ["merge", "--json", "-", "--same-shard", "each", "--partial", "merged.partial"] + partials, in: scratch)
            let merged = try run.json()
            #expect(!run.stdout.contains("words") && !run.stdout.contains("word_perplexity"))
            if let bytes { #expect(try merged.count("tokens", "bytes") == bytes && merged.count("tokens", "count") == 3) }
            #expect(try XentRun.xent(["merge", "merged.partial", "--quiet"], in: scratch).stdout.isEmpty == false)
        }
        let words = try XentRun.xent(["merge", "new.partial", "--json", "-"], in: scratch).json()
        #expect(try words.count("tokens", "words") == 2)
        #expect(try !scratch.bytes("plain.partial").contains(Data("words".utf8)))
    }

    @Test("Numbers in the place of texts say nothing of words")
    func numbersForTexts() throws {
        let scratch = try Scratch()
        try scratch.write("n.jsonl", "{\"lp\": [-1], \"t\": 12}\n{\"lp\": [-1], \"t\": \"a b\"}\n")
        try scratch.write("n.csv", "lp,t\n-1,12\n-1,3\n")
        for (name, bytes) in [("n.jsonl", 15), ("n.csv", 15)] {
            let run = try XentRun.xent(
                ["eval", name, "--prediction-columns", "lp", "--text-column", "t", "--json", "-"] + Self.task, in: scratch)
            #expect(try run.json().count("tokens", "bytes") == bytes)
            #expect(!run.stdout.contains("\"words\""), "\(name)")
        }
    }

    @Test("The plural of one")
    func pluralOfOne() throws {
        let scratch = try Scratch()
        try scratch.write("t.jsonl", "{\"lp\": [-1], \"t\": \"a\"}\n{\"lp\": [], \"t\": \"b\"}\n")
        let eval = ["eval", "t.jsonl", "--prediction-columns", "lp", "--text-column", "t"] + Self.task
        let run = try XentRun.xent(eval, in: scratch)
        #expect(run.stderr.contains("1 of 2 records has no tokens, and was left out"), "\(run.stderr)")
        #expect(run.stdout.contains(", 1 word\n") && run.stdout.contains(", 1 byte of text\n") && run.stdout.contains("1 scored, 1 ignored"))
        try SmallDump.write(to: scratch)
        try scratch.write("one.npy", NPYFixture.labels([1]))
        expectFailure(
            try XentRun.xent(["eval", "p.npy", "--labels", "one.npy"] + SmallDump.task, in: scratch), status: 65,
            says: ["1 label for the 6 rows of p.npy"])
        try XentRun.xent(SmallDump.eval + ["--shard", "0/6", "--partial", "a.partial", "--quiet"], in: scratch).expectSuccess()
        expectFailure(
            try XentRun.xent(["merge", "a.partial", "--expect-rows", "6"], in: scratch), status: 65, says: ["1 row was merged, and 6 are expected"])
        expectFailure(
            try XentRun.xent(SmallDump.eval + ["--class-weights", "1"], in: scratch), status: 64, says: ["1 class weight for 3 classes"])
    }

    @Test("What is no count is an error with its place, and so is an option that can have no effect")
    func errors() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        try scratch.write("l.npy", NPYFixture.doubles([-1, -2]))
        try scratch.write("c.csv", "lp,t,n,z\n-1,a b,1.5,0\n")
        try scratch.write("j.jsonl", "{\"lp\": [-1], \"t\": \"a b\", \"n\": -1, \"z\": 0}\n")
        let cases: [(arguments: [String], status: Int32, says: [String])] = [
            (["c.csv", "--words-column", "t"], 65, ["c.csv: line 2: column t: 'a b' is no number", "--text-column counts the bytes and words"]),
            (["c.csv", "--words-column", "n"], 65, ["column n: '1.5' is no number of words"]),
            (["c.csv", "--tokens-column", "z"], 65, ["the number of tokens is 0, and the record has a log-probability"]),
            (["c.csv", "--bytes-column", "x"], 65, ["c.csv: column 'x': found no such column"]),
            (["c.csv", "--bytes-column", "n", "--text-column", "t"], 64, ["--text-column and --bytes-column exclude each other"]),
            (["c.csv", "--tokens-column", "lp"], 64, ["column lp is both among the predictions and a count"]),
            (["j.jsonl", "--words-column", "t"], 65, ["j.jsonl: line 1: column t: 'a b' is no number", "--text-column counts the bytes"]),
            (["j.jsonl", "--bytes-column", "n"], 65, ["column n: '-1' is no count"]),
            (["j.jsonl", "--tokens-column", "z"], 65, ["the number of tokens is 0, and the record has a log-probability"]),
            (["j.jsonl", "--tokens-column", "y"], 65, ["found no 'y' in the first record"]),
        ]
        for (arguments, status, says) in cases {
            let run = try XentRun.xent(["eval"] + arguments + ["--prediction-columns", "lp"] + Self.task, in: scratch)
            expectFailure(run, status: status, says: says)
        }
        for option in ["text", "tokens", "bytes", "words"] {
            expectFailure(
                try XentRun.xent(["eval", "l.npy", "--\(option)-column", "x"] + Self.task, in: scratch), status: 64,
                says: ["--\(option)-column has no meaning for it: it is npy"])
            expectFailure(
                try XentRun.xent(SmallDump.eval + ["--\(option)-column", "x"], in: scratch), status: 64,
                says: ["--\(option)-column has no meaning for task multiclass"])
            expectFailure(
                try XentRun.xent(["pack", "c.csv", "-o", "o.npy.zst", "--\(option)-column", "t"], in: scratch), status: 64,
                says: ["--\(option)-column is for counts"])
        }
    }
}
