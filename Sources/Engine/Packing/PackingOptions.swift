package import Container
public import Formats
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

    /// The path of the dump, which may have any format.
    public var inputPath: String
    /// The path of the packed file.
    public var outputPath: String
    /// The columns of the dump, by their roles.
    public var columns = DumpColumns()
    /// The part that is packed.
    public var part = Part.predictions
    /// The compression level of zstd, one of `levels`; 0 stands for libzstd's default.
    public var level = 3
    /// The largest number of bytes of rows in a frame. A larger row has a frame of its own.
    public var frameByteCount = 1 << 20
    /// The number of workers that compress. Only the time depends on it.
    public var threadCount = ProcessorCount.available
    /// The largest window in bytes that a zstd frame of the input may ask a decoder to keep.
    public var maximumWindowByteCount = 128 << 20
    /// The most bytes that a record of text, or a table's line of names, may have: each is kept in memory whole.
    public var maximumRecordByteCount = 256 << 20

    /// The bytes of inputs that do not lie in files, by names that are used as paths.
    package var byteSources: [String: any ByteSource] = [:]

    /// Makes options with level 3, frames of 1 MiB, and as many workers as there are cores to use.
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
        guard Self.levels.contains(level) else {
            throw EngineError(
                usage: "libzstd has no compression level \(level)",
                remedy: "levels go from \(Self.levels.lowerBound) (fastest) to \(Self.levels.upperBound) (smallest); 3 is usual")
        }
        guard Self.frameByteCounts.contains(frameByteCount) else {
            throw EngineError(
                usage: "a frame cannot have \(frameByteCount) bytes",
                remedy: "the seekable format allows 1 to \(Self.frameByteCounts.upperBound); 1 MiB is usual")
        }
    }
}
