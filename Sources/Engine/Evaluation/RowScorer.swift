internal import Elements
internal import Formats
internal import Insight
internal import Messages
package import Scoring

/// The consumer that scores an evaluation's rows. It has batches scored, a kernel's block at a time, and hands each scored block to its
/// observers. Each worker has a scorer of its own.
package final class RowScorer: RowConsumer {
    /// The settings that all scorers of a run share.
    struct Settings: Sendable {
        /// The loss of the rows as they are stored.
        let specification: LossSpecification
        let classCount: Int
        let instructionSet: InstructionSet
        /// The columns beside the predictions, in the pipeline's order.
        let companions: [CompanionColumn]
        /// The states from which each scorer's observers start.
        let observers: [any RowObserver]
        let invalidRowPolicy: EvaluationOptions.InvalidRowPolicy
        /// The comparisons of rows that are paired by their places.
        let checks: [any RowCheck]
        /// The rows of all labels, which the remedy of an invalid label reads again; nil if they cannot be had.
        let labelRows: (any RowSource)?
        /// The classes that labels mean which are numbers of an array, where the classes' names are other numbers than their places; else
        /// nil.
        let classOfNumber: [Int32: Int32]?
        /// For each column that is listed with the worst rows its index in `RecordSelection.shown`; nil if it is not looked up in records.
        let shownIndices: [Int?]
        let perRow: PerRowOutput?
        /// The number of the source's first row whose loss is written.
        let perRowOffset: Int
        /// The number that the first row has in the whole dump.
        let rowOffset: Int
        /// The control of the run, for reads that the remedy of an invalid row needs.
        let control: RunControl

        init(
            _ specification: LossSpecification, classCount: Int, _ companions: [CompanionColumn], _ options: EvaluationOptions,
            checks: [any RowCheck] = [], labelRows: (any RowSource)? = nil, classOfNumber: [Int32: Int32]? = nil,
            shownColumns: [ShownColumn] = [], perRow: PerRowOutput?, perRowOffset: Int, _ control: RunControl
        ) throws(EngineError) {
            self.checks = checks
            self.labelRows = labelRows
            self.classOfNumber = classOfNumber
            self.control = control
            self.specification = specification
            shownIndices = shownColumns.map { column in
                if case .besidePredictions(let index) = column.origin { index } else { nil }
            }
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
                for unit in TokenSpread.Unit.allCases where unit == .tokens || companions.contains(where: { $0.name == unit.column }) {
                    observers.append(TokenSpread(unit))
                }
                if companions.contains(where: { $0.name == CompanionColumn.wordCounts }) { observers.append(WordSums()) }
            }
            do throws(SpecificationError) {
                var insight = options.insight
                insight.areClustersTexts = companions.contains { $0.name == Clusters.column && $0.hashedValues != nil }
                observers += try insight.observers(specification, classCount: classCount)
            } catch {
                throw EngineError(error)
            }
            self.observers = observers + options.observers
        }
    }

    /// The part of a companion column that scoring reads. It holds no source of rows, so that each block copies it at no cost.
    private struct StoredColumn {
        /// The column's index among all companion columns.
        let index: Int
        let elementType: ElementType
        let valuesPerRow: Int
        let rowByteCount: Int
        /// The offset of the value that is meant in each row.
        let byteOffset: Int
        let hashedValues: HashedValues?

        init(_ column: CompanionColumn, index: Int) {
            self.index = index
            elementType = column.elementType
            valuesPerRow = column.valuesPerRow
            rowByteCount = column.rowByteCount
            byteOffset = (column.valueIndex ?? 0) * column.elementType.byteCount
            hashedValues = column.hashedValues
        }
    }

    /// The states of the observers.
    private struct Figures {
        var invalidRows = InvalidRows()
        var others: [any RowObserver]

        mutating func observe(_ block: ScoredBlock) {
            invalidRows.observe(block)
            for index in others.indices { others[index].observe(block) }
        }
    }

    private let settings: Settings
    private let labels: StoredColumn?
    private let weights: StoredColumn?
    /// The column of token counts, of task likelihood.
    private let tokenCounts: StoredColumn?
    /// The columns that observers read by their names.
    private let observedColumns: [(name: String, elementName: String, column: StoredColumn)]
    private let scorer: BlockScorer
    /// The rows at a temperature; nil without one.
    private let scaledRows: ScaledRows?
    private let classLabels: UnsafeMutablePointer<Int32>
    private let targets: UnsafeMutablePointer<Double>
    private let weightNumbers: UnsafeMutablePointer<Double>
    /// True if labels may be scored as they are stored: each is a byte, and 0 and 1 are the classes.
    private let mayReadByteLabels: Bool
    /// The largest number of rows in a block.
    private let blockRowLimit: Int
    private var figures: Figures

    /// The observers with the rows so far.
    package var observers: [any RowObserver] { figures.others + [figures.invalidRows] }
    var instructionSetThatRan: InstructionSet? { scorer.instructionSetThatRan }

    package func takeStates() -> [any RowObserver] {
        defer { figures = Figures(others: settings.observers) }
        return observers
    }

    init(_ settings: Settings) {
        self.settings = settings
        let companions = settings.companions
        func stored(_ name: String) -> StoredColumn? {
            companions.firstIndex { $0.name == name }.map { StoredColumn(companions[$0], index: $0) }
        }
        labels = stored(CompanionColumn.labels)
        weights = stored(CompanionColumn.weights)
        tokenCounts = stored(CompanionColumn.tokenCounts)
        observedColumns = companions.enumerated().filter { !CompanionColumn.isOfScoring($1.name) }
            .map { (name: $1.name, elementName: $1.elementType.name, column: StoredColumn($1, index: $0)) }
        figures = Figures(others: settings.observers)
        let hasIndices = labels.map { !$0.elementType.isFloatingPoint } ?? true
        scorer = BlockScorer(
            specification: settings.specification.ofScaledRows, classCount: settings.classCount, ignoredLabel: ClassLabels.ignored,
            hasIndices: hasIndices, instructionSet: settings.instructionSet, facts: settings.observers.requiredFacts)
        // No label of task binary is ignored.
        mayReadByteLabels =
            settings.specification.task == .binary && scorer.readsClassLabels && labels?.elementType.byteCount == 1 && settings.classOfNumber == nil
        // Labels as numbers, and logits at a temperature, take eight bytes a value: at most 1 MiB of them at a time.
        let fewRows = max(1, min(BlockScorer.rowLimit, (1 << 17) / settings.classCount))
        scaledRows = ScaledRows(
            settings.specification, classCount: settings.classCount, rowLimit: fewRows, instructionSet: settings.instructionSet)
        blockRowLimit = scorer.readsTargets || scaledRows != nil ? fewRows : scorer.preferredRowCount
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
        // One access to the states for the whole batch: blocks are short.
        try score(batch, companions, into: &figures)
    }

    private func score(_ batch: RowBatch, _ companions: [UnsafeRawPointer], into figures: inout Figures) throws(EngineError) {
        let element = batch.elementType
        // All others have been refused before any row was read.
        guard element.isFloatingPoint else { return }
        for check in settings.checks { try check.check(batch, companions) }
        let rowByteCount = element.byteCount * settings.classCount
        var problems = batch.problems[...]
        var done = 0
        while done < batch.rowCount {
            let rowCount = min(blockRowLimit, batch.rowCount - done)
            let firstRow = settings.rowOffset + batch.firstRow + done
            func bytes(_ column: StoredColumn) -> UnsafeRawPointer { companions[column.index] + done * column.rowByteCount }
            let labelBytes = labels.map { bytes($0) }
            if let tokenCounts { markEmptyRecords(bytes(tokenCounts), rowCount, problems, firstIndex: done) }
            let targets = convertLabels(labelBytes, rowCount)
            let rows = LabelledRows(
                values: batch.values + done * rowByteCount, element: element, classIndices: targets.classIndices,
                targets: targets.numbers, weights: weights.map { convertWeights(bytes($0), $0, rowCount) },
                rowCount: rowCount, firstRow: UInt64(firstRow))
            let columns = observedColumns.map {
                CompanionValues(
                    name: $0.name, bytes: bytes($0.column) + $0.column.byteOffset, rowByteCount: $0.column.rowByteCount,
                    elementName: $0.elementName, hashedValues: $0.column.hashedValues)
            }
            let scored = scaledRows?.scale(rows)
            let (first, shownIndices, batchText) = (done, settings.shownIndices, batch.shownText)
            // An observer of the caller's own may show columns that the run does not read.
            let block = try scorer.score(
                scored ?? rows, companions: columns, stored: scored == nil ? nil : (rows, settings.specification),
                shownText: batchText.map { text in
                    { column, row in
                        shownIndices.indices.contains(column) ? shownIndices[column].flatMap { text($0, first + row) } : nil
                    }
                }
            ) { index, problem throws(EngineError) in
                // The problems of reading and of scoring both come in the order of the rows.
                while let first = problems.first, first.rowIndex < done + index { problems.removeFirst() }
                let predictions = batch.place(done + index)
                if let first = problems.first, first.rowIndex == done + index {
                    // A quote that is not closed may be closed in what comes.
                    try leaveOut(
                        predictions, first.text, remedy: first.remedy, order: firstRow + index, isCertain: !first.isUnclosedQuote, &figures)
                } else {
                    let text = labelText(labelBytes, at: index)
                    try leaveOut(
                        place(of: problem, row: batch.firstRow + done + index) ?? predictions, message(problem, labelText: text),
                        remedy: try remedy(problem, label: classLabels[index], text), order: firstRow + index, &figures)
                }
            }
            figures.observe(block)
            try settings.perRow?.write(
                UnsafeBufferPointer(start: block.losses(ofDialect: 0), count: rowCount), firstRow: batch.firstRow + done - settings.perRowOffset)
            done += rowCount
        }
    }

    /// Notes a row that is left out, or throws if the policy is `.fail`.
    ///
    /// - Parameter isCertain: true if the row is invalid whatever comes after it.
    private func leaveOut(
        _ place: RowPlace, _ problem: String, remedy: @autoclosure () throws(EngineError) -> Message?, order: Int,
        isCertain: Bool = true, _ figures: inout Figures
    ) throws(EngineError) {
        guard settings.invalidRowPolicy == .skip else {
            let error = EngineError(
                .data, path: place.path, frame: place.frame, row: place.row, line: place.line, Message(problem), remedy: try remedy())
            throw isCertain ? error.ofInvalidRow : error
        }
        figures.invalidRows.describe(InvalidRow(path: place.path, row: place.row, line: place.line, problem: problem, order: order))
    }

    /// Marks records without tokens as rows that are left out. Nothing is known of them, and they are not wrong. A record with a problem
    /// has a count of 0 as well, and is invalid.
    private func markEmptyRecords(_ counts: UnsafeRawPointer, _ rowCount: Int, _ problems: ArraySlice<RecordProblem>, firstIndex: Int) {
        var problems = problems
        for row in 0..<rowCount {
            classLabels[row] = 1
            guard counts.loadUnaligned(fromByteOffset: 8 * row, as: UInt64.self) == 0 else { continue }
            while let first = problems.first, first.rowIndex < firstIndex + row { problems.removeFirst() }
            if problems.first?.rowIndex != firstIndex + row { classLabels[row] = ClassLabels.ignored }
        }
    }

    /// Converts stored labels to class indices and numbers, as the scorer reads them.
    private func convertLabels(
        _ stored: UnsafeRawPointer?, _ rowCount: Int
    ) -> (classIndices: LabelledRows.ClassIndices, numbers: UnsafePointer<Double>) {
        let targets = UnsafePointer(targets)
        guard let stored, let column = labels else { return (.words(classLabels), targets) }
        var classIndices = LabelledRows.ClassIndices.words(classLabels)
        if mayReadByteLabels, let bytes = ClassLabels.bits(stored, rowCount: rowCount) {
            classIndices = .bytes(bytes)
        } else if scorer.readsClassLabels {
            ClassLabels.convert(
                stored, elementType: column.elementType, rowCount: rowCount,
                ignoreIndex: settings.specification.modifiers.ignoreIndex, into: classLabels)
            if let classOfNumber = settings.classOfNumber {
                for row in 0..<rowCount where classLabels[row] != ClassLabels.ignored {
                    classLabels[row] = classOfNumber[classLabels[row]] ?? ClassLabels.unrepresentable
                }
            }
        }
        guard scorer.readsTargets else { return (classIndices, targets) }
        if let numbers = Self.numbers(stored, column.elementType) { return (classIndices, numbers) }
        Float64Values.convert(stored, elementType: column.elementType, count: rowCount * column.valuesPerRow, into: self.targets)
        return (classIndices, targets)
    }

    /// Converts stored weights to numbers, if they are not stored so.
    private func convertWeights(_ stored: UnsafeRawPointer, _ column: StoredColumn, _ rowCount: Int) -> UnsafePointer<Double> {
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
        guard let stored, let column = labels else { return "" }
        return ClassLabels.text(stored, elementType: column.elementType, at: index * column.valuesPerRow)
    }

    private func message(_ problem: RowProblem, labelText: String) -> String {
        guard case .label = problem, let classOfNumber = settings.classOfNumber else { return problem.message(labelText: labelText) }
        let names = classOfNumber.sorted { $0.value < $1.value }.map { String($0.key) }
        return "label \(labelText) is none of the classes' names, \(ColumnName.list(names, limit: 8))"
    }

    /// Finds the place of what is wrong with a row, if it lies in rows of its own: a label, or a weight. The line is looked for only if the
    /// row ends the run.
    private func place(of problem: RowProblem, row: Int) -> RowPlace? {
        let column: StoredColumn? =
            switch problem {
            case .label, .target: labels
            case .weight: weights
            case .notANumber, .outOfRange, .undefined, .allZero: nil
            }
        guard let rows = column.flatMap({ settings.companions[$0.index].rows }) else { return nil }
        return settings.invalidRowPolicy == .fail ? rows.findPlace(ofRow: row) : rows.knownPlace(ofRow: row)
    }

    /// Finds the remedy for an invalid label. If the label is the number of classes, all labels are read again, to see whether they count
    /// from 1.
    ///
    /// - Throws: `.cancelled` if the run is cancelled meanwhile.
    private func remedy(_ problem: RowProblem, label: Int32, _ labelText: String) throws(EngineError) -> Message {
        // A label below 0 mostly stands for none.
        if case .label(_, isBinary: false) = problem, let index = Double(labelText).flatMap({ Int64(exactly: $0) }), index < 0 {
            return "\(setting: .ignoreIndex, .text("\(index)")) leaves such rows out, \(setting: .invalidRows, .skip) all that are invalid"
        }
        // Any other invalid label shows that the labels do not run from 1 to C.
        guard case .label(let classCount, isBinary: false) = problem, label == classCount, let rows = settings.labelRows
        else { return problem.remedy }
        do throws(EngineError) {
            let census = try LabelCensus(
                try rows.makeCursor(settings.control.withoutProgress), elementType: rows.layout.elementType, classCount: classCount,
                ignoreIndex: settings.specification.modifiers.ignoreIndex)
            guard census.countsFromOne else { return problem.remedy }
        } catch {
            // Labels that cannot be read again have no part in this error.
            if error.category == .cancelled { throw error }
            return problem.remedy
        }
        return "the labels run from 1 to \(classCount), so they seem to count from 1: subtract 1, they must count from 0"
    }
}
