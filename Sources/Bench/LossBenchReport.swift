public import Messages

/// The elements a second by loss and kernel. The encoded report is the JSON that `xent bench` writes of losses, if the encoder has the
/// names of options (`CodingUserInfoKey.settingNames`).
public struct LossBenchReport: Sendable, Encodable {
    /// The rate of one kernel.
    public struct Rate: Sendable, Encodable {
        /// The kernel's own name.
        public let kernel: String
        /// The number of values a second.
        public let elementsPerSecond: Spread

        enum CodingKeys: String, CodingKey {
            case kernel
            case elementsPerSecond = "elements_per_second"
        }
    }

    /// The rates for one loss.
    public struct Loss: Sendable, Encodable {
        /// The name of the task.
        public let task: String
        /// The name of the input.
        public let input: String
        /// The name of the divergence: "ce", or also "kl" for soft labels.
        public let divergence: String
        /// The modifier or the kind of label that is asked for besides; empty for none.
        public let modifier: Message
        /// The number of values a row.
        public let columns: Int
        /// The number of rows in the cached block that is scored.
        public let blockRows: Int
        /// The number of bytes that the values of the block take.
        public let blockBytes: Int
        /// The rate of each kernel.
        public let kernels: [Rate]

        enum CodingKeys: String, CodingKey {
            case task, input, divergence, modifier, columns, kernels
            case blockRows = "block_rows"
            case blockBytes = "block_bytes"
        }
    }

    /// The version of xent.
    public let xent: String
    /// The machine that the benchmark ran on.
    public let machine: BenchReport.Machine
    /// The type of the values as NumPy names it, such as "f4".
    public let elementType: String
    /// The number of values a row, for tasks with several.
    public let classes: Int
    /// The number of counted rounds.
    public let repeats: Int
    /// The number of rounds before the counted ones.
    public let warmups: Int
    /// The time in seconds for which a kernel ran in one measurement.
    public let kernelSeconds: Double
    /// The seed of the values.
    public let seed: UInt64
    /// The rates for each loss.
    public let losses: [Loss]
    /// The share of processor time that the kernels got while they ran, as in `BenchReport`.
    public let processorShare: Spread
    /// The doubts about the figures, in sentences.
    public let warnings: [Message]

    enum CodingKeys: String, CodingKey {
        case xent, machine, classes, repeats, warmups, seed, losses, warnings
        case elementType = "element_type"
        case kernelSeconds = "kernel_seconds"
        case processorShare = "processor_share"
    }
}
