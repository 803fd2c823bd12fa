@testable import Engine
import Formats
import Foundation
import Scoring
import Testing

@Suite("The identity of an input file")
struct InputIdentityTests {
    private let folder = TemporaryFolder()

    private func write(_ bytes: [UInt8], _ name: String = "f", changed: Double = 1_000_000_000) throws -> String {
        let path = folder.write(bytes, name)
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: changed)], ofItemAtPath: path)
        return path
    }

    /// Bytes that depend on their places, so that no two pieces are equal.
    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) } }

    @Test("is equal for the same bytes at the same time, in another file too")
    func equal() throws {
        let first = try InputIdentity(path: write(bytes(300_000)))
        let second = try InputIdentity(path: write(bytes(300_000), "g"))
        #expect(first == second)
        #expect(first.difference(from: second) == nil)
        #expect(first.byteCount == 300_000 && first.modificationTime == 1_000_000_000_000_000_000 && !first.isRacy)
        #expect(first.indexHash == nil)
    }

    @Test("tells size, ends and time of change, and says which")
    func differences() throws {
        let before = try InputIdentity(path: write(bytes(300_000)))
        func difference(_ bytes: [UInt8], changed: Double = 1_000_000_000) throws -> String {
            try #require(try InputIdentity(path: write(bytes, changed: changed)).difference(from: before))
        }
        #expect(try difference(bytes(300_001)) == "has 300001 bytes, and had 300000")
        for place in [0, 65_535] {
            var other = bytes(300_000)
            other[place] ^= 1
            #expect(try difference(other) == "has other first bytes than before")
        }
        for place in [300_000 - 65_536, 299_999] {
            var other = bytes(300_000)
            other[place] ^= 1
            #expect(try difference(other) == "has other last bytes than before")
        }
        #expect(try difference(bytes(300_000), changed: 1_000_000_001) == "has another time of change than before")
        // The middle of a file without an index is not looked at.
        var middle = bytes(300_000)
        middle[150_000] ^= 1
        #expect(try InputIdentity(path: write(middle)) == before)
    }

    @Test("covers the index at the end of a file, however long it is")
    func indexes() throws {
        func little(_ number: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
        let body = bytes(400_000)
        let entries = 10_000
        let seekTable = body + little(entries, 4) + [0x80] + little(0x8F92_EAB1, 4)
        let parquet = body + little(150_000, 4) + Array("PAR1".utf8)
        let arrow = body + little(150_000, 4) + Array("ARROW1".utf8)
        func end(_ offset: Int) -> [UInt8] { [0x50, 0x4B, 5, 6] + little(0, 8) + little(150_000, 4) + little(offset, 4) + [0, 0] }
        let zip = body + end(250_000)
        let record = [0x50, 0x4B, 6, 6] + little(44, 8) + little(0, 28) + little(150_000, 8) + little(250_000, 8)
        let zip64 = body + record + [0x50, 0x4B, 6, 7] + little(0, 4) + little(400_000, 8) + little(1, 4) + end(0xFFFF_FFFF)
        for (name, file, place) in [
            ("seek table", seekTable, 400_000 - 12 * entries - 8), ("Parquet", parquet, 250_000), ("Arrow", arrow, 250_000),
            ("zip", zip, 250_000), ("zip64", zip64, 250_000),
        ] {
            let before = try InputIdentity(path: write(file))
            #expect(before.indexHash != nil, "\(name)")
            var other = file
            other[place] ^= 1
            #expect(try InputIdentity(path: write(other)).difference(from: before) == "has another index at its end than before", "\(name)")
            other = file
            other[place - 1] ^= 1
            #expect(try InputIdentity(path: write(other)) == before, "\(name)")
            // An index that is longer than its file is none.
            #expect(try InputIdentity(path: write(Array(file.suffix(90)))).indexHash == nil, "\(name)")
        }
    }

    @Test("is racy for two seconds after a change, and where the clock jumped back")
    func racy() throws {
        let path = try write(bytes(10), changed: 1_000)
        let second: Int64 = 1_000_000_000
        #expect(try InputIdentity(path: path, now: 1_000 * second).isRacy)
        #expect(try InputIdentity(path: path, now: 1_002 * second - 1).isRacy)
        #expect(try !InputIdentity(path: path, now: 1_002 * second).isRacy)
        #expect(try InputIdentity(path: path, now: 500 * second).isRacy)
        #expect(try InputIdentity(path: path, now: 500 * second) == InputIdentity(path: path))
    }

    @Test("is read back as it was written, and other bytes are refused")
    func encoding() throws {
        for (hash, isRacy, isRemote) in [(UInt64?.none, false, false), (0, true, false), (.max, false, true), (nil, false, true)] {
            let identity = InputIdentity(
                byteCount: 1, modificationTime: -5, beginningHash: 2, endHash: 3, indexHash: hash, isRacy: isRacy, isRemote: isRemote)
            var bytes: [UInt8] = []
            identity.encode(into: &bytes)
            #expect(bytes.count == InputIdentity.encodedByteCount)
            var reader = SectionReader(bytes[...])
            let again = try InputIdentity(&reader)
            #expect(again == identity && again.isRacy == isRacy && again.indexHash == hash && reader.remainingByteCount == 0)
            #expect(again.isRemote == isRemote)
            for count in 0..<bytes.count {
                var short = SectionReader(bytes[..<count])
                #expect(throws: PartialError.self) { try InputIdentity(&short) }
            }
            var other = bytes
            other[32] |= 8
            var flagged = SectionReader(other[...])
            #expect(throws: PartialError.self) { try InputIdentity(&flagged) }
        }
    }

    @Test("is refused for what cannot be read again")
    func refused() throws {
        for (path, category) in [(folder["missing"], EngineError.Category.noInput), ("/dev/null", .usage), (folder.path, .usage)] {
            do throws(EngineError) {
                _ = try InputIdentity(path: path)
                Issue.record("\(path) has an identity")
            } catch {
                #expect(error.category == category)
            }
        }
    }
}
