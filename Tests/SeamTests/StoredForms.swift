import Container
import Formats

/// Bytes as seekable zstd, in frames whose borders lie anywhere.
func seekableZstd(_ bytes: [UInt8], frameByteCount: Int) throws -> [UInt8] {
    var writer = SeekableWriter(level: 1)
    var stored: [UInt8] = []
    var start = 0
    while start < bytes.count {
        let end = min(start + frameByteCount, bytes.count)
        stored += try writer.frame(of: bytes[start..<end])
        start = end
    }
    return stored + writer.seekTable()
}

/// A zip archive of stored members.
func zipArchive(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    func number(_ value: Int, _ byteCount: Int) -> [UInt8] { (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    var archive: [UInt8] = []
    var directory: [UInt8] = []
    for member in members {
        // Version, flags, method, time, date, CRC-32, both sizes, length of the name, no extra field.
        let size = number(member.bytes.count, 4)
        let nameByteCount = number(member.name.utf8.count, 2)
        let facts = number(20, 2) + number(0, 8) + number(Int(crc32(member.bytes)), 4) + size + size + nameByteCount + number(0, 2)
        directory += [0x50, 0x4B, 1, 2] + number(20, 2) + facts + number(0, 10) + number(archive.count, 4) + Array(member.name.utf8)
        archive += [0x50, 0x4B, 3, 4] + facts + Array(member.name.utf8) + member.bytes
    }
    let count = number(members.count, 2)
    let end = [0x50, 0x4B, 5, 6] + number(0, 4) + count + count + number(directory.count, 4) + number(archive.count, 4) + number(0, 2)
    return archive + directory + end
}

/// The checksum of zip and gzip, bit by bit.
private func crc32(_ bytes: [UInt8]) -> UInt32 {
    let table = (0..<256).map { index -> UInt32 in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }
    return ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
}
