package import Container

/// An opened Arrow IPC file or stream: its columns and its record batches.
///
/// ```swift
/// let file = try ArrowFile(ContainerFile(path: "oof.feather"))
/// let cursor = ArrowCursor(file, column: file.columns[0])
/// try cursor.begin(row: 0)
/// ```
///
/// A file says in its footer where the record batches are. Those of a stream are found by going from one message's header to the next.
package struct ArrowFile: Sendable {
    /// The two forms of a file.
    package enum Form: String, Sendable {
        /// It begins with `ARROW1` and ends with a footer.
        case file
        /// It begins with the schema's message.
        case stream
    }

    /// The limits that keep a file from taking more memory than it is worth.
    package struct Limits: Sendable {
        /// The largest number of bytes of texts or of a dictionary that are in memory at once, and of the window of a zstd frame.
        package var byteCount = 128 << 20

        /// Makes the usual limits.
        package init() {}
    }

    /// A record batch: some neighbouring rows.
    package struct Batch: Sendable {
        /// The number of its first row in the file.
        package let firstRow: Int
        /// The number of rows.
        package let rowCount: Int
        /// The codec of its buffers; nil if they are not compressed.
        package let codec: ArrowCodec?
        /// The number of bytes of its buffers in the file.
        package let storedByteCount: Int
        let message: MessagePlace
    }

    /// The place of a message in the file: its metadata, without the length before it, and its body.
    struct MessagePlace: Sendable {
        let metadata: Range<Int>
        let bodyByteOffset: Int
        let bodyByteCount: Int
    }

    /// The values of a dictionary, or more of them.
    struct DictionaryPlace: Sendable {
        let id: Int64
        let isDelta: Bool
        /// The number of record batches before it in a stream. In a file dictionaries hold for all.
        let firstBatch: Int
        let message: MessagePlace
    }

    /// The bytes of the file.
    package let container: ContainerFile
    /// The form of the file.
    package let form: Form
    /// The columns of values.
    package let columns: [ArrowColumn]
    /// The record batches in their order.
    package let batches: [Batch]
    /// The number of rows.
    package let rowCount: Int
    /// True if numbers are stored with their highest byte first.
    package let isBigEndian: Bool
    /// False for a stream without the mark of its end, which is missing if its writer was interrupted.
    package let hasEnd: Bool
    /// The limits of what is read.
    package let limits: Limits
    /// The dictionaries by their numbers, each as its messages in order.
    let dictionaries: [Int64: [DictionaryPlace]]
    /// The numbers of nodes, buffers and columns of views of each record batch.
    let nodeCount: Int, bufferCount: Int, viewCount: Int
    /// The version of the metadata.
    let version: ArrowMessage.Version

    /// The path of the file.
    package var path: String { container.path }

    /// The six bytes at the beginning and at the end of a file.
    package static let magic = Array("ARROW1".utf8)
    /// The largest metadata of a message in bytes.
    static let metadataByteCountLimit = 256 << 20

    /// Returns true if the first bytes of a file are those of Arrow IPC. A text may begin with the same letters, and is none.
    package static func isArrow(_ bytes: [UInt8]) -> Bool {
        if bytes.starts(with: magic) { return bytes.count >= 8 && bytes[6] == 0 && bytes[7] == 0 }
        guard bytes.count >= 16 else { return false }
        return bytes.withUnsafeBytes { bytes in
            let hasMark = bytes.loadUnaligned(as: UInt32.self) == .max
            let start = hasMark ? 8 : 4
            let length = Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: start - 4, as: Int32.self)))
            guard length >= 24, length % (hasMark ? 8 : 4) == 0, length <= metadataByteCountLimit else { return false }
            let metadata = UnsafeRawBufferPointer(rebasing: bytes[start..<min(bytes.count, start + length)])
            // The root of a message has its version and the kind of its header, and says that this is a schema.
            guard let root = try? FlatTable(rootOf: metadata), let version = try? root.number(0, absent: Int16(0)),
                let kind = try? root.number(1, absent: UInt8(0))
            else { return false }
            return (0...4).contains(version) && kind == 1
        }
    }

    /// Reads the schema and the places of the record batches of a raw file. O(batches), each a short read.
    ///
    /// - Throws: an `ArrowError` if the file is no Arrow file, or is damaged. A column that cannot be read is no error before it is read.
    package init(_ container: ContainerFile, limits: Limits = Limits()) throws(ArrowError) {
        let path = container.path
        guard container.compression == .none, !container.isStream else {
            throw ArrowError(
                .unsupported, path: path, ArrowError.Place(),
                container.isStream ? "Arrow cannot be read from a pipe: a column's values are not together, and are read by their places"
                    : "Arrow inside \(container.compression.rawValue) is not read: its columns are read by their places",
                remedy: container.isStream ? "write it to a file first" : "decompress it first")
        }
        var opening = Opening(container)
        let form: Form
        do throws(ArrowFault) {
            form = try opening.form()
            if form == .file { try opening.readFooter() } else { try opening.walk() }
            try container.checkingIdentity()
        } catch {
            throw ArrowError(error, path: path, opening.place)
        }
        guard let walk = opening.walkedSchema, let schema = opening.schema, let version = opening.version else {
            throw ArrowError(.damaged, path: path, ArrowError.Place(), "it has no schema")
        }
        self.container = container
        self.form = form
        self.limits = limits
        self.version = version
        columns = walk.columns
        (nodeCount, bufferCount, viewCount) = (walk.nodeCount, walk.bufferCount, walk.viewCount)
        batches = opening.batches
        rowCount = opening.rowCount
        isBigEndian = schema.isBigEndian
        hasEnd = opening.hasEnd
        dictionaries = Dictionary(grouping: opening.dictionaries, by: \.id)
    }
}

