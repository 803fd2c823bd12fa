import Foundation
import Testing

/// Warnings where the input contradicts what was said of it: in the report, on standard error, and not where all is well.
@Suite struct LintTests {
    /// Runs with a JSON report; every warning of it is on standard error too, and nothing else warns there.
    private static func warnings(_ arguments: [String], in scratch: Scratch) throws -> [String] {
        let run = try XentRun.xent(["eval", "p.npy", "--json", "-", "--progress", "never"] + arguments, in: scratch)
        let warnings = try run.json().texts("warnings")
        #expect(run.stderr == warnings.map { "xent: warning: \($0)\n" }.joined())
        return warnings
    }

    /// Rows of a softmax over `classes` random logits.
    private static func probabilities(rows: Int, classes: Int, seed: UInt64) -> [Double] {
        let logits = RandomDump.logits(rows: rows, columns: classes, seed: seed)
        return (0..<rows).flatMap { row in
            let powers = logits[classes * row..<classes * (row + 1)].map { exp(Double($0) / 4) }
            return powers.map { $0 / powers.reduce(0, +) }
        }
    }

    private static let multiclass = ["--labels", "y.npy", "--task", "multiclass", "--input"]
    private static let binary = ["--labels", "y.npy", "--task", "binary", "--input"]

    private static func write(_ rows: [Double], classes: Int?, labels: [UInt8], to scratch: Scratch) throws {
        try scratch.write("p.npy", NPYFixture.floats(rows.map { Float($0) }, columns: classes))
        try scratch.write("y.npy", NPYFixture.labels(labels))
    }

    @Test func probabilitiesGivenAsLogits() throws {
        let scratch = try Scratch()
        let rows = Self.probabilities(rows: 2000, classes: 11, seed: 1)
        let labels = RandomDump.labels(rows: 2000, classes: 11, seed: 2)
        try Self.write(rows, classes: 11, labels: labels, to: scratch)
        let found = try Self.warnings(Self.multiclass + ["logits"], in: scratch)
        #expect(found.count == 1)
        #expect(found.first?.contains("the logits of the first 1024 rows all lie in [0, 1] and sum to 1") == true)
        #expect(found.first?.contains("--input probabilities") == true)
        // One row of them that does not is enough.
        for (index, value) in [(11 * 700 + 3, 1.5), (11 * 3, -0.25)] {
            var others = rows
            others[index] += value
            try Self.write(others, classes: 11, labels: labels, to: scratch)
            #expect(try Self.warnings(Self.multiclass + ["logits"], in: scratch) == [])
        }
        // And as what they are they draw none.
        try Self.write(rows, classes: 11, labels: labels, to: scratch)
        #expect(try Self.warnings(Self.multiclass + ["probabilities"], in: scratch) == [])
    }

    @Test func binaryProbabilitiesGivenAsLogits() throws {
        let scratch = try Scratch()
        let labels = RandomDump.labels(rows: 40, classes: 2, seed: 3)
        var values = (0..<40).map { Double($0) / 39 }
        try Self.write(values, classes: nil, labels: labels, to: scratch)
        let found = try Self.warnings(Self.binary + ["logits"], in: scratch)
        #expect(found.count == 1)
        #expect(found.first?.contains("the logits of the first 40 rows all lie in [0, 1]") == true)
        values[39] = 1.01
        try Self.write(values, classes: nil, labels: labels, to: scratch)
        #expect(try Self.warnings(Self.binary + ["logits"], in: scratch) == [])
    }

