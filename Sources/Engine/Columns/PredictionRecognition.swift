internal import Formats
internal import Scoring

/// Finds the predictions of a dump by the names of its columns.
///
/// A column or run of columns is taken where it is the only candidate, or the only one whose name says the input that was asked for. The
/// class that was decided for (`pred`), beside something that may be its score, is never taken for the predictions.
struct PredictionRecognition {
    /// A column of text or an array of an archive.
    struct Column {
        /// What a row of it holds.
        enum Content {
            case one, several
            /// Text that is no number, or a type that holds no predictions.
            case nothing
            case unknown
        }

        let name: String
        private let look: () -> Content

        /// `look` is called only where the name alone does not decide.
        init(name: String, look: @escaping () -> Content) {
            self.name = name
            self.look = look
        }

        var content: Content { look() }
    }

    let columns: [Column]
    /// The places of columns that have another role already.
    let taken: Set<Int>
    let input: PredictionInput?
    /// nil where any number of values a row will do.
    let task: LossTask?
    /// Whether one column may be one class; an array of an archive holds all of them.
    let hasColumnsOfClasses: Bool

    private struct Candidate {
        let places: [Int]
        let isCertain: Bool
        let saysInput: Bool
    }

    /// The places of the columns in the order of the classes.
    ///
    /// - Throws: an error that lists the candidates where names leave a doubt, or all names where none is known.
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

    /// Columns of a usual name that hold as many values a row as the task takes.
    private func singles(_ usualNames: Set<String>) -> [Int] {
        let named = columns.indices.filter {
            !taken.contains($0) && usualNames.contains(ColumnName.lastPart(of: columns[$0].name).lowercased())
        }
        let fitting = named.filter { fits(columns[$0].content) }
        // What does not fit is told by its shape or its first row, but where one column is one class.
        let mayBeOthers = !hasColumnsOfClasses || task == nil || task?.isSingleValued == true
        return fitting.isEmpty && mayBeOthers ? named : fitting
    }

    private func fits(_ content: Column.Content) -> Bool {
        switch content {
        case .nothing: false
        case .unknown: true
        case .one: task?.isSingleValued != false
        // A record of task likelihood adds up its tokens.
        case .several: task != .binary
        }
    }

    private func isDecision(_ place: Int) -> Bool {
        ColumnRole.namesOfDecisions.contains(ColumnName.lastPart(of: columns[place].name).lowercased())
    }

    /// Columns that may be the scores of a decision, whose names are no usual ones: `proba_1`, `class_probs`.
    private func scores(beside decision: Int) -> [Int] {
        columns.indices.filter { place in
            guard place != decision, !taken.contains(place), let name = ColumnName(columns[place].name), !name.isFigure
            else { return false }
            return fits(columns[place].content)
        }
    }
}

extension PredictionRecognition.Column {
    /// A column of text, of which the first records are known.
    init(_ column: RecordColumn, isOfTable: Bool) {
        self.init(name: column.name) {
            switch column.content {
            case .number: return .one
            // One value that is wrong makes a column of a table text: that is for its row to tell.
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

    /// An array of an archive; of one that cannot be opened nothing is known, and opening it will tell why.
    init(_ array: DumpFile.ArchivedArray) {
        self.init(name: array.name) {
            guard let layout = try? array.open().layout else { return .unknown }
            guard PredictionElement(layout.elementType) != nil else { return .nothing }
            return layout.shape.count < 2 || (layout.shape.count == 2 && layout.shape[1] == 1) ? .one : .several
        }
    }
}
