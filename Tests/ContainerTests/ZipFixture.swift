/// A zip archive made by hand, which can be falsified at will.
struct ZipFixture {
    /// What a header or an entry of the directory says.
    struct Fields {
        var flags = 0
        var method = 0
        var checksum = 0
        var storedByteCount = 0
        var decodedByteCount = 0
        var name: [UInt8] = []
        var extra: [UInt8] = []
        var byteOffset = 0
        var disk = 0
    }

    struct Member {
        var name: String
        var content: [UInt8]
        var method = 0
        var flags = 0
        /// Bytes in place of the compressed content.
        var stored: [UInt8]?
        /// Sizes in zip64 fields.
        var is64 = false
        var inHeader: (inout Fields) -> Void = { _ in }
        var inDirectory: (inout Fields) -> Void = { _ in }
    }

    /// What the end of the directory says.
    struct End {
        var disk = 0
        var entryCount = 0
        var byteCount = 0
        var byteOffset = 0
    }

    var members: [Member] = []
    var comment: [UInt8] = []
    /// Whether there is a zip64 record.
    var is64 = false
    var inEnd: (inout End) -> Void = { _ in }
    var inEnd64: (inout End) -> Void = { _ in }
    /// Bytes between the members and the directory.
    var gap: [UInt8] = []

    struct Built {
        var bytes: [UInt8] = []
        /// Where each member's bytes lie.
        var data: [Range<Int>] = []
        var directory = 0..<0
    }

    private static func little(_ number: Int, _ byteCount: Int) -> [UInt8] { ZstdFixture.littleEndian(number, byteCount) }

    func build() -> Built {
        var built = Built()
        var entries: [UInt8] = []
        for member in members {
            let stored = member.stored ?? (member.method == 8 ? DeflateFixture.deflate(member.content) : member.content)
            var fields = Fields(
                flags: member.flags, method: member.method, checksum: DeflateFixture.checksum(member.content),
                storedByteCount: stored.count, decodedByteCount: member.content.count, name: Array(member.name.utf8),
                byteOffset: built.bytes.count)
            var header = fields
            let hasDescriptor = member.flags & 8 != 0
            if hasDescriptor { (header.checksum, header.storedByteCount, header.decodedByteCount) = (0, 0, 0) }
            if member.is64 {
                header.extra =
                    Self.little(1, 2) + Self.little(16, 2) + Self.little(header.decodedByteCount, 8)
                    + Self.little(header.storedByteCount, 8)
                (header.storedByteCount, header.decodedByteCount) = (0xFFFF_FFFF, 0xFFFF_FFFF)
                fields.extra =
                    Self.little(1, 2) + Self.little(24, 2) + Self.little(fields.decodedByteCount, 8)
                    + Self.little(fields.storedByteCount, 8) + Self.little(fields.byteOffset, 8)
                (fields.storedByteCount, fields.decodedByteCount, fields.byteOffset) = (0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF)
            }
            member.inHeader(&header)
            member.inDirectory(&fields)
            built.bytes += Self.little(0x0403_4B50, 4) + Self.little(20, 2) + Self.little(header.flags, 2) + Self.little(header.method, 2)
            built.bytes += [1, 2, 3, 4] + Self.little(header.checksum, 4) + Self.little(header.storedByteCount, 4)
            built.bytes += Self.little(header.decodedByteCount, 4) + Self.little(header.name.count, 2) + Self.little(header.extra.count, 2)
            built.bytes += header.name + header.extra
            built.data.append(built.bytes.count..<built.bytes.count + stored.count)
            built.bytes += stored
            if hasDescriptor {
                built.bytes +=
                    Self.little(0x0807_4B50, 4) + Self.little(fields.checksum, 4) + Self.little(stored.count, 4)
                    + Self.little(member.content.count, 4)
            }
            entries += Self.little(0x0201_4B50, 4) + [20, 3, 20, 0] + Self.little(fields.flags, 2) + Self.little(fields.method, 2)
            entries += [1, 2, 3, 4] + Self.little(fields.checksum, 4) + Self.little(fields.storedByteCount, 4)
            entries += Self.little(fields.decodedByteCount, 4) + Self.little(fields.name.count, 2) + Self.little(fields.extra.count, 2)
            entries += [0, 0] + Self.little(fields.disk, 2) + [0, 0, 0, 0, 0, 0] + Self.little(fields.byteOffset, 4)
            entries += fields.name + fields.extra
        }
        built.bytes += gap
        built.directory = built.bytes.count..<built.bytes.count + entries.count
        built.bytes += entries
        var end = End(entryCount: members.count, byteCount: entries.count, byteOffset: built.directory.lowerBound)
        if is64 {
            var end64 = end
            inEnd64(&end64)
            let start = built.bytes.count
            built.bytes +=
                Self.little(0x0606_4B50, 4) + Self.little(44, 8) + [45, 3, 45, 0] + Self.little(end64.disk, 4) + Self.little(0, 4)
            built.bytes += Self.little(end64.entryCount, 8) + Self.little(end64.entryCount, 8)
            built.bytes += Self.little(end64.byteCount, 8) + Self.little(end64.byteOffset, 8)
            built.bytes += Self.little(0x0706_4B50, 4) + Self.little(0, 4) + Self.little(start, 8) + Self.little(1, 4)
            end = End(disk: 0xFFFF, entryCount: 0xFFFF, byteCount: 0xFFFF_FFFF, byteOffset: 0xFFFF_FFFF)
        }
        inEnd(&end)
        built.bytes += Self.little(0x0605_4B50, 4) + Self.little(end.disk, 2) + Self.little(end.disk, 2) + Self.little(end.entryCount, 2)
        built.bytes += Self.little(end.entryCount, 2) + Self.little(end.byteCount, 4) + Self.little(end.byteOffset, 4)
        built.bytes += Self.little(comment.count, 2) + comment
        return built
    }
}
