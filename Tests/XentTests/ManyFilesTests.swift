import Foundation
import Testing

/// Files whose rows follow one another.
@Suite struct ManyFilesTests {
    static let rows = 1200

    /// p.npy and y.npy, and the same rows cut into p-0, p-1, p-2 (one of them compressed) and into four files of labels, cut elsewhere.
    static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        let logits = RandomDump.logits(rows: rows, columns: 5, seed: 31)
        let labels = RandomDump.labels(rows: rows, classes: 5, seed: 32)
        try scratch.write("p.npy", NPYFixture.floats(logits, columns: 5))
        try scratch.write("y.npy", NPYFixture.labels(labels))
        for (number, range) in [0..<500, 500..<501, 501..<1200].enumerated() {
            let bytes = NPYFixture.floats(Array(logits[5 * range.lowerBound..<5 * range.upperBound]), columns: 5)
            if number == 2 {
                try scratch.write("p-2.npy.zst", ZstdFixture(bytes, pieceByteCount: 777).pzstd)
            } else {
                try scratch.write("p-\(number).npy", bytes)
            }
            try scratch.write("z-\(number).npy", NPYFixture.labels(Array(labels[range])))
        }
        for (number, range) in [0..<3, 3..<800, 800..<1000, 1000..<1200].enumerated() {
            let bytes = NPYFixture.labels(Array(labels[range]))
            if number == 1 {
                try scratch.write("y-1.npy.zst", ZstdFixture(bytes, pieceByteCount: 100).plain)
            } else {
                try scratch.write("y-\(number).npy", bytes)
            }
        }
        return scratch
    }

    static let predictions = ["p-0.npy", "p-1.npy", "p-2.npy.zst"]
    static let labels = ["y-0.npy", "y-1.npy.zst", "y-2.npy", "y-3.npy"]

    @Test func giveTheSameAsOne() throws {
        let scratch = try Self.scratch()
        let one = try XentRun.xent(SmallDump.eval + ["--json", "-", "--per-row", "one.npy", "--partial", "one.partial"], in: scratch).json()
        try scratch.write("p.txt", Self.predictions.joined(separator: "\n") + "\n")
        try scratch.write("y.txt", "\n  y-0.npy  \r\ny-1.npy.zst\n\n\ty-2.npy\ny-3.npy")
        for (predictions, labels) in [
            (Self.predictions, ["y.npy"]), (["p.npy"], Self.labels), (Self.predictions, Self.labels),
            (Self.predictions, ["z-0.npy", "z-1.npy", "z-2.npy"]), (["@p.txt"], ["@y.txt"]),
            (["p-0.npy", "p-1.npy"] + ["p-2.npy.zst"], ["@y.txt"]),
        ] {
            let many = try XentRun.xent(
                ["eval"] + predictions + ["--labels"] + labels + ["--json", "-", "--per-row", "many.npy", "--partial", "many.partial"]
                    + SmallDump.task, in: scratch
            ).json()
            #expect(try many.without("inputs", "run") == one.without("inputs", "run"), "\(predictions) \(labels)")
            #expect(try scratch.bytes("many.npy") == scratch.bytes("one.npy"), "\(predictions) \(labels)")
            #expect(try scratch.bytes("many.partial") == scratch.bytes("one.partial"), "\(predictions) \(labels)")
        }
    }

    @Test func inputsAreListedInOrder() throws {
        let scratch = try Self.scratch()
        let run = try XentRun.xent(
            ["eval"] + Self.predictions + ["--labels"] + Self.labels + ["--json", "-"] + SmallDump.task, in: scratch)
        let inputs = try run.json().list("inputs")
        #expect(try inputs.map { try $0.text("path") } == Self.predictions + Self.labels)
        #expect(
            try inputs.map { try $0.text("role") } == ["predictions", "predictions", "predictions", "labels", "labels", "labels", "labels"])
        #expect(try inputs[2].text("compression").hasPrefix("zstd"))
    }

    /// A bad row is named by its file and its number there.
    @Test func rowsAreNumberedInTheirFile() throws {
        let scratch = try Self.scratch()
        var labels = RandomDump.labels(rows: Self.rows, classes: 5, seed: 32)
        labels[504] = 5
        try scratch.write("y.npy", NPYFixture.labels(labels))
        let arguments = ["eval"] + Self.predictions + ["--labels", "y.npy"] + SmallDump.task
        expectFailure(
            try XentRun.xent(arguments, in: scratch), status: 65, says: ["xent: y.npy: row 504: label 5 is outside 0..<5"])
        let report = try XentRun.xent(arguments + ["--on-invalid", "skip", "--json", "-"], in: scratch).json()
        #expect(try report.list("rows", "first_invalid").map { try $0.text("path") } == ["y.npy"])
        #expect(try report.list("rows", "first_invalid").map { try $0.count("row") } == [504])
    }

    /// As many files of either kind belong together one by one.
    @Test func pairsOfDifferentLengths() throws {
        let scratch = try Self.scratch()
        let run = try XentRun.xent(
            ["eval", "p-0.npy", "p-1.npy", "--labels", "z-1.npy", "z-0.npy"] + SmallDump.task, in: scratch)
        expectFailure(run, status: 65, says: ["xent: z-1.npy: ", "1 label for", "500 rows of p-0.npy", "same order"])
    }
}
