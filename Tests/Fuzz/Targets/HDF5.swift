import Container
import HDF5

extension FuzzTarget {
    /// HDF5: the groups, and the elements of every dataset. Sizes are held against what shapes say.
    static let hdf5 = FuzzTarget(
        name: "HDF5",
        run: { bytes in
            guard let container = try? ContainerFile(raw: MemorySource(name: "hdf5", bytes: Array(bytes))),
                let byteOffset = try? HDF5Superblock.byteOffset(in: container),
                let file = try? HDF5File(container, superblockByteOffset: byteOffset)
            else { return }
            var piece = [UInt8](repeating: 0, count: 1 << 16)
            for dataset in file.datasets.prefix(16) {
                guard let elements = try? dataset.elements(of: file, memoryByteCount: 16 << 20) else { continue }
                let byteCount = (dataset.shape ?? []).reduce(dataset.type?.byteCount ?? 0, *)
                precondition(elements.decodedByteCount == byteCount, "another number of bytes than the shape says")
                let decoder = Decoder()
                decoder.start(wholeOf: elements)
                var decoded = 0
                // The first few mebibytes: a chunk that was never written is cheap to claim.
                while decoded < 4 << 20 {
                    let count: Int? = piece.withUnsafeMutableBytes { room in try? decoder.read(into: room) }
                    guard let count, count > 0 else {
                        precondition(count == nil || decoded == byteCount, "fewer bytes than the shape says")
                        break
                    }
                    decoded += count
                }
                precondition(decoded <= byteCount, "more bytes than the shape says")
            }
        },
        seeds: { hdf5Seeds.map { digits in
            let digits = Array(digits.utf8)
            return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) }
        } })
}
