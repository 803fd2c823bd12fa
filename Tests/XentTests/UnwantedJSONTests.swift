import Foundation
import Testing

/// Single values of records that nobody wants are JSON all the same, in every line. Arrays and objects that nobody wants are passed over by
/// their brackets and quotes: to check them would take a fifth more time.
@Suite struct UnwantedJSONTests {
    private static let bad = [
        "tru", "nul", "True", "01", "1.", ".5", "+1", "1e", "-", "0x10", "1 2", "\"\\x\"", "\"\\u12g4\"", "\"\\\"", "-Inf", "nan", "a",
        "1e+", "--1", "\"a\" \"b\"", "[1", "{\"a\":1",
    ]
    private static let good = [
        "true", "null", "-0.5e+10", "NaN", "-Infinity", "\"\\u00e9\\n\\\\\\\"\"", "[]", "{}", "[1,[2,{\"a\":null}],\"b\"]", "{\"a\":{\"b\":[]}}",
        "\"\\ud800\"", "12345678901234567890123", "1E5", "\"\\/\"", "{\"\\u0041\":1}",
    ]

    @Test func grammarIsCheckedEverywhere() throws {
        let scratch = try Scratch()
        func run(_ value: String, isNested: Bool) throws -> XentRun {
            // Lines that are alike before it, so that they are read by their layout.
            let other = isNested ? "[0]" : "0"
            let lines = (0..<4).map { _ in "{\"p\":[0.5,0.5],\"label\":0,\"x\":\(other)}\n" }.joined()
            try scratch.write("t.jsonl", lines + "{\"p\":[0.5,0.5],\"label\":1,\"x\":\(value)}\n" + lines)
            return try XentRun.xent(
                ["eval", "t.jsonl", "--prediction-columns", "p", "--label-column", "label", "--task", "multiclass", "--input", "probabilities"],
                in: scratch)
        }
        for isNested in [false, true] {
            for value in Self.bad {
                let run = try run(value, isNested: isNested)
                expectFailure(run, status: 65, says: ["t.jsonl: line 5: "])
            }
            for value in Self.good { try run(value, isNested: isNested).expectSuccess() }
        }
    }
}
