import Scoring
import SeededRandom
import Testing

@testable import Engine

/// What must be the same whatever the threads, kernels, frames.
struct Outcome: Equatable {
    let meanHex: String
    let sumHex: String
    let partial: [UInt8]
    let perRow: [UInt8]?

    init(_ evaluation: Evaluation, perRow: [UInt8]? = nil) {
        meanHex = evaluation.report.loss.meanHex
        sumHex = evaluation.report.loss.sumHex
        partial = evaluation.partial.encoded()
        self.perRow = perRow
    }
}

/// Runs an evaluation; all but the files has a usual value.
@discardableResult
func evaluate(
    _ predictions: [String], _ labels: [String], _ specification: LossSpecification = LossSpecification(task: .multiclass, input: .logits),
    weights: [String] = [], threads: Int = 1, kernel: InstructionSet = .best, onInvalid: EvaluationOptions.InvalidRowPolicy = .fail,
    perRow: String? = nil
) throws(EngineError) -> Evaluation {
    var options = EvaluationOptions(predictionPaths: predictions, labelPaths: labels, specification: specification)
    options.weightPaths = weights
    options.threadCount = threads
    options.instructionSet = kernel
    options.invalidRows = onInvalid
    options.perRowPath = perRow
    let evaluation = try Evaluation(options)
    try evaluation.perRow?.commit()
    return evaluation
}

/// Writes a dump, its files framed alike, and evaluates it.
@discardableResult
func evaluate(
    _ dump: Dump, _ folder: TemporaryFolder, framing: Framing, threads: Int = 1, onInvalid: EvaluationOptions.InvalidRowPolicy = .fail,
    perRow: String? = nil
) throws(EngineError) -> Evaluation {
    try evaluate(
        [folder.write(framing.store(dump.predictionBytes), "p.npy")],
        dump.specification.task.hasLabels ? [folder.write(framing.store(dump.labelBytes), "l.npy")] : [], dump.specification,
        weights: dump.weights == nil ? [] : [folder.write(framing.store(dump.weightBytes), "w.npy")], threads: threads,
        onInvalid: onInvalid, perRow: perRow)
}

/// Merges one partial a shard three times, each in another order: all shards are there, and the merged bytes are the same.
func mergeInAnyOrder(
    _ partials: [String], using random: inout SplitMix64, _ what: String, check: (Report) throws -> Void
) throws {
    var partials = partials
    var mergedBytes: [UInt8]?
    for _ in 0..<3 {
        partials.shuffle(using: &random)
        let merged = try PartialFile.merge(partials)
        #expect(merged.partial.parts.count == partials.count, "\(what)")
        try check(merged.report)
        let bytes = merged.partial.encoded()
        // Not within the expectation, which would print them.
        let isSame = bytes == mergedBytes ?? bytes
        #expect(isSame, "\(what), merged in another order")
        mergedBytes = bytes
    }
}

/// The way in which the engine shares out files.
struct Schedule {
    /// "stealing", "in order", "stream" or "records".
    let name: String
    /// The units of arrays that can be cut.
    let units: [ArrayUnit]
}

/// The schedule that the engine chooses for files.
func schedule(_ predictions: [String], _ labels: [String]) throws -> Schedule {
    let plan = try EvaluationPlan(
        EvaluationOptions(
            predictionPaths: predictions, labelPaths: labels, specification: LossSpecification(task: .multiclass, input: .logits)))
    switch plan.source {
    case let arrays as ArrayRowSource:
        return Schedule(name: plan.companions.contains(where: \.isInOrder) ? "in order" : "stealing", units: arrays.units)
    case is ArrayStreamSource: return Schedule(name: "stream", units: [])
    default: return Schedule(name: "records", units: [])
    }
}

/// Optimised builds try more.
let isOptimised = !_isDebugAssertConfiguration()
