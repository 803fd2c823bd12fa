internal import Container
internal import Elements
internal import Formats
internal import Messages
package import Scoring
internal import WorkStealing

/// Everything that is checked and decided before the first row is scored.
package struct EvaluationPlan: Sendable {
    /// The options that the plan was made from.
    package private(set) var options: EvaluationOptions
    /// The loss as asked for, with balanced class weights filled in.
    package let specification: LossSpecification
    /// The rows of the predictions.
    package let source: any RowSource
    /// The arrays of the predictions; nil if they are text.
    let arrays: ConcatenatedArrays?
    /// The columns beside the predictions: labels, weights, and any other columns that observers read.
    package let companions: [CompanionColumn]
    /// The comparisons of rows that are paired by their places.
    let checks: [any RowCheck]
    /// The rows of the labels alone, which can be read again; nil if they cannot.
    let labelRows: (any RowSource)?
    /// The classes that labels mean which are numbers of an array; nil if they are the classes' places.
    let classOfNumber: [Int32: Int32]?
    /// The columns that are listed with the worst rows, in the order that they were asked for.
    let shownColumns: [ShownColumn]
    /// The number of values a row; 1 for task binary.
    package let classCount: Int
    /// The files that are read, each once for each of its roles, for the report.
    let inputs: [(role: Report.Input.Role, file: DumpFile)]
    let warnings: [Message]
    /// The columns with each role, for the report.
    let columnNames: Report.Columns

    /// Opens the files and finds their columns.
    package init(
        _ options: EvaluationOptions, _ mode: ReadingMode = ReadingMode(), _ control: RunControl = RunControl()
    ) throws(EngineError) {
        self.options = options
        let containerOptions = mode.containerOptions(
            maximumWindowByteCount: options.maximumWindowByteCount, control.cancellation)
        guard !options.predictionPaths.isEmpty else {
            throw EngineError(.usage, "no predictions are named", remedy: "name at least one file")
        }
        let task = options.specification.task
        guard task.hasLabels || (options.labelPaths.isEmpty && options.columns.labelNames.isEmpty) else {
            let given: Setting = options.labelPaths.isEmpty ? .labelColumn : .labels
            throw EngineError(.usage, "task \(task.rawValue) has no labels", remedy: "leave \(setting: given) out")
        }
        let files = try Self.open(options.predictionPaths, options, containerOptions) { path, beginning throws(EngineError) in
            try Self.refuseInvalidRow(in: beginning, of: path, options, control)
        }
        let columns = try SelectedColumns(files, options, containerOptions)
        let keys = try Self.keyFiles(options, containerOptions)
        classCount = columns.classCount
        columnNames = columns.columnNames
        shownColumns = columns.shown
        inputs =
            files.map { (.predictions, $0) } + columns.labelFiles.map { (.labels, $0) } + columns.weightFiles.map { (.weights, $0) }
            + keys.flatMap { key in key.files.map { (key.role, $0) } }

        if !columns.tables.isEmpty {
            source = try ColumnarRowSource(
                predictionsOf: columns.tables, valuesPerRow: columns.classCount, cutsPages: mode.countsPages,
                hashedValues: columns.hashedValuesBesidePredictions)
            arrays = nil
            try Self.checkCounts(source, options)
            for identifiers in columns.tableIdentifiers { try identifiers.check(control) }
        } else if columns.records.isEmpty {
            let arrays = try ConcatenatedArrays(columns.arrays)
            let companions =
                [columns.labels, columns.weights].compactMap { $0 } + keys.map(\.column)
                + columns.keys.flatMap { $0.companions(options, identifiers: nil) } + (options.second?.columns ?? []) + options.companions
            try Self.checkCounts(arrays, companions, options)
            let areCompanionsInOrder = companions.contains(where: \.isInOrder) || columns.areIdentifiersInOrder
            source = try arrays.predictions(areCompanionsInOrder: areCompanionsInOrder, options: containerOptions)
            self.arrays = arrays
        } else {
            source = RecordRowSource(
                predictionsOf: columns.records, valuesPerRow: columns.classCount, options: containerOptions, cutsText: mode.cutsText,
                window: try Self.window(options, columns, mode),
                hashedValues: columns.hashedValuesBesidePredictions)
            arrays = nil
        }
        let beside = Self.columnsBeside(source)
        let matched = try MatchedColumns(columns, source, beside: beside, options, containerOptions, control)
        let identifiers = beside.firstIndex { $0.name == CompanionColumn.identifiers }.map { (column: beside[$0], index: $0) }
        let columnsOfKeys = columns.keys.flatMap { $0.companions(options, identifiers: identifiers) }
        companions = matched.companions + keys.map(\.column) + columnsOfKeys + options.companions
        let isPiped = files.contains { $0.container.isStream } || columns.labelFiles.contains { $0.container.isStream }
        labelRows = isPiped ? nil : Self.labelRows(columns, containerOptions)
        classOfNumber = columns.classOfNumber

        var modifiers = options.specification.modifiers
        if options.usesBalancedClassWeights {
            modifiers.classWeights = try Self.balancedWeights(task, columns, modifiers, containerOptions, control)
        }
        specification = try Self.specification(options, modifiers, companions, classCount: classCount)
        try Self.checkColumns(companions, of: source, specification)
        var checks: [any RowCheck] = []
        if let check = matched.check { checks.append(check) }
        if let check = LabelCheck(
            companions, options.second, task, ignoreIndex: specification.modifiers.ignoreIndex, classOfNumber: columns.classOfNumber,
            classNames: columns.columnNames.classNames)
        {
            checks.append(check)
        }
        self.checks = checks
        warnings =
            options.warnings + mode.warnings
            + ShardNames.warnings(
                predictions: options.predictionPaths,
                companions: [("labels", options.labelPaths), ("weights", options.weightPaths)])
            + inputs.flatMap { input in input.file.warnings.map { Message(code: .seekTable, "\(input.file.path): \($0)") } }
            + inputs.flatMap { $0.file.doubts } + columns.warnings
    }

    /// Makes a plan for rows of any source.
    ///
    /// - Parameter companions: the columns with rows of their own. Columns beside the predictions come from the source.
    init(rows source: any RowSource, companions: [CompanionColumn], _ options: EvaluationOptions) throws(EngineError) {
        self.options = options
        self.source = source
        self.companions = Self.columnsBeside(source) + companions + options.companions
        checks = []
        shownColumns = []
        labelRows = self.companions.first { $0.name == CompanionColumn.labels }?.rows
        classOfNumber = nil
        arrays = nil
        classCount = source.layout.valuesPerRow
        columnNames = Report.Columns()
        inputs = []
        warnings = []
        let type = source.layout.elementType
        guard type.isFloatingPoint else {
            throw EngineError(usage: "predictions of type \(type.name) are no logits or probabilities", remedy: "use Float or Double")
        }
        guard !options.usesBalancedClassWeights else {
            throw EngineError(.usage, "balanced class weights are counted from files", remedy: "give the class weights themselves")
        }
        specification = try Self.specification(options, options.specification.modifiers, self.companions, classCount: classCount)
        let task = specification.task
        guard (1...(task.isSingleValued ? 1 : RowLayout.valueCountLimit)).contains(classCount) else {
            throw EngineError(
                .data, path: source.path, "it has \(classCount) values a row",
                remedy: task.isSingleValued
                    ? "task \(task.rawValue) takes one" : "task \(task.rawValue) takes one a class, up to \(RowLayout.valueCountLimit)")
        }
        try Self.checkColumns(self.companions, of: source, specification)
    }

    /// Throws if two columns beside the rows of a source have one name, or if a column that the loss is computed from has another shape.
    private static func checkColumns(
        _ companions: [CompanionColumn], of source: any RowSource, _ specification: LossSpecification
    ) throws(EngineError) {
        let task = specification.task
        var names: Set<String> = []
        for column in companions where !names.insert(column.name).inserted {
            throw EngineError(.usage, "two columns are called \(column.name)", remedy: "give each column a name of its own")
        }
        let labels = companions.first { $0.name == CompanionColumn.labels }
        guard (labels != nil) == task.hasLabels else {
            throw EngineError(
                .usage, task.hasLabels ? "no labels are named" : "task \(task.rawValue) has no labels",
                remedy: task.hasLabels ? "give a column \(CompanionColumn.labels)" : "leave them out")
        }
        let labelsPerRow = task == .soft || task == .multilabel ? source.layout.valuesPerRow : 1
        let widths = [
            CompanionColumn.labels: labelsPerRow, CompanionColumn.weights: 1, CompanionColumn.tokenCounts: 1, CompanionColumn.byteCounts: 1,
            CompanionColumn.wordCounts: 1,
        ]
        for column in companions {
            guard let width = widths[column.name] else { continue }
            func refuse(_ problem: String, remedy: String) -> EngineError {
                EngineError(.data, path: column.rows?.path ?? source.path, "the column \(column.name) \(problem)", remedy: remedy)
            }
            guard width == column.valuesPerRow else {
                throw refuse("has \(column.valuesPerRow) values a row", remedy: "task \(task.rawValue) takes \(width) of them")
            }
            let isCount = [CompanionColumn.tokenCounts, CompanionColumn.byteCounts, CompanionColumn.wordCounts].contains(column.name)
            guard !isCount || column.elementType == .uint64 else {
                throw refuse("is of type \(column.elementType.name)", remedy: "counts are of type \(ElementType.uint64.name)")
            }
        }
    }

    /// Lists the columns that a source carries beside its values.
    private static func columnsBeside(_ source: any RowSource) -> [CompanionColumn] {
        source.layout.columns.enumerated().map { CompanionColumn($1, origin: .besidePredictions(index: $0)) }
    }

    /// Completes the loss with `modifiers` and row weights, and checks it against the number of classes.
    private static func specification(
        _ options: EvaluationOptions, _ modifiers: LossModifiers, _ companions: [CompanionColumn], classCount: Int
    ) throws(EngineError) -> LossSpecification {
        var modifiers = modifiers
        modifiers.hasRowWeights = companions.contains { $0.name == CompanionColumn.weights }
        do throws(SpecificationError) {
            let specification = try LossSpecification(
                task: options.specification.task, input: options.specification.input, dialects: options.specification.dialects,
                modifiers: modifiers)
            try specification.check(classCount: classCount)
            return specification
        } catch {
            throw EngineError(error)
        }
    }

    /// The plan with another observer.
    func observing(_ observer: some RowObserver) -> EvaluationPlan {
        var plan = self
        plan.options.observers.append(observer)
        return plan
    }

    /// The way in which the work is shared out, in words.
    package var scheduleText: String {
        companions.first(where: \.isInOrder).map { source.scheduleText(inOrderBeside: $0.name) } ?? source.scheduleText
    }

    /// The files that were read, as reports have them.
    package var reportedInputs: [Report.Input] { inputs.map { $0.file.reported(role: $0.role) } }

    /// True if predictions are arrays or a columnar table and labels are arrays, so that no text is parsed.
    package var readsArraysOnly: Bool {
        (arrays != nil || source is ColumnarRowSource) && companions.allSatisfy { $0.rows is any RowSourceOfArrays }
    }

    /// Opens the predictions of the options, and nothing else. They must be arrays in files of their own.
    package static func predictions(
        of options: EvaluationOptions, _ mode: ReadingMode, _ control: RunControl
    ) throws(EngineError) -> any RowSource {
        let containerOptions = mode.containerOptions(
            maximumWindowByteCount: options.maximumWindowByteCount, control.cancellation)
        var arrays: [ArrayFile] = []
        for file in try open(options.predictionPaths, options, containerOptions) { arrays.append(try file.onlyArray()) }
        let axes = ArrayAxes(options.specification.task, options.columns)
        return try ConcatenatedArrays(try axes.predictions(arrays).files).column(containerOptions)
    }

    /// Opens files, or the byte sources that stand under their paths.
    ///
    /// - Parameter whenStalled: looks at the first bytes of a stream whose writer stalls before the format can be told.
    static func open(
        _ paths: [String], as role: RecordFormats.Options.Role = .predictions, _ options: EvaluationOptions,
        _ containerOptions: ContainerOptions,
        whenStalled: @escaping (_ path: String, _ beginning: [UInt8]) throws(EngineError) -> Void = { (_, _) throws(EngineError) in }
    ) throws(EngineError) -> [DumpFile] {
        var files: [DumpFile] = []
        for path in paths {
            files.append(
                try DumpFile(
                    path, source: options.byteSources[path], options: containerOptions,
                    recordOptions: options.columns.recordOptions(
                        role, recordByteCountLimit: options.maximumRecordByteCount),
                    whenStalled: { beginning throws(EngineError) in try whenStalled(path, beginning) }))
        }
        return files
    }

    /// Finds the part of a text that is read; nil for all of it.
    private static func window(
        _ options: EvaluationOptions, _ columns: SelectedColumns, _ mode: ReadingMode
    ) throws(EngineError) -> RecordWindow? {
        let file = columns.records[0]
        if let window = options.planned?.window {
            guard mode.cutsText else {
                throw EngineError(
                    .data, path: file.path, "a quoted field holds a line feed, so the text cannot be cut as it was planned",
                    remedy: "pack it first, and plan that")
            }
            guard let bytes = RecordWindow.decodedBytes(of: file), bytes.lowerBound <= window.bytes.lowerBound,
                window.bytes.upperBound <= bytes.upperBound
            else { throw EngineError(.data, path: file.path, "it has other bytes than those that were planned", remedy: "plan it again") }
            return RecordWindow(window.bytes, rowsBefore: window.rowsBefore, linesBefore: window.linesBefore)
        }
        guard let shard = options.shard else { return nil }
        guard columns.records.count == 1, columns.labels == nil, columns.weights == nil else {
            throw EngineError(
                .usage, path: file.path, "rows of text have no numbers before all of it is read, so shards are of one file with its labels",
                remedy: "evaluate each file by itself, or pack them first")
        }
        guard mode.cutsText else {
            throw EngineError(
                .data, path: file.path, "a quoted field holds a line feed, so the text cannot be cut into shards", remedy: "pack it first")
        }
        guard let window = RecordWindow(shard, of: file) else {
            throw EngineError(
                .usage, path: file.path, "text that can only be read from its beginning cannot be cut into shards",
                remedy: "pack it first, or evaluate it whole")
        }
        return window
    }

    /// Throws if arrays have no rows, or not as many as there must be.
    private static func checkCounts(
        _ arrays: ConcatenatedArrays, _ companions: [CompanionColumn], _ options: EvaluationOptions
    ) throws(EngineError) {
        guard arrays.rowCount > 0 else {
            throw EngineError(.data, path: arrays.files[0].path, "it has no rows", remedy: "there is nothing to evaluate")
        }
        if let expected = options.expectedRowCount, options.shard == nil, expected != arrays.rowCount {
            throw EngineError(expected: expected, rowCount: arrays.rowCount, path: arrays.files[arrays.files.count - 1].path)
        }
        for column in companions {
            guard let rows = column.rows as? any RowSourceOfArrays else { continue }
            try checkCounts(arrays, rows.arrays, of: column.name)
        }
    }

    /// Throws if a source whose rows are counted has none, or not as many as are expected.
    private static func checkCounts(_ source: any RowSource, _ options: EvaluationOptions) throws(EngineError) {
        guard let rowCount = source.rowCount, let path = source.path else { return }
        guard rowCount > 0 else { throw EngineError(.data, path: path, "it has no rows", remedy: "there is nothing to evaluate") }
        if let expected = options.expectedRowCount, options.shard == nil, expected != rowCount {
            throw EngineError(expected: expected, rowCount: rowCount, path: path)
        }
    }

    /// Returns the rows of the labels alone; nil for a task without labels.
    private static func labelRows(_ columns: SelectedColumns, _ options: ContainerOptions) -> (any RowSource)? {
        if let own = columns.labels?.rows { return own }
        if let table = columns.tables.first {
            switch table.selection.labels {
            case .none: return nil
            case .classIndex: return try? ColumnarRowSource(.classLabels, of: columns.tables, valuesPerRow: 1)
            case .numbers:
                return try? ColumnarRowSource(.targets, of: columns.tables, valuesPerRow: table.selection.labelsPerRow ?? 1)
            }
        }
        guard let first = columns.records.first else { return nil }
        let files = columns.records.map { file in
            var selection = RecordSelection(predictions: [])
            selection.labels = file.selection.labels
            selection.labelsPerRow = file.selection.labelsPerRow
            selection.ignoredLabel = file.selection.ignoredLabel
            selection.labelsAreNames = file.selection.labelsAreNames
            return file.selecting(selection)
        }
        switch first.selection.labels {
        case .none: return nil
        case .classIndex: return RecordRowSource(.classLabels, of: files, valuesPerRow: 1, options: options)
        case .numbers: return RecordRowSource(.targets, of: files, valuesPerRow: first.selection.labelsPerRow ?? 1, options: options)
        }
    }

    /// Counts the labels, and computes balanced class weights.
    private static func balancedWeights(
        _ task: LossTask, _ columns: SelectedColumns, _ modifiers: LossModifiers, _ options: ContainerOptions,
        _ control: RunControl
    ) throws(EngineError) -> [Double] {
        guard task == .multiclass else {
            throw EngineError(
                .usage, "\(setting: .balancedClassWeights) has no meaning for task \(task.rawValue)",
                remedy: "only class indices can be counted")
        }
        guard let labels = Self.labelRows(columns, options) else { return [] }
        return try LabelCensus(
            try labels.makeCursor(control.withoutProgress), elementType: labels.layout.elementType, classCount: columns.classCount,
            ignoreIndex: modifiers.ignoreIndex
        ).balancedWeights
    }

    /// Counts labels or weights: "1 label", "2 labels".
    private static func counted(_ count: Int, _ plural: String) -> String { .counted(count, String(plural.dropLast()), plural: plural) }

    /// Throws if arrays have other numbers of rows than the predictions, by file or in all.
    private static func checkCounts(
        _ predictions: ConcatenatedArrays, _ others: ConcatenatedArrays, of what: String
    ) throws(EngineError) {
        if predictions.files.count == others.files.count {
            for (file, other) in zip(predictions.files, others.files) where file.rowCount != other.rowCount {
                throw EngineError(
                    .data, path: other.path, "\(Self.counted(other.rowCount, what)) for the \(String.counted(file.rowCount, "row")) of \(file.path)"
                        + (file.layout.shape.count > 2 ? ", shape \(file.layout.shapeText)" : ""),
                    remedy: "give each predictions file its own \(what), in the same order")
            }
        }
        guard predictions.rowCount == others.rowCount else {
            throw EngineError(
                .data, path: others.files[0].path,
                Self.counted(others.rowCount, what) + (others.files.count > 1 ? " in \(others.files.count) files" : "")
                    + " for \(String.counted(predictions.rowCount, "row")) of predictions",
                remedy: "give the \(what) of the same rows")
        }
    }
}

extension EngineError {
    /// Makes the error for another number of rows than was expected.
    init(expected: Int, rowCount: Int, path: String) {
        self.init(
            .data, path: path, "\(String.counted(rowCount, "row")) \(rowCount == 1 ? "was" : "were") read, and \(expected) are expected",
            remedy: rowCount < expected ? "something is missing: was it cut short?" : "is it another dump, or one with more?")
    }
}
