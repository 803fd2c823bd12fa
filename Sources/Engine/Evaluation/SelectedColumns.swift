internal import Container
internal import Formats
internal import Messages
internal import Scoring

/// The columns of an evaluation's files, found by the names that were given or by their usual ones.
struct SelectedColumns {
    /// The arrays of the predictions; empty if they are text.
    private(set) var arrays: [ArrayFile] = []
    /// The text of the predictions, with the labels and weights that lie beside them; empty if the predictions are arrays.
    private(set) var records: [RecordFile] = []
    /// The labels with rows of their own; nil if they lie beside the predictions, or there are none.
    private(set) var labels: CompanionColumn?
    /// The weights with rows of their own; nil if they lie beside the predictions, or there are none.
    private(set) var weights: CompanionColumn?
    /// True if labels are text, so that they may be names of classes.
    private var areLabelsText = false
    /// The number of values a row; 1 for task binary.
    private(set) var classCount = 1
    /// The files that hold only labels.
    private(set) var labelFiles: [DumpFile] = []
    /// The files that hold only weights.
    private(set) var weightFiles: [DumpFile] = []
    private(set) var warnings: [Message] = []
    /// The columns of the first file with each role, as the report names them.
    private(set) var columnNames = Report.Columns()

    /// The names that the columns of the predictions give the classes; nil if they give none.
    private var classNames: [String]?
    private let options: EvaluationOptions
    private let containerOptions: ContainerOptions
    private var task: LossTask { options.specification.task }
    private var columns: DumpColumns { options.columns }

    /// Finds the columns of all roles.
    ///
    /// - Parameter files: the files of the predictions, all of one kind.
    init(_ files: [DumpFile], _ options: EvaluationOptions, _ containerOptions: ContainerOptions) throws(EngineError) {
        self.options = options
        self.containerOptions = containerOptions
        guard options.columns.label == nil || options.columns.labels.isEmpty else {
            throw EngineError(
                .usage, "\(setting: .labelColumn) and \(setting: .labelColumns) exclude each other", remedy: "give one of them")
        }
        try checkAxes(files[0])
        if case .records = files[0].content {
            try openRecords(files)
        } else {
            try openArrays(files)
        }
        if task == .multiclass, areLabelsText { columnNames.classNames = columns.classNames ?? classNames }
        columnNames.classAxis = columns.classAxis
        columnNames.shiftedLabels = columns.shiftsLabels ? true : nil
        warnOfUnusedNames(files)
    }

    /// The names that were given for other roles than predictions, in the files of the predictions.
    private var namesOfOtherRoles: [String] {
        (options.labelPaths.isEmpty ? columns.labelNames : []) + (options.weightPaths.isEmpty ? [columns.weight].compactMap { $0 } : [])
            + [columns.byteCount].compactMap { $0 }
    }

    /// Throws if settings of arrays are given for text, which has no axes.
    private func checkAxes(_ file: DumpFile) throws(EngineError) {
        guard task.hasLabels || !columns.shiftsLabels else {
            throw EngineError(.usage, "task \(task.rawValue) has no labels to shift", remedy: "leave \(setting: .shiftLabels) out")
        }
        guard file.isText, let given: Setting = columns.shiftsLabels ? .shiftLabels : columns.classAxis.map({ _ in .classAxis }) else { return }
        throw EngineError(
            .usage, path: file.path, "\(setting: given) is for arrays, and it is \(file.format)", remedy: "leave it out, or give arrays")
    }

    /// The meaning of the axes of arrays.
    private var axes: ArrayAxes { ArrayAxes(task, columns) }

    private var labelsPerRow: Int { task == .soft || task == .multilabel ? classCount : 1 }

