public import Scoring

/// Which losses to measure, and how.
public struct LossBenchOptions: Sendable {
    /// Of tasks that have many.
    public var classCount = 100
    /// How values are stored.
    public var element = PredictionElement.float32
    /// One task, one input, or all.
    public var task: LossTask?
    public var input: PredictionInput?
    /// The kernels, of those that this machine has.
    public var instructionSets = InstructionSet.available
    /// How often each is measured, after one time that is not counted, and for how long.
    public var repeatCount = 5
    public var kernelSeconds = 0.05
    /// Of the values.
    public var seed: UInt64 = 1

    /// All losses, 100 classes of Float32, all kernels, five repeats.
    public init() {}
}
