import Container
import Synchronization

/// A source of bytes of one's own: memory that fails, changes and waits on command.
final class CommandedMemory: ByteSource {
    let name: String
    let byteCount: Int?
    let access: ByteAccess
    /// Says that a read waits.
    let patience = Patience()
    private let bytes: [UInt8]
    private let failingOffset: Int?
    private let waitingOffset: Int?
    /// The number of reads after which the bytes have another identity.
    private let stableReadCount: Int?
    private let readCount = Atomic<Int>(0)

    /// The most bytes that a read gives, so that readers have to come again.
    private static let readByteCountLimit = 100_003

    /// - Parameters:
    ///   - failingOffset: the byte that cannot be read.
    ///   - waitingOffset: the byte that never comes.
    ///   - stableReadCount: the number of reads after which the bytes have another identity.
    init(
        _ name: String, _ bytes: [UInt8], access: ByteAccess = .random, failingOffset: Int? = nil, waitingOffset: Int? = nil,
        stableReadCount: Int? = nil
    ) {
        self.name = name
        self.bytes = bytes
        byteCount = access == .random ? bytes.count : nil
        self.access = access
        self.failingOffset = failingOffset
        self.waitingOffset = waitingOffset
        self.stableReadCount = stableReadCount
    }

    func identity() throws(ByteSourceError) -> ByteSourceIdentity? {
        let hasChanged = stableReadCount.map { readCount.load(ordering: .acquiring) >= $0 } ?? false
        return ByteSourceIdentity(numbers: [hasChanged ? 2 : 1], tag: name)
    }

    func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        readCount.add(1, ordering: .acquiringAndReleasing)
        let end = min(byteOffset + min(buffer.count, Self.readByteCountLimit), bytes.count)
        guard byteOffset < end else { return 0 }
        let range = byteOffset..<end
        if let failingOffset, range.contains(failingOffset) {
            throw ByteSourceError(byteOffset: failingOffset, problem: "reading failed on command")
        }
        if let waitingOffset, range.contains(waitingOffset) {
            guard patience.wait(until: { isCancelled?() ?? false }) else { throw ByteSourceError(problem: "nobody cancelled the wait") }
            throw .cancelled
        }
        bytes.withUnsafeBytes { bytes in buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range])) }
        return range.count
    }
}
