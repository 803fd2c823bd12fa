import Scoring

extension BlockScorer {
    /// `score` of rows that lie in arrays; what must be readable after the last element, and must not matter, is put there. The block, which is
    /// valid during the call only, goes to `observe`; the losses in the first dialect are given back.
    func score(
        _ bytes: [UInt8], _ element: StoredElement, labels: [Int32], targets: [Double], weights: [Double]? = nil, rowCount: Int,
        firstRow: UInt64 = 0, onInvalid: (Int) -> Void = { _ in }, observe: (ScoredBlock) -> Void = { _ in }
    ) -> [Double] {
        let bytes = bytes + [UInt8](repeating: 0xFF, count: Self.readableByteCountAfterValues)
        let labels = labels + [Int32](repeating: -1, count: Self.readableLabelCountAfterLast)
        let targets = targets + [Double](repeating: .nan, count: 8)
        return bytes.withUnsafeBytes { bytes in
            labels.withUnsafeBufferPointer { labels in
                targets.withUnsafeBufferPointer { targets in
                    (weights ?? []).withUnsafeBufferPointer { weightsOfRows in
                        // Both have elements.
                        guard let values = bytes.baseAddress, let classLabels = labels.baseAddress else { return [] }
                        let block = LabelledRows(
                            values: values, element: element.prediction, classLabels: classLabels, targets: targets.baseAddress,
                            weights: weights == nil ? nil : weightsOfRows.baseAddress, rowCount: rowCount, firstRow: firstRow)
                        let scored = score(block) { row, _ in onInvalid(row) }
                        observe(scored)
                        return Array(UnsafeBufferPointer(start: scored.losses(ofDialect: 0), count: scored.rows.rowCount))
                    }
                }
            }
        }
    }
}
