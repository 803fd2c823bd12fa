internal import Elements
internal import KernelABI

/// Scores blocks of rows in every dialect of a specification and hands them out as `ScoredBlock`; observers add them up.
///
/// A worker has one, whose buffers are reused from block to block. Not for sharing between threads.
public final class BlockScorer {
    /// The most rows of one call.
    public static let rowLimit = Int(XentFoldRowLimit)
    /// The number of rows of a block that suits the scorer best: as many as `rowLimit`, or as have 256 KiB of terms, which are read again from the cache.
    package var preferredRowCount: Int { factMemory.arrays.termScale == nil ? Self.rowLimit : max(8, (1 << 15) / classCount / 8 * 8) }
    /// The number of bytes that must be readable after the last value of a block.
    public static let readableByteCountAfterValues = 64
    /// The number of labels that must be readable after the last one of a block.
    public static let readableLabelCountAfterLast = 64

    /// The loss that is computed.
    public let specification: LossSpecification
    /// The number of values a row; 1 for binary.
    public let classCount: Int
    /// True if labels are whole numbers by their type.
    let hasIndices: Bool
    /// The facts that are written for each row.
    public let facts: RowFacts
    /// The instruction set of the kernel that ran last, as the kernel itself reported it; nil before the first block.
    public var instructionSetThatRan: InstructionSet? { codeThatRan.flatMap { InstructionSet(code: $0) } }
    private var codeThatRan: Int32?
    /// True if labels are read as numbers: `LabelledRows.targets`.
    public let readsTargets: Bool
    /// True if labels are read as class indices: `LabelledRows.classIndices`.
    public let readsClassLabels: Bool

    /// True if the first dialect reads labels as numbers.
    var readsTargetsOfFirstDialect: Bool { programs[programOfDialect[0]].readsTargets(specification.task) }

    let kernels: KernelTable
    /// Dialects whose losses are the same numbers share a program.
    private let programs: [LossProgram]
    let programOfDialect: [Int]
    private let losses: UnsafeMutablePointer<Double>
    /// Room for one number a row, which observers fill and fold.
    let otherNumbers: UnsafeMutablePointer<Double>
    private let residuals: UnsafeMutablePointer<Double>
    private let clipped: UnsafeMutablePointer<UInt8>
    /// For each program, the row counts of the last block.
    private let tallies: UnsafeMutablePointer<Tally>
    /// For each row of a block 1 + the first program in which it is invalid, or 0.
    private let invalidIn: UnsafeMutablePointer<Int>
    /// Memory for the kernels alone.
    private let scratch: UnsafeMutablePointer<Double>
    private let rowDivisors: UnsafeMutablePointer<Double>
    /// The parts of the rows' divisors that their rounding lost; 0 where class weights are none.
    private let rowDivisorRests: UnsafeMutablePointer<Double>
    /// For each program the weighted losses and divisors of the last block that no Float64 holds.
    private var extremeRows: [ExtremeRows]
    private let factMemory: RowFactMemory
    /// The weights of the terms as kernels take them, padded by eight: one a class; of decisions, those of label 0 and of label 1, one a
    /// column.
    private let classWeights: UnsafeMutablePointer<Double>?
    private let positiveWeights: UnsafeMutablePointer<Double>?
    /// Task binary: the weights of the labels.
    private let labelWeights: (ofZero: Double, ofOne: Double)
    /// Task multilabel: the mean of the columns' weights.
    private let meanColumnWeight: WeightPair
    /// For each program the losses of a clipped decision, where they are not those of the bounds.
    private let clippedLosses: [ClippedLosses?]
    /// Class indices that are stored in a byte each, as numbers, and whether they are those of the last block.
    private let convertedLabels: UnsafeMutablePointer<Int32>
    private var areLabelsConverted = false
    /// The probabilities of label 1 of a block of logits, and the values of which they are; nil where they have not been asked for.
    private var positives: [Double] = []
    private var valuesOfPositives: UnsafeRawPointer?
    /// The label that stands for a row to be left out.
    private let ignoredLabel: Int32

