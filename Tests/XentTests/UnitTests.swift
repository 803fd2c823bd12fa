import Foundation
import GoldenCases
import Testing

/// Units, and the figure that a report is read for.
@Suite struct UnitTests {
    static let ln2 = 0.6931471805599453

    @Test func bitsAreNatsOverLn2() throws {
        let scratch = try ReportTests.scratch()
        let eval = SmallDump.eval + ["--dialect", "exact", "--dialect", "pytorch", "--partial", "a.partial", "--json", "-"]
        let nats = try XentRun.xent(eval, in: scratch).json()
        let partial = try scratch.bytes("a.partial")
        let bits = try XentRun.xent(eval + ["--unit", "bits"], in: scratch).json()
        #expect(try nats.text("unit") == "nats" && bits.text("unit") == "bits")
        for key in ["mean", "sum", "mean_over_weight", "mean_over_count", "standard_error", "min", "max"] {
            let expected = try nats.number("loss", key) / Self.ln2
            #expect(try abs(bits.number("loss", key) - expected) <= expected.ulp, "\(key)")
        }
        #expect(try bits.hexadecimal("loss", "mean_hex") == bits.number("loss", "mean"))
        #expect(try bits.number("dialects", "pytorch", "mean") == bits.number("loss", "mean"))
        for key in ["perplexity"] { #expect(try bits.number("loss", key) == nats.number("loss", key)) }
        // The state is the same in any unit, and a merge has its own.
        let isSame = try scratch.bytes("a.partial") == partial
        #expect(isSame)
        let merged = try XentRun.xent(["merge", "a.partial", "--unit", "bits", "--quiet"], in: scratch)
        #expect(merged.stdout == "\(try bits.number("loss", "mean"))\n")
        let text = try XentRun.xent(SmallDump.eval + ["--unit", "bits"], in: scratch)
        #expect(text.stdout.contains("\(try bits.number("loss", "mean")) bits"))
    }

    /// The mean with the digits that its error leaves.
    @Test func fittingDigits() throws {
        let scratch = try Scratch()
        for (values, says) in [
            ([0.5, 0.25, 0.75, 1.0], "(0.59 ± 0.30 standard error)"),
            ([0.999999, 0.999998, 0.999997, 0.999996], "(2.50e-6 ± 0.65e-6 standard error)"),
        ] {
            try scratch.write("p.npy", NPYFixture.doubles(values))
            try scratch.write("y.npy", NPYFixture.labels([1, 1, 1, 1]))
            let run = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--task", "binary", "--input", "probabilities"], in: scratch)
            #expect(run.stdout.contains(says), "\(run.stdout)")
        }
        // One row has no error.
        try scratch.write("p.npy", NPYFixture.doubles([0.5]))
        try scratch.write("y.npy", NPYFixture.labels([1]))
        let one = try XentRun.xent(["eval", "p.npy", "--labels", "y.npy", "--task", "binary", "--input", "probabilities"], in: scratch)
        #expect(!one.stdout.contains("±") && one.stdout.contains(", 1 row\n"))
    }

    static let likelihood = ["--task", "likelihood", "--input", "log-probabilities", "--prediction-columns", "lp"]

    /// Of records with tokens the figure is that of a token, with the error of records that were drawn.
    @Test func tokensComeFirst() throws {
        let scratch = try Scratch()
        let records: [(losses: [Double], text: String)] = [([1, 2], "abc"), ([0.5], "a"), ([3, 0.25, 0.125], "abcdef"), ([2], "ab")]
        try scratch.write(
            "log.jsonl",
            records.map { "{\"lp\": [\($0.losses.map { "\(-$0)" }.joined(separator: ", "))], \"t\": \"\($0.text)\"}\n" }.joined())
        let eval = ["eval", "log.jsonl", "--text-column", "t"] + Self.likelihood
        let report = try XentRun.xent(eval + ["--json", "-"], in: scratch).json()
        let sums = records.map { $0.losses.reduce(0, +) }, counts = records.map { Double($0.losses.count) }
        let mean = sums.reduce(0, +) / counts.reduce(0, +)
        #expect(try report.number("tokens", "mean") == mean)
        // A ratio of sums over records: n/(n − 1) Σ(l − m n)² over the number of tokens.
        let squares = zip(sums, counts).map { ($0 - mean * $1) * ($0 - mean * $1) }.reduce(0, +)
        let error = (4.0 / 3 * squares).squareRoot() / counts.reduce(0, +)
        #expect(try abs(report.number("tokens", "standard_error") - error) < 1e-15)
        let run = try XentRun.xent(eval, in: scratch)
        let lines = run.stdout.split(separator: "\n").map(String.init)
        #expect(lines[0] == "likelihood cross-entropy from log-probabilities, 4 rows, 7 tokens")
        #expect(lines[1].hasPrefix("  per token         \(mean) nats  (") && lines[1].hasSuffix(" standard error)"))
        #expect(lines[2].hasPrefix("  perplexity  ") && lines[3].hasPrefix("  interval  "))
        #expect(lines[4].hasPrefix("  bits per byte ") && lines[5].hasPrefix("  per record  "))
        #expect(try lines[5].contains("\(report.number("loss", "mean")) nats"))
        #expect(try XentRun.xent(eval + ["--quiet"], in: scratch).stdout == "\(mean)\n")
        let bits = try XentRun.xent(eval + ["--unit", "bits", "--json", "-"], in: scratch).json()
        #expect(try abs(bits.number("tokens", "mean") - mean / Self.ln2) < 1e-15)
        #expect(try bits.number("tokens", "bits_per_byte") == report.number("tokens", "bits_per_byte"))
    }

    /// The error does not depend on how rows were shared out.
    @Test func errorOfShardsIsThatOfAll() throws {
        let scratch = try Scratch()
        var random = RandomDump.labels(rows: 3000, classes: 200, seed: 8).map(Int.init).makeIterator()
        var text = ""
        while let first = random.next(), let second = random.next() {
            let tokens = (0...first % 5).map { "-\(second + $0).25" }
            text += "{\"lp\": [\(tokens.joined(separator: ", "))], \"w\": \(1 + second % 3)}\n"
        }
        try scratch.write("log.jsonl", text)
        for weights in [[], ["--weight-column", "w"]] {
            let eval = ["eval", "log.jsonl"] + Self.likelihood + weights
            let whole = try XentRun.xent(eval + ["--json", "-", "--threads", "3"], in: scratch).json()
            var parts: [String] = []
            for shard in 0..<3 {
                try XentRun.xent(eval + ["--shard", "\(shard)/3", "--partial", "\(shard).partial", "--silent"], in: scratch).expectSuccess()
                parts.insert("\(shard).partial", at: 0)
            }
            let merged = try XentRun.xent(["merge", "--json", "-"] + parts, in: scratch).json()
            #expect(try merged.number("tokens", "standard_error").bitPattern == whole.number("tokens", "standard_error").bitPattern)
            #expect(try whole.number("tokens", "standard_error") > 0)
        }
    }

    /// A rate of less than a tenth of a second says nothing; what is not compressed was not decompressed.
    @Test func rates() throws {
        let scratch = try ReportTests.scratch()
        #expect(try !XentRun.xent(SmallDump.eval, in: scratch).stdout.contains("/s"))
        let long = try LongRun(seconds: 0.7)
        let run = try XentRun.xent(LongRun.arguments, in: long.scratch)
        #expect(run.stdout.contains("/s read\n") && !run.stdout.contains("decompressed") && run.stdout.contains(", 1 thread, "))
    }
}
