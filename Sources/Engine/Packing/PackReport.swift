/// What was packed, into what, and what an evaluation of it gains. Encoding it gives the JSON of `xent pack --json`.
public struct PackReport: Sendable, Encodable {
    /// The array, which is the same before and after.
    public struct Array: Sendable, Encodable {
        /// "npy".
        public let format: String
        /// As NumPy names it: "f4".
        public let elementType: String
        /// Its dimensions, outermost first.
        public let shape: [Int]
        /// What shares the first index.
        public let rows: Int
        /// The size of the plain file, header included.
        public let bytes: Int

        enum CodingKeys: String, CodingKey {
            case format, shape, rows, bytes
            case elementType = "element_type"
        }
    }

    /// The input or the output.
    public struct File: Sendable, Encodable {
        /// As it was named.
        public let path: String
        /// Its size.
        public let bytes: Int
        /// Absent for a file that is not compressed.
        public let compression: String?
        /// Compressed frames; absent for a file that is not compressed.
        public let frames: Int?
        /// Into how many units an evaluation shares out the reading and decompressing of this file as predictions: the most threads
        /// that can be busy with it. Absent where the output was a pipe or a device and could not be looked at again.
        public let units: Int?
    }

    /// How the output's frames were made.
    public struct Frames: Sendable, Encodable {
        /// Rows of every frame but the first, which holds the header, and the last, which may have fewer.
        public let rows: Int
        /// zstd's compression level.
        public let level: Int

        enum CodingKeys: String, CodingKey {
            case level
            case rows = "rows_per_frame"
        }
    }

    /// How long it took.
    public struct Run: Sendable, Encodable {
        /// As asked for.
        public let threads: Int
        /// From opening the input to the last byte written.
        public let seconds: Double
        /// `array.bytes` over `seconds`.
        public let decodedBytesPerSecond: Double

        enum CodingKeys: String, CodingKey {
            case threads, seconds
            case decodedBytesPerSecond = "decoded_bytes_per_second"
        }
    }

    /// The version of xent.
    public let xent: String
    /// What was packed.
    public let array: Array
    /// The names of the input's columns that it was made of, in their order; empty for an array that has no name.
    public let columns: [String]
    /// Where it came from.
    public let input: File
    /// Where it is now.
    public let output: File
    /// How it was cut and compressed.
    public let packing: Frames
    /// The plain file's size over the output's.
    public let ratio: Double
    /// What changes for an evaluation that reads the output in place of the input, in sentences that hold for these two files.
    public let changes: [String]
    /// What was put up with in the input, such as a seek table set aside.
    public let warnings: [String]
    /// The time.
    public let run: Run
    /// The same of the labels, where they were packed as well: one or none.
    public var labels: [PackReport] = []
}
