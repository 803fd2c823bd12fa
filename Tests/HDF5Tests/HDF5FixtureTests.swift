import Container
import Elements
import Foundation
import Testing

@testable import HDF5

/// Files by h5py and PyTables, against the bytes that h5py reads from them.
@Suite struct HDF5FixtureTests {
    @Test(arguments: [1, 7, 1000, 1 << 16]) func everyElement(readByteCount: Int) throws {
        let files = try FixtureFiles.expected()
        #expect(files.count >= 13)
        for (name, datasets) in files.sorted(by: { $0.key < $1.key }) {
            let file = try FixtureFiles.open(try FixtureFiles.bytes(name))
            #expect(Set(file.datasets.map(\.name)) == Set(datasets.keys), "\(name)")
            for dataset in file.datasets {
                let facts = try #require(datasets[dataset.name])
                let place = "\(name): \(dataset.name)"
                if let word = facts.refused {
                    let error = #expect(throws: HDF5Error.self, "\(place)") {
                        try FixtureFiles.elements(dataset, of: file, readByteCount: readByteCount)
                    }
                    #expect(error?.description.contains(word) == true, "\(place): \(String(describing: error))")
                    #expect(error?.kind == .unsupported && error?.remedy != nil, "\(place)")
                    continue
                }
                let bytes = try FixtureFiles.elements(dataset, of: file, readByteCount: readByteCount)
                #expect(dataset.shape == facts.shape && dataset.chunkShape == facts.chunks, "\(place)")
                #expect(bytes.count == facts.bytes && FixtureFiles.fnv(bytes) == facts.fnv, "\(place)")
            }
        }
    }

    /// The fixtures have what they were made for: every kind of index, versions 0, 2 and 3 of the superblock.
    @Test func kinds() throws {
        var found: Set<String> = []
        for name in try FixtureFiles.expected().keys {
            let file = try FixtureFiles.open(try FixtureFiles.bytes(name))
            found.insert("superblock \(file.superblock.version)")
            for dataset in file.datasets {
                guard case .success(let content) = dataset.content else { continue }
                switch content.layout {
                case .chunked(_, let index, _, _): found.insert("\(index)".prefix { $0 != "(" }.description)
                case .compact: found.insert("compact")
                case .contiguous(let byteOffset): found.insert(byteOffset == nil ? "unwritten" : "contiguous")
                case .virtual: found.insert("virtual")
                }
                found.formUnion(dataset.filterNames)
            }
        }
        for kind in [
            "superblock 0", "superblock 3", "versionOneTree", "single", "implicit", "fixedArray", "extensibleArray", "versionTwoTree",
            "compact",
            "unwritten", "contiguous", "gzip", "shuffle", "fletcher32", "lzf",
        ] { #expect(found.contains(kind), "\(kind)") }
    }

    @Test func elementTypes() throws {
        let file = try FixtureFiles.open(try FixtureFiles.bytes("types.h5"))
        let types = Dictionary(uniqueKeysWithValues: file.datasets.map { ($0.name, $0.type?.content) })
        let wanted: [String: HDF5Type.Content] = [
            "f2": .number(.float16, isBigEndian: false), "big f2": .number(.float16, isBigEndian: true),
            "bf16": .number(.bfloat16, isBigEndian: false), "f4": .number(.float32, isBigEndian: false),
            "big f8": .number(.float64, isBigEndian: true), "i1": .number(.int8, isBigEndian: false),
            "u8": .number(.uint64, isBigEndian: false), "big i2": .number(.int16, isBigEndian: true),
            "bool": .number(.bool, isBigEndian: false), "enum": .number(.int8, isBigEndian: false), "S8": .text,
            "of a named type": .number(.float32, isBigEndian: false),
        ]
        for (name, content) in wanted { #expect(types[name] == content, "\(name)") }
        #expect(file.datasets.first { $0.name == "S8" }?.type?.byteCount == 8)
    }

    /// Superblocks after a block of the user's, at any power of two from 512 on.
    @Test func userBlocks() throws {
        let bytes = try FixtureFiles.bytes("kept-v110.h5")
        let wanted = try #require(try FixtureFiles.expected()["kept-v110.h5"]?["all"]?.fnv)
        for byteCount in [512, 1024, 4096, 1 << 16] {
            let file = try FixtureFiles.open([UInt8](repeating: 0x20, count: byteCount) + bytes)
            let dataset = try #require(file.datasets.first { $0.name == "all" })
            #expect(FixtureFiles.fnv(try FixtureFiles.elements(dataset, of: file)) == wanted, "\(byteCount)")
        }
        #expect(throws: FixtureFiles.NoSignature.self) { try FixtureFiles.open([UInt8](repeating: 0x20, count: 700) + bytes) }
    }

    /// What a worker keeps is told before it is allocated.
    @Test func memory() throws {
        let file = try FixtureFiles.open(try FixtureFiles.bytes("kept-v110.h5"))
        let dataset = try #require(file.datasets.first { $0.name == "all" })
        // Frames of 37 rows of 20 bytes, and 16 × 5 elements of a chunk twice.
        #expect(throws: Never.self) { try dataset.elements(of: file, memoryByteCount: 37 * 20 + 2 * 320) }
        let error = #expect(throws: HDF5Error.self) { try dataset.elements(of: file, memoryByteCount: 37 * 20 + 2 * 320 - 1) }
        #expect(error?.kind == .tooLarge && error?.problem.contains("16 × 5") == true)
    }

    /// A shape that stands for far more bytes than the file has is refused, however cheap it is to claim.
    @Test func expansion() throws {
        var bytes = try FixtureFiles.bytes("holes.h5")
        let shape = [60, 6, 60, 6].flatMap { (number: UInt64) in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: shape) })
        bytes.replaceSubrange(place..<place + 8, with: withUnsafeBytes(of: UInt64(1 << 40).littleEndian) { Array($0) })
        let file = try FixtureFiles.open(bytes)
        let dataset = try #require(file.datasets.first { $0.name == "holes" })
        let error = #expect(throws: HDF5Error.self) { try dataset.elements(of: file, memoryByteCount: 128 << 20) }
        #expect(error?.problem.contains("never written") == true)
    }
}
