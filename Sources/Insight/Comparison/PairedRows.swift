internal import Elements
public import Messages
public import Scoring

/// The losses of the same rows by two models, A and B, and how they differ.
///
/// It observes the blocks of A, and scores B's predictions, which lie beside them as the companion "second predictions", against the same labels.
/// Only rows that have a loss by both, in the first dialect, are paired. A difference is B − A: positive where B is worse. What a row adds is
/// rounded, and added exactly: the state depends on the set of rows alone.
public struct PairedRows: RowObserver, Equatable {
    static let tag = "paired"
    /// The companion with B's predictions.
    public static let column = "second predictions"

    /// The scorer of B's predictions. Each worker's copy of the observer makes its own before its first block, so that no two threads use one.
    private final class SecondScorer: @unchecked Sendable {
        let scorer: BlockScorer

        init(_ scorer: BlockScorer) { self.scorer = scorer }
    }

    /// The figures beside those that every comparison has.
    public struct Choice: Sendable {
        /// True if rows come with clusters.
        public var hasClusters = false
        /// The columns of each request of slices.
        public var slices: [[Slices.Column]] = []
        /// The number of rows that are listed whose losses are the most larger by B; 0 for none.
        public var worstCount = 0
        /// The columns of A's files whose values are listed with these rows, in their order.
        public var shownColumns: [String] = []
        /// True for the figures of llama.cpp.
        public var hasLlamaCpp = false

        /// Nothing beside the figures that every comparison has.
        public init() {}
    }

    /// How to score B's predictions.
    public struct Second: Sendable {
        let specification: LossSpecification
        let classCount: Int
        let ignoredLabel: Int32
        let instructionSet: InstructionSet

        /// - Parameters:
        ///   - specification: the loss of B: that of A but for the kind of its values.
        ///   - classCount: the number of values a row, the same as A's.
        ///   - ignoredLabel: the label of rows that are left out.
        ///   - instructionSet: the instruction set of the kernels.
        public init(
            _ specification: LossSpecification, classCount: Int, ignoredLabel: Int32, instructionSet: InstructionSet = .best
        ) {
            self.specification = specification
            self.classCount = classCount
            self.ignoredLabel = ignoredLabel
            self.instructionSet = instructionSet
        }
    }

    private let second: Second
    private let task: LossTask
    private let hasWeights: Bool
    private var scorer: SecondScorer?
    /// True if a block came without B's predictions.
    private var lacksSecond = false
    /// Signs that B's predictions contradict what was said of them.
    private var inputOfB = InputWarnings()

