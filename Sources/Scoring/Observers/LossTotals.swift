/// The moments of the losses in each dialect: the sums, means, errors and counts of a report.
///
/// Dialects whose losses are the same numbers are folded and kept once.
public struct LossTotals: RowObserver {
    /// The number of dialects.
    public let dialectCount: Int
    /// True if right rows are added up with their weights.
    private let countsCorrectWeight: Bool
    /// Dialects of one group have seen the same losses so far.
    private var momentsOfGroup: [Moments]
    private var groupOfDialect: [Int]
    private var firstDialectOfGroup: [Int]
    /// The programs of the dialects by which groups were split last.
    private var programOfDialect: [Int]
    /// Σ weight of the rows that are right in the first dialect; nil where it is not known of all rows.
    private(set) var correctWeight: ExactSum?

    /// The totals of no rows.
    public init(_ specification: LossSpecification) {
        dialectCount = specification.dialects.count
        countsCorrectWeight = specification.hasWeights && specification.task.hasLabels && specification.task != .multilabel
        momentsOfGroup = [Moments()]
        groupOfDialect = Array(repeating: 0, count: dialectCount)
        firstDialectOfGroup = [0]
        programOfDialect = groupOfDialect
        correctWeight = countsCorrectWeight ? ExactSum() : nil
    }

    /// Totals with the given moments, one for each dialect.
    init(_ specification: LossSpecification, moments: [Moments]) {
        self.init(specification)
        replaceMoments(moments)
    }

    /// The moments of each dialect of the specification.
    public var moments: [Moments] { groupOfDialect.map { momentsOfGroup[$0] } }

    /// The share of the weight of scored rows that right rows have: Σ weight over right rows / Σ weight, in the first dialect, rounded
    /// once. A row's weight is its own times that of its class. nil where the loss has no weights, for multilabel, and where it is not
    /// known which rows are right.
    public var accuracyOverWeight: Double? {
        correctWeight.map { $0.rounded(dividedBy: momentsOfGroup[groupOfDialect[0]].weightSum) }
    }

    /// "losses".
    public var tag: String { "losses" }

    /// `isCorrect` where right rows are added up with their weights.
    public var requiredFacts: RowFacts { countsCorrectWeight ? .isCorrect : [] }

    /// Adds the losses of a block. O(rowCount × programs).
    public mutating func observe(_ block: ScoredBlock) {
        let programs = block.scorer.programOfDialect
        if programs != programOfDialect {
            split(by: programs)
            programOfDialect = programs
        }
        let labelFingerprint = block.labelFingerprint
        // Once a program: groups are never wider than programs, and only states that were decoded or merged have narrower ones.
        for dialect in programs.indices where programs.firstIndex(of: programs[dialect]) == dialect {
            observe(block, dialect, program: programs[dialect], labelFingerprint)
        }
        observeCorrectWeight(block)
    }

    /// Adds the losses of a program, of which `dialect` is the first.
    private mutating func observe(_ block: ScoredBlock, _ dialect: Int, program: Int, _ labelFingerprint: UInt64?) {
        let losses = block.losses(ofDialect: dialect)
        let extremes = block.extremeRows(ofDialect: dialect)
        // A fold's residuals are overwritten by the next one.
        if extremes.losses.isEmpty {
            let folded = block.fold(losses)
            updateMoments(ofProgram: program) { $0.absorb(losses: folded) }
        } else {
            let rows = Set(extremes.losses.map(\.row))
            let usual = block.fold { rows.contains($0) ? .nan : losses[$0] }
            updateMoments(ofProgram: program) { $0.absorb(losses: usual) }
            let others = block.fold { rows.contains($0) ? losses[$0] : .nan }
            updateMoments(ofProgram: program) { $0.absorb(extremes: extremes.losses, others) }
        }
        if let rowDivisors = block.rowDivisors(ofDialect: dialect) {
            let rows = Set(extremes.divisors.map(\.row))
            let weights = rows.isEmpty ? block.fold(rowDivisors) : block.fold { rows.contains($0) ? .nan : rowDivisors[$0] }
            updateMoments(ofProgram: program) { $0.absorb(weights: weights) }
            for pair in extremes.divisors { updateMoments(ofProgram: program) { $0.absorb(weight: pair.first, times: pair.second) } }
            if let rests = block.rowDivisorRests(ofDialect: dialect) {
                let folded = block.fold(rests)
                updateMoments(ofProgram: program) { $0.absorb(weightRests: folded) }
            }
            let products = block.fold { losses[$0].isInfinite ? .infinity : losses[$0] * rowDivisors[$0] }
            updateMoments(ofProgram: program) { $0.absorb(products: products) }
        }
        if let clipped = block.clipped(ofDialect: dialect) {
            var clippedCount = 0
            for row in 0..<block.rows.rowCount where clipped[row] != 0 && !losses[row].isNaN { clippedCount += 1 }
            if clippedCount > 0 {
                let folded = block.fold { clipped[$0] != 0 ? losses[$0] : .nan }
                updateMoments(ofProgram: program) { $0.absorb(clipped: folded, rowCount: clippedCount) }
            }
        }
        let counts = block.counts(ofDialect: dialect)
        updateMoments(ofProgram: program) {
            $0.absorb(counts: counts)
            if let labelFingerprint { $0.absorb(labelFingerprint: labelFingerprint) }
        }
    }

