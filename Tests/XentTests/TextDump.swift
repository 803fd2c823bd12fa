import Foundation
import SeededRandom

/// The same rows as arrays and as text, by a seed: every figure of an evaluation must be the same of all.
struct TextDump {
    let columnCount: Int
    let values: [Double]
    let labels: [Int]
    let weights: [Double]

    var rowCount: Int { labels.count }

    /// Probabilities that sum to 1 but for rounding, from numbers with many digits.
    init(rowCount: Int, columnCount: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var values: [Double] = []
        for _ in 0..<rowCount {
            let row = (0..<columnCount).map { _ in Double.random(in: 1e-9..<1, using: &random) }
            values += row.map { $0 / row.reduce(0, +) }
        }
        self.columnCount = columnCount
        self.values = values
        labels = (0..<rowCount).map { _ in Int.random(in: 0..<columnCount, using: &random) }
        weights = (0..<rowCount).map { _ in Double(Int.random(in: 0...8, using: &random)) / 4 }
    }

    func row(_ index: Int) -> ArraySlice<Double> { values[index * columnCount..<(index + 1) * columnCount] }

    /// p.npy, y.npy, w.npy.
    func writeArrays(to scratch: Scratch) throws {
        try scratch.write("p.npy", NPYFixture.doubles(values, columns: columnCount))
        try scratch.write("y.npy", NPYFixture.wideLabels(labels.map { Int64($0) }))
        try scratch.write("w.npy", NPYFixture.doubles(weights))
    }

    /// id, text, label, p_0…, weight; in some rows the text is quoted and holds the delimiter and quotes.
    func table(delimiter: String = ",", newline: String = "\n", labelName: (Int) -> String = { String($0) }) -> String {
        var text = (["id", "text", "label"] + (0..<columnCount).map { "p_\($0)" } + ["weight"]).joined(separator: delimiter) + newline
        for row in 0..<rowCount {
            let words = row % 3 == 0 ? "\"a\(delimiter) \"\"b\"\"\"" : "words \(row)"
            let numbers = self.row(row).map { "\($0)" }.joined(separator: delimiter)
            text +=
                "r\(row)\(delimiter)\(words)\(delimiter)\(labelName(labels[row]))\(delimiter)\(numbers)\(delimiter)\(weights[row])\(newline)"
            if row % 7 == 0 { text += newline }
        }
        return text
    }

    func jsonLines() -> String {
        var text = ""
        for row in 0..<rowCount {
            let numbers = self.row(row).map { "\($0)" }.joined(separator: ", ")
            text += "{\"id\": \"r\(row)\", \"label\": \(labels[row]), \"output\": {\"probs\": [\(numbers)]}, \"weight\": \(weights[row])}\n"
            if row % 7 == 0 { text += "\n" }
        }
        return text
    }

    static let task = ["--task", "multiclass", "--input", "probabilities"]
    static let columns = ["--prediction-columns", "p_*", "--label-column", "label"]
}
