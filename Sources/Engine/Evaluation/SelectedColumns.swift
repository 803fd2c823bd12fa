internal import Container
internal import Formats
internal import Insight
internal import Messages
internal import Scoring

/// The columns of an evaluation's files, found by the names that were given or by their usual ones.
struct SelectedColumns {
    /// The arrays of the predictions; empty if they are text.
    private(set) var arrays: [ArrayFile] = []
    /// The text of the predictions, with the labels and weights that lie beside them; empty if the predictions are arrays.
    var records: [RecordFile] = []
    /// The columnar tables of the predictions, with the labels and weights that lie beside them; empty if the predictions are of other
    /// formats.
    var tables: [ColumnarRows] = []
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
    /// The texts of labels and of weights with rows of their own; nil if they are arrays, or lie beside the predictions.
    private(set) var labelTexts: RecordRowSource?
    private(set) var weightTexts: RecordRowSource?
    /// The comparisons of identifiers that tables share.
    var tableIdentifiers: [ColumnarIdentifiers] = []
    /// The identifiers that labels, and weights, in files of their own share with the predictions; nil if they share none.
    var sharedByLabels: SharedIdentifiers?
    var sharedByWeights: SharedIdentifiers?
    /// The identifiers that the predictions of a second model share with these; nil if they share none, or are not compared.
    var sharedBySecond: SharedIdentifiers?
    /// The columns by which rows of different files are compared or looked up.
    var identifierNames: [String] = []
    /// The identifiers of the predictions that are arrays, by their names.
    var identifiersOfPredictions: [Name: ArrayIdentifiers] = [:]
    /// The columns by which rows are put into groups.
    var keys: [KeyColumn] = []
    /// The columns that are listed with the worst rows, in the order that they were asked for.
    var shown: [ShownColumn] = []
    var warnings: [Message] = []
    /// The columns of the first file with each role, as the report names them.
    var columnNames = Report.Columns()

    let request: ColumnRequest
    /// The columns of texts with their roles.
    private(set) var roles: RecordRoles
    private let options: EvaluationOptions
    let containerOptions: ContainerOptions
    private var task: LossTask { options.specification.task }
    var columns: DumpColumns { options.columns }

    /// Finds the columns of all roles.
    ///
    /// - Parameter files: the files of the predictions, all of one kind.
    init(_ files: [DumpFile], _ options: EvaluationOptions, _ containerOptions: ContainerOptions) throws(EngineError) {
        self.options = options
        self.containerOptions = containerOptions
        var columns = options.columns
        columns.keys += options.keys.map(\.name) + options.shownColumns
        request = ColumnRequest(
            columns, options.specification, hasLabelFiles: !options.labelPaths.isEmpty, hasWeightFiles: !options.weightPaths.isEmpty)
        roles = RecordRoles(request)
        do throws(ColumnError) { try request.check() } catch { throw EngineError(error) }
        try checkAxes(files[0])
        switch files[0].content {
        case .records: try openRecords(files)
        case .columnar: try openTables(files)
        case .array, .archive: try openArrays(files)
        }
        if classOfNumber != nil { columnNames.classNames = roles.classNames }
        if areLabelsText, request.readsClassNames {
            columnNames.classNames = task == .binary ? roles.binaryNames : columns.classNames ?? roles.classNames
        }
        columnNames.classAxis = columns.classAxis
        columnNames.shiftedLabels = columns.shiftsLabels ? true : nil
        if !roles.valueNamePaths.isEmpty { columnNames.classNames = roles.classNames }
        try checkClassOrder()
        try checkUnusedNames(files)
        if !options.labelPaths.isEmpty { labels = labels?.sliced(options.planned?.slices[CompanionColumn.labels]) }
        if !options.weightPaths.isEmpty { weights = weights?.sliced(options.planned?.slices[CompanionColumn.weights]) }
        try shareIdentifiers(files, second: options.second)
        try openKeys(options.keys, files)
        try openShownColumns(options.shownColumns, files)
    }

    /// Throws if something depends on the order of the classes, and names are all that is known of them.
    private func checkClassOrder() throws(EngineError) {
        guard !roles.isClassOrderKnown else { return }
        let reason: Message
        if task != .multiclass {
            reason = "the labels of task \(task.rawValue) are in the order of the classes"
        } else if !areLabelsText {
            reason = "labels that are an array are places among the classes"
        } else if options.specification.modifiers.classWeights != nil {
            reason = "\(setting: .classWeights) are in the order of the classes"
        } else {
            return
        }
        throw EngineError(
            .usage, path: records.first?.path,
            "\(reason), and of these the names alone are known: \(ColumnName.list(roles.classNames ?? [], limit: 8))",
            remedy: "name them in their order with \(setting: .classNames)")
    }

