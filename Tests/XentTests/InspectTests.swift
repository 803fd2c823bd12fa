import Foundation
import Testing

/// `xent inspect`.
@Suite struct InspectTests {
    /// The same array in every kind of file.
    static func scratch() throws -> Scratch {
        let scratch = try Scratch()
        let array = NPYFixture.floats(RandomDump.logits(rows: 100, columns: 8, seed: 41), columns: 8)
        let framed = try ZstdFixture(array, pieceByteCount: 1000)
        try scratch.write("raw.npy", array)
        try scratch.write("single.npy.zst", ZstdFixture.singleFrame(array))
        try scratch.write("stream.npy.zst", ZstdFixture.stream(array))
        try scratch.write("plain.npy.zst", framed.plain)
        try scratch.write("pzstd.npy.zst", framed.pzstd)
        try scratch.write("seekable.npy.zst", framed.seekable)
        return scratch
    }

    struct Kind: Sendable, CustomTestStringConvertible {
        let file: String
        let compression: String
        let frames: Int?
        let largestFrame: Int?
        let isShardable: Bool
        var testDescription: String { file }
    }

    static let kinds = [
        Kind(file: "raw.npy", compression: "none", frames: nil, largestFrame: nil, isShardable: true),
        Kind(file: "single.npy.zst", compression: "zstd-single-frame", frames: 1, largestFrame: 3328, isShardable: false),
        Kind(file: "stream.npy.zst", compression: "zstd-single-frame", frames: 1, largestFrame: nil, isShardable: false),
        Kind(file: "plain.npy.zst", compression: "zstd-frames", frames: 4, largestFrame: 1000, isShardable: true),
        Kind(file: "pzstd.npy.zst", compression: "zstd-pzstd", frames: 4, largestFrame: 1000, isShardable: true),
        Kind(file: "seekable.npy.zst", compression: "zstd-seekable", frames: 4, largestFrame: 1000, isShardable: true),
    ]

    @Test(arguments: kinds)
    func json(_ kind: Kind) throws {
        let scratch = try Self.scratch()
        let run = try XentRun.xent(["inspect", kind.file, "--json", "-"], in: scratch)
        let list = try run.json().list()
        #expect(run.stderr == "")
        try #require(list.count == 1)
        let found = list[0]
        #expect(try found.text("path") == kind.file)
        #expect(try found.count("bytes") == scratch.bytes(kind.file).count)
        #expect(try found.count("decoded_bytes") == 3328)
        #expect(try found.text("format") == "npy")
        #expect(try found.text("element_type") == "f4")
        #expect(try found.text("byte_order") == "little")
        #expect(try found.counts("shape") == [100, 8])
        #expect(try found.text("compression") == kind.compression)
        #expect(try found.keys().contains("frames") == (kind.frames != nil))
        if let frames = kind.frames {
            #expect(try found.count("frames") == frames)
            // The frames' own checksums, which the zstd tool writes.
            #expect(try found.boolean("has_checksums"))
        }
        #expect(try found.keys().contains("largest_frame_bytes") == (kind.largestFrame != nil))
        if let largest = kind.largestFrame { #expect(try found.count("largest_frame_bytes") == largest) }
        #expect(try found.boolean("shardable") == kind.isShardable)
        #expect(try !found.text("sharding_note").isEmpty)
        let logits = RandomDump.logits(rows: 3, columns: 8, seed: 41).map(Double.init)
        let rows = try found.list("first_rows").map { row in try (row.list().map { try $0.number() }) }
        #expect(rows == (0..<3).map { Array(logits[8 * $0..<8 * $0 + 6]) })
        #expect(try found.texts("warnings") == [])
    }

    @Test(arguments: kinds)
    func text(_ kind: Kind) throws {
        let scratch = try Self.scratch()
        let run = try XentRun.xent(["inspect", kind.file], in: scratch)
        #expect(run.ending == .exit(0))
        #expect(run.stderr == "")
        #expect(run.stdout.hasPrefix(kind.file + "\n"))
        for text in ["npy, f4, little-endian", "100 × 8", "3,328", kind.compression, kind.isShardable ? "yes: " : "no: "] {
            #expect(run.stdout.contains(text), "\(text)")
        }
        if let frames = kind.frames { #expect(run.stdout.contains("\(frames) frame")) }
    }

    @Test func labelsAndBigEndian() throws {
        let scratch = try Scratch()
        try scratch.write("y.npy", NPYFixture.labels([3, 1, 2]))
        try scratch.write("big.npy", NPYFixture.header(">i4", [2]) + Data([0, 0, 1, 0, 255, 255, 255, 254]))
        try scratch.write("none.npy", NPYFixture.header("<f2", [0, 9]))
        let found = try XentRun.xent(["inspect", "y.npy", "big.npy", "none.npy", "--json", "-"], in: scratch).json().list()
        try #require(found.count == 3)
        #expect(try found.map { try $0.text("element_type") } == ["u1", "i4", "f2"])
        #expect(try found.map { try $0.text("byte_order") } == ["none", "big", "little"])
        #expect(try found.map { try $0.counts("shape") } == [[3], [2], [0, 9]])
        #expect(try found[1].list("first_rows").map { try $0.counts() } == [[256], [-2]])
        #expect(try found[2].list("first_rows").isEmpty)
    }

    /// One bad file is reported, the others are shown, and the status is that of the first bad one.
    @Test func badOnesAmongGoodOnes() throws {
        let scratch = try Self.scratch()
        try scratch.write("bad.npy", Data([0, 1, 2, 3, 4, 5, 6, 7]))
        try scratch.write("files.txt", "raw.npy\nbad.npy\ngone.npy\nplain.npy.zst\n")
        for (arguments, status) in [
            (["raw.npy", "bad.npy", "gone.npy", "plain.npy.zst"], Int32(65)), (["gone.npy", "raw.npy", "bad.npy", "plain.npy.zst"], 66),
            (["@files.txt"], 65),
        ] {
            let run = try XentRun.xent(["inspect"] + arguments, in: scratch)
            #expect(run.ending == .exit(status))
            #expect(run.stdout.contains("raw.npy\n") && run.stdout.contains("plain.npy.zst\n"))
            #expect(!run.stdout.contains("bad.npy") && !run.stdout.contains("gone.npy"))
            #expect(run.stderr.contains("xent: bad.npy: ") && run.stderr.contains("xent: gone.npy: no such file"))
            let json = try XentRun.xent(["inspect", "--json", "-"] + arguments, in: scratch)
            #expect(json.ending == .exit(status))
            #expect(try JSONDocument(json.stdout).list().map { try $0.text("path") } == ["raw.npy", "plain.npy.zst"])
        }
    }

    @Test func onlyBadOnesLeaveStandardOutputEmpty() throws {
        let scratch = try Self.scratch()
        try scratch.makeFolder("folder")
        expectFailure(try XentRun.xent(["inspect", "gone.npy"], in: scratch), status: 66, says: ["xent: gone.npy: no such file"])
        expectFailure(try XentRun.xent(["inspect", "folder"], in: scratch), status: 66, says: ["xent: folder: ", "directory"])
    }

    @Test func jsonFile() throws {
        let scratch = try Self.scratch()
        let run = try XentRun.xent(["inspect", "raw.npy", "single.npy.zst", "--json", "found.json"], in: scratch)
        #expect(run.stdout.contains("100 × 8"))
        #expect(try JSONDocument(path: scratch.place("found.json")).list().count == 2)
    }
}
