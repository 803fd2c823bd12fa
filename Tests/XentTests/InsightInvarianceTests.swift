import Foundation
import SeededRandom
import Testing

/// All figures at once, past every limit at which a state becomes coarser: the partials are the same bytes whatever the threads, the kernels, the cuts
/// and the order of merging, and the bounds that are given hold the true figures.
@Suite struct InsightInvarianceTests {
    /// Evaluates a dump in every way and expects one partial, and one report but for the run and the files.
    ///
    /// - Parameters:
    ///   - arguments: the evaluation, without what is changed.
    ///   - cuts: the numbers of shards.
    /// - Returns: the report.
    private func expectOnePartial(
        _ arguments: [String], cuts: [Int], kernels: [String], mergeOptions: [String] = [], in scratch: Scratch
    ) throws -> JSONDocument {
        let whole = try XentRun.xent(arguments + ["--threads", "1", "--partial", "all", "--json", "-"], in: scratch)
        whole.expectSuccess()
        let report = try whole.json(), partial = try scratch.bytes("all")
        for (threads, kernel) in [("2", "auto"), ("7", "auto")] + kernels.map({ ("2", $0) }) {
            let run = try XentRun.xent(arguments + ["--threads", threads, "--kernel", kernel, "--partial", "p", "--json", "-"], in: scratch)
            run.expectSuccess()
            #expect(try scratch.bytes("p") == partial, "\(threads) threads, kernel \(kernel)")
            #expect(try run.json().without("run") == report.without("run"), "\(threads) threads, kernel \(kernel)")
        }
        for cut in cuts {
            let names = (0..<cut).map { "p\($0)" }
            for (shard, name) in names.enumerated() {
                try XentRun.xent(
                    arguments + ["--threads", "\([1, 2, 7][shard % 3])", "--shard", "\(shard)/\(cut)", "--partial", name, "--quiet"], in: scratch
                ).expectSuccess()
            }
            for order in [names, names.reversed()] {
                // Merged in two steps, so that a merge is merged again.
                try XentRun.xent(["merge"] + order.prefix(2) + ["--partial", "some", "--quiet"], in: scratch).expectSuccess()
                let run = try XentRun.xent(["merge", "some"] + order.dropFirst(2) + ["--partial", "merged", "--json", "-"] + mergeOptions, in: scratch)
                run.expectSuccess()
                let merged = try run.json()
                for section in try report.keys().subtracting(["run", "inputs", "columns", "rows_policy", "worst", "warnings", "notices"]) {
                    #expect(try merged.without()[section] == report.without()[section], "\(cut) shards, \(section)")
                }
                // A merge of shards keeps their places apart, and the same sections.
                #expect(try scratch.bytes("merged").count > 0)
                try XentRun.xent(["merge", "merged", "--partial", "again", "--quiet"], in: scratch).expectSuccess()
                #expect(try scratch.bytes("again") == scratch.bytes("merged"), "\(cut) shards")
            }
        }
        return report
    }

    /// The kernels but for the best, which runs anyway.
    private static func kernels() throws -> [String] { try SameBitsTests.kernels() }

