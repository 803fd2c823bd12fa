internal import Container

/// The bytes of one page as they are stored, read piece by piece. They count for the page's checksum.
final class StoredBytes {
    private let container: ContainerFile
    private let range: Range<Int>
    private let memory: PageMemory
    private let isVerified: Bool
    private var checksum: UInt32 = 0
    private var offset: Int
    /// The bytes of the piece that have not been used, as offsets in the memory.
    private var unused = 0..<0
    /// The error of reading, which a fault of kind `.reading` stands for.
    private(set) var readingError: ParquetError?

    /// The number of bytes that are read at once for `peek`.
    private var pieceByteCount: Int

    /// The largest number of bytes that are read at once for `peek`.
    private static let pieceByteCountLimit = 256 << 10
    /// The number of bytes that are read at once where most are to go straight to their place.
    private static let headByteCount = 4 << 10
    /// The least number of bytes that are read straight to their place.
    private static let directByteCount = 8 << 10

    /// Makes a reader before the first byte.
    ///
    /// - Parameters:
    ///   - range: the range of the file that holds the page, without its header.
    ///   - memory: memory that nothing else uses as long as the page is read.
    ///   - isVerified: true if the bytes are to be verified.
    init(_ container: ContainerFile, _ range: Range<Int>, _ memory: PageMemory, isVerified: Bool = true) {
        self.container = container
        self.isVerified = isVerified
        self.range = range
        self.memory = memory
        offset = range.lowerBound
        pieceByteCount = Self.pieceByteCountLimit
        memory.reserve(min(Self.pieceByteCountLimit, range.count))
    }

    /// Goes back to the first byte.
    func begin() {
        (offset, checksum, unused) = (range.lowerBound, 0, 0..<0)
    }

    /// Makes `peek` read few bytes, and more each time as long as none are read straight to their place.
    func expectDirectReads() { pieceByteCount = Self.headByteCount }

    /// True if all bytes have been used.
    var isAtEnd: Bool { unused.isEmpty && offset == range.upperBound }

    /// Returns bytes that have not been used, and reads more if there are fewer than `least`: all that are left, if these are fewer. They are
    /// valid until the next call.
    func peek(_ least: Int = 1) throws(PageFault) -> UnsafeRawBufferPointer {
        if unused.count < least, offset < range.upperBound {
            memory.base.copyMemory(from: memory.base + unused.lowerBound, byteCount: unused.count)
            unused = 0..<unused.count
            let count = min(memory.capacity - unused.count, max(least, pieceByteCount), range.upperBound - offset)
            try readNext(into: memory.room(from: unused.count, count: count))
            unused = 0..<unused.count + count
            pieceByteCount = min(2 * pieceByteCount, Self.pieceByteCountLimit)
        }
        return UnsafeRawBufferPointer(memory.room(from: unused.lowerBound, count: unused.count))
    }

    /// Copies the next bytes to `target`, and returns their number: up to `limit`, and at least one unless all have been used. Many bytes are
    /// read there and nowhere else.
    ///
    /// Unsafe: `target` has room for `limit` bytes, and for `spare` bytes more, which are overwritten.
    ///
    /// - Parameter spare: the number of bytes after those that are wanted which may be read in the same call of the system.
    func read(_ limit: Int, into target: UnsafeMutableRawPointer, spare: Int = 0) throws(PageFault) -> Int {
        if unused.isEmpty {
            let count = min(limit, range.upperBound - offset)
            if count >= Self.directByteCount {
                let ahead = min(spare, range.upperBound - offset - count, memory.capacity)
                try readNext(into: UnsafeMutableRawBufferPointer(start: target, count: count + ahead))
                memory.base.copyMemory(from: target + count, byteCount: ahead)
                unused = 0..<ahead
                expectDirectReads()
                return count
            }
        }
        let bytes = try peek()
        let count = min(limit, bytes.count)
        guard count > 0, let base = bytes.baseAddress else { return 0 }
        target.copyMemory(from: base, byteCount: count)
        use(count)
        return count
    }

    /// Reads the bytes of the file that come next.
    private func readNext(into room: UnsafeMutableRawBufferPointer) throws(PageFault) {
        do throws(ContainerError) { try container.readRaw(at: offset, into: room) } catch {
            readingError = ParquetError(error, path: container.path)
            throw PageFault(.reading, error.description)
        }
        if isVerified { checksum = CRC32.checksum(UnsafeRawBufferPointer(room), after: checksum) }
        offset += room.count
    }

    /// Marks bytes as used.
    ///
    /// - Precondition: `peek` returned as many.
    func use(_ count: Int) { unused = unused.lowerBound + count..<unused.upperBound }

    /// Reads what is left, and throws if the bytes are not those of the checksum.
    ///
    /// - Precondition: the bytes are verified, if there is a checksum.
    func verify(_ expected: UInt32?) throws(PageFault) {
        guard let expected else { return }
        while !isAtEnd { use(try peek().count) }
        guard checksum == expected else { throw .checksum }
    }
}

extension PageFault {
    /// The fault of bytes that are not those of their checksum.
    static var checksum: PageFault { PageFault(.checksum, "its bytes are not what its checksum says", remedy: "copy the file again") }
}