    /// The losses of A and of B, and their differences, in paired rows.
    private(set) var ofA = WeightedMoments(), ofB = WeightedMoments(), differences = WeightedMoments()
    /// The numbers of rows that have a loss by A alone, by B alone, and by neither.
    public private(set) var onlyACount: UInt64 = 0, onlyBCount: UInt64 = 0, neitherCount: UInt64 = 0
    /// The number of the first row that B cannot be scored in though A can.
    public private(set) var firstOnlyA: UInt64 = .max
    /// The numbers of rows in which A's loss is smaller, B's is smaller, and both are equal.
    public private(set) var aBetterCount: UInt64 = 0, bBetterCount: UInt64 = 0, tieCount: UInt64 = 0
    /// The numbers of rows in which both are right, A alone, B alone, and neither.
    public private(set) var bothRightCount: UInt64 = 0, onlyARightCount: UInt64 = 0, onlyBRightCount: UInt64 = 0, bothWrongCount: UInt64 = 0
    /// The number of rows in which both predict the same class.
    public private(set) var sameTopCount: UInt64 = 0
    /// The numbers of decisions in which A predicts 0 and B 1, and the other way.
    public private(set) var toPositiveCount: UInt64 = 0, toNegativeCount: UInt64 = 0
    /// The divergences of the rows' distributions, and the differences of the probability of the label.
    private(set) var klAB = CompactMoments(), klBA = CompactMoments(), jensenShannon = CompactMoments(), totalVariation = CompactMoments()
    private(set) var labelDifference = CompactMoments()
    private(set) var labelDifferenceSquares = CompactSum()
    private(set) var symmetricDifference = CompactMoments()
    private(set) var klHistogram = LogLinearHistogram(hasWeights: false), labelHistogram = LogLinearHistogram(hasWeights: false)
    /// The differences of each cluster, where rows have clusters.
    private(set) var clusters: Clusters?
    /// The groups of rows of the differences.
    private(set) var rowGroups: RowGroups
    /// The slices, if they were asked for.
    private(set) var slices: PairedSlices?
    /// The rows whose losses are the most larger by B, if they were asked for.
    public private(set) var worst: WorstChanges?
    /// The figures of llama.cpp, if they were asked for.
    public private(set) var llamaCpp: LlamaCppFigures?
    /// Room for the distributions of a row, and for the rows of a block; no part of the state.
    private var probabilitiesA = RowNumbers(), probabilitiesB = RowNumbers(), logarithmsA = RowNumbers(), logarithmsB = RowNumbers()
    private var rowDifferences = RowNumbers(), pairedA = RowNumbers(), pairedB = RowNumbers()
    private var changes = RowNumbers(), changeSquares = RowNumbers()
    private var targets = RowNumbers(), classes: [Int32] = []
    private var divergences = ScoredBlock.Divergences()
    private var places = PredictionKernels.Places()

    /// No rows.
    ///
    /// - Parameters:
    ///   - specification: the loss of A.
    ///   - second: how B is scored.
    ///   - choice: the figures that are asked for.
    /// - Throws: `SpecificationError` for a figure that the loss does not have.
    public init(_ specification: LossSpecification, _ second: Second, _ choice: Choice = Choice()) throws(SpecificationError) {
        self.second = second
        task = specification.task
        hasWeights = specification.hasWeights
        clusters = choice.hasClusters ? Clusters(specification) : nil
        rowGroups = RowGroups(specification)
        slices = choice.slices.isEmpty ? nil : try PairedSlices(specification, by: choice.slices)
        let shown = try ShownColumns(choice.shownColumns, ofRows: choice.worstCount)
        worst = choice.worstCount == 0 ? nil : try WorstChanges(count: choice.worstCount, shownColumns: shown)
        llamaCpp = choice.hasLlamaCpp ? LlamaCppFigures() : nil
    }

    /// "paired".
    public var tag: String { Self.tag }

    /// True if rows have one distribution over classes, or over 0 and 1.
    private var hasDistributions: Bool { task == .multiclass || task == .soft || task == .binary }
    /// True if kernels compute the divergences, of rows of classes.
    private var hasClasses: Bool { task == .multiclass || task == .soft }

    /// The facts by which predictions are compared.
    public var requiredFacts: RowFacts {
        hasClasses ? [.labelProbability, .topPrediction, .isCorrect, .probabilityTerms] : [.labelProbability, .topPrediction, .isCorrect]
    }

    /// Adds the rows of a block. O(rowCount × classCount).
    public mutating func observe(_ block: ScoredBlock) {
        guard block.rows.rowCount > 0 else { return }
        guard let column = block.companion(named: Self.column),
            let element = ElementType.allCases.first(where: { $0.name == column.elementName }),
            element.isFloatingPoint, column.rowByteCount == element.byteCount * block.classCount
        else {
            lacksSecond = true
            return
        }
        let scorer = self.scorer?.scorer ?? makeScorer(hasIndices: block.areLabelsIndices)
        withRows(block, scorer) { pairs, rows in
            var rows = rows
            rows.values = column.bytes
            rows.element = element
            let scored = scorer.score(rows) { (_: Int, _: RowProblem) in }
            pairs.inputOfB.observe(scored)
            pairs.observe(block, scored)
        }
    }

