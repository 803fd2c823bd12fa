/// The directory at the end of a zip archive. Its entries are compared with the members' own headers as they are read.
///
/// Section numbers are those of PKWARE's APPNOTE.TXT, version 6.3.10.
struct ZipDirectory {
    private static let endByteCount = 22
    private static let locatorByteCount = 20
    private static let end64ByteCount = 56
    private static let entryByteCount = 46
    private static let headerByteCount = 30
    /// The value of a field of two or four bytes that refers to a field of a zip64 record.
    private static let full16 = 0xFFFF
    private static let full32 = 0xFFFF_FFFF

    private let file: StoredBytes
    private let entryCount: Int
    private let byteRange: Range<Int>

    /// Finds the directory of `file`.
    init(of file: StoredBytes) throws(ContainerError) {
        let tailByteCount = min(file.byteCount, Self.endByteCount + Self.full16)
        let tailByteOffset = file.byteCount - tailByteCount
        let tail = try Self.bytes(of: file, tailByteOffset..<file.byteCount)
        // A record of 22 bytes, and a comment that ends with the file. What looks like one may be within the comment of another.
        var found: ZipDirectory?
        var firstFailure: ContainerError?
        for start in stride(from: tailByteCount - Self.endByteCount, through: 0, by: -1) where tail[start] == 0x50 {
            guard tail.number(at: start, 4) == 0x0605_4B50,
                start + Self.endByteCount + tail.number(at: start + 20, 2) == tailByteCount
            else { continue }
            do throws(ContainerError) {
                let directory = try ZipDirectory(file, end: tail[start..<start + Self.endByteCount], at: tailByteOffset + start)
                if found != nil {
                    throw Self.damaged(
                        file, tailByteOffset + start, "two records could be the end of the archive's directory, and they differ",
                        remedy: "write the archive again, without a comment")
                }
                found = directory
            } catch {
                if found != nil, error.problem.hasPrefix("two records") { throw error }
                firstFailure = firstFailure ?? error
            }
        }
        if let found {
            self = found
            return
        }
        if let firstFailure { throw firstFailure }
        throw ContainerError(
            path: file.path, kind: .truncated, byteOffset: file.byteCount,
            problem: "this is a zip archive whose directory, which should be at its end, is missing",
            remedy: "it was cut short: " + ContainerError.copyAgain)
    }

