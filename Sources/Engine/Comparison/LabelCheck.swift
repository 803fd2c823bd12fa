internal import Elements
internal import Formats
internal import Messages
internal import Scoring

/// The comparison of labels that lie with the predictions of two models: rows with different labels are not the same rows.
///
/// A label that cannot be read makes its row invalid, and is not compared.
struct LabelCheck: RowCheck {
    /// The labels of a model.
    private struct Labels: Sendable {
        /// The index of their column among the columns beside the predictions.
        let companion: Int
        let column: CompanionColumn
        /// The classes that numbers of an array mean; nil if they are the classes' places.
        let classOfNumber: [Int32: Int32]?

        /// True if a label that cannot be read has been told as a problem of its row.
        var areText: Bool { !(column.rows is any RowSourceOfArrays) && column.rows != nil }
    }

    private let ours: Labels, theirs: Labels
    /// True if labels are class indices, false if they are numbers.
    private let areIndices: Bool
    private let ignoreIndex: Int64?
    private let classNames: [String]?

    /// Nil where the second model has no labels of its own.
    init?(
        _ companions: [CompanionColumn], _ second: SecondDump?, _ task: LossTask, ignoreIndex: Int64?, classOfNumber: [Int32: Int32]?,
        classNames: [String]?
    ) {
        guard let our = companions.firstIndex(where: { $0.name == CompanionColumn.labels }),
            let their = companions.firstIndex(where: { $0.name == CompanionColumn.secondLabels }),
            companions[our].valuesPerRow == companions[their].valuesPerRow
        else { return nil }
        ours = Labels(companion: our, column: companions[our], classOfNumber: classOfNumber)
        theirs = Labels(companion: their, column: companions[their], classOfNumber: second?.classOfNumber)
        areIndices = task == .multiclass
        self.ignoreIndex = ignoreIndex
        self.classNames = classNames
    }

    func check(_ batch: RowBatch, _ companions: [UnsafeRawPointer]) throws(EngineError) {
        let (ourBytes, theirBytes) = (companions[ours.companion], companions[theirs.companion])
        let width = ours.column.valuesPerRow
        // Equal bytes of one type are equal labels.
        if ours.column.elementType == theirs.column.elementType, ours.classOfNumber == theirs.classOfNumber {
            if Self.areEqual(ourBytes, theirBytes, byteCount: batch.rowCount * ours.column.rowByteCount) { return }
        }
        let (a, b) = (numbers(ours, ourBytes, batch.rowCount * width), numbers(theirs, theirBytes, batch.rowCount * width))
        for index in a.indices where a[index] != b[index] {
            if a[index].isNaN || b[index].isNaN {
                guard !theirs.areText, !a[index].isNaN else { continue }
            }
            let row = index / width
            if batch.problems.contains(where: { $0.rowIndex == row }) { continue }
            throw difference(batch, row, text(ourBytes, ours, index), text(theirBytes, theirs, index), column: width > 1 ? index % width : nil)
        }
    }

    /// Returns true if the bytes at two places are equal. O(byteCount), eight at a time.
    ///
    /// Unsafe: as many bytes are readable at both, at any alignment.
    private static func areEqual(_ one: UnsafeRawPointer, _ other: UnsafeRawPointer, byteCount: Int) -> Bool {
        var difference: UInt64 = 0
        let wordCount = byteCount / 8
        for word in 0..<wordCount {
            difference |= one.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self) ^ other.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)
        }
        for byte in 8 * wordCount..<byteCount {
            difference |= UInt64(one.load(fromByteOffset: byte, as: UInt8.self) ^ other.load(fromByteOffset: byte, as: UInt8.self))
        }
        return difference == 0
    }

    /// Returns labels as numbers; NaN for one that is none.
    private func numbers(_ labels: Labels, _ bytes: UnsafeRawPointer, _ count: Int) -> [Double] {
        // Conversions write up to eight more.
        var numbers = [Double](repeating: 0, count: count + 8)
        numbers.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            guard areIndices else {
                return Float64Values.convert(bytes, elementType: labels.column.elementType, count: count, into: base)
            }
            var classes = [Int32](repeating: 0, count: count + 8)
            classes.withUnsafeMutableBufferPointer { classes in
                guard let room = classes.baseAddress else { return }
                ClassLabels.convert(
                    bytes, elementType: labels.column.elementType, rowCount: count, ignoreIndex: ignoreIndex, into: room)
                for index in 0..<count {
                    var label = classes[index]
                    if let classOfNumber = labels.classOfNumber, label != ClassLabels.ignored {
                        label = classOfNumber[label] ?? ClassLabels.unrepresentable
                    }
                    base[index] = label == ClassLabels.unrepresentable ? .nan : Double(label)
                }
            }
        }
        numbers.removeLast(8)
        return numbers
    }

    private func text(_ bytes: UnsafeRawPointer, _ labels: Labels, _ index: Int) -> String {
        let text = ClassLabels.text(bytes, elementType: labels.column.elementType, at: index)
        if labels.column.elementType == .int32, Int32(text) == ClassLabels.ignored { return ignoreIndex.map { "\($0)" } ?? "left out" }
        guard areIndices, let names = classNames, let place = Int(text), names.indices.contains(place) else { return text }
        return "\(text) (\(ColumnName.list([names[place]])))"
    }

    private func difference(_ batch: RowBatch, _ row: Int, _ ours: String, _ theirs: String, column: Int?) -> EngineError {
        let place = batch.place(row)
        let number = batch.firstRow + row
        let other = self.theirs.column.rows?.findPlace(ofRow: number)
        let path = other?.path ?? self.theirs.column.rows?.path ?? "the other model"
        let otherPlace = other.map { $0.line.map { "line \($0)" } ?? "row \($0.row)" } ?? "row \(number)"
        return EngineError(
            .data, path: place.path, frame: place.frame, row: place.row, line: place.line,
            "the label\(column.map { " of class \($0)" } ?? "") is \(ours), and that of \(path), \(otherPlace), is \(theirs)",
            remedy: "rows are paired by their places: sort both files alike; \(setting: .labels) names labels that both are scored against")
    }
}
