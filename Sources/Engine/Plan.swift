internal import Container
internal import Formats
internal import Scoring

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
    }

    let options: EvaluationOptions
    let containerOptions: ContainerOptions
    /// As asked for, with balanced class weights filled in.
    let specification: LossSpecification
    let predictions: RowFiles
    /// nil for tasks without labels, and where there are no weights.
    let labels: RowFiles?
    let weights: RowFiles?
    /// Values a row; 1 for binary.
    let classCount: Int
    let schedule: Schedule
    let warnings: [String]

    init(_ options: EvaluationOptions, usesSeekTable: Bool) throws(EngineError) {
        self.options = options
        containerOptions = ContainerOptions(maximumWindowByteCount: options.maximumWindowByteCount, usesSeekTable: usesSeekTable)
        guard !options.predictionPaths.isEmpty else {
            throw EngineError(.usage, "no predictions are named", remedy: "name at least one file")
        }
        let task = options.specification.task
        guard task.hasLabels || options.labelPaths.isEmpty else {
            throw EngineError(.usage, "task \(task.rawValue) has no labels", remedy: "leave --labels out")
        }
        guard !task.hasLabels || !options.labelPaths.isEmpty else {
            throw EngineError(.usage, "no labels are named", remedy: "name their file with --labels")
        }
        predictions = try RowFiles(Self.open(options.predictionPaths, containerOptions))
        classCount = try Self.classCount(of: predictions.files, task)
        guard predictions.rowCount > 0 else {
            throw EngineError(.data, path: predictions.files[0].path, "it has no rows", remedy: "there is nothing to evaluate")
        }
        labels = task.hasLabels ? try RowFiles(Self.open(options.labelPaths, containerOptions)) : nil
        if let labels {
            try Self.checkLabels(labels.files, task, classCount)
            try Self.checkCounts(predictions, labels, of: "labels")
        }
        weights = options.weightPaths.isEmpty ? nil : try RowFiles(Self.open(options.weightPaths, containerOptions))
        if let weights {
            try Self.checkShape(weights.files, columnCount: 1, what: "weight")
            try Self.checkCounts(predictions, weights, of: "weights")
        }
        var modifiers = options.specification.modifiers
        modifiers.hasRowWeights = weights != nil
        if options.usesBalancedClassWeights {
            guard task == .multiclass, let labels else {
                throw EngineError(
                    .usage, "--class-weights balanced has no meaning for task \(task.rawValue)", remedy: "only class indices can be counted")
            }
            modifiers.classWeights = try LabelCensus(
                labels, classCount: classCount, ignoreIndex: modifiers.ignoreIndex, options: containerOptions
            ).balancedWeights
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
        if hasWholeFiles && (predictions.files.count == 1 || hasSequentialLabels) {
            schedule = .stream
        } else {
            let units = predictions.files.enumerated().flatMap { WorkUnit.cut($1, fileIndex: $0) }
            schedule = hasSequentialLabels ? .inOrder(units) : .stealing(units)
        }
        warnings = (predictions.files + (labels?.files ?? []) + (weights?.files ?? [])).flatMap { file in file.warnings.map { "\(file.path): \($0)" } }
    }

    /// The schedule in words.
    var scheduleText: String {
        switch schedule {
        case .stealing(let units): "\(units.count) units, shared out by stealing"
        case .inOrder(let units): "\(units.count) units in order, since the labels cannot be read out of order"
        case .stream: "one stream of predictions, decompressed by one worker at a time and scored by all"
        }
    }

    private static func open(_ paths: [String], _ options: ContainerOptions) throws(EngineError) -> [ArrayFile] {
        var files: [ArrayFile] = []
        for path in paths { files.append(try ArrayFile.open(path, options: options)) }
        return files
    }

    private static func classCount(of files: [ArrayFile], _ task: LossTask) throws(EngineError) -> Int {
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

    private static func checkLabels(_ labels: [ArrayFile], _ task: LossTask, _ classCount: Int) throws(EngineError) {
        let isMatrix = task == .soft || task == .multilabel
        try checkShape(labels, columnCount: isMatrix ? classCount : 1, what: "label")
    }

    /// `what` is one thing of a row.
    private static func checkShape(_ files: [ArrayFile], columnCount: Int, what: String) throws(EngineError) {
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

    private static func checkCounts(_ predictions: RowFiles, _ others: RowFiles, of what: String) throws(EngineError) {
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