    private mutating func makeScorer(hasIndices: Bool) -> BlockScorer {
        let scorer = BlockScorer(
            specification: second.specification, classCount: second.classCount, ignoredLabel: second.ignoredLabel,
            hasIndices: hasIndices, instructionSet: second.instructionSet, facts: requiredFacts)
        self.scorer = SecondScorer(scorer)
        return scorer
    }

    /// Calls `body` with the rows of A, and their labels in the form in which B's scorer reads them. The two may differ for task binary, where a
    /// dialect clips the probabilities of one model, and the logits of the other are not clipped.
    private mutating func withRows(_ block: ScoredBlock, _ scorer: BlockScorer, _ body: (_ pairs: inout PairedRows, _ rows: LabelledRows) -> Void) {
        let rows = block.rows, targets = block.targets, labels = block.classLabels
        guard task == .binary, scorer.readsTargets != (targets != nil) || scorer.readsClassLabels != (targets == nil) else {
            return body(&self, rows)
        }
        self.targets.fill(rows.rowCount) { numbers in
            for row in 0..<rows.rowCount {
                let label = labels[row]
                numbers[row] = targets?[row] ?? (label == 0 || label == 1 ? Double(label) : .nan)
            }
        }
        let capacity = rows.rowCount + BlockScorer.readableLabelCountAfterLast
        if classes.count < capacity { classes = Array(repeating: 0, count: capacity) }
        for row in 0..<rows.rowCount { classes[row] = targets.map { Int32(exactly: $0[row]) ?? .min } ?? labels[row] }
        let copies = (targets: self.targets, classes: classes)
        _ = copies.targets.withNumbers { numbers in
            copies.classes.withUnsafeBufferPointer { classes in
                guard let base = classes.baseAddress else { return }
                var converted = rows
                converted.targets = numbers
                converted.classIndices = .words(base)
                body(&self, converted)
            }
        }
    }

    private mutating func observe(_ a: ScoredBlock, _ b: ScoredBlock) {
        let lossesA = a.losses(ofDialect: 0), lossesB = b.losses(ofDialect: 0)
        let divisors = hasWeights ? a.rowDivisors(ofDialect: 0) : nil
        guard let correctA = a.facts.isCorrect, let correctB = b.facts.isCorrect, let topA = a.facts.topClass, let topB = b.facts.topClass,
            let labelA = a.facts.labelProbability, let labelB = b.facts.labelProbability
        else { return }
        let rowCount = a.rows.rowCount
        if hasClasses { divergences.update(a, b) }
        rowDifferences.update(rowCount) { row, _ in
            // Equal infinite losses differ by nothing.
            lossesA[row] == lossesB[row] ? 0 : lossesB[row] - lossesA[row]
        }
        let differences = rowDifferences
        let pairs = countPairs(a, lossesA, lossesB)
        withPairedLosses(a, b, areAllPaired: pairs == UInt64(rowCount)) { rows, ofA, ofB in
            rows.add(a, ofA, divisors, pairs, to: \.ofA)
            rows.add(a, ofB, divisors, pairs, to: \.ofB)
            _ = differences.withNumbers { rows.slices?.add(a, b, ofA, ofB, $0) }
        }
        _ = differences.withNumbers { add(a, $0, divisors, pairs, to: \.differences) }
        if task.hasLabels {
            countPredictions(differences, correctA, correctB, topA, topB, rowCount)
            changes.update(rowCount) { row, _ in differences[row].isNaN ? .nan : labelB[row] - labelA[row] }
            addColumn(a, changes, pairs, to: \.labelDifference, \.labelHistogram)
            let changes = changes
            changeSquares.update(rowCount) { row, _ in changes[row] * changes[row] }
            _ = changeSquares.withNumbers { labelDifferenceSquares.add(a.folded($0)) }
            if hasClasses {
                addColumns(of: divergences, a, pairs)
                if llamaCpp != nil {
                    for row in 0..<rowCount where !differences[row].isNaN { addLlamaCpp(a, b, row, change: changes[row]) }
                }
            } else if hasDistributions {
                for row in 0..<rowCount where !differences[row].isNaN { addDecisionDivergences(a, b, row) }
            }
        }
        addGroups(a, b, divisors)
    }