    /// The row counts of a block in a program.
    private struct Tally {
        var unscoredCount = 0
        var ignoredCount = 0
        var correctCount = 0
    }

    /// A weight as the sum of two numbers.
    private struct WeightPair {
        var high: Double
        var low = 0.0

        /// Adds a product with what its rounding loses (Ogita, Rump and Oishi, Dot2).
        mutating func add(_ a: Double, _ b: Double) {
            let product = a * b
            let sum = high + product
            let rounded = sum - high
            low += ((high - (sum - rounded)) + (product - rounded)) + (-product).addingProduct(a, b)
            high = sum
        }
    }

    /// The losses of an outcome whose probability was clipped to ε, and of one whose probability was clipped to 1 − ε.
    private struct ClippedLosses {
        let ofLow: Double
        let ofHigh: Double
    }

    /// `instructionSet` must be among `InstructionSet.available`; another is replaced by the best there is. `ignoredLabel` marks a row to
    /// be left out; `hasIndices` says that labels are whole numbers by their type. Weights have been checked against `classCount`. `facts`
    /// are written for each row beside its loss.
    public convenience init(
        specification: LossSpecification, classCount: Int, ignoredLabel: Int32, hasIndices: Bool, instructionSet: InstructionSet = .best,
        facts: RowFacts = []
    ) {
        self.init(
            specification: specification, classCount: classCount, ignoredLabel: ignoredLabel, hasIndices: hasIndices, facts: facts,
            kernels: KernelTable(InstructionSet.available.contains(instructionSet) ? instructionSet : .best))
    }

    /// Makes a scorer with kernels of any origin: for tests, which have some that run elsewhere.
    init(
        specification: LossSpecification, classCount: Int, ignoredLabel: Int32, hasIndices: Bool, facts: RowFacts = [], kernels: KernelTable
    ) {
        self.specification = specification
        self.facts = facts
        self.hasIndices = hasIndices
        self.classCount = classCount
        self.ignoredLabel = ignoredLabel
        self.kernels = kernels
        var programs: [LossProgram] = []
        programOfDialect = specification.dialects.map { dialect in
            let program = LossProgram(specification, dialect, classCount: classCount, hasIndices: hasIndices)
            if let index = programs.firstIndex(of: program) { return index }
            programs.append(program)
            return programs.count - 1
        }
        self.programs = programs
        readsTargets = programs.contains { $0.readsTargets(specification.task) }
        readsClassLabels = specification.task == .multiclass || programs.contains { !$0.readsTargets(specification.task) }
        func numbers(_ count: Int) -> UnsafeMutablePointer<Double> {
            let numbers = UnsafeMutablePointer<Double>.allocate(capacity: count)
            numbers.initialize(repeating: 0, count: count)
            return numbers
        }
        // A stretch of `rowLimit` for each program, whose numbers stay until the next call.
        losses = numbers(programs.count * Self.rowLimit)
        otherNumbers = numbers(Self.rowLimit)
        rowDivisors = numbers(programs.count * Self.rowLimit)
        rowDivisorRests = numbers(programs.count * Self.rowLimit)
        extremeRows = programs.map { _ in ExtremeRows() }
        // Rows of few classes lie side by side in the kernel's vectors, and their terms with them; the terms of many do not stay in the cache.
        let hasTerms =
            programs[programOfDialect[0]].operation == .softmax && classCount > Int(XentNarrowClassLimit) && classCount <= 2048
            && facts.isDisjoint(with: [.squaredProbabilitySum, .probabilityWeightedSum])
        factMemory = RowFactMemory(hasTerms ? facts : facts.subtracting(.probabilityTerms), rowLimit: Self.rowLimit)
        let labelCapacity = Self.rowLimit + Self.readableLabelCountAfterLast
        convertedLabels = .allocate(capacity: labelCapacity)
        convertedLabels.initialize(repeating: 0, count: labelCapacity)
        tallies = .allocate(capacity: programs.count)
        tallies.initialize(repeating: Tally(), count: programs.count)
        invalidIn = .allocate(capacity: Self.rowLimit)
        invalidIn.initialize(repeating: 0, count: Self.rowLimit)
        // Each vector of eight can leave its lanes twice: whole, or their last digits.
        residuals = numbers(Self.rowLimit + 8)
        clipped = .allocate(capacity: programs.count * Self.rowLimit + 64)
        clipped.initialize(repeating: 0, count: programs.count * Self.rowLimit + 64)
        scratch = UnsafeMutableRawPointer.allocate(byteCount: 8 * Int(XentScratchCount), alignment: 64)
            .bindMemory(to: Double.self, capacity: Int(XentScratchCount))
        scratch.initialize(repeating: 0, count: Int(XentScratchCount))
        func padded(_ weights: [Double]?) -> UnsafeMutablePointer<Double>? {
            guard let weights else { return nil }
            let copy = numbers(max(classCount, weights.count) + 8)
            // One positive weight stands for all columns.
            for index in 0..<max(classCount, weights.count) { copy[index] = weights.count == 1 ? weights[0] : weights[index] }
            return copy
        }
        let weights = specification.termWeights(classCount: classCount)
        classWeights = padded(weights.ofClasses)
        positiveWeights = padded(weights.ofPositive)
        let binaryWeights = specification.task == .binary ? specification.modifiers.classWeights ?? [] : []
        labelWeights = binaryWeights.count == 2 ? (binaryWeights[0], binaryWeights[1]) : (1, 1)
        meanColumnWeight = specification.task == .multilabel ? Self.mean(specification.modifiers.classWeights ?? [1]) : WeightPair(high: 1)
        let (numbers, notes) = (otherNumbers, scratch)
        clippedLosses = programs.map { program in
            program.logarithmClip.map { Self.clippedLosses(epsilon: $0, kernels, losses: numbers, scratch: notes) }
        }
    }

