import GoldenCases
import Testing

/// The golden cases through the command line: the number from the training log, and true values. The engine's `GoldenCaseTests` counts
/// them.
@Suite struct GoldenTests {
    @Test(arguments: GoldenCase.truthNames + GoldenCase.frameworkNames)
    func figuresAreAsExpected(name: String) throws {
        let scratch = try Scratch()
        let golden = try GoldenCase(named: name)
        let report = try XentRun.xent(
            golden.arguments + ["--dialect", golden.dialect, "--json", "-", "--per-row", "rows.npy"], in: scratch
        ).json()
        let losses = try Float64Array.values(of: scratch.bytes("rows.npy"))
        let differences = try golden.differences(
            from: GoldenCase.Figures(
                mean: report.number("loss", "mean"), sum: report.number("loss", "sum"),
                meanOverWeight: report.number("loss", "mean_over_weight"),
                losses: losses))
        #expect(differences == [])
        for key in ["mean", "sum"] { #expect(try report.hexadecimal("loss", key + "_hex") == report.number("loss", key)) }
        #expect(try report.number("dialects", golden.dialect, "mean") == report.number("loss", "mean"))
        #expect(try report.count("rows", "read") == losses.count)
        #expect(try report.count("rows", "invalid") == 0)
    }

    /// A dialect beside another in one pass has the same figures as alone.
    @Test(arguments: ["keras-scce-probs", "torch-ce-smooth-0.1", "torch-bce", "sklearn-binary-weights", "keras-bfce", "torch-ce-soft"])
    func oneOfSeveralIsAsAlone(name: String) throws {
        let scratch = try Scratch()
        let golden = try GoldenCase(named: name)
        let alone = try XentRun.xent(golden.arguments + ["--dialect", golden.dialect, "--json", "-"], in: scratch).json()
        let beside = try XentRun.xent(
            golden.arguments + ["--dialect", "exact", "--dialect", golden.dialect, "--json", "-"], in: scratch
        ).json()
        #expect(try beside.text("dialect") == "exact")
        #expect(try beside.keys("dialects") == ["exact", golden.dialect])
        for key in ["mean_hex", "sum_hex"] {
            #expect(try beside.text("dialects", golden.dialect, key) == alone.text("loss", key))
            #expect(try beside.text("dialects", "exact", key) == beside.text("loss", key))
        }
    }
}

extension GoldenCase {
    /// The command line of the case, but for its dialect.
    fileprivate var arguments: [String] {
        var arguments = ["eval", predictionsPath, "--labels", labelsPath, "--task", task, "--input", input]
        func add(_ option: String, _ value: String?) {
            if let value { arguments += [option, value] }
        }
        func list(_ numbers: [Double]?) -> String? { numbers?.map { "\($0)" }.joined(separator: ",") }
        add("--weights", weightsPath)
        add("--class-weights", list(options.classWeights))
        add("--pos-weight", list(options.posWeight))
        add("--label-smoothing", options.labelSmoothing.map { "\($0)" })
        add("--ignore-index", options.ignoreIndex.map { "\($0)" })
        add("--clip", options.clip.map { "\($0)" })
        add("--focal-gamma", options.focalGamma.map { "\($0)" })
        add("--focal-alpha", options.focalAlpha.map { "\($0)" })
        add("--divergence", options.divergence)
        return arguments
    }
}
