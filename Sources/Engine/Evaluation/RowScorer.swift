internal import Elements
internal import Formats
internal import Messages
package import Scoring

/// The consumer that scores an evaluation's rows. It has batches scored, a kernel's block at a time, and hands each scored block to its
/// observers. Each worker has a scorer of its own.
package final class RowScorer: RowConsumer {
    /// The settings that all scorers of a run share.
    struct Settings: Sendable {
        let specification: LossSpecification
        let classCount: Int
        let instructionSet: InstructionSet
        /// The columns beside the predictions, in the pipeline's order.
        let companions: [CompanionColumn]
        /// The states from which each scorer's observers start.
        let observers: [any RowObserver]
        let invalidRowPolicy: EvaluationOptions.InvalidRowPolicy
        let perRow: PerRowOutput?
        /// The number of the source's first row whose loss is written.
        let perRowOffset: Int
        /// The number that the first row has in the whole dump.
        let rowOffset: Int

        init(
            _ specification: LossSpecification, classCount: Int, _ companions: [CompanionColumn], _ options: EvaluationOptions,
            perRow: PerRowOutput?, perRowOffset: Int
        ) {
            self.specification = specification
            self.classCount = classCount
            self.companions = companions
            self.perRow = perRow
            self.perRowOffset = perRowOffset
            instructionSet = options.instructionSet
            invalidRowPolicy = options.invalidRows
            rowOffset = options.firstRow ?? 0
            var observers: [any RowObserver] = [LossTotals(specification), InputWarnings()]
            if specification.task == .likelihood {
                observers.append(TokenSums(countsBytes: companions.contains { $0.name == CompanionColumn.byteCounts }))
            }
            self.observers = observers + options.observers
        }
    }

    private let settings: Settings
    private let labels: (column: CompanionColumn, index: Int)?
    private let weights: (column: CompanionColumn, index: Int)?
    /// The indices of the columns that are handed on to the observers.
    private let handedOn: [Int]
    private let scorer: BlockScorer
    private let classLabels: UnsafeMutablePointer<Int32>
    private let targets: UnsafeMutablePointer<Double>
    private let weightNumbers: UnsafeMutablePointer<Double>
    /// The largest number of rows in a block.
    private let blockRowLimit: Int
    private var invalidRows = InvalidRows()
    private var otherObservers: [any RowObserver]

    /// The observers with the rows so far.
    package var observers: [any RowObserver] { otherObservers + [invalidRows] }
    var instructionSetThatRan: InstructionSet? { scorer.instructionSetThatRan }

    init(_ settings: Settings) {
        self.settings = settings
        let companions = settings.companions.enumerated().map { (column: $1, index: $0) }
        labels = companions.first { $0.column.name == CompanionColumn.labels }
        weights = companions.first { $0.column.name == CompanionColumn.weights }
        handedOn = companions.filter { ![CompanionColumn.labels, CompanionColumn.weights].contains($0.column.name) }.map(\.index)
        otherObservers = settings.observers
        let hasIndices = labels.map { !$0.column.elementType.isFloatingPoint } ?? true
        scorer = BlockScorer(
            specification: settings.specification, classCount: settings.classCount, ignoredLabel: ClassLabels.ignored,
            hasIndices: hasIndices, instructionSet: settings.instructionSet, facts: settings.observers.requiredFacts)
        // Labels as numbers take eight bytes a value: at most 1 MiB of them at a time.
        blockRowLimit =
            scorer.readsTargets ? max(1, min(BlockScorer.rowLimit, (1 << 17) / settings.classCount)) : BlockScorer.rowLimit
        let labelCapacity = BlockScorer.rowLimit + BlockScorer.readableLabelCountAfterLast
        classLabels = .allocate(capacity: labelCapacity)
        // Task likelihood has no labels: each value is the probability of what happened, which is label 1.
        classLabels.initialize(repeating: 1, count: labelCapacity)
        let targetCapacity = scorer.readsTargets ? blockRowLimit * settings.classCount + 8 : 8
        targets = .allocate(capacity: targetCapacity)
        targets.initialize(repeating: labels == nil ? 1 : 0, count: targetCapacity)
        weightNumbers = .allocate(capacity: BlockScorer.rowLimit)
        weightNumbers.initialize(repeating: 1, count: BlockScorer.rowLimit)
    }

    deinit {
        classLabels.deallocate()
        targets.deallocate()
        weightNumbers.deallocate()
    }

    package func consume(_ batch: RowBatch, companions: [UnsafeRawPointer]) throws(EngineError) {
        let element = batch.elementType
        // All others have been refused before any row was read.
        guard element.isFloatingPoint else { return }
        let rowByteCount = element.byteCount * settings.classCount
        var problems = batch.problems[...]
        var done = 0
        while done < batch.rowCount {
            let rowCount = min(blockRowLimit, batch.rowCount - done)
            let firstRow = settings.rowOffset + batch.firstRow + done
            func bytes(_ index: Int) -> UnsafeRawPointer {
                companions[index] + done * settings.companions[index].rowByteCount
            }
            let labelBytes = labels.map { bytes($0.index) }
            let rows = LabelledRows(
                values: batch.values + done * rowByteCount, element: element, classLabels: classLabels,
                targets: convertLabels(labelBytes, rowCount), weights: weights.map { convertWeights(bytes($0.index), $0.column, rowCount) },
                rowCount: rowCount, firstRow: UInt64(firstRow))
            let columns = handedOn.map { index in
                let column = settings.companions[index]
                return CompanionValues(
                    name: column.name, bytes: bytes(index), rowByteCount: column.rowByteCount, elementName: column.elementType.name)
            }
            let block = try scorer.score(rows, companions: columns) { index, problem throws(EngineError) in
                // The problems of reading and of scoring both come in the order of the rows.
                while let first = problems.first, first.rowIndex < done + index { problems.removeFirst() }
                let predictions = batch.place(done + index)
                if let first = problems.first, first.rowIndex == done + index {
                    try leaveOut(predictions, first.text, remedy: first.remedy, order: firstRow + index)
                } else {
                    let text = labelText(labelBytes, at: index)
                    try leaveOut(
                        place(of: problem, row: batch.firstRow + done + index) ?? predictions, problem.message(labelText: text),
                        remedy: remedy(problem, label: classLabels[index], text), order: firstRow + index)
                }
            }
            invalidRows.observe(block)
            for index in otherObservers.indices { otherObservers[index].observe(block) }
            try settings.perRow?.write(
                UnsafeBufferPointer(start: block.losses(ofDialect: 0), count: rowCount), firstRow: batch.firstRow + done - settings.perRowOffset)
            done += rowCount
        }
    }

    /// Notes a row that is left out, or throws if the policy is `.fail`.
    private func leaveOut(_ place: RowPlace, _ problem: String, remedy: @autoclosure () -> Message?, order: Int) throws(EngineError) {
        guard settings.invalidRowPolicy == .skip else {
            throw EngineError(
                .data, path: place.path, frame: place.frame, row: place.row, line: place.line, Message(problem), remedy: remedy())
        }
        invalidRows.describe(InvalidRow(path: place.path, row: place.row, line: place.line, problem: problem, order: order))
    }

    /// Converts stored labels to class indices or numbers, as the scorer reads them, and returns the numbers.
    private func convertLabels(_ stored: UnsafeRawPointer?, _ rowCount: Int) -> UnsafePointer<Double> {
        guard let stored, let column = labels?.column else { return UnsafePointer(targets) }
        if scorer.readsClassLabels {
            ClassLabels.convert(
                stored, elementType: column.elementType, rowCount: rowCount,
                ignoreIndex: settings.specification.modifiers.ignoreIndex, into: classLabels)
        }
        guard scorer.readsTargets else { return UnsafePointer(targets) }
        if let numbers = Self.numbers(stored, column.elementType) { return numbers }
        Float64Values.convert(stored, elementType: column.elementType, count: rowCount * column.valuesPerRow, into: targets)
        return UnsafePointer(targets)
    }

    /// Converts stored weights to numbers, if they are not stored so.
    private func convertWeights(_ stored: UnsafeRawPointer, _ column: CompanionColumn, _ rowCount: Int) -> UnsafePointer<Double> {
        if let numbers = Self.numbers(stored, column.elementType) { return numbers }
        Float64Values.convert(stored, elementType: column.elementType, count: rowCount, into: weightNumbers)
        return UnsafePointer(weightNumbers)
    }

    /// Returns the bytes as the numbers that they are; nil if they have to be converted or moved.
    private static func numbers(_ stored: UnsafeRawPointer, _ elementType: ElementType) -> UnsafePointer<Double>? {
        guard elementType == .float64, UInt(bitPattern: stored) % UInt(MemoryLayout<Double>.alignment) == 0 else { return nil }
        // Unsafe: the batch's owner keeps the memory, which holds as many Float64 as the rows have, and 64 readable bytes after them.
        return stored.assumingMemoryBound(to: Double.self)
    }

    private func labelText(_ stored: UnsafeRawPointer?, at index: Int) -> String {
        guard let stored, let column = labels?.column else { return "" }
        return ClassLabels.text(stored, elementType: column.elementType, at: index * column.valuesPerRow)
    }

    /// Finds the place of what is wrong with a row, if it lies in rows of its own: a label, or a weight. Whoever ends the run with an error
    /// may look for the line.
    private func place(of problem: RowProblem, row: Int) -> RowPlace? {
        let column: CompanionColumn? =
            switch problem {
            case .label, .target: labels?.column
            case .weight: weights?.column
            case .notANumber, .outOfRange, .undefined: nil
            }
        return settings.invalidRowPolicy == .fail ? column?.rows?.findPlace(ofRow: row) : column?.rows?.knownPlace(ofRow: row)
    }

    /// Finds the remedy for an invalid label. If the label is the number of classes, all labels are read again, to see whether they count
    /// from 1.
    private func remedy(_ problem: RowProblem, label: Int32, _ labelText: String) -> Message {
        // A label below 0 mostly stands for none.
        if case .label(_, isBinary: false) = problem, let index = Double(labelText).flatMap({ Int64(exactly: $0) }), index < 0 {
            return "\(setting: .ignoreIndex, .text("\(index)")) leaves such rows out, \(setting: .invalidRows, .skip) all that are invalid"
        }
        // Any other invalid label shows that the labels do not run from 1 to C.
        guard case .label(let classCount, isBinary: false) = problem, label == classCount, let labels = labels?.column,
            let cursor = try? labels.rows?.makeCursor(),
            let census = try? LabelCensus(
                cursor, elementType: labels.elementType, classCount: classCount,
                ignoreIndex: settings.specification.modifiers.ignoreIndex),
            census.countsFromOne
        else { return problem.remedy }
        return "the labels run from 1 to \(classCount), so they seem to count from 1: subtract 1, they must count from 0"
    }
}
