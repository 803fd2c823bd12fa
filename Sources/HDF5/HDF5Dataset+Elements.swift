package import Container

extension HDF5Dataset {
    /// Makes a file of the dataset's elements, in C order: a range of the HDF5 file itself, bytes in memory, or frames that chunks are
    /// decoded to. O(chunks · log chunks).
    ///
    /// - Parameter memoryByteCount: the most bytes that a worker may keep of a dataset in chunks.
    /// - Throws: `HDF5Error` if the dataset cannot be read, or something about it is not read.
    package func elements(of file: HDF5File, memoryByteCount: Int) throws(HDF5Error) -> ContainerFile {
        let content = try content.get()
        let elementByteCount = type?.byteCount ?? 1
        let byteCount = try ChunkGrid.byteCount(of: content.shape.dimensions, elementByteCount)
        let reader = MetadataReader(file.superblock, file.container)
        let chunked: ChunkedDataset
        switch content.layout {
        case .virtual: throw HDF5Error(.unsupported, "it is a virtual dataset")
        case .compact(let bytes):
            guard bytes.count >= byteCount else {
                throw HDF5Error(.damaged, "its header has \(bytes.count) of its \(byteCount) bytes")
            }
            do throws(ContainerError) {
                return try ContainerFile(raw: MemorySource(name: "\(file.container.path): \(name)", bytes: Array(bytes[..<byteCount])))
            } catch {
                throw HDF5Error(error)
            }
        case .contiguous(let byteOffset?):
            guard byteCount <= reader.byteCount(from: byteOffset) else {
                throw HDF5Error(.damaged, at: byteOffset, "its \(byteCount) bytes go beyond the end of the file")
            }
            return ContainerFile(bytes: byteOffset..<byteOffset + byteCount, named: name, of: file.container)
        case .contiguous(nil):
            // It is all fill value, as if its chunks had never been written.
            let shape = content.shape.dimensions.enumerated().map { $0.offset == 0 ? 1 : max(1, $0.element) }
            chunked = try ChunkedDataset(
                content, elementByteCount: elementByteCount, chunkShape: shape, index: .versionOneTree, at: nil, leavesPartialChunks: false,
                memoryByteCount: memoryByteCount, reader, file.container)
        case .chunked(let shape, let index, let byteOffset, let leavesPartialChunks):
            chunked = try ChunkedDataset(
                content, elementByteCount: elementByteCount, chunkShape: shape, index: index, at: byteOffset,
                leavesPartialChunks: leavesPartialChunks, memoryByteCount: memoryByteCount, reader, file.container)
        }
        guard let elements = ContainerFile(frames: chunked, named: name, of: file.container) else {
            throw HDF5Error(.damaged, "it has more bytes than can be counted")
        }
        return elements
    }
}
