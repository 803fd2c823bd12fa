import Foundation
import Testing

/// Identifiers that are arrays of archives, by which rows of different files belong together.
@Suite struct ArrayIdentifierTests {
    static let task = ["--task", "binary", "--input", "probabilities"]
    private static let scores = [0.8, 0.4, 0.3]
    private static let mean = (-log(0.8) - log(0.6) - log(0.7)) / 3

    /// An array of NumPy's `U4` (big-endian as `>U4`) or `S2`.
    private static func strings(_ values: [String], _ type: String) -> Data {
        var bytes = Data()
        for value in values {
            if type.contains("U") {
                for index in 0..<4 {
                    let scalars = Array(value.unicodeScalars)
                    let scalar = index < scalars.count ? scalars[index].value : 0
                    let stored = type.hasPrefix(">") ? scalar.bigEndian : scalar.littleEndian
                    withUnsafeBytes(of: stored) { bytes.append(contentsOf: $0) }
                }
            } else {
                bytes.append(contentsOf: Array(value.utf8) + [UInt8](repeating: 0, count: 2 - value.utf8.count))
            }
        }
        return NPYFixture.header(type, [values.count]) + bytes
    }

    private static func archive(_ name: String, _ arrays: [(String, Data)], isDeflated: Bool = false, in scratch: Scratch) throws {
        for (member, bytes) in arrays { try scratch.write("\(member).npy", bytes) }
        let script =
            "import zipfile, sys\nwith zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_\(isDeflated ? "DEFLATED" : "STORED")) as archive:\n"
            + "    [archive.write(name) for name in sys.argv[2:]]"
        try XentRun.tool("python3", ["-c", script, name] + arrays.map { $0.0 + ".npy" }, in: scratch).expectSuccess()
    }

    /// Predictions and labels with identifiers of several types, the labels in the given order.
    private static func write(_ order: [Int], in scratch: Scratch) throws {
        let labels: [UInt8] = [1, 0, 0]
        let numbers: [Int64] = [7, -8, 9000], names = ["a", "ü", "lang"]
        let own = order.map { labels[$0] }
        for isDeflated in [false, true] {
            let suffix = isDeflated ? "-deflated" : ""
            try archive(
                "p\(suffix).npz",
                [
                    ("score", NPYFixture.doubles(scores)), ("id", NPYFixture.wideLabels(numbers)), ("name", strings(names, "<U4")),
                ], isDeflated: isDeflated, in: scratch)
            try archive(
                "y\(suffix).npz",
                [
                    ("label", NPYFixture.labels(own)), ("id", NPYFixture.wideLabels(order.map { numbers[$0] })),
                    ("name", strings(order.map { names[$0] }, ">U4")),
                ], isDeflated: isDeflated, in: scratch)
        }
        try scratch.write("p.csv", "id,name,score\n" + (0..<3).map { "\(numbers[$0]),\(names[$0]),\(scores[$0])\n" }.joined())
        try scratch.write("y.csv", "id,name,label\n" + order.map { "\(numbers[$0]),\(names[$0]),\(labels[$0])\n" }.joined())
    }

    @Test("Numbers and strings of archives are compared with those of archives and of text, and named in the report")
    func compares() throws {
        let scratch = try Scratch()
        for (order, isSame) in [([0, 1, 2], true), ([0, 2, 1], false)] {
            try Self.write(order, in: scratch)
            for predictions in ["p.npz", "p-deflated.npz", "p.csv"] {
                for labels in ["y.npz", "y-deflated.npz", "y.csv"] {
                    let eval = ["eval", predictions, "--labels", labels] + Self.task
                    let run = try XentRun.xent(eval + ["--json", "-", "--threads", "3"], in: scratch)
                    guard isSame else {
                        #expect(run.ending == .exit(65) && run.stderr.contains("--join id"), "\(run.stderr)")
                        #expect(run.stderr.contains("-8") && run.stderr.contains("9000"), "\(run.stderr)")
                        let name = try XentRun.xent(eval + ["--id-column", "name"], in: scratch)
                        #expect(name.ending == .exit(65) && name.stderr.contains("'lang'"), "\(name.stderr)")
                        continue
                    }
                    #expect(abs(try run.json().number("loss", "mean") - Self.mean) < 1e-15)
                    #expect(try run.json().texts("columns", "identifiers") == ["id", "name"])
                }
            }
        }
    }

