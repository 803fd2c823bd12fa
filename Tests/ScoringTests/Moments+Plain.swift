@testable import Scoring

// What the tests of a task with one class index a row in dialect exact ask of moments.
extension Moments {
    var mean: Double { mean(.multiclass, .exact) }
    var standardError: Double { standardError(.multiclass, .exact) }
    var roundedTotal: Double { roundedSum(.multiclass, .exact, columnCount: 1) }
    var accuracy: Double { accuracy(decisionsPerRow: 1) }
    var perplexity: Double { Moments.perplexity(mean: mean) }
}

extension Partial {
    init(specification: LossSpecification, classCount: Int, moments: Moments) {
        self.init(specification: specification, classCount: classCount, moments: [moments])
    }
}

/// The tasks whose labels are indices.
let plainTasks: [LossTask] = [.binary, .multiclass]

extension BlockScorer {
    convenience init(
        specification: LossSpecification, classCount: Int, ignoredLabel: Int32, instructionSet: InstructionSet = .best
    ) {
        self.init(
            specification: specification, classCount: classCount, ignoredLabel: ignoredLabel, hasIndices: true,
            instructionSet: instructionSet)
    }

    func score<Failure: Error>(
        values: UnsafeRawPointer, element: PredictionElement, labels: UnsafePointer<Int32>, rowCount: Int, firstRow: UInt64,
        onInvalid: (_ row: Int, _ problem: RowProblem) throws(Failure) -> Void
    ) throws(Failure) -> UnsafeBufferPointer<Double> {
        try score(
            LabelledRows(
                values: values, element: element, classLabels: labels, targets: nil, weights: nil, rowCount: rowCount, firstRow: firstRow),
            onInvalid: onInvalid)
    }
}
