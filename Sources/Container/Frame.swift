/// The place of one frame in the file and in the decompressed bytes.
public struct Frame: Sendable, Equatable {
    /// The frame's number among the frames with data, from 0.
    public let index: Int
    /// The offset of the frame's first byte in the file.
    public let byteOffset: Int
    /// The frame's size in the file, in bytes.
    public let byteCount: Int
    /// The offset of the frame's first byte in the decompressed data; 0 in a table without decoded sizes.
    public let decodedByteOffset: Int
    /// The frame's decompressed size; 0 in a table without decoded sizes (`FrameTable.hasDecodedByteCounts`).
    public let decodedByteCount: Int
    /// The low 32 bits of XXH64 (seed 0) of the decompressed bytes, where a seek table gives them.
    public let checksum: UInt32?

    /// Creates a frame from its six figures.
    public init(index: Int, byteOffset: Int, byteCount: Int, decodedByteOffset: Int, decodedByteCount: Int, checksum: UInt32?) {
        self.index = index
        self.byteOffset = byteOffset
        self.byteCount = byteCount
        self.decodedByteOffset = decodedByteOffset
        self.decodedByteCount = decodedByteCount
        self.checksum = checksum
    }
}