    /// The classes that whole numbers mean as labels of an array, where the columns of the predictions are named by other numbers than
    /// their places; nil if labels are places.
    var classOfNumber: [Int32: Int32]? {
        guard task == .multiclass, !areLabelsText, let names = roles.classNames,
            let indices = ClassNames.classIndicesOfNumbers(names)
        else { return nil }
        var classes: [Int32: Int32] = [:]
        for (number, index) in indices {
            if let number = Int32(exactly: number) { classes[number] = Int32(index) }
        }
        return classes
    }

    /// Throws if settings of arrays are given for text, which has no axes.
    private func checkAxes(_ file: DumpFile) throws(EngineError) {
        guard task.hasLabels || !columns.shiftsLabels else {
            throw EngineError(.usage, "task \(task.rawValue) has no labels to shift", remedy: "leave \(setting: .shiftLabels) out")
        }
        guard !file.isOfArrays, let given: Setting = columns.shiftsLabels ? .shiftLabels : columns.classAxis.map({ _ in .classAxis }) else { return }
        throw EngineError(
            .usage, path: file.path, "\(setting: given) is for arrays, and it is \(file.format)", remedy: "leave it out, or give arrays")
    }

    /// The meaning of the axes of arrays.
    private var axes: ArrayAxes { ArrayAxes(task, columns) }

    /// Throws if a name was given that no file can have. It may have been meant for another file, or for another option.
    private func checkUnusedNames(_ predictions: [DumpFile]) throws(EngineError) {
        func check(_ setting: Setting, of files: [DumpFile], isGiven: Bool) throws(EngineError) {
            guard isGiven, let first = files.first, !files.contains(where: \.hasColumns) else { return }
            throw first.unusedNameError(setting)
        }
        let labelled = labelFiles.isEmpty ? predictions : labelFiles
        try check(.predictionColumns, of: predictions, isGiven: !columns.predictions.isEmpty)
        if columns.predictionClasses != nil, records.isEmpty { throw predictions[0].unusedValueNamesError }
        try check(.labelColumn, of: labelled, isGiven: columns.label != nil)
        try check(.labelColumns, of: labelled, isGiven: !columns.labels.isEmpty)
        try check(.weightColumn, of: weightFiles, isGiven: columns.weight != nil)
        let counted = [columns.byteCount.map { _ in Setting.textColumn }].compactMap(\.self) + columns.counts.names.map(\.setting)
        if let setting = counted.first {
            guard task == .likelihood else {
                throw EngineError(
                    .usage, "\(setting: setting) has no meaning for task \(task.rawValue): tokens, bytes and words are counted for likelihood",
                    remedy: "leave it out")
            }
            guard !records.isEmpty else {
                throw EngineError(
                    .usage, path: predictions[0].path,
                    "\(setting: setting) has no meaning for it: it is \(predictions[0].format), and counts are columns of text files",
                    remedy: "leave it out, or give the records themselves")
            }
        }
        for (setting, isGiven) in [(Setting.classNames, columns.classNames != nil), (.positiveClass, columns.positiveClass != nil)] {
            let namesValues = setting == .classNames && !roles.valueNamePaths.isEmpty
            guard isGiven, !areLabelsText || !request.readsClassNames, !namesValues else { continue }
            throw EngineError(
                .usage, "\(setting: setting) has no meaning here: it names classes where labels are text, in the tasks multiclass and binary",
                remedy: "leave it out")
        }
        for (setting, isGiven) in [(Setting.identifierColumn, columns.identifier != nil), (.joinColumn, columns.join != nil)] {
            if isGiven, !predictions[0].hasColumns { throw predictions[0].unusedNameError(setting, remedy: "leave it out") }
        }
        let files: [RecordFormats.Options.Role: [DumpFile]] = [.predictions: predictions, .labels: labelFiles, .weights: weightFiles]
        let ofPredictions = "the predictions are \(predictions[0].isOfArrays ? "arrays" : predictions[0].format)"
        let unused: [(setting: Setting, isUnused: Bool, reason: String)] = [
            (.textColumn, columns.byteCount != nil && !predictions.contains(where: \.isText), ofPredictions),
            (.ragged, columns.isRagged && !predictions.contains(where: \.isText), ofPredictions),
            (
                .recordPath, columns.recordPath != nil && !files.values.joined().contains { $0.format == "json" },
                "no file is one JSON document"
            ),
            (
                .noHeader,
                !columns.hasHeader && !files.contains { columns.headerlessRoles.contains($0) && $1.contains(where: \.isTable) },
                "no such file is a table"
            ),
        ]
        for (setting, isUnused, reason) in unused where isUnused {
            throw EngineError(.usage, "\(setting: setting) has no meaning here: \(reason)", remedy: "leave it out")
        }
    }

