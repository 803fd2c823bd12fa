internal import Formats
internal import Scoring

/// Scores rows that lie in memory, a kernel's block at a time: one a worker, whatever the rows came from.
final class RowScorer {
    private let plan: Plan
    private let perRow: PerRowOutput?
    private let classLabels: UnsafeMutablePointer<Int32>
    private let targets: UnsafeMutablePointer<Double>
    private let weights: UnsafeMutablePointer<Double>
    private let scorer: BlockScorer
    private let blockRowLimit: Int
    private(set) var invalidRows = InvalidRows()

    var moments: [Moments] { scorer.moments }
    var observations: Observations { scorer.observations }
    var instructionSetThatRan: InstructionSet? { scorer.instructionSetThatRan }

    init(_ plan: Plan, perRow: PerRowOutput?) {
        self.plan = plan
        self.perRow = perRow
        let hasIndices = plan.labels.map { !$0.elementType.isFloatingPoint } ?? true
        scorer = BlockScorer(
            specification: plan.specification, classCount: plan.classCount, ignoredLabel: ClassLabels.ignored, hasIndices: hasIndices,
            instructionSet: plan.options.instructionSet)
        // Labels as numbers take eight bytes a value: at most 1 MiB of them at a time.
        blockRowLimit = scorer.readsTargets ? max(1, min(BlockScorer.rowLimit, (1 << 17) / plan.classCount)) : BlockScorer.rowLimit
        let labelCapacity = BlockScorer.rowLimit + BlockScorer.readableLabelCountAfterLast
        classLabels = .allocate(capacity: labelCapacity)
        // Task likelihood has no labels: what happened is label 1.
        classLabels.initialize(repeating: 1, count: labelCapacity)
        let targetCapacity = scorer.readsTargets ? blockRowLimit * plan.classCount + 8 : 8
        targets = .allocate(capacity: targetCapacity)
        targets.initialize(repeating: plan.labels == nil ? 1 : 0, count: targetCapacity)
        weights = .allocate(capacity: BlockScorer.rowLimit)
        weights.initialize(repeating: 1, count: BlockScorer.rowLimit)
    }

    deinit {
        classLabels.deallocate()
        targets.deallocate()
        weights.deallocate()
    }

    /// Labels and weights of rows, as stored, in the machine's byte order.
    struct Sides {
        var labels: UnsafeRawPointer?
        var weights: UnsafeRawPointer?

        /// Those of the rows from the one at `rowCount` on.
        func advanced(by rowCount: Int, in plan: Plan) -> Sides {
            Sides(
                labels: labels.map { $0 + rowCount * (plan.labels?.rowByteCount ?? 0) },
                weights: weights.map { $0 + rowCount * (plan.weights?.rowByteCount ?? 0) })
        }
    }

    /// Scores whole rows, which lie one after another from `values` on in the machine's byte order.
    ///
    /// - Parameters:
    ///   - firstRow: the number of the first one among all rows.
    ///   - onInvalid: is given an invalid row's number among these, what is wrong with it, its label as stored and as an index; throws to
    ///     end the evaluation.
    func score(
        _ values: UnsafeRawPointer, _ element: PredictionElement, rowCount: Int, firstRow: Int, sides all: Sides,
        onInvalid: (_ index: Int, _ problem: RowProblem, _ labelText: String, _ label: Int32) throws(EngineError) -> Void
    ) throws(EngineError) {
        let rowByteCount = element.byteCount * plan.classCount
        var done = 0
        while done < rowCount {
            let count = min(blockRowLimit, rowCount - done)
            let sides = all.advanced(by: done, in: plan)
            convert(sides, rowCount: count)
            let block = LabelledRows(
                values: values + done * rowByteCount, element: element, classLabels: classLabels, targets: targets,
                weights: sides.weights == nil ? nil : UnsafePointer(weights), rowCount: count, firstRow: UInt64(firstRow + done))
            let losses = try scorer.score(block) { index, problem throws(EngineError) in
                try onInvalid(done + index, problem, labelText(sides, at: index), classLabels[index])
            }
            try perRow?.write(losses, firstRow: firstRow + done)
            done += count
        }
    }

    /// Counts a row that is left out, and remembers the first of them.
    func add(_ row: InvalidRow) { invalidRows.add(row) }

    /// Labels and weights as the scorer wants them.
    private func convert(_ sides: Sides, rowCount: Int) {
        if let stored = sides.labels, let labels = plan.labels {
            if scorer.readsClassLabels {
                ClassLabels.convert(
                    stored, elementType: labels.elementType, rowCount: rowCount, ignoreIndex: plan.specification.modifiers.ignoreIndex,
                    into: classLabels)
            }
            if scorer.readsTargets {
                Float64Values.convert(stored, elementType: labels.elementType, count: rowCount * labels.valuesPerRow, into: targets)
            }
        }
        if let stored = sides.weights, let column = plan.weights {
            Float64Values.convert(stored, elementType: column.elementType, count: rowCount, into: weights)
        }
    }

    private func labelText(_ sides: Sides, at index: Int) -> String {
        guard let stored = sides.labels, let labels = plan.labels else { return "" }
        return ClassLabels.text(stored, elementType: labels.elementType, at: index * labels.valuesPerRow)
    }
}
