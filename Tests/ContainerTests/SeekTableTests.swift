import Testing

@testable import Container

/// Tables that lie: each is set aside with a warning, or found out when the frame is decompressed, or reported.
@Suite struct SeekTableTests {
    private typealias Entry = ZstdFixture.Entry

    /// What opening and reading a file came to.
    private enum Outcome: Equatable, CustomStringConvertible {
        case fine
        /// The table was set aside on opening; the data are right.
        case setAside
        /// Reading ended with this kind, and reading again without the table gave the right data.
        case recovered(ContainerError.Kind)
        /// Both ways end with an error; the first one's kind.
        case refused(ContainerError.Kind)
        case wrongData

        var description: String {
            switch self {
            case .fine: "fine"
            case .setAside: "set aside"
            case .recovered(let kind): "recovered from \(kind)"
            case .refused(let kind): "refused: \(kind)"
            case .wrongData: "WRONG DATA"
            }
        }
    }

    private static let data = ZstdFixture.data(5000, seed: 21)

    private func outcome(_ bytes: [UInt8], bufferByteCount: Int? = nil, data: [UInt8] = SeekTableTests.data) -> Outcome {
        let temporary = TemporaryFile(bytes)
        let decoder = Decoder()
        do {
            let file = try ContainerFile(path: temporary.path)
            decoder.start(wholeOf: file)
            let decoded = try readAll(decoder, bufferByteCount: bufferByteCount)
            if decoded != data { return .wrongData }
            return file.warnings.isEmpty ? .fine : .setAside
        } catch {
            guard let first = error as? ContainerError else { return .wrongData }
            do {
                let file = try ContainerFile(path: temporary.path, options: ContainerOptions(usesSeekTable: false))
                decoder.start(wholeOf: file)
                let decoded = try readAll(decoder, bufferByteCount: bufferByteCount)
                return decoded == data ? .recovered(first.kind) : .wrongData
            } catch {
                return .refused(first.kind)
            }
        }
    }

    private func file(
        _ layout: ZstdFixture.Layout = .seekableFullyChecked, frameByteCount: Int = 700, checksums: Bool? = nil,
        _ change: (inout [Entry]) -> Void
    ) -> [UInt8] {
        let built = ZstdFixture.build(layout, Self.data, frameByteCount: frameByteCount)
        var entries = built.entries
        change(&entries)
        let framesEnd = built.entries.map(\.byteCount).reduce(0, +)
        let hasChecksums = checksums ?? (layout == .seekableFullyChecked || layout == .seekableTableChecked || layout == .mixedSeekable)
        return Array(built.bytes[..<framesEnd]) + ZstdFixture.seekTable(entries, checksums: hasChecksums)
    }

    private static let seekable: [ZstdFixture.Layout] = [.seekable, .seekableUnsized, .seekableTableChecked, .seekableFullyChecked]

    @Test(arguments: seekable)
    func aTrueTable(layout: ZstdFixture.Layout) {
        #expect(outcome(file(layout) { _ in }) == .fine)
    }

    @Test(arguments: seekable)
    func aCompressedSizeThatBreaksTheSum(layout: ZstdFixture.Layout) {
        for change in [-1, 1, 8, -100, 0x7FFF_FFFF] {
            for index in [0, 3, 7] {
                #expect(outcome(file(layout) { $0[index].byteCount += change }) == .setAside, "\(change) in entry \(index)")
            }
        }
        #expect(outcome(file(layout) { $0[2].byteCount = 0 }) == .setAside)
    }

    @Test(arguments: seekable, [nil, 100])
    func compressedSizesThatKeepTheSum(layout: ZstdFixture.Layout, bufferByteCount: Int?) {
        for change in [-1, 1, 4, 50] {
            let bytes = file(layout) {
                $0[2].byteCount += change
                $0[3].byteCount -= change
            }
            #expect(outcome(bytes, bufferByteCount: bufferByteCount) == .recovered(.seekTableLies), "\(change)")
        }
    }

    @Test(arguments: seekable, [nil, 100])
    func aDecodedSize(layout: ZstdFixture.Layout, bufferByteCount: Int?) {
        for change in [-1, 1, -100, 300, 100_000] {
            let bytes = file(layout) { $0[2].decodedByteCount += change }
            #expect(outcome(bytes, bufferByteCount: bufferByteCount) == .recovered(.seekTableLies), "\(change)")
        }
        // Sum kept.
        let moved = file(layout) {
            $0[1].decodedByteCount += 60
            $0[4].decodedByteCount -= 60
        }
        #expect(outcome(moved, bufferByteCount: bufferByteCount) == .recovered(.seekTableLies))
        // Large enough to be streamed, and not more than the bytes could be.
        let large = file(layout, frameByteCount: 1200) { $0[2].decodedByteCount = 9 << 20 }
        #expect(outcome(large, bufferByteCount: bufferByteCount) == .recovered(.seekTableLies))
        // A frame that is said to be empty would be left out in silence.
        #expect(outcome(file(layout) { $0[2].decodedByteCount = 0 }) == .setAside)
        // More than these bytes could ever hold.
        #expect(outcome(file(layout) { $0[2].decodedByteCount = 0xFFFF_FFFF }) == .setAside)
    }

