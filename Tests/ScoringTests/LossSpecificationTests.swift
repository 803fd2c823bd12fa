import Messages
import Scoring
import Testing

@Suite("LossSpecificationTests")
struct LossSpecificationTests {
    static let plain = plainTasks.flatMap { task in
        PredictionInput.allCases.map { LossSpecification(task: task, input: $0) }
    }

    /// One of each modifier, and several dialects.
    static let modified: [LossSpecification] = {
        func make(
            _ task: LossTask, _ input: PredictionInput, _ dialects: [Dialect] = [.exact], _ change: (inout LossModifiers) -> Void
        ) -> LossSpecification? {
            var modifiers = LossModifiers()
            change(&modifiers)
            return try? LossSpecification(task: task, input: input, dialects: dialects, modifiers: modifiers)
        }
        return [
            make(.multiclass, .logits) { $0.classWeights = [1, 0.1, 0, 3] },
            make(.multiclass, .logits, [.exact, .pytorch, .keras]) { $0.labelSmoothing = 0.1 },
            make(.multiclass, .logits, [.pytorch, .exact]) { $0.ignoreIndex = -100 },
            make(.multilabel, .logits) { $0.positiveWeights = [2, 3] },
            make(.multilabel, .logits) { $0.classWeights = [2, 3] },
            make(.binary, .logits, [.catboost, .exact]) { $0.classWeights = [2, 3] },
            make(.binary, .probabilities) { $0.clip = 1e-7 },
            make(.multiclass, .probabilities, [.spark, .exact]) { $0.clip = 1e-7 },
            make(.multiclass, .probabilities) { $0.renormalizes = true },
            make(.soft, .probabilities, [.keras]) { ($0.focalGamma, $0.focalAlpha) = (2, 0.25) },
            make(.soft, .logProbabilities) { $0.divergence = .kullbackLeibler },
            make(.likelihood, .logProbabilities) { $0.hasRowWeights = true },
        ].compactMap { $0 }
    }()

    @Test("the canonical text of each is its own, and reads back as it", arguments: plain + modified)
    func roundTrip(specification: LossSpecification) {
        #expect(LossSpecification(canonicalText: specification.canonicalText) == specification)
        #expect((Self.plain + Self.modified).filter { $0.canonicalText == specification.canonicalText }.count == 1)
    }

    @Test("each modifier made a specification")
    func allAreThere() { #expect(Self.modified.count == 12) }

    @Test("the texts that partials already carry do not change")
    func stability() {
        let text = "task=binary input=log-probabilities dialects=exact"
        #expect(LossSpecification(task: .binary, input: .logProbabilities).canonicalText == text)
        #expect(LossSpecification(task: .multiclass, input: .logits).canonicalText == "task=multiclass input=logits dialects=exact")
        #expect(
            Self.modified[1].canonicalText
                == "task=multiclass input=logits dialects=exact,pytorch,keras label-smoothing=3fb999999999999a")
    }

    @Test(
        "other texts are refused",
        arguments: [
            "", " ", "task", "=", "task=binary", "task=binary input=logits", "task=binary input=logits dialects=EXACT",
            "input=logits task=binary dialects=exact", "task=binary  input=logits dialects=exact",
            "task=binary input=logits dialects=exact ",
            " task=binary input=logits dialects=exact", "task=binary input=logits dialects=exact dialects=exact",
            "task=binary input=logits dialects=exact future=1", "task=other input=logits dialects=exact",
            "task=binary input=logits dialects=exact\n", "task=binary=binary input=logits dialects=exact",
            "task= input=logits dialects=exact", "task=binary input=logits dialects=exact\u{0}",
            "task=binary input=logits dialects=exact,exact", "task=binary input=logits dialects=sklearn",
            "task=multiclass input=logits dialects=exact class-weights=x",
            "task=multiclass input=logits dialects=exact label-smoothing=4000000000000000",
        ])
    func refused(text: String) {
        #expect(LossSpecification(canonicalText: text) == nil)
    }

