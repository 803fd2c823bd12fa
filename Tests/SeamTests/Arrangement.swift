import Engine
import Scoring

/// The way in which rows of a generated dump, and the columns beside them, come to an evaluation.
struct Arrangement: CustomStringConvertible {
    enum Predictions: String, CaseIterable {
        case units, stream
    }

    enum Origin: String, CaseIterable {
        /// The batches of the predictions have the column beside them.
        case carried
        case byNumber
        /// A stream.
        case inOrder
        /// Units whose rows cannot be read by number.
        case unitsInOrder
    }

    let predictions: Predictions
    let labels: Origin
    let group: Origin

    static let all = Predictions.allCases.flatMap { predictions in
        Origin.allCases.flatMap { labels in
            Origin.allCases.map { Arrangement(predictions: predictions, labels: labels, group: $0) }
        }
    }

    var description: String { "predictions \(predictions), labels \(labels), group \(group)" }

    /// The rows of the predictions.
    func source(_ dump: GeneratedDump) -> any RowSource {
        let carried = [(GeneratedDump.Field.group, group), (.labels, labels)].filter { $0.1 == .carried }.map(\.0)
        switch predictions {
        case .units: return GeneratedUnits(dump: dump, field: .predictions, carried: carried)
        case .stream: return GeneratedStream(dump: dump, field: .predictions, carried: carried)
        }
    }

    /// A column with rows of its own; nil where the predictions carry it.
    static func column(_ field: GeneratedDump.Field, _ origin: Origin, _ dump: GeneratedDump) -> CompanionColumn? {
        let rows: any RowSource
        switch origin {
        case .carried: return nil
        case .byNumber: rows = GeneratedUnits(dump: dump, field: field, rowsPerUnit: 64, allowsRandomAccess: true)
        case .inOrder: rows = GeneratedStream(dump: dump, field: field, pieceRowCounts: [3, 0, 1000, 7])
        case .unitsInOrder: rows = GeneratedUnits(dump: dump, field: field, rowsPerUnit: 1500)
        }
        return CompanionColumn(name: field.rawValue, rows: rows)
    }

    /// Evaluates a dump that comes in this way.
    func evaluate(
        _ dump: GeneratedDump, _ options: EvaluationOptions, _ control: RunControl = RunControl()
    ) throws(EngineError) -> Evaluation {
        var options = options
        options.companions = [Self.column(.group, group, dump)].compactMap { $0 }
        return try Evaluation(
            rows: source(dump), companions: [Self.column(.labels, labels, dump)].compactMap { $0 }, options, control)
    }
}