    /// Warns of given names that no file could use. They may have been meant for another file.
    private mutating func warnOfUnusedNames(_ predictions: [DumpFile]) {
        func warn(_ setting: Setting, of files: [DumpFile], isGiven: Bool) {
            guard isGiven, !files.contains(where: \.hasColumns) else { return }
            warnings.append("\(setting: setting) is not used: \(files[0].path) is \(files[0].format), and has no names")
        }
        let labelled = labelFiles.isEmpty ? predictions : labelFiles
        warn(.predictionColumns, of: predictions, isGiven: !columns.predictions.isEmpty)
        warn(.labelColumn, of: labelled, isGiven: task.hasLabels && columns.label != nil)
        warn(.labelColumns, of: labelled, isGiven: task.hasLabels && !columns.labels.isEmpty)
        warn(.weightColumn, of: weightFiles, isGiven: !weightFiles.isEmpty && columns.weight != nil)
        if columns.classNames != nil, task != .multiclass || !areLabelsText {
            warnings.append("\(setting: .classNames) is not used: it names the classes of task multiclass where labels are text")
        }
        if !columns.hasHeader, !(predictions + labelFiles + weightFiles).contains(where: \.isTable) {
            warnings.append("\(setting: .noHeader) is not used: no file is a table")
        }
    }

    /// Throws if `DumpColumns.classNames` does not name as many classes as a row has predictions.
    private func checkClassNames(path: String) throws(EngineError) {
        guard let names = columns.classNames, task == .multiclass, names.count != classCount else { return }
        throw EngineError(
            .usage, path: path, "\(setting: .classNames) names \(names.count) classes, and rows have \(classCount) predictions",
            remedy: "name each class once, in the order of the predictions")
    }

    // MARK: Arrays

    private mutating func openArrays(_ files: [DumpFile]) throws(EngineError) {
        guard columns.predictions.count <= 1 else {
            throw EngineError(
                .usage, path: files[0].path, "\(columns.predictions.count) prediction columns are named, and it is \(files[0].format)",
                remedy: "name the one array of all classes")
        }
        // An archive's only array is its predictions where the labels are elsewhere.
        let isAlone = !task.hasLabels || !options.labelPaths.isEmpty
        let found = try Self.arrays(
            of: files, for: .predictions(options.specification.input), named: columns.predictions.first, isAlone: isAlone, task: task,
            taken: Set(namesOfOtherRoles))
        (arrays, classCount) = try axes.predictions(found.arrays)
        columnNames.predictions = found.name.map { [$0] } ?? []
        if task.hasLabels {
            guard !options.labelPaths.isEmpty || files[0].hasColumns else {
                throw EngineError(.usage, "no labels are named", remedy: "name their file with \(setting: .labels)")
            }
            labels = try companion(.labels, options.labelPaths, beside: files)
        }
        if !options.weightPaths.isEmpty || columns.weight != nil {
            weights = try companion(.weights, options.weightPaths, beside: files)
        } else {
            warnOfWeights(files[0])
        }
    }

    /// Opens labels or weights, from files of their own if there are any.
    private mutating func companion(
        _ role: ColumnRole, _ paths: [String], beside predictions: [DumpFile]
    ) throws(EngineError) -> CompanionColumn {
        let isLabels = role.isLabels
        let files = paths.isEmpty ? predictions : try EvaluationPlan.open(paths, options, containerOptions)
        if !paths.isEmpty {
            if isLabels { labelFiles = files } else { weightFiles = files }
        }
        let columnCount = isLabels ? labelsPerRow : 1
        if case .records = files[0].content {
            try checkAxes(files[0])
            return try recordCompanion(role, files, columnCount: columnCount)
        }
        guard columns.labels.count <= 1 || !isLabels else {
            throw EngineError(
                .usage, path: files[0].path, "\(columns.labels.count) label columns are named, and it is \(files[0].format)",
                remedy: "name the one array of all")
        }
        let name = isLabels ? columns.labelNames.first : columns.weight
        let found = try Self.arrays(
            of: files, for: role, named: name, isAlone: !paths.isEmpty, task: task,
            taken: paths.isEmpty ? Set(columnNames.predictions) : [])
        let names = found.name.map { [$0] } ?? []
        if isLabels { columnNames.labels = names } else { columnNames.weights = names }
        if paths.isEmpty, let stream = predictions.first(where: { $0.container.isStream }) {
            throw EngineError(
                .usage, path: stream.path,
                "its arrays follow one another, and a pipe is read once: predictions and \(role.text) cannot both be had",
                remedy: "write it to a file first")
        }
        let counted = try axes.companions(
            found.arrays, of: isLabels ? .labels(perRow: columnCount) : .weights, beside: arrays)
        let rows = try ConcatenatedArrays(counted).column(containerOptions)
        return CompanionColumn(name: isLabels ? CompanionColumn.labels : CompanionColumn.weights, rows: rows)
    }

