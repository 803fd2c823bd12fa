internal import CZstd

/// The content of a page that is decompressed as it is wanted, from its first byte to its last. Pages of many megabytes, which some writers
/// make of a whole row group, so take some hundred kilobytes of memory, and stay in a core's cache.
protocol PageStream: AnyObject {
    /// Fills `target` with the next bytes, or goes past as many if it is nil.
    ///
    /// - Throws: a fault if the page is damaged, or ends before.
    func read(_ count: Int, into target: UnsafeMutableRawPointer?) throws(PageFault)
    /// Throws if the page has other bytes after those that were read and `count` more, which are read.
    func finish(after count: Int) throws(PageFault)
}

extension PageStream {
    static var endFault: PageFault { .damaged("it ends before its last value") }
    static var lengthFault: PageFault { .damaged("it decompresses to more bytes than its header says") }
}

/// A page that is not compressed.
final class PlainStream: PageStream {
    private let stored: StoredBytes

    init(_ stored: StoredBytes) { self.stored = stored }

    func read(_ count: Int, into target: UnsafeMutableRawPointer?) throws(PageFault) {
        var done = 0
        while done < count {
            let found: Int
            if let target {
                found = try stored.read(count - done, into: target + done)
            } else {
                found = min(try stored.peek().count, count - done)
                stored.use(found)
            }
            guard found > 0 else { throw Self.endFault }
            done += found
        }
    }

    func finish(after count: Int) throws(PageFault) {
        try read(count, into: nil)
        guard stored.isAtEnd else { throw Self.lengthFault }
    }
}

/// A page in a frame of zstd.
final class ZstdPageStream: PageStream {
    private let stored: StoredBytes
    private let context: OpaquePointer
    /// Room for bytes that nobody wants.
    private let unwanted = PageMemory()
    private var isAtEndOfFrame = false

    private static let unwantedByteCount = 64 << 10

    /// Makes a stream; nil if libzstd has no memory.
    init?(_ stored: StoredBytes) {
        guard let context = ZSTD_createDCtx() else { return nil }
        self.context = context
        self.stored = stored
        unwanted.reserve(Self.unwantedByteCount)
    }

    deinit { ZSTD_freeDCtx(context) }

    func read(_ count: Int, into target: UnsafeMutableRawPointer?) throws(PageFault) {
        var done = 0
        while done < count {
            let wanted = target == nil ? min(count - done, Self.unwantedByteCount) : count - done
            let found = try decode(wanted, into: target.map { $0 + done } ?? unwanted.base)
            guard found > 0 else { throw Self.endFault }
            done += found
        }
    }

    /// Decompresses some bytes, at least one unless the frame has ended, and returns their number.
    private func decode(_ limit: Int, into target: UnsafeMutableRawPointer) throws(PageFault) -> Int {
        var output = ZSTD_outBuffer(dst: target, size: limit, pos: 0)
        while output.pos == 0, !isAtEndOfFrame {
            let bytes = try stored.peek()
            var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
            let status = ZSTD_decompressStream(context, &output, &input)
            guard ZSTD_isError(status) == 0 else {
                throw .damaged("its zstd frame cannot be decompressed: \(String(cString: ZSTD_getErrorName(status)))")
            }
            stored.use(input.pos)
            isAtEndOfFrame = status == 0
            guard output.pos > 0 || input.pos > 0 || isAtEndOfFrame else { throw Self.endFault }
        }
        return output.pos
    }

    func finish(after count: Int) throws(PageFault) {
        try read(count, into: nil)
        // The end of the frame may be left to read.
        let isOver = isAtEndOfFrame ? true : try decode(1, into: unwanted.base) == 0
        guard isOver, stored.isAtEnd else { throw Self.lengthFault }
    }
}
