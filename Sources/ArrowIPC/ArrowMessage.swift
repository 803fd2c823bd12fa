/// The metadata of a message: a schema, a dictionary or a record batch.
struct ArrowMessage {
    /// The version of the metadata. Those before 4 are of 2017 and earlier.
    enum Version: Int16, Sendable, Comparable {
        case v1, v2, v3, v4, v5

        static func < (one: Version, other: Version) -> Bool { one.rawValue < other.rawValue }

        /// Reads a version of a message or a footer, which both have it first.
        init(_ table: FlatTable) throws(ArrowFault) {
            let number: Int16 = try table.number(0, absent: 0)
            guard let version = Version(rawValue: number) else { throw .damaged("its metadata has the version \(number)") }
            guard version >= .v4 else {
                throw ArrowFault(
                    .unsupported, "its metadata has the version \(number + 1), of before 2017, which is not read",
                    remedy: "write it again with a newer version of Arrow")
            }
            self = version
        }
    }

    enum Header {
        case schema(FlatTable)
        case dictionary(id: Int64, isDelta: Bool, FlatTable)
        case batch(FlatTable)
    }

    let version: Version
    let header: Header
    let bodyByteCount: Int

    init(_ bytes: UnsafeRawBufferPointer) throws(ArrowFault) {
        let table = try FlatTable(rootOf: bytes)
        version = try Version(table)
        let body: Int64 = try table.number(3, absent: 0)
        guard body >= 0 else { throw .damaged("a message has a body of \(body) bytes") }
        bodyByteCount = Int(body)
        let kind: UInt8 = try table.number(1, absent: 0)
        guard let content = try table.table(2) else { throw .damaged("a message has no header") }
        switch kind {
        case 1: header = .schema(content)
        case 2:
            guard let data = try content.table(1) else { throw .damaged("a dictionary has no values") }
            header = .dictionary(id: try content.number(0, absent: 0), isDelta: try content.isTrue(2), data)
        case 3: header = .batch(content)
        case 4, 5:
            throw ArrowFault(.unsupported, "it holds a tensor, which is not read", remedy: "save the tensor with np.save")
        default: throw .damaged("a message has a header of kind \(kind)")
        }
    }
}

/// The codec of a record batch's buffers.
package enum ArrowCodec: String, Sendable {
    /// Frames of LZ4, and of zstd.
    case lz4, zstd
}

/// The metadata of a record batch, or of a dictionary's values: the lengths of its fields, and the places of its buffers.
final class BatchHeader {
    /// The metadata's bytes.
    private let memory: ArrowMemory
    let byteCount: Int
    private let nodes: FlatList
    private let buffers: FlatList
    /// For each column of views in order, the number of its buffers in all columns before it.
    private var viewBufferOffsets: [Int] = []
    let rowCount: Int
    let codec: ArrowCodec?
    /// The offset of the body in the file, and its number of bytes.
    let bodyByteOffset: Int
    let bodyByteCount: Int

    /// Reads the metadata of a batch, which the header keeps.
    ///
    /// - Parameters:
    ///   - nodeCount, bufferCount, viewCount: the numbers that the schema wants.
    init(
        _ memory: ArrowMemory, byteCount: Int, bodyByteOffset: Int, bodyByteCount: Int, nodeCount: Int, bufferCount: Int, viewCount: Int
    ) throws(ArrowFault) {
        let bytes = UnsafeRawBufferPointer(memory.room(count: byteCount))
        let table: FlatTable
        switch try ArrowMessage(bytes).header {
        case .schema: throw .damaged("it is no record batch")
        case .dictionary(_, _, let data): table = data
        case .batch(let data): table = data
        }
        (rowCount, codec) = try Self.summary(table)
        nodes = try table.list(1, elementByteCount: 16) ?? FlatList(offset: 0, count: 0)
        buffers = try table.list(2, elementByteCount: 16) ?? FlatList(offset: 0, count: 0)
        var extra = 0
        let counts = try table.list(4, elementByteCount: 8) ?? FlatList(offset: 0, count: 0)
        guard counts.count == viewCount else { throw .damaged("it has \(counts.count) columns of views, where \(viewCount) are due") }
        for index in 0..<counts.count {
            let count = try FlatTable.load(Int64.self, bytes, at: counts.offset + 8 * index)
            guard count >= 0, count <= buffers.count - extra else { throw .damaged("a column of views has \(count) buffers") }
            viewBufferOffsets.append(extra)
            extra += Int(count)
        }
        viewBufferOffsets.append(extra)
        guard nodes.count == nodeCount else { throw .damaged("it has \(nodes.count) fields, where \(nodeCount) are due") }
        guard buffers.count == bufferCount + extra else {
            throw .damaged("it has \(buffers.count) buffers, where \(bufferCount + extra) are due")
        }
        self.memory = memory
        self.byteCount = byteCount
        self.bodyByteOffset = bodyByteOffset
        self.bodyByteCount = bodyByteCount
    }

