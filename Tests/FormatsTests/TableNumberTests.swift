import Formats
import Foundation
import SeededRandom
import Testing

@Suite("Numbers in tables are correctly rounded, as strtod gives them")
struct TableNumberTests {
    /// Parses the texts as a column, and compares bits with Swift's own conversion, on the short way and on the long one.
    private func check(_ texts: [String], _ note: Comment, isCareful: Bool = false) throws {
        let rows = try TableText("p,x\n" + texts.map { $0 + ",0\n" }.joined()).rows("p", isCareful: isCareful)
        try #require(rows.rowCount == texts.count, note)
        #expect(rows.problems.isEmpty, note)
        var wrong = 0
        for (row, text) in texts.enumerated() {
            let expected = try #require(Double(text), note)
            let value = rows.values[row * rows.valuesPerRow]
            if value.bitPattern != expected.bitPattern {
                wrong += 1
                if wrong < 5 { Issue.record("\(text) is \(value), not \(expected): \(note.rawValue)") }
            }
        }
        #expect(wrong == 0, note)
    }

    private func check(seed: UInt64, count: Int, _ text: (inout SplitMix64) -> String) throws {
        var generator = SplitMix64(seed: seed)
        let texts = (0..<count).map { _ in text(&generator) }
        try check(texts, "seed \(seed)")
        try check(Array(texts.prefix(count / 10)), "seed \(seed), careful", isCareful: true)
    }

    private static func finite(_ generator: inout SplitMix64) -> Double {
        while true {
            let value = Double(bitPattern: generator.next())
            if value.isFinite { return value }
        }
    }

    @Test("Any Float64, as short as it can be and with 17 digits")
    func anyBits() throws {
        try check(seed: 1, count: 100_000) { Self.finite(&$0).description }
        try check(seed: 2, count: 50_000) { String(format: "%.17g", Self.finite(&$0)) }
        try check(seed: 3, count: 50_000) { String(format: "%.16e", Self.finite(&$0)) }
    }

    @Test("What dumps hold: logits and probabilities with few digits and many")
    func dumps() throws {
        for (seed, format) in [
            (4, "%.9g"), (5, "%.17g"), (6, "%.6f"), (7, "%.20f"), (8, "%+.3e"), (9, "%.0f"), (10, "%.15g"), (11, "%.16g"),
        ] {
            try check(seed: UInt64(seed), count: 40_000) {
                let logit = Double.random(in: -40...40, using: &$0)
                return String(format: format, Bool.random(using: &$0) ? logit : exp(logit))
            }
        }
    }

    @Test("Digits at random, up to 60 of them, with the point anywhere and exponents of all sizes")
    func digits() throws {
        try check(seed: 12, count: 200_000) { generator in
            let count = Int.random(in: 1...(Bool.random(using: &generator) ? 22 : 60), using: &generator)
            var digits = (0..<count).map { _ in "\(UInt8.random(in: 0...9, using: &generator))" }
            if Bool.random(using: &generator) { digits.insert(".", at: Int.random(in: 0...count, using: &generator)) }
            var text = (Bool.random(using: &generator) ? "-" : "") + digits.joined()
            switch UInt8.random(in: 0..<4, using: &generator) {
            case 0: text += "e\(Int.random(in: -30...30, using: &generator))"
            case 1: text += "E+\(Int.random(in: 0...400, using: &generator))"
            case 2: text += "e-0\(Int.random(in: 0...400, using: &generator))"
            default: break
            }
            return text
        }
    }

    /// The exact decimal digits of what lies halfway between two neighbours, and right beside it.
    @Test("Halfway between two Float64, and by one digit more or less")
    func halfway() throws {
        try check(seed: 13, count: 20_000) { generator in
            // An odd multiple of half a unit, in integers: m + 1/2 with m of 53 bits, times a power of two.
            let odd = (generator.next() >> 11 | 1 << 52) << 1 | 1
            let exponent = Int.random(in: 0...9, using: &generator)
            let text: String
            if Bool.random(using: &generator) {
                text = String(odd << exponent)
            } else {
                // odd / 2^k = odd · 5^k / 10^k.
                var digits = String(odd).compactMap(\.wholeNumberValue)
                for _ in 0..<exponent {
                    var carry = 0
                    for place in digits.indices.reversed() {
                        carry += digits[place] * 5
                        digits[place] = carry % 10
                        carry /= 10
                    }
                    if carry > 0 { digits.insert(carry, at: 0) }
                }
                let whole = digits.count - exponent
                text = digits[..<whole].map(String.init).joined() + "." + digits[whole...].map(String.init).joined()
            }
            switch UInt8.random(in: 0..<3, using: &generator) {
            case 0: return text
            case 1: return text + (text.contains(".") ? "" : ".") + "0000000000000000000000000000001"
            default:
                // One less in the last place that is not 0.
                var characters = Array(text)
                var place = characters.count - 1
                while !("1"..."9").contains(characters[place]) { place -= 1 }
                characters[place] = Character(String((characters[place].wholeNumberValue ?? 1) - 1))
                return String(characters) + (text.contains(".") ? "9999999999" : ".9999999999")
            }
        }
    }

