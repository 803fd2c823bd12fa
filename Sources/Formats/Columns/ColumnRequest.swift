package import Messages

/// The roles that are looked for among the columns of a dump, and the names that the user gave.
package struct ColumnRequest: Sendable {
    /// The labels of a row.
    package enum Labels: Sendable, Equatable {
        /// There are none.
        case none
        /// The index or the name of one class.
        case classIndex
        /// One number, or a truth value.
        case number
        /// One number a class, each for a decision of its own.
        case numberAClass
        /// One number a class, together a distribution. It may be that of the predictions themselves.
        case distribution
    }

    /// The names that the user gave.
    package var columns: DumpColumns
    /// The predictions that are wanted.
    package var predictions: PredictionRequest
    /// The labels that are wanted.
    package var labels: Labels
    /// True if the labels lie in files of their own.
    package var hasLabelFiles: Bool
    /// True if the weights lie in files of their own.
    package var hasWeightFiles: Bool
    /// The label whose rows are left out.
    package var ignoredLabel: Int64?

    /// Makes a request.
    package init(
        _ columns: DumpColumns, predictions: PredictionRequest, labels: Labels, hasLabelFiles: Bool = false, hasWeightFiles: Bool = false,
        ignoredLabel: Int64? = nil
    ) {
        self.columns = columns
        self.predictions = predictions
        self.labels = labels
        self.hasLabelFiles = hasLabelFiles
        self.hasWeightFiles = hasWeightFiles
        self.ignoredLabel = ignoredLabel
    }

    /// True if labels lie beside the predictions.
    package var hasLabelsBeside: Bool { labels != .none && !hasLabelFiles }

    /// The names that were given for other roles than predictions, in the files of the predictions.
    package var namesOfOtherRoles: [String] {
        (hasLabelFiles ? [] : columns.labelNames) + (hasWeightFiles ? [] : [columns.weight].compactMap { $0 })
            + [columns.byteCount, columns.predictionClasses].compactMap { $0 } + columns.counts.names.map(\.name)
    }

    /// Returns the number of labels a row for a number of values a row.
    package func labelsPerRow(valuesPerRow: Int) -> Int {
        switch labels {
        case .numberAClass, .distribution: valuesPerRow
        case .none, .classIndex, .number: 1
        }
    }

    /// Throws if the choice contradicts itself, whatever the files hold.
    package func check() throws(ColumnError) {
        if let positive = columns.positiveClass {
            guard labels == .number else {
                throw ColumnError(
                    .contradiction, "\(setting: .positiveClass) names the class of label 1, and labels are not 0 and 1 here",
                    remedy: "leave it out: it is for task binary")
            }
            if let names = columns.classNames, !names.contains(name: positive) {
                throw ColumnError(
                    .contradiction,
                    "\(setting: .positiveClass) names '\(ColumnName.list([positive]))', and \(setting: .classNames) names "
                        + "\(ColumnName.list(names))", remedy: "name one of the two")
            }
        }
        guard columns.byteCount == nil || columns.counts.bytes == nil else {
            throw ColumnError(
                .contradiction, "\(setting: .textColumn) and \(setting: .bytesColumn) exclude each other: both say the bytes of a record",
                remedy: "give one of them")
        }
        guard columns.label == nil || columns.labels.isEmpty else {
            throw ColumnError(
                .contradiction, "\(setting: .labelColumn) and \(setting: .labelColumns) exclude each other", remedy: "give one of them")
        }
    }

    /// True if labels of text may be names of classes.
    package var readsClassNames: Bool {
        labels == .classIndex || (labels == .number && (columns.classNames != nil || columns.positiveClass != nil))
    }

    /// Throws if the names of the classes are not as many as a row has predictions; in task binary, two.
    package func checkClassNames(classCount: Int) throws(ColumnError) {
        guard let names = columns.classNames else { return }
        if labels == .number {
            guard names.count != 2 else { return }
            throw ColumnError(
                .contradiction, "\(setting: .classNames) names \(String.counted(names.count, "class", plural: "classes")), and task binary has two",
                remedy: "name that of label 0 and that of label 1")
        }
        guard labels == .classIndex, names.count != classCount else { return }
        throw ColumnError(
            .contradiction, "\(setting: .classNames) names \(String.counted(names.count, "class", plural: "classes")), and rows have \(classCount) predictions",
            remedy: "name each class once, in the order of the predictions")
    }

    /// Throws if no array of an archive has the name of an identifier.
    package static func requireIdentifier(_ name: String, among names: [String]) throws(ColumnError) {
        guard ColumnName.index(of: name, ignoringCaseIn: names) == nil else { return }
        throw ColumnError(
            .unknown, "it has no array '\(ColumnName.list([name]))'; there are \(ColumnName.list(names))",
            remedy: "check \(setting: ColumnRole.identifiers.setting)")
    }

    /// Finds the array with a role among the arrays of an archive, and returns its index.
    ///
    /// - Parameters:
    ///   - arrays: the arrays; there is at least one.
    ///   - name: the name that was given; nil to find the array by its usual names.
    ///   - isAlone: true if nothing else is wanted of the archive, so that its only array needs no name.
    ///   - taken: the names of arrays with another role.
    package func arrayIndex(
        _ role: ColumnRole, named name: String?, among arrays: [PredictionRecognition.Column], isAlone: Bool, taken: Set<Name>
    ) throws(ColumnError) -> Int {
        let names = arrays.map(\.name)
        if let name {
            guard let index = names.firstIndex(ofName: name) else {
                throw ColumnError(
                    .unknown, "it has no array '\(ColumnName.list([name]))'; there are \(ColumnName.list(names))",
                    remedy: "check \(setting: role.setting)")
            }
            return index
        }
        if isAlone, arrays.count == 1 { return 0 }
        let taken = Set(names.indices.filter { taken.contains(Name(names[$0])) })
        guard case .predictions = role else { return try role.choose(among: names, taken: taken) }
        return try PredictionRecognition(columns: arrays, taken: taken, request: predictions, hasColumnsOfClasses: false).places()[0]
    }
}