    /// The directory that an end record (4.3.16) leads to.
    private init(_ file: StoredBytes, end: ArraySlice<UInt8>, at endByteOffset: Int) throws(ContainerError) {
        let end = Array(end)
        var disk = end.number(at: 4, 2)
        var firstDisk = end.number(at: 6, 2)
        var entryCountHere = end.number(at: 8, 2)
        var entryCount = end.number(at: 10, 2)
        var byteCount = end.number(at: 12, 4)
        var byteOffset = end.number(at: 16, 4)
        var directoryEnd = endByteOffset

        let locator = try Self.locator(file, before: endByteOffset)
        let needs64 =
            [disk, firstDisk, entryCountHere, entryCount].contains(Self.full16) || [byteCount, byteOffset].contains(Self.full32)
        if let locator {
            let (start, record) = try Self.end64(file, locator, before: endByteOffset - Self.locatorByteCount)
            // The values that the old record gives itself must be the same.
            let fields: [(old: Int, full: Int, at: Int, count: Int, name: String)] = [
                (disk, Self.full16, 16, 4, "this disk"), (firstDisk, Self.full16, 20, 4, "the directory's disk"),
                (entryCountHere, Self.full16, 24, 8, "entries on this disk"), (entryCount, Self.full16, 32, 8, "entries"),
                (byteCount, Self.full32, 40, 8, "the directory's size"), (byteOffset, Self.full32, 48, 8, "the directory's offset"),
            ]
            var values: [Int] = []
            for field in fields {
                guard let value = record.numberIfFits(at: field.at, field.count), field.old == field.full || field.old == value else {
                    throw Self.damaged(
                        file, start, "the zip64 record contradicts the end of the directory in \(field.name)",
                        found: "\(record.numberIfFits(at: field.at, field.count).map { "\($0)" } ?? "2^63 or more")", wanted: "\(field.old)"
                    )
                }
                values.append(value)
            }
            (disk, firstDisk, entryCountHere, entryCount, byteCount, byteOffset) = (
                values[0], values[1], values[2], values[3], values[4], values[5]
            )
            directoryEnd = start
        } else if needs64 {
            // 65,535 members, or a directory of 4 GiB, need no zip64 record; then the checks below hold.
            guard entryCount == Self.full16 || entryCountHere == Self.full16, byteCount != Self.full32, byteOffset != Self.full32 else {
                throw Self.damaged(file, endByteOffset, "the end of the directory refers to a zip64 record, and there is none")
            }
        }
        guard disk == 0, firstDisk == 0, entryCountHere == entryCount else {
            throw ContainerError(
                path: file.path, kind: .unsupported, byteOffset: endByteOffset, problem: "this is a zip archive in several parts",
                remedy: "join them with zip -s 0")
        }
        guard byteOffset <= directoryEnd, byteCount == directoryEnd - byteOffset else {
            throw Self.damaged(
                file, endByteOffset, "the directory does not end where its end record begins",
                found: "\(byteCount) bytes from byte \(byteOffset) on", wanted: "its end at byte \(directoryEnd)",
                remedy: "if the archive stands behind other data, cut that off; otherwise " + ContainerError.copyAgain)
        }
        guard entryCount <= byteCount / Self.entryByteCount else {
            throw Self.damaged(
                file, endByteOffset, "the directory claims more entries than it has room for", found: "\(entryCount)",
                wanted: "at most \(byteCount / Self.entryByteCount) in its \(byteCount) bytes")
        }
        guard entryCount <= ZipArchive.memberCountLimit, byteCount <= ZipArchive.directoryByteCountLimit else {
            throw ContainerError(
                path: file.path, kind: .unsupported, byteOffset: byteOffset, problem: "the archive has too many members",
                found: "\(entryCount) in a directory of \(byteCount) bytes",
                allowed: "at most \(ZipArchive.memberCountLimit) in \(ZipArchive.directoryByteCountLimit) bytes",
                remedy: "split it into several archives")
        }
        self.file = file
        self.entryCount = entryCount
        byteRange = byteOffset..<directoryEnd
    }

    /// The offset of the zip64 record, which the locator (4.3.15) before the end record gives; nil where there is no locator.
    private static func locator(_ file: StoredBytes, before endByteOffset: Int) throws(ContainerError) -> Int? {
        let start = endByteOffset - locatorByteCount
        guard start >= 0 else { return nil }
        let bytes = try bytes(of: file, start..<endByteOffset)
        guard bytes.number(at: 0, 4) == 0x0706_4B50 else { return nil }
        guard bytes.number(at: 4, 4) == 0, bytes.number(at: 16, 4) <= 1, let offset = bytes.numberIfFits(at: 8, 8) else {
            throw damaged(file, start, "the locator of the zip64 record makes no sense")
        }
        return offset
    }

    /// The zip64 record (4.3.14) at `byteOffset`, which ends at `end`.
    private static func end64(_ file: StoredBytes, _ byteOffset: Int, before end: Int) throws(ContainerError) -> (Int, [UInt8]) {
        guard byteOffset <= end - end64ByteCount else {
            throw damaged(file, end, "the zip64 record is not where its locator says", found: "byte \(byteOffset)")
        }
        let record = try bytes(of: file, byteOffset..<byteOffset + end64ByteCount)
        guard record.number(at: 0, 4) == 0x0606_4B50, record.numberIfFits(at: 4, 8) == end - byteOffset - 12 else {
            throw damaged(file, byteOffset, "there is no zip64 record that ends at its locator")
        }
        return (byteOffset, record)
    }

    // MARK: Entries

    /// A member as an entry or a header describes it.
    private struct Description {
        var flags: Int
        var method: Int
        var checksum: UInt32
        var storedByteCount: Int
        var decodedByteCount: Int
        var name: ArraySlice<UInt8>

