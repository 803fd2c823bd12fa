internal import Locking

/// Pieces of a file that other threads have read before its decoder needs them.
///
/// A frame that cannot be cut is decompressed by one thread at a time. Copying its stored bytes out of the page cache is some 6 % of that
/// thread's time, and any other thread can do it instead: it calls `readAhead()` while the decoder is at work.
///
/// ```
///   the decoder's buffer        pieces              in flight
/// ─────────────────────────┬───────────┬───────────┬───────────┬─ …
///                     decoderEnd                   end
/// ```
///
/// Nobody waits. A decoder that comes to bytes that are not there reads them itself, as it does without any help, and what another thread
/// has in flight then is not used. An error of a thread that reads ahead is dropped, and so is what it read: the decoder comes to the same
/// place, reads it itself, and tells of the error that it finds there.
package final class Prefetch: Sendable {
    /// The size of a piece in bytes, which is that of a decoder's own reads.
    static let pieceByteCount = ReadAhead.readByteCount
    /// The most pieces that are kept: 2 MiB. A worker reads ahead whenever it has scored a piece of 1 MiB, and the bytes that are decoded
    /// until it has scored the next one must be there.
    static let pieceCountLimit = 8

    private let state = Lock(State())

    /// Memory with some bytes of a file.
    ///
    /// `@unchecked Sendable`: a piece is in the state, or in the hands of the one thread that took it out of there; the lock orders the two.
    struct Piece: @unchecked Sendable {
        var byteOffset: Int
        var byteCount: Int
        let memory: UnsafeMutableRawBufferPointer
        var byteEnd: Int { byteOffset + byteCount }
    }

    private struct State {
        /// The file whose bytes are read ahead; nil if none are wanted.
        var file: StoredBytes?
        /// The end of the bytes that the decoder has, or is reading.
        var decoderEnd = 0
        /// The end of the bytes that are wanted.
        var rangeEnd = 0
        /// The pieces from `decoderEnd` on, without gaps.
        var pieces: [Piece] = []
        /// Memory that is not in use.
        var spare: [Piece] = []
        /// True while a decoder is at work, so that a thread that reads ahead is not the one that would decode meanwhile.
        var isDecoding = false
        /// True while a thread reads ahead.
        var isReading = false
        /// The number of bytes of memory in pieces and of spare ones, and of that in flight.
        var allocatedByteCount = 0

        /// The offset of the next byte to read ahead.
        var end: Int { pieces.last?.byteEnd ?? decoderEnd }

        mutating func dropPieces() {
            spare += pieces
            pieces = []
        }
    }

    deinit {
        state.withLock { state in
            for piece in state.pieces + state.spare { piece.memory.deallocate() }
        }
    }

    /// The number of bytes of memory that the pieces take.
    var allocatedByteCount: Int { state.withLock { $0.allocatedByteCount } }

    // MARK: A thread that helps

    /// Reads the next pieces, as far as there is room for them, if a decoder is at work and no other thread reads ahead. It never waits for
    /// another thread. At most `pieceCountLimit` pieces are read, so that a caller comes back however fast they are decoded.
    package func readAhead() {
        for _ in 0..<Self.pieceCountLimit {
            guard let (file, begun) = begin() else { return }
            var piece = begun
            do throws(ContainerError) {
                try file.read(at: piece.byteOffset, into: UnsafeMutableRawBufferPointer(rebasing: piece.memory[..<piece.byteCount]))
            } catch {
                piece.byteCount = 0
            }
            end(file, piece)
        }
    }

    /// Takes the next piece in hand; nil if nothing is to be read now.
    private func begin() -> (StoredBytes, Piece)? {
        state.withLock { state -> (StoredBytes, Piece)? in
            guard let file = state.file, state.isDecoding, !state.isReading, state.pieces.count < Self.pieceCountLimit,
                state.end < state.rangeEnd
            else { return nil }
            state.isReading = true
            let byteCount = min(Self.pieceByteCount, state.rangeEnd - state.end)
            if let spare = state.spare.popLast() {
                return (file, Piece(byteOffset: state.end, byteCount: byteCount, memory: spare.memory))
            }
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceByteCount, alignment: 64)
            state.allocatedByteCount += memory.count
            return (file, Piece(byteOffset: state.end, byteCount: byteCount, memory: memory))
        }
    }

    /// Hands a piece over, unless the decoder has come past it or turned to something else.
    private func end(_ file: StoredBytes, _ piece: Piece) {
        state.withLock { state in
            state.isReading = false
            if state.file === file, piece.byteOffset == state.end, piece.byteCount > 0 {
                state.pieces.append(piece)
            } else {
                state.spare.append(piece)
                // The decoder is to meet the error itself, and further bytes are of no use.
                if piece.byteCount == 0, state.file === file { state.file = nil }
            }
        }
    }

    // MARK: The decoder

    /// Asks for the bytes of a file from `byteOffset` to `byteEnd`, if its source is local.
    func start(_ file: StoredBytes, from byteOffset: Int, upTo byteEnd: Int) {
        guard file.isLocal else { return stop() }
        state.withLock { state in
            state.dropPieces()
            state.file = file
            state.decoderEnd = byteOffset
            state.rangeEnd = byteEnd
        }
    }

    /// Asks for no more.
    func stop() {
        state.withLock { state in
            state.dropPieces()
            state.file = nil
        }
    }

    /// Says whether a decoder is at work, during which other threads may read ahead.
    func setDecoding(_ isDecoding: Bool) { state.withLock { $0.isDecoding = isDecoding } }

    /// Exchanges the decoder's buffer for the piece that begins at `byteOffset` and has `byteCount` bytes or more. If it is not there, the
    /// decoder is to read the bytes up to `byteEnd` itself.
    ///
    /// - Returns: The number of bytes in `buffer`; nil where it is as it was.
    func exchange(_ buffer: inout UnsafeMutableRawBufferPointer, at byteOffset: Int, byteCount: Int, orReadUpTo byteEnd: Int) -> Int? {
        let used = Piece(byteOffset: 0, byteCount: 0, memory: buffer)
        let piece = state.withLock { state -> Piece? in
            guard state.file != nil else { return nil }
            guard let first = state.pieces.first, first.byteOffset == byteOffset, first.byteCount >= byteCount else {
                state.dropPieces()
                state.decoderEnd = byteEnd
                return nil
            }
            state.pieces.removeFirst()
            state.decoderEnd = first.byteEnd
            state.allocatedByteCount -= first.memory.count
            if used.memory.count >= Self.pieceByteCount {
                state.allocatedByteCount += used.memory.count
                state.spare.append(used)
            } else {
                used.memory.deallocate()
            }
            return first
        }
        guard let piece else { return nil }
        buffer = piece.memory
        return piece.byteCount
    }
}