    @Test("--join looks labels of archives up, by numbers and by strings; one that is there twice is an error")
    func joins() throws {
        let scratch = try Scratch()
        try Self.write([2, 0, 1], in: scratch)
        for predictions in ["p.npz", "p-deflated.npz", "p.csv"] {
            for labels in ["y.npz", "y-deflated.npz", "y.csv"] {
                for name in ["id", "name"] {
                    let run = try XentRun.xent(
                        ["eval", predictions, "--labels", labels, "--join", name, "--json", "-"] + Self.task, in: scratch)
                    #expect(abs(try run.json().number("loss", "mean") - Self.mean) < 1e-15, "\(predictions) \(labels) \(name)")
                    #expect(try run.json().texts("columns", "identifiers") == [name])
                }
            }
        }
        try Self.archive(
            "twice.npz", [("label", NPYFixture.labels([0, 1, 1])), ("id", NPYFixture.wideLabels([7, -8, 7]))], in: scratch)
        let twice = try XentRun.xent(["eval", "p.npz", "--labels", "twice.npz", "--join", "id"] + Self.task, in: scratch)
        #expect(twice.ending == .exit(65) && twice.stderr.contains("id 7 is there twice"), "\(twice.stderr)")
    }

    @Test("What cannot be compared is told; where it was named, it is an error. Arrays that are not one value a row are none")
    func notCompared() throws {
        let scratch = try Scratch()
        try Self.archive("p.npz", [("score", NPYFixture.doubles(Self.scores)), ("id", NPYFixture.wideLabels([1, 2, 3]))], in: scratch)
        for (array, code) in [
            (NPYFixture.doubles([1, 2, 3]), "identifiers-not-compared"),
            (NPYFixture.header("|O", [3]) + Data([0x80, 0x04]), "identifiers-not-compared"),
            (NPYFixture.wideLabels([1, 2]), nil),
        ] as [(Data, String?)] {
            try Self.archive("y.npz", [("label", NPYFixture.labels([1, 0, 0])), ("id", array)], in: scratch)
            let report = try XentRun.xent(["eval", "p.npz", "--labels", "y.npz", "--json", "-"] + Self.task, in: scratch).json()
            #expect(try report.list("notices").map { try $0.text("code") } == (code.map { [$0] } ?? []))
            for option in ["--id-column", "--join"] {
                let run = try XentRun.xent(["eval", "p.npz", "--labels", "y.npz", option, "id"] + Self.task, in: scratch)
                #expect(run.ending == .exit(64) && run.stderr.contains("y.npz: id cannot be compared"), "\(run.stderr)")
            }
        }
        let unknown = try XentRun.xent(["eval", "p.npz", "--labels", "y.npz", "--id-column", "nope"] + Self.task, in: scratch)
        #expect(unknown.ending == .exit(64) && unknown.stderr.contains("'nope'"), "\(unknown.stderr)")
    }

    @Test("The memory of --join counts against --memory, and the error says how much is needed")
    func memory() throws {
        let scratch = try Scratch()
        let count = 20_000
        try Self.archive(
            "p.npz",
            [
                ("score", NPYFixture.doubles([Double](repeating: 0.5, count: count))),
                ("id", NPYFixture.wideLabels((0..<count).map { Int64($0) })),
            ], in: scratch)
        try Self.archive(
            "y.npz",
            [
                ("label", NPYFixture.labels([UInt8](repeating: 1, count: count))),
                ("id", NPYFixture.wideLabels((0..<count).reversed().map { Int64($0) })),
            ], in: scratch)
        try scratch.write("y.csv", "id,label\n" + (0..<count).reversed().map { "\($0),1\n" }.joined())
        // A label, a hash, and 65,536 slots of four bytes.
        for (labels, needed) in [("y.npz", 20_000 * 9 + 4 * 65_536), ("y.csv", 20_000 * 16 + 4 * 65_536)] {
            for threads in ["1", "4"] {
                let run = try XentRun.xent(
                    ["eval", "p.npz", "--labels", labels, "--join", "id", "--memory", "256K", "--threads", threads] + Self.task,
                    in: scratch)
                #expect(
                    run.ending == .exit(64) && run.stderr.contains("20000 labels to be looked up by id take \(needed) bytes")
                        && run.stderr.contains("262144 are allowed") && run.stderr.contains("--memory"), "\(run.stderr)")
            }
            let run = try XentRun.xent(
                ["eval", "p.npz", "--labels", labels, "--join", "id", "--memory", "\(needed)", "--verbose"] + Self.task, in: scratch)
            #expect(run.ending == .exit(0) && run.stderr.contains("20000 labels to look up take \(needed) bytes"), "\(run.stderr)")
        }
    }
}
