import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Bytes that come once and in order: a pipe, a socket, a terminal.
///
/// The first `keptByteCountLimit` bytes are kept, or more where somebody asks for it before they have gone by, so that several readers can
/// begin at the beginning one after the other: one that looks at a header, then one that reads it all. As soon as somebody
/// reads beyond them they are let go.
final class ByteStream: @unchecked Sendable {
    // Unchecked: all that changes is touched with the mutex held and not otherwise.

    /// How much of the beginning is kept at least.
    static let keptByteCountLimit = 8 << 20
    /// How much is asked for at once, at least.
    static let readByteCount = 256 << 10

    /// The stream of standard input: one for the process, so that opening it again finds its beginning.
    static let standardInput = ByteStream(.standardInput, closesWhenDone: false)

    private let descriptor: FileDescriptor
    private let closesWhenDone: Bool
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    /// `kept[..<keptByteCount]` are the stream's first bytes, as long as `isKept`.
    private var kept = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var keptByteCount = 0
    private var isKept = true
    private var keptLimit = ByteStream.keptByteCountLimit
    /// How many bytes have been read from the descriptor.
    private var byteOffset = 0
    private var isAtEnd = false

    /// - Parameter closesWhenDone: Whether the descriptor is this stream's own.
    init(_ descriptor: FileDescriptor, closesWhenDone: Bool) {
        self.descriptor = descriptor
        self.closesWhenDone = closesWhenDone
        mutex = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        if closesWhenDone { try? descriptor.close() }
        kept.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// How many bytes have come so far.
    var byteCount: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return byteOffset
    }

    /// Keeps the first `byteCount` bytes, unless some of them have gone by already. Memory is taken as they come.
    func keep(_ byteCount: Int) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        keptLimit = max(keptLimit, byteCount)
    }

    /// Reads some of the bytes from `offset` on, waiting for the first of them.
    ///
    /// - Parameters:
    ///   - offset: Where the reader is: within the bytes that are kept, or where the stream is.
    ///   - buffer: Where they go; at least one.
    ///   - path: The stream's name, for errors.
    ///   - isCancelled: Whether the reader wants no more bytes; asked again and again while none come.
    /// - Returns: How many, or 0 at the stream's end.
    /// - Throws: `.readFailed`, also where the bytes at `offset` have gone by; `.cancelled`.
    func read(
        at offset: Int, into buffer: UnsafeMutableRawBufferPointer, path: String, isCancelled: (() -> Bool)? = nil
    ) throws(ContainerError) -> Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if isKept, offset < keptByteCount { return copyKept(from: offset, into: buffer) }
        guard offset == byteOffset else {
            throw ContainerError(
                path: path, kind: .readFailed, byteOffset: offset, problem: "a stream can be read only once, and these bytes have gone by",
                found: "it read up to byte \(byteOffset)", allowed: "no going back beyond the first \(keptLimit) bytes",
                remedy: "write it to a file first")
        }
        if isAtEnd { return 0 }
        let room = isKept ? min(keptLimit - keptByteCount, Self.readByteCount) : 0
        if room > 0 {
            ReadAhead.grow(&kept, to: keptByteCount + room, keeping: keptByteCount)
            let target = UnsafeMutableRawBufferPointer(rebasing: kept[keptByteCount..<keptByteCount + room])
            let count = try readDescriptor(into: target, path: path, isCancelled)
            keptByteCount += count
            return count == 0 ? 0 : copyKept(from: offset, into: buffer)
        }
        let count = try readDescriptor(into: buffer, path: path, isCancelled)
        if isKept, count > 0 {
            isKept = false
            kept.deallocate()
            kept = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        }
        return count
    }

    private func copyKept(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, keptByteCount - offset)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: kept[offset..<offset + count]))
        return count
    }

    /// One read, with the mutex held. A signal does not end it, and neither does a descriptor that was made not to wait.
    private func readDescriptor(
        into buffer: UnsafeMutableRawBufferPointer, path: String, _ isCancelled: (() -> Bool)?
    ) throws(ContainerError) -> Int {
        while true {
            // A read that waits could not be called off.
            try wait(path: path, isCancelled: isCancelled)
            do {
                let count = try descriptor.read(into: buffer, retryOnInterrupt: true)
                byteOffset += count
                isAtEnd = count == 0
                return count
            } catch {
                let code = error as? Errno ?? .ioError
                guard code == .resourceTemporarilyUnavailable || code == .wouldBlock else {
                    throw ContainerError(path: path, kind: .readFailed, byteOffset: byteOffset, problem: "reading failed: \(code)")
                }
            }
        }
    }

    /// How long a wait goes on before it is asked again whether it is cancelled.
    private static let waitMilliseconds: CInt = 50

    /// Waits until there is something to read, or the other end has been closed.
    ///
    /// - Throws: `.cancelled`.
    func wait(path: String, isCancelled: (() -> Bool)?) throws(ContainerError) {
        var request = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        while true {
            let count = poll(&request, 1, isCancelled == nil ? -1 : Self.waitMilliseconds)
            if count > 0 || (count < 0 && errno != EINTR) {
                // The next read tells more.
                return
            }
            if let isCancelled, isCancelled() { throw ContainerError(path: path, kind: .cancelled, problem: "cancelled") }
        }
    }
}
