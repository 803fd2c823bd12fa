internal import Container
internal import Elements
internal import Formats

/// The number of times that each class is a label, from a pass over the labels alone.
struct LabelCensus {
    /// The count of each class.
    private(set) var counts: [Int]
    /// The least label that is not ignored, even if it is no class.
    private(set) var least = Int32.max
    /// The greatest label that is not ignored, even if it is no class.
    private(set) var greatest = Int32.min

    /// Reads all labels in their order. O(labels) time, O(classes) memory.
    init(
        _ labels: any RowCursor, elementType: ElementType, classCount: Int, ignoreIndex: Int64?
    ) throws(EngineError) {
        counts = [Int](repeating: 0, count: classCount)
        let blockRowCount = 1 << 16
        let buffer = ByteBuffer()
        var indices = [Int32](repeating: 0, count: blockRowCount)
        while true {
            let count = try labels.read(rowCount: blockRowCount, into: buffer, at: 0)
            if count == 0 { break }
            indices.withUnsafeMutableBufferPointer { indices in
                guard let base = indices.baseAddress else { return }
                ClassLabels.convert(
                    buffer.base, elementType: elementType, rowCount: count, ignoreIndex: ignoreIndex, into: base)
            }
            for index in indices[..<count] where index != ClassLabels.ignored {
                least = min(least, index)
                greatest = max(greatest, index)
                if index >= 0 && Int(index) < classCount { counts[Int(index)] += 1 }
            }
        }
    }

    /// True if the labels run from 1 to the number of classes.
    var countsFromOne: Bool { least == 1 && Int(greatest) == counts.count }

    /// The weights N / (C · n_c) for the N labels in 0..<C, as scikit-learn's "balanced". A class without labels has weight 0.
    ///
    /// If no label is in 0..<C, all weights are 1: no row will be scored, and scoring says what is wrong with the labels.
    var balancedWeights: [Double] {
        let total = counts.reduce(0, +)
        guard total > 0 else { return counts.map { _ in 1 } }
        return counts.map { $0 == 0 ? 0 : Double(total) / (Double(counts.count) * Double($0)) }
    }
}