    /// Calls `body` with the losses of A and of B, NaN in rows that are not paired.
    private mutating func withPairedLosses(
        _ a: ScoredBlock, _ b: ScoredBlock, areAllPaired: Bool,
        _ body: (_ rows: inout PairedRows, _ ofA: UnsafePointer<Double>, _ ofB: UnsafePointer<Double>) -> Void
    ) {
        let lossesA = a.losses(ofDialect: 0), lossesB = b.losses(ofDialect: 0)
        if areAllPaired { return body(&self, lossesA, lossesB) }
        let rowCount = a.rows.rowCount, differences = rowDifferences
        pairedA.update(rowCount) { row, _ in differences[row].isNaN ? .nan : lossesA[row] }
        pairedB.update(rowCount) { row, _ in differences[row].isNaN ? .nan : lossesB[row] }
        let (ofA, ofB) = (pairedA, pairedB)
        _ = ofA.withNumbers { ofA in ofB.withNumbers { body(&self, ofA, $0) } }
    }

    /// Counts the rows that have a loss by both, by one and by neither, and those in which one model is the better. Returns the number of the former.
    private mutating func countPairs(_ a: ScoredBlock, _ lossesA: UnsafePointer<Double>, _ lossesB: UnsafePointer<Double>) -> UInt64 {
        var pairs: UInt64 = 0, aBetter: UInt64 = 0, bBetter: UInt64 = 0
        // Wrapping throughout: rows are numbered below 2^63.
        for row in 0..<a.rows.rowCount {
            let (lossA, lossB) = (lossesA[row], lossesB[row])
            guard !lossA.isNaN, !lossB.isNaN else {
                if !lossA.isNaN {
                    onlyACount &+= 1
                    firstOnlyA = min(firstOnlyA, a.rows.firstRow &+ UInt64(row))
                } else if !lossB.isNaN {
                    onlyBCount &+= 1
                } else {
                    neitherCount &+= 1
                }
                continue
            }
            pairs &+= 1
            aBetter &+= lossA < lossB ? 1 : 0
            bBetter &+= lossB < lossA ? 1 : 0
        }
        aBetterCount &+= aBetter
        bBetterCount &+= bBetter
        tieCount &+= pairs &- aBetter &- bBetter
        return pairs
    }

    /// Counts the paired rows in which both are right, one, and neither, and in which both predict the same.
    private mutating func countPredictions(
        _ differences: RowNumbers, _ correctA: UnsafePointer<UInt8>, _ correctB: UnsafePointer<UInt8>, _ topA: UnsafePointer<Int32>,
        _ topB: UnsafePointer<Int32>, _ rowCount: Int
    ) {
        // The numbers of rows by whether A and B are right.
        var counts: (wrong: UInt64, onlyA: UInt64, onlyB: UInt64, right: UInt64) = (0, 0, 0, 0)
        var sameTop: UInt64 = 0, toPositive: UInt64 = 0, toNegative: UInt64 = 0
        // Wrapping throughout: no run has 2^64 rows.
        for row in 0..<rowCount where !differences[row].isNaN {
            let isRightA: UInt64 = correctA[row] != 0 ? 1 : 0, isRightB: UInt64 = correctB[row] != 0 ? 1 : 0
            counts.right &+= isRightA & isRightB
            counts.onlyA &+= isRightA & ~isRightB
            counts.onlyB &+= isRightB & ~isRightA
            counts.wrong &+= 1 &- (isRightA | isRightB)
            sameTop &+= topA[row] == topB[row] ? 1 : 0
            toPositive &+= topA[row] == 0 && topB[row] == 1 ? 1 : 0
            toNegative &+= topA[row] == 1 && topB[row] == 0 ? 1 : 0
        }
        bothRightCount &+= counts.right
        onlyARightCount &+= counts.onlyA
        onlyBRightCount &+= counts.onlyB
        bothWrongCount &+= counts.wrong
        if hasDistributions { sameTopCount &+= sameTop }
        if task == .binary {
            toPositiveCount &+= toPositive
            toNegativeCount &+= toNegative
        }
    }

