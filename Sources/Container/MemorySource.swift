/// Bytes in memory. They are not copied until they are read.
///
/// ```swift
/// let file = try ContainerFile(source: MemorySource(name: "labels", bytes: [3, 1, 2]))
/// ```
///
/// `@unchecked Sendable`: memory that belongs to an owner is only read, and the caller of the initialiser promises that nobody writes to
/// it.
public final class MemorySource: ByteSource, @unchecked Sendable {
    /// The name that errors begin with.
    public let name: String
    private let memory: Memory

    private enum Memory {
        case array([UInt8])
        /// Memory that is valid as long as `owner` exists.
        case owned(UnsafeRawBufferPointer, owner: AnyObject)
    }

    /// Creates a source of the bytes of an array.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        memory = .array(bytes)
    }

    /// Creates a source of memory that belongs to somebody else.
    ///
    /// - Parameters:
    ///   - name: The name that errors begin with.
    ///   - bytes: The memory. Nobody may write to it as long as the source exists.
    ///   - owner: The object that keeps the memory valid for as long as it exists itself; the source holds on to it.
    public init(name: String, bytes: UnsafeRawBufferPointer, owner: AnyObject) {
        self.name = name
        memory = .owned(bytes, owner: owner)
    }

    /// The number of bytes.
    public var byteCount: Int? {
        switch memory {
        case .array(let bytes): bytes.count
        case .owned(let bytes, _): bytes.count
        }
    }

    /// Any part of the memory can be read.
    public var access: ByteAccess { .random }

    /// True.
    public var isLocal: Bool { true }

    /// Copies bytes from `byteOffset` on. It neither waits nor fails.
    public func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int {
        switch memory {
        case .array(let bytes): bytes.withUnsafeBytes { Self.copy($0, from: byteOffset, into: buffer) }
        case .owned(let bytes, let owner): withExtendedLifetime(owner) { Self.copy(bytes, from: byteOffset, into: buffer) }
        }
    }

    private static func copy(_ bytes: UnsafeRawBufferPointer, from byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard byteOffset >= 0, byteOffset < bytes.count else { return 0 }
        let count = min(buffer.count, bytes.count - byteOffset)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[byteOffset..<byteOffset + count]))
        return count
    }
}
