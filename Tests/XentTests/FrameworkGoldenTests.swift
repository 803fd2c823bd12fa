import Foundation
import Testing

/// Cases whose figures PyTorch, Keras and scikit-learn gave themselves: the number from the training log, through the command line.
@Suite struct FrameworkGoldenTests {
    static let names: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: Repository.golden)) ?? [])
        .filter { !$0.hasPrefix("truth-") }.sorted()

    @Test func allCasesAreHere() { #expect(Self.names.count == 74) }

    @Test(arguments: names)
    func figuresAreTheFrameworks(name: String) throws {
        let scratch = try Scratch()
        let folder = Repository.golden + "/" + name
        let golden = try JSONDocument(path: folder + "/case.json")
        let arguments = try Self.arguments(golden, folder)
        let dialect = try golden.text("dialect")
        let report = try XentRun.xent(
            arguments + ["--dialect", dialect, "--json", "-", "--per-row", "rows.npy"], in: scratch
        ).json()
        let tolerance = try golden.number("relative_tolerance"), toleranceOfMean = try golden.number("relative_tolerance_of_mean")
        #expect(try report.number("loss", "mean").isClose(to: golden.number("expected", "mean"), toleranceOfMean))
        #expect(try report.number("loss", "sum").isClose(to: golden.number("expected", "sum"), tolerance))
        if try golden.keys("expected").contains("mean_with_sample_weight") {
            let expected = try golden.number("expected", "mean_with_sample_weight")
            #expect(try report.number("loss", "mean_over_weight").isClose(to: expected, toleranceOfMean))
        }
        #expect(try report.number("dialects", dialect, "mean") == report.number("loss", "mean"))
        guard try golden.keys("files").contains("per_row") else { return }
        let losses = try NPYFixture.doubles(from: scratch.bytes("rows.npy"))
        let expected = try NPYFixture.doubles(from: Data(contentsOf: URL(fileURLWithPath: folder + "/" + golden.text("files", "per_row"))))
        try #require(losses.count == expected.count)
        for (row, (loss, truth)) in zip(losses, expected).enumerated() {
            // The frameworks' own rounding of a loss near 0 is absolute.
            #expect(loss.isClose(to: truth, tolerance) || (loss - truth).magnitude <= 1e-14, "row \(row): \(loss), should be \(truth)")
        }
    }

    /// A dialect beside another in one pass has the same figures as alone.
    @Test(arguments: ["keras-scce-probs", "torch-ce-smooth-0.1", "torch-bce", "sklearn-binary-weights", "keras-bfce", "torch-ce-soft"])
    func oneOfSeveralIsAsAlone(name: String) throws {
        let scratch = try Scratch()
        let folder = Repository.golden + "/" + name
        let golden = try JSONDocument(path: folder + "/case.json")
        let arguments = try Self.arguments(golden, folder)
        let dialect = try golden.text("dialect")
        let alone = try XentRun.xent(arguments + ["--dialect", dialect, "--json", "-"], in: scratch).json()
        let beside = try XentRun.xent(arguments + ["--dialect", "exact", "--dialect", dialect, "--json", "-"], in: scratch).json()
        #expect(try beside.text("dialect") == "exact")
        #expect(try beside.keys("dialects") == ["exact", dialect])
        for key in ["mean_hex", "sum_hex"] {
            #expect(try beside.text("dialects", dialect, key) == alone.text("loss", key))
            #expect(try beside.text("dialects", "exact", key) == beside.text("loss", key))
        }
    }

    static func arguments(_ golden: JSONDocument, _ folder: String) throws -> [String] {
        var arguments = ["eval", folder + "/" + (try golden.text("files", "predictions"))]
        arguments += try ["--labels", folder + "/" + golden.text("files", "labels")]
        if try golden.keys("files").contains("weights") { arguments += try ["--weights", folder + "/" + golden.text("files", "weights")] }
        arguments += try ["--task", golden.text("task"), "--input", golden.text("input")]
        for option in try golden.keys("options").sorted() {
            arguments.append("--" + option.replacingOccurrences(of: "_", with: "-"))
            if let numbers = try? golden.list("options", option) {
                arguments.append(try numbers.map { "\(try $0.number())" }.joined(separator: ","))
            } else if let text = try? golden.text("options", option) {
                arguments.append(text)
            } else if let count = try? golden.count("options", option) {
                arguments.append("\(count)")
            } else {
                arguments.append("\(try golden.number("options", option))")
            }
        }
        return arguments
    }
}

extension Double {
    fileprivate func isClose(to other: Double, _ relativeTolerance: Double) -> Bool {
        if other.isNaN || other.isInfinite { return "\(self)" == "\(other)" }
        return (self - other).magnitude <= relativeTolerance * other.magnitude + 1e-300
    }
}
