internal import Container
internal import Formats

/// An opened file that holds one array: its bytes, and what they mean.
final class ArrayFile: Sendable {
    let container: ContainerFile
    let layout: ArrayLayout

    /// What was put up with when it was opened.
    let warnings: [String]

    /// The most values a row: a row is kept in memory whole, and no header may ask for more than that. Vocabularies reach 256 K.
    static let columnLimit = 1 << 24

    var path: String { container.path }
    var rowCount: Int { layout.rowCount }
    /// Where row 0 begins in the decoded bytes, and where the last row ends.
    var dataBytes: Range<Int> { layout.dataByteOffset..<layout.endByteOffset }

    /// Frames up to this size are worth decoding again for a few rows; larger ones are read once, in order.
    static let randomAccessFrameLimit = 16 << 20
    /// Whether any row can be had without decoding much that comes before it.
    let allowsRandomAccess: Bool

    /// Opens the file; one whose seek table contradicts its frames is opened again without the table, with a warning.
    static func open(_ path: String, options: ContainerOptions) throws(EngineError) -> ArrayFile {
        do throws(EngineError) {
            return try ArrayFile(path: path, options: options, warnings: [])
        } catch {
            guard error.isSeekTableAtFault, options.usesSeekTable else { throw error }
            var withoutTable = options
            withoutTable.usesSeekTable = false
            return try ArrayFile(path: path, options: withoutTable, warnings: [error.seekTableWarning])
        }
    }

    /// Opens the file, parses its header, and holds the header's promise of rows against the bytes that there are, where their number is
    /// known beforehand.
    private init(path: String, options: ContainerOptions, warnings: [String]) throws(EngineError) {
        let container: ContainerFile
        do {
            container = try ContainerFile(path: path, options: options)
        } catch {
            throw EngineError(error)
        }
        self.container = container
        self.warnings = warnings + container.warnings
        layout = try Self.parseHeader(of: container, options)
        do {
            try layout.requireRowMajor()
        } catch {
            throw EngineError(error, path: path)
        }
        allowsRandomAccess =
            container.compression == .none
            || container.frames.allSatisfy { container.decodedByteCount != nil && $0.decodedByteCount <= Self.randomAccessFrameLimit }
        if let decodedByteCount = container.decodedByteCount, decodedByteCount != layout.endByteOffset {
            let error = lengthError(decodedByteCount: decodedByteCount)
            // It may be the table that is wrong, and not the frames.
            let isFromTable = container.compression == .zstdSeekable || container.compression == .zstdPzstd
            throw options.usesSeekTable && isFromTable ? error.blamingSeekTable() : error
        }
    }

    /// The error for a file with another number of bytes than its header promises.
    func lengthError(decodedByteCount: Int) -> EngineError {
        if decodedByteCount < layout.endByteOffset {
            let whole = layout.rowByteCount == 0 ? 0 : max(0, decodedByteCount - layout.dataByteOffset) / layout.rowByteCount
            return EngineError(
                .data, path: path, row: whole,
                "the file ends after \(whole) of the \(layout.rowCount) rows that its header promises (\(decodedByteCount) of "
                    + "\(layout.endByteOffset) bytes)",
                remedy: "it was cut short: write or copy it again")
        }
        return EngineError(
            .data, path: path,
            "\(decodedByteCount - layout.endByteOffset) bytes follow the last of the \(layout.rowCount) rows that the header promises",
            remedy: "is it two arrays in one file? Give each a file of its own")
    }

    /// How many first rows to read for a look: up to `limit`, and no more than fit in 8 MiB, but one.
    func rowCountToLookAt(limit: Int) -> Int {
        min(rowCount, limit, max(1, (8 << 20) / max(1, layout.rowByteCount)))
    }

    /// The first rows, in the machine's byte order.
    func firstRows(_ count: Int, options: ContainerOptions) throws(EngineError) -> ByteBuffer {
        let buffer = ByteBuffer()
        let reader = SequentialRows(try RowFiles([self]), options: options)
        _ = try reader.availableRowCount()
        try reader.read(rowCount: count, into: buffer)
        return buffer
    }

    /// Throws where a row is wider than is kept in memory.
    func checkWidth() throws(EngineError) {
        guard layout.elementsPerRow <= Self.columnLimit else {
            throw EngineError(
                .data, path: path, "\(layout.elementsPerRow) values a row, up to \(Self.columnLimit) are read",
                remedy: "is the array transposed, or the header damaged?")
        }
    }

    private static func parseHeader(of container: ContainerFile, _ options: ContainerOptions) throws(EngineError) -> ArrayLayout {
        let decoder = Decoder(options: options)
        decoder.start(wholeOf: container)
        var prefix: [UInt8] = []
        var wanted = 128
        while true {
            // A header is read in pieces, since frames may be of a few bytes.
            while prefix.count < wanted {
                var piece = [UInt8](repeating: 0, count: wanted - prefix.count)
                let count = try piece.withMutableBytes { bytes throws(EngineError) -> Int in
                    do throws(ContainerError) { return try decoder.read(into: bytes) } catch { throw EngineError(error) }
                }
                if count == 0 { break }
                prefix += piece.prefix(count)
            }
            let result = try prefix.withBytes { bytes throws(EngineError) -> NPYHeader.ParseResult in
                do throws(FormatError) { return try NPYHeader.parse(bytes) } catch { throw EngineError(error, path: container.path) }
            }
            switch result {
            case .complete(let layout):
                return layout
            case .needs(let byteCount):
                guard prefix.count >= wanted, byteCount > prefix.count else {
                    throw EngineError(
                        NPYHeader.truncated(fileByteCount: prefix.count, neededByteCount: byteCount), path: container.path)
                }
                wanted = byteCount
            }
        }
    }

    /// The compressed frame that holds a row's first byte, for messages.
    func frame(containingRow row: Int) -> Frame? {
        container.frame(containingDecodedByte: layout.dataByteOffset + row * layout.rowByteCount)
    }
}
