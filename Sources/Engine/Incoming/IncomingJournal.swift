internal import CXXHash
internal import Messages
internal import Outputs
internal import Scoring
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The file in which the state of incoming files is kept, from night to night.
///
/// It is appended to, a record a file that was scored, and each record's hash covers all that comes before it. So whatever tears the end of
/// the file, or changes a bit of it, the records before are what was written, and those after are not taken: their files are scored again. The
/// bytes are specified in <doc:IncomingFiles>.
struct IncomingJournal {
    /// Why the bytes of a file are no journal that can be used.
    enum Fault: Error {
        /// They are of another kind of file.
        case notAJournal
        /// They are damaged, or of another version, in words.
        case unusable(String)
    }

    /// A record.
    enum Record {
        /// A file was scored.
        case scored(IncomingEntry)
        /// A file is no longer there.
        case forgotten(path: String)
    }

    /// The request that all entries are of.
    private(set) var settings: [Checkpoint.Setting]
    /// The entries, by the paths of their predictions, in the order in which they were scored.
    private(set) var entries: [IncomingEntry] = []
    /// The number of bytes whose hashes are right.
    private(set) var soundByteCount: Int
    /// The number of bytes behind those, which are damaged.
    private(set) var damagedByteCount = 0
    /// The number of bytes of records that later ones replaced.
    private(set) var deadByteCount = 0
    private var hash: UInt64
    /// The number of bytes of each entry's record.
    private var byteCounts: [Name: Int] = [:]

    private static let magic = Array("XENTSTAT".utf8)
    /// The version of the journal's bytes.
    private static let version: UInt64 = 1

    /// Makes an empty journal of a request.
    init(settings: [Checkpoint.Setting]) {
        self.settings = settings
        let head = Self.head(settings)
        soundByteCount = head.count
        hash = Self.hash(head[...], after: 0)
    }

    /// The first bytes, which name the request.
    private static func head(_ settings: [Checkpoint.Setting]) -> [UInt8] {
        var body: [UInt8] = []
        body.append(text: Version.current)
        body.append(littleEndian: UInt64(settings.count))
        for setting in settings {
            body.append(text: setting.name)
            body.append(text: setting.value)
        }
        var bytes = magic
        bytes.append(littleEndian: version)
        bytes.append(littleEndian: UInt64(body.count))
        bytes += body
        bytes.append(littleEndian: hash(bytes[...], after: 0))
        return bytes
    }

    /// XXH3 (64 bits) of the hash before, as eight bytes with the least significant first, and of bytes.
    private static func hash(_ bytes: ArraySlice<UInt8>, after before: UInt64) -> UInt64 {
        var chained: [UInt8] = []
        chained.append(littleEndian: before)
        chained += bytes
        return chained.withUnsafeBytes { XXH3_64bits($0.baseAddress, $0.count) }
    }

    /// Reads a journal. Records behind the first damaged one are left out. O(bytes).
    init(decoding bytes: [UInt8]) throws(Fault) {
        guard bytes.starts(with: Self.magic) else { throw .notAJournal }
        do throws(PartialError) {
            var reader = SectionReader(bytes.dropFirst(Self.magic.count))
            let version = try reader.unsigned()
            guard version == Self.version else { throw .damaged("it is of version \(version), and this xent knows version \(Self.version)") }
            let byteCount = try reader.count(leastByteCount: 1)
            var body = SectionReader(try reader.bytes(byteCount))
            let headByteCount = Self.magic.count + 16 + byteCount
            guard try reader.unsigned() == Self.hash(bytes[..<headByteCount], after: 0) else { throw .damaged("its head is damaged") }
            let xent = try body.text()
            guard xent == Version.current else { throw .damaged("it was written by xent \(xent), and this is \(Version.current)") }
            var settings: [Checkpoint.Setting] = []
            for _ in 0..<(try body.count(leastByteCount: 16)) {
                settings.append(Checkpoint.Setting(name: try body.text(), value: try body.text()))
            }
            try body.expectEnd()
            self.settings = settings
            soundByteCount = headByteCount + 8
            hash = Self.hash(bytes[..<soundByteCount], after: 0)
        } catch {
            throw .unusable(error.found)
        }
        while soundByteCount < bytes.count {
            guard let byteCount = takeRecord(bytes[soundByteCount...]) else { break }
            soundByteCount += byteCount
        }
        damagedByteCount = bytes.count - soundByteCount
    }