    /// Adds numbers that are NaN where a row is not paired, with the rows' weights if there are some.
    private mutating func add(
        _ block: ScoredBlock, _ numbers: UnsafePointer<Double>, _ divisors: UnsafePointer<Double>?, _ count: UInt64,
        to moments: WritableKeyPath<PairedRows, WeightedMoments>
    ) {
        guard let divisors else { return self[keyPath: moments].add(block.folded(numbers), count: count) }
        for row in 0..<block.rows.rowCount where !numbers[row].isNaN { self[keyPath: moments].add(numbers[row], weight: divisors[row]) }
    }

    /// Adds a figure of rows that is NaN where a row is not paired.
    private mutating func addColumn(
        _ block: ScoredBlock, _ numbers: RowNumbers, _ count: UInt64, to moments: WritableKeyPath<PairedRows, CompactMoments>,
        _ histogram: WritableKeyPath<PairedRows, LogLinearHistogram>
    ) {
        _ = numbers.withNumbers {
            self[keyPath: moments].add(block.folded($0), count: count)
            add($0, count, of: block, to: histogram)
        }
    }

    /// Adds numbers that are NaN where a row is not paired to a histogram; `count` rows are.
    private mutating func add(
        _ numbers: UnsafePointer<Double>, _ count: UInt64, of block: ScoredBlock, to histogram: WritableKeyPath<PairedRows, LogLinearHistogram>
    ) {
        let rowCount = block.rows.rowCount
        guard count == UInt64(rowCount) else { return self[keyPath: histogram].add(numbers, count: rowCount) }
        // Moved out for a while: a copy would be memory of its own.
        var places = PredictionKernels.Places()
        swap(&places, &self.places)
        self[keyPath: histogram].add(numbers, count: rowCount, block.predictionKernels, &places)
        swap(&places, &self.places)
    }

    /// Adds the divergences of the rows of classes.
    private mutating func addColumns(of divergences: ScoredBlock.Divergences, _ block: ScoredBlock, _ count: UInt64) {
        divergences.withColumns { forward, backward, shannon, variation in
            klAB.add(block.folded(forward), count: count)
            klBA.add(block.folded(backward), count: count)
            jensenShannon.add(block.folded(shannon), count: count)
            totalVariation.add(block.folded(variation), count: count)
            add(forward, count, of: block, to: \.klHistogram)
        }
    }

    /// Adds the differences of the block to the groups of rows and to the clusters, as if they were losses, and to the worst rows.
    private mutating func addGroups(_ a: ScoredBlock, _ b: ScoredBlock, _ divisors: UnsafePointer<Double>?) {
        let lossesA = a.losses(ofDialect: 0), lossesB = b.losses(ofDialect: 0)
        let differences = rowDifferences
        // Both losses, and not their rounded difference: the sum of a group is then that of B's less that of A's.
        func pair(_ row: Int) -> (added: Double, takenOff: Double) {
            // Equal infinite losses differ by nothing.
            lossesA[row] == lossesB[row] ? (0, 0) : (lossesB[row], lossesA[row])
        }
        _ = differences.withNumbers { differences in
            rowGroups.add(a, divisors, differences, pair)
            clusters?.add(a, divisors, differences, pair)
        }
        worst?.add(a, b)
    }

