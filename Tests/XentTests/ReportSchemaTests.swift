import Foundation
import GoldenCases
import Testing

/// The JSON Schema of the report, and reports.
@Suite struct ReportSchemaTests {
    static let path = Repository.root + "/Sources/Engine/Evaluation/report.schema.json"

    /// Reports with every part that one can have: `sh` in a folder with the small dump, and the script's standard output is the report.
    static let reports = [
        "\"$XENT\" eval p.npy --labels y.npy --task multiclass --input logits --json -",
        """
        "$XENT" eval p.npy --labels y.npy --task multiclass --input logits --dialect exact --dialect pytorch --class-weights 1,2,3 \
            --label-smoothing 0.1 --ignore-index 1 --max-invalid 50% --expect-rows 6 --unit bits --json -
        """,
        "\"$XENT\" eval p.npy --labels wrong.npy --task multiclass --input logits --max-invalid 3 --json -",
        """
        "$XENT" eval b.npy --labels t.npy --weights w.npy --task binary --input probabilities --pos-weight 2 --clip 0.01 --focal-gamma 2 \
            --focal-alpha 0.25 --json -
        """,
        "\"$XENT\" eval b.npy --labels t.npy --task binary --input probabilities --json -",
        "\"$XENT\" eval oof.csv --task multiclass --input probabilities --json -",
        "\"$XENT\" eval soft.csv --prediction-columns p_0,p_1 --label-columns t_0,t_1 --task soft --input probabilities --divergence kl --renormalize --json -",
        """
        "$XENT" eval log.jsonl --task likelihood --input log-probabilities --prediction-columns lp --text-column t --json -
        """,
        """
        touch -d '1 hour ago' p.npy y.npy
        XENT_TEST_CHECKPOINT_SECONDS=0 XENT_TEST_DIE_AT=snapshot:after-rename \
            "$XENT" eval p.npy --labels y.npy --task multiclass --input logits --checkpoint c > /dev/null
        "$XENT" eval p.npy --labels y.npy --task multiclass --input logits --checkpoint c --json -
        """,
        """
        "$XENT" eval p.npy --labels y.npy --task multiclass --input logits --partial a.partial --quiet > /dev/null &&
            "$XENT" merge a.partial a.partial --same-shard once --json -
        """,
        """
        echo '{"s": -3, "n": 2}' > n.jsonl &&
            "$XENT" eval n.jsonl --task likelihood --input log-probabilities --prediction-columns s --tokens-column n --json -
        """,
        """
        "$XENT" eval axes.npy --labels places.npy --class-axis 1 --shift-labels --task multiclass --input logits --json -
        """,
        """
        "$XENT" eval p.npy --labels y.npy --task multiclass --input logits --insight --calibration both --calibration-bins 15,10 \
            --calibration-binning equal-mass --top-k 1,2 --ranking --slice label,predicted --groups y.npy --clusters g.npy \
            --temperature-sweep 0.5,2 --fit-temperature --json -
        """,
        """
        "$XENT" eval b.npy --labels t.npy --weights w.npy --task binary --input probabilities --insight --interval bootstrap \
            --replicates 10 --json -
        """,
        "\"$XENT\" eval b.npy --labels t.npy --task binary --input probabilities --brier --sharpness --ranking --label-smoothing 0.1 --calibration auto --json -",
        """
        "$XENT" eval p.npy --labels y.npy --task multiclass --input logits --json b.json --quiet > b.txt &&
            "$XENT" eval p.npy --labels y.npy --task multiclass --input logits --baseline b.json --require 'loss.mean <= baseline + 1' \
            --require 'brier.score < 1' --json - || test $? = 1
        """,
        "\"$XENT\" eval p.npy --labels y.npy --weights w6.npy --task multiclass --input logits --top-k 1 --unit bits --insight --json -",
    ]

