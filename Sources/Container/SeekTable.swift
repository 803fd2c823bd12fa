/// The table at the end of a file in zstd's seekable format.
///
/// Format: `contrib/seekable_format/zstd_seekable_compression_format.md` of zstd, version 0.1.0. A skippable frame
/// 0x184D2A5E holds one entry a frame (compressed size, decompressed size and, by a flag, checksum, four bytes each) and a
/// footer of nine bytes (number of frames, descriptor, magic number).
struct SeekTable {
    static let footerByteCount = 9
    static let footerMagic: UInt32 = 0x8F92_EAB1
    static let frameVariant: UInt8 = 0xE
    /// The most entries: the limit of zstd's own writer.
    static let maximumEntryCount = 0x800_0000

    private let file: StoredBytes
    let entryCount: Int
    let hasChecksums: Bool
    /// The offset of the table's skippable frame in the file, where the frames end.
    let byteOffset: Int

    private var entryByteCount: Int { hasChecksums ? 12 : 8 }

    /// The result of looking for a table at the end of a file.
    enum Finding {
        case absent
        case present(SeekTable)
        /// There is a footer, but what it describes is not there.
        case unusable(String)
    }

    private init(file: StoredBytes, entryCount: Int, hasChecksums: Bool, byteOffset: Int) {
        self.file = file
        self.entryCount = entryCount
        self.hasChecksums = hasChecksums
        self.byteOffset = byteOffset
    }

    /// Looks for a table at the end of `file`.
    static func find(in file: StoredBytes) throws(ContainerError) -> Finding {
        guard file.byteCount >= 8 + footerByteCount else { return .absent }
        let window = HeaderWindow(file)
        var bytes = try window.look(at: file.byteCount - footerByteCount)
        guard bytes.littleEndian(UInt32.self, at: 5) == footerMagic else { return .absent }
        let entryCount = Int(bytes.littleEndian(UInt32.self, at: 0))
        let descriptor = bytes[4]
        guard descriptor & 0b0111_1100 == 0 else { return .unusable("it is of a newer version: a reserved bit of it is set") }
        guard entryCount <= maximumEntryCount else {
            return .unusable("it claims \(entryCount) frames, and \(maximumEntryCount) is the most there can be")
        }
        let hasChecksums = descriptor & 0b1000_0000 != 0
        let contentByteCount = entryCount * (hasChecksums ? 12 : 8) + footerByteCount
        let byteOffset = file.byteCount - 8 - contentByteCount
        guard byteOffset >= 0 else {
            return .unusable("it claims \(entryCount) frames, more than the file has room for entries")
        }
        bytes = try window.look(at: byteOffset)
        guard FrameStart(bytes) == .skippable(variant: frameVariant, contentByteCount: contentByteCount) else {
            return .unusable("its \(entryCount) entries are not in a skippable frame of their size")
        }
        return .present(SeekTable(file: file, entryCount: entryCount, hasChecksums: hasChecksums, byteOffset: byteOffset))
    }

    /// One frame's line in the table.
    private struct Entry {
        let byteCount: Int
        let decodedByteCount: Int
        let checksum: UInt32?
    }

    /// Calls `body` with every entry in order, until it returns false.
    private func forEachEntry(_ body: (Entry) throws(ContainerError) -> Bool) throws(ContainerError) {
        let capacity = 4096 * entryByteCount
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
        defer { buffer.deallocate() }
        let end = file.byteCount - Self.footerByteCount
        var position = byteOffset + 8
        while position < end {
            let count = min(capacity, end - position)
            try file.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
            position += count
            let bytes = UnsafeRawBufferPointer(buffer)
            for offset in stride(from: 0, to: count, by: entryByteCount) {
                let entry = Entry(
                    byteCount: Int(bytes.littleEndian(UInt32.self, at: offset)),
                    decodedByteCount: Int(bytes.littleEndian(UInt32.self, at: offset + 4)),
                    checksum: hasChecksums ? bytes.littleEndian(UInt32.self, at: offset + 8) : nil)
                if try !body(entry) { return }
            }
        }
    }

    /// The frames that the table describes, or why it cannot be true.
    ///
    /// Checked here: that the frames fill the file up to the table exactly, that no frame claims more than its compressed
    /// bytes could hold, and that frames said to be empty are. The rest is checked as each frame is decompressed.
    /// Memory is at most 20 bytes for every 16 in the file.
    func frames() throws(ContainerError) -> FramesFinding {
        // Every frame, skippable or not, takes eight bytes: this bounds what we allocate.
        guard entryCount <= byteOffset / 8 else {
            return .unusable("it lists \(entryCount) frames, more than fit in the \(byteOffset) bytes before it")
        }
        var table = FrameTable()
        table.reserveCapacity(entryCount, checksums: hasChecksums)
        var position = 0
        var number = 0
        var reason: String?
        let window = HeaderWindow(file)
        try forEachEntry { (entry) throws(ContainerError) in
            let start = position
            position += entry.byteCount
            guard position <= byteOffset else {
                reason = "entry \(number) ends at byte \(position), inside or behind the table at byte \(byteOffset)"
                return false
            }
            if entry.decodedByteCount == 0 {
                guard try Self.isEmptyFrame(in: file, start..<position, window: window) else {
                    reason = "entry \(number) says that the frame at byte \(start) is empty, and it is not"
                    return false
                }
            } else {
                // The densest block repeats one byte: four bytes for up to 128 KiB.
                let bound = entry.byteCount / 4 * ZstdFrameHeader.maximumBlockByteCount
                let added =
                    entry.decodedByteCount <= bound
                    && table.append(
                        byteOffset: start, byteEnd: position, decodedByteCount: entry.decodedByteCount, checksum: entry.checksum)
                guard added else {
                    reason = "entry \(number) claims \(entry.decodedByteCount) bytes from \(entry.byteCount)"
                    return false
                }
            }
            number += 1
            return true
        }
        if let reason { return .unusable(reason) }
        guard position == byteOffset else {
            return .unusable("its frames add up to \(position) bytes, and there are \(byteOffset) before it")
        }
        return .frames(table)
    }

    enum FramesFinding {
        case frames(FrameTable)
        case unusable(String)
    }

    /// Reads the checksums of all entries, in order; none where the table has none.
    ///
    /// They help also when the table's sizes are wrong, but memory must be bounded by what the file really holds.
    func checksums() throws(ContainerError) -> [UInt32] {
        guard hasChecksums, entryCount <= byteOffset / 8 else { return [] }
        var values: [UInt32] = []
        values.reserveCapacity(entryCount)
        try forEachEntry { (entry) throws(ContainerError) in
            if let checksum = entry.checksum { values.append(checksum) }
            return true
        }
        return values
    }

    /// Returns true if `range` is exactly one skippable frame, or one frame whose blocks cannot hold a byte.
    private static func isEmptyFrame(
        in file: StoredBytes, _ range: Range<Int>, window: HeaderWindow
    ) throws(ContainerError) -> Bool {
        var walk = FrameWalk(file, from: range.lowerBound, window: window)
        do {
            guard let frame = try walk.next() else { return false }
            return frame.byteEnd == range.upperBound && frame.isEmpty
        } catch {
            switch error.kind {
            case .readFailed, .fileChanged: throw error
            default: return false
            }
        }
    }
}
