import GoldenCases
import Scoring
import Testing

@testable import Engine

/// The golden cases by library calls: the figures that frameworks gave themselves, and true values.
@Suite struct GoldenCaseTests {
    @Test func allCasesAreHere() {
        #expect(GoldenCase.truthNames.count == 16)
        #expect(GoldenCase.frameworkNames.count == 114)
    }

    @Test(arguments: GoldenCase.truthNames + GoldenCase.frameworkNames)
    func figuresAreAsExpected(name: String) throws {
        let golden = try GoldenCase(named: name)
        let folder = TemporaryFolder()
        var options = EvaluationOptions(
            predictionPaths: [golden.predictionsPath], labelPaths: [golden.labelsPath], specification: try golden.specification())
        options.weightPaths = golden.weightsPath.map { [$0] } ?? []
        options.perRowPath = folder["rows.npy"]
        options.threadCount = 2
        let evaluation = try Evaluation(options)
        try evaluation.perRow?.commit()
        let loss = evaluation.report.loss
        let losses = try Float64Array.values(of: folder.read("rows.npy"))
        let differences = try golden.differences(
            from: GoldenCase.Figures(mean: loss.mean, sum: loss.sum, meanOverWeight: loss.meanOverWeight, losses: losses))
        #expect(differences == [])
        #expect(evaluation.report.rows.read == UInt64(losses.count))
        #expect(evaluation.report.rows.invalid == 0)
        #expect(evaluation.report.dialects[golden.dialect]?.meanHex == loss.meanHex)

        // The partial says the same as the report.
        let partial = try Partial(decoding: evaluation.partial.encoded())
        let moments = try #require(try partial.total(LossTotals.self)?.moments.first)
        #expect(moments.mean(partial.specification.task, partial.specification.dialect) == loss.mean)
    }
}

extension GoldenCase {
    /// The case's loss.
    fileprivate func specification() throws -> LossSpecification {
        func known<Value>(_ value: Value?, _ name: String) throws -> Value {
            guard let value else { throw GoldenCaseError("\(self.name): \(name) is not known") }
            return value
        }
        var modifiers = LossModifiers()
        modifiers.classWeights = options.classWeights
        modifiers.positiveWeights = options.posWeight
        modifiers.labelSmoothing = options.labelSmoothing ?? 0
        modifiers.ignoreIndex = options.ignoreIndex
        modifiers.clip = options.clip
        modifiers.focalGamma = options.focalGamma
        modifiers.focalAlpha = options.focalAlpha
        if let divergence = options.divergence { modifiers.divergence = try known(Divergence(rawValue: divergence), divergence) }
        return try LossSpecification(
            task: known(LossTask(rawValue: task), task), input: known(PredictionInput(rawValue: input), input),
            dialects: [known(Dialect(named: dialect), dialect)], modifiers: modifiers)
    }
}