    static func scratch() throws -> Scratch {
        let scratch = try ReportTests.scratch()
        try scratch.write("wrong.npy", NPYFixture.labels([2, 0, 9, 1, 0, 2]))
        try scratch.write("b.npy", NPYFixture.doubles([0.5, 1, 0.25, 0.75]))
        try scratch.write("t.npy", NPYFixture.labels([1, 0, 0, 1]))
        try scratch.write("w.npy", NPYFixture.doubles([1, 2, 0, 1]))
        try scratch.write("w6.npy", NPYFixture.doubles([1, 2, 0, 1, 1, 1]))
        try scratch.write("g.npy", NPYFixture.labels([1, 1, 2, 2, 3, 3]))
        try scratch.write("oof.csv", "p_0,p_1,label\n0.25,0.75,1\n0.5,0.5,0\n")
        try scratch.write("soft.csv", "p_0,p_1,t_0,t_1\n0.25,0.75,0,1\n0.5,0.5,0.5,0.5\n")
        try scratch.write("log.jsonl", "{\"lp\": [-1, -2], \"t\": \"abc\"}\n{\"lp\": [-3], \"t\": \"a\"}\n")
        // Two sequences of three places, two classes on axis 1.
        try scratch.write("axes.npy", NPYFixture.header("<f4", [2, 2, 3]) + NPYFixture.floats((0..<12).map(Float.init)).suffix(48))
        try scratch.write("places.npy", NPYFixture.labels([0, 1, 1, 0, 1, 0]))
        return scratch
    }

    @Test(arguments: reports)
    func isValid(script: String) throws {
        let scratch = try Self.scratch()
        let run = try XentRun.shell(script, in: scratch)
        run.expectSuccess()
        let faults = try JSONSchema(path: Self.path).faults(of: run.stdout)
        #expect(faults.isEmpty, "\(script): \(faults.joined(separator: "\n"))")
    }

    /// The reports together have every key that the schema names: none is left from another time.
    @Test func everyKeyIsUsed() throws {
        let scratch = try Self.scratch()
        var text = ""
        for script in Self.reports { text += try XentRun.shell(script, in: scratch).stdout }
        let schema = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: Self.path)))
        func keys(_ value: Any) -> [String] {
            guard let object = value as? [String: Any] else { return (value as? [Any] ?? []).flatMap(keys) }
            let own = (object["properties"] as? [String: Any]).map { Array($0.keys) } ?? []
            return own + object.flatMap { keys($0.value) }
        }
        // Only text has lines, no partial holds a frame, and objects of stores alone have versions (Tests/ObjectStores).
        let elsewhere = ["line", "compression", "frames", "etag", "version_id"]
        for key in Set(keys(schema)) where !elsewhere.contains(key) { #expect(text.contains("\"\(key)\""), "\(key)") }
    }

    @Test func otherDocumentsAreNot() throws {
        let scratch = try Self.scratch()
        let schema = try JSONSchema(path: Self.path)
        let report = try XentRun.shell(Self.reports[0], in: scratch).stdout
        for (part, other) in [
            ("\"unit\" : \"nats\"", "\"unit\" : \"bans\""), ("\"xent\" :", "\"tnex\" :"), ("\"read\" : 6", "\"read\" : true"),
            ("\"read\" : 6", "\"read\" : -1"), ("\"mean_hex\" : \"0x", "\"mean_hex\" : \"0y"), ("\"warnings\" : [", "\"warnings\" : [ 1, "),
        ] {
            let changed = report.replacingOccurrences(of: part, with: other)
            #expect(changed != report)
            let faults = try schema.faults(of: changed.replacingOccurrences(of: ", \n\n  ]", with: "]"))
            #expect(!faults.isEmpty, "\(other)")
        }
    }

    /// The notices are the warnings with their codes.
    @Test func notices() throws {
        let scratch = try Self.scratch()
        let report = try XentRun.shell(Self.reports[3] + " 2> /dev/null", in: scratch).json()
        #expect(try report.list("notices").map { try $0.text("text") } == report.texts("warnings"))
        let infinite = try XentRun.shell(Self.reports[4], in: scratch).json()
        #expect(try infinite.list("notices").map { try $0.text("code") } == ["infinite-loss"])
        let invalid = try XentRun.shell(Self.reports[2], in: scratch).json()
        #expect(try invalid.list("notices").map { try $0.text("code") } == ["invalid-rows"])
        #expect(try invalid.count("rows_policy", "max_invalid_rows") == 3)
        let merged = try XentRun.shell(try #require(Self.reports.first { $0.contains(" merge ") }), in: scratch).json()
        #expect(try merged.list("notices").map { try $0.text("code") } == ["repeated-shards"])
    }
}
