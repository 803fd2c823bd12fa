internal import Engine
public import Scoring
internal import WorkStealing

/// What to measure, and how.
public struct BenchOptions: Sendable {
    /// Where the dump comes from.
    public enum Source: Sendable {
        /// Made in memory.
        case synthetic(SyntheticShape)
        /// Files, as for an evaluation. Where labels are wanted and none are named, labels are made: one a row, at random.
        case files(predictions: [String], labels: [String])
    }

    /// The dump.
    public var source: Source
    /// The loss. Row weights are not measured.
    public var specification: LossSpecification
    /// How many workers, each in turn.
    public var threadCounts: [Int]
    /// How often everything is measured, after one time that is not counted.
    public var repeatCount = 5
    /// How long the kernels alone run for one measurement.
    public var kernelSeconds = 0.05
    /// Of the evaluation. The kernels alone are measured for all.
    public var instructionSet = InstructionSet.best
    /// The largest window that a zstd frame may ask a decoder to keep.
    public var maximumWindowByteCount = 128 << 20
    /// Of the values that are made.
    public var seed: UInt64 = 1

    /// One worker, two, four, and so on, up to the cores that this process may use; five repeats.
    public init(source: Source, specification: LossSpecification) {
        self.source = source
        self.specification = specification
        let available = ProcessorCount.available
        let powers = (0..<62).map { 1 << $0 }.prefix { $0 < available }
        threadCounts = powers + [available]
    }

    /// Throws where a figure cannot be.
    func check() throws(EngineError) {
        guard !threadCounts.isEmpty else { throw EngineError(usage: "no number of threads is named", remedy: "name at least one") }
        for count in threadCounts where !(1...WorkStealingPool.maximumWorkerCount).contains(count) {
            throw EngineError(
                usage: "\(count) threads cannot be measured", remedy: "give 1 to \(WorkStealingPool.maximumWorkerCount)")
        }
        try Self.check(repeatCount: repeatCount, kernelSeconds: kernelSeconds)
        if case .synthetic(let shape) = source { try shape.check(specification.task) }
    }

    static func check(repeatCount: Int, kernelSeconds: Double) throws(EngineError) {
        guard repeatCount >= 1 else {
            throw EngineError(usage: "\(repeatCount) repeats measure nothing", remedy: "give at least 1; 5 is usual")
        }
        guard kernelSeconds > 0, kernelSeconds <= 60 else {
            throw EngineError(
                usage: "\(kernelSeconds) s is no time for a measurement", remedy: "give more than 0, and up to 60; 0.05 is usual")
        }
    }
}
