import Foundation
import Testing

/// The bound of "do not sum to 1" follows the digits with which probabilities were printed.
@Suite struct PrintedSumTests {
    private static let formats: [(name: String, print: @Sendable (Float) -> String)] = [
        ("repr", { "\(Double($0))" }), ("pandas", { "\($0)" }), ("%.6f", { String(format: "%.6f", Double($0)) }),
        ("%.4f", { String(format: "%.4f", Double($0)) }), ("%.3f", { String(format: "%.3f", Double($0)) }),
        ("%.2f", { String(format: "%.2f", Double($0)) }), ("%g", { String(format: "%g", Double($0)) }),
        ("%.3g", { String(format: "%.3g", Double($0)) }), ("%.10f", { String(format: "%.10f", Double($0)) }),
        ("%.12f", { String(format: "%.12f", Double($0)) }), ("%.18e", { String(format: "%.18e", Double($0)) }),
        ("%.3e", { String(format: "%.3e", Double($0)) }),
    ]

    /// Rows of a softmax in Float32.
    private static func softmax(rows: Int, classes: Int, scale: Float, seed: UInt64) -> [[Float]] {
        let logits = RandomDump.logits(rows: rows, columns: classes, seed: seed)
        return (0..<rows).map { row in
            let values = logits[classes * row..<classes * (row + 1)].map { $0 * scale }
            let largest = values.max() ?? 0
            let powers = values.map { exp($0 - largest) }
            let sum = powers.reduce(0, +)
            return powers.map { $0 / sum }
        }
    }

    private func warnings(_ rows: [[String]], in scratch: Scratch) throws -> String {
        let names = rows[0].indices.map { "p_\($0)" }.joined(separator: ",")
        try scratch.write("p.csv", names + "\n" + rows.map { $0.joined(separator: ",") + "\n" }.joined())
        // Labels of classes that were not printed as 0.
        let labels = rows.map { row in
            let values = row.map { Double($0) ?? 0 }
            return "\(values.firstIndex(of: values.max() ?? 0) ?? 0)\n"
        }
        try scratch.write("y.txt", labels.joined())
        let run = try XentRun.xent(
            ["eval", "p.csv", "--labels", "y.txt", "--task", "multiclass", "--input", "probabilities", "--quiet"], in: scratch)
        #expect(run.ending == .exit(0), "\(run.stderr)")
        return run.stderr.contains("sum to 1") ? run.stderr : ""
    }

    @Test(arguments: [2, 3, 10, 100, 1000]) func softmaxOfFloat32(classes: Int) throws {
        let scratch = try Scratch()
        for scale in [Float(0.25), 1, 4] {
            let rows = Self.softmax(rows: 24, classes: classes, scale: scale, seed: UInt64(classes))
            for format in Self.formats {
                let printed = rows.map { $0.map(format.print) }
                let found = try warnings(printed, in: scratch)
                #expect(found == "", "\(format.name), \(classes) classes, scale \(scale)")
            }
        }
    }

    /// What is no distribution is told with all digits and with few.
    @Test func trueFaults() throws {
        let scratch = try Scratch()
        for classes in [3, 10, 40] {
            let rows = Self.softmax(rows: 60, classes: classes, scale: 2, seed: 7)
            for format in Self.formats {
                // A class left out.
                let found = try warnings(rows.map { $0.dropLast().map(format.print) }, in: scratch)
                #expect(found != "", "\(format.name), \(classes) classes, one left out")
                // Scores of classes by themselves.
                let others = try warnings(rows.map { row in row.map { format.print(min(1, $0 + 0.1)) } }, in: scratch)
                #expect(others != "", "\(format.name), \(classes) classes, each more")
            }
        }
        for rows in [[["0.7", "0.2"], ["0.5", "0.5"]], [["0.9", "0.2"], ["0.5", "0.5"]], [["0.72", "0.24"], ["0.5", "0.5"]]] {
            #expect(try warnings(rows, in: scratch) != "", "\(rows)")
        }
        // A Float64 that is further away than its rounding.
        #expect(try warnings([["0.33333333333333331", "0.66666660000000001"]], in: scratch) != "")
    }

    @Test func logProbabilities() throws {
        let scratch = try Scratch()
        func warnings(_ rows: [[String]]) throws -> String {
            let names = rows[0].indices.map { "logprob_\($0)" }.joined(separator: ",")
            try scratch.write("p.csv", names + "\n" + rows.map { $0.joined(separator: ",") + "\n" }.joined())
            try scratch.write("y.txt", rows.map { _ in "0\n" }.joined())
            return try XentRun.xent(
                ["eval", "p.csv", "--labels", "y.txt", "--task", "multiclass", "--input", "log-probabilities", "--quiet"], in: scratch
            ).stderr
        }
        for classes in [2, 10, 300] {
            let rows = Self.softmax(rows: 20, classes: classes, scale: 1, seed: 3)
            for format in Self.formats {
                let printed = rows.map { $0.map { format.print(log($0)) } }
                let found = try warnings(printed).contains("sum to 1")
                #expect(!found, "\(format.name), \(classes) classes")
                // A column by itself is no run, and one of 300 classes is too little to be seen.
                guard classes == 10 else { continue }
                let others = try warnings(printed.map { Array($0.dropLast()) }).contains("sum to 1")
                #expect(others, "\(format.name), \(classes) classes, one left out")
            }
        }
    }
}