    /// Returns the mean, to twice the digits of a Float64.
    private static func mean(_ numbers: [Double]) -> WeightPair {
        var sum = ExactSum()
        for number in numbers { sum.add(number) }
        let high = sum.rounded(dividedBy: UInt64(numbers.count))
        sum.addProduct(-high, Double(numbers.count))
        return WeightPair(high: high, low: sum.rounded(dividedBy: UInt64(numbers.count)))
    }

    /// Computes −log ε and −log(1 − ε) by a kernel, which gives the same bits on every machine.
    private static func clippedLosses(
        epsilon: Double, _ kernels: KernelTable, losses: UnsafeMutablePointer<Double>, scratch: UnsafeMutablePointer<Double>
    ) -> ClippedLosses {
        // Two rows, of label 1 and of label 0, with the room behind them that kernels may read.
        let values = [Double](repeating: epsilon, count: 2 + readableByteCountAfterValues / 8)
        let labels: [Int32] = [1, 0] + [Int32](repeating: 0, count: readableLabelCountAfterLast)
        values.withUnsafeBytes { values in
            labels.withUnsafeBufferPointer { labels in
                guard let valueBase = values.baseAddress, let labelBase = labels.baseAddress else { return }
                var block = RowBlock(
                    values: valueBase, labels: labelBase, labelBytes: nil, targets: nil, clipped: nil, losses: losses, scratch: scratch, classCount: 1,
                    rowCount: 2, elementCode: ElementType.float64.code, unscoredRowCount: 0, correctRowCount: 0, instructionSetCode: 0,
                    facts: RowFactArrays())
                var parameters = LossParameters()
                kernels.run(.binaryProbability, &block, &parameters)
            }
        }
        return ClippedLosses(ofLow: losses[0], ofHigh: losses[1])
    }

    deinit {
        losses.deallocate()
        otherNumbers.deallocate()
        rowDivisors.deallocate()
        rowDivisorRests.deallocate()
        residuals.deallocate()
        clipped.deallocate()
        convertedLabels.deallocate()
        tallies.deallocate()
        invalidIn.deallocate()
        scratch.deallocate()
        classWeights?.deallocate()
        positiveWeights?.deallocate()
    }

