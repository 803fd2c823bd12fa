import Foundation
import Testing

/// Several arrays in one file: npz and safetensors.
@Suite struct ArchiveTests {
    /// p.npy, y.npy, w.npy and the same as members of archives.
    static func scratch() throws -> (Scratch, JSONDocument) {
        let (scratch, dump) = try TableTests.scratch(rowCount: 9000, columnCount: 5, seed: 61)
        let arrays = try XentRun.xent(
            ["eval", "p.npy", "--labels", "y.npy", "--weights", "w.npy", "--json", "-", "--partial", "arrays"] + TextDump.task, in: scratch
        ).json()
        let script = """
            import zipfile
            names = {"predictions.npy": "p.npy", "labels.npy": "y.npy", "sample_weight.npy": "w.npy"}
            for name, method in [("stored.npz", zipfile.ZIP_STORED), ("deflated.npz", zipfile.ZIP_DEFLATED)]:
                with zipfile.ZipFile(name, "w", method) as archive:
                    for member, path in names.items():
                        archive.write(path, member)
            # zip64, as np.savez writes every member.
            with zipfile.ZipFile("zip64.npz", "w") as archive:
                for member, path in names.items():
                    with archive.open(member, "w", force_zip64=True) as target:
                        target.write(open(path, "rb").read())
            with zipfile.ZipFile("one.npz", "w") as archive:
                archive.write("p.npy", "arr_0.npy")
            with zipfile.ZipFile("doubt.npz", "w") as archive:
                archive.write("p.npy", "arr_0.npy")
                archive.write("y.npy", "arr_1.npy")
            """
        try XentRun.tool("python3", ["-c", script], in: scratch)
        // The format's own description: the header's length, a JSON object of arrays, their bytes.
        let (values, labels, weights) = (dump.values, dump.labels, dump.weights)
        var data = Data()
        var entries: [String] = []
        func add(_ name: String, _ type: String, _ shape: [Int], _ words: [UInt64]) {
            let bytes = words.map(\.littleEndian).withUnsafeBytes { Data($0) }
            entries.append(
                "\"\(name)\": {\"dtype\": \"\(type)\", \"shape\": \(shape), \"data_offsets\": [\(data.count), \(data.count + bytes.count)]}"
            )
            data += bytes
        }
        add("labels", "I64", [labels.count], labels.map { UInt64($0) })
        add("probs", "F64", [labels.count, 5], values.map(\.bitPattern))
        add("w", "F64", [labels.count], weights.map(\.bitPattern))
        let header = Data("{\"__metadata__\": {\"by\": \"a test\"}, \(entries.joined(separator: ", "))}".utf8)
        let tensors = UInt64(header.count).littleEndian
        let file = withUnsafeBytes(of: tensors) { Data($0) } + header + data
        try scratch.write("t.safetensors", file)
        try scratch.write("t.safetensors.zst", ZstdFixture(file, pieceByteCount: 30_011).seekable)
        try scratch.write("single.safetensors.zst", ZstdFixture.singleFrame(file))
        return (scratch, arrays)
    }

    @Test func givesTheBitsOfArrays() throws {
        let (scratch, arrays) = try Self.scratch()
        for name in ["stored.npz", "deflated.npz", "zip64.npz", "t.safetensors", "t.safetensors.zst", "single.safetensors.zst"] {
            let weight = name.hasSuffix(".npz") ? "sample_weight" : "w"
            for threads in ["1", "3"] {
                let report = try XentRun.xent(
                    ["eval", name, "--weight-column", weight, "--threads", threads, "--json", "-", "--partial", "archive"] + TextDump.task,
                    in: scratch
                ).json()
                try TableTests.expectSame(report, arrays, "\(name), \(threads) threads")
                #expect(try scratch.bytes("archive") == scratch.bytes("arrays"), "\(name)")
            }
        }
    }