    /// Adds the divergences of a row of one decision.
    private mutating func addDecisionDivergences(_ a: ScoredBlock, _ b: ScoredBlock, _ row: Int) {
        let count = a.distributionCount
        probabilitiesA.fill(count) { p in logarithmsA.fill(count) { a.writeDistribution(ofRow: row, p, $0) } }
        probabilitiesB.fill(count) { p in logarithmsB.fill(count) { b.writeDistribution(ofRow: row, p, $0) } }
        var ab = 0.0, ba = 0.0, js = 0.0, distance = 0.0
        for c in 0..<count {
            let (ofA, ofB, logA, logB) = (probabilitiesA[c], probabilitiesB[c], logarithmsA[c], logarithmsB[c])
            // A mean of 0 has the logarithm of a normal number, which no sum takes.
            let logMean = ElementaryFunctions.logarithm(max(0x1p-1000, (ofA + ofB) / 2))
            // p log(p/q) − p + q is never negative, and sums up to the divergence of distributions.
            ab += ofA > 0 ? ofA * (logA - logB) - ofA + ofB : ofB
            ba += ofB > 0 ? ofB * (logB - logA) - ofB + ofA : ofA
            js += (ofA > 0 ? ofA * (logA - logMean) : 0) + (ofB > 0 ? ofB * (logB - logMean) : 0)
            distance += (ofA - ofB).magnitude
        }
        add(ab < 0 ? 0 : ab, ba < 0 ? 0 : ba, js < 0 ? 0 : js / 2, distance / 2)
        let sum = probabilitiesA[1] + probabilitiesB[1]
        symmetricDifference.add(sum > 0 ? 2 * (probabilitiesA[1] - probabilitiesB[1]).magnitude / sum : 0)
    }

    /// Adds the figures of llama.cpp of a row of classes.
    private mutating func addLlamaCpp(_ a: ScoredBlock, _ b: ScoredBlock, _ row: Int, change: Double) {
        guard var figures = llamaCpp.take() else { return }
        let count = a.distributionCount
        probabilitiesA.fill(count) { p in logarithmsA.fill(count) { a.writeDistribution(ofRow: row, p, $0) } }
        probabilitiesB.fill(count) { p in logarithmsB.fill(count) { b.writeDistribution(ofRow: row, p, $0) } }
        _ = probabilitiesA.withNumbers { p in
            logarithmsA.withNumbers { logP in
                logarithmsB.withNumbers { figures.add(p, logP, $0, count: count, change: change) }
            }
        }
        llamaCpp = figures
    }

    /// Adds the divergences of a row.
    @inline(__always)
    private mutating func add(_ ab: Double, _ ba: Double, _ js: Double, _ distance: Double) {
        klAB.add(ab)
        klBA.add(ba)
        klHistogram.add(ab)
        jensenShannon.add(js)
        totalVariation.add(distance)
    }

    /// Adds other rows.
    public mutating func merge(_ other: PairedRows) throws(PartialError) {
        lacksSecond = lacksSecond || other.lacksSecond
        inputOfB.merge(other.inputOfB)
        ofA.merge(other.ofA)
        ofB.merge(other.ofB)
        differences.merge(other.differences)
        for count in Self.counts { self[keyPath: count].addSaturating(other[keyPath: count]) }
        firstOnlyA = min(firstOnlyA, other.firstOnlyA)
        for moments in Self.moments { self[keyPath: moments].merge(other[keyPath: moments]) }
        labelDifferenceSquares.add(other.labelDifferenceSquares)
        klHistogram.merge(other.klHistogram)
        labelHistogram.merge(other.labelHistogram)
        try rowGroups.merge(other.rowGroups)
        if let added = other.clusters { try clusters?.merge(added) }
        if let added = other.slices { try slices?.merge(added) }
        if let added = other.worst { try worst?.merge(added) }
        if let added = other.llamaCpp { llamaCpp?.merge(added) }
    }

