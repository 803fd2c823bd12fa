import Engine
import FoundationEssentials
import Messages
import WorkStealing

/// A plan of shards as a JSON file holds it.
enum PlanDocument {
    /// Reads a plan that `xent plan` wrote.
    ///
    /// - Throws: `EngineError` if the file cannot be read, or holds another thing or a damaged plan.
    static func plan(path: String, cancellation: Cancellation) throws(EngineError) -> ShardPlan {
        let data = Data(try TextFile.report(at: path, cancellation: cancellation))
        do {
            return try JSONDecoder().decode(ShardPlan.self, from: data)
        } catch let fault as ShardPlan.Fault {
            throw EngineError(.data, path: path, "it is no plan that can be used: \(fault.problem)", remedy: "make it anew with xent plan")
        } catch let error as DecodingError {
            throw EngineError(.data, path: path, "it is no plan: \(describe(error))", remedy: "give a file that xent plan wrote")
        } catch {
            throw EngineError(.data, path: path, "it cannot be read as JSON: \(error)", remedy: "give a file that xent plan wrote")
        }
    }

    private static func describe(_ error: DecodingError) -> String {
        func place(_ path: [any CodingKey], _ last: (any CodingKey)? = nil) -> String {
            let names = (path + (last.map { [$0] } ?? [])).map { $0.intValue.map { "[\($0)]" } ?? QuotedBytes.short($0.stringValue) }
            return names.isEmpty ? "the document" : "'\(names.joined(separator: "."))'"
        }
        switch error {
        case .keyNotFound(let key, let context): return "it has no \(place(context.codingPath, key))"
        case .valueNotFound(_, let context): return "\(place(context.codingPath)) is null"
        case .typeMismatch(let type, let context): return "\(place(context.codingPath)) is not of the type \(type)"
        case .dataCorrupted(let context):
            return context.codingPath.isEmpty ? "the file is not JSON" : "\(place(context.codingPath)) has a value that is not known"
        @unknown default: return "the file cannot be read"
        }
    }
}

/// One `--root OLD=NEW`: a prefix of the plan's paths, and what takes its place.
struct RootReplacement {
    let old: String
    let new: String

    init(_ text: String) throws(EngineError) {
        guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
            throw EngineError(
                usage: "--root '\(QuotedBytes.short(text))' is no OLD=NEW",
                remedy: "give a prefix of the plan's paths, =, and what takes its place")
        }
        old = String(text[..<equals])
        new = String(text[text.index(after: equals)...])
    }
}