    @Test func aChecksum() {
        // The frame's own checksum shows that the frame is right.
        #expect(outcome(file(.seekableFullyChecked) { $0[2].checksum ^= 0x100 }) == .recovered(.seekTableLies))
        // Here it is the only one there is, with the table and without.
        #expect(outcome(file(.seekableTableChecked) { $0[2].checksum ^= 0x100 }) == .refused(.checksumMismatch))
        // The frame has one, the table has none.
        #expect(outcome(file(.seekableFullyChecked, checksums: false) { _ in }) == .fine)
    }

    /// The same for frames that are streamed.
    @Test func aLargeFrame() {
        let data = ZstdFixture.data((8 << 20) + 100, seed: 22)
        for layout in Self.seekable {
            let built = ZstdFixture.build(layout, data, frameByteCount: data.count)
            let hasChecksums = layout == .seekableTableChecked || layout == .seekableFullyChecked
            func file(_ change: (inout Entry) -> Void) -> [UInt8] {
                var entry = built.entries[0]
                change(&entry)
                return built.bytes[..<built.entries[0].byteCount] + ZstdFixture.seekTable([entry], checksums: hasChecksums)
            }
            #expect(outcome(file { _ in }, data: data) == .fine)
            #expect(outcome(file { $0.decodedByteCount += 1 }, data: data) == .recovered(.seekTableLies))
            #expect(outcome(file { $0.decodedByteCount -= 1 }, data: data) == .recovered(.seekTableLies))
            switch layout {
            case .seekableTableChecked: #expect(outcome(file { $0.checksum ^= 1 }, data: data) == .refused(.checksumMismatch))
            case .seekableFullyChecked: #expect(outcome(file { $0.checksum ^= 1 }, data: data) == .recovered(.seekTableLies))
            default: break
            }
        }
    }

    /// Bytes that an entry adds to its frame are not passed over, whether the frame is streamed or not.
    @Test(arguments: seekable, [500, (8 << 20) + 100])
    func bytesBetweenTheFrames(layout: ZstdFixture.Layout, frameByteCount: Int) {
        let data = ZstdFixture.data(frameByteCount + 100, seed: 23)
        let built = ZstdFixture.build(layout, data, frameByteCount: frameByteCount)
        let hasChecksums = layout == .seekableTableChecked || layout == .seekableFullyChecked
        var entries = built.entries
        entries[0].byteCount += 12
        let table = ZstdFixture.seekTable(entries, checksums: hasChecksums)
        let first = built.bytes[built.frames[0].place]
        let second = built.bytes[built.frames[1].place]
        let garbage: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
        #expect(outcome(first + garbage + second + table, data: data) == .refused(.seekTableLies))
        // A skippable frame does no harm.
        let skippable = outcome(first + ZstdFixture.skippable([1, 2, 3, 4]) + second + table, data: data)
        #expect(skippable == .recovered(.seekTableLies) || skippable == .fine)
    }

    @Test(arguments: seekable)
    func entriesThatAreMissingOrTooMany(layout: ZstdFixture.Layout) {
        #expect(outcome(file(layout) { $0.removeLast() }) == .setAside)
        #expect(outcome(file(layout) { $0.removeFirst() }) == .setAside)
        #expect(outcome(file(layout) { $0.append($0[0]) }) == .setAside)
        #expect(outcome(file(layout) { $0.removeAll() }) == .setAside)
        // Two frames in one entry are found out when the frame is decompressed, or decompressed to the right bytes.
        let joined = outcome(
            file(layout, checksums: false) {
                $0[2].byteCount += $0[3].byteCount
                $0[2].decodedByteCount += $0[3].decodedByteCount
                $0.remove(at: 3)
            })
        #expect(joined == .recovered(.seekTableLies) || (joined == .fine && layout == .seekableUnsized))
    }

    @Test func theFooterAndTheFrameAroundTheTable() {
        let built = ZstdFixture.build(.frames, Self.data, frameByteCount: 700)
        func file(frameCount: Int? = nil, descriptor: UInt8? = nil, skipped: Int? = nil) -> [UInt8] {
            built.bytes
                + ZstdFixture.seekTable(
                    built.entries, checksums: true, frameCount: frameCount, descriptor: descriptor, skippedByteCount: skipped)
        }
        for count in [0, 1, 7, 9, 1000, 0x07FF_FFFF, 0x0800_0000, 0x7FFF_FFFF, 0xFFFF_FFFF] {
            #expect(outcome(file(frameCount: count)) == .setAside, "\(count) frames")
        }
        // Reserved bits, and the checksum bit.
        for descriptor: UInt8 in [0x84, 0x88, 0x90, 0xA0, 0xC0, 0x00] {
            #expect(outcome(file(descriptor: descriptor)) == .setAside, "\(descriptor)")
        }
        // Bits that a reader must ignore.
        #expect(outcome(file(descriptor: 0x83)) == .fine)
        // The table's frame does not end with the file: then the file is not whole.
        for skipped in [0, 50, 106, 1000, 0xFFFF_FFFF] {
            let result = outcome(file(skipped: skipped))
            #expect(result == .refused(.damaged) || result == .refused(.truncated), "\(skipped): \(result)")
        }
        // Without the footer's magic number it is any skippable frame.
        var bytes = file()
        bytes[bytes.count - 1] ^= 1
        #expect(outcome(bytes) == .fine)
    }

