/// The content of gzip members, one after the other (RFC 1952, section 2.2). Each is verified by its CRC-32 and its size.
///
/// Zero bytes after the last member are accepted, as by `gzip`: tapes are filled up with them. Other bytes are an error.
final class GzipMembers: SequentialSource {
    private enum State {
        case betweenMembers, inMember, atEnd
    }

    private let file: StoredBytes
    private let inflater: Inflater
    private let bytesAhead: ReadAhead
    private var state = State.betweenMembers
    /// The offset of the next byte in the file.
    private var byteOffset = 0
    /// The offset of the member that is being decoded.
    private var memberByteOffset = 0
    private var memberIndex = -1
    /// The number of bytes that the member has given, modulo 2^32 as in the trailer.
    private var memberByteCount: UInt32 = 0

    init(_ file: StoredBytes, _ inflater: Inflater, _ bytesAhead: ReadAhead) {
        self.file = file
        self.inflater = inflater
        self.bytesAhead = bytesAhead
    }

    var isAtEnd: Bool { state == .atEnd }

    func read(into buffer: UnsafeMutableRawBufferPointer, _ filled: inout Int) throws(ContainerError) {
        while true {
            switch state {
            case .atEnd: return
            case .betweenMembers: try beginMember()
            case .inMember:
                switch try inflate(into: buffer, &filled) {
                case .full: return
                case .end: try finishMember()
                case .inputEnd: throw error(.truncated("inside a member", found: byteOffset - memberByteOffset, wanted: nil))
                case .damaged(let words): throw error(.undecodable(words))
                case .outOfMemory: throw error(.memory)
                }
            }
        }
    }

    /// Decompresses more of the member. What was decompressed before an error counts, since a stream that stalled goes on.
    private func inflate(into buffer: UnsafeMutableRawBufferPointer, _ filled: inout Int) throws(ContainerError) -> Inflater.Stop {
        let start = filled
        defer { memberByteCount = UInt32(truncatingIfNeeded: Int(memberByteCount) + filled - start) }
        return try inflater.fill(buffer, &filled, from: bytesAhead, at: &byteOffset)
    }

    private func beginMember() throws(ContainerError) {
        var wanted = GzipHeader.leastByteCount
        while true {
            let bytes = try bytesAhead.loadUpTo(byteOffset, count: wanted)
            if memberIndex >= 0, bytes.first ?? 0 == 0 {
                try skipZeros()
                state = .atEnd
                return
            }
            let start = GzipStart(bytes)
            if case .incomplete(let least) = start, bytes.count == wanted {
                wanted = min(max(least, 2 * wanted), max(least, GzipHeader.mostByteCount))
                continue
            }
            if start == .unknown { throw garbage(bytes) }
            memberIndex += 1
            memberByteOffset = byteOffset
            memberByteCount = 0
            switch start {
            case .member(let header):
                inflater.reset()
                byteOffset += header.byteCount
                state = .inMember
            case .incomplete(let least):
                throw error(.truncated("inside the header of a member", found: bytes.count, wanted: least))
            case .damaged(let problem): throw error(.damaged(problem, found: nil, wanted: nil))
            case .method(let method): throw error(GzipMembers.methodFault(method))
            case .unknown: break
            }
            return
        }
    }

    static func methodFault(_ method: UInt8) -> FrameFault {
        .unsupported("gzip's compression method \(method) is not supported, only 8 (deflate) is", remedy: "compress it with gzip or zstd")
    }

    private func finishMember() throws(ContainerError) {
        let trailer = try bytesAhead.loadUpTo(byteOffset, count: GzipHeader.trailerByteCount)
        guard trailer.count == GzipHeader.trailerByteCount else {
            throw error(.truncated("inside the trailer of a member", found: trailer.count, wanted: GzipHeader.trailerByteCount))
        }
        let checksum = trailer.littleEndian(UInt32.self, at: 0)
        guard inflater.checksum == checksum else {
            throw error(.checksum(source: "in its trailer", found: inflater.checksum, wanted: checksum))
        }
        let size = trailer.littleEndian(UInt32.self, at: 4)
        guard memberByteCount == size else {
            throw error(
                .damaged(
                    "it decompresses to another size than its trailer says (modulo 2^32)", found: "\(memberByteCount) bytes",
                    wanted: "\(size)"))
        }
        byteOffset += GzipHeader.trailerByteCount
        state = .betweenMembers
    }

    /// Reads zero bytes behind the last member up to the end of the file.
    private func skipZeros() throws(ContainerError) {
        while true {
            let bytes = try bytesAhead.loadSome(byteOffset)
            if bytes.isEmpty { return }
            guard let other = bytes.firstIndex(where: { $0 != 0 }) else {
                byteOffset += bytes.count
                continue
            }
            byteOffset += other
            throw garbage(try bytesAhead.loadUpTo(byteOffset, count: 4))
        }
    }

    private func garbage(_ bytes: UnsafeRawBufferPointer) -> ContainerError {
        let found = bytes.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
        let count = memberIndex + 1
        return ContainerError(
            path: file.path, kind: .damaged, byteOffset: byteOffset,
            problem: "after \(count) gzip member\(count == 1 ? "" : "s") come bytes that are none", found: found,
            allowed: "1f 8b, or the end", remedy: ContainerError.copyAgain)
    }

    private func error(_ fault: FrameFault) -> ContainerError {
        fault.error(file, memberIndex, memberByteOffset, term: Compression.gzip.frameTerm)
    }
}
