internal import Elements
internal import Formats
internal import Messages
internal import Scoring

/// The meaning of the axes of an evaluation's arrays: which one holds the classes, and how labels are paired with predictions along the others.
///
/// All axes but the one of the classes count rows, in C order. Labels have the dimensions of the predictions without that axis, or are flat.
struct ArrayAxes {
    private let task: LossTask
    /// The axis of the classes as it was given; nil for the last.
    private let classAxis: Int?
    /// True if a prediction is for the label at the next place of the second axis.
    private let shiftsLabels: Bool

    init(_ task: LossTask, _ columns: DumpColumns) {
        self.task = task
        classAxis = columns.classAxis
        shiftsLabels = columns.shiftsLabels
    }

    /// The number of labels or weights that a row of predictions has in one file.
    enum Companion {
        case labels(perRow: Int)
        case weights

        /// The word for one value.
        fileprivate var text: String {
            if case .labels = self { "label" } else { "weight" }
        }
        fileprivate var countPerRow: Int {
            if case .labels(let count) = self { count } else { 1 }
        }
    }

    // MARK: Predictions

    /// Counts the rows of the predictions along all axes but the one of the classes.
    ///
    /// - Returns: the arrays with their rows, and the number of values a row.
    /// - Throws: `EngineError` if the arrays disagree or do not fit the task, or if two axes could be the one of the classes.
    func predictions(_ files: [ArrayFile]) throws(EngineError) -> (files: [ArrayFile], classCount: Int) {
        var counted: [ArrayFile] = []
        for file in files {
            let layout = file.layout
            guard layout.elementType.isFloatingPoint else {
                throw EngineError(
                    .data, path: file.path, "predictions of type \(layout.elementType.name) are no logits or probabilities",
                    remedy: "are predictions and labels exchanged? Predictions are f2, bf16, f4 or f8")
            }
            let axis = try valueAxis(of: file)
            let rowShape = Self.removing(axis, from: layout.shape)
            guard !shiftsLabels || rowShape.count > 1 else {
                throw EngineError(
                    .data, path: file.path, "shape \(layout.shapeText) has no second axis of rows along which labels could be shifted",
                    remedy: "\(setting: .shiftLabels) is for arrays of shape (sequences, places, classes)")
            }
            let next = file.counting(ArrayRows(of: layout, valueAxis: axis, leavingOut: shiftsLabels ? .last : nil))
            if let first = counted.first, first.rows.valuesPerRow != next.rows.valuesPerRow {
                throw EngineError(
                    .data, path: file.path,
                    "it has \(next.rows.valuesPerRow) values a row, \(first.path) has \(first.rows.valuesPerRow)",
                    remedy: "give files of one model")
            }
            try next.checkWidth()
            counted.append(next)
        }
        return (counted, counted.first?.rows.valuesPerRow ?? 1)
    }

    /// Finds the axis that holds a row's values; nil if each element is a row.
    private func valueAxis(of file: ArrayFile) throws(EngineError) -> Int? {
        let shape = file.layout.shape
        if let classAxis {
            let axis = classAxis < 0 ? shape.count + classAxis : classAxis
            guard shape.indices.contains(axis), shape.count > 1 else {
                throw EngineError(
                    .usage, path: file.path, "shape \(file.layout.shapeText) has no axis \(classAxis) beside those of its rows",
                    remedy: "\(setting: .classAxis) counts axes from 0, or from the last with −1")
            }
            guard task.isSingleValued ? shape[axis] == 1 : shape[axis] > 0 else {
                throw EngineError(
                    .data, path: file.path,
                    "axis \(axis) of shape \(file.layout.shapeText) has \(shape[axis]) places, and task \(task.rawValue) takes "
                        + (task.isSingleValued ? "one value a row" : "one a class"),
                    remedy: "check \(setting: .classAxis)")
            }
            return axis
        }
        let last = shape.count - 1
        guard !task.isSingleValued else {
            if shape.count == 1 { return nil }
            if shape.count == 2, shape[1] == 1 { return 1 }
            if shape.count > 2, task.hasLabels { return shape[last] == 1 ? last : nil }
            throw EngineError(
                .data, path: file.path, "shape \(file.layout.shapeText) is not one value a row",
                remedy: "task \(task.rawValue) takes (N,) or (N, 1); two columns of scores are task multiclass")
        }
        guard shape.count > 1, shape[last] > 0 else {
            throw EngineError(
                .data, path: file.path, "shape \(file.layout.shapeText) is not C values a row",
                remedy: "task \(task.rawValue) takes (N, C), or (N, …, C) with labels (N, …); one value a row is task binary")
        }
        guard shape.count == 2 || shape[1] != shape[last] || shape[1] == 1 else {
            throw EngineError(
                .data, path: file.path,
                "the classes could be axis 1 or axis \(last) of shape \(file.layout.shapeText), which have \(shape[last]) places both",
                remedy: "say which: \(setting: .classAxis, .text("1")) or \(setting: .classAxis, .text("\(last)"))")
        }
        return last
    }

    private static func removing(_ axis: Int?, from shape: [Int]) -> [Int] {
        var shape = shape
        if let axis { shape.remove(at: axis) }
        return shape
    }

    // MARK: Labels and weights

