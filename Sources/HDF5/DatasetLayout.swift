/// The place of a dataset's elements.
enum DatasetLayout: Sendable {
    /// An index of the chunks of a dataset.
    enum Index: Sendable {
        /// A B-tree of version 1.
        case versionOneTree
        /// The one chunk, with its stored size and its mask of filters where it has any.
        case single(byteCount: Int?, mask: UInt32)
        /// All chunks lie one after another.
        case implicit
        case fixedArray
        case extensibleArray
        /// A B-tree of version 2.
        case versionTwoTree
    }

    /// In the object's header.
    case compact([UInt8])
    /// One after another, from a place in the file on; nil if they were never written.
    case contiguous(byteOffset: Int?)
    /// In chunks.
    ///
    /// - shape: the dimensions of a chunk.
    /// - index: the kind of index, and its place; nil if no chunk was written.
    /// - leavesPartialChunks: true if chunks that go beyond the dataset's end went through no filters.
    case chunked(shape: [Int], index: Index, byteOffset: Int?, leavesPartialChunks: Bool)
    /// In datasets of other files.
    case virtual

    /// Reads the message of a layout.
    ///
    /// - Parameter elementByteCount: the size of an element.
    init(_ fields: inout FieldReader, elementByteCount: Int, _ reader: MetadataReader) throws(HDF5Error) {
        let place = fields.place
        let version = try fields.version(1...5, of: "the place of a dataset")
        if version < 3 {
            self = try Self.old(&fields, elementByteCount, reader)
            return
        }
        switch try fields.byte() {
        case 0: self = .compact(Array(try fields.take(try fields.count(2))))
        case 1: self = .contiguous(byteOffset: try reader.address(&fields))
        case 2 where version == 3:
            let rank = Int(try fields.byte())
            let address = try reader.address(&fields)
            let shape = try Self.chunkShape(&fields, rank: rank, width: 4, elementByteCount)
            self = .chunked(shape: shape, index: .versionOneTree, byteOffset: address, leavesPartialChunks: false)
        case 2:
            let flags = try fields.byte()
            let rank = Int(try fields.byte())
            let shape = try Self.chunkShape(&fields, rank: rank, width: Int(try fields.byte()), elementByteCount)
            let index: Index
            switch try fields.byte() {
            case 1:
                index =
                    flags & 2 != 0
                    ? .single(byteCount: try reader.length(&fields), mask: UInt32(truncatingIfNeeded: try fields.number(4)))
                    : .single(byteCount: nil, mask: 0)
            case 2: index = .implicit
            case 3:
                try fields.skip(1)
                index = .fixedArray
            case 4:
                try fields.skip(5)
                index = .extensibleArray
            case 5:
                try fields.skip(6)
                index = .versionTwoTree
            case let kind:
                throw HDF5Error(
                    .unsupported, at: place, "an index of chunks of kind \(kind)", remedy: "write it again with h5py's defaults")
            }
            self = .chunked(shape: shape, index: index, byteOffset: try reader.address(&fields), leavesPartialChunks: flags & 1 != 0)
        case 3: self = .virtual
        case let kind: throw HDF5Error(.unsupported, at: place, "a place of kind \(kind) for a dataset", remedy: "is it damaged?")
        }
    }

    private static func old(
        _ fields: inout FieldReader, _ elementByteCount: Int, _ reader: MetadataReader
    ) throws(HDF5Error) -> DatasetLayout {
        let place = fields.place
        let rank = Int(try fields.byte())
        let kind = try fields.byte()
        try fields.skip(5)
        let address = kind == 0 ? nil : try reader.address(&fields)
        switch kind {
        case 0:
            try fields.skip(4 * rank)
            return .compact(Array(try fields.take(try fields.count(4))))
        case 1: return .contiguous(byteOffset: address)
        case 2:
            let shape = try chunkShape(&fields, rank: rank, width: 4, elementByteCount)
            return .chunked(shape: shape, index: .versionOneTree, byteOffset: address, leavesPartialChunks: false)
        default: throw HDF5Error(.unsupported, at: place, "a place of kind \(kind) for a dataset", remedy: "is it damaged?")
        }
    }

    /// Reads the dimensions of a chunk, the last of which is the size of an element.
    private static func chunkShape(
        _ fields: inout FieldReader, rank: Int, width: Int, _ elementByteCount: Int
    ) throws(HDF5Error) -> [Int] {
        let place = fields.place
        guard (2...DatasetShape.dimensionCountLimit + 1).contains(rank), (1...8).contains(width) else {
            throw HDF5Error(.damaged, at: place, "chunks of \(rank - 1) dimensions, in \(width) bytes each")
        }
        var shape: [Int] = []
        for _ in 0..<rank { shape.append(try fields.count(width)) }
        guard shape.removeLast() == elementByteCount, shape.allSatisfy({ $0 > 0 }) else {
            throw HDF5Error(.damaged, at: place, "chunks with a dimension of 0, or of other elements than the dataset's")
        }
        return shape
    }
}