    /// Finds the arrays with a role, one in each file, and their name; nil if arrays have no names.
    private static func arrays(
        of files: [DumpFile], for role: ColumnRole, named name: String?, isAlone: Bool, task: LossTask, taken: Set<String>
    ) throws(EngineError) -> (arrays: [ArrayFile], name: String?) {
        var arrays: [ArrayFile] = []
        var first: String?
        for file in files {
            let found = try file.namedArray(for: role, named: name, isAlone: isAlone, task: task, taken: taken)
            arrays.append(found.array)
            guard let name = found.name else { continue }
            guard let expected = first else {
                first = name
                continue
            }
            // A single array may have any name.
            guard name == expected || (isAlone && file.columnNames.count == 1) else {
                throw EngineError(
                    .usage, path: file.path, "its \(role.text) are the array \(name), those of \(files[0].path) are \(expected)",
                    remedy: "name the one that all files have with \(setting: role.setting)")
            }
        }
        return (arrays, first)
    }

    /// Opens labels or weights that are text in files of their own.
    private mutating func recordCompanion(
        _ role: ColumnRole, _ files: [DumpFile], columnCount: Int
    ) throws(EngineError) -> CompanionColumn {
        var selected: [RecordFile] = []
        for file in files {
            let records = try file.requireRecords(role)
            var selection = RecordSelection(predictions: [])
            if role.isLabels {
                try checkClassNames(path: file.path)
                selection.labels = try labelSelection(records, among: file, columnCount: columnCount, isAlone: true, after: files[0])
                selection.labelsPerRow = columnCount
                selection.ignoredLabel = options.specification.modifiers.ignoreIndex
            } else {
                let path = try Self.path(role, columns.weight, records, among: file, isAlone: true)
                _ = try Self.inOrder(of: columnNames.weights, [path], role, file, after: files[0], isAlone: true)
                if columnNames.weights.isEmpty { columnNames.weights = [path.name] }
                selection.weight = path
            }
            selected.append(records.selecting(selection))
        }
        guard role.isLabels else {
            return CompanionColumn(
                name: CompanionColumn.weights,
                rows: RecordRowSource(.weights, of: selected, valuesPerRow: 1, options: containerOptions))
        }
        areLabelsText = true
        return CompanionColumn(
            name: CompanionColumn.labels,
            rows: RecordRowSource(
                task == .multiclass ? .classLabels : .targets, of: selected, valuesPerRow: columnCount, options: containerOptions))
    }

    /// Warns of a column of weights that is not used.
    private mutating func warnOfWeights(_ file: DumpFile) {
        let usual = ColumnRole.weights.usualNames
        guard let name = file.columnNames.first(where: { usual.contains($0.lowercased()) }) else { return }
        warnings.append(
            "\(file.path): the column \(name) is not used, all rows weigh the same: \(setting: .weightColumn, .text(name)) uses it")
    }

    // MARK: Records

