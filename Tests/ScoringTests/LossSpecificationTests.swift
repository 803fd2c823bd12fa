import Scoring
import Testing

@Suite("LossSpecificationTests")
struct LossSpecificationTests {
    static let all = LossTask.allCases.flatMap { task in
        PredictionInput.allCases.flatMap { input in Dialect.allCases.map { LossSpecification(task: task, input: input, dialect: $0) } }
    }

    @Test("the canonical text of each is its own, and reads back as it", arguments: all)
    func roundTrip(specification: LossSpecification) {
        #expect(LossSpecification(canonicalText: specification.canonicalText) == specification)
        #expect(Self.all.filter { $0.canonicalText == specification.canonicalText }.count == 1)
    }

    @Test("the texts that partials already carry do not change")
    func stability() {
        let text = "task=binary input=log-probabilities dialect=exact"
        #expect(LossSpecification(task: .binary, input: .logProbabilities).canonicalText == text)
        #expect(LossSpecification(task: .multiclass, input: .logits).canonicalText == "task=multiclass input=logits dialect=exact")
    }

    @Test(
        "other texts are refused",
        arguments: [
            "", " ", "task", "=", "task=binary", "task=binary input=logits", "task=binary input=logits dialect=EXACT",
            "input=logits task=binary dialect=exact", "task=binary  input=logits dialect=exact", "task=binary input=logits dialect=exact ",
            " task=binary input=logits dialect=exact", "task=binary input=logits dialect=exact dialect=exact",
            "task=binary input=logits dialect=exact future=1", "task=other input=logits dialect=exact",
            "task=binary input=logits dialect=exact\n", "task=binary=binary input=logits dialect=exact",
            "task= input=logits dialect=exact", "task=binary input=logits dialect=exact\u{0}",
        ])
    func refused(text: String) {
        #expect(LossSpecification(canonicalText: text) == nil)
    }
}
