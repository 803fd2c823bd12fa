internal import Engine
public import Scoring
internal import WorkStealing

/// The settings of a measurement: the dump, the loss, and how long and how often to measure.
public struct BenchOptions: Sendable {
    /// The origin of the dump.
    public enum Source: Sendable {
        /// A dump that is made in memory.
        case synthetic(SyntheticShape)
        /// Files, as for an evaluation. Labels are made at random, one a row, if the task needs labels and none are named.
        case files(predictions: [String], labels: [String])
    }

    /// The dump.
    public var source: Source
    /// The loss that is computed. Row weights are not measured.
    public var specification: LossSpecification
    /// The numbers of workers, each of which is measured in turn.
    public var threadCounts: [Int]
    /// The number of counted rounds. One round before them is not counted.
    public var repeatCount = 5
    /// The time in seconds for which the kernels alone run in one measurement.
    public var kernelSeconds = 0.05
    /// The instruction set of the evaluations. The kernels alone are measured with each one that is available.
    public var instructionSet = InstructionSet.best
    /// The largest window in bytes that a zstd frame may ask a decoder to keep.
    public var maximumWindowByteCount = 128 << 20
    /// The seed of the values and labels that are made.
    public var seed: UInt64 = 1

    /// Makes options with five counted rounds, and with one worker, two, four and so on, up to the number of cores that this process may
    /// use.
    public init(source: Source, specification: LossSpecification) {
        self.source = source
        self.specification = specification
        let available = ProcessorCount.available
        let powers = (0..<62).map { 1 << $0 }.prefix { $0 < available }
        threadCounts = powers + [available]
    }

    /// Throws an `EngineError` of category `.usage` if a setting is out of range.
    func check() throws(EngineError) {
        guard !threadCounts.isEmpty else { throw EngineError(usage: "no number of threads is named", remedy: "name at least one") }
        for count in threadCounts where !(1...WorkStealingPool.maximumWorkerCount).contains(count) {
            throw EngineError(
                usage: "\(count) threads cannot be measured", remedy: "give 1 to \(WorkStealingPool.maximumWorkerCount)")
        }
        try Self.check(repeatCount: repeatCount, kernelSeconds: kernelSeconds)
        if case .synthetic(let shape) = source { try shape.check(specification.task) }
    }

    /// Throws an `EngineError` of category `.usage` if the number of rounds or the time of a measurement is out of range.
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