    private mutating func openRecords(_ files: [DumpFile]) throws(EngineError) {
        let role = ColumnRole.predictions(options.specification.input)
        let hasLabelsBeside = task.hasLabels && options.labelPaths.isEmpty
        for (index, file) in files.enumerated() {
            let source = try file.requireRecords(role)
            var selection = try predictionSelection(source, among: file)
            if index == 0 {
                classCount = try Self.valuesPerRow(source, selection, containerOptions)
                columnNames.predictions = selection.predictions.map(\.name)
                classNames = source.format.classNames(of: selection.predictions)
                if options.labelPaths.isEmpty { try checkClassNames(path: source.path) }
            }
            selection.predictions = try Self.inOrder(
                of: columnNames.predictions, selection.predictions, role, file, after: files[0], isAlone: false)
            selection.valuesPerRow = classCount
            if hasLabelsBeside {
                let columnCount = labelsPerRow
                selection.labels = try labelSelection(source, among: file, columnCount: columnCount, isAlone: false, after: files[0])
                selection.labelsPerRow = columnCount
            }
            if options.weightPaths.isEmpty, let name = columns.weight {
                let path = try Self.path(.weights, name, source, among: file, isAlone: false)
                if index == 0 { columnNames.weights = [path.name] }
                selection.weight = path
            }
            if let name = columns.byteCount {
                guard task == .likelihood else {
                    throw EngineError(
                        .usage, "bytes are counted for task likelihood alone, not for \(task.rawValue)",
                        remedy: "leave \(setting: .textColumn) out")
                }
                let path = try Self.path(role, name, source, among: file, isAlone: false)
                selection.byteCount = path
                if index == 0 { columnNames.text = [path.name] }
                // A table does not tell numbers from texts of digits. JSON tells them apart.
                if let column = path.columnIndex, source.format.columns[column].content == .number {
                    warnings.append("\(file.path): the numbers of column \(path.name) are taken for counts of bytes, not for texts")
                }
            }
            try checkRoles(selection, path: file.path)
            records.append(source.selecting(selection))
        }
        if hasLabelsBeside {
            areLabelsText = true
        } else if task.hasLabels {
            labels = try companion(.labels, options.labelPaths, beside: files)
        }
        if !options.weightPaths.isEmpty {
            weights = try companion(.weights, options.weightPaths, beside: files)
        } else if columns.weight == nil {
            warnOfWeights(files[0])
        }
    }

    /// Throws if a column is both a prediction and a label or weight, which `PREFIX*` may bring about. The figures would look as good as
    /// any.
    private func checkRoles(_ selection: RecordSelection, path: String) throws(EngineError) {
        let isPrediction = Set(selection.predictions)
        func check(_ columns: [RecordPath], _ role: ColumnRole) throws(EngineError) {
            guard let column = columns.first(where: isPrediction.contains) else { return }
            throw EngineError(
                .usage, path: path, "column \(column.name) is both among the predictions and the \(role.text)",
                remedy: "tell them apart with \(setting: .predictionColumns) and \(setting: role.setting)")
        }
        switch selection.labels {
        case .classIndex(let label, _): try check([label], .labels)
        // Soft labels may be the predictions themselves. Then the loss is their entropy.
        case .numbers(let labels) where task != .soft: try check(labels, .labels)
        case .numbers, .none: break
        }
        if let weight = selection.weight { try check([weight], .weights) }
    }

    /// Selects the columns of the predictions from text.
    private func predictionSelection(_ records: RecordFile, among file: DumpFile) throws(EngineError) -> RecordSelection {
        let paths = try Self.predictions(
            of: records, among: file, columns, input: options.specification.input, task: task, namesOfOtherRoles: namesOfOtherRoles,
            areLabelsBeside: task.hasLabels && options.labelPaths.isEmpty)
        guard !task.isSingleValued || paths.count == 1 else {
            throw EngineError(
                .usage, path: file.path,
                "\(paths.count) prediction columns, and task \(task.rawValue) takes one: \(ColumnName.list(paths.map(\.name)))",
                remedy: "name the one with \(setting: .predictionColumns)")
        }
        var selection = RecordSelection(predictions: paths)
        selection.sumsValues = task == .likelihood
        selection.addends = options.specification.input == .logProbabilities ? .logProbabilities : .oneProbability
        selection.ignoredLabel = options.specification.modifiers.ignoreIndex
        if task.isSingleValued { selection.valuesPerRow = 1 }
        return selection
    }

