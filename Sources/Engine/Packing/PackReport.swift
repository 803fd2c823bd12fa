public import Messages

/// The report of a packing: the array, the input, the output, and the gain for an evaluation. The encoded report is the JSON that
/// `xent pack` writes, if the encoder has the names of options (`CodingUserInfoKey.settingNames`).
public struct PackReport: Sendable, Encodable {
    /// The array, which is the same in the input and the output.
    public struct Array: Sendable, Encodable {
        /// The format of the array, "npy".
        public let format: String
        /// The type of the values as NumPy names it, such as "f4".
        public let elementType: String
        /// The dimensions, outermost first.
        public let shape: [Int]
        /// The number of rows: the product of all dimensions but the last, or the one dimension.
        public let rows: Int
        /// The size of the plain file in bytes, header included.
        public let bytes: Int

        enum CodingKeys: String, CodingKey {
            case format, shape, rows, bytes
            case elementType = "element_type"
        }
    }

    /// The input or the output file.
    public struct File: Sendable, Encodable {
        /// The path as it was named.
        public let path: String
        /// The stored size in bytes.
        public let bytes: Int
        /// The name of the compression; absent for a file that is not compressed.
        public let compression: String?
        /// The number of compressed frames; absent for a file that is not compressed.
        public let frames: Int?
        /// The number of units into which an evaluation cuts this file as predictions, which is the largest number of threads that can
        /// decompress it at once. It is absent for text, and for an output that is a pipe or a device and could not be read back.
        public let units: Int?
    }

    /// The frames of the output.
    public struct Frames: Sendable, Encodable {
        /// The number of rows in every frame but the first, which holds the header, and the last, which may hold fewer.
        public let rows: Int
        /// zstd's compression level.
        public let level: Int

        enum CodingKeys: String, CodingKey {
            case level
            case rows = "rows_per_frame"
        }
    }

    /// The run that packed.
    public struct Run: Sendable, Encodable {
        /// The number of threads that was asked for.
        public let threads: Int
        /// The time in seconds from opening the input to writing the last byte.
        public let seconds: Double
        /// The number of bytes of the plain file a second.
        public let decodedBytesPerSecond: Double

        enum CodingKeys: String, CodingKey {
            case threads, seconds
            case decodedBytesPerSecond = "decoded_bytes_per_second"
        }
    }

    /// The version of xent.
    public let xent: String
    /// The array that was packed.
    public let array: Array
    /// The names of the input's columns that the array was made of, in their order; empty for an array without a name.
    public let columns: [String]
    /// The names of the classes in the order of the array's values, or of the numbers that labels became; absent where no names were read.
    public let classes: [String]?
    /// The file that was read.
    public let input: File
    /// The file that was written.
    public let output: File
    /// The frames of the output.
    public let packing: Frames
    /// The ratio of the plain file's size to the output's size.
    public let ratio: Double
    /// The differences for an evaluation that reads the output in place of the input, in sentences about these two files.
    public let changes: [String]
    /// The faults of the input that did not end the packing, such as a seek table that was set aside.
    public let warnings: [Message]
    /// The run that packed.
    public let run: Run
    /// The reports of labels that were packed as well: one or none.
    public var labels: [PackReport] = []
}