    /// Calls `body` with the moments of each group whose losses a program computes.
    private mutating func updateMoments(ofProgram program: Int, _ body: (inout Moments) -> Void) {
        for group in momentsOfGroup.indices where programOfDialect[firstDialectOfGroup[group]] == program { body(&momentsOfGroup[group]) }
    }

    private mutating func observeCorrectWeight(_ block: ScoredBlock) {
        guard correctWeight != nil, block.rows.rowCount > 0 else { return }
        guard let isCorrect = block.facts.isCorrect, let rowDivisors = block.rowDivisors(ofDialect: 0) else {
            correctWeight = nil
            return
        }
        // A row without a loss has the divisor NaN.
        let folded = block.fold { isCorrect[$0] != 0 ? rowDivisors[$0] : .nan }
        if var sum = correctWeight.take() {
            folded.addSum(to: &sum)
            if let rests = block.rowDivisorRests(ofDialect: 0) { block.fold { isCorrect[$0] != 0 ? rests[$0] : .nan }.addSum(to: &sum) }
            correctWeight = sum
        }
    }

    /// Adds the rows of `other`, which must be others than the ones counted here.
    ///
    /// - Throws: `PartialError` where the two have different numbers of dialects.
    public mutating func merge(_ other: LossTotals) throws(PartialError) {
        guard other.dialectCount == dialectCount else {
            throw PartialError(
                kind: .otherLoss, problem: "losses of different dialects do not add up", found: "\(other.dialectCount) dialects",
                allowed: "\(dialectCount) dialects", remedy: .mergeOneLoss)
        }
        split(by: other.groupOfDialect)
        for group in momentsOfGroup.indices {
            momentsOfGroup[group].merge(other.momentsOfGroup[other.groupOfDialect[firstDialectOfGroup[group]]])
        }
        if let added = other.correctWeight { correctWeight?.add(added) } else { correctWeight = nil }
    }

    /// Parts groups so that dialects of one group have equal keys.
    private mutating func split(by keyOfDialect: [Int]) {
        var group = groupOfDialect
        var firstDialects: [Int] = []
        for dialect in 0..<dialectCount {
            let known = firstDialects.firstIndex {
                groupOfDialect[$0] == groupOfDialect[dialect] && keyOfDialect[$0] == keyOfDialect[dialect]
            }
            group[dialect] = known ?? firstDialects.count
            if known == nil { firstDialects.append(dialect) }
        }
        guard firstDialects.count > momentsOfGroup.count else { return }
        momentsOfGroup = firstDialects.map { momentsOfGroup[groupOfDialect[$0]] }
        groupOfDialect = group
        firstDialectOfGroup = firstDialects
    }

    /// Replaces the state by one moments for each dialect.
    mutating func replaceMoments(_ moments: [Moments]) {
        momentsOfGroup = moments
        groupOfDialect = Array(moments.indices)
        firstDialectOfGroup = groupOfDialect
        programOfDialect = groupOfDialect
    }

    mutating func replaceCorrectWeight(_ sum: ExactSum?) { correctWeight = sum }
}

extension LossTotals: Equatable {
    /// Returns true if both hold the same moments in every dialect.
    public static func == (left: LossTotals, right: LossTotals) -> Bool {
        left.moments == right.moments && left.correctWeight == right.correctWeight
    }
}
