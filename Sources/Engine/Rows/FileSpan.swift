internal import Container

/// A stretch of a file that one worker decodes by itself.
enum FileSpan: Sendable {
    /// A range of compressed frames.
    case frames(Range<Int>)
    /// A range of bytes of a raw file.
    case bytes(Range<Int>)
    /// A file that cannot be cut.
    case whole
}

extension Decoder {
    /// Begins to decode a stretch of a file.
    func start(_ file: ContainerFile, _ span: FileSpan) {
        switch span {
        case .frames(let frames): start(file, frames: frames)
        case .bytes(let bytes): start(file, decodedBytes: bytes)
        case .whole: start(wholeOf: file)
        }
    }

    /// Reads the next bytes, and throws the engine's errors.
    func readNext(into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int {
        do throws(ContainerError) { return try read(into: buffer) } catch { throw EngineError(error) }
    }

    /// Reads the next bytes, or returns nil if the writer of a stream stalls: if no byte came in a tenth of a second.
    func readUnlessStalled(into buffer: UnsafeMutableRawBufferPointer) throws(EngineError) -> Int? {
        do throws(ContainerError) { return try read(into: buffer, waitingFor: Self.patience) } catch { throw EngineError(error) }
    }

    /// The time after which a stream's writer is said to stall. It is long beside the pauses of a writer that computes, so that pieces are
    /// not cut smaller than they need to be.
    private static var patience: Duration { .milliseconds(100) }

    /// Reads until `buffer` is full, and throws an error of the file at `path` if the bytes end before.
    func fill(_ buffer: UnsafeMutableRawBufferPointer, path: String) throws(EngineError) {
        var filled = 0
        while filled < buffer.count {
            let count = try readNext(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
            guard count > 0 else {
                throw EngineError(
                    .data, path: path, "the file ends \(buffer.count - filled) bytes early", remedy: "write or copy it again")
            }
            filled += count
        }
    }

    /// Reads past the first bytes of a run.
    func skip(_ byteCount: Int, path: String) throws(EngineError) {
        var missing = byteCount
        var piece = [UInt8](repeating: 0, count: min(missing, 1 << 20))
        while missing > 0 {
            let count = min(missing, piece.count)
            try piece.withMutableBytes { bytes throws(EngineError) in
                try fill(UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), path: path)
            }
            missing -= count
        }
    }
}