    @Test("Subnormals, the limits, and beyond them")
    func limits() throws {
        try check(seed: 14, count: 20_000) { String(format: "%.25e", Double(bitPattern: $0.next() >> 12)) }
        try check(
            [
                "0", "-0", "0.0", "-0.0", "0e99", "-0e-99999", "4.9406564584124654e-324", "2.4703282292062327e-324",
                "2.4703282292062328e-324", "2.2250738585072011e-308", "2.2250738585072012e-308", "2.2250738585072014e-308",
                "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1e308", "1e309", "-1e400", "1e-400",
                "1e99999",
                "1e-99999", "1e999999999999999999999", "1e-999999999999999999999", "9007199254740993", "9007199254740992.5",
                "9007199254740993.0000000001", "123456789012345678901234567890", ".5", "5.", "-.5", "-5.", "5.e3", ".5e3",
                "00000000000000000001",
                "0000000.0000000000000000000000000001", "99999999", "999999999999999", "9999999999999999999", "18446744073709551615",
                "18446744073709551616", "1.00000000000000011102230246251565404", "1.00000000000000011102230246251565405",
                "12345678.1234567",
                "1234567.12345678", "1234567.123456789", "0.00000000000001", "1e22", "1e23", "1e-22", "1e-23", "8.5e-23", "0001e0001",
            ], "limits")
        let long = "0." + String(repeating: "0", count: 900) + "1e901"
        try check([long, String(repeating: "1", count: 900) + "e-900", String(repeating: "0", count: 5000) + "1.5"], "long")
        try check(
            [long, String(repeating: "1", count: 900) + "e-900", String(repeating: "0", count: 5000) + "1.5"], "long", isCareful: true)
    }

    @Test("Spaces, quotes, plus, infinity", arguments: [false, true])
    func accepted(isCareful: Bool) throws {
        let texts: [(String, Double)] = [
            (" 1.5", 1.5), ("1.5  ", 1.5), ("+1.5", 1.5), ("\"1.5\"", 1.5), ("\" -1.5 \"", -1.5), ("\"1.5\" ", 1.5), ("inf", .infinity),
            ("-Infinity", -.infinity), ("+INF", .infinity), ("\t7\t", 7), ("1E5", 1e5), ("  +.5e-1", 0.05), ("\"+3\"", 3),
        ]
        let rows = try TableText("p,x\r\n" + texts.map { $0.0 + ",\r\n" }.joined()).rows("p", isCareful: isCareful)
        #expect(rows.problems == [])
        #expect(stride(from: 0, to: rows.values.count, by: rows.valuesPerRow).map { rows.values[$0] } == texts.map(\.1))
        // At the end of the line, too.
        let last = try TableText("x,p\r\n" + texts.map { "," + $0.0 + "\r\n" }.joined()).rows("p", isCareful: isCareful)
        #expect(last.problems == [])
        #expect(stride(from: 0, to: last.values.count, by: last.valuesPerRow).map { last.values[$0] } == texts.map(\.1))
    }

    @Test("What is no number is quoted, what is missing is called so")
    func refused() throws {
        let none = [
            "0.3x", "1e5x", "0x1p3", "1_000", "1 000", "--1", "+-1", "-+1", "1e", "1e+", "e5", ".", "-", "+", "-.", "1.2.3", "nan(1)",
            "infinit",
            "true", "٣", "−1", "1-", "1e5.0", "1e1e1", "$5",
        ]
        let rows = try TableText("p,x\n" + none.map { $0 + ",0\n" }.joined()).rows("p")
        #expect(rows.rowCount == none.count)
        #expect(rows.problems.map(\.rowIndex) == Array(none.indices))
        #expect(rows.values.allSatisfy { $0.isNaN })
        for (text, problem) in zip(none, rows.problems) {
            #expect(problem.column == "p")
            #expect(problem.message.hasSuffix(" is no number"), "\(text)")
            if text.utf8.allSatisfy({ $0 < 128 }) { #expect(problem.message == "'\(text)' is no number") }
        }
        let missing = ["", "  ", "nan", "NaN", "-NaN", "NA", "n/a", "#N/A", "null", "NULL", "None", "<NA>", "\"\"", "\" \""]
        let missed = try TableText("p,x\n" + missing.map { $0 + ",0\n" }.joined()).rows("p")
        #expect(
            missed.problems.map(\.text)
                == missing.indices.map { "row \($0): p: missing value; EvaluationOptions.invalidRows = .skip leaves such rows out" })
        #expect(missed.values.count == missing.count && missed.values.allSatisfy { $0.isNaN })
    }
}
