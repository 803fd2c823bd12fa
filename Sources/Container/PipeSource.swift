internal import Synchronization
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// Bytes that come once and in order through a descriptor: a pipe, a socket, a terminal.
public final class PipeSource: ByteSource {
    /// The name that errors begin with.
    public let name: String
    private let descriptor: FileDescriptor
    private let closesWhenDone: Bool
    /// The number of bytes that have been read from the descriptor.
    private let byteOffset = Atomic<Int>(0)
    /// The flag that the descriptor has come to its end. A terminal would go on if it were read again after its end.
    private let isAtEnd = Atomic<Bool>(false)

    /// The longest time that a wait goes on before it is asked again whether it is cancelled.
    private static let waitMilliseconds: CInt = 50

    /// Creates a source of an open descriptor.
    ///
    /// - Parameters:
    ///   - descriptor: A descriptor that is open for reading. It may be one that does not wait (`O_NONBLOCK`).
    ///   - name: The name that errors begin with.
    ///   - closesWhenDone: Whether the source closes the descriptor when the source is released.
    public init(descriptor: CInt, name: String, closesWhenDone: Bool) {
        self.name = name
        self.descriptor = FileDescriptor(rawValue: descriptor)
        self.closesWhenDone = closesWhenDone
    }

    deinit {
        // Nothing was written, so there is nothing that closing could lose.
        if closesWhenDone { try? descriptor.close() }
    }

    /// Unknown: nil.
    public var byteCount: Int? { nil }

    /// Bytes come once.
    public var access: ByteAccess { .sequential }

    /// Reads the bytes that have come, waiting for the first of them. A signal does not end the wait.
    ///
    /// - Throws: `.readFailed`, also where `byteOffset` is not the offset behind the bytes that were read last; `.cancelled`.
    public func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        let here = self.byteOffset.load(ordering: .relaxed)
        guard byteOffset == here else {
            throw ByteSourceError(
                byteOffset: byteOffset, problem: "a stream can be read only once, and in order", found: "it read up to byte \(here)")
        }
        if isAtEnd.load(ordering: .relaxed) { return 0 }
        while true {
            // A read that waits could not be called off.
            try wait(isCancelled: isCancelled)
            do {
                let count = try descriptor.read(into: buffer, retryOnInterrupt: true)
                self.byteOffset.store(here + count, ordering: .relaxed)
                if count == 0 { isAtEnd.store(true, ordering: .relaxed) }
                return count
            } catch {
                let code = error as? Errno ?? .ioError
                guard code == .resourceTemporarilyUnavailable || code == .wouldBlock else {
                    throw ByteSourceError(byteOffset: here, problem: "reading failed: \(code)")
                }
            }
        }
    }

    /// Waits until there is something to read, or the other end has been closed.
    ///
    /// - Throws: `.cancelled`.
    func wait(isCancelled: (() -> Bool)?) throws(ByteSourceError) {
        var request = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        while true {
            let count = poll(&request, 1, isCancelled == nil ? -1 : Self.waitMilliseconds)
            if count > 0 || (count < 0 && errno != EINTR) {
                // The next read tells more.
                return
            }
            if let isCancelled, isCancelled() { throw .cancelled }
        }
    }
}
