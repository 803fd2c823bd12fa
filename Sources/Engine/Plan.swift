internal import Container
internal import Formats
internal import Scoring
internal import WorkStealing

/// Everything that is checked and decided before the first row is scored.
struct Plan: Sendable {
    /// How the work is shared out.
    enum Schedule: Sendable {
        /// Units in any order; labels are read by row.
        case stealing([WorkUnit])
        /// Units handed out in order, since the labels can only be read in order.
        case inOrder([WorkUnit])
        /// One stream of predictions, decoded by one worker at a time, scored by all.
        case stream
        /// Text of records, whose rows are counted as they are read.
        case records([RecordFile])
    }

    let options: EvaluationOptions
    let containerOptions: ContainerOptions
    /// As asked for, with balanced class weights filled in.
    let specification: LossSpecification
    /// Of arrays; without files where the predictions are records.
    let predictions: RowFiles
    /// nil for tasks without labels, and where there are no weights.
    let labels: SideColumn?
    let weights: SideColumn?
    /// Values a row; 1 for binary.
    let classCount: Int
    let schedule: Schedule
    /// For the report: each file, once for each role.
    let inputs: [(role: String, file: DumpFile)]
    let warnings: [String]
    /// For the report: the columns with each role.
    let columnNames: Report.Columns

    init(_ options: EvaluationOptions, usesSeekTable: Bool, _ cancellation: Cancellation = Cancellation()) throws(EngineError) {
        self.options = options
        containerOptions = ContainerOptions(
            maximumWindowByteCount: options.maximumWindowByteCount, usesSeekTable: usesSeekTable,
            isCancelled: { cancellation.isCancelled })
        guard !options.predictionPaths.isEmpty else {
            throw EngineError(.usage, "no predictions are named", remedy: "name at least one file")
        }
        let task = options.specification.task
        guard task.hasLabels || (options.labelPaths.isEmpty && options.columns.labelNames.isEmpty) else {
            throw EngineError(.usage, "task \(task.rawValue) has no labels", remedy: "leave \(options.labelPaths.isEmpty ? "--label-column" : "--labels") out")
        }
        let files = try Self.open(options.predictionPaths, options, containerOptions)
        let opened = try OpenedDump(files, options, containerOptions)
        predictions = try RowFiles(opened.arrays)
        labels = opened.labels
        weights = opened.weights
        classCount = opened.classCount
        columnNames = opened.columnNames
        inputs = files.map { ("predictions", $0) } + opened.labelFiles.map { ("labels", $0) } + opened.weightFiles.map { ("weights", $0) }

        if opened.records.isEmpty {
            guard predictions.rowCount > 0 else {
                throw EngineError(.data, path: predictions.files[0].path, "it has no rows", remedy: "there is nothing to evaluate")
            }
            if let expected = options.expectedRowCount, expected != predictions.rowCount {
                throw EngineError(
                    expected: expected, rowCount: predictions.rowCount, path: predictions.files[predictions.files.count - 1].path)
            }
            try Self.checkCounts(predictions, labels?.arrays, of: "labels")
            try Self.checkCounts(predictions, weights?.arrays, of: "weights")
        }
        var modifiers = options.specification.modifiers
        modifiers.hasRowWeights = weights != nil
        if options.usesBalancedClassWeights {
            modifiers.classWeights = try Self.balancedWeights(
                task, labels, opened.records, classCount: classCount, modifiers, containerOptions)
        }
        let specification: LossSpecification
        do throws(SpecificationError) {
            specification = try LossSpecification(
                task: task, input: options.specification.input, dialects: options.specification.dialects, modifiers: modifiers)
            try specification.check(classCount: classCount)
        } catch {
            throw EngineError(error)
        }
        self.specification = specification

        let hasSequentialLabels = [labels, weights].contains { $0?.isSequential ?? false }
        let hasWholeFiles = predictions.files.contains { !$0.container.isCuttable }
        if !opened.records.isEmpty {
            schedule = .records(opened.records)
        } else if hasWholeFiles && (predictions.files.count == 1 || hasSequentialLabels) {
            schedule = .stream
        } else {
            let units = predictions.files.enumerated().flatMap { WorkUnit.cut($1, fileIndex: $0) }
            schedule = hasSequentialLabels ? .inOrder(units) : .stealing(units)
        }
        warnings = inputs.flatMap { input in input.file.warnings.map { "\(input.file.path): \($0)" } } + opened.warnings
    }

    /// The schedule in words.
    var scheduleText: String {
        switch schedule {
        case .stealing(let units): return "\(units.count) units, shared out by stealing"
        case .inOrder(let units): return "\(units.count) units in order, since the labels cannot be read out of order"
        case .stream: return "one stream of predictions, decompressed by one worker at a time and scored by all"
        case .records(let files):
            let spans = files.map { $0.spans.count }
            let cut = spans.reduce(0, +)
            return cut == 0
                ? "text in order, decompressed by one worker at a time, parsed and scored by all"
                : "\(cut) units of text, decompressed, parsed and scored by all"
                    + (spans.contains(0) ? ", and \(spans.count { $0 == 0 }) files in order" : "")
        }
    }

    /// Decoded bytes of predictions; nil where reading tells.
    var decodedByteCount: Int? {
        var total = 0
        for input in inputs where input.role == "predictions" {
            guard let count = input.file.container.decodedByteCount else {
                if schedule.isOfRecords { return nil }
                return predictions.files.reduce(0) { $0 + $1.layout.endByteOffset }
            }
            total += count
        }
        return schedule.isOfRecords ? total : predictions.files.reduce(0) { $0 + $1.layout.endByteOffset }
    }

