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
    let predictions: RowFiles
    let labels: RowFiles
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
        guard !options.labelPaths.isEmpty else {
            throw EngineError(.usage, "no labels are named", remedy: "name their file with --labels")
        }
        predictions = try RowFiles(Self.open(options.predictionPaths, containerOptions))
        labels = try RowFiles(Self.open(options.labelPaths, containerOptions))
        classCount = try Self.classCount(of: predictions.files, options.specification.task)
        try Self.check(labels.files)
        try Self.checkCounts(predictions, labels)

        let hasSequentialLabels = labels.files.contains { !$0.allowsRandomAccess }
        let hasWholeFiles = predictions.files.contains { !$0.container.isCuttable }
        if hasWholeFiles && (predictions.files.count == 1 || hasSequentialLabels) {
            schedule = .stream
        } else {
            let units = predictions.files.enumerated().flatMap { WorkUnit.cut($1, fileIndex: $0) }
            schedule = hasSequentialLabels ? .inOrder(units) : .stealing(units)
        }
        warnings = (predictions.files + labels.files).flatMap { file in file.container.warnings.map { "\(file.path): \($0)" } }
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
        for path in paths { files.append(try ArrayFile(path: path, options: options)) }
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
            switch (task, layout.shape.count) {
            case (.binary, 1): columns = 1
            case (.binary, 2) where layout.shape[1] == 1: columns = 1
            case (.multiclass, 2) where layout.shape[1] >= 1: columns = layout.shape[1]
            case (.binary, _):
                throw EngineError(
                    .data, path: file.path, "shape \(layout.shapeText) is not one value a row",
                    remedy: "task binary takes (N,) or (N, 1); two columns of scores are task multiclass")
            case (.multiclass, _):
                throw EngineError(
                    .data, path: file.path, "shape \(layout.shapeText) is not C values a row",
                    remedy: "task multiclass takes (N, C); one value a row is task binary")
            }
            if let classCount, classCount != columns {
                throw EngineError(
                    .data, path: file.path, "it has \(columns) values a row, \(files[0].path) has \(classCount)",
                    remedy: "give files of one model")
            }
            guard columns <= Int(Int32.max) - 1 else {
                throw EngineError(.data, path: file.path, "\(columns) values a row are more than there can be classes")
            }
            classCount = columns
        }
        return classCount ?? 1
    }

    private static func check(_ labels: [ArrayFile]) throws(EngineError) {
        for file in labels {
            let shape = file.layout.shape
            guard shape.count == 1 || (shape.count == 2 && shape[1] == 1) else {
                throw EngineError(
                    .data, path: file.path, "shape \(file.layout.shapeText) is not one label a row",
                    remedy: "labels are of shape (N,) or (N, 1)")
            }
            guard file.layout.elementType == labels[0].layout.elementType else {
                throw EngineError(
                    .data, path: file.path,
                    "its labels are \(file.layout.elementType.name), those of \(labels[0].path) are \(labels[0].layout.elementType.name)",
                    remedy: "save all labels in one type")
            }
        }
    }

    private static func checkCounts(_ predictions: RowFiles, _ labels: RowFiles) throws(EngineError) {
        if predictions.files.count == labels.files.count {
            for (file, labelFile) in zip(predictions.files, labels.files) where file.rowCount != labelFile.rowCount {
                throw EngineError(
                    .data, path: labelFile.path, "\(labelFile.rowCount) labels for the \(file.rowCount) rows of \(file.path)",
                    remedy: "give each predictions file its own labels, in the same order")
            }
        }
        guard predictions.rowCount == labels.rowCount else {
            throw EngineError(
                .data, path: labels.files[0].path,
                "\(labels.rowCount) labels" + (labels.files.count > 1 ? " in \(labels.files.count) files" : "")
                    + " for \(predictions.rowCount) rows of predictions",
                remedy: "give the labels of the same rows")
        }
        guard predictions.rowCount > 0 else {
            throw EngineError(.data, path: predictions.files[0].path, "it has no rows", remedy: "there is nothing to evaluate")
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
