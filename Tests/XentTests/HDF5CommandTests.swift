import Foundation
import Testing

/// HDF5 on the command line. The files are those that scripts/make-hdf5-fixtures.py writes.
@Suite struct HDF5CommandTests {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    private static let task = ["--task", "multiclass", "--input", "logits"]

    private func scratch(_ names: String...) throws -> Scratch {
        let scratch = try Scratch()
        for name in names {
            try scratch.write(String(name.split(separator: "/").last ?? ""), Data(contentsOf: Self.tests.appending(path: name)))
        }
        return scratch
    }

    @Test func inspect() throws {
        let scratch = try scratch("EngineTests/Fixtures/hdf5/large-columns.h5", "HDF5Tests/Fixtures/refused.h5")
        let text = try XentRun.xent(["inspect", "large-columns.h5", "refused.h5"], in: scratch).stdout
        for words in [
            "format        hdf5", "logits  f4, 150,000 × 10, chunks of 12,500 × 4 in shuffle, gzip: -1.25000", "yes: any worker can read any row",
            "zstd         f4, 37 × 5, refused.h5: zstd: its chunks went through zstd, filter 32015",
        ] {
            #expect(text.contains(words), "\(text)")
        }
    }

    /// Datasets in groups are named by their paths.
    @Test func groups() throws {
        let scratch = try scratch("HDF5Tests/Fixtures/groups.h5")
        let columns = ["--prediction-columns", "val/fold0/logits", "--label-column", "val/fold0/label"]
        // The first of its four rows holds an infinity.
        let run = try XentRun.xent(["eval", "groups.h5"] + columns + Self.task + ["--on-invalid", "skip", "--json", "-"], in: scratch)
        let report = try run.json()
        #expect(try report.count("rows", "scored") == 3 && report.count("rows", "invalid") == 1)
    }

    /// A pipe, and a file that is compressed as a whole, are refused with the way out.
    @Test func pipesAndCompression() throws {
        let scratch = try scratch("EngineTests/Fixtures/hdf5/gzip.h5")
        try XentRun.tool("zstd", ["-q", "gzip.h5", "-o", "whole.h5.zst"], in: scratch)
        let piped = try XentRun.shell("cat gzip.h5 | \"$XENT\" eval - \(Self.task.joined(separator: " "))", in: scratch)
        expectFailure(piped, status: 65, says: ["standard input: this is HDF5", "from a pipe", "write it to a file first"])
        let compressed = try XentRun.xent(["eval", "whole.h5.zst"] + Self.task, in: scratch)
        expectFailure(compressed, status: 65, says: ["whole.h5.zst: this is HDF5", "decompressed"])
    }

    @Test func memory() throws {
        let scratch = try scratch("EngineTests/Fixtures/hdf5/large.h5")
        let run = try XentRun.xent(["eval", "large.h5", "--memory", "500K"] + Self.task, in: scratch)
        expectFailure(run, status: 65, says: ["large.h5: logits: its chunks are 7000 × 10", "280000", "--memory"])
    }
}