    /// Scores up to `rowLimit` rows.
    ///
    /// - Parameters:
    ///   - rows: the rows; those beyond `rowLimit` are left out.
    ///   - companions: named columns beside the predictions, which the block hands on to observers.
    ///   - onInvalid: called once for each row that has no loss in some dialect and is not ignored, in the order of the rows, with its
    ///     index in the block; an error that it throws ends the call.
    /// - Returns: the rows with their losses, valid until the next call.
    /// - Precondition: the values are of a floating-point type.
    ///
    /// O(rowCount × classCount × programs); allocates nothing unless rows are invalid.
    public func score<Failure: Error>(
        _ rows: LabelledRows, companions: [CompanionValues] = [],
        onInvalid: (_ row: Int, _ problem: RowProblem) throws(Failure) -> Void
    ) throws(Failure) -> ScoredBlock {
        try score(rows, companions: companions, stored: nil, shownText: nil, onInvalid: onInvalid)
    }

    /// Scores up to `rowLimit` rows, as the function above does.
    ///
    /// - Parameters:
    ///   - stored: the rows as they are stored, and their loss, where `rows` were made of them. Messages and warnings are of them.
    ///   - shownText: returns the text of a shown column in a row of the block, for observers.
    package func score<Failure: Error>(
        _ rows: LabelledRows, companions: [CompanionValues], stored: (rows: LabelledRows, specification: LossSpecification)?,
        shownText: ((_ column: Int, _ row: Int) -> String?)?, onInvalid: (_ row: Int, _ problem: RowProblem) throws(Failure) -> Void
    ) throws(Failure) -> ScoredBlock {
        var rows = rows
        rows.rowCount = min(max(rows.rowCount, 0), Self.rowLimit)
        let rowCount = rows.rowCount
        areLabelsConverted = false
        valuesOfPositives = nil
        let labelSurvey = surveyLabels(rows)
        var hasInvalidRows = false
        for index in programs.indices where run(index, rows, rowCount) { hasInvalidRows = true }
        var invalidRows: [InvalidRowProblem] = []
        if hasInvalidRows {
            defer { invalidIn.update(repeating: 0, count: rowCount) }
            // Of all programs together: which row comes first must not depend on where blocks end.
            for row in 0..<rowCount where invalidIn[row] > 0 {
                let problem = stored.map { self.problem(ofStored: $0.rows, $0.specification, row) } ?? self.problem(programs[invalidIn[row] - 1], rows, row)
                try onInvalid(row, problem)
                invalidRows.append(InvalidRowProblem(index: row, problem: problem))
            }
        }
        for index in programs.indices where tallies[index].unscoredCount > 0 { unifyNaN(index, rowCount) }
        return ScoredBlock(
            rows: rows, facts: factMemory.columns, companions: companions, shownText: shownText, invalidRows: invalidRows,
            labelSurvey: labelSurvey, scorer: self, stored: stored.map { ScoredBlock.StoredRows(rows: $0.rows, specification: $0.specification) })
    }

    /// Surveys the class labels; nil where labels are not read as indices.
    private func surveyLabels(_ rows: LabelledRows) -> LabelSurvey? {
        guard readsClassLabels, specification.task.hasLabels else { return nil }
        // With the labels' fingerprint: a model that says the same of every row has equal losses, be the labels what they are.
        let (labels, bytes) = pointers(rows.classIndices)
        var survey = LabelSurvey(
            labels: labels, targets: nil, bytes: bytes, rowCount: rows.rowCount, firstRow: rows.firstRow, ignoredLabel: ignoredLabel, least: 0,
            greatest: 0, countedRowCount: 0, sum: 0, fingerprint: 0)
        kernels.surveyLabels(&survey)
        return survey
    }

