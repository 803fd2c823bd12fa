import Container
import HDF5

extension FuzzTarget {
    /// HDF5: the groups, and the elements of every dataset. Sizes are held against what shapes say. Checksums of structures are verified,
    /// and then are not, since no fuzzer finds one by chance.
    static let hdf5 = FuzzTarget(
        name: "HDF5",
        run: { bytes in
            guard let container = try? ContainerFile(raw: MemorySource(name: "hdf5", bytes: Array(bytes))),
                let byteOffset = try? HDF5Superblock.byteOffset(in: container)
            else { return }
            for verifiesChecksums in [true, false] {
                guard
                    let file = try? HDF5File(container, superblockByteOffset: byteOffset, verifiesChecksums: verifiesChecksums)
                else { continue }
                for dataset in file.datasets.prefix(16) { read(dataset, of: file) }
            }
        },
        seeds: { hdf5Seeds.map(unfolded) })

    private static func read(_ dataset: HDF5Dataset, of file: HDF5File) {
        guard let elements = try? dataset.elements(of: file, memoryByteCount: 16 << 20) else { return }
        let byteCount = (dataset.shape ?? []).reduce(dataset.type?.byteCount ?? 0, *)
        precondition(elements.decodedByteCount == byteCount, "another number of bytes than the shape says")
        let decoder = Decoder()
        decoder.start(wholeOf: elements)
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        var decoded = 0
        // The first few mebibytes: chunks that were never written are cheap to claim.
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

    /// Reads base 16, in which [00*7] stands for seven bytes of zero.
    private static func unfolded(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            let isRun = rest.first == "["
            if isRun { rest = rest.dropFirst() }
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { break }
            rest = rest.dropFirst(2)
            var count = 1
            if isRun {
                let digits = rest.dropFirst().prefix { $0 != "]" }
                count = Int(digits) ?? 0
                rest = rest.dropFirst(digits.count + 2)
            }
            bytes += repeatElement(byte, count: count)
        }
        return bytes
    }
}