    /// Takes the first record of some bytes; nil if it is damaged.
    ///
    /// - Returns: the number of its bytes.
    private mutating func takeRecord(_ bytes: ArraySlice<UInt8>) -> Int? {
        var reader = SectionReader(bytes)
        do throws(PartialError) {
            let byteCount = try reader.count(leastByteCount: 1)
            let payload = try reader.bytes(byteCount)
            let found = try reader.unsigned()
            let expected = Self.hash(bytes.prefix(8 + byteCount), after: hash)
            guard found == expected else { return nil }
            var content = SectionReader(payload)
            let record: Record
            switch try content.unsigned() {
            case 1: record = .scored(try IncomingEntry(&content))
            case 2: record = .forgotten(path: try content.text())
            default: return nil
            }
            try content.expectEnd()
            take(record, byteCount: byteCount + 16)
            hash = expected
            return byteCount + 16
        } catch {
            return nil
        }
    }

    private mutating func take(_ record: Record, byteCount: Int) {
        let path: String
        switch record {
        case .scored(let entry): path = entry.path
        case .forgotten(let forgotten): path = forgotten
        }
        let name = Name(path)
        if let before = byteCounts.removeValue(forKey: name) {
            deadByteCount += before
            entries.removeAll { $0.path.isSameName(as: path) }
        }
        switch record {
        case .scored(let entry):
            entries.append(entry)
            byteCounts[name] = byteCount
        case .forgotten: deadByteCount += byteCount
        }
    }

    /// Adds a record.
    ///
    /// - Returns: its bytes, which belong behind the sound ones of the file.
    mutating func append(_ record: Record) -> [UInt8] {
        var payload: [UInt8] = []
        switch record {
        case .scored(let entry):
            payload.append(littleEndian: 1 as UInt64)
            entry.encode(into: &payload)
        case .forgotten(let path):
            payload.append(littleEndian: 2 as UInt64)
            payload.append(text: path)
        }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt64(payload.count))
        bytes += payload
        hash = Self.hash(bytes[...], after: hash)
        bytes.append(littleEndian: hash)
        take(record, byteCount: bytes.count)
        soundByteCount += bytes.count
        return bytes
    }

    /// The bytes of a journal with the entries alone.
    var compacted: [UInt8] {
        var journal = IncomingJournal(settings: settings)
        var bytes = Self.head(settings)
        for entry in entries { bytes += journal.append(.scored(entry)) }
        return bytes
    }

    /// True if more than half of the bytes are of records that were replaced, and compacting is worth it.
    var isMostlyDead: Bool { deadByteCount > 1 << 16 && deadByteCount > soundByteCount / 2 }

    /// The number behind the last row of all entries, from which the next file's rows count.
    var endOfRows: UInt64 { entries.map { $0.firstRow + $0.rowCount }.max() ?? 0 }

    /// Says in words in what a request differs from that of the entries; nil if they are the same.
    func difference(to now: [Checkpoint.Setting]) -> String? {
        for (before, setting) in zip(settings, now) where before != setting {
            return "\(setting.name): now \(Self.shown(setting.value)), and before "
                + (before.name == setting.name ? Self.shown(before.value) : "\(before.name) \(Self.shown(before.value))")
        }
        return settings.count == now.count ? nil : "it has other figures"
    }

    private static func shown(_ value: String) -> String { value.isEmpty ? "none" : value.count > 200 ? value.prefix(200) + "…" : value }
}