    /// The counts of the state, in the order of their encoding.
    private static var counts: [WritableKeyPath<PairedRows, UInt64>] {
        [
            \.onlyACount, \.onlyBCount, \.neitherCount, \.aBetterCount, \.bBetterCount, \.tieCount, \.bothRightCount, \.onlyARightCount,
            \.onlyBRightCount, \.bothWrongCount, \.sameTopCount, \.toPositiveCount, \.toNegativeCount,
        ]
    }

    /// The moments of the state, in the order of their encoding.
    private static var moments: [WritableKeyPath<PairedRows, CompactMoments>] {
        [\.klAB, \.klBA, \.jensenShannon, \.totalVariation, \.labelDifference, \.symmetricDifference]
    }

    /// Returns true if both have the same sums.
    public static func == (left: PairedRows, right: PairedRows) -> Bool { left.encoded == right.encoded }

    /// The number of paired rows.
    public var pairCount: UInt64 { differences.count }

    /// True if rows had no predictions by B.
    public var isIncomplete: Bool { lacksSecond }

    /// The doubts about B's predictions and labels that a reader should know of.
    ///
    /// - Parameter place: the place of a row of B, by its number in the dump.
    public func warningsAboutB(place: (UInt64) -> String) -> [Message] {
        inputOfB.warnings(second.specification, classCount: second.classCount, place: place)
    }
}

extension PairedRows: RowListing {
    package var shownColumnsOfRows: ShownColumns? { worst?.shownColumns }
    package var numbersOfRows: [UInt64] { worst?.numbersOfRows ?? [] }

    package mutating func show(_ texts: [UInt64: String], inColumn column: Int) { worst?.show(texts, inColumn: column) }
}

// The section "paired": one byte, 1 if rows had no predictions by B, else 0; a varint, the number of the first row that A alone has; the counts, a
// varint each; the weighted moments of A, of B and of the differences; the moments of the divergences and of the label's probability; an exact sum;
// two histograms; the groups of rows; the number of bytes of B's section "warnings", and these; and if there are some the slices, the worst changes, the figures of llama.cpp, and the clusters.
extension PairedRows {
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(lacksSecond ? 1 : 0)
        bytes.append(varint: firstOnlyA)
        for count in Self.counts { bytes.append(varint: self[keyPath: count]) }
        for moments in [ofA, ofB, differences] { moments.encode(into: &bytes) }
        for moments in Self.moments { self[keyPath: moments].encode(into: &bytes) }
        labelDifferenceSquares.encode(into: &bytes)
        klHistogram.encode(into: &bytes)
        labelHistogram.encode(into: &bytes)
        rowGroups.encode(into: &bytes)
        let warnings = inputOfB.encoded
        bytes.append(varint: UInt64(warnings.count))
        bytes += warnings
        slices?.encode(into: &bytes)
        worst?.encode(into: &bytes)
        llamaCpp?.encode(into: &bytes)
        clusters?.encode(into: &bytes)
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        lacksSecond = try reader.bytes(1).first == 1
        firstOnlyA = try reader.varint()
        for count in Self.counts { self[keyPath: count] = try reader.varint() }
        ofA = try WeightedMoments(&reader)
        ofB = try WeightedMoments(&reader)
        differences = try WeightedMoments(&reader)
        for moments in Self.moments { self[keyPath: moments] = try CompactMoments(&reader) }
        labelDifferenceSquares = try CompactSum(&reader)
        try klHistogram.decode(&reader)
        try labelHistogram.decode(&reader)
        try rowGroups.decode(&reader)
        let byteCount = try reader.varintCount(leastByteCount: 1)
        try inputOfB.decode(from: try reader.bytes(byteCount))
        try slices?.decode(&reader)
        try worst?.decode(&reader)
        try llamaCpp?.decode(&reader)
        if clusters != nil {
            try clusters?.decode(from: try reader.bytes(reader.remainingByteCount))
        } else {
            try reader.expectEnd()
        }
    }
}
