package import Container
public import Formats
internal import Messages
internal import WorkStealing

/// The dump to pack, its columns, and the settings of the output.
public struct PackingOptions: Sendable {
    /// The part of a dump that becomes an array.
    public enum Part: Sendable {
        /// The predictions. Those of text become numbers of `Float64`, one for each prediction column.
        case predictions
        /// The labels. Those of text become class indices of `Int64`, or numbers of `Float64` if `columns.labels` names them.
        case labels
    }

    /// The layout of the packed file.
    public enum Layout: Sendable {
        /// A `.npy` in seekable zstd: frames of whole rows.
        case frames
        /// A Parquet file, in which the bytes of values lie in planes.
        case parquet
    }

    /// The path of the dump, which may have any format.
    public var inputPath: String
    /// The path of the packed file.
    public var outputPath: String
    /// The layout of the packed file.
    public var layout = Layout.frames
    /// The path of a file of labels that a Parquet file gets beside the predictions; nil for those of the dump itself, if it has any.
    public var labelPath: String?
    /// The path of a file of row weights that a Parquet file gets beside the predictions; nil for none.
    public var weightPath: String?
    /// The columns of the dump, by their roles.
    public var columns = DumpColumns()
    /// The part that is packed.
    public var part = Part.predictions
    /// The compression level of zstd, one of `levels`; 0 stands for libzstd's default. Nil stands for 3, and in a Parquet file for literals
    /// alone, or level 1 for columns whose first page is smaller then by more than 2 %.
    public var level: Int?
    /// The largest number of bytes of rows in a frame, or of predictions in a page. A larger row has one of its own. Nil stands for 1 MiB,
    /// and in a Parquet file for 128 Ki values.
    public var frameByteCount: Int?
    /// The number of workers that compress. Only the time depends on it.
    public var threadCount = ProcessorCount.available
    /// The largest window in bytes that a zstd frame of the input may ask a decoder to keep.
    public var maximumWindowByteCount = 128 << 20
    /// The most bytes that a record of text, or a table's line of names, may have: each is kept in memory whole.
    public var maximumRecordByteCount = 256 << 20

    /// The bytes of inputs that do not lie in files, by names that are used as paths.
    package var byteSources: [String: any ByteSource] = [:]

    /// Makes options with the usual level and frames, and as many workers as there are cores to use.
    public init(inputPath: String, outputPath: String) {
        self.inputPath = inputPath
        self.outputPath = outputPath
    }

    /// The compression levels of this machine's libzstd.
    public static var levels: ClosedRange<Int> { FrameCompressor.levels }
    /// The sizes of a frame's content in bytes that the seekable format allows.
    public static var frameByteCounts: ClosedRange<Int> { 1...FrameCompressor.largestContentByteCount }

    /// Throws an `EngineError` of category `.usage` if the level or the frame size is out of range.
    func check() throws(EngineError) {
        if let level, !Self.levels.contains(level) {
            throw EngineError(
                usage: "libzstd has no compression level \(level)",
                remedy: "levels go from \(Self.levels.lowerBound) (fastest) to \(Self.levels.upperBound) (smallest); 3 is usual")
        }
        if let frameByteCount, !Self.frameByteCounts.contains(frameByteCount) {
            throw EngineError(
                usage: "a frame cannot have \(frameByteCount) bytes",
                remedy: "the seekable format allows 1 to \(Self.frameByteCounts.upperBound); 1 MiB is usual")
        }
        guard layout == .parquet || (labelPath == nil && weightPath == nil) else {
            let given: Setting = labelPath == nil ? .weights : .labels
            throw EngineError(
                .usage, "\(setting: given) goes beside the predictions of a Parquet file alone", remedy: "pack it by itself, or write .parquet")
        }
    }

    /// The level of frames.
    var frameLevel: Int { level ?? 3 }
    /// The largest number of bytes of rows in a frame of zstd.
    var bytesPerFrame: Int { frameByteCount ?? 1 << 20 }
}
