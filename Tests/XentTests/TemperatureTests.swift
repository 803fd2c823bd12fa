import Foundation
import SeededRandom
import Testing

/// An evaluation at a temperature: the one of logits that were divided before.
@Suite struct TemperatureTests {
    private struct Dump {
        let logits: [Double], labels: [UInt8]
        static let columns = 5

        init(rowCount: Int, seed: UInt64) {
            var random = SplitMix64(seed: seed)
            logits = (0..<rowCount * Self.columns).map { _ in Double.random(in: -6...6, using: &random) }
            labels = (0..<rowCount).map { _ in UInt8.random(in: 0..<UInt8(Self.columns), using: &random) }
        }

        func probabilities(_ power: Double) -> [Double] {
            stride(from: 0, to: logits.count, by: Self.columns).flatMap { start in
                let terms = logits[start..<start + Self.columns].map { exp($0 * power) }
                let sum = terms.reduce(0, +)
                return terms.map { $0 / sum }
            }
        }
    }

    private static let figures = [
        "--brier", "--sharpness", "--calibration", "both", "--quantiles", "0.5", "--worst", "3", "--top-k", "1,2", "--ranking", "--slice", "predicted",
    ]

    @Test("Figures at a temperature are those of logits that were divided by it before, whatever the threads and kernels", arguments: ["multiclass", "soft", "binary", "multilabel"])
    func isOfDividedLogits(task: String) throws {
        let scratch = try Scratch()
        let dump = Dump(rowCount: 700, seed: 81)
        let columns = task == "binary" ? nil : Dump.columns
        let logits = task == "binary" ? Array(dump.logits.prefix(700)) : dump.logits
        let targets = dump.probabilities(0.3)
        switch task {
        case "multiclass": try scratch.write("y.npy", NPYFixture.labels(dump.labels))
        case "binary": try scratch.write("y.npy", NPYFixture.labels(dump.labels.map { $0 % 2 }))
        case "soft": try scratch.write("y.npy", NPYFixture.doubles(targets, columns: columns))
        default: try scratch.write("y.npy", NPYFixture.doubles(targets.map { $0 > 0.2 ? 1 : 0 }, columns: columns))
        }
        try scratch.write("x.npy", NPYFixture.doubles(logits, columns: columns))
        try scratch.write("divided.npy", NPYFixture.doubles(logits.map { $0 / 1.7 }, columns: columns))
        var figures = ["--brier", "--sharpness", "--calibration", "auto", "--quantiles", "0.5", "--worst", "3"]
        if task == "multiclass" { figures = Self.figures }
        let options = ["--labels", "y.npy", "--task", task, "--input", "logits", "--json", "-"] + figures
        let divided = try XentRun.xent(["eval", "divided.npy"] + options, in: scratch).json()
        var partial: Data?
        for (threads, kernel) in [("1", "baseline"), ("3", "auto"), ("2", "auto")] {
            let run = try XentRun.xent(
                ["eval", "x.npy", "--temperature", "1.7", "--threads", threads, "--kernel", kernel, "--partial", "p"] + options, in: scratch)
            run.expectSuccess()
            let report = try run.json()
            let changed: Set = ["run", "inputs", "specification", "temperature", "warnings", "notices", "worst"]
            #expect(try report.without().filter { !changed.contains($0.key) } == divided.without().filter { !changed.contains($0.key) })
            #expect(try report.list("worst").map { try $0.count("row") } == divided.list("worst").map { try $0.count("row") })
            #expect(try report.number("specification", "temperature") == 1.7)
            #expect(try report.number("temperature", "evaluated_at") == 1.7)
            #expect(try scratch.bytes("p") == partial ?? scratch.bytes("p"), "\(threads) threads, \(kernel)")
            partial = try scratch.bytes("p")
            let merged = try XentRun.xent(["merge", "p", "--json", "-"], in: scratch).json()
            #expect(try merged.text("loss", "mean_hex") == report.text("loss", "mean_hex"))
            #expect(try merged.number("temperature", "evaluated_at") == 1.7)
        }
    }

