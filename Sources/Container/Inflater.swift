import CZlib

/// Decompresses raw deflate streams (RFC 1951) with zlib and computes the CRC-32 of the output. Each worker has one of its own, of about 40
/// KiB.
///
/// It uses zlib rather than a faster library: ISA-L's igzip takes less than half the time, but is reported to hang on damaged input and to
/// lose count of its input at a stream's end, in the versions that distributions have.
final class Inflater {
    /// The reason for which `fill` returned.
    enum Stop {
        /// The output is full. Whether the stream has ended shows only with room for another byte.
        case full
        /// The stream has ended; the output need not be full.
        case end
        /// The input ends before the stream.
        case inputEnd
        /// The bytes are no deflate stream; the fault in zlib's words.
        case damaged(String)
        case outOfMemory
    }

    /// The state of zlib, which remembers its address; nil where zlib had no memory for it.
    private let stream: UnsafeMutablePointer<z_stream>?
    /// The CRC-32 (RFC 1952, section 8) of the output since `reset()`.
    private(set) var checksum: UInt32 = 0
    /// The output that zlib is given where there is no room: it does not take nil.
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

    /// Prepares for the next stream.
    func reset() {
        if let stream { inflateReset(stream) }
        checksum = 0
    }

    /// Decompresses more of the stream until `output` is full, the stream has ended, or there is a fault.
    ///
    /// With the output full it reads on as far as possible, so that a stream without further bytes comes to its end.
    ///
    /// - Parameters:
    ///   - output: The memory that is filled.
    ///   - filled: The number of bytes of `output` that are filled; it is advanced.
    ///   - input: The stored bytes of the file.
    ///   - byteOffset: The offset in the file of the stream's next byte; it is advanced.
    ///   - end: The offset at which the input ends at the latest.
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
            if produced > 0 { checksum = CRC32.checksum(UnsafeRawBufferPointer(start: target, count: produced), after: checksum) }
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
}

@available(*, unavailable, message: "each worker has one of its own")
extension Inflater: Sendable {}
