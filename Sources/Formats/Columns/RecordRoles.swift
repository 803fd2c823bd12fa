internal import Messages

/// The columns of texts with their roles, found by the names that were given or by their usual ones.
///
/// The first text with a role decides which columns have it, and in which order of the classes. In the texts after it columns are found by
/// their names.
///
/// ```swift
/// var roles = RecordRoles(ColumnRequest(DumpColumns(), predictions: .init(width: .oneAClass), labels: .classIndex))
/// var selection = try roles.predictions(of: format, path: "a.csv")
/// try roles.addOthers(to: &selection, of: format, path: "a.csv", valuesPerRow: 10)
/// ```
package struct RecordRoles: Sendable {
    /// The columns of the first text with a role.
    private struct Order {
        let path: String
        let names: [String]
    }

    private let request: ColumnRequest
    private var predictions: Order?
    private var labels: Order?
    private var weights: Order?
    private var bytes: Order?
    /// For each count that is wanted, its columns.
    private var counts: [Setting: Order] = [:]
    /// The names that the columns of the predictions give the classes; nil if they give none.
    package private(set) var classNames: [String]?
    /// The names of the values in the first text; nil if nothing is made of any.
    private var firstValueNames: RecordSelection.ValueNames?
    /// The names of label 0 and of label 1, if labels are names.
    package private(set) var binaryNames: [String]?

    private var columns: DumpColumns { request.columns }

    /// Makes roles that no text has yet.
    package init(_ request: ColumnRequest) { self.request = request }

    /// The columns of the predictions, in the order of the classes; empty before a text was looked at.
    package var predictionNames: [String] { predictions?.names ?? [] }
    /// The path to the names by which values have their classes; empty if they have them by their places.
    package var valueNamePaths: [String] {
        firstValueNames.flatMap { $0.use == .classes ? [$0.path.name] : nil } ?? []
    }
    /// False if values have classes by names that do not say in which order the classes are.
    package var isClassOrderKnown: Bool {
        guard let names = firstValueNames, names.use == .classes else { return true }
        return columns.classNames != nil || ClassNames.sayTheirOrder(names.names)
    }
    /// The columns of the labels.
    package var labelNames: [String] { labels?.names ?? [] }
    /// The column of the weights.
    package var weightNames: [String] { weights?.names ?? [] }
    /// The column whose bytes are counted.
    package var byteCountNames: [String] { bytes?.names ?? [] }
    /// The columns of counts, of tokens, bytes and words, as far as they were named.
    package var countNames: [String] { columns.counts.names.flatMap { counts[$0.setting]?.names ?? [] } }

    // MARK: Predictions and the columns beside them

    /// Selects the columns of the predictions. The number of values a row is that of the request if it is one, and otherwise left open.
    package mutating func predictions(of format: any NamedColumns, path: String) throws(ColumnError) -> RecordSelection {
        let found = try Self.predictions(of: format, request)
        guard !request.predictions.isSingleValued || found.count == 1 else {
            throw ColumnError(
                .contradiction,
                "\(found.count) prediction columns, and one is wanted: \(ColumnName.list(found.map(\.name)))",
                remedy: "name the one with \(setting: .predictionColumns)")
        }
        if columns.predictions.isEmpty, request.predictions.width == .one { try Self.checkScore(found[0], of: format, request) }
        var selection = RecordSelection(
            predictions: try Self.ordered(found, as: &predictions, .predictions(nil), format, path: path, isAlone: false))
        if let names = try Self.valueNames(of: selection.predictions, format, request, first: firstValueNames) {
            if firstValueNames == nil { firstValueNames = names }
            selection.valueNames = names
        }
        if predictions?.path == path {
            classNames = format.classNames(of: selection.predictions)
            if let names = selection.valueNames, names.use == .classes { classNames = names.names }
        }
        if selection.valueNames?.use == .classes { selection.valuesPerRow = classNames?.count }
        selection.labelsAreNames = !isClassOrderKnown
        selection.sumsValues = request.predictions.width == .sum
        selection.addends = request.predictions.values == .logProbabilities ? .logProbabilities : .oneProbability
        selection.ignoredLabel = request.ignoredLabel
        if request.predictions.isSingleValued { selection.valuesPerRow = 1 }
        return selection
    }

    /// Adds the labels, weights and texts that lie beside the predictions.
    ///
    /// - Parameter valuesPerRow: the number of values a row, which `predictions(of:path:)` may have left open.
    package mutating func addOthers(
        to selection: inout RecordSelection, of format: any NamedColumns, path: String, valuesPerRow: Int
    ) throws(ColumnError) {
        selection.valuesPerRow = valuesPerRow
        if request.hasLabelsBeside {
            try addLabels(to: &selection, of: format, path: path, valuesPerRow: valuesPerRow, isAlone: false)
        }
        if !request.hasWeightFiles, let name = columns.weight {
            let weight = try Self.column(.weights, named: name, of: format, isAlone: false)
            selection.weight = try Self.ordered([weight], as: &weights, .weights, format, path: path, isAlone: false)[0]
        }
        if let name = columns.byteCount {
            guard request.predictions.width == .sum else {
                throw ColumnError(
                    .contradiction, "the bytes of a text are counted where log-probabilities are added up, and nowhere else",
                    remedy: "leave \(setting: .textColumn) out")
            }
            let text = try Self.column(.predictions(nil), named: name, of: format, isAlone: false)
            selection.byteCount = try Self.ordered([text], as: &bytes, .predictions(nil), format, path: path, isAlone: false)[0]
        }
        for (setting, name) in columns.counts.names {
            guard request.predictions.width == .sum else {
                throw ColumnError(
                    .contradiction, "\(setting: setting) has no meaning where log-probabilities are not added up", remedy: "leave it out")
            }
            let column = try Self.column(.predictions(nil), named: name, of: format, isAlone: false)
            var order = counts[setting]
            let path = try Self.ordered([column], as: &order, .predictions(nil), format, path: path, isAlone: false)[0]
            counts[setting] = order
            switch setting {
            case .tokensColumn: selection.counts.tokens = path
            case .bytesColumn: selection.counts.bytes = path
            default: selection.counts.words = path
            }
        }
        try checkRoles(selection)
    }

    /// Selects the labels of a text that is read for them alone.
    package mutating func labels(
        ofOwn format: any NamedColumns, path: String, valuesPerRow: Int
    ) throws(ColumnError) -> RecordSelection {
        var selection = RecordSelection(predictions: [])
        try request.checkClassNames(classCount: valuesPerRow)
        try addLabels(to: &selection, of: format, path: path, valuesPerRow: valuesPerRow, isAlone: true)
        selection.ignoredLabel = request.ignoredLabel
        selection.labelsAreNames = !isClassOrderKnown
        return selection
    }

    /// Selects the weights of a text that is read for them alone.
    package mutating func weights(ofOwn format: any NamedColumns, path: String) throws(ColumnError) -> RecordSelection {
        var selection = RecordSelection(predictions: [])
        let weight = try Self.column(.weights, named: columns.weight, of: format, isAlone: true)
        selection.weight = try Self.ordered([weight], as: &weights, .weights, format, path: path, isAlone: true)[0]
        return selection
    }

    // MARK: Rows of several texts

    /// Lists the columns of a text that may be identifiers: those with names that hold one value a row. The index of a table, whose column
    /// has no name, is none of them: it begins anew in each file.
    package static func identifierCandidates(of text: any NamedColumns) -> [String] {
        guard text.hasNames else { return [] }
        return text.columns.compactMap { column in
            if case .array = column.content { return nil }
            return column.name.isEmpty || column.name.hasPrefix("Unnamed: ") ? nil : column.name
        }
    }

    /// Throws if no column, or more than one, is meant by the name of an identifier.
    package static func requireIdentifier(_ name: String, of text: any NamedColumns) throws(ColumnError) {
        guard ColumnName.index(of: name, ignoringCaseIn: text.columns.map(\.name)) == nil else { return }
        _ = try column(.identifiers, named: name, of: text, isAlone: false)
    }

    /// Finds the columns of a text that are identifiers.
    package static func identifierPaths(_ names: [String], of format: any NamedColumns) throws(ColumnError) -> [RecordPath] {
        let places = Dictionary(zip(format.columns.map(\.name).names, format.columns.indices), uniquingKeysWith: { first, _ in first })
        var paths: [RecordPath] = []
        for name in names {
            if let place = places[Name(name)] ?? ColumnName.index(of: name, ignoringCaseIn: format.columns.map(\.name)) {
                paths.append(format.path(at: place))
            } else {
                paths.append(try column(.identifiers, named: name, of: format, isAlone: false))
            }
        }
        return paths
    }

    // MARK: Packing

    /// Selects the predictions, and nothing beside them, where any number of values a row will do.
    package static func packedPredictions(of format: any NamedColumns, _ request: ColumnRequest) throws(ColumnError) -> RecordSelection {
        for name in request.namesOfOtherRoles { _ = try resolve([name], in: format) }
        var selection = RecordSelection(predictions: try predictions(of: format, request))
        selection.valueNames = try valueNames(of: selection.predictions, format, request)
        if let names = selection.valueNames, names.use == .classes { selection.valuesPerRow = names.names.count }
        return selection
    }

    /// Selects the labels, and nothing beside them. A column that would be packed twice, as two labels or as a label and a prediction, is
    /// an error.
    package static func packedLabels(of format: any NamedColumns, _ request: ColumnRequest) throws(ColumnError) -> RecordSelection {
        // Columns of labels stay among the candidates, so that a column that is taken for both roles is told by its name.
        var others = request
        (others.columns.label, others.columns.labels) = (nil, [])
        let predictions = try predictions(of: format, others)
        var selection = RecordSelection(predictions: [])
        let columns = request.columns
        let labels =
            columns.labels.isEmpty
            ? [try column(.labels, named: columns.label, of: format, isAlone: false)] : try resolve(columns.labels, in: format)
        var seen = Set(predictions)
        for column in labels where !seen.insert(column).inserted {
            throw ColumnError(
                .contradiction,
                "column \(ColumnName.list([column.name])) is meant twice, as a label and "
                    + (predictions.contains(column) ? "a prediction" : "another label"),
                remedy: "tell them apart with \(setting: .predictionColumns) and \(setting: .labelColumn) or \(setting: .labelColumns)")
        }
        let valueNames = try valueNames(of: predictions, format, request).flatMap { $0.use == .classes ? $0.names : nil }
        selection.labels =
            columns.labels.isEmpty
            ? .classIndex(labels[0], names: columns.classNames ?? valueNames ?? format.classNames(of: predictions)) : .numbers(labels)
        if let valueNames, columns.classNames == nil { selection.labelsAreNames = !ClassNames.sayTheirOrder(valueNames) }
        return selection
    }

    // MARK: Single roles

    /// Finds the columns that are named as predictions, or else those that are known by their names. In a table without names, if the
    /// labels lie elsewhere, all columns without another role are predictions.
    private static func predictions(of format: any NamedColumns, _ request: ColumnRequest) throws(ColumnError) -> [RecordPath] {
        let columns = request.columns
        // A name that no column has is an error of its own role, which is looked for later.
        var others: Set<RecordPath> = []
        for name in request.namesOfOtherRoles + columns.keys { others.formUnion((try? format.resolve(name)) ?? []) }
        guard columns.predictions.isEmpty else {
            let found = try resolve(columns.predictions, in: format)
            // A name and `PREFIX*` may mean the same column.
            var seen = Set<RecordPath>()
            for column in found where !seen.insert(column).inserted {
                throw ColumnError(
                    .contradiction, "column \(ColumnName.list([column.name])) is named twice among the predictions",
                    remedy: "name each once with \(setting: .predictionColumns), in the order of the classes")
            }
            // A column with another role as well is told by that role.
            for name in columns.predictions where name.contains("*") && others.isDisjoint(with: found) {
                try checkFigures(try resolve([name], in: format), named: name)
            }
            return found
        }
        let taken = Set(format.columns.indices.filter { others.contains(format.path(at: $0)) })
        if let only = format.columns.first, format.columns.count == 1, only.name == "*", !request.hasLabelsBeside {
            // Each record is an array.
            return [format.path(at: 0)]
        }
        if format.isTable, !format.hasNames, !request.hasLabelsBeside {
            let left = format.columns.indices.filter { !taken.contains($0) }
            try checkIndex(left.map { format.columns[$0] })
            if left.count == 1 || !request.predictions.isSingleValued { return left.map { format.path(at: $0) } }
        }
        let candidates = format.columns.map { PredictionRecognition.Column($0, isOfTable: format.isTable) }
        if let positive = columns.positiveClass {
            // Of one column a class, that of the positive class. Any doubt is an error of the other way.
            let ofClasses = PredictionRequest(values: request.predictions.values, width: .oneAClass)
            let recognition = PredictionRecognition(
                columns: candidates, taken: taken, request: ofClasses, hasColumnsOfClasses: true)
            if let places = try? recognition.places(), places.count == 2 {
                let names = places.map { format.columns[$0].name }
                if let index = (names.firstIndex(ofName: positive) ?? ClassNames.withoutAffixes(names).firstIndex(ofName: positive)) {
                    return [format.path(at: places[index])]
                }
            }
        }
        // The other tokens that a model thought of are no candidates.
        let alternatives = format.columns.indices.filter { place in
            let parts: [Substring] = format.columns[place].name.split(separator: ".")
            return parts.contains("top_logprobs")
        }
        let recognition = PredictionRecognition(
            columns: candidates, taken: taken.union(alternatives), request: request.predictions, hasColumnsOfClasses: true)
        let places = try recognition.places()
        try checkDecision(places, of: format, request)
        return places.map { format.path(at: $0) }
    }

    /// Throws if the first of the columns of a table without names counts the rows, beside fractions.
    private static func checkIndex(_ columns: [RecordColumn]) throws(ColumnError) {
        guard let first = columns.first, columns.count > 2, first.values.count >= 3, let start = Int(first.values[0]), 0...1 ~= start,
            first.values.enumerated().allSatisfy({ $1 == String(start + $0) }),
            columns.dropFirst().contains(where: { $0.values.contains { $0.utf8.contains(UInt8(ascii: ".")) } })
        else { return }
        throw ColumnError(
            .doubt, "column \(first.name) counts the rows: its first values are \(ColumnName.list(first.values))",
            remedy: "name the predictions without it, with \(setting: .predictionColumns)")
    }

    /// Throws if a score that was found by its name stands beside the class that was decided for, as pipelines write them, while the labels
    /// are elsewhere: it may be the score of that class.
    private static func checkDecision(
        _ places: [Int], of format: any NamedColumns, _ request: ColumnRequest
    ) throws(ColumnError) {
        guard places.count == 1, request.predictions.width == .one, request.hasLabelFiles else { return }
        let name = format.columns[places[0]].name
        let last = ColumnName.lastPart(of: name)
        guard ["score", "scores", "confidence", "conf"].contains(last.lowercased()) else { return }
        let decisions: Set<String> = Set(["label", "class", "prediction", "pred"].map { String(name.dropLast(last.count)) + $0 })
        guard let decision = format.columns.first(where: { decisions.contains($0.name) && $0.content == .text }) else { return }
        throw ColumnRole.predictions(nil).ofDecidedClass(name, beside: decision.name)
    }

    /// Throws if a figure of the row, such as a sum, is among the columns that a pattern means.
    private static func checkFigures(_ columns: [RecordPath], named pattern: String) throws(ColumnError) {
        let figures = columns.filter { ColumnName($0.name)?.isFigure == true }
        guard !figures.isEmpty, figures.count < columns.count else { return }
        throw ColumnError(
            .doubt,
            "'\(ColumnName.list([pattern]))' means \(ColumnName.list(columns.map(\.name), limit: 8)), of which "
                + "\(ColumnName.list(figures.map(\.name), limit: 4)) may be a figure of the row and no class",
            remedy: "name the classes one by one with \(setting: .predictionColumns)")
    }

    /// Adds the labels to a selection.
    ///
    /// - Parameter isAlone: true if the text is read for the labels alone.
    private mutating func addLabels(
        to selection: inout RecordSelection, of format: any NamedColumns, path: String, valuesPerRow: Int, isAlone: Bool
    ) throws(ColumnError) {
        let columnCount = request.labelsPerRow(valuesPerRow: valuesPerRow)
        selection.labelsPerRow = columnCount
        let others = isAlone ? [] : Set((predictionNames + request.namesOfOtherRoles).names)
        var found =
            columns.labels.isEmpty
            ? [try Self.column(.labels, named: columns.label, of: format, isAlone: isAlone, taken: others)]
            : try Self.resolve(columns.labels, in: format)
        if labels == nil, columnCount > 1 { found = try inOrderOfClasses(found) }
        found = try Self.ordered(found, as: &labels, .labels, format, path: path, isAlone: isAlone)
        if request.labels == .number, request.readsClassNames, found.count == 1 {
            selection.labels = .classIndex(found[0], names: try namesOfTwo(found[0], in: format))
            return
        }
        if request.labels == .classIndex {
            guard found.count == 1 else {
                throw ColumnError(
                    .contradiction, "a class index is one label column, not \(found.count)", remedy: "one-hot or soft labels are task soft")
            }
            selection.labels = .classIndex(found[0], names: columns.classNames ?? classNames)
            return
        }
        guard found.count == 1 || found.count == columnCount else {
            throw ColumnError(
                .contradiction, "\(found.count) label columns for \(columnCount) prediction columns", remedy: "name one for each")
        }
        selection.labels = .numbers(found)
    }

    /// Returns the names of label 0 and of label 1. The first text decides them.
    private mutating func namesOfTwo(_ label: RecordPath, in format: any NamedColumns) throws(ColumnError) -> [String] {
        if let names = binaryNames { return names }
        var names = columns.classNames ?? []
        if let positive = columns.positiveClass {
            if names.isEmpty {
                let shown = format.columns.first { $0.name.isSameName(as: label.name) }?.values ?? []
                let others = Set(shown.names).subtracting([Name(positive), Name("")])
                guard let other = others.first?.text, others.count == 1 else {
                    throw ColumnError(
                        .doubt,
                        "the first labels are \(ColumnName.list(Array(Set(shown)).sorted(), limit: 6)), which "
                            + (others.isEmpty ? "does not show the other class's name" : "are more than \(positive) and one other class"),
                        remedy: "name both with \(setting: .classNames), that of label 0 first")
                }
                names = [other, positive]
            }
            names = names.filter { !$0.isSameName(as: positive) } + [positive]
        }
        binaryNames = names
        return names
    }

    /// Sorts label columns that are named after the classes (`y_cat`, `y_dog` beside `p_dog`, `p_cat`) into the order of the predictions.
    private func inOrderOfClasses(_ labels: [RecordPath]) throws(ColumnError) -> [RecordPath] {
        func classes(_ names: [String]) -> [String] {
            let shortened = ClassNames.withoutAffixes(names)
            return shortened.isEmpty ? names : shortened
        }
        let wanted = classes(predictionNames).names, given = classes(labels.map(\.name)).names
        let places = Dictionary(zip(given, labels.indices), uniquingKeysWith: { first, _ in first })
        guard wanted != given, wanted.count == given.count, places.count == given.count, Set(wanted) == Set(given) else { return labels }
        guard columns.labels.contains(where: { $0.contains("*") }) else {
            throw ColumnError(
                .contradiction,
                "the label columns \(ColumnName.list(labels.map(\.name), limit: 6)) are in another order of classes than the predictions "
                    + "\(ColumnName.list(predictionNames, limit: 6))",
                remedy: "name both in one order with \(setting: .predictionColumns) and \(setting: .labelColumns)")
        }
        return wanted.compactMap { places[$0] }.map { labels[$0] }
    }

    /// Finds the one column for a role, by the given name or by its usual names.
    private static func column(
        _ role: ColumnRole, named name: String?, of format: any NamedColumns, isAlone: Bool, taken: Set<Name> = []
    ) throws(ColumnError) -> RecordPath {
        guard let name else {
            let names = format.columns.map(\.name)
            // The index of a table has no name.
            let named = isAlone ? names.indices.filter { !names[$0].isEmpty && !names[$0].hasPrefix("Unnamed: ") } : []
            if isAlone, names.count == 1 { return format.path(at: 0) }
            if named.count == 1, format.isTable, names.count == 2, named[0] == 1 { return format.path(at: 1) }
            return format.path(at: try role.choose(among: names, taken: Set(names.indices.filter { taken.contains(Name(names[$0])) })))
        }
        let found = try resolve([name], in: format)
        guard found.count == 1 else {
            throw ColumnError(
                .contradiction, "'\(ColumnName.list([name]))' means \(found.count) columns: \(ColumnName.list(found.map(\.name)))",
                remedy: "one is wanted: name it with \(setting: role.setting)")
        }
        return found[0]
    }

    private static func resolve(_ names: [String], in format: any NamedColumns) throws(ColumnError) -> [RecordPath] {
        do throws(FormatError) { return try format.resolve(names) } catch { throw ColumnError(error) }
    }

    // MARK: Several texts

    /// Returns the columns in the order of the first text, matched by their names. The first text decides the order.
    ///
    /// - Parameter isAlone: true if a single column may have any name.
    private static func ordered(
        _ found: [RecordPath], as order: inout Order?, _ role: ColumnRole, _ format: any NamedColumns, path: String, isAlone: Bool
    ) throws(ColumnError) -> [RecordPath] {
        guard let first = order else {
            order = Order(path: path, names: found.map(\.name))
            return found
        }
        let names = first.names
        if found.map(\.name).names == names.names || (isAlone && format.columns.count == 1 && names.count == 1) { return found }
        var left = Dictionary(found.map { (Name($0.name), $0) }, uniquingKeysWith: { first, _ in first })
        var ordered: [RecordPath] = []
        for name in names {
            guard let column = left.removeValue(forKey: Name(name)) else {
                throw ColumnError(
                    .contradiction,
                    "column \(ColumnName.list([name])) is among the \(role.text) of \(first.path), and is not among those of this file",
                    remedy: "give files with the same columns, or name those that all have with \(setting: role.setting)")
            }
            ordered.append(column)
        }
        if let more = found.first(where: { left[Name($0.name)] != nil }) {
            throw ColumnError(
                .contradiction,
                "column \(ColumnName.list([more.name])) would be among the \(role.text), and is not among those of \(first.path)",
                remedy: "give files with the same columns, or name those that all have with \(setting: role.setting)")
        }
        return ordered
    }

    /// Throws if a column is both a prediction and a label or weight, which `PREFIX*` may bring about. The figures would look as good as
    /// any.
    private func checkRoles(_ selection: RecordSelection) throws(ColumnError) {
        let isPrediction = Set(selection.predictions)
        func check(_ columns: [RecordPath], _ role: ColumnRole) throws(ColumnError) {
            guard let column = columns.first(where: isPrediction.contains) else { return }
            throw ColumnError(
                .contradiction, "column \(ColumnName.list([column.name])) is both among the predictions and the \(role.text)",
                remedy: "tell them apart with \(setting: .predictionColumns) and \(setting: role.setting)")
        }
        switch selection.labels {
        case .classIndex(let label, _): try check([label], .labels)
        // Soft labels may be the predictions themselves. Then the loss is their entropy.
        case .numbers(let labels) where request.labels != .distribution: try check(labels, .labels)
        case .numbers, .none: break
        }
        if let weight = selection.weight { try check([weight], .weights) }
        if let column = selection.counts.all.first(where: isPrediction.contains) {
            throw ColumnError(
                .contradiction, "column \(ColumnName.list([column.name])) is both among the predictions and a count",
                remedy: "tell them apart with \(setting: .predictionColumns)")
        }
    }
}
