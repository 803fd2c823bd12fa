import Elements

@testable import Scoring

/// A scorer with the observers of every evaluation, as a worker has them.
final class ObservedScorer {
    let scorer: BlockScorer
    var totals: LossTotals
    var warnings = InputWarnings()
    var invalidRows = InvalidRows()

    init(
        specification: LossSpecification, classCount: Int, ignoredLabel: Int32, hasIndices: Bool = true,
        instructionSet: InstructionSet = .best
    ) {
        scorer = BlockScorer(
            specification: specification, classCount: classCount, ignoredLabel: ignoredLabel, hasIndices: hasIndices,
            instructionSet: instructionSet)
        totals = LossTotals(specification)
    }

    var moments: [Moments] { totals.moments }

    /// The losses in the first dialect.
    func score<Failure: Error>(
        _ rows: LabelledRows, companions: [CompanionValues] = [], onInvalid: (_ row: Int, _ problem: RowProblem) throws(Failure) -> Void
    ) throws(Failure) -> [Double] {
        let block = try scorer.score(rows, companions: companions, onInvalid: onInvalid)
        totals.observe(block)
        warnings.observe(block)
        invalidRows.observe(block)
        return Array(UnsafeBufferPointer(start: block.losses(ofDialect: 0), count: block.rows.rowCount))
    }

    func score<Failure: Error>(
        values: UnsafeRawPointer, element: ElementType, labels: UnsafePointer<Int32>, rowCount: Int, firstRow: UInt64,
        onInvalid: (_ row: Int, _ problem: RowProblem) throws(Failure) -> Void
    ) throws(Failure) -> [Double] {
        try score(
            LabelledRows(
                values: values, element: element, classLabels: labels, targets: nil, weights: nil, rowCount: rowCount, firstRow: firstRow),
            onInvalid: onInvalid)
    }
}