    /// Finds the columns that are named as predictions, or else those that are known by their names. In a table without names, if the
    /// labels lie elsewhere, all columns without another role are predictions.
    private static func predictions(
        of records: RecordFile, among file: DumpFile, _ columns: DumpColumns, input: PredictionInput?, task: LossTask?,
        namesOfOtherRoles: [String], areLabelsBeside: Bool
    ) throws(EngineError) -> [RecordPath] {
        guard columns.predictions.isEmpty else {
            let paths = try records.resolve(columns.predictions)
            // A name and `PREFIX*` may mean the same column.
            var seen = Set<RecordPath>()
            for column in paths where !seen.insert(column).inserted {
                throw EngineError(
                    .usage, path: file.path, "column \(column.name) is named twice among the predictions",
                    remedy: "name each once with \(setting: .predictionColumns), in the order of the classes")
            }
            return paths
        }
        let format = records.format
        // A name that no column has is an error of its own role, which is looked for later.
        var others: Set<RecordPath> = []
        for name in namesOfOtherRoles { others.formUnion((try? records.resolve(name)) ?? []) }
        let taken = Set(format.columns.indices.filter { others.contains(format.path(at: $0)) })
        if file.isTable, !columns.hasHeader, !areLabelsBeside {
            let left = format.columns.indices.filter { !taken.contains($0) }
            if left.count == 1 || task?.isSingleValued != true { return left.map { format.path(at: $0) } }
        }
        let recognition = PredictionRecognition(
            columns: format.columns.map { PredictionRecognition.Column($0, isOfTable: file.isTable) }, taken: taken, input: input,
            task: task, hasColumnsOfClasses: true)
        return try recognition.places(path: file.path).map { format.path(at: $0) }
    }

