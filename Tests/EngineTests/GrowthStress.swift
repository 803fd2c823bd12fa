import Foundation
import Scoring
import Testing

@testable import Engine
@testable import Formats
@testable import Messages

/// The time for many names grows with their number, and not with its square.
@Suite("Time for many files, arrays and identifiers", .serialized) struct GrowthStress {
    /// Eight times as many may take this many times as long. A square would take 64.
    private static let ratioLimit = 24.0

    private func seconds(_ body: () throws -> Void) rethrows -> Double {
        var least = Duration.seconds(1000)
        for _ in 0..<2 { least = min(least, try ContinuousClock().measure(body)) }
        return Double(least.components.seconds) + 1e-18 * Double(least.components.attoseconds)
    }

    private func expectLinear(_ what: String, _ count: Int, _ body: (_ count: Int) throws -> () throws -> Void) throws {
        let small = try seconds(try body(count))
        let large = try seconds(try body(8 * count))
        #expect(large < Self.ratioLimit * small || large < 0.5, "\(what): \(small) s, and of eight times as many \(large) s")
    }

    private func folder() throws -> String {
        let path = NSTemporaryDirectory() + "growth-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    /// 32,000 and 256,000 columns by default, by a pattern, and one by one.
    @Test func columns() throws {
        for way in 0..<3 {
            try expectLinear("columns, way \(way)", 32_000) { count in
                let names = (0..<count).map { "prob_class\($0)" }
                let values = [String](repeating: "0.5", count: count).joined(separator: ",")
                let text = Array((names.joined(separator: ",") + ",label\n" + values + ",prob_class7\n").utf8)
                return {
                    let format = try #require(
                        try text.withUnsafeBytes { try RecordFormats.recognise($0, isWhole: true, options: .init()) })
                    var columns = DumpColumns()
                    if way == 1 { columns.predictions = ["prob_*"] }
                    if way == 2 { columns.predictions = names }
                    let request = ColumnRequest(columns, predictions: .init(width: .oneAClass), labels: .classIndex)
                    var roles = RecordRoles(request)
                    var selection = try roles.predictions(of: format, path: "a")
                    try roles.addOthers(to: &selection, of: format, path: "a", valuesPerRow: count)
                    #expect(selection.predictions.count == count)
                }
            }
        }
    }

    /// Columns that two files share are compared one by one.
    @Test func sharedColumns() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try expectLinear("shared columns", 6_000) { count in
            let names = (0..<count).map { "k\($0)" }.joined(separator: ",")
            let values = [String](repeating: "1", count: count).joined(separator: ",")
            try Data("\(names),p\n\(values),0.5\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/p\(count).csv"))
            try Data("\(names),label\n\(values),1\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/y\(count).csv"))
            return {
                let report = try evaluate(
                    ["\(folder)/p\(count).csv"], ["\(folder)/y\(count).csv"], LossSpecification(task: .binary, input: .probabilities)
                ).report
                #expect(report.rows.scored == 1)
            }
        }
    }

    /// Names of arrays, of classes, and of columns in messages.
    @Test func names() throws {
        try expectLinear("arrays of an archive", 8_000) { count in
            let columns = (0..<count).map { index in
                PredictionRecognition.Column(arrayNamed: "p_\(index)") { nil }
            }
            let request = ColumnRequest(DumpColumns(), predictions: .init(), labels: .none)
            return {
                _ = try? request.arrayIndex(.predictions(nil), named: nil, among: columns, isAlone: false, taken: [])
                _ = try? request.arrayIndex(.predictions(nil), named: "p_\(count - 1)", among: columns, isAlone: false, taken: [])
            }
        }
        try expectLinear("names of classes", 32_000) { count in
            let names = (0..<count).map { "class \($0)" }
            return { #expect(ClassNames(names, ignoredLabel: nil).names.count == count) }
        }
        // A list of names takes the time of those that it shows.
        let names = [String](repeating: String(repeating: "é", count: 100_000), count: 100)
        var byteCount = 0
        let time = seconds { for _ in 0..<100 { byteCount = max(byteCount, QuotedBytes.list(names).utf8.count) } }
        #expect(byteCount < 3000 && time < 2)
    }
}