    /// Stored members are read in parts, by several threads: their CRC-32 holds all the same.
    @Test func damageOfAStoredMemberIsFound() throws {
        let (scratch, _) = try TableTests.scratch(rowCount: 90_000, columnCount: 5, seed: 63)
        let script = """
            import zipfile
            with zipfile.ZipFile("stored.npz", "w", zipfile.ZIP_STORED) as archive:
                for member, path in [("predictions.npy", "p.npy"), ("labels.npy", "y.npy")]:
                    archive.write(path, member)
            """
        try XentRun.tool("python3", ["-c", script], in: scratch)
        let whole = try scratch.bytes("stored.npz")
        for threads in ["1", "3"] {
            try XentRun.xent(["eval", "stored.npz", "--threads", threads] + TextDump.task, in: scratch).expectSuccess()
        }
        // The lowest bits of a prediction in the middle, of one next to the end, and a bit of a label that stays a class.
        let predictions = try scratch.bytes("p.npy").count
        for (place, member) in [(predictions / 16 * 8, "predictions"), (predictions - 64, "predictions"), (predictions + 50_000, "labels")]
        {
            var bytes = whole
            bytes[place] ^= 1
            try scratch.write("damaged.npz", bytes)
            for threads in ["1", "3"] {
                let run = try XentRun.xent(
                    ["eval", "damaged.npz", "--on-invalid", "skip", "--threads", threads] + TextDump.task, in: scratch)
                #expect(run.ending == .exit(65) && run.stdout.isEmpty, "\(place): \(run.stderr)")
                #expect(run.stderr.contains("damaged.npz: \(member)") && run.stderr.contains("checksum"), "\(run.stderr)")
            }
            if member == "predictions" {
                let run = try XentRun.xent(["pack", "damaged.npz", "-o", "packed.npy.zst"], in: scratch)
                #expect(run.ending == .exit(65) && run.stderr.contains("checksum"), "\(run.stderr)")
                #expect(!scratch.names.contains("packed.npy.zst"))
            }
        }
    }

    @Test func columnsByName() throws {
        let (scratch, arrays) = try Self.scratch()
        let named = ["--prediction-columns", "arr_0", "--label-column", "arr_1", "--weights", "w.npy", "--json", "-"]
        try TableTests.expectSame(XentRun.xent(["eval", "doubt.npz"] + named + TextDump.task, in: scratch).json(), arrays, "named")
        // An only array needs no name where the labels are elsewhere.
        let one = try XentRun.xent(
            ["eval", "one.npz", "--labels", "y.npy", "--weights", "w.npy", "--json", "-"] + TextDump.task, in: scratch)
        try TableTests.expectSame(one.json(), arrays, "one")
        // Labels of an archive for predictions elsewhere.
        let labels = try XentRun.xent(
            ["eval", "p.npy", "--labels", "stored.npz", "--weights", "w.npy", "--json", "-"] + TextDump.task, in: scratch)
        try TableTests.expectSame(labels.json(), arrays, "labels")

        let doubt = try XentRun.xent(["eval", "doubt.npz"] + TextDump.task, in: scratch)
        #expect(doubt.ending == .exit(64))
        #expect(doubt.stderr.contains("arr_0, arr_1") && doubt.stderr.contains("--prediction-columns"), "\(doubt.stderr)")
        let wrong = try XentRun.xent(["eval", "stored.npz", "--prediction-columns", "logits"] + TextDump.task, in: scratch)
        #expect(wrong.ending == .exit(64))
        #expect(wrong.stderr.contains("predictions, labels, sample_weight"), "\(wrong.stderr)")
    }

    @Test func damage() throws {
        let (scratch, _) = try Self.scratch()
        let stored = try scratch.bytes("stored.npz")
        let deflated = try scratch.bytes("deflated.npz")
        try scratch.write("cut.npz", stored.dropLast(1000))
        var flipped = deflated
        flipped[flipped.count / 3] ^= 0x10
        try scratch.write("flipped.npz", flipped)
        let tensors = try scratch.bytes("t.safetensors")
        try scratch.write("cut.safetensors", tensors.dropLast(10))
        try scratch.write("long.safetensors", tensors + Data([0]))
        for name in ["cut.npz", "flipped.npz", "cut.safetensors", "long.safetensors"] {
            let run = try XentRun.xent(["eval", name] + TextDump.task, in: scratch)
            #expect(run.ending == .exit(65), "\(name): \(run.stderr)")
            #expect(run.stderr.contains(name), "\(run.stderr)")
            #expect(run.stdout.isEmpty)
        }
    }

    @Test func inspectListsArrays() throws {
        let (scratch, _) = try Self.scratch()
        for name in ["stored.npz", "deflated.npz", "t.safetensors"] {
            let report = try XentRun.xent(["inspect", name, "--json", "-"], in: scratch).json()
            let columns = try #require(try report.list().first).list("columns")
            #expect(columns.count == 3)
            #expect(
                try columns.contains {
                    let name = try $0.text("name")
                    let type = try $0.text("element_type")
                    return try name == "labels" && type == "i8" && $0.counts("shape") == [9000]
                })
            let text = try XentRun.xent(["inspect", name], in: scratch).stdout
            #expect(text.contains("labels") && text.contains("9,000 × 5"), "\(text)")
        }
    }
}
