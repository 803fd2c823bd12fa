internal import Elements
internal import KernelABI

/// A block of rows with their losses, as `BlockScorer.score` hands it to observers.
///
/// A block reads the memory of its scorer and of its rows. It is valid until the scorer scores the next block, and no longer than the
/// memory of `rows`; observers copy what they keep. Not for sharing between threads.
public struct ScoredBlock {
    /// The rows that were scored: values, labels, targets, weights, their number and the number of the first one in the dump.
    public let rows: LabelledRows
    /// The facts that the scorer was made for.
    public let facts: RowFactColumns
    /// The named columns beside the predictions, as they were given to the scorer.
    public let companions: [CompanionValues]
    /// Returns the text of a shown column in a row, by their indices; nil where the row has none. The closure is nil where no columns are shown.
    package let shownText: ((_ column: Int, _ row: Int) -> String?)?
    /// The rows that have no loss in some dialect and are not ignored, in order. Empty, and without cost, where there are none.
    public let invalidRows: [InvalidRowProblem]
    /// The least and greatest class index and the hash of all; nil where labels are not read as indices.
    let labelSurvey: LabelSurvey?
    /// The kernels and the buffers of the scorer.
    let scorer: BlockScorer

    /// The rows as they are stored, and their loss, where others were made of them to be scored; else nil.
    let stored: StoredRows?

    /// Rows as they are stored.
    struct StoredRows {
        let rows: LabelledRows
        let specification: LossSpecification
    }

    /// The loss that was computed, of the rows that were scored.
    public var specification: LossSpecification { scorer.specification }
    /// The number of values a row; 1 for binary.
    public var classCount: Int { scorer.classCount }

    /// The class index of each row, as task multiclass reads it, and binary where labels are whole numbers.
    ///
    /// O(1), but O(rowCount) where labels were scored as they are stored, the first time.
    public var classLabels: UnsafePointer<Int32> { scorer.classLabels(rows) }

    /// The losses of all rows in a dialect, with weights applied, so 0 where a weight is 0; NaN, always the same one, where a row is
    /// ignored or invalid.
    ///
    /// - Parameter dialect: an index of `specification.dialects`.
    public func losses(ofDialect dialect: Int) -> UnsafePointer<Double> { scorer.losses(ofProgram: scorer.programOfDialect[dialect]) }

    /// The share of each row in the divisor Σ weight of a dialect: its weight times that of its class; NaN where its loss is. nil where
    /// the loss has no weights.
    public func rowDivisors(ofDialect dialect: Int) -> UnsafePointer<Double>? {
        specification.hasWeights ? scorer.rowDivisors(ofProgram: scorer.programOfDialect[dialect]) : nil
    }

    /// 1 for each row in which the dialect clipped a value that it scores, else 0. nil where the dialect clips nothing.
    public func clipped(ofDialect dialect: Int) -> UnsafePointer<UInt8>? { scorer.clipped(ofProgram: scorer.programOfDialect[dialect]) }

    /// The number of rows of the block in each state in a dialect, and that of right predictions.
    public func counts(ofDialect dialect: Int) -> RowCounts { scorer.counts(ofProgram: scorer.programOfDialect[dialect], rows.rowCount) }

    /// The column of that name; nil where there is none. O(companions).
    public func companion(named name: String) -> CompanionValues? { companions.first { $0.name == name } }

    /// The number of rows of a block in each state.
    public struct RowCounts: Sendable, Equatable {
        /// Rows with a loss.
        public let scored: Int
        /// Rows with the label that is left out.
        public let ignored: Int
        /// Rows without a loss that are not ignored.
        public let invalid: Int
        /// Right predictions of scored rows: one a row, in multilabel one a column.
        public let correct: Int
    }
}

/// A row of a block that has no loss in some dialect, and the reason.
public struct InvalidRowProblem: Sendable, Equatable {
    /// The row's index in the block.
    public let index: Int
    /// The reason, in the first dialect in which the row has no loss.
    public let problem: RowProblem
}

// What observers of other modules of this package use besides.
extension ScoredBlock {
    /// Adds numbers to a sum exactly, one for each row; NaN is left out. O(rowCount).
    package func add(_ numbers: UnsafePointer<Double>, to sum: inout ExactSum) {
        scorer.sum(numbers, rows.rowCount).addSum(to: &sum)
    }

