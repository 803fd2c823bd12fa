package import Container

/// The first structure of an HDF5 file: the sizes of its fields, and the place of the root group.
package struct HDF5Superblock: Sendable {
    /// The signature with which the structure begins.
    package static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

    /// The offset in the file that all addresses are counted from: that of the superblock, which is after the user's block.
    package let baseByteOffset: Int
    /// The version, 0 to 3.
    package let version: UInt8
    let addressByteCount: Int
    let lengthByteCount: Int
    /// False if the checksums of structures are taken as they are.
    let verifiesChecksums: Bool
    /// The place of the header of the root group.
    private(set) var rootByteOffset = 0

    /// Finds the superblock of a raw file: at byte 0, 512, 1024 and so on. Returns nil for files of other formats. O(log bytes).
    package static func byteOffset(in container: ContainerFile) throws(ContainerError) -> Int? {
        var start = [UInt8](repeating: 0, count: 8)
        var byteOffset = 0
        while byteOffset <= container.byteCount - 8 {
            try start.withUnsafeMutableBufferPointer { start throws(ContainerError) in
                try container.readRaw(at: byteOffset, into: UnsafeMutableRawBufferPointer(start))
            }
            if start == signature { return byteOffset }
            byteOffset = max(512, 2 * byteOffset)
        }
        return nil
    }

    /// Reads the superblock.
    ///
    /// - Parameters:
    ///   - byteOffset: the place of its signature.
    ///   - verifiesChecksums: false to take the checksums of all structures as they are.
    init(_ container: ContainerFile, at byteOffset: Int, verifiesChecksums: Bool) throws(HDF5Error) {
        self.verifiesChecksums = verifiesChecksums
        // The largest has 100 bytes.
        var bytes = [UInt8](repeating: 0, count: min(128, container.byteCount - byteOffset))
        do throws(ContainerError) {
            try bytes.withUnsafeMutableBufferPointer { bytes throws(ContainerError) in
                try container.readRaw(at: byteOffset, into: UnsafeMutableRawBufferPointer(bytes))
            }
        } catch {
            throw HDF5Error(error)
        }
        var fields = FieldReader(bytes, at: byteOffset, verifiesChecksums: verifiesChecksums)
        try fields.skip(8)
        version = try fields.version(0...3, of: "the superblock")
        baseByteOffset = byteOffset
        if version < 2 { try fields.skip(4) }
        let sizes = (try fields.byte(), try fields.byte())
        guard [2, 4, 8].contains(sizes.0), [2, 4, 8].contains(sizes.1) else {
            throw HDF5Error(
                .damaged, at: fields.place - 2, "addresses of \(sizes.0) bytes and lengths of \(sizes.1), of which 2, 4 and 8 are read")
        }
        (addressByteCount, lengthByteCount) = (Int(sizes.0), Int(sizes.1))
        if version < 2 {
            // A byte that is reserved, the ranks of two B-trees, flags; from version 1 on the rank of another, and two bytes.
            try fields.skip(1 + 4 + 4 + (version == 1 ? 4 : 0))
        } else {
            try fields.skip(1)
        }
        let storedBase = try fields.number(addressByteCount)
        // Of free space, or of an extension.
        try fields.skip(addressByteCount)
        let end = try fields.number(addressByteCount)
        // What was put before the file, or taken away, moves all of it.
        let (moved, overflow) = end.subtractingReportingOverflow(storedBase)
        let reader = MetadataReader(self, container)
        guard !overflow, moved <= UInt64(reader.byteCount(from: byteOffset)) else {
            throw HDF5Error(
                .truncated, at: byteOffset,
                "the file ends after \(container.byteCount) of the \(end) bytes that its superblock promises",
                remedy: "it was cut short, or not closed: write or copy it again")
        }
        if version < 2 {
            // Of a driver's block, and of the root group's name.
            try fields.skip(2 * addressByteCount)
        }
        rootByteOffset = try reader.definedAddress(&fields, of: "the root group")
        if version >= 2 { try fields.verifyChecksum("the superblock") }
    }
}
