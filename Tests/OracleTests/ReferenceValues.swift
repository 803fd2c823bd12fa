import Foundation
import Oracle

/// Fixtures/reference.json, as scripts/make-reference-values.py writes it from mpmath.
struct ReferenceValues {
    /// A true value to 240 bits, and its nearest Float64.
    struct Truth {
        let value: BigReal
        let rounded: Double
    }

    /// A function's argument and value.
    struct Point {
        let x: Double
        let truth: Truth
    }

    struct BinaryRow {
        let x: Double
        let label: Double
        let truth: Truth
    }

    struct Row {
        let logits: [Double]
        let label: Int
        let truth: Truth
    }

    struct Malformed: Error {
        let what: String
    }

    let exp: [Point]
    let log: [Point]
    let log1p: [Point]
    let negativeLog: [Point]
    let negativeLogOfComplement: [Point]
    let binaryFromLogit: [BinaryRow]
    let softmaxCrossEntropy: [Row]

    static func load() throws -> ReferenceValues {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/reference.json")
        guard let tables = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: [Any]] else {
            throw Malformed(what: "the top level")
        }
        func points(_ name: String) throws -> [Point] {
            try (tables[name] ?? []).map { row in
                let cells = try array(row, count: 4)
                return Point(x: try double(cells[0]), truth: try truth(cells[1...]))
            }
        }
        return ReferenceValues(
            exp: try points("exp"), log: try points("log"), log1p: try points("log1p"), negativeLog: try points("negativeLog"),
            negativeLogOfComplement: try points("negativeLogOfComplement"),
            binaryFromLogit: try (tables["binaryFromLogit"] ?? []).map { row in
                let cells = try array(row, count: 5)
                return BinaryRow(x: try double(cells[0]), label: try double(cells[1]), truth: try truth(cells[2...]))
            },
            softmaxCrossEntropy: try (tables["softmaxCrossEntropy"] ?? []).map { row in
                guard let row = row as? [String: Any], let logits = row["logits"] as? [Any], let label = row["label"] as? Int else {
                    throw Malformed(what: "\(row)")
                }
                return Row(logits: try logits.map(double), label: label, truth: try truth(array(row["truth"] ?? [], count: 3)[...]))
            }
        )
    }

    private static func array(_ cell: Any, count: Int) throws -> [Any] {
        guard let cells = cell as? [Any], cells.count == count else { throw Malformed(what: "\(cell)") }
        return cells
    }

    private static func double(_ cell: Any) throws -> Double {
        guard let text = cell as? String, let value = Double(text) else { throw Malformed(what: "\(cell)") }
        return value
    }

    /// The last three cells of a row: hexadecimal significand, exponent, nearest Float64.
    private static func truth(_ cells: ArraySlice<Any>) throws -> Truth {
        let cells = Array(cells)
        guard let significand = cells[0] as? String, let exponent = cells[1] as? Int,
            let value = BigReal(hexSignificand: significand, exponent: exponent)
        else { throw Malformed(what: "\(cells)") }
        return Truth(value: value, rounded: try double(cells[2]))
    }
}

/// |value − truth| / |truth| is at most 2^power.
func agrees(_ value: BigReal, _ truth: BigReal, within power: Int) -> Bool {
    (value - truth).magnitude <= truth.magnitude.scaled(byPowerOfTwo: power)
}