        /// True if the sizes and the checksum follow the member and are 0 in its header.
        var hasDescriptor: Bool { flags & 1 << 3 != 0 }
        var isEncrypted: Bool { flags & (1 | 1 << 6 | 1 << 13) != 0 }
        var isNameUTF8: Bool { flags & 1 << 11 != 0 }
    }

    /// Reads all members and compares each with its own header.
    func members() throws(ContainerError) -> [ZipArchive.Member] {
        let bytes = try Self.bytes(of: file, byteRange)
        var members: [ZipArchive.Member] = []
        members.reserveCapacity(entryCount)
        // The bytes of each member, from its header on.
        var extents: [(range: Range<Int>, name: String)] = []
        extents.reserveCapacity(entryCount)
        // By their bytes: Swift takes strings for the same that Unicode holds for equivalent.
        var names: Set<[UInt8]> = []
        let headers = ZipHeaderReader(file, end: byteRange.lowerBound)
        var position = 0
        for number in 0..<entryCount {
            let start = byteRange.lowerBound + position
            guard position + Self.entryByteCount <= bytes.count, bytes.number(at: position, 4) == 0x0201_4B50 else {
                throw Self.damaged(
                    file, start, "the directory ends early", found: "\(number) entries", wanted: "\(entryCount)")
            }
            let nameEnd = position + Self.entryByteCount + bytes.number(at: position + 28, 2)
            let extraEnd = nameEnd + bytes.number(at: position + 30, 2)
            let end = extraEnd + bytes.number(at: position + 32, 2)
            guard end <= bytes.count else {
                throw Self.damaged(file, start, "entry \(number) of the directory goes beyond its end")
            }
            var entry = Description(
                flags: bytes.number(at: position + 8, 2), method: bytes.number(at: position + 10, 2),
                checksum: UInt32(truncatingIfNeeded: bytes.number(at: position + 16, 4)),
                storedByteCount: bytes.number(at: position + 20, 4), decodedByteCount: bytes.number(at: position + 24, 4),
                name: bytes[position + Self.entryByteCount..<nameEnd])
            var headerByteOffset = bytes.number(at: position + 42, 4)
            let disk = bytes.number(at: position + 34, 2)
            let wants = [entry.decodedByteCount == Self.full32, entry.storedByteCount == Self.full32, headerByteOffset == Self.full32]
            let larger = try zip64(bytes[nameEnd..<extraEnd], wants, at: start)
            if let value = larger[0] { entry.decodedByteCount = value }
            if let value = larger[1] { entry.storedByteCount = value }
            if let value = larger[2] { headerByteOffset = value }
            guard disk == 0 || disk == Self.full16 else {
                throw ContainerError(
                    path: file.path, kind: .unsupported, byteOffset: start, problem: "this is a zip archive in several parts",
                    remedy: "join them with zip -s 0")
            }
            position = end
            let name = try self.name(of: entry, at: start)
            guard names.insert(Array(name.utf8)).inserted else {
                throw Self.damaged(
                    file, start, "two members of the archive have the name \(name)", remedy: "write it again with a name for each")
            }
            let data = try check(entry, against: headers, at: headerByteOffset, name: name)
            extents.append((headerByteOffset..<data.upperBound, name))
            if name.hasSuffix("/"), entry.decodedByteCount == 0 { continue }
            members.append(
                ZipArchive.Member(
                    name: name, method: .init(entry.method), isEncrypted: entry.isEncrypted, byteRange: data,
                    decodedByteCount: entry.decodedByteCount, checksum: entry.checksum))
        }
        guard position == bytes.count else {
            throw Self.damaged(
                file, byteRange.lowerBound + position, "the directory has more than its entries",
                found: "\(bytes.count - position) bytes more",
                wanted: "\(entryCount) entries")
        }
        extents.sort { $0.range.lowerBound < $1.range.lowerBound }
        for (extent, next) in zip(extents, extents.dropFirst()) where extent.range.upperBound > next.range.lowerBound {
            throw Self.damaged(
                file, next.range.lowerBound, "two members of the archive overlap: \(extent.name) and \(next.name)",
                found: "bytes \(extent.range) and \(next.range)")
        }
        return members
    }

