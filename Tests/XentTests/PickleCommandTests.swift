import Foundation
import Testing

/// Files of PyTorch and pickles on the command line. The files are those that scripts/make-pickle-fixtures.py writes.
@Suite struct PickleCommandTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "EngineTests/Fixtures/pickles")

    private static let task = ["--task", "multiclass", "--input", "logits"]

    private func scratch(_ names: String...) throws -> Scratch {
        let scratch = try Scratch()
        for name in names {
            try scratch.write(String(name.split(separator: "/").last ?? ""), Data(contentsOf: Self.fixtures.appending(path: name)))
        }
        return scratch
    }

    /// Nothing that a pickle names is called, neither by evaluating nor by looking at it nor by packing.
    @Test(arguments: ["system.pt", "system.pkl", "system-legacy.pt", "system-3.pkl"]) func nothingIsCalled(name: String) throws {
        let scratch = try scratch("refused/" + name)
        for arguments in [["eval", name] + Self.task, ["pack", name, "-o", "out.npy.zst"]] {
            let run = try XentRun.xent(arguments, in: scratch)
            expectFailure(run, status: 65, says: [name, "posix.system", "at byte", "it was not called"])
        }
        let run = try XentRun.xent(["inspect", name], in: scratch)
        run.expectSuccess()
        #expect(run.stdout.contains("posix.system at byte") && run.stdout.contains("eval refuses the file"), "\(run.stdout)")
        #expect(run.stdout.contains("logits"))
        #expect(scratch.names == [name])
    }

    @Test func inspectShowsTensors() throws {
        let scratch = try scratch("row-stride.pt", "no-checksum.pt")
        let text = try XentRun.xent(["inspect", "row-stride.pt"], in: scratch).stdout
        for words in [
            "format        pytorch", "logits  f4, 60 × 5, strides (9, 1), storage 0 from element 29 on", "torch._utils._rebuild_tensor_v2",
        ] {
            #expect(text.contains(words), "\(text)")
        }
        #expect(try XentRun.xent(["inspect", "no-checksum.pt"], in: scratch).stdout.contains("without a checksum"))
    }

    /// Predictions and labels are found by their names, also inside others, or named.
    @Test func namesOfColumns() throws {
        let scratch = try scratch("dict.pt", "nested.pt", "tuple.pt", "numpy-4.pkl")
        let whole = try XentRun.xent(["eval", "dict.pt", "--json", "-"] + Self.task, in: scratch).json()
        for arguments in [
            ["nested.pt", "--prediction-columns", "val.logits", "--label-column", "val.label"],
            ["tuple.pt", "--prediction-columns", "0", "--label-column", "1"], ["numpy-4.pkl"],
        ] {
            let other = try XentRun.xent(["eval"] + arguments + ["--json", "-"] + Self.task, in: scratch).json()
            #expect(try other.text("loss", "mean_hex") == whole.text("loss", "mean_hex"), "\(arguments)")
        }
        expectFailure(
            try XentRun.xent(["eval", "nested.pt"] + Self.task, in: scratch), status: 64,
            says: ["nested.pt", "val.logits", "batches.0.logits", "--prediction-columns"])
        expectFailure(
            try XentRun.xent(["eval", "dict.pt", "--prediction-columns", "nothing"] + Self.task, in: scratch), status: 64,
            says: ["it has no array 'nothing'; there are logits, label"])
    }
}
