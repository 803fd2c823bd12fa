internal import Elements

/// The places of the pages of a file that is written, from which its footer is made. It owns no file: it says the bytes that follow.
///
/// ```swift
/// var writer = ParquetWriter([WrittenColumn("p", .float32)], createdBy: "example version 1")
/// var bytes = writer.beginning
/// bytes += writer.append(try PageEncoder().encode(rows, of: writer.columns[0], .planes(.literals)), toColumn: 0)
/// writer.endRowGroup()
/// bytes += writer.end()
/// ```
package struct ParquetWriter: Sendable {
    /// The columns in the order of the schema.
    package let columns: [WrittenColumn]
    /// The number of bytes so far.
    package private(set) var byteCount: Int
    /// The number of row groups that have ended.
    package var rowGroupCount: Int { groups.count }
    /// The number of pages.
    package private(set) var pageCount = 0
    private let createdBy: String
    private let keyValues: [(key: String, value: String)]
    private var groups: [Group] = []
    private var chunks: [Chunk]

    /// The beginning of the key under which the type of a column is kept that is stored in a wider one. The column's name follows it.
    package static let narrowTypeKey = "xent.type:"

    private struct Page {
        let byteOffset: Int
        let byteCount: Int
        let firstRow: Int
    }

    private struct Chunk {
        var pages: [Page] = []
        var dictionaryByteOffset: Int?
        var encodings: [PageEncoding] = []
        var rowCount = 0
        var valueCount = 0
        var storedByteCount = 0
        var decodedByteCount = 0
        var indexByteOffset = 0
        var indexByteCount = 0

        /// Notes an encoding of values, each once.
        mutating func note(_ encoding: PageEncoding) {
            if !encodings.contains(encoding) { encodings.append(encoding) }
        }
    }

    private struct Group {
        var chunks: [Chunk]
        let rowCount: Int
    }

    /// Makes the writer of an empty file.
    ///
    /// - Parameter createdBy: the name and the version of the program that writes, as "name version 1.0".
    package init(_ columns: [WrittenColumn], createdBy: String) {
        self.columns = columns
        self.createdBy = createdBy
        keyValues = columns.compactMap { column in column.narrowType.map { (Self.narrowTypeKey + column.name, $0.name) } }
        chunks = columns.map { _ in Chunk() }
        byteCount = ParquetFile.magic.count
    }

    /// The bytes before the first page.
    package var beginning: [UInt8] { ParquetFile.magic }

    /// Adds a page of a column, and returns the bytes that follow: the page, and before the first one of a column chunk its dictionary. All
    /// pages of a column in a row group come one after another.
    package mutating func append(_ page: EncodedPage, toColumn index: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        if chunks[index].pages.isEmpty, let dictionary = page.dictionary {
            chunks[index].dictionaryByteOffset = byteCount
            chunks[index].note(.plain)
            chunks[index].storedByteCount += dictionary.bytes.count
            chunks[index].decodedByteCount += dictionary.decodedByteCount
            byteCount += dictionary.bytes.count
            bytes = dictionary.bytes
        }
        chunks[index].note(page.encoding)
        chunks[index].pages.append(Page(byteOffset: byteCount, byteCount: page.bytes.count, firstRow: chunks[index].rowCount))
        chunks[index].rowCount += page.rowCount
        chunks[index].valueCount += page.valueCount
        chunks[index].storedByteCount += page.bytes.count
        chunks[index].decodedByteCount += page.decodedByteCount
        byteCount += page.bytes.count
        pageCount += 1
        return bytes.isEmpty ? page.bytes : bytes + page.bytes
    }

    /// Ends a row group, of which all columns have the same number of rows.
    package mutating func endRowGroup() {
        guard let first = chunks.first, first.rowCount > 0 else { return }
        groups.append(Group(chunks: chunks, rowCount: first.rowCount))
        chunks = columns.map { _ in Chunk() }
    }

    /// Makes the bytes after the last page: the places of pages by their rows, the footer, and the magic.
    package mutating func end() -> [UInt8] {
        var bytes: [UInt8] = []
        for group in groups.indices {
            for column in columns.indices {
                var writer = ThriftWriter()
                writer.structure { writer in
                    writer.list(1, groups[group].chunks[column].pages) { writer, page in
                        writer.int64(1, page.byteOffset)
                        writer.int32(2, page.byteCount)
                        writer.int64(3, page.firstRow)
                    }
                }
                groups[group].chunks[column].indexByteOffset = byteCount + bytes.count
                groups[group].chunks[column].indexByteCount = writer.bytes.count
                bytes += writer.bytes
            }
        }
        let footer = footer()
        bytes += footer
        withUnsafeBytes(of: UInt32(footer.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes += ParquetFile.magic
        byteCount += bytes.count
        return bytes
    }

    private func footer() -> [UInt8] {
        var elements: [(inout ThriftWriter) -> Void] = [
            { [count = columns.count] writer in
                writer.text(4, "schema")
                writer.int32(5, count)
            }
        ]
        for column in columns { column.writeSchema(&elements) }
        var writer = ThriftWriter()
        writer.structure { writer in
            writer.int32(1, 2)
            writer.list(2, elements) { writer, element in element(&writer) }
            writer.int64(3, groups.reduce(0) { $0 + $1.rowCount })
            writer.list(4, Array(groups.enumerated())) { writer, group in write(group.element, number: group.offset, &writer) }
            if !keyValues.isEmpty {
                writer.list(5, keyValues) { writer, pair in
                    writer.text(1, pair.key)
                    writer.text(2, pair.value)
                }
            }
            writer.text(6, createdBy)
        }
        return writer.bytes
    }

    private func write(_ group: Group, number: Int, _ writer: inout ThriftWriter) {
        writer.list(1, Array(zip(group.chunks, columns))) { writer, pair in write(pair.0, of: pair.1, &writer) }
        writer.int64(2, group.chunks.reduce(0) { $0 + $1.decodedByteCount })
        writer.int64(3, group.rowCount)
        writer.int64(5, group.chunks[0].dictionaryByteOffset ?? group.chunks[0].pages[0].byteOffset)
        writer.int64(6, group.chunks.reduce(0) { $0 + $1.storedByteCount })
        // The number has 16 bits, and may be left out.
        if number <= Int(Int16.max) { writer.int16(7, number) }
    }

    private func write(_ chunk: Chunk, of column: WrittenColumn, _ writer: inout ThriftWriter) {
        writer.int64(2, 0)
        writer.structure(3) {
            $0.int32(1, column.physicalType.rawValue)
            $0.list(2, int32s: chunk.encodings.map(\.rawValue) + [PageEncoding.rle.rawValue])
            $0.list(3, texts: column.path)
            $0.int32(4, PageCodecName.zstd.rawValue)
            $0.int64(5, chunk.valueCount)
            $0.int64(6, chunk.decodedByteCount)
            $0.int64(7, chunk.storedByteCount)
            $0.int64(9, chunk.pages[0].byteOffset)
            if let dictionaryByteOffset = chunk.dictionaryByteOffset { $0.int64(11, dictionaryByteOffset) }
        }
        writer.int64(4, chunk.indexByteOffset)
        writer.int32(5, chunk.indexByteCount)
    }
}
