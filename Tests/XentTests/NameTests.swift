import Foundation
import Testing

/// Names are bytes: those of columns, members, classes and tensors, and those of files.
@Suite struct NameTests {
    /// The letter é as one scalar and as two: names that Unicode holds for equivalent, and that are two all the same.
    private static let composed = "\u{E9}", decomposed = "e\u{301}"
    private static let task = ["--task", "multiclass", "--input", "probabilities"]
    private static let header = "p0,p1,label\n"

    private static func mean(_ run: XentRun) throws -> Double { try run.json().number("loss", "mean") }

    /// The labels of the one name are 0 and 1, those of the other are both 1.
    @Test func columnsThatDifferInNormalisation() throws {
        let scratch = try Scratch()
        let (a, b) = (Self.decomposed, Self.composed)
        try scratch.write("t.csv", "p0,p1,\(a),\(b)\n0.25,0.75,0,1\n0.25,0.75,1,1\n")
        try scratch.write("t.jsonl", "{\"p\":[0.25,0.75],\"\(a)\":0,\"\(b)\":1}\n{\"p\":[0.25,0.75],\"\(a)\":1,\"\(b)\":1}\n")
        let predictions = NPYFixture.floats([0.25, 0.75, 0.25, 0.75], columns: 2)
        // No dictionary: Swift takes the names for one key.
        let labels = [(a, NPYFixture.labels([0, 1])), (b, NPYFixture.labels([1, 1]))]
        try scratch.makeFolder("members")
        try scratch.write("members/p.npy", predictions)
        for (name, bytes) in labels { try scratch.write("members/\(name).npy", bytes) }
        try XentRun.tool(
            "python3",
            [
                "-c",
                """
                import zipfile
                with zipfile.ZipFile('t.npz', 'w') as z:
                    for name in ('p', '\(a)', '\(b)'):
                        z.writestr(name + '.npy', open('members/' + name + '.npy', 'rb').read())
                """,
            ], in: scratch)
        let header =
            #"{"p":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"\#(a)":{"dtype":"U8","shape":[2],"data_offsets":[16,18]},"#
            + #""\#(b)":{"dtype":"U8","shape":[2],"data_offsets":[18,20]}}"#
        var tensors = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) } + Data(header.utf8)
        tensors += predictions.suffix(16) + Data([0, 1, 1, 1])
        try scratch.write("t.safetensors", tensors)
        let both = (0.25 as Double, 0.75 as Double)
        for name in ["t.csv", "t.jsonl", "t.npz", "t.safetensors"] {
            let columns = name == "t.csv" ? "p0,p1" : "p"
            for (label, mean) in [(a, -(log(both.0) + log(both.1)) / 2), (b, -log(both.1))] {
                let run = try XentRun.xent(
                    ["eval", name, "--prediction-columns", columns, "--label-column", label, "--json", "-"] + Self.task, in: scratch)
                #expect(abs(try Self.mean(run) - mean) < 1e-7, "\(name), \(label.utf8.count) bytes: \(run.stderr)")
            }
        }
    }

    @Test func classesThatDifferInNormalisation() throws {
        let scratch = try Scratch()
        let (a, b) = (Self.decomposed, Self.composed)
        try scratch.write("t.csv", "\(a),\(b),label\n0.25,0.75,\(a)\n0.25,0.75,\(b)\n")
        try scratch.write(
            "t.jsonl", "{\"s\":{\"\(a)\":0.25,\"\(b)\":0.75},\"label\":\"\(a)\"}\n{\"s\":{\"\(a)\":0.25,\"\(b)\":0.75},\"label\":\"\(b)\"}\n")
        let mean = -(log(0.25) + log(0.75)) / 2
        for arguments in [
            ["t.csv", "--prediction-columns", "\(a),\(b)"], ["t.csv", "--prediction-columns", "\(a),\(b)", "--classes", "\(a),\(b)"],
            ["t.jsonl", "--prediction-columns", "s.\(a),s.\(b)"],
        ] {
            let run = try XentRun.xent(["eval"] + arguments + ["--label-column", "label", "--json", "-"] + Self.task, in: scratch)
            #expect(abs(try Self.mean(run) - mean) < 1e-12, "\(run.stderr)")
        }
        // The same bytes twice are one name twice.
        let twice = try XentRun.xent(["eval", "t.csv", "--classes", "\(a),\(a)"] + Self.task, in: scratch)
        expectFailure(twice, status: 64, says: ["2 times"])
    }

    /// Names of files that are not UTF-8: on the command line, by a pattern, in a list, through links, as outputs; shown escaped.
    @Test func filesThatAreNotUTF8() throws {
        let scratch = try Scratch()
        try scratch.write("t.csv", Self.header + "0.5,0.5,0\n0.25,0.75,1\n")
        let task = Self.task.joined(separator: " ")
        let expected = try XentRun.shell("\"$XENT\" eval t.csv \(task) --quiet", in: scratch).stdout
        let make = "name=$(printf 'caf\\351.csv'); cp t.csv \"$name\"; printf 'caf\\351.csv\\n' > list; ln -sf \"$name\" link"
        for input in ["\"$name\"", "'caf*'", "@list", "link", "./\"$name\""] {
            let run = try XentRun.shell("\(make); \"$XENT\" eval \(input) \(task) --quiet", in: scratch)
            #expect(run.stdout == expected, "\(input): \(run.stderr)")
        }
        let outputs = try XentRun.shell(
            """
            \(make); "$XENT" eval "$name" \(task) --quiet --json "$(printf 'j\\377')" --per-row "$(printf 'r\\377.npy')" \
            --partial "$(printf 's\\377')" && "$XENT" pack "$name" -o "$(printf 'o\\377.npy.zst')" --quiet && ls | od -c | grep -c 377
            """, in: scratch)
        #expect(outputs.ending == .exit(0), "\(outputs.stderr)")
        #expect(outputs.stdout.contains("4"), "\(outputs.stdout)")
        let report = try XentRun.shell("\(make); \"$XENT\" eval \"$name\" \(task) --json -", in: scratch)
        #expect(report.stdout.contains(#""caf\\xe9.csv""#), "\(report.stdout)")
        expectFailure(
            try XentRun.shell("\"$XENT\" eval \"$(printf 'no\\351.csv')\" \(task)", in: scratch), status: 66, says: ["xent: no\\xe9.csv: no such"])
        expectFailure(
            try XentRun.shell("\(make); \"$XENT\" eval \"$name\" \(task) --json link", in: scratch), status: 64, says: ["caf\\xe9.csv"])
    }

    /// Names in a list that end in a space, or hold what some take for the end of a line.
    @Test func namesInLists() throws {
        let scratch = try Scratch()
        for (number, name) in ["a b .csv ", "a\u{2028}b.csv", "a\u{85}b.csv", "a\u{B}b.csv", " c.csv", "d\r", "\u{10FFE9}.csv"].enumerated() {
            try scratch.write(name, Self.header + "0.\(number + 1),0.\(9 - number),0\n")
            for end in ["\n", "\r\n", ""] where !(name.hasSuffix("\r") && end != "\n") {
                try scratch.write("list", name + end)
                let run = try XentRun.xent(["eval", "@list", "--json", "-"] + Self.task, in: scratch)
                #expect(abs(try Self.mean(run) + log(0.1 * Double(number + 1))) < 1e-12, "\(name.utf8.map { $0 }): \(run.stderr)")
            }
        }
        // Blanks around a name that no file has with them are left out, as before.
        try scratch.write("t.csv", Self.header + "0.5,0.5,0\n")
        try scratch.write("list", "  t.csv \t\r\n\n")
        try XentRun.xent(["eval", "@list"] + Self.task, in: scratch).expectSuccess()
        try scratch.write("list", Data([0x74, 0, 0x2E, 0]))
        expectFailure(try XentRun.xent(["eval", "@list"] + Self.task, in: scratch), status: 65, says: ["list: the list is no text"])
    }
}
