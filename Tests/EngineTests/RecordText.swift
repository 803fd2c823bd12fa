import Scoring
import SeededRandom

@testable import Engine

/// Tables and logs by a seed, for the engine's own tests: `label`, `p_0`, `p_1`, `p_2`.
struct RecordTextDump {
    let rowCount: Int
    let seed: UInt64
    /// Every so many records, one that is none; 0 for never.
    var badEvery = 0

    static let specification = LossSpecification(task: .multiclass, input: .logits)

    private func records(_ line: (_ label: Int, _ values: [Double]) -> String, bad: String) -> String {
        var random = SplitMix64(seed: seed)
        var text = ""
        for row in 0..<rowCount {
            let values = (0..<3).map { _ in Double.random(in: -8...8, using: &random) }
            let isBad = badEvery > 0 && row % badEvery == badEvery - 1
            text += isBad ? bad : line(Int.random(in: 0..<3, using: &random), values)
            text += row % 11 == 0 ? "\n\n" : "\n"
        }
        return text
    }

    var table: [UInt8] {
        Array(("label,p_0,p_1,p_2\n" + records({ "\($0)," + $1.map { "\($0)" }.joined(separator: ",") }, bad: "0,1,x,2")).utf8)
    }

    var jsonLines: [UInt8] {
        Array(records({ "{\"label\": \($0), \"logits\": [\($1.map { "\($0)" }.joined(separator: ", "))]}" }, bad: "{\"label\": 0}").utf8)
    }

    /// Evaluates one file of it.
    static func evaluate(
        _ path: String, threads: Int, onInvalid: EvaluationOptions.InvalidRowPolicy = .fail, perRow: String? = nil
    ) throws(EngineError) -> Evaluation {
        try EngineTests.evaluate([path], [], specification, threads: threads, onInvalid: onInvalid, perRow: perRow)
    }
}