    /// Returns the places of class indices for kernels, which read the bytes where there are any, and no label beside these.
    private func pointers(_ indices: LabelledRows.ClassIndices) -> (labels: UnsafePointer<Int32>, bytes: UnsafePointer<UInt8>?) {
        switch indices {
        case .words(let labels): (labels, nil)
        case .bytes(let bytes): (UnsafePointer(convertedLabels), bytes)
        }
    }

    /// Writes 1 / (1 + e^−x) of the logit x of each row: found once for all who ask for those of the last block.
    func writePositiveProbabilities(_ rows: LabelledRows, to numbers: UnsafeMutablePointer<Double>) {
        if positives.isEmpty { positives = Array(repeating: 0, count: Self.rowLimit) }
        positives.withUnsafeMutableBufferPointer { buffer in
            guard let found = buffer.baseAddress else { return }
            // A block's rows have other values than those that it was stored with where these were divided by a temperature.
            if valuesOfPositives != rows.values {
                PredictionKernels(kernels).positiveProbabilities(rows.values, rows.element, count: rows.rowCount, to: found)
                valuesOfPositives = rows.values
            }
            numbers.update(from: found, count: rows.rowCount)
        }
    }

    /// The class indices of the rows of the last block. Those of a byte each are converted once.
    func classLabels(_ rows: LabelledRows) -> UnsafePointer<Int32> {
        switch rows.classIndices {
        case .words(let labels): return labels
        case .bytes(let bytes):
            if !areLabelsConverted {
                for row in 0..<rows.rowCount { convertedLabels[row] = Int32(bytes[row]) }
                areLabelsConverted = true
            }
            return UnsafePointer(convertedLabels)
        }
    }

    /// Leaves a program's losses and divisors in its buffers. Whether some rows are invalid; then `invalidIn` names them.
    private func run(_ index: Int, _ rows: LabelledRows, _ rowCount: Int) -> Bool {
        let program = programs[index]
        let losses = losses + index * Self.rowLimit
        let readsTargets = program.readsTargets(specification.task)
        let hasFacts = index == programOfDialect[0]
        if hasFacts { factMemory.reserveTerms(rowCount: rowCount, classCount: classCount) }
        var parameters = program.parameters(
            specification, rows.element, classWeights: classWeights.map { UnsafePointer($0) },
            positiveWeights: positiveWeights.map { UnsafePointer($0) })
        // The kernels that note facts read words.
        let areFactsNoted = hasFacts && !facts.isEmpty
        let (labels, bytes) = areFactsNoted ? (classLabels(rows), nil) : pointers(rows.classIndices)
        var block = RowBlock(
            values: rows.values, labels: labels, labelBytes: bytes, targets: readsTargets ? rows.targets : nil,
            clipped: program.mayClip ? clipped + index * Self.rowLimit : nil,
            losses: losses, scratch: scratch, classCount: classCount, rowCount: rowCount, elementCode: rows.element.code,
            unscoredRowCount: 0, correctRowCount: 0, instructionSetCode: 0, facts: hasFacts ? factMemory.arrays : RowFactArrays())
        kernels.run(program.operation, &block, &parameters)
        codeThatRan = block.instructionSetCode
        if let ends = clippedLosses[index], let flags = block.clipped { settle(ends, rows, rowCount, flags, losses) }

        if let weights = rows.weights {
            // A row that is left out for its weight is not right, either.
            for row in 0..<rowCount where !Self.isWeight(weights[row]) {
                block.correctRowCount -= correctCount(of: row, rows, block, program, &parameters)
            }
        }
        applyWeights(index, rows, rowCount, losses, &block.unscoredRowCount)
        var ignoredCount = 0
        if block.unscoredRowCount > 0 {
            if hasFacts { factMemory.clear(whereNaN: losses, rowCount: rowCount) }
            for row in 0..<rowCount where losses[row].isNaN {
                if readsClassLabels || specification.task == .likelihood, classLabels(rows)[row] == ignoredLabel {
                    ignoredCount += 1
                } else if invalidIn[row] == 0 {
                    invalidIn[row] = index + 1
                }
            }
        }
        tallies[index] = Tally(unscoredCount: block.unscoredRowCount, ignoredCount: ignoredCount, correctCount: block.correctRowCount)
        return block.unscoredRowCount > ignoredCount
    }