    @Test func twoSeekableFilesInOne() {
        let built = ZstdFixture.build(.seekableFullyChecked, Self.data, frameByteCount: 700)
        #expect(outcome(built.bytes + built.bytes, data: Self.data + Self.data) == .setAside)
    }

    /// A table without the skippable and empty frames, which some writers leave out, cannot be used for its sizes.
    /// Its checksums can.
    @Test func checksumsOutliveATableThatIsSetAside() throws {
        for leavesOutEmptyFrames in [true, false] {
            let data = Self.data
            var bytes: [UInt8] = []
            var entries: [Entry] = []
            var second = 0..<0
            for start in stride(from: 0, to: data.count, by: 1000) {
                let skippable = ZstdFixture.skippable([9, 9])
                let frame = ZstdFixture.frame(data[start..<start + 1000])
                bytes += skippable
                if start == 1000 { second = bytes.count..<bytes.count + frame.count }
                bytes += frame
                if !leavesOutEmptyFrames { entries.append(Entry(byteCount: 10, decodedByteCount: 0, checksum: 0x51D8_E999)) }
                entries.append(
                    Entry(byteCount: frame.count, decodedByteCount: 1000, checksum: ZstdFixture.checksum(data[start..<start + 1000])))
            }
            // A raw block's bytes may be changed without libzstd noticing.
            if !leavesOutEmptyFrames { entries[1].byteCount += 1 }
            let table = ZstdFixture.seekTable(entries, checksums: true)
            #expect(outcome(bytes + table) == .setAside)
            var unnoticed = 0
            for offset in second {
                var damaged = bytes
                damaged[offset] ^= 0x20
                switch outcome(damaged + table) {
                case .refused: break
                case .setAside: unnoticed += 1  // a bit that means nothing
                case let other: Issue.record("byte \(offset): \(other)")
                }
            }
            #expect(unnoticed < 4)
        }
    }

    @Test func aTableWithoutFrames() throws {
        let temporary = TemporaryFile(ZstdFixture.seekTable([], checksums: true))
        let file = try ContainerFile(path: temporary.path)
        #expect(file.compression == .zstdSeekable && file.frames.isEmpty && file.decodedByteCount == 0 && !file.isCuttable)
        let decoder = Decoder()
        decoder.start(wholeOf: file)
        #expect(try readAll(decoder, bufferByteCount: 10) == [])
    }

    @Test func warningsSayWhatWasWrong() throws {
        let temporary = TemporaryFile(file { $0[3].byteCount += 1 })
        let warnings = try ContainerFile(path: temporary.path).warnings
        #expect(warnings.count == 1)
        #expect(warnings[0].hasPrefix("the seek table was set aside, and the frames were found one by one: "))
    }

    @Test func pzstdHeadersThatLie() {
        let data = Self.data
        let frames = stride(from: 0, to: data.count, by: 700).map {
            ZstdFixture.frame(data[$0..<min($0 + 700, data.count)], checksum: true, contentSize: false)
        }
        func file(_ change: (Int) -> Int) -> [UInt8] {
            frames.enumerated().flatMap { index, frame in
                ZstdFixture.skippable(ZstdFixture.littleEndian(frame.count + (index == 3 ? change(frame.count) : 0), 4), variant: 0) + frame
            }
        }
        #expect(outcome(file { _ in 0 }) == .fine)
        for change in [-1, 1, 12, 10_000_000] { #expect(outcome(file { _ in change }) == .setAside, "\(change)") }
        #expect(outcome(file { -$0 }) == .setAside)
        // A size that leads over a whole frame to the next header.
        #expect(outcome(file { _ in 12 + frames[4].count }) == .recovered(.seekTableLies))
    }

    /// Frames of other sizes than the first: pzstd does not make them, concatenation does.
    @Test func pzstdFramesOfSeveralSizes() {
        let data = Self.data
        let whole = ZstdFixture.build(.pzstd, data, frameByteCount: 700)
        #expect(outcome(whole.bytes + whole.bytes, data: data + data) == .recovered(.seekTableLies))
        // The first one shorter than the last: that is not cut in steps at all.
        let head = ZstdFixture.build(.pzstd, Array(data[..<50]), frameByteCount: 700)
        #expect(outcome(head.bytes + whole.bytes, data: data[..<50] + data) == .fine)
    }
}
