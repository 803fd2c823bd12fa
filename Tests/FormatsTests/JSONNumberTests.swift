import Formats
import SeededRandom
import Testing

@Suite("Numbers of JSON are correctly rounded")
struct JSONNumberTests {
    /// So many bytes that numbers after them are read from their ends.
    private static let front = "\"id\":\"\(String(repeating: "x", count: 40))\","

    /// Reads numbers, one a record, each bare in an array, bare by itself and in a string.
    private func check(_ texts: [String], _ comment: String) throws {
        for (form, line) in [
            ("array", { "{\"a\":[\($0),1]}" }), ("last", { "{\"a\":[1, \($0) ]}" }), ("single", { "{\"a\":[1,{},\($0)]}" }),
            ("string", { "{\"a\":[\"\($0)\" , 1]}" }), ("from its end", { "{\(Self.front)\"a\":[\($0),1]}" }),
        ] as [(String, (String) -> String)] {
            let text = try JSONText(texts.map(line).joined(separator: "\n").utf8)
            let name = form == "last" ? "a.1" : form == "single" ? "a.2" : "a.0"
            let one = try text.rows(RecordSelection(predictions: [path(name)]))
            let all = form == "single" ? one : try text.rows(RecordSelection(predictions: [path("a")]))
            #expect(one.problems.isEmpty && all.problems.isEmpty, "\(comment), \(form): \(one.problems.first.debugDescription)")
            for (row, text) in texts.enumerated() {
                let wanted = try #require(Double(text))
                let place = form == "single" ? row : 2 * row + (form == "last" ? 1 : 0)
                for value in [one.values[row], all.values[place]] where value.bitPattern != wanted.bitPattern {
                    Issue.record("\(comment), \(form): \(text) reads as \(value), not \(wanted)")
                    return
                }
            }
        }
    }

    @Test("Random decimals are what Double(String) makes of them", arguments: [1, 2, 3, 4, 5, 6])
    func random(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        func digits(_ count: Int) -> String {
            (0..<count).map { _ in String(Int.random(in: 0...9, using: &random)) }.joined()
        }
        func integer(_ count: Int) -> String {
            let text = digits(count)
            return text.first == "0" ? String(text.drop { $0 == "0" }.isEmpty ? "0" : text.drop { $0 == "0" }) : text
        }
        var texts: [String] = []
        for _ in 0..<40_000 {
            var text = Bool.random(using: &random) ? "-" : ""
            switch seed {
            case 1: text += integer(Int.random(in: 1...3, using: &random)) + "." + digits(Int.random(in: 1...9, using: &random))
            case 2: text += integer(Int.random(in: 1...25, using: &random))
            case 3: text += "0." + digits(Int.random(in: 1...40, using: &random))
            case 4:
                text += integer(Int.random(in: 1...20, using: &random)) + "." + digits(Int.random(in: 1...20, using: &random)) + "e"
                text += String(Int.random(in: -340...320, using: &random))
            case 5: text += Double(bitPattern: UInt64.random(in: 0..<0x7FF0_0000_0000_0000, using: &random)).description
            default:
                // About a half: a Float64 and half a step more, written out.
                let number = Double.random(in: 1..<2, using: &random)
                text +=
                    "\(1 + Int(number * 0x1p52))."
                    + ["5", "50000000000000000000", "49999999999999999999999", "5000000000000000000001"][
                        Int.random(in: 0..<4, using: &random)]
            }
            texts.append(text)
        }
        try check(texts, "seed \(seed)")
    }

    @Test("Numbers that parsers get wrong")
    func difficult() throws {
        try check(
            [
                "0.12345678901234567890123", "0.30000000000000001654321098765", "0.000000000000000000000000000012345678901234567890123",
                "9007199254740993", "9007199254740992.5", "9007199254740993.0000000000000000000000001", "18446744073709551616",
                "123456789012345678901234567890", "2.2250738585072011e-308", "2.2250738585072014e-308", "4.9406564584124654e-324",
                "2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623157e308", "1.7976931348623159e308", "1e400", "-1e400",
                "1e-400", "-1e-400", "0", "-0", "-0.0", "0e5", "1E5", "1e+5", "1e00005", "100000000000000000000000",
                "0." + String(repeating: "0", count: 400) + "1e400", String(repeating: "9", count: 800), "1e23", "8.5e22",
                "5e-324", "0.1", "0.3", "123456789.123456789", "999999999999999999", "0.999999999999999999", "1000000000000000000",
            ], "difficult")
    }

    @Test("What is no number of JSON is none, bare; in strings Python's float is the measure")
    func refused() throws {
        for text in [
            "01", "-01", "1.", "-.5", ".5", "+1", "1e", "1e+", "0x10", "1_0", "1.5x", "--1", "-", "1.e5", "nan", "inf", "Nan", "1 2", "0a",
        ] {
            for line in [
                "{\"a\":[\(text)]}", "{\"a\":[1,\(text)]}", "{\"a\":\(text)}", "{\"a\":[{},\(text)]}", "{\(Self.front)\"a\":[1,\(text)]}",
            ] {
                let rows = try JSONText("{\"a\":1}\n\(line)\n").rows(RecordSelection(predictions: [path("a")]))
                #expect(rows.problems.map(\.rowIndex) == [1], "\(line): \(rows.values)")
            }
        }
        for (text, wanted) in [
            ("1.", 1), (".5", 0.5), ("-.5", -0.5), ("+1.5", 1.5), (" 2 ", 2), ("\\t3\\n", 3), ("NaN", .nan), ("nan", .nan),
            ("-inf", -.infinity),
            ("Infinity", .infinity), ("1e5", 1e5), ("01", 1), ("\\u0031.25", 1.25),
        ] as [(String, Double)] {
            let rows = try JSONText("{\"a\":\"\(text)\"}\n").rows(RecordSelection(predictions: [path("a")]))
            #expect(sameBits(rows.values, [wanted]), "'\(text)': \(rows.values) \(rows.problems)")
        }
        for text in ["", " ", "abc", "0.3x", "1 2", "+-1", "--1", "0x10", "nan(1)", "1,5", "True", "1e"] {
            let rows = try JSONText("{\"a\":\"\(text)\"}\n").rows(RecordSelection(predictions: [path("a")]))
            #expect(rows.problems.count == 1, "'\(text)': \(rows.values)")
        }
        let words = try JSONText("{\"a\":[NaN, Infinity, -Infinity]}\n").rows(RecordSelection(predictions: [path("a")]))
        #expect(sameBits(words.values, [.nan, .infinity, -.infinity]) && words.problems.isEmpty)
    }
}
