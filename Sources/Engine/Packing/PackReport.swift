public import Messages

/// The report of a packing: the array, the input, the output, and the gain for an evaluation. The encoded report is the JSON that
/// `xent pack` writes, if the encoder has the names of options (`CodingUserInfoKey.settingNames`).
public struct PackReport: Sendable, Encodable {
    /// The array, which is the same in the input and the output.
    public struct Array: Sendable, Encodable {
        /// The format of the output, "npy" or "parquet".
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

    /// The pages of a Parquet file.
    public struct Pages: Sendable, Encodable {
        /// A column of the file.
        public struct Column: Sendable, Encodable {
            /// The part of a column in the dump.
            public enum Role: String, Sendable, Encodable {
                /// The column holds the predictions.
                case predictions
                /// The column holds the labels.
                case labels
                /// The column is carried along.
                case other
            }

            /// The name.
            public let name: String
            /// The part in the dump.
            public let role: Role
            /// The type of the values as NumPy names it, "text" or "bytes". Values of f2 and bf16 are stored as f4, and are f2 and bf16 again
            /// where Xent reads them.
            public let elementType: String
            /// The number of values in the list of each row; absent for a column without lists.
            public let valuesPerRow: Int?
            /// The way in which values are stored. Planes of bytes: "literals", or "level 1" where the first page took over 2 % less so, or the
            /// level that was asked for. Whole numbers below 256: their bits, such as "7 bits". Absent for texts and truth values.
            public let coding: String?
            /// The number of bytes of the first page with literals alone; absent if that was not tried.
            public let literalsByteCount: Int?
            /// The number of bytes of the first page with zstd's level 1; absent if that was not tried.
            public let levelByteCount: Int?

            enum CodingKeys: String, CodingKey {
                case name, role, coding
                case elementType = "element_type"
                case valuesPerRow = "values_per_row"
                case literalsByteCount = "first_page_literals_bytes"
                case levelByteCount = "first_page_level_1_bytes"
            }
        }

        /// The number of rows in every page of the predictions but the last ones of row groups, which may hold fewer.
        public let rows: Int
        /// The number of pages of all columns.
        public let count: Int
        /// The number of row groups.
        public let rowGroups: Int
        /// The number of rows in every row group but the last, which may hold fewer.
        public let rowsPerGroup: Int
        /// The columns in the order of the file.
        public let columns: [Column]
        /// The columns of the input that are not carried along, each with its type in words.
        public let leftOut: [String]

        enum CodingKeys: String, CodingKey {
            case count, columns
            case rows = "rows_per_page"
            case rowGroups = "row_groups"
            case rowsPerGroup = "rows_per_group"
            case leftOut = "left_out"
        }
    }

    /// The sizes and speeds of both layouts, as they were measured on the first rows.
    public struct Layouts: Sendable, Encodable {
        /// The figures of a layout.
        public struct Figures: Sendable, Encodable {
            /// The ratio of the rows' size to the stored size.
            public let ratio: Double
            /// The number of bytes of rows that one thread decompresses in a second, on this machine and at this moment.
            public let decodedBytesPerSecond: Double

            enum CodingKeys: String, CodingKey {
                case ratio
                case decodedBytesPerSecond = "decoded_bytes_per_second"
            }
        }

        /// The planes of a Parquet file.
        public let parquet: Figures
        /// The frames of a `.npy` in seekable zstd.
        public let frames: Figures
    }

    /// The run that packed.
    public struct Run: Sendable, Encodable {
        /// The number of threads that was asked for.
        public let threads: Int
        /// The time in seconds from opening the input to writing the last byte.
        public let seconds: Double
        /// The number of bytes of the plain file a second.
        public let decodedBytesPerSecond: Double
        /// The sizes and speeds of both layouts on the first rows; absent without rows of floating-point numbers.
        public let layouts: Layouts?

        enum CodingKeys: String, CodingKey {
            case threads, seconds, layouts
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
    /// The frames of the output; absent for a Parquet file.
    public let packing: Frames?
    /// The pages of the output; absent for a file that is no Parquet file.
    public let pages: Pages?
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

    init(
        array: Array, columns: [String], classes: [String]?, input: File, output: File, packing: Frames?, pages: Pages?,
        ratio: Double, changes: [String], warnings: [Message], run: Run
    ) {
        xent = Version.current
        self.array = array
        self.columns = columns
        self.classes = classes
        self.input = input
        self.output = output
        self.packing = packing
        self.pages = pages
        self.ratio = ratio
        self.changes = changes
        self.warnings = warnings
        self.run = run
    }
}
