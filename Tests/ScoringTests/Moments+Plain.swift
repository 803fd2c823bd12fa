@testable import Scoring

// What the tests of a task with one class index a row in dialect exact ask of moments.
extension Moments {
    var mean: Double { mean(.multiclass, .exact) }
    var standardError: Double { standardError(.multiclass, .exact) }
    var roundedTotal: Double { roundedSum(.multiclass, .exact, columnCount: 1) }
    var accuracy: Double { accuracy(decisionsPerRow: 1) }
    var perplexity: Double { Moments.perplexity(mean: mean) }
}

/// The tasks whose labels are indices.
let plainTasks: [LossTask] = [.binary, .multiclass]

extension LossTotals {
    /// The encoding of the moments of the first dialect.
    var firstEncoding: [UInt8] { encoding(moments[0]) }
}
