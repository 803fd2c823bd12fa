internal import Container

extension FuzzTarget {
    /// zip archives: the directory, the members' headers, and the members.
    static let zipDirectory = FuzzTarget(
        name: "ZipDirectory",
        run: { bytes in
            ScratchFile.with(bytes) { path in
                guard let archive = try? ZipArchive(path: path) else { return }
                var ranges: [Range<Int>] = []
                for member in archive.members {
                    precondition(
                        member.byteRange.lowerBound >= 30 && member.byteRange.upperBound <= bytes.count - 22, "outside of the file")
                    ranges.append(member.byteRange)
                    if let file = try? ContainerFile(member: member, of: archive) {
                        Reading.readAll(file, bufferByteCount: 5000, .init())
                    }
                }
                ranges.sort { $0.lowerBound < $1.lowerBound }
                precondition(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }, "members that overlap")
                precondition(Set(archive.members.map(\.name)).count == archive.members.count, "two members of one name")
            }
        },
        seeds: {
            func little(_ number: Int, _ byteCount: Int) -> [UInt8] {
                (0..<byteCount).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            }
            // The CRC-32 of "abc" is 0x352441C2; as deflate, it is one stored block.
            func archive(method: Int, data: [UInt8], is64: Bool) -> [UInt8] {
                let sizes = little(0x3524_41C2, 4) + (is64 ? little(-1, 8) : little(data.count, 4) + little(3, 4))
                let fields = little(20, 2) + little(0, 2) + little(method, 2) + little(0, 4) + sizes
                let extra = is64 ? little(1, 2) + little(16, 2) + little(3, 8) + little(data.count, 8) : []
                let header = little(0x0403_4B50, 4) + fields + little(1, 2) + little(extra.count, 2) + [0x61] + extra + data
                let entry =
                    little(0x0201_4B50, 4) + little(20, 2) + fields + little(1, 2) + little(extra.count, 2) + little(0, 12)
                    + little(0, 4) + [0x61] + extra
                let end64 =
                    little(0x0606_4B50, 4) + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8) + little(1, 8) + little(1, 8)
                    + little(entry.count, 8) + little(header.count, 8) + little(0x0706_4B50, 4) + little(0, 4)
                    + little(header.count + entry.count, 8) + little(1, 4)
                let end =
                    little(0x0605_4B50, 4) + little(0, 4) + little(1, 2) + little(1, 2) + little(entry.count, 4)
                    + little(header.count, 4) + little(0, 2)
                return header + entry + (is64 ? end64 : []) + end
            }
            let stored = Array("abc".utf8)
            let deflated = [1, 3, 0, 0xFC, 0xFF] + stored
            return [
                archive(method: 0, data: stored, is64: false), archive(method: 8, data: deflated, is64: false),
                archive(method: 0, data: stored, is64: true), archive(method: 8, data: deflated, is64: true),
            ]
        })
}
