import Scoring
import Testing

@testable import Engine

/// Which columns are known by their names.
@Suite struct ColumnNameTests {
    private func chosen(_ role: ColumnRole, _ names: [String]) -> String? {
        (try? role.choose(among: names, path: "t")).map { names[$0] }
    }

    @Test func usualNames() {
        #expect(chosen(.labels, ["id", "Label", "p"]) == "Label")
        #expect(chosen(.labels, ["id", "doc.target", "p"]) == "doc.target")
        // The surest group decides.
        #expect(chosen(.labels, ["y", "label"]) == "label")
        #expect(chosen(.labels, ["label", "labels"]) == nil)
        #expect(chosen(.labels, ["id", "p"]) == nil)
        #expect(chosen(.weights, ["sample_weight", "x"]) == "sample_weight")
        #expect(chosen(.predictions(.logits), ["probs", "logits"]) == "logits")
        #expect(chosen(.predictions(.probabilities), ["probs", "logits"]) == "probs")
        #expect(chosen(.predictions(nil), ["probs", "logits"]) == nil)
        #expect(chosen(.predictions(.probabilities), ["score", "label"]) == "score")
    }

    @Test func errorsListTheColumns() {
        let error = #expect(throws: EngineError.self) { try ColumnRole.labels.choose(among: ["a", "b"], path: "t.csv") }
        #expect(error?.category == .usage)
        #expect(error?.description.contains("t.csv: ") == true && error?.description.contains("a, b") == true)
        #expect(error?.description.contains("--label-column") == true)
        let many = #expect(throws: EngineError.self) { try ColumnRole.labels.choose(among: (0..<1000).map { "c\($0)" }, path: "t.csv") }
        #expect(many?.description.contains("and 976 more") == true)
    }

    @Test func numberedRuns() {
        #expect(NumberedNames.onlyRun(in: ["id", "p_1", "p_0", "p_2"]) == ["p_0", "p_1", "p_2"])
        #expect(NumberedNames.onlyRun(in: ["c1", "c2"]) == ["c1", "c2"])
        #expect(NumberedNames.onlyRun(in: (0..<12).map { "class\($0)" }.reversed()) == (0..<12).map { "class\($0)" })
        #expect(NumberedNames.onlyRun(in: ["p_00", "p_01", "p_02"]) == ["p_00", "p_01", "p_02"])
        // A gap, another beginning, one alone, two runs.
        #expect(NumberedNames.onlyRun(in: ["p_0", "p_2"]) == nil)
        #expect(NumberedNames.onlyRun(in: ["p_2", "p_3"]) == nil)
        #expect(NumberedNames.onlyRun(in: ["p_0"]) == nil)
        #expect(NumberedNames.onlyRun(in: ["p_0", "p_1", "q_0", "q_1"]) == nil)
        #expect(NumberedNames.onlyRun(in: []) == nil)
    }
}