    /// The values of a zip64 extra field (4.5.3) that stand for the fields that `wants` names, in their order.
    private func zip64(_ extra: ArraySlice<UInt8>, _ wants: [Bool], at byteOffset: Int) throws(ContainerError) -> [Int?] {
        var values: [Int?] = wants.map { _ in nil }
        guard wants.contains(true) else { return values }
        let extra = Array(extra)
        var position = 0
        while position + 4 <= extra.count {
            let end = position + 4 + extra.number(at: position + 2, 2)
            guard end <= extra.count else { break }
            if extra.number(at: position, 2) == 1 {
                var field = position + 4
                for index in wants.indices where wants[index] {
                    guard field + 8 <= end, let value = extra.numberIfFits(at: field, 8) else {
                        throw Self.damaged(file, byteOffset, "a zip64 field is too short, or too large to be true")
                    }
                    values[index] = value
                    field += 8
                }
                return values
            }
            position = end
        }
        // 2^32 - 1 bytes exactly are possible without the field.
        return values
    }

    /// Compares an entry of the directory with the member's own header (4.3.7).
    ///
    /// - Returns: The place of the member's bytes.
    private func check(
        _ entry: Description, against headers: ZipHeaderReader, at byteOffset: Int, name: String
    ) throws(ContainerError) -> Range<Int> {
        func damaged(_ problem: String, found: String? = nil, wanted: String? = nil) -> ContainerError {
            Self.damaged(file, byteOffset, "\(name): \(problem)", found: found, wanted: wanted)
        }
        guard byteOffset <= byteRange.lowerBound - Self.headerByteCount else {
            throw damaged(
                "the directory says that the member lies outside of the members", found: "byte \(byteOffset)",
                wanted: "below \(byteRange.lowerBound)")
        }
        let start = try headers.bytes(at: byteOffset, count: Self.headerByteCount)
        guard start.number(at: 0, 4) == 0x0403_4B50 else { throw damaged("no member begins where the directory says") }
        let nameByteCount = start.number(at: 26, 2)
        let byteCount = Self.headerByteCount + nameByteCount + start.number(at: 28, 2)
        guard byteCount <= byteRange.lowerBound - byteOffset else { throw damaged("the member's header goes beyond the members") }
        let bytes = try headers.bytes(at: byteOffset, count: byteCount)
        let nameEnd = Self.headerByteCount + nameByteCount
        var header = Description(
            flags: bytes.number(at: 6, 2), method: bytes.number(at: 8, 2),
            checksum: UInt32(truncatingIfNeeded: bytes.number(at: 14, 4)), storedByteCount: bytes.number(at: 18, 4),
            decodedByteCount: bytes.number(at: 22, 4), name: bytes[Self.headerByteCount..<nameEnd])
        let larger = try zip64(
            bytes[nameEnd..<byteCount], [header.decodedByteCount == Self.full32, header.storedByteCount == Self.full32], at: byteOffset)
        if let value = larger[0] { header.decodedByteCount = value }
        if let value = larger[1] { header.storedByteCount = value }

        guard header.name == entry.name else { throw damaged("the member's own header has another name than the directory") }
        guard header.method == entry.method, header.isEncrypted == entry.isEncrypted, header.hasDescriptor == entry.hasDescriptor else {
            throw damaged("the member's own header has another method, or other flags, than the directory")
        }
        // A header whose figures follow the member has none of them.
        let fields = [
            (header.checksum == entry.checksum, header.checksum == 0, "checksum"),
            (header.storedByteCount == entry.storedByteCount, header.storedByteCount == 0, "compressed size"),
            (header.decodedByteCount == entry.decodedByteCount, header.decodedByteCount == 0, "size"),
        ]
        for (isSame, isMissing, what) in fields where !(isSame || (header.hasDescriptor && isMissing)) {
            throw damaged("the member's own header has another \(what) than the directory")
        }
        let dataStart = byteOffset + byteCount
        guard entry.storedByteCount <= byteRange.lowerBound - dataStart else {
            throw damaged(
                "the member goes beyond the members", found: "\(entry.storedByteCount) bytes from byte \(dataStart) on",
                wanted: "its end at byte \(byteRange.lowerBound) at most")
        }
        switch ZipArchive.Method(entry.method) {
        case .stored where !entry.isEncrypted:
            guard entry.storedByteCount == entry.decodedByteCount, entry.decodedByteCount > 0 || entry.checksum == 0 else {
                throw damaged(
                    "the member is stored as it is, and the directory gives it two sizes or, being empty, a checksum",
                    found: "\(entry.storedByteCount) bytes", wanted: "\(entry.decodedByteCount)")
            }
        case .deflated:
            // A match of 258 bytes takes two bits at least: zlib's documentation gives the bound as 1032 to 1.
            guard entry.decodedByteCount / 1032 <= entry.storedByteCount else {
                throw damaged(
                    "the directory claims a size that the member's bytes cannot hold", found: "\(entry.decodedByteCount) bytes",
                    wanted: "at most 1032 for each of its \(entry.storedByteCount)")
            }
        default: break
        }
        return dataStart..<dataStart + entry.storedByteCount
    }

