import Foundation
import Testing

/// Predictions as pandas, R, Spark, pipelines and language models write them: read as they are meant, or told with the remedy.
@Suite struct TextKindTests {
    private static let probabilities = ["--task", "multiclass", "--input", "probabilities"]
    /// The mean of −log 0.75 and −log 0.5.
    private static let mean = (log(4.0 / 3) + log(2)) / 2

    private func eval(_ arguments: [String], in scratch: Scratch) throws -> XentRun {
        try XentRun.xent(["eval"] + arguments + ["--quiet"], in: scratch)
    }

    private func expectMean(_ arguments: [String], in scratch: Scratch, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let run = try eval(arguments, in: scratch)
        let mean = Double(run.stdout.trimmingCharacters(in: .newlines)) ?? .nan
        #expect(abs(mean - Self.mean) < 1e-14, "\(run.command): \(run.stdout)\(run.stderr)", sourceLocation: sourceLocation)
        #expect(run.stderr == "", "\(run.command)", sourceLocation: sourceLocation)
    }

    @Test func indicesAreNoClasses() throws {
        let scratch = try Scratch()
        try scratch.write("y.txt", "1\n0\n2\n1\n")
        // to_csv(header=False) of logits: without the check the index would be class 0.
        try scratch.write("p.csv", "0,0.2500000000,1.5,0.5\n1,0.5,0.25,1.5\n2,0.1,0.2,0.3\n3,0.5,0.5,0.5\n")
        let run = try eval(["p.csv", "--labels", "y.txt", "--task", "multiclass", "--input", "logits"], in: scratch)
        expectFailure(run, status: 64, says: ["column 0 counts the rows", "--prediction-columns"])
        let named = ["p.csv", "--labels", "y.txt", "--task", "multiclass", "--input", "logits", "--prediction-columns", "1,2,3"]
        #expect(try eval(named, in: scratch).ending == .exit(0))
    }

    @Test func placesAreNoNamesOfClasses() throws {
        let scratch = try Scratch()
        // By their places 1 and 2 as names, label 1 would be class 0.
        try scratch.write("p.json", "[[7, 0.25, 0.75, 1], [8, 0.5, 0.5, 0]]")
        try expectMean(["p.json", "--prediction-columns", "1,2", "--label-column", "3"] + Self.probabilities, in: scratch)
    }

    @Test func recordsThatAreArrays() throws {
        let scratch = try Scratch()
        try scratch.write("y.txt", "1\n0\n")
        try scratch.write("p.json", "[[0.25, 0.75], [0.5, 0.5]]")
        try scratch.write("p.jsonl", "[0.25, 0.75]\n[0.5, 0.5]\n")
        try scratch.write("o.json", "{\"probs\": [[0.25, 0.75], [0.5, 0.5]], \"labels\": [1, 0]}")
        for file in ["p.json", "p.jsonl"] { try expectMean([file, "--labels", "y.txt"] + Self.probabilities, in: scratch) }
        try expectMean(["o.json", "--records", "probs", "--labels", "y.txt"] + Self.probabilities, in: scratch)
        try scratch.write("l.jsonl", "[null, -1.5, -0.25]\n[null, -2.0]\n")
        let sum = try eval(["l.jsonl", "--task", "likelihood", "--input", "log-probabilities"], in: scratch)
        #expect(sum.stdout == "1.875\n" || sum.stdout == "1.25\n", "\(sum.stderr)")
    }

    @Test func noRowIsLostToALineOfNames() throws {
        let scratch = try Scratch()
        let columns = ["--prediction-columns", "0,1", "--label-column", "2", "--classes", "cat,dog"]
        try scratch.write("long.csv", "0.2500000000,0.7500000000,dog\n0.5,0.5,cat\n")
        try expectMean(["long.csv"] + columns + Self.probabilities, in: scratch)
        try scratch.write("short.csv", "0.25,0.75,dog\n0.5,0.5,cat\n")
        let run = try eval(["short.csv"] + columns + Self.probabilities, in: scratch)
        expectFailure(run, status: 65, says: ["the number '0.25' as its name", "--no-header"])
        try expectMean(["short.csv", "--no-header"] + columns + Self.probabilities, in: scratch)
    }

