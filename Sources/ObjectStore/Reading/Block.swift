#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The bytes of a part of an object, in memory that is given back with the last reference.
///
/// `@unchecked Sendable`: the thread that fetches the bytes is the only one that has the block until all of them are there, and nobody
/// changes them after that.
final class Block: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    /// Takes memory for a number of bytes; nil if there is none.
    init?(byteCount: Int) {
        // malloc, since Swift's own functions end the process where there is no memory.
        guard let memory = malloc(max(1, byteCount)) else { return nil }
        bytes = UnsafeMutableRawBufferPointer(start: memory, count: byteCount)
    }

    /// A copy of the first bytes; the block itself where these are all; nil if there is no memory.
    func prefix(_ byteCount: Int) -> Block? {
        if byteCount == bytes.count { return self }
        guard let copy = Block(byteCount: byteCount) else { return nil }
        copy.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<byteCount]))
        return copy
    }

    deinit { free(bytes.baseAddress) }
}