    private func name(of entry: Description, at byteOffset: Int) throws(ContainerError) -> String {
        guard !entry.name.isEmpty, !entry.name.contains(0) else {
            throw Self.damaged(file, byteOffset, "a member of the archive has an empty name, or a zero byte in it")
        }
        if entry.isNameUTF8 {
            guard let name = String(validating: entry.name, as: UTF8.self) else {
                throw Self.damaged(file, byteOffset, "a member's name should be UTF-8, and is not")
            }
            return name
        }
        return CodePage437.string(entry.name)
    }

    // MARK: Pieces

    private static func bytes(of file: StoredBytes, _ range: Range<Int>) throws(ContainerError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: range.count, alignment: 16)
        defer { buffer.deallocate() }
        try file.read(at: range.lowerBound, into: buffer)
        return Array(buffer)
    }

    private static func damaged(
        _ file: StoredBytes, _ byteOffset: Int, _ problem: String, found: String? = nil, wanted: String? = nil,
        remedy: String = ContainerError.copyAgain
    ) -> ContainerError {
        ContainerError(
            path: file.path, kind: .damaged, byteOffset: byteOffset, problem: problem, found: found, allowed: wanted, remedy: remedy)
    }
}

/// Reads the members' own headers, somewhat more at once than is asked for.
private final class ZipHeaderReader {
    private static let readByteCount = 256
    private let file: StoredBytes
    /// The offset at which the members end.
    private let end: Int
    private var byteOffset = 0
    private var kept: [UInt8] = []

    init(_ file: StoredBytes, end: Int) {
        self.file = file
        self.end = end
    }

    /// The `count` bytes from `offset` on, which end before the members do.
    func bytes(at offset: Int, count: Int) throws(ContainerError) -> [UInt8] {
        if offset != byteOffset || kept.count < count {
            let buffer = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(count, min(Self.readByteCount, end - offset)), alignment: 16)
            defer { buffer.deallocate() }
            try file.read(at: offset, into: buffer)
            kept = Array(buffer)
            byteOffset = offset
        }
        return kept
    }
}

extension [UInt8] {
    /// The little-endian number of two or four bytes at `offset`, which must be within bounds.
    fileprivate func number(at offset: Int, _ byteCount: Int) -> Int {
        var number = 0
        for index in 0..<byteCount { number |= Int(self[offset + index]) << (8 * index) }
        return number
    }

    /// The little-endian number of two, four or eight bytes at `offset`; nil beyond `Int.max`.
    fileprivate func numberIfFits(at offset: Int, _ byteCount: Int) -> Int? {
        if byteCount == 8, self[offset + 7] > 0x7F { return nil }
        return number(at: offset, byteCount)
    }
}