    static func open(
        _ paths: [String], _ options: EvaluationOptions, _ containerOptions: ContainerOptions
    ) throws(EngineError) -> [DumpFile] {
        var files: [DumpFile] = []
        for path in paths { files.append(try DumpFile.open(path, options: containerOptions, hasHeader: options.columns.hasHeader)) }
        return files
    }

    private static func balancedWeights(
        _ task: LossTask, _ labels: SideColumn?, _ records: [RecordFile], classCount: Int, _ modifiers: LossModifiers,
        _ options: ContainerOptions
    ) throws(EngineError) -> [Double] {
        guard task == .multiclass, let labels else {
            throw EngineError(
                .usage, "--class-weights balanced has no meaning for task \(task.rawValue)", remedy: "only class indices can be counted")
        }
        let stream: any RowStream
        switch labels.source {
        case .arrays(let rows): stream = SequentialRows(rows, options: options)
        case .records(let files, let column): stream = try RecordColumnRows(files, column, options)
        case .besidePredictions:
            let files = records.map { file in
                var selection = RecordSelection(predictions: [])
                selection.labels = file.selection.labels
                return file.selecting(selection)
            }
            stream = try RecordColumnRows(files, .labels, options)
        }
        return try LabelCensus(stream, elementType: labels.elementType, classCount: classCount, ignoreIndex: modifiers.ignoreIndex)
            .balancedWeights
    }

    static func classCount(of files: [ArrayFile], _ task: LossTask) throws(EngineError) -> Int {
        var classCount: Int?
        for file in files {
            let layout = file.layout
            guard PredictionElement(layout.elementType) != nil else {
                throw EngineError(
                    .data, path: file.path, "predictions of type \(layout.elementType.name) are no logits or probabilities",
                    remedy: "are predictions and labels exchanged? Predictions are f2, bf16, f4 or f8")
            }
            let columns: Int
            switch (task.isSingleValued, layout.shape.count) {
            case (true, 1): columns = 1
            case (true, 2) where layout.shape[1] == 1: columns = 1
            case (false, 2) where layout.shape[1] >= 1: columns = layout.shape[1]
            case (true, _):
                throw EngineError(
                    .data, path: file.path, "shape \(layout.shapeText) is not one value a row",
                    remedy: "task \(task.rawValue) takes (N,) or (N, 1); two columns of scores are task multiclass")
            case (false, _):
                throw EngineError(
                    .data, path: file.path, "shape \(layout.shapeText) is not C values a row",
                    remedy: "task \(task.rawValue) takes (N, C); one value a row is task binary")
            }
            if let classCount, classCount != columns {
                throw EngineError(
                    .data, path: file.path, "it has \(columns) values a row, \(files[0].path) has \(classCount)",
                    remedy: "give files of one model")
            }
            try file.checkWidth()
            classCount = columns
        }
        return classCount ?? 1
    }

    /// `what` is one thing of a row.
    static func checkShape(_ files: [ArrayFile], columnCount: Int, what: String) throws(EngineError) {
        for file in files {
            let shape = file.layout.shape
            let isOneColumn = columnCount == 1 && shape.count == 1
            guard isOneColumn || (shape.count == 2 && shape[1] == columnCount) else {
                throw EngineError(
                    .data, path: file.path,
                    "shape \(file.layout.shapeText) is not \(columnCount == 1 ? "one \(what)" : "\(columnCount) \(what)s") a row",
                    remedy: "\(what)s are of shape " + (columnCount == 1 ? "(N,) or (N, 1)" : "(N, \(columnCount))"))
            }
            guard file.layout.elementType == files[0].layout.elementType else {
                throw EngineError(
                    .data, path: file.path,
                    "its \(what)s are \(file.layout.elementType.name), those of \(files[0].path) are \(files[0].layout.elementType.name)",
                    remedy: "save all \(what)s in one type")
            }
        }
    }

    private static func checkCounts(_ predictions: RowFiles, _ others: RowFiles?, of what: String) throws(EngineError) {
        guard let others else { return }
        if predictions.files.count == others.files.count {
            for (file, other) in zip(predictions.files, others.files) where file.rowCount != other.rowCount {
                throw EngineError(
                    .data, path: other.path, "\(other.rowCount) \(what) for the \(file.rowCount) rows of \(file.path)",
                    remedy: "give each predictions file its own \(what), in the same order")
            }
        }
        guard predictions.rowCount == others.rowCount else {
            throw EngineError(
                .data, path: others.files[0].path,
                "\(others.rowCount) \(what)" + (others.files.count > 1 ? " in \(others.files.count) files" : "")
                    + " for \(predictions.rowCount) rows of predictions",
                remedy: "give the \(what) of the same rows")
        }
    }
}

extension Plan.Schedule {
    var isOfRecords: Bool {
        if case .records = self { true } else { false }
    }
}

extension EngineError {
    /// Another number of rows than `--expect-rows` says.
    init(expected: Int, rowCount: Int, path: String) {
        self.init(
            .data, path: path, "\(rowCount) rows were read, and \(expected) are expected",
            remedy: rowCount < expected ? "something is missing: was it cut short?" : "is it another dump, or one with more?")
    }
}

extension PredictionElement {
    /// nil for types that hold no predictions.
    init?(_ type: ElementType) {
        switch type {
        case .float16: self = .float16
        case .bfloat16: self = .bfloat16
        case .float32: self = .float32
        case .float64: self = .float64
        default: return nil
        }
    }
}