    @Test("Probabilities and their logarithms stand for logits, and the sweep has the same means", arguments: ["multiclass", "binary"])
    func isOfProbabilities(task: String) throws {
        let scratch = try Scratch()
        let dump = Dump(rowCount: 500, seed: 82)
        let isBinary = task == "binary"
        let logits = isBinary ? Array(dump.logits.prefix(500)) : dump.logits
        let probabilities = isBinary ? logits.map { 1 / (1 + exp(-$0)) } : dump.probabilities(1)
        let columns = isBinary ? nil : Dump.columns
        try scratch.write("y.npy", NPYFixture.labels(isBinary ? dump.labels.map { $0 % 2 } : dump.labels))
        try scratch.write("logits.npy", NPYFixture.doubles(logits, columns: columns))
        try scratch.write("probabilities.npy", NPYFixture.doubles(probabilities, columns: columns))
        try scratch.write("log-probabilities.npy", NPYFixture.doubles(probabilities.map { log($0) }, columns: columns))
        let expected = try XentRun.xent(
            ["eval", "logits.npy", "--labels", "y.npy", "--task", task, "--input", "logits", "--temperature", "0.6", "--json", "-"], in: scratch
        ).json().number("loss", "mean")
        for input in ["logits", "probabilities", "log-probabilities"] {
            let options = ["eval", "\(input).npy", "--labels", "y.npy", "--task", task, "--input", input, "--json", "-"]
            let mean = try XentRun.xent(options + ["--temperature", "0.6"], in: scratch).json().number("loss", "mean")
            #expect(abs(mean - expected) < 1e-12 * expected, "\(input)")
            let sweep = try XentRun.xent(options + ["--temperature-sweep", "0.6,1"], in: scratch).json().list("temperature", "sweep")
            #expect(try abs(sweep[0].number("mean") - expected) < 1e-12 * expected, "\(input)")
        }
    }

    @Test("A multilabel sweep is the mean over decisions, and fits")
    func sweepsOfDecisions() throws {
        let scratch = try Scratch()
        let dump = Dump(rowCount: 400, seed: 83)
        let labels = dump.probabilities(0.3).map { $0 > 0.2 ? 1.0 : 0 }
        try scratch.write("x.npy", NPYFixture.doubles(dump.logits, columns: Dump.columns))
        try scratch.write("y.npy", NPYFixture.doubles(labels, columns: Dump.columns))
        let options = ["eval", "x.npy", "--labels", "y.npy", "--task", "multilabel", "--input", "logits", "--json", "-"]
        let report = try XentRun.xent(options + ["--temperature-sweep", "3", "--fit-temperature"], in: scratch).json()
        let mean = try XentRun.xent(options + ["--temperature", "3"], in: scratch).json().number("loss", "mean")
        #expect(try abs(report.list("temperature", "sweep")[0].number("mean") - mean) < 1e-12 * mean)
        let fitted = try report.number("temperature", "fitted")
        let least = try XentRun.xent(options + ["--temperature", "\(fitted)"], in: scratch).json().number("loss", "mean")
        #expect(try abs(report.number("temperature", "mean_at_fitted") - least) < 1e-8)
        for other in [fitted * 1.01, fitted / 1.01] {
            #expect(try XentRun.xent(options + ["--temperature", "\(other)"], in: scratch).json().number("loss", "mean") > least)
        }
    }

    @Test("What has no meaning with a temperature is refused with the reason")
    func refusals() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        try scratch.write("q.npy", NPYFixture.doubles([0.5, 0.5, 0.25, 0.75], columns: 2))
        try scratch.write("r.npy", NPYFixture.doubles([1.5, 0.5, 0.25, 0.75], columns: 2))
        try scratch.write("v.npy", NPYFixture.labels([0, 1]))
        let ofProbabilities = ["eval", "q.npy", "--labels", "v.npy", "--task", "multiclass", "--input", "probabilities", "--temperature", "2"]
        for (arguments, status, told) in [
            (SmallDump.eval + ["--temperature", "0"], 64, "--temperature is 0.0; give a number above 0"),
            (SmallDump.eval + ["--temperature", "-1"], 64, "--temperature is -1.0"),
            (SmallDump.eval + ["--temperature", "inf"], 64, "--temperature is inf"),
            (SmallDump.eval + ["--temperature", "2", "--fit-temperature"], 64, "--fit-temperature is of the logits as they are stored"),
            (ofProbabilities + ["--clip", "0.1"], 64, "--clip has no meaning with --temperature"),
            (ofProbabilities + ["--renormalize"], 64, "--renormalize has no meaning with --temperature"),
            (ofProbabilities + ["--dialect", "sklearn"], 64, "dialect sklearn has no multiclass loss from logits"),
            (
                ["eval", "v.npy", "--task", "likelihood", "--input", "probabilities", "--temperature", "2"], 64,
                "--temperature has no meaning for task likelihood"
            ),
            (
                ["eval", "r.npy", "--labels", "v.npy", "--task", "multiclass", "--input", "probabilities", "--temperature", "2"], 65,
                "row 0: the probability in column 0 is 1.5, outside [0, 1]"
            ),
        ] {
            let run = try XentRun.xent(arguments, in: scratch)
            #expect(run.ending == .exit(Int32(status)), "\(arguments)")
            #expect(run.stderr.contains(told), "\(run.stderr)")
        }
    }
}
