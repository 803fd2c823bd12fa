internal import Elements

/// Finds the predictions of a dump by the names of its columns.
///
/// A column or a run of columns is taken if it is the only candidate, or the only one whose name says the wanted meaning of its values. A
/// column of the classes that were decided for (`pred`) is never taken if another column beside it may hold the scores.
package struct PredictionRecognition {
    /// A column of text or an array of an archive.
    package struct Column {
        /// The kind of value that a row of the column holds.
        package enum Content: Sendable {
            /// One number.
            case one
            /// Several numbers.
            case several
            /// Text that is no number, or a type that holds no predictions.
            case nothing
            /// A value that was not looked at, or that may be of any kind.
            case unknown
        }

        /// The name of the column.
        package let name: String
        /// Different values of the first rows, as they are written; empty if they are not known.
        package var values: [String] { readValues() }
        private let readValues: () -> [String]
        private let look: () -> Content

        /// Makes a column.
        ///
        /// - Parameters:
        ///   - look: finds the content. It is called only if the name alone does not decide.
        ///   - values: reads values. It is called only if the name may mean a decision.
        package init(name: String, values: @autoclosure @escaping () -> [String] = [], look: @escaping () -> Content) {
            self.name = name
            readValues = values
            self.look = look
        }

        var content: Content { look() }
    }

    let columns: [Column]
    /// The indices of columns that have another role already.
    let taken: Set<Int>
    let request: PredictionRequest
    /// True if one column may hold one class. An array of an archive holds all classes.
    let hasColumnsOfClasses: Bool

    private struct Candidate {
        let places: [Int]
        let isCertain: Bool
        let saysValues: Bool
    }

    /// Finds the indices of the prediction columns in the order of the classes.
    ///
    /// - Throws: a `ColumnError` that lists the candidates if names leave a doubt, or all names if none is known.
    func places() throws(ColumnError) -> [Int] {
        let role = ColumnRole.predictions(request.values)
        let singles = self.singles(role.usualNames)
        var candidates = singles.map { place in
            let name = ColumnName.lastPart(of: columns[place].name).lowercased()
            return Candidate(
                places: [place], isCertain: true, saysValues: request.values.map { ColumnRole.namesThatSay($0).contains(name) } ?? false)
        }
        if hasColumnsOfClasses {
            let runs = PredictionRun.all(in: columns.map(\.name)) { !taken.contains($0) && columns[$0].content != .nothing }
            candidates += runs.map { run in
                Candidate(places: run.places, isCertain: run.isCertain && !request.isSingleValued,
                    saysValues: request.values.map { run.says($0) } ?? false)
            }
        }
        if singles.count == 1, candidates.count == 1, isDecision(singles[0]) {
            candidates += scores(beside: singles[0]).map { Candidate(places: [$0], isCertain: false, saysValues: false) }
        }
        if candidates.count > 1 {
            let saying = candidates.filter(\.saysValues)
            if saying.count == 1, saying[0].isCertain { return saying[0].places }
        }
        if candidates.count == 1, candidates[0].isCertain {
            if let place = candidates[0].places.first, isDecision(place), areZerosAndOnes(columns[place].values) {
                throw role.decision(columns[place].name)
            }
            return candidates[0].places
        }
        guard !candidates.isEmpty else {
            let lists = columns.first { $0.values.first?.hasPrefix("[") == true && ColumnName($0.name) != nil }
            throw role.unknown(among: columns.map(\.name), lists: lists?.name)
        }
        throw role.doubt(candidates.map { $0.places.map { columns[$0].name } })
    }

    /// Finds the columns with a usual name that hold as many values a row as the task takes.
    private func singles(_ usualNames: Set<String>) -> [Int] {
        let named = columns.indices.filter {
            !taken.contains($0) && usualNames.contains(ColumnName.lastPart(of: columns[$0].name).lowercased())
        }
        let fitting = named.filter { fits(columns[$0].content) }
        // A named column that does not fit gets an error about its shape or first row later, unless one column may hold one class.
        let mayBeOthers = !hasColumnsOfClasses || request.width == nil || request.isSingleValued
        return fitting.isEmpty && mayBeOthers ? named : fitting
    }

    private func fits(_ content: Column.Content) -> Bool {
        switch content {
        case .nothing: false
        case .unknown: true
        case .one: request.width != .oneAClass
        case .several: request.width != .one
        }
    }

    /// Returns true if the values are known, and all of them are 0 or 1, as classes are and probabilities hardly ever.
    private func areZerosAndOnes(_ values: [String]) -> Bool {
        !values.isEmpty && values.allSatisfy { Double($0) == 0 || Double($0) == 1 }
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
        self.init(name: column.name, values: column.values) {
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

    /// Describes an array of an archive.
    ///
    /// - Parameters:
    ///   - layout: reads the array's layout; nil if it cannot be opened. Opening it again gives the error.
    ///   - values: reads some of its first values, as texts.
    package init(
        arrayNamed name: String, layout: @escaping () -> ArrayLayout?, values: @autoclosure @escaping () -> [String] = []
    ) {
        self.init(name: name, values: values()) {
            guard let layout = layout() else { return .unknown }
            guard layout.elementType.isFloatingPoint else { return .nothing }
            return layout.shape.count < 2 || (layout.shape.count == 2 && layout.shape[1] == 1) ? .one : .several
        }
    }
}
