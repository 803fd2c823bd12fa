import Foundation
import Testing

/// Command lines with very many words, as a shell makes them of a pattern, and options that are given many times.
@Suite struct ManyArgumentsTests {
    private static let task = ["--task", "multiclass", "--input", "probabilities", "--quiet"]

    /// Eight times as many words take no 64 times as long.
    @Test func wordsInLinearTime() throws {
        let scratch = try Scratch()
        try scratch.write("p.csv", "p_0,p_1,label\n0.5,0.5,1\n")
        // Names that are not there, so that nothing but the words takes time.
        func seconds(_ count: Int) throws -> Double {
            let start = Date()
            let words = (0..<count).map { "none_\($0).csv" }
            for arguments in [["p.csv"] + words + Self.task, ["p.csv", "--labels"] + words + Self.task] {
                let run = try XentRun.xent(["eval"] + arguments, in: scratch)
                expectFailure(run, status: 66, says: ["none_0.csv: no such file"])
            }
            return Date().timeIntervalSince(start)
        }
        let small = try seconds(2000)
        let large = try seconds(16_000)
        #expect(large < 24 * small || large < 4, "\(small) s, and of eight times as many \(large) s")
    }

    @Test func manyWordsAreReadInTheirOrder() throws {
        let scratch = try Scratch()
        let names = (0..<300).map { "p_\($0).csv" }
        for (place, name) in names.enumerated() {
            try scratch.write(name, "p_0,p_1,label\n\(place % 2 == 0 ? "0.5,0.5" : "0.25,0.75"),1\n")
        }
        for arguments in [["--per-row", "l.csv"] + names, names + ["--per-row", "l.csv"], Array(names[..<100]) + ["--per-row", "l.csv"] + names[100...]] {
            try XentRun.xent(["eval"] + arguments + Self.task, in: scratch).expectSuccess()
            let losses = try scratch.text("l.csv").split(separator: "\n").dropFirst().map { $0.split(separator: ",")[1].prefix(4) }
            #expect(losses.count == 300 && losses.enumerated().allSatisfy { $1 == ($0 % 2 == 0 ? "0.69" : "0.28") })
        }
        // What is wrong is told in the words that were given.
        let run = try XentRun.xent(["pack"] + names + ["-o", "o.npy"], in: scratch)
        #expect(run.ending == .exit(64) && run.stderr.contains("'p_1.csv'") && run.stderr.utf8.count <= 4000, "\(run.stderr)")
    }

    @Test func valuesThatWouldBeLost() throws {
        let scratch = try Scratch()
        try scratch.write("p.csv", "p_0,p_1,label\n0.5,0.5,1\n")
        for (words, option) in [
            (["--prediction-columns", "p_0", "--prediction-columns", "p_1"], "--prediction-columns"),
            (["--clip=0.1", "--clip", "0.2"], "--clip"), (["--label-column=label", "--label-column=y"], "--label-column"),
        ] {
            expectFailure(
                try XentRun.xent(["eval", "p.csv"] + Self.task + words, in: scratch), status: 64, says: ["\(option) is given 2 values"])
        }
        for words in [["--dialect", "exact", "--dialect", "pytorch"], ["--clip", "0.1", "--clip=0.1"], ["--verbose", "--verbose"]] {
            let run = try XentRun.xent(["eval", "p.csv", "--task", "multiclass", "--input", "probabilities"] + words, in: scratch)
            #expect(run.ending == .exit(0), "\(run.stderr)")
        }
        // Very many of them are an error at once.
        let many = (0..<8000).flatMap { ["--prediction-columns", "p_\($0)"] }
        let start = Date()
        expectFailure(try XentRun.xent(["eval", "p.csv"] + Self.task + many, in: scratch), status: 64, says: ["8000 values"])
        #expect(Date().timeIntervalSince(start) < 8)
    }
}
