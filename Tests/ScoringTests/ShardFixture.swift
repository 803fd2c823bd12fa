import Elements
import Oracle
import SeededRandom

@testable import Scoring

/// The figures of a few rows of task likelihood, with weights, tokens, and rows without a loss.
enum ShardFixture {
    static let specification: LossSpecification = {
        var modifiers = LossModifiers()
        modifiers.hasRowWeights = true
        // swift-format-ignore: NeverUseForceTry
        return try! LossSpecification(task: .likelihood, input: .logProbabilities, modifiers: modifiers)
    }()

    /// The observers of an evaluation after these rows, in any order. The same range gives the same rows.
    static func observers(rows: Range<UInt64>, blockRowCount: Int = BlockScorer.rowLimit) -> [any RowObserver] {
        let worker = ObservedScorer(specification: specification, classCount: 1, ignoredLabel: -100)
        var tokenSums = TokenSums()
        var start = rows.lowerBound
        while start < rows.upperBound {
            let count = min(UInt64(blockRowCount), rows.upperBound - start)
            score(start..<start + count, worker, &tokenSums)
            start += count
        }
        return [tokenSums, worker.totals, worker.invalidRows, worker.warnings]
    }

    private static func score(_ rows: Range<UInt64>, _ worker: ObservedScorer, _ tokenSums: inout TokenSums) {
        var values: [Double] = []
        var weights: [Double] = []
        var tokens: [UInt64] = []
        var bytes: [UInt64] = []
        for row in rows {
            var random = SplitMix64(seed: row)
            values.append(random.next() % 7 == 0 ? 0.5 : -random.nextUniform(in: 0...9))
            weights.append(random.nextUniform(in: 0...3))
            tokens.append(random.next() % 100)
            bytes.append(random.next() % 1000)
        }
        values += [Double](repeating: .nan, count: BlockScorer.readableByteCountAfterValues / 8)
        let labels = [Int32](repeating: 1, count: rows.count + BlockScorer.readableLabelCountAfterLast)
        values.withUnsafeBytes { values in
            labels.withUnsafeBufferPointer { labels in
                weights.withUnsafeBufferPointer { weights in
                    tokens.withUnsafeBytes { tokens in
                        bytes.withUnsafeBytes { bytes in
                            let block = worker.scorer.score(
                                LabelledRows(
                                    values: values.baseAddress!, element: .float64, classLabels: labels.baseAddress!, targets: nil,
                                    weights: weights.baseAddress!, rowCount: rows.count, firstRow: rows.lowerBound),
                                companions: [
                                    CompanionValues(
                                        name: "bytes", bytes: bytes.baseAddress!, rowByteCount: 8, elementName: "u8"),
                                    CompanionValues(
                                        name: "tokens", bytes: tokens.baseAddress!, rowByteCount: 8, elementName: "u8"),
                                ]
                            ) { (_, _) throws(Never) in }
                            worker.totals.observe(block)
                            worker.warnings.observe(block)
                            worker.invalidRows.observe(block)
                            tokenSums.observe(block)
                        }
                    }
                }
            }
        }
    }

    static let dump = DumpIdentity(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)

    /// The partial of these rows, at their place.
    static func placed(_ rows: Range<UInt64>, dump: DumpIdentity = dump) -> Partial {
        Partial(
            specification: specification, classCount: 1, place: .placed(dump: dump, unit: .rows, ranges: [rows]),
            observers: observers(rows: rows))
    }

    /// The partial of these rows, without a place.
    static func unplaced(_ rows: Range<UInt64>) -> Partial {
        Partial(specification: specification, classCount: 1, place: .unplaced, observers: observers(rows: rows))
    }
}
