import Formats
import Scoring
import Testing

@testable import Engine

/// Comparisons that the library refuses, and the command line cannot ask for.
@Suite struct ComparisonRefusalTests {
    @Test func temperature() throws {
        let folder = TemporaryFolder()
        let dump = WideDump.bytes(rowCount: 10, classCount: 3, seed: 7)
        let (x, y) = (folder.write(dump.predictions, "x.npy"), folder.write(dump.labels, "y.npy"))
        var modifiers = LossModifiers()
        for temperature in [nil, 2.0] {
            modifiers.temperature = temperature
            let loss = try LossSpecification(task: .multiclass, input: .logits, modifiers: modifiers)
            let first = EvaluationOptions(predictionPaths: [x], labelPaths: [y], specification: loss)
            let options = ComparisonOptions(first: first, secondPaths: [x])
            guard temperature != nil else {
                _ = try Comparison(options)
                continue
            }
            let error = #expect(throws: EngineError.self) { try Comparison(options) }
            #expect(error?.category == .usage && error?.description.contains("a temperature divides the logits of one model") == true)
        }
    }
}