extension ContainerFile {
    /// Throws if the file has changed since it was opened.
    fileprivate func checkingIdentity() throws(ArrowFault) {
        do throws(ContainerError) { try checkIdentity() } catch { throw ArrowFault(error) }
    }
}

/// The opening of a file: the state of reading its messages' headers.
private struct Opening {
    private let container: ContainerFile
    private let memory = ArrowMemory()
    private(set) var version: ArrowMessage.Version?
    private(set) var schema: ArrowSchema?
    private(set) var walkedSchema: SchemaWalk?
    private(set) var batches: [ArrowFile.Batch] = []
    private(set) var dictionaries: [ArrowFile.DictionaryPlace] = []
    private(set) var rowCount = 0
    private(set) var hasEnd = true
    /// The place of what is being read, for messages.
    private(set) var place = ArrowError.Place()
    /// The bytes that were read last, and their range in the file.
    private let window = ArrowMemory()
    private var windowRange = 0..<0

    private static let windowByteCount = 4 << 10

    init(_ container: ContainerFile) { self.container = container }

    /// Returns bytes of the file, which are valid until the next call.
    private mutating func bytes(at start: Int, count: Int) throws(ArrowFault) -> UnsafeRawBufferPointer {
        guard start >= 0, count >= 0, start <= container.byteCount, count <= container.byteCount - start else {
            throw ArrowFault(.truncated, "it ends before its last message does", remedy: "was it cut short, or is it still being written?")
        }
        do throws(ContainerError) {
            if count <= Self.windowByteCount {
                if windowRange.lowerBound > start || start + count > windowRange.upperBound {
                    let filled = min(Self.windowByteCount, container.byteCount - start)
                    window.reserve(filled)
                    windowRange = 0..<0
                    try container.readRaw(at: start, into: window.room(count: filled))
                    windowRange = start..<start + filled
                }
                return UnsafeRawBufferPointer(window.room(from: start - windowRange.lowerBound, count: count))
            }
            memory.reserve(count)
            try container.readRaw(at: start, into: memory.room(count: count))
            return UnsafeRawBufferPointer(memory.room(count: count))
        } catch {
            throw ArrowFault(error)
        }
    }

    private func number(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) -> Int {
        Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    }

    mutating func form() throws(ArrowFault) -> ArrowFile.Form {
        let count = min(8, container.byteCount)
        let first = Array(try bytes(at: 0, count: count))
        return first.starts(with: ArrowFile.magic) ? .file : .stream
    }

    // MARK: Files