    @Test func namesThatAreNumbers() throws {
        let scratch = try Scratch()
        try scratch.write("p.csv", "0,1,2\n0.25,0.75,0.0\n0.5,0.25,0.25\n")
        try scratch.write("y.txt", "1\n0\n")
        try expectMean(["p.csv", "--labels", "y.txt", "--prediction-columns", "0,1,2"] + Self.probabilities, in: scratch)
        // Labels of a series: an index without a name, or a name above them.
        try scratch.write("q.csv", "p_cat,p_dog\n0.25,0.75\n0.5,0.5\n")
        for labels in [",0\n0,1\n1,0\n", ",label\n0,dog\n1,cat\n", "0\ndog\ncat\n", "\"\",\"x\"\n\"1\",1\n\"2\",0\n"] {
            try scratch.write("y.csv", labels)
            try expectMean(["q.csv", "--labels", "y.csv"] + Self.probabilities, in: scratch)
        }
        try scratch.write("y.csv", "0\n1\n0\n")
        expectFailure(
            try eval(["q.csv", "--labels", "y.csv"] + Self.probabilities, in: scratch), status: 65,
            says: ["3 labels for 2 rows", "if the first line is a name, leave it out"])
    }

    @Test func tablesOfR() throws {
        let scratch = try Scratch()
        try scratch.write("t.txt", "\"p_cat\" \"p_dog\" \"label\"\n\"1\" 0.25 0.75 \"dog\"\n\"2\" 0.5 0.5 \"cat\"\n")
        try expectMean(["t.txt"] + Self.probabilities, in: scratch)
        try scratch.write("t.csv", "\"\";\"p_cat\";\"p_dog\";\"label\"\n\"1\";0,25;0,75;\"dog\"\n\"2\";0,5;0,5;\"cat\"\n")
        expectFailure(try eval(["t.csv"] + Self.probabilities, in: scratch), status: 65, says: ["numbers have a point, not a comma"])
    }

