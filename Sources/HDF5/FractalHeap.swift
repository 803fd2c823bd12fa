/// The links of a group of many. It keeps the blocks that it has read.
final class FractalHeap {
    private let byteOffset: Int
    private let offsetByteCount: Int
    private let lengthByteCount: Int
    private let areBlocksChecked: Bool
    private let tableWidth: Int
    private let startByteCount: Int
    private let directByteCountLimit: Int
    private let root: Int?
    private let rootRowCount: Int
    /// The blocks that have been read and verified, by their places.
    private var blocks: [Int: FieldReader] = [:]

    init(at byteOffset: Int, _ reader: MetadataReader) throws(HDF5Error) {
        let (address, length) = (reader.file.addressByteCount, reader.file.lengthByteCount)
        self.byteOffset = byteOffset
        var fields = try reader.read(at: byteOffset, count: 26 + 3 * address + 12 * length, "a heap of links")
        try fields.expect("FRHP")
        _ = try fields.version(0...0, of: "a heap of links")
        try fields.skip(2)
        let filterByteCount = try fields.count(2)
        areBlocksChecked = try fields.byte() & 2 != 0
        let objectByteCountLimit = try fields.count(4)
        // Of huge objects and of free space.
        try fields.skip(2 * length + 2 * address)
        // Counts of managed, huge and tiny objects.
        try fields.skip(8 * length)
        tableWidth = try fields.count(2)
        startByteCount = try reader.length(&fields)
        directByteCountLimit = try reader.length(&fields)
        let bitCount = try fields.count(2)
        try fields.skip(2)
        root = try reader.address(&fields)
        rootRowCount = try fields.count(2)
        guard filterByteCount == 0 else {
            throw HDF5Error(.unsupported, at: byteOffset, "the links of a group are compressed", remedy: "write it with h5py's defaults")
        }
        try fields.verifyChecksum("a heap of links")
        guard bitCount <= 64, tableWidth > 0, startByteCount > 0, startByteCount.nonzeroBitCount == 1,
            directByteCountLimit.nonzeroBitCount == 1,
            directByteCountLimit >= startByteCount, directByteCountLimit <= 1 << 32
        else {
            throw HDF5Error(.damaged, at: byteOffset, "a heap of links in blocks of \(startByteCount) to \(directByteCountLimit) bytes")
        }
        offsetByteCount = (bitCount + 7) / 8
        lengthByteCount = VersionTwoTree.byteCount(for: min(directByteCountLimit, objectByteCountLimit))
    }

    /// Returns an object by its identifier in the heap.
    func object(_ identifier: ArraySlice<UInt8>, _ reader: MetadataReader) throws(HDF5Error) -> FieldReader {
        var fields = FieldReader(Array(identifier), at: byteOffset)
        let flags = try fields.byte()
        switch flags & 0x30 {
        case 0x00:
            let offset = try fields.count(offsetByteCount)
            return try managed(at: offset, byteCount: try fields.count(lengthByteCount), reader)
        case 0x20:
            let byteCount = Int(flags & 0x0F) + 1
            return try fields.part(byteCount)
        default:
            throw HDF5Error(
                .unsupported, at: byteOffset, "a link has a name of very many bytes", remedy: "write the dataset under a shorter name")
        }
    }

    /// The number of bytes of a block in a row of the table.
    private func blockByteCount(row: Int) -> Int? {
        let shift = max(0, row - 1)
        guard shift < 62, startByteCount <= .max >> shift else { return nil }
        return startByteCount << shift
    }

