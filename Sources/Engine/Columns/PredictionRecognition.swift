internal import Elements
internal import Formats
internal import Scoring

/// Finds the predictions of a dump by the names of its columns.
///
/// A column or a run of columns is taken if it is the only candidate, or the only one whose name says the wanted input. A column of the
/// classes that were decided for (`pred`) is never taken if another column beside it may hold the scores.
struct PredictionRecognition {
    /// A column of text or an array of an archive.
    struct Column {
        /// The kind of value that a row of the column holds.
        enum Content {
            case one, several
            /// Text that is no number, or a type that holds no predictions.
            case nothing
            case unknown
        }

        let name: String
        private let look: () -> Content

        /// Makes a column.
        ///
        /// - Parameter look: finds the content. It is called only if the name alone does not decide.
        init(name: String, look: @escaping () -> Content) {
            self.name = name
            self.look = look
        }

        var content: Content { look() }
    }

    let columns: [Column]
    /// The indices of columns that have another role already.
    let taken: Set<Int>
    let input: PredictionInput?
    /// The task, which decides how many values a row are wanted; nil if any number will do.
    let task: LossTask?
    /// True if one column may hold one class. An array of an archive holds all classes.
    let hasColumnsOfClasses: Bool

    private struct Candidate {
        let places: [Int]
        let isCertain: Bool
        let saysInput: Bool
    }

    /// Finds the indices of the prediction columns in the order of the classes.
    ///
    /// - Throws: an `EngineError` that lists the candidates if names leave a doubt, or all names if none is known.
    func places(path: String) throws(EngineError) -> [Int] {
        let role = ColumnRole.predictions(input)
        let isSingleValued = task?.isSingleValued == true
        let singles = self.singles(role.usualNames)
        var candidates = singles.map { place in
            let name = ColumnName.lastPart(of: columns[place].name).lowercased()
            return Candidate(
                places: [place], isCertain: true, saysInput: input.map { ColumnRole.namesThatSay($0).contains(name) } ?? false)
        }
        if hasColumnsOfClasses {
            let runs = PredictionRun.all(in: columns.map(\.name)) { !taken.contains($0) && columns[$0].content != .nothing }
            candidates += runs.map { run in
                Candidate(places: run.places, isCertain: run.isCertain && !isSingleValued, saysInput: input.map { run.says($0) } ?? false)
            }
        }
        if singles.count == 1, candidates.count == 1, isDecision(singles[0]) {
            candidates += scores(beside: singles[0]).map { Candidate(places: [$0], isCertain: false, saysInput: false) }
        }
        if candidates.count > 1 {
            let saying = candidates.filter(\.saysInput)
            if saying.count == 1, saying[0].isCertain { return saying[0].places }
        }
        if candidates.count == 1, candidates[0].isCertain { return candidates[0].places }
        guard !candidates.isEmpty else { throw role.unknown(among: columns.map(\.name), path: path) }
        throw role.doubt(candidates.map { $0.places.map { columns[$0].name } }, path: path)
    }

    /// Finds the columns with a usual name that hold as many values a row as the task takes.
    private func singles(_ usualNames: Set<String>) -> [Int] {
        let named = columns.indices.filter {
            !taken.contains($0) && usualNames.contains(ColumnName.lastPart(of: columns[$0].name).lowercased())
        }
        let fitting = named.filter { fits(columns[$0].content) }
        // A named column that does not fit gets an error about its shape or first row later, unless one column may hold one class.
        let mayBeOthers = !hasColumnsOfClasses || task == nil || task?.isSingleValued == true
        return fitting.isEmpty && mayBeOthers ? named : fitting
    }

    private func fits(_ content: Column.Content) -> Bool {
        switch content {
        case .nothing: false
        case .unknown: true
        case .one: task?.isSingleValued != false
        // Task likelihood adds up the tokens of a record.
        case .several: task != .binary
        }
    }

    private func isDecision(_ place: Int) -> Bool {
        ColumnRole.namesOfDecisions.contains(ColumnName.lastPart(of: columns[place].name).lowercased())
    }

    /// Finds columns that may hold the scores of a decision but have no usual name: `proba_1`, `class_probs`.
    private func scores(beside decision: Int) -> [Int] {
        columns.indices.filter { place in
            guard place != decision, !taken.contains(place), let name = ColumnName(columns[place].name), !name.isFigure
            else { return false }
            return fits(columns[place].content)
        }
    }
}

extension PredictionRecognition.Column {
    /// Describes a column of text by its first records.
    init(_ column: RecordColumn, isOfTable: Bool) {
        self.init(name: column.name) {
            switch column.content {
            case .number: return .one
            // A single wrong value makes a column of a table text. The error of its row says so later.
            case .text:
                let values = column.examples.flatMap { $0.split(separator: ",") }.map { $0.filter { !" '\"".contains($0) } }
                guard values.contains(where: { Double($0) != nil }) else { return .nothing }
                return isOfTable ? .one : .unknown
            case .boolean: return .nothing
            case .missing: return isOfTable ? .one : .unknown
            case .array(let count): return count == 1 ? .unknown : .several
            }
        }
    }

    /// Describes an array of an archive. The content of an array that cannot be opened is unknown. Opening the array again gives the error.
    init(_ array: DumpFile.ArchivedArray) {
        self.init(name: array.name) {
            guard let layout = try? array.open().layout else { return .unknown }
            guard layout.elementType.isFloatingPoint else { return .nothing }
            return layout.shape.count < 2 || (layout.shape.count == 2 && layout.shape[1] == 1) ? .one : .several
        }
    }
}