    /// Adds to a sum exactly what `number` makes of each row; NaN is left out. O(rowCount).
    package func add(to sum: inout ExactSum, _ number: (_ row: Int) -> Double) {
        for row in 0..<rows.rowCount { scorer.otherNumbers[row] = number(row) }
        add(scorer.otherNumbers, to: &sum)
    }

    /// Adds numbers up exactly, one for each row, and their squares; NaN is left out. Its residuals are valid until the next numbers are added up.
    /// O(rowCount).
    package func folded(_ numbers: UnsafePointer<Double>) -> FoldedNumbers { FoldedNumbers(fold: fold(numbers)) }

    /// How far the predictions of two models are apart in each row of a block, in nats. It is memory that is used again and again.
    package struct Divergences: Sendable {
        /// Σ p log(p/q) of the first and the second model's probabilities, and the other way round.
        private var forward: [Double] = [], backward: [Double] = []
        /// The divergence of Jensen and Shannon, and ½ Σ |p − q|.
        private var jensenShannon: [Double] = [], totalVariation: [Double] = []
        private var scratch: [Double] = []

        /// Makes room for nothing.
        package init() {}

        /// Calls `body` with Σ p log(p/q) of the first and the second model's probabilities, the other way round, the divergence of Jensen and
        /// Shannon, and ½ Σ |p − q|.
        package func withColumns(
            _ body: (
                _ forward: UnsafePointer<Double>, _ backward: UnsafePointer<Double>, _ jensenShannon: UnsafePointer<Double>,
                _ totalVariation: UnsafePointer<Double>
            ) -> Void
        ) {
            forward.withUnsafeBufferPointer { forward in
                backward.withUnsafeBufferPointer { backward in
                    jensenShannon.withUnsafeBufferPointer { jensenShannon in
                        totalVariation.withUnsafeBufferPointer { totalVariation in
                            guard let one = forward.baseAddress, let other = backward.baseAddress, let js = jensenShannon.baseAddress,
                                let variation = totalVariation.baseAddress
                            else { return }
                            body(one, other, js, variation)
                        }
                    }
                }
            }
        }

        /// Computes the divergences of the rows of two blocks over classes; NaN where one of them has no loss in the first dialect.
        /// O(rowCount × classCount).
        package mutating func update(_ a: ScoredBlock, _ b: ScoredBlock) {
            let rowCount = min(a.rows.rowCount, b.rows.rowCount)
            if forward.count < rowCount {
                // Kernels write whole vectors, and read 64 bytes after the last row.
                forward = Array(repeating: 0, count: (rowCount + 7) / 8 * 8 + 8)
                (backward, jensenShannon, totalVariation) = (forward, forward, forward)
            }
            let scratchCount = 4 * ((a.classCount + 7) / 8 * 8) + Int(XentPairSumCount)
            if scratch.count < scratchCount { scratch = Array(repeating: 0, count: scratchCount) }
            forward.withUnsafeMutableBufferPointer { forward in
                backward.withUnsafeMutableBufferPointer { backward in
                    jensenShannon.withUnsafeMutableBufferPointer { jensenShannon in
                        totalVariation.withUnsafeMutableBufferPointer { totalVariation in
                            scratch.withUnsafeMutableBufferPointer { scratch in
                                guard let klAB = forward.baseAddress, let klBA = backward.baseAddress, let js = jensenShannon.baseAddress,
                                    let variation = totalVariation.baseAddress, let room = scratch.baseAddress
                                else { return }
                                var pairs = PairBlock(
                                    valuesA: a.rows.values, valuesB: b.rows.values, elementCodeA: a.rows.element.code,
                                    elementCodeB: b.rows.element.code, inputCodeA: a.specification.input.code,
                                    inputCodeB: b.specification.input.code, classCount: a.classCount, rowCount: rowCount,
                                    lossesA: a.losses(ofDialect: 0), lossesB: b.losses(ofDialect: 0), topClassA: a.facts.topClass,
                                    topClassB: b.facts.topClass, topProbabilityA: a.facts.topProbability,
                                    topProbabilityB: b.facts.topProbability, termsA: nil, termsB: nil, termScaleA: nil, termScaleB: nil,
                                    scratch: room, klAB: klAB, klBA: klBA, jensenShannon: js, totalVariation: variation)
                                if a.facts.probabilityTerms != nil, b.facts.probabilityTerms != nil {
                                    (pairs.termsA, pairs.termsB) = (a.facts.probabilityTerms, b.facts.probabilityTerms)
                                    (pairs.termScaleA, pairs.termScaleB) = (a.facts.termScale, b.facts.termScale)
                                }
                                b.scorer.kernels.comparePairs(&pairs)
                            }
                        }
                    }
                }
            }
        }
    }

