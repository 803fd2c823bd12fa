internal import Container

/// The bytes of one page as they are stored, read piece by piece. They count for the page's checksum.
final class StoredBytes {
    private let container: ContainerFile
    private let range: Range<Int>
    private let memory: PageMemory
    private var checksum: UInt32 = 0
    private var offset: Int
    /// The bytes of the piece that have not been used, as offsets in the memory.
    private var unused = 0..<0
    /// The error of reading, which a fault of kind `.reading` stands for.
    private(set) var readingError: ParquetError?

    /// The number of bytes that are read at once.
    private static let pieceByteCount = 256 << 10

    /// Makes a reader before the first byte.
    ///
    /// - Parameters:
    ///   - range: the range of the file that holds the page, without its header.
    ///   - memory: memory that nothing else uses as long as the page is read.
    init(_ container: ContainerFile, _ range: Range<Int>, _ memory: PageMemory) {
        self.container = container
        self.range = range
        self.memory = memory
        offset = range.lowerBound
        memory.reserve(min(Self.pieceByteCount, range.count))
    }

    /// Goes back to the first byte.
    func begin() {
        (offset, checksum, unused) = (range.lowerBound, 0, 0..<0)
    }

    /// True if all bytes have been used.
    var isAtEnd: Bool { unused.isEmpty && offset == range.upperBound }

    /// Returns bytes that have not been used, and reads more if there are fewer than `least`: all that are left, if these are fewer. They are
    /// valid until the next call.
    func peek(_ least: Int = 1) throws(PageFault) -> UnsafeRawBufferPointer {
        if unused.count < least, offset < range.upperBound {
            memory.base.copyMemory(from: memory.base + unused.lowerBound, byteCount: unused.count)
            unused = 0..<unused.count
            let count = min(memory.capacity - unused.count, range.upperBound - offset)
            let room = memory.room(from: unused.count, count: count)
            do throws(ContainerError) { try container.readRaw(at: offset, into: room) } catch {
                readingError = ParquetError(error, path: container.path)
                throw PageFault(.reading, error.description)
            }
            checksum = CRC32.checksum(UnsafeRawBufferPointer(room), after: checksum)
            offset += count
            unused = 0..<unused.count + count
        }
        return UnsafeRawBufferPointer(memory.room(from: unused.lowerBound, count: unused.count))
    }

    /// Marks bytes as used.
    ///
    /// - Precondition: `peek` returned as many.
    func use(_ count: Int) { unused = unused.lowerBound + count..<unused.upperBound }

    /// Reads what is left, and throws if the bytes are not those of the checksum.
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
