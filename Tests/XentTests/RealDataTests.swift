import Foundation
import GoldenCases
import Testing

/// Predictions of published models, where a copy is at hand: the folder in XENT_REAL, or ../shared/real beside the repository.
@Suite(
    .enabled(
        if: FileManager.default.fileExists(atPath: Repository.real + "/truth.json"), "there are no real predictions here: set XENT_REAL"))
struct RealDataTests {
    @Test(arguments: ["lenet5-cifar10", "wideresnet-cifar100"])
    func meansAreTrue(name: String) throws {
        let scratch = try Scratch()
        let truth = try JSONDocument(path: Repository.real + "/truth.json")
        // An .npz is a zip of .npy files.
        try XentRun.tool(
            "python3", ["-c", "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall('.')", Repository.real + "/\(name).npz"],
            in: scratch)
        let predictions = try scratch.bytes("predictions.npy")
        let framed = try ZstdFixture(predictions, pieceByteCount: 65536)
        try scratch.write("plain.npy.zst", framed.plain)
        try scratch.write("seekable.npy.zst", framed.seekable)
        try scratch.write("labels.npy.zst", try ZstdFixture(scratch.bytes("ground_truth.npy"), pieceByteCount: 10007).plain)

        for (file, labels) in [
            ("predictions.npy", "ground_truth.npy"), ("plain.npy.zst", "ground_truth.npy"), ("seekable.npy.zst", "labels.npy.zst"),
        ] {
            let report = try XentRun.xent(
                ["eval", file, "--labels", labels, "--task", "multiclass", "--input", truth.text(name, "input"), "--json", "-"], in: scratch
            ).json()
            #expect(try report.hexadecimal("loss", "mean_hex").ulpDistance(to: truth.hexadecimal(name, "mean_hex")) <= 1, "\(file)")
            #expect(try report.hexadecimal("loss", "sum_hex").ulpDistance(to: truth.hexadecimal(name, "sum_hex")) <= 1, "\(file)")
            #expect(try report.number("accuracy") == truth.number(name, "accuracy"), "\(file)")
            #expect(try report.count("rows", "scored") == truth.count(name, "rows"), "\(file)")
            #expect(try report.count("classes") == truth.count(name, "classes"), "\(file)")
        }
    }

    /// As they are published: several arrays in an archive, a table with text in it.
    @Test func filesAsTheyAre() throws {
        let scratch = try Scratch()
        let truth = try JSONDocument(path: Repository.real + "/truth.json")
        for name in ["lenet5-cifar10", "wideresnet-cifar100"] {
            let report = try XentRun.xent(
                ["eval", Repository.real + "/\(name).npz", "--task", "multiclass", "--input", truth.text(name, "input"), "--json", "-"],
                in: scratch
            ).json()
            #expect(try report.hexadecimal("loss", "mean_hex").ulpDistance(to: truth.hexadecimal(name, "mean_hex")) <= 1, "\(name)")
            #expect(try report.count("rows", "scored") == truth.count(name, "rows"), "\(name)")
        }
        let name = "march-madness-in-game"
        let report = try XentRun.xent(
            [
                "eval", Repository.real + "/\(name).csv", "--task", "binary", "--input", truth.text(name, "input"), "--prediction-columns",
                truth.text(name, "prediction_column"), "--label-column", truth.text(name, "label_column"), "--json", "-",
            ], in: scratch
        ).json()
        #expect(try report.hexadecimal("loss", "mean_hex").ulpDistance(to: truth.hexadecimal(name, "mean_hex")) <= 1)
        #expect(try report.count("rows", "scored") == truth.count(name, "rows"))
    }
}
