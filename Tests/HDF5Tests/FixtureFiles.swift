import Container
import Foundation
import HDF5

/// The files that scripts/make-hdf5-fixtures.py writes.
enum FixtureFiles {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    /// The facts that h5py tells of a dataset, or a word of the error for one that is refused.
    struct Facts: Decodable {
        var shape: [Int]?
        var chunks: [Int]?
        var bytes: Int?
        var fnv: String?
        var refused: String?
    }

    static func expected() throws -> [String: [String: Facts]] {
        try JSONDecoder().decode([String: [String: Facts]].self, from: Data(contentsOf: folder.appending(path: "expected.json")))
    }

    static func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: name))) }

    static func open(_ bytes: [UInt8], verifiesChecksums: Bool = true) throws -> HDF5File {
        let container = try ContainerFile(raw: MemorySource(name: "fixture", bytes: bytes))
        guard let byteOffset = try HDF5Superblock.byteOffset(in: container) else { throw NoSignature() }
        return try HDF5File(container, superblockByteOffset: byteOffset, verifiesChecksums: verifiesChecksums)
    }

    struct NoSignature: Error {}

    /// Decodes all elements of a dataset, in reads of a size.
    static func elements(
        _ dataset: HDF5Dataset, of file: HDF5File, memoryByteCount: Int = 128 << 20, readByteCount: Int = 1 << 16
    ) throws -> [UInt8] {
        let container = try dataset.elements(of: file, memoryByteCount: memoryByteCount)
        let decoder = Decoder()
        decoder.start(wholeOf: container)
        var (bytes, piece) = ([UInt8](), [UInt8](repeating: 0, count: readByteCount))
        while true {
            let count = try piece.withUnsafeMutableBytes { try decoder.read(into: $0) }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    static func fnv(_ bytes: [UInt8]) -> String {
        let value = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return String(repeating: "0", count: value.leadingZeroBitCount / 4) + (value == 0 ? "" : String(value, radix: 16))
    }
}
