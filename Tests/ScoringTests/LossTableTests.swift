import Messages
import Scoring
import Testing

/// The table of losses against the losses that there are.
@Suite("LossTableTests")
struct LossTableTests {
    @Test("each row is a loss that is taken, and no loss is missing")
    func rowsAreTheLosses() throws {
        var missing = LossTable.rows.map { [$0.dialect, $0.task, $0.input, $0.divergence] }
        for dialect in Dialect.all {
            for task in LossTask.allCases {
                for input in PredictionInput.allCases {
                    for divergence in Divergence.allCases {
                        var modifiers = LossModifiers()
                        modifiers.divergence = divergence
                        let isTaken = (try? LossSpecification(task: task, input: input, dialects: [dialect], modifiers: modifiers)) != nil
                        let key = [dialect.name, task.rawValue, input.rawValue, divergence.rawValue]
                        let index = missing.firstIndex(of: key)
                        #expect((index != nil) == isTaken, "\(key)")
                        if let index { missing.remove(at: index) }
                    }
                }
            }
        }
        #expect(missing.isEmpty)
    }

    @Test("modifiers stand where they have a meaning")
    func modifiers() throws {
        func modifiers(_ dialect: String, _ task: String, _ input: String, _ divergence: String = "ce") -> [Setting]? {
            LossTable.rows.first { [$0.dialect, $0.task, $0.input, $0.divergence] == [dialect, task, input, divergence] }?.modifiers
        }
        #expect(
            modifiers("exact", "multiclass", "probabilities") == [
                .classWeights, .weights, .labelSmoothing, .ignoreIndex, .clip, .renormalizes, .focalGamma, .focalAlpha,
            ])
        #expect(modifiers("pytorch", "binary", "logits") == [.classWeights, .positiveWeights, .weights, .focalGamma, .focalAlpha])
        #expect(modifiers("spark", "binary", "probabilities") == [.classWeights, .positiveWeights, .weights, .clip])
        #expect(modifiers("h2o", "multiclass", "probabilities") == [.classWeights, .weights, .ignoreIndex])
        #expect(modifiers("catboost", "binary", "logits") == [.classWeights, .positiveWeights, .weights])
        #expect(modifiers("catboost", "binary", "probabilities") == nil)
        #expect(modifiers("keras", "soft", "probabilities", "kl") == [.weights])
        #expect(modifiers("exact", "likelihood", "log-probabilities") == [.weights])
        #expect(modifiers("sklearn", "multiclass", "logits") == nil)
    }

    /// The figures of conventions that no test of losses would miss if the table said others.
    @Test("the table says what the dialects do")
    func conventions() {
        func row(_ dialect: String, _ task: String, _ input: String = "probabilities", _ divergence: String = "ce") -> LossTable.Row? {
            LossTable.rows.first { [$0.dialect, $0.task, $0.input, $0.divergence] == [dialect, task, input, divergence] }
        }
        #expect(row("exact", "binary")?.treatment == "as they are")
        #expect(row("pytorch", "binary")?.treatment == "each -log at most 100")
        #expect(row("pytorch", "binary", "logits")?.treatment == "as they are")
        #expect(row("pytorch", "likelihood")?.treatment == "as they are")
        #expect(row("keras", "multiclass")?.treatment == "renormalised, then clipped to [1e-7, 1 - 1e-7]")
        #expect(row("keras-tensorflow", "multiclass")?.treatment == "clipped to [1e-7, 1 - 1e-7], then renormalised")
        #expect(row("keras", "soft", "probabilities", "kl")?.treatment == "clipped to [1e-7, 1]")
        #expect(row("keras", "soft", "probabilities", "kl")?.notes.contains("t raised to 1e-7") == true)
        #expect(row("sklearn", "binary")?.treatment == "clipped to the type's [eps, 1 - eps]")
        #expect(row("spark", "multiclass")?.treatment == "clipped to [1e-15, 1 - 1e-15]")
        #expect(row("spark", "binary")?.treatment == "clipped to [1e-15, 1 - 1e-15]")
        #expect(row("h2o", "multiclass")?.treatment == "raised to 1e-15")
        #expect(row("h2o", "binary")?.treatment == "each -log at most 34.538776394910684")
        #expect(row("catboost", "binary", "logits")?.notes == ["the mean of no rows or weights of 0 is 0"])
        #expect(row("catboost", "multiclass", "logits")?.divisor == "sum of weights")
        #expect(row("pytorch", "multiclass", "logits")?.divisor == "sum of weights")
        #expect(row("pytorch", "soft", "logits")?.divisor == "count")
        #expect(row("pytorch", "multilabel", "logits")?.notes == ["the sum counts decisions, not rows"])
        #expect(row("keras", "binary", "logits")?.notes == ["the mean of no rows is 0"])
    }

    @Test("the text has every row and every modifier")
    func text() {
        let lines = LossTable.text().split(separator: "\n")
        for row in LossTable.rows {
            #expect(lines.contains { $0.contains(" \(row.task) ") && $0.contains(" \(row.input) ") && $0.contains(row.formula) })
            for modifier in row.modifiers { #expect(lines.contains { $0.contains("\(modifier.swiftName) ") }) }
        }
        for dialect in Dialect.all { #expect(lines.contains { $0.hasPrefix("\(dialect.name): ") }) }
    }
}