    @Test("Decisions with more scores than are told apart: one partial, and bounds that hold the true area, precision and quantiles")
    func decisions() throws {
        let scratch = try Scratch()
        let rowCount = 150_000
        var random = SplitMix64(seed: 101)
        var logits: [Float] = [], labels: [UInt8] = [], groups: [Int64] = []
        for row in 0..<rowCount {
            let logit = Float.random(in: -4...4, using: &random)
            // Some scores are equal.
            logits.append(row % 5 == 0 ? logit.rounded() : logit)
            labels.append(Float.random(in: -5...5, using: &random) < logit ? 1 : 0)
            groups.append(Int64.random(in: 0..<2000, using: &random))
        }
        try scratch.write("p.npy", NPYFixture.floats(logits))
        try scratch.write("y.npy", NPYFixture.labels(labels))
        try scratch.write("g.npy", NPYFixture.wideLabels(groups))
        let report = try expectOnePartial(
            [
                "eval", "p.npy", "--labels", "y.npy", "--groups", "g.npy", "--task", "binary", "--input", "logits", "--insight", "--calibration-bins", "15,10",
                "--calibration-binning", "equal-mass", "--quantiles", "0,0.25,0.5,0.99,0.9999,1", "--worst", "40", "--slice", "label,group",
                "--slice", "group:100,1000", "--slice", "predicted=1", "--temperature-sweep", "0.5,2", "--fit-temperature", "--interval", "jackknife",
            ], cuts: [2, 3, 5], kernels: try Self.kernels(), mergeOptions: ["--interval", "jackknife"], in: scratch)
        #expect(try !report.boolean("ranking", "exact"))
        #expect(try report.count("ranking", "distinct_scores") <= 65_536)

        // By brute force: sorted scores, equal ones together.
        let order = logits.indices.sorted { logits[$0] < logits[$1] }
        let positives = labels.count { $0 == 1 }, negatives = rowCount - positives
        var wins = 0.0, below = 0, start = 0
        while start < rowCount {
            var end = start, ones = 0, zeros = 0
            while end < rowCount, logits[order[end]] == logits[order[start]] {
                if labels[order[end]] == 1 { ones += 1 } else { zeros += 1 }
                end += 1
            }
            wins += Double(ones) * (Double(below) + Double(zeros) / 2)
            below += zeros
            start = end
        }
        let area = wins / Double(positives) / Double(negatives)
        #expect(try report.number("ranking", "roc_auc_lower") <= area && area <= report.number("ranking", "roc_auc_upper"))
        #expect(try report.number("ranking", "roc_auc_lower") < report.number("ranking", "roc_auc_upper"))
        var precision = 0.0, trues = 0, called = 0, index = rowCount - 1
        while index >= 0 {
            let score = logits[order[index]], before = trues
            while index >= 0, logits[order[index]] == score {
                trues += labels[order[index]] == 1 ? 1 : 0
                called += 1
                index -= 1
            }
            precision += Double(trues - before) * Double(trues) / Double(called)
        }
        precision /= Double(positives)
        #expect(
            try report.number("ranking", "average_precision_lower") <= precision
                && precision <= report.number("ranking", "average_precision_upper"))
        let losses = zip(logits, labels).map { logit, label -> Double in
            let x = label == 1 ? -Double(logit) : Double(logit)
            return max(x, 0) + log1p(exp(-abs(x)))
        }.sorted()
        let bounds = zip(try report.list("quantiles", "lower"), try report.list("quantiles", "upper"))
        for (q, bound) in zip([0, 0.25, 0.5, 0.99, 0.9999, 1], bounds) {
            let loss = losses[max(0, Int((q * Double(rowCount)).rounded(.up)) - 1)]
            #expect(try bound.0.number() <= loss * (1 + 1e-12) && loss * (1 - 1e-12) <= bound.1.number(), "\(q)")
        }
        // One value is a slice alone.
        let predicted = try report.list("slices").filter { try $0.count("request") == 2 }
        #expect(try predicted.map { try $0.count("rows") } == [logits.count { $0 > 0 }])
        // Sums of slices are rounded once each: together they are the whole but for that.
        for request in [0, 1, 3] {
            let slices = try report.list("slices").filter { try $0.count("request") == request }
            let sum = try slices.reduce(0) { try $0 + $1.number("sum") }
            #expect(try slices.reduce(0) { try $0 + $1.count("rows") } == rowCount)
            #expect(try abs(sum - report.number("loss", "sum")) < 1e-12 * sum * Double(slices.count))
        }
    }

    @Test("Classes with weights, more scores of each than are told apart, and every other figure: one partial")
    func classes() throws {
        let scratch = try Scratch()
        let rowCount = 30_000, columns = 6
        var random = SplitMix64(seed: 102)
        let logits = (0..<rowCount * columns).map { place in place % 7 == 0 ? 1 : Float.random(in: -3...3, using: &random) }
        try scratch.write("p.npy", NPYFixture.floats(logits, columns: columns))
        try scratch.write("y.npy", NPYFixture.labels((0..<rowCount).map { _ in UInt8.random(in: 0..<UInt8(columns), using: &random) }))
        try scratch.write("w.npy", NPYFixture.doubles((0..<rowCount).map { _ in Double.random(in: 0...2, using: &random) }))
        try scratch.write("c.npy", NPYFixture.wideLabels((0..<rowCount).map { _ in Int64.random(in: 0..<5000, using: &random) }))
        let arguments = [
            "eval", "p.npy", "--labels", "y.npy", "--task", "multiclass", "--input", "logits", "--insight", "--calibration", "both", "--ranking",
            "--top-k", "1,3", "--worst", "30", "--worst-by", "margin", "--slice", "label,predicted", "--fit-temperature",
        ]
        for options in [["--weights", "w.npy", "--clusters", "c.npy"], ["--interval", "bootstrap", "--replicates", "50"], ["--temperature", "1.5"]] {
            let isFitted = options[0] != "--temperature"
            let report = try expectOnePartial(
                (isFitted ? arguments : Array(arguments.dropLast())) + options, cuts: options[0] == "--weights" ? [2, 4] : [3], kernels: try Self.kernels(),
                mergeOptions: options[0] == "--interval" ? options : [], in: scratch)
            #expect(try !report.boolean("ranking", "one_vs_rest", "exact"))
        }
    }

    @Test("More clusters than are kept apart: one partial, and whole clusters stay together")
    func clusters() throws {
        let scratch = try Scratch()
        // Four rows in five are clusters of their own.
        let rowCount = 1_400_000
        var random = SplitMix64(seed: 103)
        let clusters = (0..<rowCount).map { row in row % 5 == 0 ? Int64(row % 1000) : Int64.random(in: 1 << 32..<1 << 60, using: &random) }
        try scratch.write("p.npy", NPYFixture.floats((0..<rowCount).map { _ in Float.random(in: -3...3, using: &random) }))
        try scratch.write("y.npy", NPYFixture.labels((0..<rowCount).map { _ in UInt8.random(in: 0...1, using: &random) }))
        try scratch.write("c.npy", NPYFixture.wideLabels(clusters))
        let report = try expectOnePartial(
            ["eval", "p.npy", "--labels", "y.npy", "--clusters", "c.npy", "--task", "binary", "--input", "logits"], cuts: [2], kernels: [], in: scratch)
        let count = try report.count("uncertainty", "clusters")
        #expect(count > 1 << 19 && count <= 1 << 20)
        #expect(try report.texts("warnings").contains { $0.contains("there are more clusters than are kept apart") })
        // A sum that was read takes no more memory than one that was added up: with a kilobyte each a merge took 3.5 GB.
        try XentRun.shell("ulimit -v 2000000; exec \"$XENT\" merge p0 p1 --quiet", in: scratch).expectSuccess()
    }

    @Test("A merge names the option of a section that one of the partials lacks")
    func missingSections() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        let options = [
            "--brier", "--calibration auto", "--top-k 1", "--quantiles 0.5", "--worst 2", "--ranking", "--slice label", "--clusters y.npy",
            "--interval jackknife", "--temperature-sweep 2",
        ]
        try XentRun.xent(SmallDump.eval + ["--partial", "without", "--first-row", "100"], in: scratch).expectSuccess()
        for option in options {
            let words = option.split(separator: " ").map(String.init)
            try XentRun.xent(SmallDump.eval + words + ["--partial", "with"], in: scratch).expectSuccess()
            let run = try XentRun.xent(["merge", "with", "without"], in: scratch)
            #expect(run.ending == .exit(65))
            #expect(run.stderr.contains("evaluate all shards with the same \(words[0])"), "\(run.stderr)")
        }
        // Other settings of one figure are other figures.
        for (one, other, told) in [("--top-k 1", "--top-k 2", "--top-k"), ("--worst 2", "--worst 3", "--worst"), ("--slice label", "--slice predicted", "--slice")] {
            for (words, name, row) in [(one, "one", "0"), (other, "other", "100")] {
                try XentRun.xent(
                    SmallDump.eval + words.split(separator: " ").map(String.init) + ["--partial", name, "--first-row", row], in: scratch
                ).expectSuccess()
            }
            let run = try XentRun.xent(["merge", "one", "other"], in: scratch)
            #expect(run.ending == .exit(65) && run.stderr.contains("evaluate all shards with the same \(told)"), "\(run.stderr)")
        }
    }
}
