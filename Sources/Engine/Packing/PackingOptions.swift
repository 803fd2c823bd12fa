package import Container

/// What to pack, and how.
public struct PackingOptions: Sendable {
    /// The part of a dump that is made an array.
    public enum Part: Sendable {
        /// The predictions: of text, numbers of `Float64`, one a prediction column.
        case predictions
        /// The labels: of text, class indices of `Int64`, or numbers of `Float64` where `columns.labels` names them.
        case labels
    }

    /// The dump, of any format.
    public var inputPath: String
    /// Where the packed file goes.
    public var outputPath: String
    /// Which of its columns are what, and which are packed.
    public var columns = DumpColumns()
    public var part = Part.predictions
    /// zstd's compression level, one of `levels`; 0 is its default.
    public var level = 3
    /// How many bytes of rows a frame holds at most. A larger row has a frame of its own.
    public var frameByteCount = 1 << 20
    /// How many workers compress; nothing but the time depends on it.
    public var threadCount = ProcessorCount.available
    /// The largest window that a zstd frame of the input may ask a decoder to keep.
    public var maximumWindowByteCount = 128 << 20

    /// The bytes of inputs that do not lie in files, by the names that stand for paths.
    package var byteSources: [String: any ByteSource] = [:]

    /// Level 3, frames of 1 MiB, as many workers as there are cores to use.
    public init(inputPath: String, outputPath: String) {
        self.inputPath = inputPath
        self.outputPath = outputPath
    }

    /// The levels that this machine's libzstd has.
    public static var levels: ClosedRange<Int> { FrameCompressor.levels }
    /// The sizes of a frame that the seekable format allows.
    public static var frameByteCounts: ClosedRange<Int> { 1...FrameCompressor.largestContentByteCount }

    /// Throws where level or frame size cannot be.
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
