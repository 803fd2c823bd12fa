/// Elements a second by loss and kernel. Encoding it gives the JSON of `xent bench --losses --json`.
public struct LossBenchReport: Sendable, Encodable {
    /// One kernel's rate.
    public struct Rate: Sendable, Encodable {
        /// As it said itself.
        public let kernel: String
        public let elementsPerSecond: Spread

        enum CodingKeys: String, CodingKey {
            case kernel
            case elementsPerSecond = "elements_per_second"
        }
    }

    /// One loss.
    public struct Loss: Sendable, Encodable {
        public let task: String
        public let input: String
        /// "ce", or for soft labels "kl" as well.
        public let divergence: String
        /// What is asked for besides, as the command line has it; "" for nothing.
        public let modifier: String
        /// Values a row.
        public let columns: Int
        /// The block in cache that is scored.
        public let blockRows: Int
        public let blockBytes: Int
        public let kernels: [Rate]

        enum CodingKeys: String, CodingKey {
            case task, input, divergence, modifier, columns, kernels
            case blockRows = "block_rows"
            case blockBytes = "block_bytes"
        }
    }

    /// The version of xent.
    public let xent: String
    public let machine: BenchReport.Machine
    /// As NumPy names it: "f4".
    public let elementType: String
    /// Values a row of the tasks that have many.
    public let classes: Int
    public let repeats: Int
    public let warmups: Int
    public let kernelSeconds: Double
    public let seed: UInt64
    public let losses: [Loss]
    /// As in `BenchReport`.
    public let processorShare: Spread
    /// What makes the figures say less than they seem to.
    public let warnings: [String]

    enum CodingKeys: String, CodingKey {
        case xent, machine, classes, repeats, warmups, seed, losses, warnings
        case elementType = "element_type"
        case kernelSeconds = "kernel_seconds"
        case processorShare = "processor_share"
    }
}
