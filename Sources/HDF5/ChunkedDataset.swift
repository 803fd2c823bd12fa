package import Container

/// The elements of a dataset in chunks, in C order, as frames that any worker can decode. Each chunk belongs to one frame.
package struct ChunkedDataset: FrameSource {
    let container: ContainerFile
    let grid: ChunkGrid
    let bands: ChunkBands
    let table: ChunkTable
    let filters: [ChunkFilter]
    let leavesPartialChunks: Bool
    /// The bytes of an element that was never written; empty for zeros.
    let fillValue: [UInt8]

    /// The most bytes that a byte of the file may stand for. Deflate has at most 1,032; the rest may be chunks that were never written.
    static let expansionLimit = 4096

    /// Finds the chunks of a dataset.
    ///
    /// - Parameter memoryByteCount: the most bytes that a worker may keep.
    init(
        _ content: HDF5Dataset.Content, elementByteCount: Int, chunkShape: [Int], index: DatasetLayout.Index, at byteOffset: Int?,
        leavesPartialChunks: Bool, memoryByteCount: Int, _ reader: MetadataReader, _ container: ContainerFile
    ) throws(HDF5Error) {
        self.container = container
        grid = try ChunkGrid(content.shape, chunkShape: chunkShape, elementByteCount: elementByteCount)
        guard grid.byteCount / Self.expansionLimit <= container.byteCount else {
            throw HDF5Error(
                .unsupported,
                "its shape stands for \(grid.byteCount) bytes, and the file has \(container.byteCount): nearly all of it was never written",
                remedy: "write its values, or make it as large as what was written: dataset.resize(rows, axis=0)")
        }
        bands = ChunkBands(grid)
        let frameByteCount = bands.largestByteCount
        let (needed, overflow) = grid.chunkByteCount.multipliedReportingOverflow(by: 2)
        let (memory, isTooLarge) = needed.addingReportingOverflow(frameByteCount)
        guard !overflow, !isTooLarge, memory <= memoryByteCount else {
            throw HDF5Error(
                .tooLarge,
                "its chunks are \(Self.text(chunkShape)), so that a worker keeps \(frameByteCount) bytes of rows and "
                    + "\(grid.chunkByteCount) bytes of a chunk twice, and \(memoryByteCount) may be kept",
                remedy: "write it with smaller chunks, such as chunks=(1024, …)")
        }
        filters = content.filters
        self.leavesPartialChunks = leavesPartialChunks
        fillValue = content.fillValue.allSatisfy { $0 == 0 } ? [] : content.fillValue
        table = try ChunkTable(index, at: byteOffset, grid, hasFilters: !filters.isEmpty, reader)
    }

    private static func text(_ shape: [Int]) -> String { shape.map { String($0) }.joined(separator: " × ") }

    package var frameCount: Int { bands.count }
    package func decodedByteCount(ofFrame index: Int) -> Int { bands.bytes(ofFrame: index).count }
    package var storedByteCount: Int { table.storedByteCount }
    /// True if chunks are deflated, or have checksums of their own. A deflated chunk ends with an Adler-32.
    package var hasChecksums: Bool {
        filters.contains { $0.number == ChunkFilter.Number.deflate || $0.number == ChunkFilter.Number.fletcher32 }
    }
    package func makeDecoder() -> any FrameDecoder { ChunkDecoder(self) }
}
