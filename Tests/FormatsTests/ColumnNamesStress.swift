import Formats
import Testing

/// The time that names of columns and classes take grows with their number, and not with its square.
@Suite("Time for many columns", .serialized) struct ColumnNamesStress {
    /// Four times as many columns may take this many times as long. A square would take sixteen.
    private static let ratioLimit = 10.0
    private static let count = 8000

    /// The least time of three runs.
    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        var least = Duration.seconds(1000)
        for _ in 0..<3 { least = min(least, try ContinuousClock().measure(body)) }
        return Double(least.components.seconds) + 1e-18 * Double(least.components.attoseconds)
    }

    private func expectLinear(_ what: String, _ body: (_ count: Int) throws -> () throws -> Void) throws {
        let small = try seconds(try body(Self.count))
        let large = try seconds(try body(4 * Self.count))
        #expect(large < Self.ratioLimit * small || large < 0.5, "\(what): \(small) s, and of four times as many \(large) s")
    }

    private func format(_ bytes: [UInt8]) throws -> any RecordFormat {
        try #require(try bytes.withUnsafeBytes { try RecordFormats.recognise($0, isWhole: true, options: .init()) })
    }

    private func names(_ count: Int) -> [String] { (0..<count).map { "p_class\($0)" } }

    @Test func tablesAndRecords() throws {
        for isTable in [true, false] {
            func text(_ count: Int) -> [UInt8] {
                let names = names(count)
                let zeros = [String](repeating: "0", count: count).joined(separator: ",")
                let record = "{" + names.map { "\"\($0)\":0" }.joined(separator: ",") + ",\"y\":\"p_class7\"}\n"
                let table = names.joined(separator: ",") + ",y\n" + zeros + ",p_class7\n"
                return Array((isTable ? table : record + record).utf8)
            }
            let what = isTable ? "table" : "record"
            try expectLinear("\(what), recognised") { count in
                let text = text(count)
                return { _ = try self.format(text) }
            }
            try expectLinear("\(what), by all names, one by one, and by PREFIX*") { count in
                let format = try self.format(text(count)), names = self.names(count)
                return {
                    _ = try format.resolve(names)
                    for name in names { _ = try format.resolve(name) }
                    _ = try format.resolve("p_*")
                }
            }
            try expectLinear("\(what), parsed, with labels that are names") { count in
                let bytes = text(count)
                let format = try self.format(bytes)
                var selection = RecordSelection(predictions: try format.resolve("p_*"))
                selection.labels = .classIndex(try format.resolve("y")[0], names: format.classNames(of: selection.predictions))
                let padded = bytes + [UInt8](repeating: 0, count: readableByteCountAfterText)
                return {
                    let parser = try format.makeParser(selection)
                    let rows = RecordRows()
                    padded.withUnsafeBytes {
                        parser.parse(UnsafeRawBufferPointer(rebasing: $0[format.headerByteCount..<bytes.count]), into: rows)
                    }
                    #expect(rows.classLabels.first == 7)
                }
            }
        }
    }

    @Test func namesOfClasses() throws {
        try expectLinear("names without affixes") { count in
            let names = self.names(count)
            return { #expect(ClassNames.withoutAffixes(names).count == count) }
        }
    }

    /// Each token has an object with keys of its own.
    @Test func objectsUnderTokens() throws {
        try expectLinear("a record of objects under tokens") { count in
            let ids = (0..<count).map(String.init).joined(separator: ",")
            let objects = (1..<count).map { "{\"\($0)\":{\"lp\":-1},\"\($0 + 1_000_000)\":{\"lp\":-2}}" }.joined(separator: ",")
            let text = Array("{\"ids\":[\(ids)],\"lps\":[null,\(objects)]}\n".utf8)
            return {
                let format = try self.format(text)
                _ = try format.resolve("lps.*.{ids}.lp")
            }
        }
    }
}