    /// Makes every NaN of a program the same one, whatever kernel left it: the losses of all rows can be a file. A row without a loss adds
    /// nothing to the divisor.
    private func unifyNaN(_ index: Int, _ rowCount: Int) {
        let losses = losses + index * Self.rowLimit, rowDivisors = rowDivisors + index * Self.rowLimit
        for row in 0..<rowCount where losses[row].isNaN {
            losses[row] = .nan
            rowDivisors[row] = .nan
            rowDivisorRests[index * Self.rowLimit + row] = .nan
        }
    }

    func losses(ofProgram index: Int) -> UnsafePointer<Double> { UnsafePointer(losses + index * Self.rowLimit) }

    func rowDivisors(ofProgram index: Int) -> UnsafePointer<Double> { UnsafePointer(rowDivisors + index * Self.rowLimit) }

    /// Returns the parts of the rows' divisors that their rounding lost; nil where nothing was.
    func rowDivisorRests(ofProgram index: Int) -> UnsafePointer<Double>? {
        classWeights == nil ? nil : UnsafePointer(rowDivisorRests + index * Self.rowLimit)
    }

    func extremeRows(ofProgram index: Int) -> ExtremeRows { extremeRows[index] }

    func clipped(ofProgram index: Int) -> UnsafePointer<UInt8>? {
        programs[index].mayClip ? UnsafePointer(clipped + index * Self.rowLimit) : nil
    }

    func counts(ofProgram index: Int, _ rowCount: Int) -> ScoredBlock.RowCounts {
        let tally = tallies[index]
        return ScoredBlock.RowCounts(
            scored: rowCount - tally.unscoredCount, ignored: tally.ignoredCount, invalid: tally.unscoredCount - tally.ignoredCount,
            correct: tally.correctCount)
    }

    private static func isWeight(_ weight: Double) -> Bool { weight >= 0 && weight < .infinity }

    /// The number that one row adds to `correctRowCount`.
    private func correctCount(
        of row: Int, _ rows: LabelledRows, _ block: RowBlock, _ program: LossProgram, _ parameters: inout LossParameters
    ) -> Int {
        var single = block
        single.values = block.values + row * classCount * rows.element.byteCount
        single.labels = block.labels + row
        single.labelBytes = block.labelBytes.map { $0 + row }
        single.targets = block.targets.map { $0 + row * classCount }
        single.clipped = nil
        single.facts = RowFactArrays()
        // It is written to next.
        single.losses = otherNumbers
        single.rowCount = 1
        kernels.run(program.operation, &single, &parameters)
        return single.correctRowCount
    }

    /// Adds numbers up exactly, and their squares. The result's residuals are overwritten by the next call.
    func fold(_ numbers: UnsafePointer<Double>, _ rowCount: Int, _ firstRow: UInt64) -> LossFold {
        fold(numbers, rowCount, firstRow) { kernels.foldLosses($0) }
    }

    /// Adds numbers up exactly, and nothing else: all other figures of the result are 0. Its residuals are overwritten by the next call.
    func sum(_ numbers: UnsafePointer<Double>, _ rowCount: Int) -> LossFold { fold(numbers, rowCount, 0) { kernels.sumNumbers($0) } }

    private func fold(
        _ numbers: UnsafePointer<Double>, _ rowCount: Int, _ firstRow: UInt64, by kernel: (UnsafeMutablePointer<LossFold>) -> Void
    ) -> LossFold {
        var folded = LossFold(
            losses: numbers, rowCount: rowCount, firstRow: firstRow, residuals: residuals, residualCount: 0, level1: 0, level2: 0,
            level3: 0, squareHigh: 0, squareMiddle: 0, squareLow: 0, fineSum: 0, fineSquareHigh: 0, fineSquareMiddle: 0, fineSquareLow: 0, minimum: 0,
            maximum: 0, fingerprint: 0)
        kernel(&folded)
        return folded
    }

