import Container
import SeededRandom
import Testing

@testable import HDF5

/// Damaged files: an error, or as many bytes as the shape says. Never a trap, and never long.
@Suite struct HDF5DamageTests {
    /// Reads all that can be read; the number of datasets that could.
    @discardableResult
    static func readAll(_ bytes: [UInt8], verifiesChecksums: Bool = true) -> Int {
        guard let file = try? FixtureFiles.open(bytes, verifiesChecksums: verifiesChecksums) else { return 0 }
        var count = 0
        for dataset in file.datasets {
            guard let elements = try? FixtureFiles.elements(dataset, of: file, memoryByteCount: 32 << 20) else { continue }
            #expect(elements.count == (dataset.shape ?? []).reduce(dataset.type?.byteCount ?? 0, *), "\(dataset.name)")
            count += 1
        }
        return count
    }

    /// A group that is in itself is listed once, and links that lead nowhere or in a circle are not listed.
    @Test func linksInCircles() throws {
        let bytes = try FixtureFiles.bytes("groups.h5")
        let file = try FixtureFiles.open(bytes)
        #expect(file.datasets.count < 100)
        #expect(file.datasets.contains { $0.name == "val/back/logits" } && file.datasets.contains { $0.name == "soft" })
        #expect(!file.datasets.contains { $0.name.hasPrefix("val/up") || $0.name == "circle" || $0.name == "nowhere" })
    }

    private static let names = [
        "kept-earliest.h5", "indexes-v110.h5", "indexes-v200.h5", "holes-v200.h5", "groups.h5", "groups-v110.h5", "types.h5",
    ]

    @Test(arguments: names) func cut(name: String) throws {
        let bytes = try FixtureFiles.bytes(name)
        for end in stride(from: 0, to: bytes.count, by: 97) { #expect(Self.readAll(Array(bytes[..<end])) == 0, "cut at \(end)") }
    }

    @Test(arguments: names) func flipped(name: String) throws {
        let bytes = try FixtureFiles.bytes(name)
        var random = SplitMix64(seed: 74)
        for _ in 0..<200 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            Self.readAll(damaged)
            Self.readAll(damaged, verifiesChecksums: false)
        }
    }

    /// Every byte of structures with checksums is guarded by them: a flip is found, or is in bytes that nothing reads.
    @Test func checksums() throws {
        let bytes = try FixtureFiles.bytes("indexes-v110.h5")
        let wanted = try #require(try FixtureFiles.expected()["indexes-v110.h5"])
        for place in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[place] ^= 0x10
            guard let file = try? FixtureFiles.open(damaged) else { continue }
            for dataset in file.datasets where dataset.name.hasSuffix("gzip") {
                guard let elements = try? FixtureFiles.elements(dataset, of: file) else { continue }
                #expect(FixtureFiles.fnv(elements) == wanted[dataset.name]?.fnv, "\(dataset.name), flipped at \(place)")
            }
        }
    }

    /// A checksum of a chunk that is wrong is told with the chunk's place.
    @Test func fletcher32() throws {
        let bytes = try FixtureFiles.bytes("kept-v110.h5")
        let file = try FixtureFiles.open(bytes)
        let dataset = try #require(file.datasets.first { $0.name == "all" })
        let container = try dataset.elements(of: file, memoryByteCount: 1 << 20)
        #expect(try container.hasChecksums() == true)
        guard case .success(let content) = dataset.content, case .chunked(let shape, let index, let byteOffset, _) = content.layout else {
            Issue.record("no chunks")
            return
        }
        let grid = try ChunkGrid(content.shape, chunkShape: shape, elementByteCount: 4)
        let table = try ChunkTable(index, at: byteOffset, grid, hasFilters: true, MetadataReader(file.superblock, file.container))
        for chunk in table.chunks {
            var damaged = bytes
            damaged[chunk.byteOffset + chunk.byteCount - 1] ^= 1
            let error = #expect(throws: ContainerError.self) { () throws in
                let file = try FixtureFiles.open(damaged)
                _ = try FixtureFiles.elements(dataset, of: file)
            }
            #expect(error?.kind == .checksumMismatch && error?.byteOffset == chunk.byteOffset, "\(String(describing: error))")
        }
    }

    /// Nodes, headers and groups that point at themselves end in an error.
    @Test func circles() throws {
        let bytes = try FixtureFiles.bytes("kept-earliest.h5")
        func places(of signature: String) -> [Int] { bytes.indices.filter { bytes[$0...].starts(with: signature.utf8) } }
        func address(_ place: Int) -> [UInt8] { withUnsafeBytes(of: UInt64(place).littleEndian) { Array($0) } }
        var circleCount = 0
        for tree in places(of: "TREE") {
            let keyByteCount = bytes[tree + 4] == 0 ? 8 : 8 + 8 * 3
            // A node of each level above it, all children of which are the node.
            for level in [1, 5, 200] as [UInt8] {
                var circle = bytes
                circle[tree + 5] = level
                let count = Int(bytes[tree + 6])
                for child in 0..<count {
                    let place = tree + 24 + child * (keyByteCount + 8) + keyByteCount
                    circle.replaceSubrange(place..<place + 8, with: address(tree))
                }
                Self.readAll(circle)
                circleCount += 1
            }
        }
        #expect(circleCount > 3)
        // A continuation of an object's header that is the header itself.
        let root = try #require(places(of: "TREE").first)
        var circle = bytes
        let message: [UInt8] = [0x10, 0, 16, 0, 0, 0, 0, 0]
        for place in stride(from: 96, to: 400, by: 8) where bytes[place] == 1 && bytes[place + 1] == 0 && bytes[place + 2] > 0 {
            circle.replaceSubrange(place + 16..<place + 40, with: message + address(place + 16) + address(64))
            break
        }
        Self.readAll(circle)
        #expect(root > 0)
    }
}
