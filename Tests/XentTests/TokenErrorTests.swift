import Foundation
import SeededRandom
import Testing

/// The errors of perplexities and bits a byte, against their formulas: of a ratio of sums over independent records, and of clusters.
@Suite struct TokenErrorTests {
    /// Records of a few tokens, with their losses, their texts and the documents that they belong to.
    private struct Log {
        let losses: [Double], tokens: [Int], texts: [String], documents: [Int]

        init(rowCount: Int, seed: UInt64) {
            var random = SplitMix64(seed: seed)
            var losses: [Double] = [], tokens: [Int] = [], texts: [String] = [], documents: [Int] = []
            for row in 0..<rowCount {
                let words = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                    ["a", "of", "tree", "größe", "is"].randomElement(using: &random) ?? "a"
                }
                texts.append(words.joined(separator: " "))
                tokens.append(words.count + Int.random(in: 0...3, using: &random))
                documents.append(row / 7)
                losses.append(Double.random(in: 0.1...3, using: &random) * Double(tokens[row]) + Double(documents[row] % 3))
            }
            (self.losses, self.tokens, self.texts, self.documents) = (losses, tokens, texts, documents)
        }

        var amounts: [String: [Double]] {
            [
                "tokens": tokens.map(Double.init), "bytes": texts.map { Double($0.utf8.count) },
                "words": texts.map { Double($0.split(separator: " ").count) },
            ]
        }

        var records: String {
            losses.indices.map {
                "{\"lp\": \(-losses[$0]), \"n\": \(tokens[$0]), \"text\": \"\(texts[$0])\", \"doc\": \(documents[$0])}\n"
            }.joined()
        }

        static let options = [
            "eval", "log.jsonl", "--task", "likelihood", "--input", "log-probabilities", "--prediction-columns", "lp", "--tokens-column", "n",
            "--text-column", "text", "--json", "-",
        ]
    }

    private static func close(_ found: Double, _ expected: Double, _ what: String) {
        #expect(abs(found - expected) <= 1e-9 * abs(expected), "\(what): \(found), should be \(expected)")
    }

    @Test("Errors are those of ratios over records: √(n/(n − 1) Σ (l − r b)²) / Σ b")
    func ofRatios() throws {
        let scratch = try Scratch()
        let log = Log(rowCount: 300, seed: 91)
        try scratch.write("log.jsonl", log.records)
        let tokens = try XentRun.xent(Log.options, in: scratch).json().at(["tokens"])
        let total = log.losses.reduce(0, +), n = Double(log.losses.count)
        for (unit, mean, error, perplexity) in [
            ("tokens", "mean", "standard_error", "perplexity"), ("bytes", "bits_per_byte", "bits_per_byte_standard_error", "byte_perplexity"),
            ("words", "mean_per_word", "mean_per_word_standard_error", "word_perplexity"),
        ] {
            let amounts = log.amounts[unit] ?? []
            let sum = amounts.reduce(0, +), ratio = total / sum
            let squares = zip(log.losses, amounts).reduce(0) { $0 + ($1.0 - ratio * $1.1) * ($1.0 - ratio * $1.1) }
            let expected = (n / (n - 1) * squares).squareRoot() / sum
            let scale = unit == "bytes" ? 1 / Foundation.log(2.0) : 1
            Self.close(try tokens.number(mean), ratio * scale, mean)
            Self.close(try tokens.number(error), expected * scale, error)
            Self.close(try tokens.number(perplexity), exp(ratio), perplexity)
            Self.close(try tokens.number(perplexity + "_standard_error"), exp(ratio) * expected, perplexity)
        }
        Self.close(try tokens.number("upper"), try tokens.number("mean") + 1.959963984540054 * tokens.number("standard_error"), "upper")
    }

    @Test("Errors by documents and by groups of rows are those of clusters and of the jackknife, also by a merge of parts")
    func ofClusters() throws {
        let scratch = try Scratch()
        let log = Log(rowCount: 301, seed: 92)
        try scratch.write("log.jsonl", log.records)
        let total = log.losses.reduce(0, +)
        let count = (log.documents.last ?? 0) + 1
        var losses = [Double](repeating: 0, count: count)
        for (row, document) in log.documents.enumerated() { losses[document] += log.losses[row] }
        for kind in ["clustered", "jackknife"] {
            let options = Log.options + ["--cluster-column", "doc", "--interval", kind]
            let report = try XentRun.xent(options, in: scratch).json()
            for (unit, name, perplexity) in [("tokens", "mean", "perplexity"), ("bytes", "bits_per_byte", "byte_perplexity"), ("words", "mean_per_word", "word_perplexity")] {
                var amounts = [Double](repeating: 0, count: count)
                for (row, document) in log.documents.enumerated() { amounts[document] += (log.amounts[unit] ?? [])[row] }
                let sum = amounts.reduce(0, +), ratio = total / sum, g = Double(count)
                var expected: Double
                if kind == "clustered" {
                    let squares = zip(losses, amounts).reduce(0) { $0 + ($1.0 - ratio * $1.1) * ($1.0 - ratio * $1.1) }
                    expected = (g / (g - 1) * squares).squareRoot() / sum
                } else {
                    let pseudo = zip(losses, amounts).map { g * ratio - (g - 1) * (total - $0) / (sum - $1) }
                    let mean = pseudo.reduce(0, +) / g
                    expected = (pseudo.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (g - 1) / g).squareRoot()
                }
                let bounds = try report.at(["uncertainty", "tokens", perplexity])
                Self.close(try bounds.number("standard_error"), exp(ratio) * expected, "\(kind) \(perplexity)")
                if unit == "bytes" { expected /= Foundation.log(2.0) }
                Self.close(try report.number("uncertainty", "tokens", name, "standard_error"), expected, "\(kind) \(name)")
            }
            for (part, lines) in [("a", 0..<113), ("b", 113..<301)] {
                let records = log.records.split(separator: "\n")[lines].map { $0 + "\n" }.joined()
                try scratch.write("\(part).jsonl", records)
                var partOptions = options
                partOptions[1] = "\(part).jsonl"
                try XentRun.xent(partOptions + ["--first-row", "\(lines.lowerBound)", "--partial", part], in: scratch).expectSuccess()
            }
            let merged = try XentRun.xent(["merge", "b", "a", "--interval", kind, "--json", "-"], in: scratch).json()
            #expect(try merged.without()["uncertainty"] == report.without()["uncertainty"])
            #expect(try merged.without()["tokens"] == report.without()["tokens"])
        }
    }
}
