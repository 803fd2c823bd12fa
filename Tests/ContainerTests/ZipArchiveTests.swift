import SeededRandom
import Testing

@testable import Container

@Suite struct ZipArchiveTests {
    private func error(_ built: ZipFixture.Built) -> ContainerError? {
        let temporary = TemporaryFile(built.bytes)
        return containerError { _ = try ZipArchive(path: temporary.path) }
    }

    /// All members, read from start to end.
    private func readMembers(_ path: String, _ decoder: Decoder = Decoder()) throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        let archive = try ZipArchive(path: path)
        for member in archive.members {
            decoder.start(wholeOf: try ContainerFile(member: member, of: archive))
            contents[member.name] = try readAll(decoder, bufferByteCount: nil)
        }
        return contents
    }

    /// Three members: stored, deflated, and deflated with its sizes behind it.
    private func three(_ seed: UInt64 = 1, size: Int = 3000) -> ZipFixture {
        ZipFixture(members: [
            .init(name: "a.npy", content: ZstdFixture.data(size, seed: seed)),
            .init(name: "b.npy", content: ZstdFixture.data(size, seed: seed + 1), method: 8),
            .init(name: "folder/c.npy", content: ZstdFixture.data(size, seed: seed + 2), method: 8, flags: 8),
        ])
    }

    @Test(arguments: [0, 1, 100, 65_536, 8 << 20, (8 << 20) + 1, 20_000_000]) func membersOfManySizes(size: Int) throws {
        for is64 in [false, true] {
            var fixture = three(UInt64(size), size: size)
            fixture.is64 = is64
            for index in fixture.members.indices { fixture.members[index].is64 = is64 && index < 2 }
            let built = fixture.build()
            let temporary = TemporaryFile(built.bytes)
            let archive = try ZipArchive(path: temporary.path)
            #expect(archive.path == temporary.path)
            #expect(archive.members.map(\.name) == ["a.npy", "b.npy", "folder/c.npy"])
            #expect(archive.members.map(\.byteRange) == built.data)
            #expect(archive.members.allSatisfy { $0.decodedByteCount == size && !$0.isEncrypted })
            let decoder = Decoder()
            for (member, original) in zip(archive.members, fixture.members) {
                let file = try ContainerFile(member: member, of: archive)
                #expect(file.path == "\(temporary.path): \(member.name)" && file.filePath == temporary.path)
                #expect(file.decodedByteCount == size && file.byteCount == member.byteRange.count)
                #expect(file.compression == (member.method == .stored ? .none : .deflate))
                #expect(file.isCuttable == (member.method == .stored))
                #expect(try file.hasChecksums() == true)
                for bufferByteCount in [nil, 70_001] {
                    decoder.start(wholeOf: file)
                    #expect(try readAll(decoder, bufferByteCount: bufferByteCount) == original.content)
                    #expect(decoder.nextByteCount == 0)
                }
                if member.method == .stored, size > 10 {
                    decoder.start(file, decodedBytes: 5..<size - 3)
                    #expect(try readAll(decoder, bufferByteCount: nil) == Array(original.content[5..<size - 3]))
                }
            }
            #expect(decoder.allocatedByteCount < 20 << 20)
        }
    }

    @Test func aSignatureAtTheStart() throws {
        #expect(ZipArchive.isZip(three().build().bytes) && ZipArchive.isZip(ZipFixture().build().bytes.prefix(4)))
        for bytes in [[], [0x50, 0x4B], [0x50, 0x4B, 3, 5], Array("PK,label\n".utf8)] as [[UInt8]] { #expect(!ZipArchive.isZip(bytes)) }
        let empty = TemporaryFile(ZipFixture().build().bytes)
        #expect(try ZipArchive(path: empty.path).members.isEmpty)
        let folder = TemporaryFile(ZipFixture(members: [.init(name: "folder/", content: [])]).build().bytes)
        #expect(try ZipArchive(path: folder.path).members.isEmpty)
    }

    /// Comments up to the largest, also such as look like the end of a directory.
    @Test func comments() throws {
        var fixture = three(3, size: 100)
        let plain = TemporaryFile(fixture.build().bytes)
        let wanted = try readMembers(plain.path)
        #expect(wanted.count == 3)
        let bare = ZipFixture().build().bytes
        for comment in [[1], Array(repeating: 0x50, count: 65_535), bare, bare + [0], bare + bare, Array(bare.dropLast(2)) + [9, 0, 1]]
            as [[UInt8]]
        {
            fixture.comment = comment
            let temporary = TemporaryFile(fixture.build().bytes)
            #expect(try readMembers(temporary.path) == wanted, "a comment of \(comment.count) bytes")
        }
        // A comment that is a whole directory of the same archive.
        fixture.comment = []
        let built = fixture.build()
        var other = ZipFixture().build().bytes
        other.replaceSubrange(16..<20, with: ZstdFixture.littleEndian(built.bytes.count, 4))
        fixture.comment = other
        let temporary = TemporaryFile(fixture.build().bytes)
        let error = containerError { _ = try ZipArchive(path: temporary.path) }
        #expect(error?.kind == .damaged && error?.problem.contains("two records") == true)
    }

    @Test func names() throws {
        let codePage437: [UInt8] = [0x67, 0x72, 0x94, 0xE1, 0x65]
        let fixture = ZipFixture(members: [
            .init(name: "größe.npy", content: [1], flags: 1 << 11),
            .init(
                name: "x", content: [2], inHeader: { $0.name = codePage437 }, inDirectory: { $0.name = codePage437 }),
        ])
        let temporary = TemporaryFile(fixture.build().bytes)
        let archive = try ZipArchive(path: temporary.path)
        #expect(archive.members.map(\.name) == ["größe.npy", "größe"])
        #expect(archive.member(named: "größe.npy")?.decodedByteCount == 1 && archive.member(named: "y") == nil)
        for name in [[], [0x61, 0], [0xFF, 0xFE]] as [[UInt8]] {
            let broken = ZipFixture(members: [
                .init(name: "x", content: [2], flags: 1 << 11, inHeader: { $0.name = name }, inDirectory: { $0.name = name })
            ])
            #expect(error(broken.build())?.kind == .damaged)
        }
    }

    @Test func whatIsRefusedByName() throws {
        for (method, name) in [(9, "deflate64"), (12, "bzip2"), (14, "LZMA"), (93, "zstd"), (99, "AES encryption"), (50, "method 50")] {
            let temporary = TemporaryFile(ZipFixture(members: [.init(name: "a.npy", content: [1, 2, 3], method: method)]).build().bytes)
            let archive = try ZipArchive(path: temporary.path)
            let error = containerError { _ = try ContainerFile(member: archive.members[0], of: archive) }
            #expect(error?.kind == .unsupported && error?.problem.contains(name) == true)
            #expect(error?.path == "\(temporary.path): a.npy")
        }
        for flag in [1, 1 << 6, 1 << 13] {
            let temporary = TemporaryFile(ZipFixture(members: [.init(name: "a", content: [1], flags: flag)]).build().bytes)
            let archive = try ZipArchive(path: temporary.path)
            #expect(archive.members[0].isEncrypted)
            let error = containerError { _ = try ContainerFile(member: archive.members[0], of: archive) }
            #expect(error?.kind == .unsupported && error?.problem.contains("encrypted") == true)
        }
        var parts = three()
        parts.inEnd = { $0.disk = 1 }
        #expect(error(parts.build())?.kind == .unsupported)
        parts = three()
        parts.members[1].inDirectory = { $0.disk = 2 }
        #expect(error(parts.build())?.kind == .unsupported)
    }

    /// Each is a lie of the directory, or of a header, and words of the error that it must give.
    static let lies: [(String, words: String, @Sendable (inout ZipFixture) -> Void)] = [
        ("a header beyond the members", "outside of the members", { $0.members[1].inDirectory = { $0.byteOffset = 1 << 30 } }),
        ("a header in the directory", "outside of the members", { $0.members[1].inDirectory = { $0.byteOffset = 9100 } }),
        ("a header elsewhere", "no member begins", { $0.members[1].inDirectory = { $0.byteOffset += 1 } }),
        (
            "a member inside another", "overlap",
            { fixture in
                // The inner one is the content of the outer one: the directory lists both.
                let inner = ZipFixture(members: [.init(name: "in.npy", content: Array(repeating: 7, count: 50))]).build()
                let outer = fixture.members[0].content
                fixture.members[0].content = Array(inner.bytes[..<inner.directory.lowerBound]) + outer
                fixture.members.append(.init(name: "in.npy", content: Array(repeating: 7, count: 50)))
                fixture.members[3].inDirectory = { $0.byteOffset = 30 + 5 }
            }
        ),
        (
            "a member that overlaps the next", "overlap",
            { fixture in
                fixture.members[0].inHeader = {
                    $0.storedByteCount += 30
                    $0.decodedByteCount += 30
                }
                fixture.members[0].inDirectory = {
                    $0.storedByteCount += 30
                    $0.decodedByteCount += 30
                }
            }
        ),
        (
            "a member that goes into the directory", "goes beyond the members",
            { fixture in
                fixture.members[2].inDirectory = { $0.storedByteCount += 200 }
            }
        ),
        ("another size", "another size", { $0.members[1].inDirectory = { $0.decodedByteCount += 1 } }),
        ("another compressed size", "another compressed size", { $0.members[1].inHeader = { $0.storedByteCount -= 1 } }),
        ("another checksum", "another checksum", { $0.members[1].inDirectory = { $0.checksum ^= 1 } }),
        ("another method", "another method", { $0.members[1].inDirectory = { $0.method = 0 } }),
        ("another name", "another name", { $0.members[1].inHeader = { $0.name = Array("B.npy".utf8) } }),
        ("other flags", "other flags", { $0.members[1].inHeader = { $0.flags = 1 } }),
        (
            "two sizes of a stored member", "two sizes",
            { fixture in
                fixture.members[0].inHeader = { $0.decodedByteCount += 5 }
                fixture.members[0].inDirectory = { $0.decodedByteCount += 5 }
            }
        ),
        (
            "a size that no stream of deflate can have", "cannot hold",
            { fixture in
                fixture.members[1].inHeader = { $0.decodedByteCount = 1 << 30 }
                fixture.members[1].inDirectory = { $0.decodedByteCount = 1 << 30 }
            }
        ),
        ("two members of one name", "have the name", { $0.members[2].name = "b.npy" }),
        (
            "more entries", "ends early",
            { fixture in
                // The names leave room for one more.
                fixture.members[2].name = String(repeating: "c", count: 60)
                fixture.inEnd = { $0.entryCount = 4 }
            }
        ),
        ("more entries than there is room for", "more entries than", { $0.inEnd = { $0.entryCount = 400 } }),
        ("fewer entries", "more than its entries", { $0.inEnd = { $0.entryCount = 2 } }),
        ("a directory beyond the file", "does not end where", { $0.inEnd = { $0.byteOffset = 1 << 30 } }),
        ("a larger directory", "does not end where", { $0.inEnd = { $0.byteCount += 1 } }),
        ("a zip64 record that is not there", "refers to a zip64 record", { $0.inEnd = { $0.byteOffset = 0xFFFF_FFFF } }),
        (
            "a zip64 record that contradicts", "contradicts",
            {
                $0.is64 = true
                $0.inEnd = { $0.entryCount = 4 }
            }
        ),
        (
            "a zip64 offset beyond Int.max", "contradicts",
            {
                $0.is64 = true
                $0.inEnd64 = { $0.byteOffset = -1 }
            }
        ),
        (
            "a zip64 count beyond the directory", "more entries than",
            {
                $0.is64 = true
                $0.inEnd64 = { $0.entryCount = 1 << 40 }
            }
        ),
        (
            "a zip64 field of another size", "another size",
            { fixture in
                fixture.members[1].is64 = true
                fixture.members[1].inHeader = { $0.extra[4] ^= 1 }
            }
        ),
        (
            "a zip64 field that is too short", "too short",
            { fixture in
                fixture.members[1].is64 = true
                fixture.members[1].inDirectory = { $0.extra[2] = 16 }
            }
        ),
        (
            "a zip64 size beyond Int.max", "too large",
            { fixture in
                fixture.members[1].is64 = true
                fixture.members[1].inDirectory = { $0.extra[11] = 0xFF }
            }
        ),
        ("a zip64 field that is not there", "another size", { $0.members[1].inDirectory = { $0.decodedByteCount = 0xFFFF_FFFF } }),
    ]

    @Test(arguments: lies.indices) func aLyingDirectory(index: Int) throws {
        let (name, words, lie) = Self.lies[index]
        var fixture = three()
        lie(&fixture)
        let error = error(fixture.build())
        #expect(error?.kind == .damaged && error?.problem.contains(words) == true, "\(name): \(String(describing: error))")
        #expect(error?.byteOffset != nil && error?.remedy != nil)
    }

    @Test func tooManyMembers() throws {
        let count = ZipArchive.memberCountLimit + 1
        var fixture = ZipFixture(is64: true, gap: Array(repeating: 0, count: 46 * count))
        fixture.inEnd64 = {
            $0.entryCount = count
            $0.byteOffset = 0
            $0.byteCount = 46 * count
        }
        let error = error(fixture.build())
        #expect(error?.kind == .unsupported && error?.problem.contains("too many members") == true)
    }

    /// A stream that gives more than the directory says: an error before more than that has been given out.
    @Test(arguments: [1000, 9 << 20]) func aBomb(claim: Int) throws {
        let content = Array(repeating: UInt8(0), count: 40 << 20)
        var member = ZipFixture.Member(name: "a.npy", content: content, method: 8)
        member.inHeader = { $0.decodedByteCount = claim }
        member.inDirectory = { $0.decodedByteCount = claim }
        let temporary = TemporaryFile(ZipFixture(members: [member]).build().bytes)
        let archive = try ZipArchive(path: temporary.path)
        let decoder = Decoder()
        decoder.start(wholeOf: try ContainerFile(member: archive.members[0], of: archive))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
        defer { buffer.deallocate() }
        var given = 0
        let error = containerError {
            while true {
                let count = try decoder.read(into: buffer)
                if count == 0 { break }
                given += count
            }
        }
        #expect(error?.kind == .damaged && error?.found == "more" && error?.allowed == "\(claim) bytes")
        #expect(error?.path == "\(temporary.path): a.npy" && error?.byteOffset == archive.members[0].byteRange.lowerBound)
        #expect(given < max(1, claim) && decoder.allocatedByteCount < 2 << 20)
    }

    /// Streams that end elsewhere, or have other content than the directory says.
    @Test func streamsThatAreNotWhatTheDirectorySays() throws {
        let content = ZstdFixture.data(5000, seed: 9)
        let stream = DeflateFixture.deflate(content)
        for (stored, claim, kind, words) in [
            (stream, 5001, ContainerError.Kind.damaged, "another size"),
            (stream + [0], 5000, .damaged, "ends before"),
            (Array(stream.dropLast()), 5000, .damaged, "does not end"),
            (DeflateFixture.deflate(content.reversed()), 5000, .checksumMismatch, "the archive's directory"),
            ([7] + stream, 5000, .damaged, "cannot be decompressed"),
            (stream, 0, .damaged, "empty"),
        ] as [([UInt8], Int, ContainerError.Kind, String)] {
            var member = ZipFixture.Member(name: "a.npy", content: content, method: 8, stored: stored)
            member.inHeader = { $0.decodedByteCount = claim }
            member.inDirectory = { $0.decodedByteCount = claim }
            let temporary = TemporaryFile(ZipFixture(members: [member]).build().bytes)
            let error = containerError { _ = try readMembers(temporary.path) }
            #expect(error?.kind == kind && error?.problem.contains(words) == true, "\(String(describing: error))")
        }
    }

    /// A stored member's checksum is verified by a run from its beginning to its end, or, where it was read in parts, on demand.
    @Test func aStoredMembersChecksum() throws {
        let built = three().build()
        var bytes = built.bytes
        bytes[built.data[0].lowerBound + 100] ^= 1
        let temporary = TemporaryFile(bytes)
        let archive = try ZipArchive(path: temporary.path)
        let file = try ContainerFile(member: archive.members[0], of: archive)
        let decoder = Decoder()
        for bufferByteCount in [nil, 7, 10_000] {
            decoder.start(wholeOf: file)
            let error = containerError { _ = try readAll(decoder, bufferByteCount: bufferByteCount) }
            #expect(error?.kind == .checksumMismatch && error?.path == file.path)
        }
        decoder.start(file, decodedBytes: 1..<3000)
        #expect(try readAll(decoder, bufferByteCount: nil).count == 2999)

        // In parts, with gaps, overlaps, repetitions, and not at all; right and damaged.
        temporary.write(built.bytes)
        var random = SplitMix64(seed: 20)
        for round in 0..<200 {
            var content = built.bytes
            let isDamaged = round % 2 == 1
            if isDamaged { content[Int.random(in: built.data[0], using: &random)] ^= 1 &<< UInt8.random(in: 0..<8, using: &random) }
            temporary.write(content)
            let archive = try ZipArchive(path: temporary.path)
            let file = try ContainerFile(member: archive.members[0], of: archive)
            for _ in 0..<round % 7 {
                let start = Int.random(in: 0..<file.byteCount, using: &random)
                let end = Int.random(in: start...file.byteCount, using: &random)
                // The whole is verified as it is read.
                guard start < end, start > 0 || end < file.byteCount else { continue }
                decoder.start(file, decodedBytes: start..<end)
                _ = try readAll(decoder, bufferByteCount: 500)
            }
            // One that is given up counts for nothing.
            decoder.start(file, decodedBytes: 0..<file.byteCount)
            var few = [UInt8](repeating: 0, count: 10)
            _ = try few.withUnsafeMutableBytes { try decoder.read(into: $0) }
            let error = containerError { try file.verifyMemberChecksum() }
            #expect(error?.kind == (isDamaged ? .checksumMismatch : nil), "round \(round)")
        }
        let deflated = try ContainerFile(member: archive.members[1], of: archive)
        try deflated.verifyMemberChecksum()
    }

    @Test func cutAnywhere() throws {
        var fixture = three(20, size: 60)
        fixture.comment = Array("comment".utf8)
        let bytes = fixture.build().bytes
        let temporary = TemporaryFile([])
        for cut in 4..<bytes.count {
            temporary.write(Array(bytes[..<cut]))
            let error = containerError { _ = try ZipArchive(path: temporary.path) }
            #expect(error?.kind == .truncated && error?.remedy != nil, "cut at \(cut)")
        }
    }

    /// Any flipped bit gives an error or changes nothing.
    @Test(arguments: [false, true]) func aFlippedBitAnywhere(is64: Bool) throws {
        var fixture = three(30, size: 60)
        fixture.is64 = is64
        fixture.members[0].is64 = is64
        let bytes = fixture.build().bytes
        let temporary = TemporaryFile(bytes)
        let wanted = try readMembers(temporary.path)
        let decoder = Decoder()
        var errorCount = 0
        for bit in 0..<8 * bytes.count {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            temporary.write(flipped)
            var contents: [String: [UInt8]]?
            let error = containerError { contents = try readMembers(temporary.path, decoder) }
            if let contents {
                #expect(contents == wanted, "bit \(bit % 8) of byte \(bit / 8)")
            } else {
                #expect(error != nil)
                errorCount += 1
            }
        }
        #expect(errorCount > 8 * bytes.count / 2)
    }

    @Test(arguments: 0..<4) func mutatedArchives(worker: Int) throws {
        let seed = 0x21B0_0000 + UInt64(worker)
        print("ZipArchiveTests.mutatedArchives: seed \(seed)")
        var random = SplitMix64(seed: seed)
        let temporary = TemporaryFile([])
        let decoder = Decoder()
        for _ in 0..<1500 {
            var fixture = three(random.next(), size: Int.random(in: 0...500, using: &random))
            fixture.is64 = Bool.random(using: &random)
            fixture.members[0].is64 = fixture.is64
            let wanted = Dictionary(uniqueKeysWithValues: fixture.members.map { ($0.name, $0.content) })
            var bytes = fixture.build().bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                // Mostly in the directory.
                let reach = Bool.random(using: &random) ? bytes.count : min(bytes.count, 260)
                let place = bytes.count - Int.random(in: 1...reach, using: &random)
                switch random.next() % 4 {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[place] = [0, 0xFF, 0x7F, 0x80][Int(random.next() % 4)]
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
                default: bytes.insert(contentsOf: bytes[max(0, place - 20)..<place], at: place)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            temporary.write(bytes)
            var contents: [String: [UInt8]]?
            _ = containerError { contents = try readMembers(temporary.path, decoder) }
            for content in contents?.values ?? [:].values { #expect(content.isEmpty || wanted.values.contains(content)) }
        }
    }
}
