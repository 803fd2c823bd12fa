internal import Container
internal import Formats
internal import Messages

extension ArrayFile {
    /// The approximate size in bytes of a block whose elements lie together.
    private static let blockByteCount = 2 << 20
    /// The least number of bytes of each column that a block of a raw file holds, as far as the block does not become too large.
    private static let columnByteCount = 16 << 10
    /// The size in bytes above which a raw file's block does not grow for the sake of its columns.
    private static let rawBlockByteLimit = 64 << 20
    /// The approximate size in bytes of a compressed file's block whose elements lie together.
    private static let compressedBlockByteCount = 8 << 20

    /// Cuts the array into blocks that can be gathered. The cut depends on the file and on `memoryByteCount` alone.
    ///
    /// - Parameter memoryByteCount: the largest size of a block in bytes, unless a single row is larger.
    /// - Throws: `EngineError` if the file can be read only in order, and no cut into blocks of this size has blocks in that order.
    func blocks(memoryByteCount: Int) throws(EngineError) -> ArrayBlocks {
        let elementByteCount = elementByteCount
        let rowByteCount = max(1, rowByteCount)
        func cut(_ byteCount: Int, isInStorageOrder: Bool = false) -> ArrayBlocks {
            ArrayBlocks(
                rows, rowLimit: max(1, min(byteCount, memoryByteCount) / rowByteCount), isInStorageOrder: isInStorageOrder,
                elementByteCount: elementByteCount)
        }
        /// True if the largest block, which is the first, is as large as a block may be.
        func fits(_ blocks: ArrayBlocks) -> Bool {
            blocks.count == 0 || blocks.rows(ofBlock: 0).count <= max(1, memoryByteCount / rowByteCount)
        }
        guard allowsRandomAccess else {
            let blocks = cut(Self.blockByteCount, isInStorageOrder: true)
            guard fits(blocks) else {
                let byteCount = blocks.rows(ofBlock: 0).count * rowByteCount
                throw EngineError(
                    .data, path: path,
                    "its rows are stored by columns, so \(byteCount) bytes at once would have to be kept in memory of a file that can be read "
                        + "only in order, and \(memoryByteCount) may be",
                    remedy:
                        "decompress it first, or save it again as np.save(path, np.ascontiguousarray(array)); or allow more with "
                        + "\(setting: .maximumWindow)")
            }
            return blocks
        }
        let hasColumns = rows.valuesPerRow > 1 && rows.valueStride > 1
        let columnCount = min(rows.valuesPerRow, RowLayout.valueCountLimit)
        guard container.compression != .none else {
            let ofColumns = min(Self.rawBlockByteLimit, columnCount * Self.columnByteCount)
            return cut(hasColumns ? max(Self.blockByteCount, ofColumns) : Self.blockByteCount)
        }
        // Blocks in the order in which they are stored share a frame with their neighbours at most.
        let inOrder = cut(Self.compressedBlockByteCount, isInStorageOrder: true)
        if fits(inOrder) { return inOrder }
        // Each block decodes the two frames in which its part of a column ends, besides those that it has all of.
        let frameByteCount = container.frames.reduce(1) { max($0, $1.decodedByteCount) }
        return cut(max(Self.compressedBlockByteCount, 4 * columnCount * frameByteCount))
    }

    /// Puts some rows of a block together, in the machine's byte order unless the stored one is kept.
    ///
    /// Unsafe: `target` has room for the rows.
    ///
    /// - Parameter elements: the block's elements as they are stored.
    func copyRows(_ part: Range<Int>, of block: ArrayBlock, from elements: ByteBuffer, into target: UnsafeMutableRawPointer) {
        let elementByteCount = elementByteCount
        block.copyRows(part, from: elements.base, elementByteCount: elementByteCount, into: target)
        if layout.isByteSwapped {
            ByteOrder.swapInPlace(
                UnsafeMutableRawBufferPointer(start: target, count: part.count * rowByteCount), elementByteCount: elementByteCount)
        }
    }
}

extension ConcatenatedArrays {
    /// Makes the source of predictions: units that all workers read, or a stream.
    ///
    /// - Parameter areCompanionsInOrder: true if columns beside the predictions can be read only in order.
    func predictions(areCompanionsInOrder: Bool, options: ContainerOptions) throws(EngineError) -> any RowSource {
        guard files.allSatisfy(\.rows.isContiguous) else { return try gathered(options) }
        let hasWholeFiles = files.contains { !$0.container.isCuttable }
        return hasWholeFiles && (files.count == 1 || areCompanionsInOrder)
            ? ArrayStreamSource(arrays: self, options: options) : ArrayRowSource(self, options: options)
    }

    /// Makes the source of a column beside the predictions, or of rows that are read one after another.
    func column(_ options: ContainerOptions) throws(EngineError) -> any RowSource {
        files.allSatisfy(\.rows.isContiguous) ? ArrayStreamSource(arrays: self, options: options) : try gathered(options)
    }

    private func gathered(_ options: ContainerOptions) throws(EngineError) -> any RowSource {
        let gathered = try GatheredArrays(self, options: options)
        return files.allSatisfy(\.allowsRandomAccess) ? gathered : GatheredStream(gathered: gathered)
    }
}

/// A source of rows that are those of arrays in files.
protocol RowSourceOfArrays: RowSource {
    /// The arrays.
    var arrays: ConcatenatedArrays { get }
}

extension ArrayRowSource: RowSourceOfArrays {}
extension ArrayStreamSource: RowSourceOfArrays {}
extension GatheredArrays: RowSourceOfArrays {}
extension GatheredStream: RowSourceOfArrays {
    var arrays: ConcatenatedArrays { gathered.arrays }
}
