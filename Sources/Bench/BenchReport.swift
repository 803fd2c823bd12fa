internal import Engine

/// The figures that were measured, and the machine. Encoding it gives the JSON of `xent bench --json`.
public struct BenchReport: Sendable, Encodable {
    /// Where it ran.
    public struct Machine: Sendable, Encodable {
        /// What the processor calls itself, where the system tells.
        public let processor: String?
        /// That this process may use.
        public let cores: Int
        /// The kernels that it can run, slowest first.
        public let kernels: [String]
        /// The version of the library that decompresses.
        public let libzstd: String

        static func current(libzstd: String, kernels: [String]) -> Self {
            Self(processor: ProcessorModel.name, cores: ProcessorCount.available, kernels: kernels, libzstd: libzstd)
        }
    }

    /// How it was measured.
    public struct Settings: Sendable, Encodable {
        /// The kernel of the whole, as it said itself.
        public let kernel: String
        /// How often each was measured.
        public let repeats: Int
        /// How often before that, without counting.
        public let warmups: Int
        /// How long the kernels alone ran each time.
        public let kernelSeconds: Double
        /// The block in cache that the kernels alone score.
        public let blockRows: Int
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
        /// "predictions" or "labels".
        public let role: String
        /// As it was named; absent for what was made in memory.
        public let path: String?
        /// Its size.
        public let bytes: Int
        /// As NumPy names it: "f4".
        public let elementType: String
        /// Absent for a file that is not compressed.
        public let compression: String?
        /// Compressed frames; absent for a file that is not compressed.
        public let frames: Int?

        enum CodingKeys: String, CodingKey {
            case role, path, bytes, compression, frames
            case elementType = "element_type"
        }
    }

    /// What was evaluated.
    public struct Dump: Sendable, Encodable {
        public let task: String
        public let input: String
        public let dialects: [String]
        public let rows: Int
        /// Values a row.
        public let columns: Int
        /// Whether predictions and labels were made, and how: then absent or present together are seed and level.
        public let isSynthetic: Bool
        /// Of what was made, labels alone included; absent where nothing was.
        public let seed: UInt64?
        /// zstd's level of the predictions that were made.
        public let level: Int?
        /// How the work is shared out, in words.
        public let schedule: String
        public let inputs: [Input]
        /// Bytes of all inputs.
        public let storedBytes: Int
        /// The same, decompressed: as many as decoding alone gave out.
        public let decodedBytes: Int
        /// `decodedBytes` over `storedBytes`.
        public let ratio: Double

        enum CodingKeys: String, CodingKey {
            case task, input, dialects, rows, columns, seed, level, schedule, inputs, ratio
            case isSynthetic = "synthetic"
            case storedBytes = "stored_bytes"
            case decodedBytes = "decoded_bytes"
        }
    }

    /// The time for the dump, and rates that follow from its median.
    public struct Figure: Sendable, Encodable {
        public let seconds: Spread
        /// Decoded bytes of all inputs.
        public let bytesPerSecond: Double
        /// Values of predictions.
        public let elementsPerSecond: Double
        public let rowsPerSecond: Double
        /// How many times faster than the first number of threads, each time compared with the same round.
        public let speedup: Spread

        enum CodingKeys: String, CodingKey {
            case seconds, speedup
            case bytesPerSecond = "bytes_per_second"
            case elementsPerSecond = "elements_per_second"
            case rowsPerSecond = "rows_per_second"
        }
    }

    /// What one number of threads takes.
    public struct Run: Sendable, Encodable {
        public let threads: Int
        /// Reading and decompressing alone.
        public let decode: Figure
        /// Scoring alone: how long the dump's rows would take if all were as those in the block in cache.
        public let kernels: Figure
        /// An evaluation.
        public let whole: Figure
        /// The whole's time over that of decoding alone, and of the kernels alone, of the same round.
        public let wholeToDecode: Spread
        public let wholeToKernels: Spread

        enum CodingKeys: String, CodingKey {
            case threads, decode, kernels, whole
            case wholeToDecode = "whole_to_decode"
            case wholeToKernels = "whole_to_kernels"
        }
    }

    /// One kernel alone, on one thread.
    public struct Kernel: Sendable, Encodable {
        /// As it said itself.
        public let kernel: String
        public let elementsPerSecond: Spread
        public let rowsPerSecond: Spread

        enum CodingKeys: String, CodingKey {
            case kernel
            case elementsPerSecond = "elements_per_second"
            case rowsPerSecond = "rows_per_second"
        }
    }

    /// The version of xent.
    public let xent: String
    public let machine: Machine
    public let settings: Settings
    public let dump: Dump
    /// By number of threads, fewest first.
    public let threads: [Run]
    public let kernels: [Kernel]
    /// The processors' time that the kernels alone got, of the time that they were at work: below 1 where other processes took it.
    public let processorShare: Spread
    /// What makes the figures say less than they seem to, and what the evaluation warned of.
    public let warnings: [String]

    enum CodingKeys: String, CodingKey {
        case xent, machine, settings, dump, threads, kernels, warnings
        case processorShare = "processor_share"
    }
}
