import Testing

@testable import Engine

/// The reading of requirements.
@Suite struct GateTests {
    @Test func requirementsAreRead() throws {
        let gates = try Gate.parse("loss.mean <= 0.7 and  rows.invalid==0 and accuracy >= 90%")
        #expect(gates.map(\.text) == ["loss.mean <= 0.7", "rows.invalid==0", "accuracy >= 90%"])
        #expect(gates.map(\.relation) == [.atMost, .equal, .atLeast])
        #expect(gates.map(\.bound) == [.number(0.7), .number(0), .number(0.9)])
        #expect(gates.allSatisfy { !$0.usesBaseline })
    }

    @Test(arguments: [
        ("baseline", Gate.Margin.absolute(0)), ("baseline + 0.5", .absolute(0.5)), ("baseline - 1e-3", .absolute(-1e-3)),
        ("baseline + 1%", .relative(0.01)), ("baseline-2 %", .relative(-0.02)), ("baseline + 2se", .standardErrors(2)),
        ("baseline + 1.5 se", .standardErrors(1.5)),
    ])
    func marginsAreRead(text: String, margin: Gate.Margin) throws {
        let gate = try #require(try Gate.parse("loss.mean < \(text)").first)
        #expect(gate.bound == .baseline(margin) && gate.relation == .less && gate.usesBaseline)
    }

    @Test func pathsOfSlicesAreRead() throws {
        let gate = try #require(try Gate.parse("slices[country=\"a, <=b]\",label=3].mean <= baseline + 1%").first)
        #expect(gate.path.steps == [.key("slices"), .slice(["country": "a, <=b]", "label": "3"]), .key("mean")])
        #expect(try Gate.parse("quantiles.values[1] < 5")[0].path.steps == [.key("quantiles"), .key("values"), .index(1)])
        #expect(try Gate.parse("top_k.5.accuracy > 0.9")[0].path.steps == [.key("top_k"), .key("5"), .key("accuracy")])
    }

    @Test(arguments: [
        "", " ", "loss.mean", "loss.mean = 0.7", "loss.mean != 0.7", "loss.mean <=", "<= 0.7", "loss.mean <= abc", "loss.mean <= nan",
        "loss.mean <= baseline +", "loss.mean <= baseline + + 1", "loss.mean <= baseline * 2", "loss.mean <= baseline + se", "loss..mean < 1",
        "[1].x < 1", "slices[country].mean < 1", "slices[country=US.mean < 1", "slices[a=1,a=2].mean < 1", "loss.mean <= 0.7 and",
        "and loss.mean < 1", "loss.mean <= 0.7 %%", "slices[0]mean < 1", "loss.mean <= 0.7 0.8",
    ])
    func whatIsNoRequirementIsRefused(text: String) {
        #expect(throws: EngineError.self) { try Gate.parse(text) }
        do { _ = try Gate.parse(text) } catch {
            #expect(error.category == .usage && error.remedy != nil, "\(error)")
        }
    }
}

/// The outcome of requirements, on trees of figures that are made here.
@Suite struct GateJudgementTests {
    struct Figures: Encodable {
        struct Loss: Encodable {
            var mean: Double
            var standard_error = 0.1
        }
        struct Rows: Encodable { var invalid: UInt64 = 0, scored: UInt64 = 100 }
        struct Slice: Encodable {
            var by: [String: String]
            var mean: Double
            var standard_error = 0.3
        }
        var loss: Loss
        var rows = Rows()
        var accuracy = 0.9
        var missing: Double?
        var slices = [Slice(by: ["country": "US"], mean: 1), Slice(by: ["country": "US", "label": "1"], mean: 2)]
        var values = [1, 2, .infinity]
    }

    private func result(
        _ text: String, mean: Double = 0.5, baseline: Double? = nil, hasNoPassedRun: Bool = false
    ) throws -> GateResult {
        let tree = try FigureTree(Figures(loss: .init(mean: mean)))
        let base = try baseline.map { try FigureTree(Figures(loss: .init(mean: $0))) }
        let judgement = GateJudgement(tree: tree, baseline: base, hasNoPassedRun: hasNoPassedRun, z: 1.96)
        return judgement.result(try Gate.parse(text)[0])
    }

