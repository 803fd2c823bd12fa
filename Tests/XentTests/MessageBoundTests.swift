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

    /// Texts that steer a terminal, forge a line, change the direction of text, or flood.
    private static let texts = [
        "p\u{1B}[31m", "p\u{7}", "p\u{9B}2J", "p\u{202E}abc", "p\u{2066}x", "p\u{200B}", "p\nxent: q", "p\u{2028}x", "\u{1B}]0;t\u{7}",
        "p\u{7F}", String(repeating: "a", count: 5000), String(repeating: "é\u{1B}", count: 2000),
    ]

    @Test(arguments: texts) func arguments(text: String) throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", "p_0,p_1,label\n0.5,0.5,1\n")
        for arguments in [
            ["eval", "t.csv", "--task", text, "--input", "logits"], ["eval", "t.csv", "--dialect", text] + Self.task, ["eval", "--" + text],
            [text], ["help", text], ["eval", "t.csv", "--threads", text] + Self.task, ["eval", "t.csv", "--shard", text] + Self.task,
            ["eval", text + ".csv"] + Self.task, ["eval", "t.csv", "--labels", text] + Self.task, ["losses", "--task", text],
            ["eval", "t.csv", "--json", text + "/r.json"] + Self.task, ["eval", "t.csv", "--classes", text + ",x,y"] + Self.task,
        ] {
            let run = try XentRun.xent(arguments, in: scratch)
            #expect(run.ending != .exit(0), "\(run.command)")
            expectClean(run)
            #expect(run.stderr.split(separator: "\n").count == 1, "\(run.stderr.debugDescription)")
        }
    }

    @Test(arguments: texts) func columnsArraysAndFiles(text: String) throws {
        let scratch = try Scratch()
        let quoted = "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
        let name = String(text.prefix(60))
        try scratch.write("t.csv", "\(quoted),p_0,p_1,label\n\(quoted),0.5,0.5,0\n2,0.5,0.5,1\n")
        try scratch.write(name + ".csv", "p_0,p_1,label\n0.5,0.5,1\n0.5,2,0\n")
        let key = String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
        try scratch.write("t.jsonl", "{\(key): 1, \"p\": [0.5, 0.5], \"label\": \(key)}\n")
        let keyOfB = String(decoding: try JSONEncoder().encode(text + "b"), as: UTF8.self)
        try scratch.write("two.jsonl", "{\(key): 0.5, \(keyOfB): 0.5, \"label\": 1}\n")
        let header = Data("{\(key):{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}".utf8)
        try scratch.write("t.safetensors", withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + Data(count: 8))
        try scratch.write("y.txt", "1\n")
        for arguments in [
            ["t.csv", "--prediction-columns", text], ["t.csv", "--id-column", text],
            ["t.csv", "--verbose", "--prediction-columns", "p_0,p_1"],
            ["t.jsonl"], ["t.jsonl", "--records", text], ["two.jsonl", "--verbose", "--prediction-columns", "\(text),\(text)b"],
            ["t.safetensors", "--labels", "y.txt", "--prediction-columns", text], ["t.safetensors", "--prediction-columns", "x"],
            [name + ".csv"], [name + ".csv", "--verbose", "--on-invalid", "skip"], [name + ".cs"],
        ] {
            expectClean(try XentRun.xent(["eval"] + arguments + Self.task, in: scratch))
        }
        for file in ["t.csv", "t.jsonl", "two.jsonl", "t.safetensors", name + ".csv"] {
            expectClean(try XentRun.xent(["inspect", file], in: scratch))
            let json = try XentRun.xent(["inspect", file, "--json", "-"], in: scratch)
            #expect((try? JSONSerialization.jsonObject(with: Data(json.stdout.utf8))) != nil, "\(file): \(json.stderr)")
        }
        let report = try XentRun.xent(
            ["eval", name + ".csv", "--on-invalid", "skip", "--json", "-"] + Self.task, in: scratch)
        #expect((try? JSONSerialization.jsonObject(with: Data(report.stdout.utf8))) != nil, "\(report.stderr)")
    }
}
