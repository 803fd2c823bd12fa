internal import CXXHash
internal import Messages
internal import ObjectStore
public import Scoring
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The identity of a file's content, as far as it can be told without reading all of it: its size, the time of its last change, hashes of
/// its first and last 64 KiB, and a hash of the index at its end.
///
/// The index is zstd's seek table, whose entries have checksums of the frames, the footer of Parquet or Arrow, or the central directory of
/// a zip archive with the checksums of its members. For such files the identity all but covers every byte. A change in the middle of any
/// other file that keeps its size, and whose time was set back, is not seen. An object of a store has a hash of its entity tag, which covers
/// every byte, in place of the time of its last change. The file's number, its device and its path are no part of the
/// identity: network file systems change them, and copies have others.
///
/// ```swift
/// let before = try InputIdentity(path: "logits.npy.zst")
/// let now = try InputIdentity(path: "logits.npy.zst")
/// if let difference = now.difference(from: before) { print("logits.npy.zst \(difference)") }
/// ```
public struct InputIdentity: Sendable {
    /// The number of bytes at either end of a file that are hashed.
    public static let endByteCount = 64 << 10
    /// The time in nanoseconds for which a file must have been left alone before its identity is trusted.
    public static let quietNanoseconds: Int64 = 2_000_000_000
    /// The number of bytes of an encoded identity.
    public static let encodedByteCount = 48

    /// The size of the file in bytes.
    public let byteCount: UInt64
    /// The time of the file's last change, in nanoseconds since 1970; of an object of a store XXH3 (64 bits) of its entity tag, or 0 where it
    /// has none.
    public let modificationTime: Int64
    /// True for an object of a store.
    public let isRemote: Bool
    /// The entity tag of an object of a store that was looked at; nil where it has none, for files, and for an identity that was encoded.
    public private(set) var entityTag: String?
    /// XXH3 (64 bits) of the first bytes of the file, `endByteCount` at most.
    public let beginningHash: UInt64
    /// XXH3 (64 bits) of the last bytes of the file, `endByteCount` at most.
    public let endHash: UInt64
    /// XXH3 (64 bits) of the index at the end of the file; nil if it has none of a known kind.
    public let indexHash: UInt64?
    /// True if the file was changed less than two seconds before it was looked at, or after that by its clock. A change that followed at
    /// once may then have left no other time of change, so that nobody should conclude from an equal identity that the content is equal.
    public let isRacy: Bool

    /// Makes an identity of its parts.
    package init(
        byteCount: UInt64, modificationTime: Int64, beginningHash: UInt64, endHash: UInt64, indexHash: UInt64?, isRacy: Bool,
        isRemote: Bool = false
    ) {
        self.isRemote = isRemote
        self.byteCount = byteCount
        self.modificationTime = modificationTime
        self.beginningHash = beginningHash
        self.endHash = endHash
        self.indexHash = indexHash
        self.isRacy = isRacy
    }

    /// Looks at a regular file or at an object of a store, and reads its ends and its index. O(bytes of the index), and 128 KiB.
    ///
    /// - Throws: `EngineError` of category `.noInput` if the file cannot be opened, `.usage` if it is no regular file, and `.inputOutput`
    ///   if it cannot be read.
    public init(path: String) throws(EngineError) { try self.init(path: path, now: Self.now) }

    /// Does the same at a given time, in nanoseconds since 1970.
    init(path: String, now: Int64) throws(EngineError) {
        let file = try LookedAtFile(path)
        byteCount = UInt64(file.byteCount)
        modificationTime = file.modificationTime
        let first = try file.bytes(at: 0, count: min(Self.endByteCount, file.byteCount))
        beginningHash = first.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
        let last = try file.bytes(
            at: max(0, file.byteCount - Self.endByteCount), count: min(Self.endByteCount, file.byteCount))
        endHash = last.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
        indexHash = try file.index(last).map { range throws(EngineError) in try file.hash(of: range) }
        // Stores give objects their names when they are whole.
        isRacy = !file.isRemote && modificationTime > now - Self.quietNanoseconds
        isRemote = file.isRemote
        entityTag = file.entityTag
    }

