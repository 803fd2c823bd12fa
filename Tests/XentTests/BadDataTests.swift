import Foundation
import Testing

/// Statuses 65 and 66: what bad input gets. Always with every output asked for, none of which may be left.
@Suite struct BadDataTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var status: Int32 = 65
        var task = SmallDump.task
        /// Replaces p.npy or y.npy, or adds files.
        let change: @Sendable (Scratch) throws -> Void
        var predictions = ["p.npy"]
        var labels = ["y.npy"]
        let says: [String]
    }

    static let binary = ["--task", "binary", "--input", "probabilities"]

    static let cases = [
        Case(
            testDescription: "label out of range", change: { try $0.write("y.npy", NPYFixture.labels([2, 0, 1, 3, 0, 2])) },
            says: ["y.npy: row 3: ", "label 3 is outside 0..<3", "--on-invalid skip"]),
        Case(
            testDescription: "negative label", change: { try $0.write("y.npy", NPYFixture.wideLabels([2, 0, 1, 0, -1, 2])) },
            says: ["y.npy: row 4: ", "label -1 is outside 0..<3", "--on-invalid skip"]),
        Case(
            testDescription: "fractional label", change: { try $0.write("y.npy", NPYFixture.doubles([2, 0.5, 1, 0, 1, 2])) },
            says: ["y.npy: row 1: ", "label 0.5", "0..<3"]),
        Case(
            testDescription: "the first of several bad rows",
            change: { try $0.write("y.npy", NPYFixture.labels([2, 7, 1, 9, 0, 8])) }, says: ["row 1: ", "label 7"]),
        Case(
            testDescription: "NaN",
            change: { scratch in
                var logits = SmallDump.logits
                logits[3 * 5 + 1] = .nan
                try scratch.write("p.npy", NPYFixture.floats(logits, columns: 3))
            }, says: ["p.npy: row 5: ", "column 1", "nan", "--on-invalid skip"]),
        Case(
            testDescription: "probability above 1", task: ["--task", "multiclass", "--input", "probabilities"],
            change: { try $0.write("p.npy", NPYFixture.floats([0, 0, 1, 1.5, 0, 0] + [Float](repeating: 0.5, count: 12), columns: 3)) },
            says: ["p.npy: row 1: ", "column 0", "1.5", "[0, 1]", "--input"]),
        Case(
            testDescription: "negative probability", task: binary,
            change: {
                try $0.write("p.npy", NPYFixture.doubles([0, 1, 0.5, -0.25, 0, 0]))
                try $0.write("y.npy", NPYFixture.labels([0, 1, 1, 1, 0, 0]))
            },
            says: ["p.npy: row 3: ", "-0.25", "[0, 1]"]),
        Case(
            testDescription: "binary label 2", task: binary,
            change: {
                try $0.write("p.npy", NPYFixture.doubles([0, 1, 0.5, 0.25, 0, 0]))
                try $0.write("y.npy", NPYFixture.labels([0, 1, 2, 1, 0, 0]))
            },
            says: ["y.npy: row 2: ", "label 2 is neither 0 nor 1"]),
        Case(
            testDescription: "log-probability above 0", task: ["--task", "multiclass", "--input", "log-probabilities"], change: { _ in },
            says: ["p.npy: row 0: ", "column 2", "2.0", "above 0", "--input"]),
        Case(
            testDescription: "fewer labels", change: { try $0.write("y.npy", NPYFixture.labels([0, 1, 2, 0, 1])) },
            says: ["y.npy: ", "5 labels", "6 rows", "p.npy"]),
        Case(
            testDescription: "more labels", change: { try $0.write("y.npy", NPYFixture.labels([0, 1, 2, 0, 1, 2, 0])) },
            says: ["y.npy: ", "7 labels", "6 rows", "p.npy"]),
        Case(
            testDescription: "two labels a row",
            change: { try $0.write("y.npy", NPYFixture.header("|u1", [6, 2]) + Data(count: 12)) }, says: ["y.npy: ", "(6, 2)", "(N,)"]),
        Case(
            testDescription: "predictions and labels exchanged", change: { _ in }, predictions: ["y.npy"], labels: ["p.npy"],
            says: ["y.npy: ", "u1", "exchanged"]),
        Case(
            testDescription: "one value a row for many classes", change: { try $0.write("p.npy", NPYFixture.floats([1, 2, 3, 4, 5, 6])) },
            says: ["p.npy: ", "(6,)", "binary"]),
        Case(
            testDescription: "many values a row for a binary task", task: binary, change: { _ in },
            says: ["p.npy: ", "(6, 3)", "multiclass"]),
        Case(
            testDescription: "files of different widths",
            change: {
                try $0.write("q.npy", NPYFixture.floats([1, 2, 3, 4], columns: 2))
                try $0.write("z.npy", NPYFixture.labels([0, 1]))
            }, predictions: ["p.npy", "q.npy"], labels: ["y.npy", "z.npy"], says: ["q.npy: ", "2 values a row", "p.npy has 3"]),
        Case(testDescription: "empty file", change: { try $0.write("p.npy", Data()) }, says: ["p.npy", "empty"]),
        Case(testDescription: "empty labels file", change: { try $0.write("y.npy", Data()) }, says: ["y.npy", "empty"]),
        Case(
            testDescription: "zero rows",
            change: {
                try $0.write("p.npy", NPYFixture.floats([], columns: 3))
                try $0.write("y.npy", NPYFixture.labels([]))
            },
            says: ["p.npy: ", "no rows"]),
        Case(
            testDescription: "noise instead of an array", change: { try $0.write("p.npy", Data([0, 1, 2, 3, 4, 5, 6, 7])) },
            says: ["p.npy: ", "np.save"]),
        Case(
            testDescription: "wrong magic",
            change: { scratch in
                var bytes = try scratch.bytes("p.npy")
                bytes[1] ^= 0x20
                try scratch.write("p.npy", bytes)
            }, says: ["p.npy: ", "no format begins", "93 6e 55 4d 50 59"]),
        Case(
            testDescription: "objects", change: { try $0.write("p.npy", NPYFixture.header("|O", [6, 3]) + Data(count: 72)) },
            says: ["p.npy: ", "|O", "object"]),
        Case(
            testDescription: "complex numbers", change: { try $0.write("p.npy", NPYFixture.header("<c8", [6, 3]) + Data(count: 144)) },
            says: ["p.npy: ", "<c8"]),
        Case(
            testDescription: "header that promises more rows",
            change: { try $0.write("p.npy", NPYFixture.header("<f4", [7, 3]) + Data(count: 72)) }, says: ["p.npy: ", "6 of the 7 rows"]),
        Case(
            testDescription: "header that promises fewer rows",
            change: { try $0.write("p.npy", NPYFixture.header("<f4", [6, 3]) + Data(count: 84)) },
            says: ["p.npy: ", "12 bytes follow", "6 rows"]),
        Case(
            testDescription: "header that promises more than there can be",
            change: { try $0.write("p.npy", NPYFixture.header("<f4", [4_611_686_018_427_387_904, 3]) + Data(count: 72)) }, says: ["p.npy: "]
        ),
        Case(
            testDescription: "frame that claims terabytes",
            change: {
                // 2^20 rows of 2^20 values: 4 TiB.
                try $0.write("p.npy", ZstdFixture.hostile(NPYFixture.header("<f4", [1 << 20, 1 << 20]), claiming: 128 + (1 << 42)))
                try $0.writeZeros("y.npy", after: NPYFixture.header("|u1", [1 << 20]), byteCount: 1 << 20)
            }, says: ["p.npy"]),
        Case(
            testDescription: "missing predictions", status: 66, change: { _ in }, predictions: ["gone.npy"],
            says: ["gone.npy: ", "no such file"]),
        Case(testDescription: "missing labels", status: 66, change: { _ in }, labels: ["gone.npy"], says: ["gone.npy: ", "no such file"]),
        Case(
            testDescription: "second of two missing", status: 66, change: { _ in }, predictions: ["p.npy", "gone.npy"],
            says: ["gone.npy: ", "no such file"]),
        Case(
            testDescription: "directory", status: 66, change: { try $0.makeFolder("folder") }, predictions: ["folder"],
            says: ["folder: ", "directory"]),
        Case(
            testDescription: "labels are a directory", status: 66, change: { try $0.makeFolder("folder") }, labels: ["folder"],
            says: ["folder: "]),
        Case(testDescription: "missing list", status: 66, change: { _ in }, predictions: ["@gone.txt"], says: ["gone.txt: "]),
        Case(
            testDescription: "list is a directory", status: 66, change: { try $0.makeFolder("folder") }, predictions: ["@folder"],
            says: ["folder: "]),
    ]

    @Test(arguments: cases)
    func isReportedAndLeavesNothing(_ bad: Case) throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        try bad.change(scratch)
        let before = scratch.names
        // No case needs much memory, whatever its file claims.
        let words = ["eval"] + bad.predictions + ["--labels"] + bad.labels + bad.task + Self.outputs
        let run = try XentRun.shell("ulimit -v 4000000; exec \"$XENT\" " + words.map { "'\($0)'" }.joined(separator: " "), in: scratch)
        expectFailure(run, status: bad.status, says: bad.says)
        #expect(run.stderr.hasPrefix("xent: "))
        // One message, in one line.
        #expect(run.stderr.filter { $0 == "\n" }.count == 1, "\(run.stderr)")
        #expect(scratch.names == before)
    }

    static let outputs = ["--per-row", "rows.npy", "--partial", "all.partial", "--json", "report.json"]

    /// Where the whole of the file is needed, a shorter one is always found out.
    @Test func truncatedAnywhere() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        let raw = try scratch.bytes("p.npy")
        let framed = try ZstdFixture(raw, pieceByteCount: 50)
        for (name, whole) in [("p.npy", raw), ("p.npy.zst", framed.plain), ("s.npy.zst", framed.seekable), ("z.npy.zst", framed.pzstd)] {
            for byteCount in stride(from: 0, to: whole.count, by: 23) {
                try scratch.write(name, whole.prefix(byteCount))
                let before = scratch.names
                let run = try XentRun.xent(["eval", name, "--labels", "y.npy"] + SmallDump.task + Self.outputs, in: scratch)
                expectFailure(run, status: 65, says: [name])
                #expect(scratch.names == before, "\(name) cut to \(byteCount) bytes")
            }
        }
    }

    /// A flipped bit in a frame is found by its checksum; the message names the frame and its byte.
    @Test func flippedBitInAnyFrame() throws {
        let scratch = try Scratch()
        // Floats without pattern, which zstd stores as they are.
        let rows = 200
        try scratch.write("y.npy", NPYFixture.labels(RandomDump.labels(rows: rows, classes: 5, seed: 3)))
        let framed = try ZstdFixture(NPYFixture.floats(RandomDump.logits(rows: rows, columns: 5, seed: 2), columns: 5), pieceByteCount: 600)
        try #require(framed.frames.count == 7)
        for index in framed.frames.indices {
            let start = framed.byteOffset(ofFrame: index)
            for bytes in [framed.plain, framed.seekable] {
                var damaged = bytes
                damaged[start + framed.frames[index].count - 100] ^= 4
                try scratch.write("p.npy.zst", damaged)
                let run = try XentRun.xent(["eval", "p.npy.zst", "--labels", "y.npy"] + SmallDump.task + Self.outputs, in: scratch)
                expectFailure(run, status: 65, says: ["p.npy.zst", "frame \(index) at byte \(start)"])
                #expect(scratch.names == ["p.npy.zst", "y.npy"])
            }
        }
    }

    /// The row's frame and its byte stand in the message.
    @Test func invalidRowInAFrame() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        var logits = SmallDump.logits
        logits[13] = .nan
        try scratch.write("p.npy", NPYFixture.floats(logits, columns: 3))
        let framed = try ZstdFixture(scratch.bytes("p.npy"), pieceByteCount: 60)
        try scratch.write("p.npy.zst", framed.seekable)
        let run = try XentRun.xent(["eval", "p.npy.zst", "--labels", "y.npy"] + SmallDump.task, in: scratch)
        // Row 4 begins at decoded byte 128 + 48, in the frame of bytes 120 to 179.
        expectFailure(
            run, status: 65,
            says: ["p.npy.zst: frame 2 at byte \(framed.byteOffset(ofFrame: 2)): row 4: ", "column 1", "nan", "--on-invalid skip"])
    }

    /// A window above the limit is refused, and the message says which option raises it.
    @Test func largeWindow() throws {
        let scratch = try Scratch()
        try SmallDump.write(to: scratch)
        try XentRun.tool("sh", ["-c", "cat p.npy | zstd -q -c --long=28 > p.npy.zst"], in: scratch)
        let arguments = ["eval", "p.npy.zst", "--labels", "y.npy"] + SmallDump.task
        expectFailure(try XentRun.xent(arguments, in: scratch), status: 65, says: ["p.npy.zst", "268435456", "--memory"])
        let raised = try XentRun.xent(arguments + ["--memory", "256M", "--quiet"], in: scratch)
        #expect(try raised.stdout == XentRun.xent(SmallDump.eval + ["--quiet"], in: scratch).stdout)
    }
}
