internal import Engine
public import Messages
internal import WorkStealing

/// The measured figures, with the machine and the settings. The encoded report is the JSON that `xent bench` writes, if
/// the encoder has the names of options (`CodingUserInfoKey.settingNames`).
public struct BenchReport: Sendable, Encodable {
    /// The machine that the benchmark ran on.
    public struct Machine: Sendable, Encodable {
        /// The processor's own name; nil if the system does not tell it.
        public let processor: String?
        /// The number of cores that this process may use.
        public let cores: Int
        /// The kernels that the machine can run, slowest first.
        public let kernels: [String]
        /// The version of libzstd, which decompresses.
        public let libzstd: String

        static func current(libzstd: String, kernels: [String]) -> Self {
            Self(processor: ProcessorModel.name, cores: ProcessorCount.available, kernels: kernels, libzstd: libzstd)
        }
    }

    /// The settings of the measurement.
    public struct Settings: Sendable, Encodable {
        /// The kernel that the whole evaluation reported.
        public let kernel: String
        /// The number of counted rounds.
        public let repeats: Int
        /// The number of rounds before the counted ones.
        public let warmups: Int
        /// The time in seconds for which the kernels alone ran in one measurement.
        public let kernelSeconds: Double
        /// The number of rows in the cached block that the kernels alone score.
        public let blockRows: Int
        /// The number of bytes that the values of the block take.
        public let blockBytes: Int

        enum CodingKeys: String, CodingKey {
            case kernel, repeats, warmups
            case kernelSeconds = "kernel_seconds"
            case blockRows = "block_rows"
            case blockBytes = "block_bytes"
        }
    }

    /// A file of the dump.
    public struct Input: Sendable, Encodable {
        /// The role of the file, "predictions" or "labels".
        public let role: String
        /// The path as it was named; nil for a file that was made in memory.
        public let path: String?
        /// The stored size in bytes.
        public let bytes: Int
        /// The type of the values as NumPy names it, such as "f4".
        public let elementType: String
        /// The name of the compression; nil for a file that is not compressed.
        public let compression: String?
        /// The number of compressed frames; nil for a file that is not compressed.
        public let frames: Int?

        enum CodingKeys: String, CodingKey {
            case role, path, bytes, compression, frames
            case elementType = "element_type"
        }
    }

    /// The dump that was evaluated.
    public struct Dump: Sendable, Encodable {
        /// The name of the task, such as "multiclass".
        public let task: String
        /// The name of the input, such as "logits".
        public let input: String
        /// The names of the dialects.
        public let dialects: [String]
        /// The number of rows.
        public let rows: Int
        /// The number of values a row.
        public let columns: Int
        /// True if the predictions were made in memory.
        public let isSynthetic: Bool
        /// The seed of the values or labels that were made; nil if none were.
        public let seed: UInt64?
        /// zstd's compression level of predictions that were made; nil if they were not.
        public let level: Int?
        /// The way in which the work is shared out, in words.
        public let schedule: String
        /// The files of the dump.
        public let inputs: [Input]
        /// The number of stored bytes of all inputs.
        public let storedBytes: Int
        /// The number of decoded bytes of all inputs, as counted by decoding alone.
        public let decodedBytes: Int
        /// The ratio of `decodedBytes` to `storedBytes`.
        public let ratio: Double

        enum CodingKeys: String, CodingKey {
            case task, input, dialects, rows, columns, seed, level, schedule, inputs, ratio
            case isSynthetic = "synthetic"
            case storedBytes = "stored_bytes"
            case decodedBytes = "decoded_bytes"
        }
    }

    /// The time for the whole dump, and the rates that follow from its median.
    public struct Figure: Sendable, Encodable {
        /// The time in seconds.
        public let seconds: Spread
        /// The number of decoded bytes of all inputs a second.
        public let bytesPerSecond: Double
        /// The number of predicted values a second.
        public let elementsPerSecond: Double
        /// The number of rows a second.
        public let rowsPerSecond: Double
        /// The speed-up over the first number of threads, from times of the same round.
        public let speedup: Spread

        enum CodingKeys: String, CodingKey {
            case seconds, speedup
            case bytesPerSecond = "bytes_per_second"
            case elementsPerSecond = "elements_per_second"
            case rowsPerSecond = "rows_per_second"
        }
    }

    /// The figures for one number of threads.
    public struct Run: Sendable, Encodable {
        /// The number of threads.
        public let threads: Int
        /// The time of reading and decompressing alone.
        public let decode: Figure
        /// The time that the kernels alone would take for the dump's rows, from their rate on the cached block.
        public let kernels: Figure
        /// The time of a whole evaluation.
        public let whole: Figure
        /// The time of the whole evaluation over the time of decoding alone, in the same round.
        public let wholeToDecode: Spread
        /// The time of the whole evaluation over the time of the kernels alone, in the same round.
        public let wholeToKernels: Spread

        enum CodingKeys: String, CodingKey {
            case threads, decode, kernels, whole
            case wholeToDecode = "whole_to_decode"
            case wholeToKernels = "whole_to_kernels"
        }
    }

    /// The rates of one kernel alone on one thread.
    public struct Kernel: Sendable, Encodable {
        /// The kernel's own name.
        public let kernel: String
        /// The number of predicted values a second.
        public let elementsPerSecond: Spread
        /// The number of rows a second.
        public let rowsPerSecond: Spread

        enum CodingKeys: String, CodingKey {
            case kernel
            case elementsPerSecond = "elements_per_second"
            case rowsPerSecond = "rows_per_second"
        }
    }

    /// The version of xent.
    public let xent: String
    /// The machine that the benchmark ran on.
    public let machine: Machine
    /// The settings of the measurement.
    public let settings: Settings
    /// The dump that was evaluated.
    public let dump: Dump
    /// The figures for each number of threads, fewest first.
    public let threads: [Run]
    /// The rates of each kernel alone on one thread.
    public let kernels: [Kernel]
    /// The share of processor time that the kernels alone got while they ran. It is below 1 if other processes took some.
    public let processorShare: Spread
    /// The doubts about the figures, in sentences: those of the evaluation, and those of the measurement.
    public let warnings: [Message]

    enum CodingKeys: String, CodingKey {
        case xent, machine, settings, dump, threads, kernels, warnings
        case processorShare = "processor_share"
    }
}