    /// The time of the system's clock in nanoseconds since 1970.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return nanoseconds(time)
    }

    fileprivate static func nanoseconds(_ time: timespec) -> Int64 {
        let (seconds, overflow) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return time.tv_sec < 0 ? .min : .max }
        let (sum, sumOverflow) = seconds.addingReportingOverflow(Int64(time.tv_nsec))
        return sumOverflow ? .max : sum
    }

    /// Says in words what tells this identity from an earlier one of the same file, such as "has 12 bytes, and had 10"; nil if they are
    /// equal. The time of the look, and with it `isRacy`, are not compared.
    public func difference(from earlier: InputIdentity) -> String? {
        if byteCount != earlier.byteCount { return "has \(byteCount) bytes, and had \(earlier.byteCount)" }
        if beginningHash != earlier.beginningHash { return "has other first bytes than before" }
        if endHash != earlier.endHash { return "has other last bytes than before" }
        if indexHash != earlier.indexHash { return "has another index at its end than before" }
        if isRemote != earlier.isRemote { return isRemote ? "is an object of a store, and was a file" : "is a file, and was an object of a store" }
        if modificationTime != earlier.modificationTime {
            return isRemote ? "has another entity tag than before" : "has another time of change than before"
        }
        return nil
    }

    /// Appends `encodedByteCount` bytes: as numbers of eight bytes, the least significant first, the size, the time of change (two's
    /// complement), the hashes of the beginning and the end, flags (1: there is an index, 2: racy, 4: an object of a store), and the hash of the index or 0.
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: byteCount)
        bytes.append(littleEndian: UInt64(bitPattern: modificationTime))
        bytes.append(littleEndian: beginningHash)
        bytes.append(littleEndian: endHash)
        bytes.append(littleEndian: (indexHash == nil ? 0 : 1) | (isRacy ? 2 : 0) | (isRemote ? 4 : 0))
        bytes.append(littleEndian: indexHash ?? 0)
    }

    /// Reads what `encode(into:)` wrote.
    ///
    /// - Throws: `PartialError` if the bytes are none of an identity.
    public init(_ reader: inout SectionReader) throws(PartialError) {
        byteCount = try reader.unsigned()
        modificationTime = Int64(bitPattern: try reader.unsigned())
        beginningHash = try reader.unsigned()
        endHash = try reader.unsigned()
        let flags = try reader.unsigned(), hash = try reader.unsigned()
        guard flags < 8, flags & 1 == 1 || hash == 0 else { throw .damaged("the identity of a file has flags \(flags)") }
        indexHash = flags & 1 == 1 ? hash : nil
        isRacy = flags & 2 == 2
        isRemote = flags & 4 == 4
    }
}

extension InputIdentity: Equatable {
    /// Returns true if the two differ in nothing but the time at which the file was looked at.
    public static func == (left: InputIdentity, right: InputIdentity) -> Bool { left.difference(from: right) == nil }
}

/// A file, or an object of a store, that is open for a look at its ends.
private struct LookedAtFile: ~Copyable {
    private enum Place {
        case file(Int32)
        case object(RemoteObject)
    }

    let path: String
    let byteCount: Int
    let modificationTime: Int64
    private let place: Place