    @Test func listsInTables() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", ",probs,label\n0,\"[0.25, 0.75]\",1\n1,\"[0.5, 0.5]\",0\n")
        expectFailure(try eval(["t.csv"] + Self.probabilities, in: scratch), status: 64, says: ["column probs holds lists", "JSON Lines"])
    }

    @Test func scoresOfTheDecidedClass() throws {
        let scratch = try Scratch()
        try scratch.write("y.txt", "1\n0\n")
        let task = ["--labels", "y.txt", "--task", "binary", "--input", "probabilities"]
        try scratch.write("p.json", "[{\"label\": \"POS\", \"score\": 0.75}, {\"label\": \"NEG\", \"score\": 0.5}]")
        let run = try eval(["p.json"] + task, in: scratch)
        expectFailure(run, status: 64, says: ["may be the score of the class in label", "--prediction-columns"])
        try expectMean(["p.json", "--prediction-columns", "score"] + task, in: scratch)
    }

    @Test func logsOfServices() throws {
        let scratch = try Scratch()
        let task = ["--task", "likelihood", "--input", "log-probabilities"]
        let completion = """
            {"choices": [{"text": "a b", "logprobs": {"tokens": ["a", "b"], "token_logprobs": [null, -1.5], \
            "top_logprobs": [null, {"b": -1.5, "c": -3}]}}]}
            """
        let chat = """
            {"choices": [{"message": {"content": "b"}, "logprobs": {"content": [{"token": "b", "logprob": -1.5, \
            "top_logprobs": [{"token": "b", "logprob": -1.5}, {"token": "c", "logprob": -3}]}]}}]}
            """
        for record in [completion, chat] {
            try scratch.write("log.jsonl", record + "\n" + record + "\n")
            let run = try eval(["log.jsonl"] + task, in: scratch)
            #expect(run.stdout == "1.5\n", "\(run.stderr)")
        }
        let two = completion.replacingOccurrences(of: "}}]}", with: "}}, {\"logprobs\": {\"token_logprobs\": [-2]}}]}")
        try scratch.write("two.jsonl", two + "\n")
        expectFailure(try eval(["two.jsonl"] + task, in: scratch), status: 65, says: ["choices"])
    }

    @Test func envelopesOfOneLine() throws {
        let scratch = try Scratch()
        let records = "{\"r\": [[-1, 0], [-2, 0]], \"y\": 1}, {\"r\": [[-1, 0], [-3, 0]], \"y\": 0}"
        try scratch.write("e.json", "{\"samples\": {\"arc\": [\(records)]}}")
        let task = ["--task", "multiclass", "--input", "logits"]
        let run = try eval(
            ["e.json", "--prediction-columns", "samples.arc.*.r.*.0", "--label-column", "samples.arc.*.y"] + task, in: scratch)
        expectFailure(run, status: 65, says: ["--records samples.arc"])
        let good = try eval(
            ["e.json", "--records", "samples.arc", "--prediction-columns", "r.*.0", "--label-column", "y"] + task, in: scratch)
        #expect(good.ending == .exit(0), "\(good.stderr)")
    }

    @Test func foldersOfSpark() throws {
        let scratch = try Scratch()
        try scratch.makeFolder("out")
        try scratch.write("out/_SUCCESS", "")
        try scratch.write("out/part-00000.csv", "p_cat,p_dog,label\n0.25,0.75,dog\n")
        try scratch.write("out/part-00001.csv", "p_cat,p_dog,label\n")
        try scratch.write("out/part-00002.csv", "p_cat,p_dog,label\n0.5,0.5,cat\n")
        try expectMean(["out/part-*.csv"] + Self.probabilities, in: scratch)
        expectFailure(try eval(["out/*"] + Self.probabilities, in: scratch), status: 65, says: ["out/_SUCCESS", "part-*"])
    }

    @Test func otherFormatsFromPipesAndInsideOthers() throws {
        let scratch = try Scratch()
        try scratch.write("y.npy", NPYFixture.labels([1, 0]))
        var zip = Data([0x50, 0x4B, 3, 4]) + Data(count: 22) + Data([16, 0, 0, 0]) + Data("archive/data.pkl".utf8)
        zip += Data(count: 64)
        try scratch.write("model.bin", zip)
        let options = "--labels y.npy --task multiclass --input logits"
        for command in ["cat model.bin | \"$XENT\" eval - \(options)", "gzip -c model.bin > m.gz; \"$XENT\" eval m.gz \(options)"] {
            expectFailure(try XentRun.shell(command, in: scratch), status: 65, says: ["PyTorch", "np.save"])
        }
        try scratch.write("old.csv", "(lp0\nF0.25\naF0.75\na.")
        for arguments in [
            ["eval", "old.csv", "--labels", "y.npy", "--task", "multiclass", "--input", "logits"], ["inspect", "old.csv"],
            ["pack", "old.csv", "-o", "o.npy"],
        ] {
            expectFailure(try XentRun.xent(arguments, in: scratch), status: 65, says: ["a Python pickle of protocol 0 or 1", "is not read"])
        }
        // Bytes of no format, under any name.
        try scratch.write("p.csv", Data([0xC1, 2, 0, 1, 0xFF, 0, 9, 8]))
        let unknown = try XentRun.xent(["inspect", "p.csv"], in: scratch)
        expectFailure(unknown, status: 65, says: ["with which no format begins", "CSV in UTF-8"])
        try scratch.write("m.onnx", Data([8, 8, 0x12, 7]) + Data("pytorch".utf8) + Data([0x1A, 3]) + Data("1.9".utf8))
        expectFailure(try XentRun.xent(["inspect", "m.onnx"], in: scratch), status: 65, says: ["Protocol Buffers"])
    }
}
