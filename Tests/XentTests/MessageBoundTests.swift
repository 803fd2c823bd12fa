import Foundation
import Testing

/// Names and values of files in messages and reports: bounded, and without anything that steers a terminal.
@Suite struct MessageBoundTests {
    private static let hostile = "p\u{1B}[31m\u{202E}\u{7}x"
    private static let task = ["--task", "multiclass", "--input", "probabilities"]

    private func expectClean(_ run: XentRun, sourceLocation: SourceLocation = #_sourceLocation) {
        let isClean = (run.stdout + run.stderr).unicodeScalars.allSatisfy { scalar in
            scalar == "\n" || ![.control, .format].contains(scalar.properties.generalCategory)
        }
        #expect(isClean, "\(run.command): \(run.stderr.debugDescription) \(run.stdout.debugDescription)", sourceLocation: sourceLocation)
        #expect(run.stderr.utf8.count <= 4000, "\(run.command): \(run.stderr.utf8.count) bytes", sourceLocation: sourceLocation)
    }

    @Test func namesThatSteerATerminal() throws {
        let scratch = try Scratch()
        let name = Self.hostile
        try scratch.write("t.csv", "\(name),\(name)2,y\u{1B}[2J\n0.5,0.5,1\n0.5,\u{1B}[1m,0\n")
        try scratch.write(
            "t.jsonl",
            "{\"\(name)\": 0.5, \"q\": 0.5, \"y\\u001b[2J\": \"\\u001b]0;x\\u0007\"}\n".replacingOccurrences(of: "\u{1B}", with: "\\u001b")
                .replacingOccurrences(of: "\u{7}", with: "\\u0007"))
        try scratch.write("y.npy", NPYFixture.labels([1, 0]))
        let folder = "f\u{1B}[31m"
        try scratch.makeFolder(folder)
        try scratch.write(folder + "/t.csv", "p_0,p_1,label\n0.5,0.5,1\n")
        for arguments in [
            ["eval", "t.csv"], ["eval", "t.csv", "--labels", "y.npy"],
            ["eval", "t.csv", "--prediction-columns", "nope", "--label-column", "y"],
            ["eval", "t.csv", "--labels", "y.npy", "--prediction-columns", "p*"], ["eval", "t.jsonl"], ["eval", folder + "/t.csv"],
            ["eval", folder + "/none.csv"], ["eval", "t.jsonl", "--prediction-columns", "p*,q", "--label-column", "y*"],
        ] {
            expectClean(try XentRun.xent(arguments + Self.task, in: scratch))
        }
        for file in ["t.csv", "t.jsonl", folder + "/t.csv"] { expectClean(try XentRun.xent(["inspect", file], in: scratch)) }
    }

    @Test func manyLongNames() throws {
        let scratch = try Scratch()
        let names = (0..<3000).map { "column_\($0)_" + String(repeating: "é", count: 300) }
        try scratch.write("t.csv", names.joined(separator: ",") + "\n" + names.map { _ in "1" }.joined(separator: ",") + "\n")
        let keys = names.map { "\"\($0)\": 1" }.joined(separator: ", ")
        try scratch.write("t.jsonl", "{\(keys)}\n")
        for file in ["t.csv", "t.jsonl"] {
            for columns in [[], ["--prediction-columns", "nope"], ["--prediction-columns", "column_*", "--label-column", "nope"]] {
                let run = try XentRun.xent(["eval", file] + columns + Self.task, in: scratch)
                #expect(run.ending != .exit(0))
                expectClean(run)
            }
        }
        // One name as long as a line may be.
        try scratch.write("t.csv", String(repeating: "x", count: 100_000) + ",y\n1,2\n")
        expectClean(try XentRun.xent(["eval", "t.csv"] + Self.task, in: scratch))
    }
}
