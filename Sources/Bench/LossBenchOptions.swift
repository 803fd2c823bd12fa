public import Elements
public import Scoring

/// The losses to measure, and the settings of the measurement.
public struct LossBenchOptions: Sendable {
    /// The number of classes, for tasks with several values a row.
    public var classCount = 100
    /// The stored type of the values, which is a floating-point type.
    public var element = ElementType.float32
    /// The only task to measure; nil for all.
    public var task: LossTask?
    /// The only input to measure; nil for all.
    public var input: PredictionInput?
    /// The kernels to measure, out of those that this machine can run.
    public var instructionSets = InstructionSet.available
    /// The number of counted rounds. One round before them is not counted.
    public var repeatCount = 5
    /// The time in seconds for which a kernel runs in one measurement.
    public var kernelSeconds = 0.05
    /// The seed of the values.
    public var seed: UInt64 = 1

    /// Makes options for all losses, 100 classes of Float32, all kernels and five counted rounds.
    public init() {}
}