    /// True if every row of the block has a loss in the first dialect.
    package var areAllRowsScored: Bool { counts(ofDialect: 0).scored == rows.rowCount }

    /// The sum of the class indices of the rows that are not ignored; nil where labels are not read as indices.
    package var classLabelSum: Int64? { labelSurvey?.sum }

    /// True if labels are whole numbers by their type.
    package var areLabelsIndices: Bool { scorer.hasIndices }

    /// The labels as numbers, one a value, if the first dialect reads them so; nil if it reads class indices, or there are no labels.
    package var targets: UnsafePointer<Double>? { scorer.readsTargetsOfFirstDialect ? rows.targets : nil }
}

// What the observers of this module use besides.
extension ScoredBlock {
    /// The block with its rows as they are stored. Losses and facts stay those that were computed.
    var ofStoredRows: ScoredBlock {
        stored.map {
            ScoredBlock(
                rows: $0.rows, facts: facts, companions: companions, shownText: shownText, invalidRows: invalidRows, labelSurvey: labelSurvey,
                scorer: scorer, stored: stored)
        } ?? self
    }

    /// Returns the part of each row's divisor that its rounding lost; NaN where the row has no loss, nil where nothing was lost.
    func rowDivisorRests(ofDialect dialect: Int) -> UnsafePointer<Double>? {
        specification.hasWeights ? scorer.rowDivisorRests(ofProgram: scorer.programOfDialect[dialect]) : nil
    }

    /// The rows whose weighted losses or divisors no Float64 holds.
    func extremeRows(ofDialect dialect: Int) -> ExtremeRows { scorer.extremeRows(ofProgram: scorer.programOfDialect[dialect]) }

    /// Adds numbers up exactly, one for each row; NaN are left out. The result's residuals are valid until the next fold.
    func fold(_ numbers: UnsafePointer<Double>) -> LossFold { scorer.fold(numbers, rows.rowCount, rows.firstRow) }

    /// Adds up what `number` makes of each row; NaN is left out.
    func fold(_ number: (_ row: Int) -> Double) -> LossFold {
        for row in 0..<rows.rowCount { scorer.otherNumbers[row] = number(row) }
        return fold(scorer.otherNumbers)
    }

    /// A commutative hash of each row's number and label; nil for a task without labels. O(rowCount × classCount) for labels that are
    /// numbers.
    var labelFingerprint: UInt64? {
        guard specification.task.hasLabels else { return nil }
        return labelSurvey?.fingerprint ?? fingerprintOfTargets
    }

    private var fingerprintOfTargets: UInt64 {
        guard let targets = rows.targets else { return 0 }
        // Wrapping: a hash, whose keys are the places of the numbers.
        var survey = LabelSurvey(
            labels: classLabels, targets: targets, bytes: nil, rowCount: rows.rowCount * classCount,
            firstRow: rows.firstRow &* UInt64(classCount), ignoredLabel: 0, least: 0, greatest: 0, countedRowCount: 0, sum: 0, fingerprint: 0)
        scorer.kernels.surveyLabels(&survey)
        return survey.fingerprint
    }

    /// Compares the sum of each of the first rows with 1, and counts values outside of [0, 1].
    func surveyRows(rowCount: Int) -> RowSurvey { surveyRows(0..<rowCount) }

    /// Compares the sum of each row with 1, and counts values outside of [0, 1]. Places of rows are counted from the first one.
    func surveyRows(_ range: Range<Int>) -> RowSurvey {
        var survey = RowSurvey(
            values: rows.values + range.lowerBound * classCount * rows.element.byteCount, classCount: classCount, rowCount: range.count,
            elementCode: rows.element.code, tolerance: rows.element.epsilon.squareRoot(), deviatingRowCount: 0, worstDeviation: 0,
            worstRow: -1, outsideUnitCount: 0)
        scorer.kernels.surveyRows(&survey)
        return survey
    }

    /// The prediction of a class in a row.
    package func value(row: Int, column: Int) -> Double {
        rows.element.value(rows.values + row * classCount * rows.element.byteCount, at: column)
    }

    /// The number of Float16 values where the type ends.
    func countSaturated() -> Int { scorer.kernels.countSaturated(rows.values, rows.rowCount * classCount) }
}