    /// Gives rows with a clipped probability the losses of their program's ε.
    private func settle(
        _ ends: ClippedLosses, _ rows: LabelledRows, _ rowCount: Int, _ flags: UnsafeMutablePointer<UInt8>,
        _ losses: UnsafeMutablePointer<Double>
    ) {
        for row in 0..<rowCount where flags[row] != 0 && !losses[row].isNaN {
            let column = specification.task == .multiclass ? Int(classLabels(rows)[row]) : 0
            let value = rows.element.value(rows.values + row * classCount * rows.element.byteCount, at: column)
            let (ofValue, ofComplement) = value > 0.5 ? (ends.ofHigh, ends.ofLow) : (ends.ofLow, ends.ofHigh)
            if specification.task == .multiclass {
                losses[row] = ofValue
            } else if let targets = rows.targets {
                let target = targets[row]
                losses[row] =
                    target * (positiveWeights?[0] ?? 1) * ofValue + (1 - target) * (classWeights?[0] ?? 1) * ofComplement
            }
        }
    }

    /// Multiplies weights into the losses and leaves each row's part of the divisor in `rowDivisors`.
    private func applyWeights(
        _ index: Int, _ rows: LabelledRows, _ rowCount: Int, _ losses: UnsafeMutablePointer<Double>, _ unscoredRowCount: inout Int
    ) {
        guard specification.hasWeights else { return }
        let rowDivisors = rowDivisors + index * Self.rowLimit, rests = rowDivisorRests + index * Self.rowLimit
        var extremes = ExtremeRows()
        // The kernels of any target have class weights in their terms already.
        let isWeighted = programs[index].operation == .target || programs[index].operation == .bernoulli
        for row in 0..<rowCount {
            let weight = rows.weights?[row] ?? 1
            if !Self.isWeight(weight) {
                if !losses[row].isNaN { unscoredRowCount += 1 }
                losses[row] = .nan
                continue
            }
            let classWeight = losses[row].isNaN ? nil : classWeight(ofRow: row, rows)
            let lossFactor = isWeighted ? 1 : classWeight?.high ?? 1
            // A row of weight 0 adds nothing, be its loss infinite.
            if weight == 0 || lossFactor == 0 {
                if !losses[row].isNaN { losses[row] = 0 }
            } else {
                let loss = losses[row], product = loss * weight
                losses[row] = product * lossFactor
                if loss.isFinite, loss != 0, !(ExtremeRows.isUsual(product) && ExtremeRows.isUsual(losses[row])) {
                    losses[row] = extremes.addLoss([loss, weight, lossFactor], row)
                }
            }
            let divisor = weight * (classWeight?.high ?? 1)
            rowDivisors[row] = divisor
            rests[row] = 0
            if let classWeight, weight != 0, classWeight.high != 0 {
                if ExtremeRows.isUsual(divisor) {
                    rests[row] = (-divisor).addingProduct(weight, classWeight.high) + weight * classWeight.low
                } else {
                    extremes.addDivisor(weight, classWeight.high, row)
                }
            }
        }
        extremeRows[index] = extremes
    }

    /// Returns the weight of a row's label; nil without class weights, and where the label is no class.
    ///
    /// Of labels that are a mixture, it is the mean of the classes' weights that the label makes: Σ t_c w_c, to twice the digits of a Float64.
    private func classWeight(ofRow row: Int, _ rows: LabelledRows) -> WeightPair? {
        guard let classWeights else { return nil }
        switch specification.task {
        case .multiclass:
            let label = Int(classLabels(rows)[row])
            return (0..<classCount).contains(label) ? WeightPair(high: classWeights[label]) : nil
        case .binary:
            guard let targets = rows.targets else { return nil }
            var sum = WeightPair(high: 0)
            // 1 − t may have more digits than a Float64.
            let other = 1 - targets[row]
            sum.add(other, labelWeights.ofZero)
            sum.add((1 - other) - targets[row], labelWeights.ofZero)
            sum.add(targets[row], labelWeights.ofOne)
            return sum
        case .soft:
            guard let targets = rows.targets else { return nil }
            var sum = WeightPair(high: 0)
            for column in 0..<classCount { sum.add(targets[row * classCount + column], classWeights[column]) }
            return sum
        case .multilabel: return meanColumnWeight
        case .likelihood: return nil
        }
    }