    @Test(arguments: ["1", "8"]) func rowsThatDoNotSumToOne(threads: String) throws {
        let scratch = try Scratch()
        var rows = Self.probabilities(rows: 5000, classes: 3, seed: 4)
        let labels = RandomDump.labels(rows: 5000, classes: 3, seed: 5)
        // Within rounding of Float32 as scikit-learn has it: 3.45e-4.
        rows[3 * 10] -= 0.0003
        for (row, deviation) in [(20, 0.001), (4321, 0.0625), (4999, -0.0625), (77, 0.01)] {
            let least = (3 * row..<3 * row + 3).min { rows[$0] < rows[$1] } ?? 3 * row
            let greatest = (3 * row..<3 * row + 3).max { rows[$0] < rows[$1] } ?? 3 * row
            rows[deviation > 0 ? least : greatest] += deviation
        }
        let data = NPYFixture.floats(rows.map { Float($0) }, columns: 3)
        try scratch.write("p.npy", ZstdFixture(data, pieceByteCount: 3001).plain)
        try scratch.write("y.npy", NPYFixture.labels(labels))
        let options = ["--threads", threads] + Self.multiclass + ["probabilities"]
        let found = try Self.warnings(options, in: scratch)
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("4 of 5000 rows of probabilities do not sum to 1 within 0.000345: the worst, p.npy: row ") == true)
        // The two of 1/16 differ in rounding alone.
        #expect(found.first.map { $0.contains("row 4321, is 0.0625 away") || $0.contains("row 4999, is 0.0625 away") } == true)
        #expect(try Self.warnings(options + ["--renormalize"], in: scratch) == [])
        #expect(try Self.warnings(options + ["--dialect", "sklearn"], in: scratch) == found)
    }

    /// A Float32 softmax in text sums to 1 within Float32's bound, and not within Float64's.
    @Test func probabilitiesOfFewDigits() throws {
        let scratch = try Scratch()
        let options = ["p.csv", "--json", "-", "--task", "multiclass", "--input", "probabilities"]
        func warnings(_ digits: Int, of change: Double = 0) throws -> [String] {
            var text = "p_0,p_1,p_2,y\n"
            for row in 0..<3000 {
                let logits = (0..<3).map { sin(Double(7 * row + $0)) * 4 }
                let total = logits.reduce(0) { $0 + exp($1) }
                let values = logits.map { String(format: "%.\(digits)g", exp($0) / total + (row == 1234 ? change : 0)) }
                text += values.joined(separator: ",") + ",\(row % 3)\n"
            }
            try scratch.write("p.csv", text)
            return try XentRun.xent(["eval"] + options, in: scratch).json().texts("warnings")
        }
        for digits in [6, 7, 8, 9, 17] { #expect(try warnings(digits) == [], "\(digits) digits") }
        // A row that is far from 1 is told with Float32's bound, one with more digits with Float64's.
        let few = try warnings(7, of: 0.001)
        #expect(few.count == 1 && few[0].contains("1 of 3000 rows of probabilities does not sum to 1 within 0.000345"), "\(few)")
        #expect(few[0].contains("p.csv: row 1234"), "\(few)")
        let many = try warnings(17, of: 1e-6)
        #expect(many.count == 1 && many[0].contains("1 of 3000 rows of probabilities does not sum to 1 within 1.49e-08"), "\(many)")
    }

    @Test func logProbabilitiesThatAreLogits() throws {
        let scratch = try Scratch()
        let logits = RandomDump.logits(rows: 3000, columns: 4, seed: 5).map { Double($0) - 20 }
        let labels = RandomDump.labels(rows: 3000, classes: 4, seed: 6)
        let options = Self.multiclass + ["log-probabilities"]
        try Self.write(logits, classes: 4, labels: labels, to: scratch)
        for threads in ["1", "3"] {
            let found = try Self.warnings(options + ["--threads", threads], in: scratch)
            #expect(found.count == 1)
            #expect(found[0].hasPrefix("the exponentials of 1024 of the first 1024 rows of log-probabilities do not sum to 1"))
            #expect(found[0].hasSuffix("are they logits? --input logits scores them as such"), "\(found)")
        }
        // Log-probabilities are none.
        var normalised: [Double] = []
        for row in 0..<3000 {
            let values = logits[4 * row..<4 * row + 4]
            let total = log(values.reduce(0) { $0 + exp($1) })
            normalised += values.map { $0 - total }
        }
        try Self.write(normalised, classes: 4, labels: labels, to: scratch)
        #expect(try Self.warnings(options, in: scratch) == [])
        // −∞ is the logarithm of 0.
        normalised[0..<4] = [0, -.infinity, -.infinity, -.infinity]
        try Self.write(normalised, classes: 4, labels: [0] + labels.dropFirst(), to: scratch)
        #expect(try Self.warnings(options, in: scratch) == [])
    }

    /// −9999 is what services write for a log-probability that is not known.
    @Test func placeholders() throws {
        let scratch = try Scratch()
        let options = ["--json", "-", "--task", "likelihood", "--input", "log-probabilities"]
        func warnings(_ name: String) throws -> [String] {
            try XentRun.xent(["eval", name] + options, in: scratch).json().texts("warnings")
        }
        try scratch.write("t.jsonl", "{\"logprobs\": [-1, -9999.0, -0.5, -9999.0]}\n{\"logprobs\": [-998, -2]}\n{\"logprobs\": [-1000]}\n")
        let found = try warnings("t.jsonl")
        #expect(found.count == 1 && found[0].hasPrefix("3 of the log-probabilities that were scored are -999 or less"), "\(found)")
        try scratch.write("l.npy", NPYFixture.doubles([-1, -9999, -2, -1e9]))
        #expect(try warnings("l.npy").map { $0.prefix(24) } == ["2 of the log-probabiliti"])
        // A long text of likely tokens has a sum as low.
        let long = [String](repeating: "-2.5", count: 5000).joined(separator: ",")
        try scratch.write("t.jsonl", "{\"logprobs\": [\(long)]}\n")
        #expect(try warnings("t.jsonl") == [])
    }

    @Test func labelsFromOne() throws {
        let scratch = try Scratch()
        let labels = RandomDump.labels(rows: 300, classes: 4, seed: 7).map { $0 + 1 }
        let logits = RandomDump.logits(rows: 300, columns: 4, seed: 8).map(Double.init)
        try Self.write(logits, classes: 4, labels: labels, to: scratch)
        let skipped = try Self.warnings(Self.multiclass + ["logits", "--on-invalid", "skip"], in: scratch)
        #expect(skipped.contains { $0.contains("the labels run from 1 to 4, of 4 classes: they seem to count from 1") })
        // The first of them ends a run, and says so.
        let run = try XentRun.xent(["eval", "p.npy"] + Self.multiclass + ["logits"], in: scratch)
        #expect(run.ending == .exit(65))
        let row = try #require(labels.firstIndex(of: 4))
        #expect(run.stderr.contains("y.npy: row \(row): label 4 is outside 0..<4; the labels run from 1 to 4, so they seem to count from 1"))
        // A label of 0 refutes it.
        try Self.write(logits, classes: 4, labels: labels.dropLast() + [0], to: scratch)
        let others = try Self.warnings(Self.multiclass + ["logits", "--on-invalid", "skip"], in: scratch)
        #expect(!others.contains { $0.contains("count from 1") })
        #expect(try !XentRun.xent(["eval", "p.npy"] + Self.multiclass + ["logits"], in: scratch).stderr.contains("count from 1"))
    }

    @Test func allLabelsEqual() throws {
        let scratch = try Scratch()
        let logits = RandomDump.logits(rows: 300, columns: 4, seed: 8).map(Double.init)
        var labels = [UInt8](repeating: 3, count: 300)
        try Self.write(logits, classes: 4, labels: labels, to: scratch)
        #expect(try Self.warnings(Self.multiclass + ["logits"], in: scratch) == ["all 300 labels are 3: is it the right labels file?"])
        labels[299] = 0
        try Self.write(logits, classes: 4, labels: labels, to: scratch)
        #expect(try Self.warnings(Self.multiclass + ["logits"], in: scratch) == [])
        // But for the ignored.
        #expect(
            try Self.warnings(Self.multiclass + ["logits", "--ignore-index", "0"], in: scratch)
                == ["all 299 labels are 3: is it the right labels file?"])
        try scratch.write("p.npy", NPYFixture.floats(Array(repeating: 2.5, count: 5)))
        try scratch.write("y.npy", NPYFixture.doubles(Array(repeating: 0.25, count: 5)))
        #expect(try Self.warnings(Self.binary + ["logits"], in: scratch) == ["all 5 labels are 0.25: is it the right labels file?"])
    }

    @Test func softBinaryLabelsUnderAHardLabelDialect() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.floats([0.25, 0.5, 0.75, 0.5]))
        try scratch.write("y.npy", NPYFixture.doubles([0, 1, 0.5, 0.75]))
        for dialect in ["sklearn", "sklearn-1.4", "lightgbm", "spark", "h2o"] {
            let found = try Self.warnings(Self.binary + ["probabilities", "--dialect", dialect], in: scratch)
            #expect(found.count == 1)
            #expect(found.first?.contains("2 labels are neither 0 nor 1 (the first: p.npy: row 2)") == true)
            #expect(found.first?.contains("dialect \(dialect) ") == true)
        }
        for dialect in ["exact", "pytorch", "keras"] {
            #expect(try Self.warnings(Self.binary + ["probabilities", "--dialect", dialect], in: scratch) == [])
        }
        // CatBoost's CrossEntropy takes them.
        #expect(try Self.warnings(Self.binary + ["logits", "--dialect", "catboost"], in: scratch).filter { $0.contains("neither 0 nor 1") } == [])
        try scratch.write("y.npy", NPYFixture.doubles([0, 1, 0, 1]))
        #expect(try Self.warnings(Self.binary + ["probabilities", "--dialect", "sklearn"], in: scratch) == [])
    }

    @Test func saturatedFloat16() throws {
        let scratch = try Scratch()
        var bits = [UInt16](repeating: 0x3C00, count: 70_000 * 3)
        for index in stride(from: 0, to: bits.count, by: 3) { bits[index] = 0x4000 }
        func write() throws {
            try scratch.write("p.npy", NPYFixture.header("<f2", [70_000, 3]) + bits.withUnsafeBytes { Data($0) })
        }
        try scratch.write("y.npy", NPYFixture.labels((0..<70_000).map { UInt8($0 % 3) }))
        // What masks are made of does not count: -65504, -infinity; nor does the number before the last.
        bits[1] = 0xFBFF
        bits[4] = 0xFC00
        bits[8] = 0x7BFE
        try write()
        #expect(try Self.warnings(Self.multiclass + ["logits", "--on-invalid", "skip"], in: scratch).filter { $0.contains("Float16") } == [])
        bits[150_001] = 0x7BFF
        bits[209_999] = 0x7C00
        try write()
        let found = try Self.warnings(Self.multiclass + ["logits", "--on-invalid", "skip"], in: scratch).filter { $0.contains("Float16") }
        #expect(found == ["2 Float16 logits are 65504 or infinite, where the type ends: larger ones were cut; save bfloat16 or Float32"])
    }

    /// What was clipped counts as clipped, also where it is the logarithm that a dialect bounds.
    @Test func clippedLogarithmsCount() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.doubles([0, 1, 0, 0.5, 1e-50]))
        try scratch.write("y.npy", NPYFixture.labels([1, 0, 0, 1, 1]))
        let arguments = ["eval", "p.npy", "--json", "-", "--dialect", "pytorch", "--dialect", "xgboost"] + Self.binary + ["probabilities"]
        let report = try XentRun.xent(arguments, in: scratch).json()
        // -log 0 twice; 1e-50 is 115 nats; a row that is right for certain loses nothing.
        #expect(try report.count("dialects", "pytorch", "clipped_rows") == 3)
        #expect(try report.count("dialects", "xgboost", "clipped_rows") == 3)
        #expect(try report.number("dialects", "pytorch", "sum") == 300 + log(2.0))
        #expect(try abs(report.number("dialects", "pytorch", "clipped_share") - 300 / (300 + log(2.0))) < 1e-12)
    }

    /// A row that is left out for its weight is not right, either.
    @Test func accuracyOfRowsWithInvalidWeights() throws {
        let scratch = try Scratch()
        try scratch.write("p.npy", NPYFixture.floats([5, 0, 0, 5, 0, 5, 5, 0], columns: 2))
        try scratch.write("y.npy", NPYFixture.labels([0, 1, 0, 0]))
        try scratch.write("w.npy", NPYFixture.doubles([1, -1, 1, .nan]))
        let report = try XentRun.xent(
            ["eval", "p.npy", "--weights", "w.npy", "--on-invalid", "skip", "--json", "-"] + Self.multiclass + ["logits"], in: scratch
        ).json()
        #expect(try report.count("rows", "invalid") == 2)
        #expect(try report.number("accuracy") == 0.5)
    }
}