    mutating func readFooter() throws(ArrowFault) {
        let byteCount = container.byteCount
        guard byteCount >= 18 else { throw ArrowFault(.truncated, "it has \(byteCount) bytes, and is no whole Arrow file") }
        let last = Array(try bytes(at: byteCount - 10, count: 10))
        guard last[4...].elementsEqual(ArrowFile.magic) else {
            throw ArrowFault(
                .truncated, "it does not end with ARROW1, so its footer is missing",
                remedy: "was it cut short, or is it still being written?")
        }
        let footerByteCount = last[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard footerByteCount <= byteCount - 18, footerByteCount <= ArrowFile.metadataByteCountLimit else {
            throw .damaged("its footer would have \(footerByteCount) bytes of \(byteCount)")
        }
        let start = byteCount - 10 - footerByteCount
        place.byteOffset = start
        // The footer stays while other messages are read.
        let footerMemory = ArrowMemory()
        footerMemory.reserve(footerByteCount)
        footerMemory.room(count: footerByteCount).copyMemory(from: try bytes(at: start, count: footerByteCount))
        let footer = try FlatTable(rootOf: UnsafeRawBufferPointer(footerMemory.room(count: footerByteCount)))
        guard let schema = try footer.table(1) else { throw .damaged("its footer has no schema") }
        let batchBlocks = try blocks(footer, 3)
        // Some writers leave the version of the footer at 0. That of the messages counts.
        var version = ArrowMessage.Version.v5
        if let first = batchBlocks.first {
            place = ArrowError.Place(batch: 0, byteOffset: first.offset)
            try take(first, endOffset: start) { _, message, _ throws(ArrowFault) in version = message.version }
        }
        try take(schema, version)
        for block in try blocks(footer, 2) {
            place.byteOffset = block.offset
            try take(block, endOffset: start) { opening, message, place throws(ArrowFault) in
                guard case .dictionary(let id, let isDelta, _) = message.header else { throw .damaged("it is no dictionary") }
                opening.dictionaries.append(ArrowFile.DictionaryPlace(id: id, isDelta: isDelta, firstBatch: 0, message: place))
            }
        }
        for block in batchBlocks {
            place = ArrowError.Place(batch: batches.count, byteOffset: block.offset)
            try take(block, endOffset: start) { opening, message, place throws(ArrowFault) in
                guard case .batch(let table) = message.header else { throw .damaged("it is no record batch") }
                try opening.append(table, place)
            }
        }
        place = ArrowError.Place()
    }

    /// The place of a message as the footer says it.
    private struct Block {
        let offset: Int
        let metadataByteCount: Int
        let bodyByteCount: Int
    }

    private func blocks(_ footer: FlatTable, _ field: Int) throws(ArrowFault) -> [Block] {
        guard let list = try footer.list(field, elementByteCount: 24) else { return [] }
        var blocks: [Block] = []
        blocks.reserveCapacity(list.count)
        for index in 0..<list.count {
            let start = list.offset + 24 * index
            let offset = try FlatTable.load(Int64.self, footer.bytes, at: start)
            let metadata = try FlatTable.load(Int32.self, footer.bytes, at: start + 8)
            let body = try FlatTable.load(Int64.self, footer.bytes, at: start + 16)
            guard offset >= 0, metadata >= 8, body >= 0 else {
                throw .damaged("its footer says that a message has \(metadata) and \(body) bytes from byte \(offset) on")
            }
            blocks.append(Block(offset: Int(offset), metadataByteCount: Int(metadata), bodyByteCount: Int(body)))
        }
        return blocks
    }

    private mutating func take(
        _ block: Block, endOffset: Int,
        _ body: (inout Opening, ArrowMessage, ArrowFile.MessagePlace) throws(ArrowFault) -> Void
    ) throws(ArrowFault) {
        guard block.offset <= endOffset, block.metadataByteCount <= endOffset - block.offset,
            block.bodyByteCount <= endOffset - block.offset - block.metadataByteCount,
            block.metadataByteCount <= ArrowFile.metadataByteCountLimit
        else { throw .damaged("it would have \(block.metadataByteCount) and \(block.bodyByteCount) bytes, which are not there") }
        // The length stands before the metadata, and a mark before that since version 0.15.
        let start = number(try bytes(at: block.offset, count: 4)) == -1 ? 8 : 4
        let place = ArrowFile.MessagePlace(
            metadata: block.offset + start..<block.offset + block.metadataByteCount,
            bodyByteOffset: block.offset + block.metadataByteCount, bodyByteCount: block.bodyByteCount)
        let message = try ArrowMessage(try bytes(at: place.metadata.lowerBound, count: place.metadata.count))
        try body(&self, message, place)
    }

    // MARK: Streams

    /// Goes from one message to the next.
    mutating func walk() throws(ArrowFault) {
        var offset = 0
        while true {
            place = ArrowError.Place(batch: schema == nil ? nil : batches.count, byteOffset: offset)
            guard offset < container.byteCount else {
                hasEnd = false
                break
            }
            var length = number(try bytes(at: offset, count: 4))
            var start = offset + 4
            if length == -1 {
                length = number(try bytes(at: start, count: 4))
                start += 4
            }
            guard length != 0 else {
                guard schema != nil else { throw .damaged("it ends before its schema") }
                try checkEnd(start)
                break
            }
            guard length > 0, length <= ArrowFile.metadataByteCountLimit else {
                throw .damaged("a message has metadata of \(length) bytes")
            }
            let message = try ArrowMessage(try bytes(at: start, count: length))
            let body = start + length
            guard message.bodyByteCount <= container.byteCount - body else {
                throw ArrowFault(
                    .truncated, "it ends inside a message's body of \(message.bodyByteCount) bytes",
                    remedy: "was it cut short, or is it still being written?")
            }
            let place = ArrowFile.MessagePlace(metadata: start..<body, bodyByteOffset: body, bodyByteCount: message.bodyByteCount)
            switch message.header {
            case .schema(let table):
                guard schema == nil else {
                    throw ArrowFault(.unsupported, "a second stream begins in it", remedy: "save each stream as a file of its own")
                }
                try take(table, message.version)
            case .dictionary(let id, let isDelta, _):
                guard schema != nil else { throw .damaged("a dictionary comes before the schema") }
                dictionaries.append(ArrowFile.DictionaryPlace(id: id, isDelta: isDelta, firstBatch: batches.count, message: place))
            case .batch(let table):
                guard schema != nil else { throw .damaged("a record batch comes before the schema") }
                try append(table, place)
            }
            offset = body + message.bodyByteCount
        }
        guard schema != nil else { throw ArrowFault(.signature, "it has no schema, and is no Arrow file") }
        place = ArrowError.Place()
    }

    /// Throws if anything but zeros follows the mark of a stream's end.
    private mutating func checkEnd(_ offset: Int) throws(ArrowFault) {
        let rest = container.byteCount - offset
        if rest <= 64 {
            let padding = try bytes(at: offset, count: rest)
            if padding.allSatisfy({ $0 == 0 }) { return }
        }
        throw ArrowFault(.unsupported, "\(rest) bytes follow the end of its stream", remedy: "save each stream as a file of its own")
    }

    // MARK: Messages

    private mutating func take(_ table: FlatTable, _ version: ArrowMessage.Version) throws(ArrowFault) {
        let schema = try ArrowSchema(table)
        walkedSchema = try SchemaWalk(schema, version, messageByteCount: table.bytes.count)
        self.schema = schema
        self.version = version
    }

    private mutating func append(_ table: FlatTable, _ place: ArrowFile.MessagePlace) throws(ArrowFault) {
        let (count, codec) = try BatchHeader.summary(table)
        // A bit a row is the least, and zstd stores 128 KiB in 4 bytes. A few rows may take no bytes at all.
        let (limit, isOverflow) = place.bodyByteCount.multipliedReportingOverflow(by: codec == nil ? 8 : 8 << 16)
        guard isOverflow || count <= max(limit, 1 << 10) else {
            throw .damaged("it has \(count) rows in \(place.bodyByteCount) bytes")
        }
        let sum = rowCount.addingReportingOverflow(count)
        guard !sum.overflow else { throw .damaged("its rows cannot be counted") }
        batches.append(
            ArrowFile.Batch(
                firstRow: rowCount, rowCount: count, codec: codec, storedByteCount: place.bodyByteCount, message: place))
        rowCount = sum.partialValue
    }
}

extension ArrowFile {
    /// Counts the bytes of a column's buffers in all record batches, as they are stored and after decompression. O(batches), each a few
    /// short reads. Dictionaries do not count.
    package func byteCounts(of column: ArrowColumn) throws(ArrowError) -> (stored: Int, decoded: Int) {
        let scratch = ArrowScratch(self)
        let reader = BufferReader(container, limits)
        var counts = (stored: 0, decoded: 0)
        for index in batches.indices {
            do throws(ArrowFault) {
                let header = try scratch.header(index)
                func count(_ buffers: Range<Int>, _ viewsBefore: Int) throws(ArrowFault) {
                    for buffer in buffers {
                        let range = try header.buffer(buffer, viewsBefore: viewsBefore)
                        try reader.begin(range, header.codec)
                        // Sizes of a damaged file may be anything; they are shown and used for nothing.
                        counts = ((counts.stored &+ range.count) & .max, (counts.decoded &+ reader.byteCount) & .max)
                    }
                }
                for level in column.levels {
                    let first = level.node.bufferIndex
                    let bufferCount =
                        switch level.kind {
                        case .structure, .fixedSizeList: 1
                        case .list: 2
                        case .listView: 3
                        }
                    try count(first..<first + bufferCount, level.node.viewsBefore)
                }
                let first = column.node.bufferIndex
                switch column.dictionary == nil ? column.storage : .fixed(bitCount: 0) {
                case .fixed: try count(first..<first + 2, column.node.viewsBefore)
                case .bytes: try count(first..<first + 3, column.node.viewsBefore)
                case .views: try count(first..<first + 2 + header.viewBufferCount(column.node.viewsBefore), column.node.viewsBefore)
                case .opaque: break
                }
            } catch {
                throw ArrowError(error, path: path, ArrowError.Place(batch: index, column: column.name))
            }
        }
        return counts
    }
}