    @Test("combinations without a meaning are refused, each with its reason")
    func refusedCombinations() {
        func problem(
            _ task: LossTask, _ input: PredictionInput, _ dialects: [Dialect] = [.exact], _ change: (inout LossModifiers) -> Void = { _ in }
        ) -> String? {
            var modifiers = LossModifiers()
            change(&modifiers)
            do {
                _ = try LossSpecification(task: task, input: input, dialects: dialects, modifiers: modifiers)
                return nil
            } catch {
                return error.problem.description
            }
        }
        #expect(problem(.likelihood, .logits) == "dialect exact has no likelihood loss from logits")
        #expect(problem(.multiclass, .logits, [.sklearn]) == "dialect sklearn has no multiclass loss from logits")
        #expect(problem(.multiclass, .logits) { $0.labelSmoothing = 1.5 } == "label smoothing is 1.5")
        #expect(problem(.multiclass, .logits) { $0.labelSmoothing = .nan } == "label smoothing is nan")
        #expect(
            problem(.binary, .logits, [.pytorch]) { $0.labelSmoothing = 0.1 }
                == "dialect pytorch has no label smoothing for task binary")
        #expect(problem(.multiclass, .logits) { $0.classWeights = [1, -1] } == "class weight 1 is -1.0")
        #expect(problem(.multiclass, .logits) { $0.classWeights = [.nan, 1] } == "class weight 0 is nan")
        #expect(problem(.multiclass, .logits) { $0.classWeights = [0, 0] } == "no class weight is above 0")
        #expect(problem(.likelihood, .logProbabilities) { $0.classWeights = [1, 2] }?.contains("there are no labels") == true)
        #expect(problem(.soft, .logits) { $0.ignoreIndex = 3 }?.contains("soft labels have no index") == true)
        #expect(
            problem(.multiclass, .logits) { $0.positiveWeights = [1] }?.contains("LossModifiers.positiveWeights has no meaning") == true)
        #expect(problem(.multiclass, .logits) { $0.clip = 0.1 }?.contains("LossModifiers.clip has no meaning") == true)
        #expect(problem(.multiclass, .probabilities) { $0.clip = 0.5 } == "LossModifiers.clip is 0.5")
        #expect(problem(.binary, .probabilities) { $0.renormalizes = true }?.contains("LossModifiers.renormalizes has no meaning") == true)
        let own = "dialect keras has conventions of its own"
        #expect(problem(.binary, .probabilities, [.keras]) { $0.clip = 0.1 } == "LossModifiers.clip changes dialects exact and spark; " + own)
        #expect(problem(.binary, .probabilities, [.spark]) { $0.clip = 0 } == "LossModifiers.clip is 0 in dialect spark")
        #expect(
            problem(.soft, .probabilities, [.exact, .keras]) { $0.renormalizes = true }
                == "LossModifiers.renormalizes changes dialect exact; " + own)
        for dialect in [Dialect.spark, .h2o] {
            #expect(
                problem(.binary, .probabilities, [dialect]) { $0.focalGamma = 2 } == "dialect \(dialect.name) has no focal loss")
        }
        #expect(problem(.binary, .logits, [.catboost]) { $0.focalGamma = 2 } == "dialect catboost has no focal loss")
        #expect(problem(.binary, .probabilities, [.catboost]) == "dialect catboost has no binary loss from probabilities")
        #expect(problem(.binary, .logits, [.spark]) == "dialect spark has no binary loss from logits")
        #expect(problem(.binary, .logits) { $0.focalGamma = -1 } == "focal γ is -1.0")
        #expect(problem(.binary, .logits) { $0.focalAlpha = 0.5 } == "LossModifiers.focalAlpha without LossModifiers.focalGamma")
        #expect(problem(.multiclass, .logits) { $0.divergence = .kullbackLeibler }?.contains("only soft labels are a distribution") == true)
    }

    @Test("weights are held against the number of classes")
    func classCounts() throws {
        var modifiers = LossModifiers()
        modifiers.classWeights = [1, 2, 3]
        let specification = try LossSpecification(task: .multiclass, input: .logits, modifiers: modifiers)
        try specification.check(classCount: 3)
        let error = #expect(throws: SpecificationError.self) { try specification.check(classCount: 4) }
        #expect(error?.problem == "3 class weights for 4 classes")

        func problem(_ task: LossTask, _ weights: [Double], classCount: Int) throws -> String? {
            modifiers.classWeights = weights
            let specification = try LossSpecification(task: task, input: .logits, modifiers: modifiers)
            do {
                try specification.check(classCount: classCount)
                return nil
            } catch {
                return "\(error.problem); \(error.remedy)"
            }
        }
        #expect(try problem(.binary, [1, 2], classCount: 1) == nil)
        #expect(try problem(.binary, [1], classCount: 1) == "1 class weight for 2 labels; give that of label 0 and that of label 1")
        #expect(try problem(.multilabel, [1, 2], classCount: 2) == nil)
        #expect(try problem(.multilabel, [1, 2], classCount: 3) == "2 class weights for 3 columns; give one weight a column")
        #expect(try problem(.multilabel, [1], classCount: 3) == "1 class weight for 3 columns; give one weight a column")
    }
}