    // MARK: Arrays

    private mutating func openArrays(_ files: [DumpFile]) throws(EngineError) {
        guard columns.predictions.count <= 1 else {
            throw EngineError(
                .usage, path: files[0].path, "\(columns.predictions.count) prediction columns are named, and it is \(files[0].format)",
                remedy: "name the one array of all classes")
        }
        if let base = files.first(where: { $0.format == LlamaCppFile.format }) {
            guard task == .multiclass, options.specification.input == .logProbabilities else {
                throw EngineError(
                    .usage, path: base.path, "it is a \(base.format), which holds log-probabilities, one a token of the vocabulary",
                    remedy:
                        "give \(setting: .task, Setting.Value(swiftText: ".multiclass", text: "multiclass")) and "
                        + "\(setting: .input, .logProbabilities)")
            }
        }
        // An archive's only array is its predictions where the labels are elsewhere.
        let isAlone = !task.hasLabels || !options.labelPaths.isEmpty
        let found = try arrays(
            of: files, for: .predictions(request.predictions.values), named: columns.predictions.first, isAlone: isAlone,
            taken: Set(request.namesOfOtherRoles.names))
        (arrays, classCount) = try axes.predictions(found.arrays)
        columnNames.predictions = found.name.map { [$0] } ?? []
        if task.hasLabels {
            guard !options.labelPaths.isEmpty || files[0].hasColumns else {
                throw EngineError(.usage, "no labels are named", remedy: "name their file with \(setting: .labels)").ofMissingColumn
            }
            labels = try companion(.labels, options.labelPaths, beside: files)
        }
        if options.weightPaths.isEmpty, columns.weight != nil, !files.contains(where: \.hasColumns) {
            throw files[0].unusedNameError(.weightColumn, remedy: "name a file of weights with \(setting: .weights)")
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
        let files =
            paths.isEmpty ? predictions : try EvaluationPlan.open(paths, as: isLabels ? .labels : .weights, options, containerOptions)
        if !paths.isEmpty {
            if isLabels { labelFiles = files } else { weightFiles = files }
        }
        switch files[0].content {
        case .records:
            try checkAxes(files[0])
            return try recordCompanion(role, files)
        case .columnar:
            try checkAxes(files[0])
            return try tableCompanion(role, files)
        case .array, .archive: break
        }
        let columnCount = isLabels ? request.labelsPerRow(valuesPerRow: classCount) : 1
        guard columns.labels.count <= 1 || !isLabels else {
            throw EngineError(
                .usage, path: files[0].path, "\(setting: .labelColumns) names \(columns.labels.count) columns, and it is \(files[0].format)",
                remedy: "name the one array of all")
        }
        let name = isLabels ? columns.labelNames.first : columns.weight
        let found = try arrays(
            of: files, for: role, named: name, isAlone: !paths.isEmpty,
            taken: paths.isEmpty ? Set(columnNames.predictions.names) : [])
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
    private func arrays(
        of files: [DumpFile], for role: ColumnRole, named name: String?, isAlone: Bool, taken: Set<Name>
    ) throws(EngineError) -> (arrays: [ArrayFile], name: String?) {
        var arrays: [ArrayFile] = []
        var first: String?
        for file in files {
            let found = try file.namedArray(for: role, named: name, isAlone: isAlone, request, taken: taken)
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
    private mutating func recordCompanion(_ role: ColumnRole, _ files: [DumpFile]) throws(EngineError) -> CompanionColumn {
        let source = try recordSource(role, files)
        if role.isLabels { labelTexts = source } else { weightTexts = source }
        return CompanionColumn(name: role.isLabels ? CompanionColumn.labels : CompanionColumn.weights, rows: source)
    }

    private mutating func recordSource(_ role: ColumnRole, _ files: [DumpFile]) throws(EngineError) -> RecordRowSource {
        var selected: [RecordFile] = []
        for file in files {
            let text = try file.requireRecords(role)
            let selection = try Self.atPath(file.path) { () throws(ColumnError) in
                role.isLabels
                    ? try roles.labels(ofOwn: text.format, path: file.path, valuesPerRow: classCount)
                    : try roles.weights(ofOwn: text.format, path: file.path)
            }
            selected.append(text.selecting(selection))
        }
        guard role.isLabels else {
            columnNames.weights = roles.weightNames
            return RecordRowSource(.weights, of: selected, valuesPerRow: 1, options: containerOptions)
        }
        areLabelsText = true
        columnNames.labels = roles.labelNames
        return RecordRowSource(
            request.readsClassNames ? .classLabels : .targets, of: selected, valuesPerRow: request.labelsPerRow(valuesPerRow: classCount),
            options: containerOptions)
    }

    /// Opens labels or weights that are columnar tables in files of their own.
    private mutating func tableCompanion(_ role: ColumnRole, _ files: [DumpFile]) throws(EngineError) -> CompanionColumn {
        var selected: [ColumnarRows] = []
        for file in files {
            let table = try file.requireTable(role)
            let selection = try Self.atPath(file.path) { () throws(ColumnError) in
                role.isLabels
                    ? try roles.labels(ofOwn: table.names, path: file.path, valuesPerRow: classCount)
                    : try roles.weights(ofOwn: table.names, path: file.path)
            }
            selected.append(try Self.rows(of: table, selection, role, perRow: request.labelsPerRow(valuesPerRow: classCount)))
        }
        guard role.isLabels else {
            columnNames.weights = roles.weightNames
            return CompanionColumn(name: CompanionColumn.weights, rows: try ColumnarRowSource(.weights, of: selected, valuesPerRow: 1))
        }
        areLabelsText = true
        columnNames.labels = roles.labelNames
        let source = try ColumnarRowSource(
            request.readsClassNames ? .classLabels : .targets, of: selected, valuesPerRow: request.labelsPerRow(valuesPerRow: classCount))
        return CompanionColumn(name: CompanionColumn.labels, rows: source)
    }

    /// Warns of a column of weights that is not used.
    private mutating func warnOfWeights(_ file: DumpFile) {
        let usual = ColumnRole.weights.usualNames
        guard let name = file.columnNames.first(where: { usual.contains($0.lowercased()) }) else { return }
        warnings.append(
            Message(
                code: .unusedWeights,
                "\(file.path): the column \(name) is not used, all rows weigh the same: \(setting: .weightColumn, .text(name)) uses it"))
    }

    // MARK: Records

    private mutating func openRecords(_ files: [DumpFile]) throws(EngineError) {
        for file in files {
            let text = try file.requireRecords(.predictions(nil))
            var selection = try Self.atPath(file.path) { () throws(ColumnError) in
                try roles.predictions(of: text.format, path: file.path)
            }
            if records.isEmpty {
                classCount =
                    try columns.isRagged && columns.predictionClasses == nil
                    ? raggedClassCount(files) : text.valuesPerRow(selection, containerOptions)
            }
            if columns.isRagged { selection.absentValue = options.specification.input == .probabilities ? 0 : -.infinity }
            try Self.atPath(file.path) { () throws(ColumnError) in
                if records.isEmpty, request.hasLabelsBeside { try request.checkClassNames(classCount: classCount) }
                try roles.addOthers(to: &selection, of: text.format, path: file.path, valuesPerRow: classCount)
            }
            // A table does not tell numbers from texts of digits. JSON tells them apart.
            if let bytes = selection.byteCount, let column = bytes.columnIndex, text.format.columns[column].content == .number {
                warnings.append(
                    Message(
                        code: .byteCounts,
                        "\(file.path): the numbers of column \(bytes.name) are taken for counts of bytes, not for texts; "
                            + "\(setting: .bytesColumn, .text(bytes.name)) says that they are"))
            }
            records.append(text.selecting(selection))
        }
        try openOthers(beside: files)
        columnNames.predictionClasses = roles.valueNamePaths
        columnNames.text = roles.byteCountNames
        if !roles.countNames.isEmpty { columnNames.counts = roles.countNames }
    }

    /// Opens labels and weights that have files of their own beside predictions of named columns, and notes the names of all.
    private mutating func openOthers(beside files: [DumpFile]) throws(EngineError) {
        if request.hasLabelsBeside {
            areLabelsText = true
        } else if task.hasLabels {
            labels = try companion(.labels, options.labelPaths, beside: files)
        }
        if !options.weightPaths.isEmpty {
            weights = try companion(.weights, options.weightPaths, beside: files)
        } else if columns.weight == nil {
            warnOfWeights(files[0])
        }
        columnNames.predictions = roles.predictionNames
        if request.hasLabelsBeside { columnNames.labels = roles.labelNames }
        if options.weightPaths.isEmpty { columnNames.weights = roles.weightNames }
    }

    // MARK: Columnar tables

    /// Returns the rows of a table that is read for labels or weights alone. A list where one label or weight a row is wanted holds those
    /// of several rows.
    private static func rows(
        of table: ColumnarTable, _ selection: RecordSelection, _ role: ColumnRole, perRow: Int
    ) throws(EngineError) -> ColumnarRows {
        let rows = ColumnarRows(table, selection)
        let paths: [RecordPath] =
            switch selection.labels {
            case .classIndex(let path, _): [path]
            case .numbers(let paths): paths
            case .none: selection.weight.map { [$0] } ?? []
            }
        guard paths.count == 1, case .list(let leaf) = table.storage(of: paths[0]), leaf.isNumber else { return rows }
        let shape = try rows.shape(paths, role)
        let isOfSeveral = leaf.listDepth == 1 && (!role.isLabels || perRow == 1) && shape.valuesPerRow > 1
        return ColumnarRows(table, selection, rowsPerRecord: isOfSeveral ? shape.valuesPerRow : shape.rowsPerRecord)
    }

    private mutating func openTables(_ files: [DumpFile]) throws(EngineError) {
        let counts = (columns.byteCount == nil ? [] : [Setting.textColumn]) + columns.counts.names.map(\.setting)
        if let setting = counts.first {
            throw EngineError(
                .usage, path: files[0].path, "\(setting: setting) has no meaning for it: it is \(files[0].format), and no text",
                remedy: "leave it out")
        }
        for file in files {
            let table = try file.requireTable(.predictions(nil))
            var selection = try Self.atPath(file.path) { () throws(ColumnError) in
                try roles.predictions(of: table.names, path: file.path)
            }
            let shape = try ColumnarRows(table, selection).shape(selection.predictions, .predictions(nil))
            if tables.isEmpty {
                classCount = shape.valuesPerRow
                guard classCount == 1 || !task.isSingleValued else {
                    throw EngineError(
                        .data, path: file.path,
                        "column \(ColumnName.list(selection.predictions.map(\.name))) has \(classCount) values a row",
                        remedy: "task \(task.rawValue) takes one: name another with \(setting: .predictionColumns)")
                }
            }
            try Self.atPath(file.path) { () throws(ColumnError) in
                if tables.isEmpty, request.hasLabelsBeside { try request.checkClassNames(classCount: classCount) }
                try roles.addOthers(to: &selection, of: table.names, path: file.path, valuesPerRow: classCount)
            }
            tables.append(ColumnarRows(table, selection, rowsPerRecord: shape.rowsPerRecord))
        }
        try openOthers(beside: files)
    }

    /// Finds the largest number of predictions in a record of any file.
    private func raggedClassCount(_ files: [DumpFile]) throws(EngineError) -> Int {
        guard task == .multiclass else {
            throw EngineError(
                .usage, "\(setting: .ragged) has no meaning for task \(task.rawValue)",
                remedy: "only a class index can be one of fewer predictions")
        }
        var largest = 0
        for file in files {
            let text = try file.requireRecords(.predictions(nil))
            var roles = RecordRoles(request)
            let selection = try Self.atPath(file.path) { () throws(ColumnError) in
                try roles.predictions(of: text.format, path: file.path)
            }
            largest = max(
                largest,
                text.format.isTable
                    ? selection.predictions.count : try text.selecting(selection).largestPredictionCount(options: containerOptions))
        }
        guard (1...RowLayout.valueCountLimit).contains(largest) else {
            throw EngineError(
                .data, path: files[0].path, largest == 0 ? "no record has predictions" : "a record has \(largest) predictions",
                remedy: "check \(setting: .predictionColumns)")
        }
        return largest
    }

    /// Names the file of an error about columns.
    static func atPath<Result>(
        _ path: String, _ body: () throws(ColumnError) -> Result
    ) throws(EngineError) -> Result {
        do { return try body() } catch { throw EngineError(error, path: path) }
    }
}

extension RecordFile {
    /// Finds the number of values a row, which the first record decides if the selection does not say it.
    func valuesPerRow(_ selection: RecordSelection, _ options: ContainerOptions) throws(EngineError) -> Int {
        if let given = selection.valuesPerRow { return given }
        let rows = try selecting(selection).firstRows(options: options)
        guard rows != nil else { throw EngineError(.data, path: path, "it has no rows", remedy: "there is nothing to evaluate") }
        guard let rows, rows.valuesPerRow > 0 else {
            throw EngineError(.data, path: path, "no record has predictions", remedy: "check \(setting: .predictionColumns)")
        }
        guard rows.valuesPerRow <= RowLayout.valueCountLimit else {
            throw EngineError(
                .data, path: path, "\(rows.valuesPerRow) values a row, up to \(RowLayout.valueCountLimit) are read",
                remedy: "check \(setting: .predictionColumns)")
        }
        return rows.valuesPerRow
    }

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
