import CZlib

/// Decompresses raw deflate streams (RFC 1951) with zlib and keeps the CRC-32 of what comes out. One for each worker; about 40 KiB.
///
/// zlib, not a faster library: ISA-L's igzip takes less than half the time, and has been reported to hang on damaged input and to lose
/// count of its input at a stream's end, in the versions that distributions have.
final class Inflater {
    /// Why `fill` came back.
    enum Stop {
        /// The output is full, and no more can be said without room for another byte.
        case full
        /// The stream has ended; the output need not be full.
        case end
        /// There is no more input, and the stream has not ended.
        case inputEnd
        /// The bytes are no deflate stream: zlib's words.
        case damaged(String)
        case outOfMemory
    }

    /// In one place, since zlib remembers its address; nil where zlib had no memory for it.
    private let stream: UnsafeMutablePointer<z_stream>?
    /// The CRC-32 (RFC 1952, section 8) of what has come out since `reset`.
    private(set) var checksum: UInt32 = 0
    /// What zlib is given where there is no room: it does not take nil.
    private let nowhere = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

    init() {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // Negative: no zlib or gzip header around the stream, and a window of 32 KiB.
        if inflateInit2_(stream, -MAX_WBITS, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK {
            self.stream = stream
        } else {
            stream.deallocate()
            self.stream = nil
        }
    }

    deinit {
        if let stream {
            inflateEnd(stream)
            stream.deallocate()
        }
        nowhere.deallocate()
    }

    /// Makes ready for the next stream.
    func reset() {
        if let stream { inflateReset(stream) }
        checksum = 0
    }

    /// Goes on with the stream until `output` is full, the stream has ended, or something is wrong.
    ///
    /// With the output full it goes on as far as that is possible, so that a stream that has no more bytes comes to its end.
    ///
    /// - Parameters:
    ///   - output: Where the bytes go, from `filled` on, which is advanced.
    ///   - input: The file's bytes.
    ///   - byteOffset: Where the stream goes on in the file; advanced to behind what was used.
    ///   - end: Where the input ends at the latest.
    func fill(
        _ output: UnsafeMutableRawBufferPointer, _ filled: inout Int, from input: ReadAhead, at byteOffset: inout Int, upTo end: Int = .max
    ) throws(ContainerError) -> Stop {
        guard let stream else { return .outOfMemory }
        while true {
            let bytes = try input.loadSome(byteOffset, upTo: end)
            if bytes.isEmpty { return .inputEnd }
            // zlib counts in 32 bits.
            let given = min(bytes.count, 1 << 30)
            let room = min(output.count - filled, 1 << 30)
            let target = room > 0 ? output.baseAddress?.advanced(by: filled).assumingMemoryBound(to: UInt8.self) : nowhere
            // zlib does not write there: its `next_in` is not const in older versions only.
            stream.pointee.next_in = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_in = UInt32(given)
            stream.pointee.next_out = target
            stream.pointee.avail_out = UInt32(room)
            let code = inflate(stream, Z_NO_FLUSH)
            let used = given - Int(stream.pointee.avail_in)
            let produced = room - Int(stream.pointee.avail_out)
            byteOffset += used
            filled += produced
            if produced > 0 { checksum = UInt32(truncatingIfNeeded: crc32_z(UInt(checksum), target, produced)) }
            switch code {
            case Z_STREAM_END: return .end
            case Z_OK, Z_BUF_ERROR:
                if used > 0 || produced > 0 { continue }
                return room == 0 ? .full : .damaged("it does not go on")
            case Z_MEM_ERROR: return .outOfMemory
            default: return .damaged(stream.pointee.msg.map { String(cString: $0) } ?? "error \(code)")
            }
        }
    }

    /// The CRC-32 of `bytes`, going on from `checksum` of what came before them.
    static func checksum(_ bytes: UnsafeRawBufferPointer, after checksum: UInt32 = 0) -> UInt32 {
        guard let base = bytes.baseAddress else { return checksum }
        return UInt32(truncatingIfNeeded: crc32_z(UInt(checksum), base.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
}

@available(*, unavailable, message: "each worker has one of its own")
extension Inflater: Sendable {}