    /// Reads the number of rows and the codec.
    static func summary(_ table: FlatTable) throws(ArrowFault) -> (rowCount: Int, codec: ArrowCodec?) {
        let length: Int64 = try table.number(0, absent: 0)
        guard length >= 0 else { throw .damaged("it has \(length) rows") }
        guard let compression = try table.table(3) else { return (Int(length), nil) }
        guard try compression.number(1, absent: Int8(0)) == 0 else {
            throw ArrowFault(.unsupported, "its buffers are compressed by a method that is not known")
        }
        switch try compression.number(0, absent: Int8(0)) {
        case 0: return (Int(length), .lz4)
        case 1: return (Int(length), .zstd)
        case let codec: throw ArrowFault(.unsupported, "it is compressed with a codec of number \(codec), which is not known")
        }
    }

    /// Returns the length of a field and the number of its nulls; nil if that is not known.
    func node(_ index: Int) throws(ArrowFault) -> (count: Int, nullCount: Int?) {
        let bytes = UnsafeRawBufferPointer(memory.room(count: byteCount))
        let count = try FlatTable.load(Int64.self, bytes, at: nodes.offset + 16 * index)
        let nullCount = try FlatTable.load(Int64.self, bytes, at: nodes.offset + 16 * index + 8)
        guard count >= 0, nullCount <= count else { throw .damaged("a field has \(count) values, of which \(nullCount) are null") }
        return (Int(count), nullCount < 0 ? nil : Int(nullCount))
    }

    /// Returns the place of a buffer in the file. The metadata have no checksum: a place that is not aligned, or lies over the buffer before
    /// or after it, is damage, since buffers lie one after another.
    ///
    /// - Parameter viewsBefore: the number of columns of views before it.
    func buffer(_ index: Int, viewsBefore: Int) throws(ArrowFault) -> Range<Int> {
        let place = index + viewBufferOffsets[viewsBefore]
        guard place < buffers.count else { throw .damaged("it has no buffer of number \(place)") }
        let bytes = UnsafeRawBufferPointer(memory.room(count: byteCount))
        let offset = try FlatTable.load(Int64.self, bytes, at: buffers.offset + 16 * place)
        let count = try FlatTable.load(Int64.self, bytes, at: buffers.offset + 16 * place + 8)
        // Some writers give empty buffers any place.
        if count == 0 { return bodyByteOffset..<bodyByteOffset }
        guard offset >= 0, count >= 0, offset <= Int64(bodyByteCount), count <= Int64(bodyByteCount) - offset else {
            throw .damaged("buffer \(place) has \(count) bytes from byte \(offset) on of a body of \(bodyByteCount)")
        }
        guard offset % 8 == 0 else { throw .damaged("buffer \(place) begins at byte \(offset) of the body, which is no multiple of 8") }
        if let before = try neighbour(of: place, by: -1), before.offset.addingReportingOverflow(before.count).partialValue > offset {
            throw .damaged("buffer \(place) begins at byte \(offset) of the body, inside the buffer before it")
        }
        if let after = try neighbour(of: place, by: 1), after.offset < offset + count {
            throw .damaged("buffer \(place) ends at byte \(offset + count) of the body, inside the buffer after it")
        }
        return bodyByteOffset + Int(offset)..<bodyByteOffset + Int(offset) + Int(count)
    }

    /// Returns the place in the body of the nearest buffer on one side of a buffer that is not empty; nil if none of the nearest few is not.
    private func neighbour(of place: Int, by step: Int) throws(ArrowFault) -> (offset: Int64, count: Int64)? {
        let bytes = UnsafeRawBufferPointer(memory.room(count: byteCount))
        for distance in 1...Self.neighbourLimit {
            let next = place + step * distance
            guard (0..<buffers.count).contains(next) else { return nil }
            let count = try FlatTable.load(Int64.self, bytes, at: buffers.offset + 16 * next + 8)
            if count > 0 { return (try FlatTable.load(Int64.self, bytes, at: buffers.offset + 16 * next), count) }
        }
        return nil
    }

    /// The number of buffers on either side among which a neighbour is looked for: those of the validity of nested columns are empty.
    private static let neighbourLimit = 8

    /// The number of buffers that the views of a column point to.
    func viewBufferCount(_ viewsBefore: Int) -> Int { viewBufferOffsets[viewsBefore + 1] - viewBufferOffsets[viewsBefore] }
}
