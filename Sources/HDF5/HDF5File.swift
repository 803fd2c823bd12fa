package import Container

/// An HDF5 file: the datasets of all its groups.
package struct HDF5File: Sendable {
    /// The bytes of the file.
    package let container: ContainerFile
    /// The first structure of the file.
    package let superblock: HDF5Superblock
    /// The datasets, in the order of their names, group by group.
    package let datasets: [HDF5Dataset]

    /// Reads the names and the headers of all datasets. O(bytes of the groups and headers).
    ///
    /// - Parameters:
    ///   - container: a raw file, and no stream.
    ///   - byteOffset: the place of the superblock (`HDF5Superblock.byteOffset(in:)`).
    ///   - verifiesChecksums: false to take the checksums of structures as they are, so that a fuzzer gets beyond them.
    /// - Throws: `HDF5Error` if a group cannot be read. A dataset that cannot be read is an error where it is used.
    package init(
        _ container: ContainerFile, superblockByteOffset byteOffset: Int, verifiesChecksums: Bool = true
    ) throws(HDF5Error) {
        self.container = container
        superblock = try HDF5Superblock(container, at: byteOffset, verifiesChecksums: verifiesChecksums)
        var walk = GroupWalk(MetadataReader(superblock, container))
        try walk.run(from: superblock.rootByteOffset)
        datasets = walk.datasets
    }
}
