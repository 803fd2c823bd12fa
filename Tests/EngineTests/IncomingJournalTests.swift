import SeededRandom
import Testing

@testable import Engine

/// The bytes of the state of incoming files: whatever is damaged, no entry is another than the one that was written.
@Suite struct IncomingJournalTests {
    private static let settings = [Checkpoint.Setting(name: "the loss", value: "x"), Checkpoint.Setting(name: "the columns", value: "")]

    private static func entry(_ path: String, firstRow: UInt64, rowCount: UInt64, partial: [UInt8]) -> IncomingEntry {
        let identity = InputIdentity(
            byteCount: 12, modificationTime: -3, beginningHash: 1, endHash: firstRow, indexHash: firstRow % 2 == 0 ? 5 : nil, isRacy: false)
        return IncomingEntry(
            sources: [.init(role: .predictions, path: path, identity: identity), .init(role: .labels, path: "y", identity: identity)],
            inputs: [Report.Input(role: .predictions, path: path, bytes: 12, format: "npy", compression: "zstd", frames: 3)],
            firstRow: firstRow, rowCount: rowCount, partial: partial)
    }

    /// A journal's bytes, and the number of bytes up to the end of the head and of each record.
    private static func journal() -> (bytes: [UInt8], ends: [Int]) {
        var journal = IncomingJournal(settings: settings)
        var bytes = journal.compacted
        var ends = [bytes.count]
        for number in 0..<5 {
            bytes += journal.append(.scored(entry("p\(number)", firstRow: UInt64(number * 10), rowCount: 10, partial: [UInt8(number), 7, 9])))
            ends.append(bytes.count)
        }
        bytes += journal.append(.scored(entry("p1", firstRow: 50, rowCount: 4, partial: [99])))
        ends.append(bytes.count)
        bytes += journal.append(.forgotten(path: "p3"))
        ends.append(bytes.count)
        #expect(journal.soundByteCount == bytes.count)
        return (bytes, ends)
    }

    @Test func entriesComeBack() throws {
        let (bytes, _) = Self.journal()
        let journal = try IncomingJournal(decoding: bytes)
        #expect(journal.settings == Self.settings && journal.damagedByteCount == 0 && journal.soundByteCount == bytes.count)
        #expect(journal.entries.map(\.path) == ["p0", "p2", "p4", "p1"])
        #expect(journal.entries.map(\.firstRow) == [0, 20, 40, 50] && journal.entries.map(\.rowCount) == [10, 10, 10, 4])
        #expect(journal.entries.last?.partial == [99] && journal.endOfRows == 54)
        let first = try #require(journal.entries.first)
        #expect(first.sources == Self.entry("p0", firstRow: 0, rowCount: 10, partial: []).sources)
        #expect(first.inputs[0].frames == 3 && first.inputs[0].compression == "zstd" && first.inputs[0].format == "npy")
        // Compacted, it holds the same entries in fewer bytes.
        let compacted = journal.compacted
        #expect(compacted.count < bytes.count)
        #expect(try IncomingJournal(decoding: compacted).entries.map(\.path) == journal.entries.map(\.path))
    }

    /// Every cut leaves the records before it, and what is appended then is read again.
    @Test func everyCutLeavesWholeRecords() throws {
        let (bytes, ends) = Self.journal()
        for count in ends[0]...bytes.count {
            let whole = ends.lastIndex { $0 <= count } ?? 0
            var journal = try IncomingJournal(decoding: Array(bytes[..<count]))
            #expect(journal.soundByteCount == ends[whole] && journal.damagedByteCount == count - ends[whole])
            let expected = try IncomingJournal(decoding: Array(bytes[..<ends[whole]]))
            #expect(journal.entries.map(\.partial) == expected.entries.map(\.partial))
            let place = journal.soundByteCount
            let mended = bytes[..<place] + journal.append(.scored(Self.entry("new", firstRow: 100, rowCount: 1, partial: [1])))
            #expect(try IncomingJournal(decoding: Array(mended)).entries.last?.path == "new")
        }
        for count in 0..<ends[0] { #expect(throws: IncomingJournal.Fault.self) { try IncomingJournal(decoding: Array(bytes[..<count])) } }
    }

    /// A bit that is turned spoils its record and those behind it, and no entry before; one in the head spoils all.
    @Test func everyTurnedBitIsFound() throws {
        let (bytes, ends) = Self.journal()
        for place in bytes.indices {
            for bit in [0, 3, 7] {
                var damaged = bytes
                damaged[place] ^= 1 << bit
                guard let journal = try? IncomingJournal(decoding: damaged) else {
                    #expect(place < ends[0])
                    continue
                }
                #expect(place >= ends[0])
                let sound = ends.lastIndex { $0 <= place } ?? 0
                #expect(journal.soundByteCount == ends[sound])
                let expected = try IncomingJournal(decoding: Array(bytes[..<ends[sound]]))
                #expect(journal.entries.map(\.partial) == expected.entries.map(\.partial))
            }
        }
    }

    @Test func randomBytesAreRefused() throws {
        var random = SplitMix64(seed: 3)
        let (bytes, ends) = Self.journal()
        for _ in 0..<2_000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                damaged[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { damaged += (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) } }
            guard let journal = try? IncomingJournal(decoding: damaged) else { continue }
            #expect(ends.contains(journal.soundByteCount))
        }
    }

    @Test func requestsAreTold() {
        let journal = IncomingJournal(settings: Self.settings)
        #expect(journal.difference(to: Self.settings) == nil)
        var other = Self.settings
        other[0] = Checkpoint.Setting(name: "the loss", value: "y")
        #expect(journal.difference(to: other) == "the loss: now y, and before x")
    }
}