    @Test func numbersAreCompared() throws {
        for (text, verdict) in [
            ("loss.mean <= 0.5", GateResult.Verdict.pass), ("loss.mean < 0.5", .fail), ("loss.mean == 0.5", .pass), ("loss.mean >= 0.6", .fail),
            ("rows.invalid == 0", .pass), ("accuracy >= 90%", .pass), ("accuracy > 90%", .fail), ("values[2] < inf", .fail),
            ("values[0] <= 1", .pass), ("slices[country=US].mean <= 1", .pass), ("slices[label=1,country=US].mean <= 1", .fail),
        ] {
            #expect(try result(text).verdict == verdict, "\(text)")
        }
        // NaN meets nothing.
        for relation in ["<", "<=", ">", ">=", "=="] { #expect(try result("loss.mean \(relation) 0.5", mean: .nan).verdict == .fail) }
        #expect(try result("loss.mean < inf", mean: .infinity).verdict == .fail)
        let failed = try result("loss.mean <= 0.25")
        #expect(failed.value == 0.5 && failed.bound == 0.25 && failed.text == "loss.mean <= 0.25: 0.5 against 0.25")
    }

    @Test func absentFiguresFailWithTheirReason() throws {
        for (text, reason) in [
            ("mean <= 1", "loss.mean is meant?"), ("loss.maen <= 1", "'mean' is meant?"), ("rows <= 1", "it has invalid, scored"),
            ("slices[country=DE].mean <= 1", "no slice country=DE"), ("values[3] < 1", "3 elements"), ("missing < 1", "no 'missing'"),
            ("loss.mean.x < 1", "it is a number"), ("accuracy[0] < 1", "no list"),
        ] {
            let result = try result(text)
            #expect(result.verdict == .fail && result.value == nil)
            #expect(result.reason?.contains(reason) == true, "\(text): \(result.reason ?? "")")
        }
    }

    @Test func baselinesAreCompared() throws {
        #expect(try result("loss.mean <= baseline", baseline: 0.5).verdict == .pass)
        #expect(try result("loss.mean == baseline", mean: 0.5.nextUp, baseline: 0.5).verdict == .fail)
        #expect(try result("loss.mean <= baseline + 1%", mean: 0.504, baseline: 0.5).verdict == .pass)
        #expect(try result("loss.mean <= baseline + 1%", mean: 0.506, baseline: 0.5).verdict == .fail)
        // Below a negative baseline, a percentage is one of its size.
        #expect(try result("loss.mean <= baseline - 10%", mean: -1.05, baseline: -1).verdict == .fail)
        // Two errors of 0.1 are one of 0.141.
        let close = try result("loss.mean <= baseline + 2se", mean: 0.78, baseline: 0.5)
        #expect(close.verdict == .pass && close.baseline == 0.5 && abs((close.bound ?? 0) - (0.5 + 0.2 * 2.0.squareRoot())) < 1e-15)
        #expect(try result("loss.mean <= baseline + 2se", mean: 0.79, baseline: 0.5).verdict == .fail)
        #expect(try result("accuracy >= baseline - 2se", baseline: 0.5).verdict == .pass)
        #expect(try result("rows.scored >= baseline - 1se", baseline: 0.5).reason?.contains("no standard error") == true)
        #expect(try result("loss.mean <= baseline").reason == "there is no baseline")
        let first = try result("loss.mean <= baseline", hasNoPassedRun: true)
        #expect(first.verdict == .noBaseline && first.value == 0.5)
    }

    /// The requirement is met, but by less than the error.
    @Test func closeOutcomesAreUndecided() throws {
        #expect(try result("loss.mean <= 0.6").undecided == true)
        #expect(try result("loss.mean <= 0.7").undecided == false)
        #expect(try result("loss.mean <= 0.4").undecided == false)
        #expect(try result("rows.scored <= 100").undecided == nil)
        #expect(try result("accuracy >= 0.85").undecided == true)
        #expect(try result("accuracy >= 0.8").undecided == false)
    }
}