    /// Returns the columns of a file in the order of the first file's, matched by their names.
    ///
    /// - Parameter isAlone: true if a single column may have any name.
    private static func inOrder(
        of names: [String], _ found: [RecordPath], _ role: ColumnRole, _ file: DumpFile, after first: DumpFile, isAlone: Bool
    ) throws(EngineError) -> [RecordPath] {
        if names.isEmpty || found.map(\.name) == names || (isAlone && file.columnNames.count == 1 && names.count == 1) { return found }
        var left = Dictionary(found.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var ordered: [RecordPath] = []
        for name in names {
            guard let path = left.removeValue(forKey: name) else {
                throw EngineError(
                    .usage, path: file.path,
                    "column \(ColumnName.list([name])) is among the \(role.text) of \(first.path), and is not among those of this file",
                    remedy: "give files with the same columns, or name those that all have with \(setting: role.setting)")
            }
            ordered.append(path)
        }
        if let more = found.first(where: { left[$0.name] != nil }) {
            throw EngineError(
                .usage, path: file.path,
                "column \(ColumnName.list([more.name])) would be among the \(role.text), and is not among those of \(first.path)",
                remedy: "give files with the same columns, or name those that all have with \(setting: role.setting)")
        }
        return ordered
    }

    /// Selects the labels from text.
    ///
    /// - Parameter isAlone: true if the file is read for the labels alone.
    private mutating func labelSelection(
        _ records: RecordFile, among file: DumpFile, columnCount: Int, isAlone: Bool, after first: DumpFile
    ) throws(EngineError) -> RecordSelection.Labels {
        let others = isAlone ? [] : Set(columnNames.predictions + namesOfOtherRoles)
        var paths =
            columns.labels.isEmpty
            ? [try Self.path(.labels, columns.label, records, among: file, isAlone: isAlone, taken: others)]
            : try records.resolve(columns.labels)
        if columnNames.labels.isEmpty {
            if columnCount > 1 { paths = try inOrderOfClasses(paths, path: file.path) }
            columnNames.labels = paths.map(\.name)
        }
        paths = try Self.inOrder(of: columnNames.labels, paths, .labels, file, after: first, isAlone: isAlone)
        if task == .multiclass {
            guard paths.count == 1 else {
                throw EngineError(
                    .usage, path: file.path, "task multiclass takes one label column, not \(paths.count)",
                    remedy: "one-hot or soft labels are task soft")
            }
            return .classIndex(paths[0], names: columns.classNames ?? classNames)
        }
        guard paths.count == 1 || paths.count == columnCount else {
            throw EngineError(
                .usage, path: file.path, "\(paths.count) label columns for \(columnCount) prediction columns", remedy: "name one for each")
        }
        return .numbers(paths)
    }

    /// Sorts label columns that are named after the classes (`y_cat`, `y_dog` beside `p_dog`, `p_cat`) into the order of the predictions.
    private func inOrderOfClasses(_ labels: [RecordPath], path: String) throws(EngineError) -> [RecordPath] {
        func classes(_ names: [String]) -> [String] {
            let shortened = ClassNames.withoutAffixes(names)
            return shortened.isEmpty ? names : shortened
        }
        let wanted = classes(columnNames.predictions), given = classes(labels.map(\.name))
        let places = Dictionary(zip(given, labels.indices), uniquingKeysWith: { first, _ in first })
        guard wanted != given, wanted.count == given.count, places.count == given.count, Set(wanted) == Set(given) else { return labels }
        guard columns.labels.contains(where: { $0.contains("*") }) else {
            throw EngineError(
                .usage, path: path,
                "the label columns \(ColumnName.list(labels.map(\.name), limit: 6)) are in another order of classes than the predictions "
                    + "\(ColumnName.list(columnNames.predictions, limit: 6))",
                remedy: "name both in one order with \(setting: .predictionColumns) and \(setting: .labelColumns)")
        }
        return wanted.compactMap { places[$0] }.map { labels[$0] }
    }

    /// Finds the one column for a role, by the given name or by its usual names.
    private static func path(
        _ role: ColumnRole, _ name: String?, _ records: RecordFile, among file: DumpFile, isAlone: Bool, taken: Set<String> = []
    ) throws(EngineError) -> RecordPath {
        let names = file.columnNames
        guard let name else {
            if isAlone, names.count == 1 { return records.format.path(at: 0) }
            let takenPlaces = Set(names.indices.filter { taken.contains(names[$0]) })
            return records.format.path(at: try role.choose(among: names, taken: takenPlaces, path: file.path))
        }
        let paths = try records.resolve(name)
        guard paths.count == 1 else {
            throw EngineError(
                .usage, path: file.path, "'\(name)' means \(paths.count) columns: \(ColumnName.list(paths.map(\.name)))",
                remedy: "one is wanted: name it with \(setting: role.setting)")
        }
        return paths[0]
    }

    /// Finds the number of values a row, which the first record decides.
    private static func valuesPerRow(
        _ records: RecordFile, _ selection: RecordSelection, _ options: ContainerOptions
    ) throws(EngineError) -> Int {
        if let given = selection.valuesPerRow { return given }
        let rows = try records.selecting(selection).firstRows(options: options)
        guard let rows, rows.valuesPerRow > 0 else {
            throw EngineError(.data, path: records.path, "no record has predictions", remedy: "check \(setting: .predictionColumns)")
        }
        guard rows.valuesPerRow <= RowLayout.valueCountLimit else {
            throw EngineError(
                .data, path: records.path, "\(rows.valuesPerRow) values a row, up to \(RowLayout.valueCountLimit) are read",
                remedy: "check \(setting: .predictionColumns)")
        }
        return rows.valuesPerRow
    }
}

extension SelectedColumns {
    /// Selects the columns that `pack` makes an array of, with their kind and the number of values a row; nil for an array of one
    /// dimension.
    static func selection(
        of records: RecordFile, among file: DumpFile, for part: PackingOptions.Part, _ columns: DumpColumns, _ options: ContainerOptions,
        input: PredictionInput? = nil, task: LossTask? = nil
    ) throws(EngineError) -> (file: RecordFile, column: RecordColumnKind, valuesPerRow: Int?) {
        // Columns of labels stay among the candidates: a column that is taken for both roles is reported by its name.
        let others = [columns.weight, columns.byteCount].compactMap { $0 }
        let paths = try predictions(
            of: records, among: file, columns, input: input, task: task, namesOfOtherRoles: others,
            areLabelsBeside: part == .labels || !columns.labelNames.isEmpty)
        switch part {
        case .predictions:
            var selection = RecordSelection(predictions: paths)
            selection.valuesPerRow = try valuesPerRow(records, selection, options)
            let isColumn = paths.count == 1 && selection.valuesPerRow == 1
            return (records.selecting(selection), .predictions, isColumn ? nil : selection.valuesPerRow)
        case .labels:
            var selection = RecordSelection(predictions: [])
            guard columns.labels.isEmpty else {
                let labels = try records.resolve(columns.labels)
                try checkPacked(labels, beside: paths, path: file.path)
                selection.labels = .numbers(labels)
                let rows = try records.selecting(selection).firstRows(options: options)
                selection.labelsPerRow = rows.map { max(1, $0.labelsPerRow) } ?? 1
                return (
                    records.selecting(selection), .targets, labels.count == 1 && selection.labelsPerRow == 1 ? nil : selection.labelsPerRow
                )
            }
            let label = try path(.labels, columns.label, records, among: file, isAlone: false)
            try checkPacked([label], beside: paths, path: file.path)
            selection.labels = .classIndex(label, names: columns.classNames ?? records.format.classNames(of: paths))
            return (records.selecting(selection), .classLabels, nil)
        }
    }

