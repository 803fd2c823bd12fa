internal import CZlib
internal import Locking

/// The parts of a zip archive's stored member that have been read, in any order and by any thread. A member that is read in parts can so be
/// verified by its CRC-32 in the end.
final class MemberContent: Sendable {
    /// A range of the member's bytes, and their CRC-32.
    struct Part {
        let bytes: Range<Int>
        let checksum: UInt32
    }

    private let parts = Lock<[Part]>([])

    func add(_ part: Part) { parts.withLock { $0.append(part) } }

    /// The parts in the order of their bytes, without those that overlap a part before them. O(parts · log parts).
    var disjointParts: [Part] {
        var end = 0
        return parts.withLock { $0 }.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }.filter { part in
            guard part.bytes.lowerBound >= end else { return false }
            end = part.bytes.upperBound
            return true
        }
    }

    /// The CRC-32 of bytes whose CRC-32 is `checksum` and that are followed by those of a part. O(log bytes).
    static func combine(_ checksum: UInt32, _ part: Part) -> UInt32 {
        UInt32(truncatingIfNeeded: crc32_combine(UInt(checksum), UInt(part.checksum), part.bytes.count))
    }
}

extension ContainerFile {
    private static let gapByteCount = 1 << 20

    /// Verifies a stored member of a zip archive by the CRC-32 in the archive's directory. Bytes that runs have read since the member was
    /// opened are not read again; the others are read here. Does nothing for any other file, which is verified as it is decoded.
    ///
    /// - Throws: `.checksumMismatch`, `.readFailed`, `.fileChanged`.
    public func verifyMemberChecksum() throws(ContainerError) {
        guard let memberContent, let wanted = memberChecksum else { return }
        var checksum: UInt32 = 0
        var byteOffset = 0
        for part in memberContent.disjointParts {
            checksum = try self.checksum(of: byteOffset..<part.bytes.lowerBound, after: checksum)
            checksum = MemberContent.combine(checksum, part)
            byteOffset = part.bytes.upperBound
        }
        checksum = try self.checksum(of: byteOffset..<byteCount, after: checksum)
        guard checksum == wanted else { throw memberChecksumError(found: checksum, wanted: wanted) }
    }

    func memberChecksumError(found: UInt32, wanted: UInt32) -> ContainerError {
        FrameFault.checksum(source: "in the archive's directory", found: found, wanted: wanted).error(stored, nil, rawByteOffset)
    }

    private func checksum(of bytes: Range<Int>, after checksum: UInt32) throws(ContainerError) -> UInt32 {
        guard !bytes.isEmpty else { return checksum }
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: min(Self.gapByteCount, bytes.count), alignment: 64)
        defer { room.deallocate() }
        var (checksum, byteOffset) = (checksum, bytes.lowerBound)
        while byteOffset < bytes.upperBound {
            let piece = UnsafeMutableRawBufferPointer(rebasing: room[..<min(room.count, bytes.upperBound - byteOffset)])
            try stored.read(at: rawByteOffset + byteOffset, into: piece)
            checksum = CRC32.checksum(UnsafeRawBufferPointer(piece), after: checksum)
            byteOffset += piece.count
        }
        return checksum
    }
}