    /// Counts the rows of labels or weights as those of the predictions.
    ///
    /// - Parameter predictions: the arrays of the predictions; empty if they are text.
    /// - Throws: `EngineError` if an array has another shape, or if the arrays are not all of one type.
    func companions(
        _ files: [ArrayFile], of kind: Companion, beside predictions: [ArrayFile]
    ) throws(EngineError) -> [ArrayFile] {
        var counted: [ArrayFile] = []
        for file in files {
            guard file.layout.elementType == files[0].layout.elementType else {
                throw EngineError(
                    .data, path: file.path,
                    "its \(kind.text)s are \(file.layout.elementType.name), those of \(files[0].path) are \(files[0].layout.elementType.name)",
                    remedy: "save all \(kind.text)s in one type")
            }
            counted.append(try companion(file, of: kind, beside: predictions))
        }
        return counted
    }

    private func companion(
        _ file: ArrayFile, of kind: Companion, beside predictions: [ArrayFile]
    ) throws(EngineError) -> ArrayFile {
        let shape = file.layout.shape
        let perRow = kind.countPerRow
        // The dimensions that count the rows after the first one: all files must have the same for labels of several axes.
        let example = predictions.first.map { file -> (inner: [Int], axis: Int?) in
            let axis = try? valueAxis(of: file)
            return (Array(Self.removing(axis, from: file.layout.shape).dropFirst()), axis)
        }
        let inner = example?.inner ?? []
        let areAlike = predictions.allSatisfy { $0.layout.shape.count == predictions[0].layout.shape.count && hasInner($0, inner) }
        let end: ArrayRows.End? = shiftsLabels ? .first : nil
        if areAlike {
            // The same dimensions, with the classes, with one place instead of them, or without.
            let place = example?.axis ?? 1
            if shape.count == inner.count + 2, place < shape.count, shape[place] == perRow,
                Array(Self.removing(place, from: shape).dropFirst()) == inner
            {
                return file.counting(ArrayRows(of: file.layout, valueAxis: place, leavingOut: end))
            }
            if perRow == 1, shape.count == inner.count + 1, Array(shape.dropFirst()) == inner {
                return file.counting(ArrayRows(of: file.layout, valueAxis: nil, leavingOut: end))
            }
        }
        let isFlat = shape.count == 2 ? shape[1] == perRow : shape.count == 1 && perRow == 1
        if isFlat {
            guard shiftsLabels else { return file.counting(ArrayRows(of: file.layout, valueAxis: shape.count == 2 ? 1 : nil)) }
            // One label after another, of all sequences: each has as many as there are places.
            let placeCount = inner.reduce(1, *)
            if areAlike, placeCount > 0, shape[0] % placeCount == 0, let rows = reshaped(file.layout, [shape[0] / placeCount] + inner, perRow) {
                return file.counting(rows)
            }
        }
        throw shapeError(file, of: kind, beside: predictions, inner, areAlike: areAlike)
    }

    private func hasInner(_ file: ArrayFile, _ inner: [Int]) -> Bool {
        guard let axis = try? valueAxis(of: file) else { return Array(file.layout.shape.dropFirst()) == inner }
        return Array(Self.removing(axis, from: file.layout.shape).dropFirst()) == inner
    }

    /// Returns the rows of a flat array with the dimensions that it stands for; nil if it is not stored row by row.
    private func reshaped(_ layout: ArrayLayout, _ rowShape: [Int], _ perRow: Int) -> ArrayRows? {
        guard layout.isRowMajor else { return nil }
        let reshaped = try? ArrayLayout(
            elementType: layout.elementType, isByteSwapped: layout.isByteSwapped, isFortranOrder: false, shape: rowShape + [perRow],
            dataByteOffset: layout.dataByteOffset)
        return reshaped.map { ArrayRows(of: $0, valueAxis: rowShape.count, leavingOut: .first) }
    }

    /// Makes the error for a shape that is not the one of labels or weights, with what it may have been meant as.
    private func shapeError(
        _ file: ArrayFile, of kind: Companion, beside predictions: [ArrayFile], _ inner: [Int], areAlike: Bool
    ) -> EngineError {
        let what = kind.text
        let perRow = kind.countPerRow
        let shape = file.layout.shape
        let problem = "shape \(file.layout.shapeText) is not \(perRow == 1 ? "one \(what)" : "\(perRow) \(what)s") a row"
        func refuse(_ remedy: Message) -> EngineError { EngineError(.data, path: file.path, Message(problem), remedy: remedy) }
        if let first = predictions.first, case .labels = kind, perRow == 1 {
            if task == .multiclass, first.rows.valuesPerRow > 1, shape.count == first.layout.shape.count,
                shape.dropFirst() == first.layout.shape.dropFirst()
            {
                return refuse("one number a class is \(setting: .task, .soft), which takes one-hot and soft labels")
            }
            // Labels that would fit PyTorch's order of axes.
            if classAxis == nil, first.layout.shape.count > 2, !task.isSingleValued,
                shape.dropFirst().elementsEqual(Self.removing(1, from: first.layout.shape).dropFirst())
            {
                return refuse("they fit predictions whose classes are axis 1: \(setting: .classAxis, .text("1"))")
            }
        }
        guard areAlike || predictions.isEmpty else {
            return refuse("predictions of several shapes take flat \(what)s, of shape (N,)")
        }
        if inner.isEmpty { return refuse("\(what)s are of shape " + (perRow == 1 ? "(N,) or (N, 1)" : "(N, \(perRow))")) }
        let dimensions = (["N"] + inner.map { "\($0)" }).joined(separator: ", ")
        return refuse(
            perRow == 1
                ? "\(what)s of these predictions are of shape (\(dimensions)), or flat"
                : "\(what)s have the shape of the predictions, or (N, \(perRow))")
    }
}
