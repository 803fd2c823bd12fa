/// A place that stored bytes come from: a file, a pipe, memory, or anything else that can give bytes on demand.
///
/// `ContainerFile(source:options:)` finds out how the bytes are compressed and decodes them; it does not know which kind of source it
/// reads.
///
/// ```swift
/// struct Zeros: ByteSource {
///     let name = "zeros"
///     let byteCount: Int? = 1 << 20
///     let access = ByteAccess.random
///     func read(at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?) -> Int {
///         let count = min(buffer.count, (1 << 20) - byteOffset)
///         buffer.prefix(count).initializeMemory(as: UInt8.self, repeating: 0)
///         return count
///     }
/// }
/// let file = try ContainerFile(source: Zeros())
/// ```
///
/// Reads are few and large: a decoder asks for 256 KiB or more at once, unless the range that it decodes has less. A look at headers asks
/// for 32 bytes to 64 KiB.
///
/// Any number of threads may use a source of `ByteAccess.random` at the same time. Calls to a source of `ByteAccess.sequential` are made
/// one after another.
public protocol ByteSource: Sendable {
    /// The name that errors begin with.
    var name: String { get }

    /// The number of bytes that the source has, if that is known before they are read. It never changes.
    var byteCount: Int? { get }

    /// The order in which bytes can be read. A source of unknown size is read in order, whatever its access.
    var access: ByteAccess { get }

    /// The version of an object that is being read, as its server names it; nil for anything else.
    var version: StoredVersion? { get }

    /// True for a source of random access whose reads cost nothing but time of this machine, such as a file.
    ///
    /// A thread that has nothing else to do may then read bytes before a decoder needs them. Some are read twice, or in vain.
    var isLocal: Bool { get }

    /// The identity of the bytes as they are at the moment; nil where the source cannot tell.
    ///
    /// A `Decoder` compares it with the identity that the source had when it was opened, at the end of each run and where there is an
    /// error. If the two differ, reading throws `.fileChanged`.
    ///
    /// - Throws: `ByteSourceError` of kind `.readFailed` or `.fileChanged`.
    func identity() throws(ByteSourceError) -> ByteSourceIdentity?

    /// Reads some of the bytes from `byteOffset` on, at least one unless the source has no more.
    ///
    /// - Parameters:
    ///   - byteOffset: The offset of the first byte wanted, at least 0. A source of sequential access gets the offset behind the bytes that
    ///     it has given so far.
    ///   - buffer: The memory that is filled from its beginning; at least one byte.
    ///   - isCancelled: Returns true once nobody wants the bytes any more. A source that waits calls it several times a second, and then
    ///     throws `.cancelled`. nil: the wait ends when bytes come.
    /// - Returns: The number of bytes read; 0 only at the end of the source.
    /// - Throws: `ByteSourceError` of kind `.readFailed`, `.fileChanged` or `.cancelled`.
    func read(
        at byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer, isCancelled: (() -> Bool)?
    ) throws(ByteSourceError) -> Int

    /// Tells the source that it will be asked for a range of bytes soon. It may fetch them meanwhile, or do nothing.
    func adviseWillRead(_ byteRange: Range<Int>)
}

extension ByteSource {
    /// No version.
    public var version: StoredVersion? { nil }

    /// False: bytes are read once, when they are needed.
    public var isLocal: Bool { false }

    /// No identity: changes of the bytes are found only where a checksum or the format shows them.
    public func identity() throws(ByteSourceError) -> ByteSourceIdentity? { nil }

    /// Does nothing.
    public func adviseWillRead(_ byteRange: Range<Int>) {}
}

/// The order in which the bytes of a source can be read.
public enum ByteAccess: Sendable, Equatable {
    /// At any offset, any number of times, by several threads.
    case random
    /// Once, from the first byte to the last.
    case sequential
}