    /// Reads bytes of the heap, which lie within one block.
    private func managed(at offset: Int, byteCount: Int, _ reader: MetadataReader) throws(HDF5Error) -> FieldReader {
        func fault() -> HDF5Error { HDF5Error(.damaged, at: byteOffset, "a heap of links has no byte \(offset)") }
        guard let root else { throw fault() }
        // The first row whose blocks are indirect.
        let directRowCount = (directByteCountLimit / startByteCount).trailingZeroBitCount + 2
        var (block, rowCount, first) = (root, rootRowCount, 0)
        var byteCountOfBlock = startByteCount
        var depth = 0
        while rowCount > 0 {
            depth += 1
            guard depth <= 16 else { throw fault() }
            // Finds the block of the table that holds the offset.
            var (row, start) = (0, first)
            var found: (row: Int, column: Int, first: Int)?
            while row < rowCount {
                guard let blockByteCount = blockByteCount(row: row) else { throw fault() }
                let (rowByteCount, overflow) = blockByteCount.multipliedReportingOverflow(by: tableWidth)
                guard !overflow, start <= .max - rowByteCount else { throw fault() }
                if offset < start + rowByteCount {
                    let column = (offset - start) / blockByteCount
                    found = (row, column, start + column * blockByteCount)
                    break
                }
                start += rowByteCount
                row += 1
            }
            guard let found else { throw fault() }
            let isDirect = found.row < directRowCount
            // Direct blocks are listed before indirect ones, all in the order of rows.
            let place = found.row * tableWidth + found.column
            var fields = try indirectBlock(at: block, childCount: rowCount * tableWidth, reader)
            try fields.skip(place * reader.file.addressByteCount)
            block = try reader.definedAddress(&fields, of: "a block of links")
            guard let size = blockByteCount(row: found.row) else { throw fault() }
            byteCountOfBlock = size
            first = found.first
            guard !isDirect else { break }
            // An indirect block has as many rows as it takes to hold the bytes of its place.
            let rows = (byteCountOfBlock / startByteCount).trailingZeroBitCount - tableWidth.trailingZeroBitCount + 1
            guard tableWidth.nonzeroBitCount == 1, rows > 0, rows < rowCount else { throw fault() }
            rowCount = rows
        }
        var fields = try directBlock(at: block, byteCount: byteCountOfBlock, reader)
        guard offset >= first + headByteCount(reader), offset - first <= byteCountOfBlock else { throw fault() }
        try fields.skip(offset - first)
        return try fields.part(byteCount)
    }

    /// The number of bytes of a block before its content.
    private func headByteCount(_ reader: MetadataReader) -> Int {
        5 + reader.file.addressByteCount + offsetByteCount + (areBlocksChecked ? 4 : 0)
    }

    /// Reads the addresses of the blocks that an indirect block lists.
    private func indirectBlock(at place: Int, childCount: Int, _ reader: MetadataReader) throws(HDF5Error) -> FieldReader {
        if let block = blocks[place] { return block }
        let prefix = 5 + reader.file.addressByteCount + offsetByteCount
        let byteCount = prefix + childCount * reader.file.addressByteCount
        var fields = try reader.read(at: place, count: byteCount + 4, "a block of links")
        try fields.expect("FHIB")
        _ = try fields.version(0...0, of: "a block of links")
        var whole = fields
        try whole.skip(byteCount - 5)
        try whole.verifyChecksum("a block of links")
        try fields.skip(prefix - 5)
        blocks[place] = fields
        return fields
    }

    /// Reads a direct block, with its head.
    private func directBlock(at place: Int, byteCount: Int, _ reader: MetadataReader) throws(HDF5Error) -> FieldReader {
        if let block = blocks[place] { return block }
        guard byteCount <= directByteCountLimit, byteCount >= headByteCount(reader) else {
            throw HDF5Error(.damaged, at: place, "a block of links has \(byteCount) bytes")
        }
        let block = try reader.read(at: place, count: byteCount, "a block of links")
        var fields = block
        try fields.expect("FHDB")
        _ = try fields.version(0...0, of: "a block of links")
        if areBlocksChecked { try block.verifyChecksum("a block of links", inside: headByteCount(reader) - 4) }
        blocks[place] = block
        return block
    }
}