    init(_ path: String) throws(EngineError) {
        self.path = path
        if ObjectStore.isURL(path) {
            let object: RemoteObject
            do throws(ObjectStoreError) { object = try ObjectStore.shared.open(path) } catch { throw EngineError(error, path: path) }
            place = .object(object)
            byteCount = object.byteCount
            let tag = Array((object.entityTag ?? "").utf8)
            modificationTime = tag.isEmpty ? 0 : Int64(bitPattern: tag.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) })
            return
        }
        // Without waiting for a writer, if it is a pipe.
        let descriptor = open(FileName.cString(path), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw EngineError(.noInput, path: path, "cannot be opened: \(String(cString: strerror(errno)))")
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw EngineError(.usage, path: path, "is no regular file, and cannot be read again", remedy: "write it to a file first")
        }
        place = .file(descriptor)
        byteCount = Int(status.st_size)
        #if canImport(Darwin)
        modificationTime = InputIdentity.nanoseconds(status.st_mtimespec)
        #else
        modificationTime = InputIdentity.nanoseconds(status.st_mtim)
        #endif
    }

    deinit {
        if case .file(let descriptor) = place { close(descriptor) }
    }

    var isRemote: Bool {
        if case .object = place { true } else { false }
    }

    var entityTag: String? {
        if case .object(let object) = place { object.entityTag } else { nil }
    }

    /// Reads bytes; fewer if the file has become shorter.
    func bytes(at byteOffset: Int, count: Int) throws(EngineError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let read = try readSome(at: byteOffset + filled, into: &bytes, from: filled)
            if read == 0 { break }
            filled += read
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    /// Reads some bytes into an array from one of its elements on; none at the end of the file.
    private func readSome(at byteOffset: Int, into bytes: inout [UInt8], from start: Int) throws(EngineError) -> Int {
        switch place {
        case .object(let object):
            let read = bytes.withUnsafeMutableBytes { buffer in
                Result { () throws(ObjectStoreError) in
                    try object.read(at: byteOffset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[start...]))
                }
            }
            do throws(ObjectStoreError) { return try read.get() } catch { throw EngineError(error, path: path) }
        case .file(let descriptor):
            while true {
                let read = bytes.withUnsafeMutableBytes { buffer in
                    pread(descriptor, buffer.baseAddress.map { $0 + start }, buffer.count - start, off_t(byteOffset))
                }
                if read >= 0 { return read }
                guard errno == EINTR else {
                    throw EngineError(.inputOutput, path: path, "cannot be read: \(String(cString: strerror(errno)))")
                }
            }
        }
    }

    /// Hashes a range of bytes, a piece at a time.
    func hash(of range: Range<Int>) throws(EngineError) -> UInt64 {
        let state = XXH3_createState()
        defer { XXH3_freeState(state) }
        _ = XXH3_64bits_reset(state)
        var byteOffset = range.lowerBound
        while byteOffset < range.upperBound {
            let piece = try bytes(at: byteOffset, count: min(1 << 20, range.upperBound - byteOffset))
            if piece.isEmpty { break }
            piece.withUnsafeBytes { _ = XXH3_64bits_update(state, $0.baseAddress, $0.count) }
            byteOffset += piece.count
        }
        return XXH3_64bits_digest(state)
    }

    /// Finds the index at the end of the file, by the file's last bytes.
    func index(_ last: [UInt8]) throws(EngineError) -> Range<Int>? {
        func number(_ place: Int, _ count: Int) -> Int {
            last[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        func ends(with text: String) -> Bool { last.suffix(text.utf8.count).elementsEqual(text.utf8) }
        // At most 2^32 entries of 12 bytes: no sum of these is too large.
        func final(_ count: Int) -> Range<Int>? { count <= byteCount ? byteCount - count..<byteCount : nil }
        let end = last.count
        if end >= 17, number(end - 4, 4) == 0x8F92_EAB1 {
            // A skippable frame of 8 bytes and the entries, and 9 bytes after them.
            return final(8 + number(end - 9, 4) * (last[end - 5] & 0x80 != 0 ? 12 : 8) + 9)
        }
        if end >= 12, ends(with: "PAR1") { return final(number(end - 8, 4) + 8) }
        if end >= 16, ends(with: "ARROW1") { return final(number(end - 10, 4) + 10) }
        return try zipDirectory(last, number)
    }

    /// Finds the central directory of a zip archive, up to the end of the file.
    private func zipDirectory(_ last: [UInt8], _ number: (_ place: Int, _ count: Int) -> Int) throws(EngineError) -> Range<Int>? {
        let recordByteCount = 22
        guard last.count >= recordByteCount else { return nil }
        guard let place = (0...last.count - recordByteCount).last(where: { number($0, 4) == 0x0605_4B50 }) else { return nil }
        var start = number(place + 16, 4)
        let locator = place - 20
        if start == 0xFFFF_FFFF, locator >= 0, number(locator, 4) == 0x0706_4B50 {
            // The record of zip64, which the locator before the usual one leads to.
            let record = last[locator + 8..<locator + 16].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard let offset = Int(exactly: record), offset <= byteCount - 56 else { return nil }
            let bytes = try bytes(at: offset, count: 56)
            guard bytes.count == 56, bytes.starts(with: [0x50, 0x4B, 6, 6]),
                let found = Int(exactly: bytes[48..<56].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
            else { return nil }
            start = found
        }
        return start < byteCount ? start..<byteCount : nil
    }
}
