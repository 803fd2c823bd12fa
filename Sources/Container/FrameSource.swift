/// Bytes in frames that a format stores by rules of its own, such as the chunks of an HDF5 dataset. Any frame can be decoded by itself.
///
/// `ContainerFile(frames:named:of:)` makes a file of them, which is read as every compressed file is: in runs of frames, by any number of
/// decoders.
package protocol FrameSource: Sendable {
    /// The number of frames, none of which is empty.
    var frameCount: Int { get }
    /// The decoded size in bytes of every frame up to the last one, and of the last one.
    func decodedByteCount(ofFrame index: Int) -> Int
    /// The number of bytes that all frames take in the file.
    var storedByteCount: Int { get }
    /// True if the stored bytes have checksums, which are verified as they are decoded.
    var hasChecksums: Bool { get }
    /// Makes a decoder, which one thread uses.
    func makeDecoder() -> any FrameDecoder
}

/// A decoder of the frames of a source. It belongs to one worker and uses its buffers again.
package protocol FrameDecoder: AnyObject {
    /// Decodes a frame, which fills `buffer` to its last byte.
    func decode(_ index: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceError)
    /// The number of bytes of memory that the decoder holds.
    var allocatedByteCount: Int { get }
}

/// Decodes frames that a `FrameSource` gives.
extension Decoder {
    /// The decoder of the file's frames; the one before is kept as long as the file is the same.
    private func frameDecoder(of file: ContainerFile) -> (any FrameDecoder)? {
        if let frameDecoderIfAny, frameDecoderFile === file { return frameDecoderIfAny }
        frameDecoderFile = file
        frameDecoderIfAny = file.frameSource?.makeDecoder()
        return frameDecoderIfAny
    }

    /// Decodes as many whole frames as fit. A frame that is larger than `buffer` or 8 MiB is decoded as a whole, and comes in pieces.
    func readSourced(_ file: ContainerFile, into buffer: UnsafeMutableRawBufferPointer, filled: inout Int) throws(ContainerError) {
        guard let decoder = frameDecoder(of: file) else { return }
        while filled < buffer.count, nextFrameIndex < endFrameIndex {
            let byteCount = file.frames.decodedByteCount(of: nextFrameIndex) ?? 0
            if byteCount <= buffer.count - filled {
                try decode(file, decoder, into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + byteCount]))
                filled += byteCount
                nextFrameIndex += 1
            } else if filled > 0 {
                return
            } else {
                ReadAhead.grow(&scratch, to: byteCount, keeping: 0)
                try decode(file, decoder, into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<byteCount]))
                scratchRange = 0..<byteCount
                nextFrameIndex += 1
                filled = takeScratch(into: buffer)
                return
            }
        }
    }

    private func decode(
        _ file: ContainerFile, _ decoder: any FrameDecoder, into buffer: UnsafeMutableRawBufferPointer
    ) throws(ContainerError) {
        do throws(ByteSourceError) { try decoder.decode(nextFrameIndex, into: buffer) } catch {
            throw ContainerError(error, path: file.path)
        }
    }
}