    /// Throws if a column is packed twice: as two labels, or as label and prediction.
    private static func checkPacked(_ labels: [RecordPath], beside predictions: [RecordPath], path: String) throws(EngineError) {
        var seen = Set(predictions)
        for column in labels where !seen.insert(column).inserted {
            throw EngineError(
                .usage, path: path,
                "column \(column.name) is meant twice, as a label and \(predictions.contains(column) ? "a prediction" : "another label")",
                remedy: "tell them apart with \(setting: .predictionColumns) and \(setting: .labelColumn) or \(setting: .labelColumns)")
        }
    }
}

extension DumpFile {
    fileprivate var isTable: Bool {
        guard case .records(let records) = content else { return false }
        return ["csv", "tsv"].contains(records.format.name)
    }

    func requireRecords(_ role: ColumnRole) throws(EngineError) -> RecordFile {
        guard case .records(let records) = content else {
            throw EngineError(
                .data, path: path, "it is \(format), where other files of \(role.text) are text", remedy: "give files of one kind")
        }
        return records
    }
}

extension RecordFile {
    /// Parses some of the first rows; nil if there are none. The problems of records are in the result.
    func firstRows(options: ContainerOptions) throws(EngineError) -> RecordRows? {
        let stream = RecordStream([self], options: options)
        let rows = RecordRows()
        let buffer = ByteBuffer()
        let parser = try makeParser()
        try stream.begin(0)
        while let piece = try stream.next(into: buffer) {
            guard piece.extent.rowCount > 0 else { continue }
            let bytes = UnsafeRawBufferPointer(buffer.room(from: 0, count: piece.extent.byteCount))
            // Only as much text is parsed as has a row: a short line may become a row of very many missing values.
            var byteCount = 1 << 10
            while true {
                let isEnd = byteCount >= bytes.count
                let text = UnsafeRawBufferPointer(rebasing: bytes[..<min(byteCount, bytes.count)])
                let extent = parser.measure(text, isEnd: isEnd, assumesNoLineFeedsInRecords: false)
                byteCount *= 2
                guard extent.rowCount > 0 else { continue }
                parser.parse(UnsafeRawBufferPointer(rebasing: text[..<extent.byteCount]), into: rows)
                return rows
            }
        }
        return nil
    }
}