    /// The reason why a row has no loss whose logits were made of stored values.
    private func problem(ofStored rows: LabelledRows, _ stored: LossSpecification, _ row: Int) -> RowProblem {
        let program = programs[invalidIn[row] - 1]
        guard stored.input != .logits else { return problem(program, rows, row) }
        let values = rows.values + row * classCount * rows.element.byteCount
        let largest = stored.input == .probabilities ? 1.0 : 0
        for column in 0..<classCount {
            let value = rows.element.value(values, at: column)
            if value.isNaN || value == .infinity { return .notANumber(column: column, value: value) }
            // Values of other classes than the label may be above 1 by what rounding left.
            let mayBeLarger = stored.task == .multiclass && column != Int(classLabels(rows)[row])
            let isInRange = (mayBeLarger || value <= largest) && (stored.input == .logProbabilities || value >= 0)
            if !isInRange { return .outOfRange(column: column, value: value, input: stored.input) }
        }
        if stored.input == .probabilities, stored.task.isOverClasses, (0..<classCount).allSatisfy({ rows.element.value(values, at: $0) == 0 }) {
            return .allZero
        }
        // The weight or the label is at fault.
        return problem(program, rows, row)
    }

    /// The reason why a row's loss is NaN.
    private func problem(_ program: LossProgram, _ rows: LabelledRows, _ row: Int) -> RowProblem {
        if let weight = rows.weights?[row], !Self.isWeight(weight) { return .weight(value: weight) }
        let values = rows.values + row * classCount * rows.element.byteCount
        let isBinary = specification.task == .binary
        var scoredColumns = 0..<classCount
        if program.readsTargets(specification.task) {
            if let targets = rows.targets {
                for column in 0..<classCount where !(0...1).contains(targets[row * classCount + column]) {
                    let value = targets[row * classCount + column]
                    return isBinary ? .label(classCount: 1, isBinary: true) : .target(column: column, value: value)
                }
            }
        } else if specification.task.hasLabels {
            let label = Int(classLabels(rows)[row])
            guard label >= 0, label < (isBinary ? 2 : classCount) else { return .label(classCount: classCount, isBinary: isBinary) }
            if specification.task == .multiclass, program.operation != .target { scoredColumns = label..<label + 1 }
        }
        for column in 0..<classCount {
            let value = rows.element.value(values, at: column)
            let isNoLogit = value.isInfinite && specification.input != .logits && !specification.task.isSingleValued
            // −∞ is the logarithm of 0.
            let isNoNumber = isNoLogit && !(specification.input == .logProbabilities && value < 0)
            if value.isNaN || isNoNumber { return .notANumber(column: column, value: value) }
        }
        for column in scoredColumns {
            let value = rows.element.value(values, at: column)
            let isInRange =
                switch specification.input {
                case .probabilities: program.scorable.contains(value)
                case .logProbabilities: value <= 0
                case .logits: true
                }
            if !isInRange { return .outOfRange(column: column, value: value, input: specification.input) }
        }
        let isAllZero = (0..<classCount).allSatisfy { rows.element.value(values, at: $0) == 0 }
        return specification.input == .probabilities && isAllZero ? .allZero : .undefined
    }
}

extension ElementType {
    /// The kernels' code of a floating-point type.
    var code: Int32 {
        switch self {
        case .float16: Int32(XentElementFloat16)
        case .bfloat16: Int32(XentElementBFloat16)
        case .float32: Int32(XentElementFloat32)
        case .float64: Int32(XentElementFloat64)
        default: preconditionFailure("\(name) is not a floating-point type")
        }
    }
}
