import Engine
import FoundationEssentials
import Messages
import WorkStealing

/// A report as JSON holds it, of an evaluation, a merge or a comparison.
enum ReportDocument {
    case evaluation(Report)
    case comparison(ComparisonReport)

    /// Reads a report that `--json` wrote.
    ///
    /// - Throws: `EngineError` if the file cannot be read, or holds another thing.
    init(path: String, cancellation: Cancellation) throws(EngineError) {
        let data = Data(try TextFile.report(at: path, cancellation: cancellation))
        let remedy = "give a file that --json of xent eval, merge or compare wrote"
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard !data.isEmpty else { throw EngineError(.data, path: path, "the file is empty", remedy: remedy) }
        do {
            let keys = try decoder.decode(Keys.self, from: data).names
            if keys.contains("difference"), keys.contains("a"), keys.contains("b") {
                self = .comparison(try decoder.decode(ComparisonReport.self, from: data))
            } else if keys.contains("loss"), keys.contains("rows") {
                self = .evaluation(try decoder.decode(Report.self, from: data))
            } else {
                let missing = keys.contains("rows") ? "'loss'" : keys.contains("loss") ? "'rows'" : "'loss' and 'rows'"
                throw EngineError(
                    .data, path: path,
                    "it is no report: it has no \(missing), as one of eval or merge has, nor 'difference' with 'a' and 'b', as "
                        + "one of compare has",
                    remedy: remedy)
            }
        } catch let error as EngineError {
            throw error
        } catch let error as DecodingError {
            throw EngineError(.data, path: path, Self.describe(error), remedy: remedy)
        } catch {
            throw EngineError(.data, path: path, "it cannot be read as JSON: \(error)", remedy: remedy)
        }
    }

    /// Reads the report of an evaluation or a merge.
    ///
    /// - Throws: `EngineError` if the file cannot be read, or holds another thing.
    static func evaluation(path: String, cancellation: Cancellation) throws(EngineError) -> Report {
        guard case .evaluation(let report) = try ReportDocument(path: path, cancellation: cancellation) else {
            throw EngineError(
                .data, path: path, "it is the report of a comparison", remedy: "give the reports of two evaluations or merges")
        }
        return report
    }

    /// Returns true if a file begins as a JSON object does. False for a pipe, of which nothing is read.
    static func isReport(_ path: String, cancellation: Cancellation) -> Bool {
        TextFile.begins(path, with: UInt8(ascii: "{"), cancellation: cancellation)
    }

    /// The part of a page that shows the report.
    var section: any ReportSection {
        switch self {
        case .evaluation(let report): EvaluationSection(report: report)
        case .comparison(let report): ComparisonSection(report: report)
        }
    }

    /// The keys of the outermost object.
    private struct Keys: Decodable {
        struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        let names: Set<String>

        init(from decoder: any Decoder) throws {
            names = Set(try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue))
        }
    }

    private static func describe(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey], _ last: (any CodingKey)? = nil) -> String {
            let names = (path + (last.map { [$0] } ?? [])).map { $0.intValue.map { "[\($0)]" } ?? QuotedBytes.short($0.stringValue) }
            return names.isEmpty ? "the document" : "'\(names.joined(separator: "."))'"
        }
        switch error {
        case .keyNotFound(let key, let context): return "the report has no \(place(context.codingPath, key))"
        case .valueNotFound(_, let context): return "\(place(context.codingPath)) is null"
        case .typeMismatch(let type, let context): return "\(place(context.codingPath)) is not of the type \(type)"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty ? "the file is not JSON" : "\(place(context.codingPath)) has a value that is not known"
        @unknown default: return "the file cannot be read as a report"
        }
    }
}
