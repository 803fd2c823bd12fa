internal import Container

/// A reader of the pages of one column in one row group, in their order. It belongs to one thread and uses its memory again.
package final class ColumnReader {
    /// The file that is read.
    package let file: ParquetFile
    /// The number of the row group.
    package private(set) var rowGroup = 0
    /// The column.
    package let column: ParquetColumn
    /// The page that was read last.
    package let page: ColumnPage

    private var chunk: ColumnChunk
    private let codec: PageCodec
    /// The bytes of the file in `windowRange`.
    private let window: PageMemory
    private var windowRange = 0..<0
    /// A page as it is stored, if it is larger than the window.
    private let stored: PageMemory
    /// The bytes of a page whose values are decompressed as they are wanted, its header and its place; nil if there is no such page.
    private var storedBytes: StoredBytes?
    private var streamedPage: (header: PageHeader, place: ParquetError.Place)?
    /// A page after decompression.
    private let decoded: PageMemory
    private var dictionary: PageDictionary?
    /// The memory of the dictionary.
    private let dictionaryMemory: PageDictionary
    private let streamMemory: PageMemory
    /// The page of the dictionary, which is read when a page uses it: later pages of many writers do not.
    private var dictionaryPage: PagePlace.Dictionary?
    /// The place of the page that was read last; nil if its rows are where the file's index has them, or are lists.
    package private(set) var pagePlace: PagePlace?
    private let indices: PageMemory
    /// The offset of the next page's header in the file.
    private var offset = 0
    private var nextPageIndex = 0
    /// The number of values, with nulls, in the pages so far.
    private var valuesSoFar = 0
    /// The end of the column chunk in the file.
    private var endOffset = 0
    /// The places of the pages, once they have been used, and the index among them of the page that comes next.
    private var index: OffsetIndex?
    private var indexPlace = 0
    /// True if pages of lists were left out, so that the number of values before the next page is not known.
    private var hasJumped = false
    /// The reason for which a page is not where the index has it, in words.
    private static let indexProblem = "its rows or its place are not what the file's index of pages says"

    /// The number of bytes that are read at once where pages are smaller.
    private static let windowByteCount = 64 << 10
    /// The number of bytes that are read at once where only headers are wanted.
    private static let headerWindowByteCount = 1 << 10
    /// The largest header of a page. Statistics of texts are in it.
    private static let headerByteCountLimit = 16 << 20

    /// True if levels alone are wanted of pages: values are not decompressed where that can be left, and checksums are not verified then.
    package var readsLevelsAlone = false

    /// Makes a reader before the first page of a row group.
    ///
    /// - Parameter scratch: memory that one reader after another may use, as long as no two of them are in use.
    package init(_ file: ParquetFile, rowGroup: Int, column: ParquetColumn, scratch: PageScratch = PageScratch()) {
        codec = scratch.codec
        window = scratch.window
        stored = scratch.stored
        decoded = scratch.decoded
        indices = scratch.indices
        dictionaryMemory = scratch.dictionary
        streamMemory = scratch.stream
        page = ColumnPage(scratch)
        self.file = file
        self.column = column
        chunk = file.rowGroups[rowGroup].chunks[column.index]
        begin(rowGroup: rowGroup)
    }

    /// Goes to the first page of a row group.
    package func begin(rowGroup: Int) {
        self.rowGroup = rowGroup
        chunk = file.rowGroups[rowGroup].chunks[column.index]
        let first = chunk.dictionaryPageOffset
        offset = first > 0 && first < chunk.dataPageOffset ? first : chunk.dataPageOffset
        let (end, isOverflow) = offset.addingReportingOverflow(chunk.storedByteCount)
        endOffset = isOverflow ? .max : end
        (dictionary, dictionaryPage, pagePlace) = (nil, nil, nil)
        nextPageIndex = 0
        valuesSoFar = 0
        isLastPageLarge = false
        (storedBytes, streamedPage) = (nil, nil)
        page.removeValues()
        (index, indexPlace, hasJumped) = (nil, 0, false)
    }

    /// True if a page is left.
    private var hasPage: Bool { hasJumped ? offset < min(endOffset, file.footerByteOffset) : valuesSoFar < chunk.valueCount }

    /// The place of the next page in the file, for messages.
    private func place(byteOffset: Int? = nil) -> ParquetError.Place {
        ParquetError.Place(rowGroup: rowGroup, column: column.name, page: nextPageIndex, byteOffset: byteOffset ?? offset)
    }

    private func error(_ fault: PageFault) -> ParquetError { error(fault, place()) }

    private func error(_ fault: PageFault, _ place: ParquetError.Place) -> ParquetError {
        if fault.kind == .reading, let readingError = readingError ?? storedBytes?.readingError { return readingError }
        return ParquetError(fault.kind, path: file.path, place, fault.problem, remedy: fault.remedy)
    }

    /// Makes an error about the column in the row group.
    func chunkError(_ kind: ParquetError.Kind, _ problem: String, remedy: String? = nil) -> ParquetError {
        ParquetError(kind, path: file.path, .init(rowGroup: rowGroup, column: column.name), problem, remedy: remedy)
    }

    /// Reads the next data page to `page`.
    ///
    /// - Returns: false after the last page.
    package func nextPage() throws(ParquetError) -> Bool {
        try finishStream()
        if valuesSoFar == 0, nextPageIndex == 0 { try checkChunk() }
        while hasPage {
            let header = try readHeader(windowByteCount: windowByteCount)
            try checkPlace(header)
            do throws(PageFault) {
                switch header.kind {
                case .dictionary: try noteDictionary(header)
                case .data, .dataV2:
                    guard hasJumped || header.valueCount <= chunk.valueCount - valuesSoFar else {
                        throw .damaged("its \(header.valueCount) values are more than are left of the column chunk's \(chunk.valueCount)")
                    }
                    // Before the page, whose bytes come to the same memory.
                    if readsLevelsAlone, header.kind == .dataV2 {
                        try readLevelsAlone(header)
                        break
                    }
                    if PageEncoding(rawValue: header.encoding)?.isOfDictionary == true { try readDictionary() }
                    if isStreamed(header) {
                        try beginStream(header)
                        break
                    }
                    if header.kind == .data {
                        try readData(header, try content(header, decoded))
                    } else {
                        try readDataV2(header, try pageBytes(header))
                    }
                case .other: break
                }
            } catch {
                throw self.error(error)
            }
            let isData = header.kind == .data || header.kind == .dataV2
            if isData {
                if column.isRepeated, valuesSoFar == 0, let first = page.repetition.runs.first, first.level != 0 {
                    throw self.error(.damaged("the row group begins inside a list"))
                }
                page.index = nextPageIndex
                if !column.isRepeated, index == nil {
                    pagePlace = PagePlace(
                        rowGroup: rowGroup, byteOffset: offset, pageIndex: nextPageIndex, firstRow: valuesSoFar, chunkEndOffset: endOffset,
                        dictionary: dictionaryPage)
                }
                valuesSoFar += header.valueCount
                try checkIndex()
            }
            offset += header.byteCount + header.storedByteCount
            nextPageIndex += 1
            if isData { return true }
        }
        return false
    }

    // MARK: Streams

    /// Returns true if values of a data page are decompressed as they are wanted: those of a large page, if each has a fixed number of bytes.
    private func isStreamed(_ header: PageHeader) -> Bool {
        guard readsLevelsAlone || header.decodedByteCount > file.limits.streamedPageByteCount, header.encoding == PageEncoding.plain.rawValue,
            [.none, .snappy, .zstd].contains(codecName), header.kind == .data || header.isCompressed || !isCompressed,
            // A page of version 2 without values has no compressed bytes, either.
            header.kind == .data || header.storedByteCount > header.repetitionByteCount + header.definitionByteCount
        else { return false }
        return column.physicalType != .byteArray && column.physicalType != .boolean
    }

    /// Reads the levels of a page, and gets ready for its values.
    private func beginStream(_ header: PageHeader) throws(PageFault) {
        try checkSizes(header)
        let start = offset + header.byteCount
        let storedBytes = StoredBytes(file.container, start..<start + header.storedByteCount, stored, isVerified: header.checksum != nil)
        self.storedBytes = storedBytes
        streamedPage = (header, place())
        isLastPageLarge = true
        // The memories of places in a dictionary and of decompressed pages are free: such pages are others.
        let (repetition, definition) = (decoded, indices)
        if header.kind == .dataV2 {
            let (repetitionCount, definitionCount) = try levelByteCounts(header)
            let levels = PlainStream(storedBytes)
            let content = try stream(storedBytes, header.decodedByteCount - repetitionCount - definitionCount)
            try readPage(
                header, repetition: try read(repetitionCount, levels, repetition), definition: try read(definitionCount, levels, definition),
                content, byteCount: header.decodedByteCount - repetitionCount - definitionCount)
            try checkRowCount(header)
            return
        }
        let content = try stream(storedBytes, header.decodedByteCount)
        var left = header.decodedByteCount
        func levels(_ limit: Int, _ encoding: Int, _ memory: PageMemory) throws(PageFault) -> UnsafeRawBufferPointer {
            guard limit > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
            try Self.checkLevelEncoding(encoding)
            guard left >= 4 else { throw .damaged("it ends before its levels") }
            let count = Int(UInt32(littleEndian: try read(4, content, memory).loadUnaligned(as: UInt32.self)))
            guard count <= left - 4 else { throw .damaged("its levels would have \(count) bytes of \(left)") }
            left -= 4 + count
            return try read(count, content, memory)
        }
        try readPage(
            header, repetition: try levels(column.repetitionLimit, header.repetitionEncoding, repetition),
            definition: try levels(column.definitionLimit, header.definitionEncoding, definition), content, byteCount: left)
    }

    /// Makes the stream of stored bytes that decompress to `byteCount` bytes.
    private func stream(_ stored: StoredBytes, _ byteCount: Int) throws(PageFault) -> any PageStream {
        switch codecName {
        case .snappy: return SnappyStream(stored, byteCount: byteCount, streamMemory)
        case .zstd:
            guard let stream = ZstdPageStream(stored) else { throw PageFault(.tooLarge, "libzstd has no memory") }
            return stream
        default: return PlainStream(stored)
        }
    }

    private func read(_ count: Int, _ stream: any PageStream, _ memory: PageMemory) throws(PageFault) -> UnsafeRawBufferPointer {
        memory.reserve(count)
        try stream.read(count, into: memory.base)
        return UnsafeRawBufferPointer(memory.room(count: count))
    }

    /// Reads levels, and leaves the values, which take up to `byteCount` bytes, to the stream.
    private func readPage(
        _ header: PageHeader, repetition: UnsafeRawBufferPointer, definition: UnsafeRawBufferPointer, _ content: any PageStream,
        byteCount: Int
    ) throws(PageFault) {
        try readLevels(header, repetition: repetition, definition: definition)
        guard page.valueCount <= byteCount / column.byteCount else {
            throw .damaged("\(page.valueCount) values of \(column.byteCount) bytes in \(byteCount) bytes")
        }
        page.setValues(content, byteCountAfterValues: byteCount - page.valueCount * column.byteCount)
    }

    /// Reads what is left of a page whose values are decompressed as they are wanted, and throws if it is damaged.
    private func finishStream() throws(ParquetError) {
        guard let (header, place) = streamedPage, let storedBytes else { return }
        do throws(PageFault) {
            try page.finishStream(byteCount: column.byteCount)
            try storedBytes.verify(header.checksum)
        } catch {
            throw self.error(error, place)
        }
        (streamedPage, self.storedBytes) = (nil, nil)
    }

    /// Throws if values that were copied are none, since their page is damaged.
    func checkValues() throws(ParquetError) {
        if let fault = page.fault, let (_, place) = streamedPage { throw error(fault, place) }
    }

    // MARK: Index

    /// Reads the places of the pages; nil if the file has none that can be used.
    func readIndex() throws(ParquetError) -> OffsetIndex? {
        let (start, count) = (chunk.offsetIndexOffset, chunk.offsetIndexByteCount)
        guard start >= 4, (1...OffsetIndex.byteCountLimit).contains(count), start <= file.footerByteOffset - count, !chunk.isEncrypted,
            chunk.dataPageOffset < endOffset
        else { return nil }
        let found = OffsetIndex(
            try bytes(at: start, count: count, windowByteCount: count), chunk: chunk.dataPageOffset..<endOffset,
            rowCount: file.rowGroups[rowGroup].rowCount)
        return found?.pages.first?.byteOffset == chunk.dataPageOffset ? found : nil
    }

    /// Goes to the page that holds a row by the index, and returns the page's first row; nil if there is no index. The next page is the
    /// first one.
    func jump(to row: Int) throws(ParquetError) -> Int? {
        guard let found = try readIndex() else { return nil }
        // A dictionary comes first.
        guard try nextPageHeader() != nil, offset == found.pages[0].byteOffset else { return nil }
        let place = found.index(ofRow: row)
        (index, indexPlace) = (found, place)
        nextPageIndex += place
        offset = found.pages[place].byteOffset
        if column.isRepeated { hasJumped = place > 0 } else { valuesSoFar = found.pages[place].firstRow }
        return found.pages[place].firstRow
    }

    /// Throws if the page that has been read is not where the index has it, or has other rows. So the index is right as far as it is used:
    /// the pages before are checked by those who read them.
    private func checkIndex() throws(ParquetError) {
        guard let index else { return }
        let rowCount = file.rowGroups[rowGroup].rowCount
        guard indexPlace < index.pages.count, index.pages[indexPlace].byteOffset == offset else {
            throw error(.damaged(Self.indexProblem))
        }
        let end = indexPlace + 1 < index.pages.count ? index.pages[indexPlace + 1].firstRow : rowCount
        let found = column.isRepeated ? page.rowCount : page.levelCount
        let beginsWithRow = page.repetition.listLength != nil || (page.repetition.runs.first?.level ?? 0) == 0
        guard found == end - index.pages[indexPlace].firstRow, beginsWithRow else { throw error(.damaged(Self.indexProblem)) }
        page.endsWithRow = true
        indexPlace += 1
    }

    // MARK: Skipping

    /// The number of values of the column chunk, with nulls.
    var valueCountOfChunk: Int { chunk.valueCount }

    /// Reads the header of the next data page and no values, with the dictionary if that comes first; nil after the last page.
    func nextPageHeader() throws(ParquetError) -> PageHeader? {
        if valuesSoFar == 0, nextPageIndex == 0 { try checkChunk() }
        while hasPage {
            let header = try readHeader(windowByteCount: Self.headerWindowByteCount)
            try checkPlace(header)
            switch header.kind {
            case .data, .dataV2:
                guard hasJumped || header.valueCount <= chunk.valueCount - valuesSoFar else {
                    let problem = "its \(header.valueCount) values are more than are left of the column chunk's \(chunk.valueCount)"
                    throw error(.damaged(problem))
                }
                return header
            case .dictionary:
                do throws(PageFault) { try noteDictionary(header) } catch { throw self.error(error) }
            case .other: break
            }
            offset += header.byteCount + header.storedByteCount
            nextPageIndex += 1
        }
        return nil
    }

    /// Goes to a page of the row group that was read before, if it is in this row group and begins no later than a row.
    ///
    /// - Parameter place: the place of the page, which a reader of the same column gave.
    /// - Returns: false if the page is another one; then nothing has changed.
    func resume(at place: PagePlace, before row: Int) -> Bool {
        guard place.rowGroup == rowGroup, place.firstRow <= row else { return false }
        (offset, nextPageIndex) = (place.byteOffset, place.pageIndex)
        (valuesSoFar, endOffset) = (place.firstRow, place.chunkEndOffset)
        dictionaryPage = place.dictionary
        return true
    }

    /// Goes past the data page whose header has been read.
    func skip(_ header: PageHeader) {
        // Sizes are of 31 bits; a place beyond the end is an error of the next read.
        offset += header.byteCount + header.storedByteCount
        nextPageIndex += 1
        valuesSoFar += header.valueCount
    }

    /// Throws if the chunk is one that is not read.
    private func checkChunk() throws(ParquetError) {
        guard !chunk.isEncrypted else {
            throw chunkError(.encrypted, "it is encrypted, and encrypted columns are not read", remedy: "write it without encryption")
        }
        guard !chunk.isElsewhere else {
            throw chunkError(.unsupported, "its values are in another file, which is not read", remedy: "write it as one file")
        }
        guard let name = PageCodecName(rawValue: chunk.codec) else {
            throw chunkError(.unsupported, "it is compressed with a codec of number \(chunk.codec), which is not known")
        }
        guard name != .lzo else {
            throw chunkError(.unsupported, "it is compressed with LZO, which is not read", remedy: "write it again with ZSTD")
        }
    }

    // MARK: Bytes

    /// Returns bytes of the file. They are valid until the next call.
    private func bytes(at start: Int, count: Int, windowByteCount: Int = windowByteCount) throws(ParquetError) -> UnsafeRawBufferPointer {
        if windowRange.lowerBound <= start, start + count <= windowRange.upperBound {
            return UnsafeRawBufferPointer(window.room(from: start - windowRange.lowerBound, count: count))
        }
        do throws(ContainerError) {
            if count <= Self.windowByteCount {
                let filled = min(max(count, windowByteCount), file.footerByteOffset - start)
                window.reserve(filled)
                windowRange = 0..<0
                try file.container.readRaw(at: start, into: window.room(count: filled))
                windowRange = start..<start + filled
                return UnsafeRawBufferPointer(window.room(count: count))
            }
            isLastPageLarge = true
            stored.reserve(count)
            try file.container.readRaw(at: start, into: stored.room(count: count))
            return UnsafeRawBufferPointer(stored.room(count: count))
        } catch {
            throw ParquetError(error, path: file.path)
        }
    }

    /// The number of bytes that are read for a header: few after a page that is larger than the window, since the next one will be as well.
    private var windowByteCount: Int { isLastPageLarge ? Self.headerWindowByteCount : Self.windowByteCount }
    private var isLastPageLarge = false

    /// Reads the header of the next page.
    private func readHeader(windowByteCount: Int) throws(ParquetError) -> PageHeader {
        guard offset >= 4, offset < min(file.footerByteOffset, endOffset) else {
            throw error(
                .damaged("the column chunk ends after \(valuesSoFar) of \(chunk.valueCount) values"))
        }
        var wanted = 1 << 10
        while true {
            let count = min(wanted, file.footerByteOffset - offset)
            let bytes = try bytes(at: offset, count: count, windowByteCount: windowByteCount)
            do throws(ThriftReader.Fault) {
                return try PageHeader(bytes)
            } catch {
                switch error {
                case .truncated where count == wanted && wanted < Self.headerByteCountLimit: wanted *= 16
                case .truncated: throw self.error(.damaged("its header ends inside a value"))
                case .malformed(let what): throw self.error(.damaged("its header has \(what)"))
                }
            }
        }
    }

    /// Throws if a page is not in the column chunk: what follows is another column's, and would be read as this one's.
    private func checkPlace(_ header: PageHeader) throws(ParquetError) {
        // Writers of 2013 left the header of the dictionary out of the chunk's size (PARQUET-816).
        if header.kind == .dictionary, nextPageIndex == 0, endOffset < .max - header.byteCount { endOffset += header.byteCount }
        guard header.byteCount + header.storedByteCount <= endOffset - offset else {
            throw error(.damaged("its \(header.storedByteCount) bytes go beyond the end of the column chunk"))
        }
    }

    /// Reads the bytes of a page as they are stored, and checks their checksum if there is one.
    private func pageBytes(_ header: PageHeader) throws(PageFault) -> UnsafeRawBufferPointer {
        try checkSizes(header)
        let bytes: UnsafeRawBufferPointer
        do throws(ParquetError) { bytes = try self.bytes(at: offset + header.byteCount, count: header.storedByteCount) } catch {
            readingError = error
            throw PageFault(.reading, error.problem)
        }
        if let checksum = header.checksum, CRC32.checksum(bytes) != checksum { throw .checksum }
        return bytes
    }

    /// Throws if a page goes beyond the file, takes more memory than it may, or cannot have as many bytes as its header says.
    private func checkSizes(_ header: PageHeader) throws(PageFault) {
        guard header.storedByteCount <= file.footerByteOffset - offset - header.byteCount else {
            throw .damaged("its \(header.storedByteCount) bytes go beyond the end of the columns")
        }
        let limit = file.limits.pageByteCount
        guard max(header.decodedByteCount, header.storedByteCount) <= limit else {
            throw Self.sizeFault(max(header.decodedByteCount, header.storedByteCount), limit)
        }
        if let name = PageCodecName(rawValue: chunk.codec), let expansion = PageCodec.expansionLimit(name) {
            guard header.decodedByteCount / expansion <= header.storedByteCount + 64 else {
                throw .damaged("\(header.storedByteCount) bytes cannot be \(header.decodedByteCount) bytes compressed with \(name.name)")
            }
        }
    }

    /// The error of reading the bytes of a page, which a fault of kind `.reading` stands for.
    private var readingError: ParquetError?

    /// Makes the fault of something that takes more memory than is allowed.
    private static func sizeFault(_ byteCount: Int, _ limit: Int) -> PageFault {
        PageFault(.tooLarge, "it takes \(byteCount) bytes of memory, and a page may take up to \(limit)")
    }

    private func checkSize(count: Int, byteCount: Int) throws(PageFault) {
        let size = count.multipliedReportingOverflow(by: max(1, byteCount))
        guard !size.overflow, size.partialValue <= file.limits.pageByteCount else {
            throw Self.sizeFault(size.overflow ? .max : size.partialValue, file.limits.pageByteCount)
        }
    }

    /// The codec of the column chunk.
    private var codecName: PageCodecName { PageCodecName(rawValue: chunk.codec) ?? .none }
    private var isCompressed: Bool { codecName != .none }

    /// Returns the bytes of a page that is compressed as a whole, or is not compressed; those that are decompressed come to `decoded`.
    private func content(_ header: PageHeader, _ decoded: PageMemory) throws(PageFault) -> UnsafeRawBufferPointer {
        guard isMostlyLiteral(header) else { return try decompress(try pageBytes(header), to: header.decodedByteCount, decoded) }
        try checkSizes(header)
        isLastPageLarge = true
        let start = offset + header.byteCount
        let bytes = StoredBytes(file.container, start..<start + header.storedByteCount, stored, isVerified: header.checksum != nil)
        do throws(PageFault) {
            let content = try SnappyStream.decompress(bytes, byteCount: header.decodedByteCount, into: decoded)
            try bytes.verify(header.checksum)
            return content
        } catch {
            readingError = bytes.readingError
            throw error
        }
    }

    /// Returns true if snappy found next to nothing to compress in a large page, as in numbers of a model: its bytes are read to where they
    /// belong, and not decompressed from a copy.
    private func isMostlyLiteral(_ header: PageHeader) -> Bool {
        codecName == .snappy && header.storedByteCount > Self.windowByteCount
            && header.storedByteCount >= header.decodedByteCount - header.decodedByteCount / 16
    }

    /// Decompresses the bytes of a page, or of its values.
    private func decompress(_ bytes: UnsafeRawBufferPointer, to byteCount: Int) throws(PageFault) -> UnsafeRawBufferPointer {
        try decompress(bytes, to: byteCount, decoded)
    }

    /// Decompresses bytes to a memory, and returns them; or the bytes themselves, if they are not compressed.
    private func decompress(
        _ bytes: UnsafeRawBufferPointer, to byteCount: Int, _ decoded: PageMemory
    ) throws(PageFault) -> UnsafeRawBufferPointer {
        guard isCompressed else {
            guard bytes.count == byteCount else { throw .damaged("it has \(bytes.count) bytes, and its header says \(byteCount)") }
            return bytes
        }
        decoded.reserve(byteCount)
        try codec.decompress(bytes, codecName, into: decoded.room(count: byteCount))
        return UnsafeRawBufferPointer(decoded.room(count: byteCount))
    }

    // MARK: Pages

    /// Notes the page of the dictionary, which is read when a page uses it.
    private func noteDictionary(_ header: PageHeader) throws(PageFault) {
        guard dictionaryPage == nil else { throw .damaged("the column chunk has a second dictionary") }
        guard valuesSoFar == 0 else { throw .damaged("the column chunk has a dictionary after data") }
        guard [PageEncoding.plain.rawValue, PageEncoding.plainDictionary.rawValue].contains(header.encoding) else {
            throw .damaged("a dictionary of encoding \(header.encoding)")
        }
        dictionaryPage = PagePlace.Dictionary(header: header, byteOffset: offset, pageIndex: nextPageIndex)
    }

    /// Reads the dictionary, if there is one that has not been read.
    private func readDictionary() throws(PageFault) {
        guard let page = dictionaryPage, dictionary == nil else { return }
        // A fault is told where the dictionary is.
        let place = (offset, nextPageIndex)
        (offset, nextPageIndex) = (page.byteOffset, page.pageIndex)
        try readDictionary(page.header)
        (offset, nextPageIndex) = place
    }

    private func readDictionary(_ header: PageHeader) throws(PageFault) {
        let made = dictionaryMemory
        made.removeAll()
        // Values are used as long as the chunk is read, and the memory of pages is not.
        let bytes = try content(header, made.memory)
        if !isCompressed {
            made.memory.reserve(bytes.count)
            made.memory.room(count: bytes.count).copyMemory(from: bytes)
        }
        let kept = UnsafeRawBufferPointer(made.memory.room(count: bytes.count))
        made.count = header.valueCount
        if column.physicalType == .byteArray {
            try Self.readSpans(kept, count: header.valueCount, into: &made.spans)
        } else {
            guard column.physicalType != .boolean else { throw .damaged("a dictionary of truth values") }
            guard header.valueCount <= kept.count / column.byteCount else {
                throw .damaged("a dictionary of \(header.valueCount) values in \(kept.count) bytes")
            }
            if column.physicalType == .int32 || column.physicalType == .int64 { made.findSmallValues(byteCount: column.byteCount) }
        }
        dictionary = made
    }

    private static func checkLevelEncoding(_ encoding: Int) throws(PageFault) {
        guard encoding == PageEncoding.rle.rawValue else {
            let name = PageEncoding(rawValue: encoding)?.name ?? "\(encoding)"
            throw PageFault(.unsupported, "its levels have encoding \(name), which is not read")
        }
    }

    private func readData(_ header: PageHeader, _ content: UnsafeRawBufferPointer) throws(PageFault) {
        var bytes = content
        func levels(_ limit: Int, _ encoding: Int) throws(PageFault) -> UnsafeRawBufferPointer {
            guard limit > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
            try Self.checkLevelEncoding(encoding)
            guard bytes.count >= 4 else { throw .damaged("it ends before its levels") }
            let count = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
            guard count <= bytes.count - 4 else { throw .damaged("its levels would have \(count) bytes of \(bytes.count)") }
            defer { bytes = UnsafeRawBufferPointer(rebasing: bytes[(4 + count)...]) }
            return UnsafeRawBufferPointer(rebasing: bytes[4..<4 + count])
        }
        let repetition = try levels(column.repetitionLimit, header.repetitionEncoding)
        let definition = try levels(column.definitionLimit, header.definitionEncoding)
        try readPage(header, repetition: repetition, definition: definition, values: bytes)
    }

    private func readDataV2(_ header: PageHeader, _ stored: UnsafeRawBufferPointer) throws(PageFault) {
        let (repetitionCount, definitionCount) = try levelByteCounts(header)
        let levelCount = repetitionCount + definitionCount
        let packed = UnsafeRawBufferPointer(rebasing: stored[levelCount...])
        let byteCount = header.decodedByteCount - levelCount
        // One version of Arrow said that compressed pages were not.
        let isStored = (!header.isCompressed && packed.count == byteCount) || (byteCount == 0 && packed.count == 0)
        let values = isStored ? packed : try decompress(packed, to: byteCount)
        try readPage(
            header, repetition: UnsafeRawBufferPointer(rebasing: stored[..<repetitionCount]),
            definition: UnsafeRawBufferPointer(rebasing: stored[repetitionCount..<levelCount]), values: values)
        try checkRowCount(header)
    }

    /// Reads the levels of a page of version 2, which come before its values.
    private func readLevelsAlone(_ header: PageHeader) throws(PageFault) {
        try checkSizes(header)
        let (repetitionCount, definitionCount) = try levelByteCounts(header)
        let bytes: UnsafeRawBufferPointer
        do throws(ParquetError) {
            bytes = try self.bytes(at: offset + header.byteCount, count: repetitionCount + definitionCount)
        } catch {
            readingError = error
            throw PageFault(.reading, error.problem)
        }
        try readLevels(
            header, repetition: UnsafeRawBufferPointer(rebasing: bytes[..<repetitionCount]),
            definition: UnsafeRawBufferPointer(rebasing: bytes[repetitionCount...]))
        try checkRowCount(header)
    }

    /// Returns the sizes of the levels of a page of version 2, which are not compressed.
    private func levelByteCounts(_ header: PageHeader) throws(PageFault) -> (repetition: Int, definition: Int) {
        let (repetition, definition) = (header.repetitionByteCount, header.definitionByteCount)
        guard repetition <= header.storedByteCount, definition <= header.storedByteCount - repetition,
            repetition + definition <= header.decodedByteCount
        else { throw .damaged("its levels would have \(repetition) and \(definition) bytes of \(header.storedByteCount)") }
        return (repetition, definition)
    }

    /// Throws if a page has other rows than its header says.
    private func checkRowCount(_ header: PageHeader) throws(PageFault) {
        guard let rowCount = header.rowCount else { return }
        let found = column.isRepeated ? page.repetition.count(of: 0) : header.valueCount
        guard found == rowCount else { throw .damaged("it has \(found) rows, and its header says \(rowCount)") }
    }

    private func readPage(
        _ header: PageHeader, repetition: UnsafeRawBufferPointer, definition: UnsafeRawBufferPointer, values: UnsafeRawBufferPointer
    ) throws(PageFault) {
        try readLevels(header, repetition: repetition, definition: definition)
        guard page.valueCount > 0 else { return }
        guard let encoding = PageEncoding(rawValue: header.encoding) else {
            throw PageFault(.unsupported, "its values have encoding \(header.encoding), which is not known")
        }
        switch encoding {
        case .plain: try readPlain(values)
        case .plainDictionary, .rleDictionary: try readIndices(values)
        case .rle: try readTruthValues(values)
        case .deltaBinaryPacked: try readDifferences(values)
        case .deltaLengthByteArray, .deltaByteArray: try readDeltaSpans(values, hasPrefixes: encoding == .deltaByteArray)
        case .byteStreamSplit: try readPlanes(values)
        case .bitPacked, .alp:
            throw PageFault(
                .unsupported, "its values have encoding \(encoding.name.uppercased()), which is not read",
                remedy: "write it again with PLAIN")
        }
    }

    private func readLevels(
        _ header: PageHeader, repetition: UnsafeRawBufferPointer, definition: UnsafeRawBufferPointer
    ) throws(PageFault) {
        guard header.valueCount <= Int(Int32.max) else { throw .damaged("it has \(header.valueCount) values") }
        let runLimit = file.limits.runLimit
        try page.repetition.read(
            repetition, limit: column.repetitionLimit, levelCount: header.valueCount, runLimit: runLimit, findsLists: true)
        try page.definition.read(definition, limit: column.definitionLimit, levelCount: header.valueCount, runLimit: runLimit)
        page.levelCount = header.valueCount
        page.endsWithRow = header.rowCount != nil
        page.hasWideValue = false
        page.valueCount = page.definition.count(of: column.definitionLimit)
        page.encoding = header.encoding
        page.removeValues()
        try checkSize(
            count: page.valueCount, byteCount: column.byteCount == 0 ? MemoryLayout<UnsafeRawBufferPointer>.size : column.byteCount)
    }

    // MARK: Values

    private func refuse(_ encoding: PageEncoding) -> PageFault {
        .damaged("values of \(column.typeText) have encoding \(encoding.name.uppercased())")
    }

    private func readPlain(_ bytes: UnsafeRawBufferPointer) throws(PageFault) {
        let count = page.valueCount
        switch column.physicalType {
        case .byteArray: try Self.readSpans(bytes, count: count, into: &page.spans)
        case .boolean:
            guard (count + 7) / 8 <= bytes.count else { throw .damaged("\(count) values in \(bytes.count) bytes") }
            page.memory.reserve(count)
            let target = page.memory.base.assumingMemoryBound(to: UInt8.self)
            for index in 0..<count { target[index] = bytes[index >> 3] >> UInt8(index & 7) & 1 }
            page.setValues(UnsafeRawPointer(page.memory.base))
        default:
            guard count <= bytes.count / column.byteCount, let base = bytes.baseAddress else {
                throw .damaged("\(count) values of \(column.byteCount) bytes in \(bytes.count) bytes")
            }
            // The bytes are those of the page's memory, which has more after its end.
            page.setValues(base)
        }
    }

    /// Lists values that begin with their lengths.
    private static func readSpans(
        _ bytes: UnsafeRawBufferPointer, count: Int, into spans: inout [UnsafeRawBufferPointer]
    ) throws(PageFault) {
        guard count <= bytes.count / 4 else { throw .damaged("\(count) values in \(bytes.count) bytes") }
        spans.reserveCapacity(count)
        var offset = 0
        for _ in 0..<count {
            guard bytes.count - offset >= 4 else { throw .damaged("its values end before the last one") }
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            offset += 4
            guard length <= bytes.count - offset else { throw .damaged("a value of \(length) bytes goes beyond the end") }
            spans.append(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length]))
            offset += length
        }
    }

    private func readIndices(_ bytes: UnsafeRawBufferPointer) throws(PageFault) {
        guard let dictionary else { throw .damaged("its values are indices of a dictionary, and there is none") }
        let count = page.valueCount
        guard let bitCount = bytes.first else { throw .damaged("it ends before its indices") }
        try checkSize(count: count, byteCount: 4)
        if let small = dictionary.smallValues, bitCount <= 8 {
            try readSmallValues(bytes, dictionary, small)
            return
        }
        var runs = try RunReader(UnsafeRawBufferPointer(rebasing: bytes[1...]), bitCount: Int(bitCount))
        guard column.physicalType != .byteArray else {
            indices.reserve(4 * count)
            let indices = indices.base.assumingMemoryBound(to: UInt32.self)
            try runs.read(count, into: indices)
            page.spans.reserveCapacity(count)
            for index in 0..<count {
                guard Int(indices[index]) < dictionary.count else { throw Self.indexFault(Int(indices[index]), dictionary.count) }
                page.spans.append(dictionary.spans[Int(indices[index])])
            }
            return
        }
        page.memory.reserve(count * column.byteCount)
        page.setValues(UnsafeRawPointer(page.memory.base))
        let target = page.memory.base
        switch column.byteCount {
        case 2: try Self.gather(UInt16.self, dictionary, &runs, count, into: target)
        case 4: try Self.gather(UInt32.self, dictionary, &runs, count, into: target)
        case 8: try Self.gather(UInt64.self, dictionary, &runs, count, into: target)
        case let byteCount:
            indices.reserve(4 * count)
            let indices = indices.base.assumingMemoryBound(to: UInt32.self)
            try runs.read(count, into: indices)
            for index in 0..<count {
                let place = Int(indices[index])
                guard place < dictionary.count else { throw Self.indexFault(place, dictionary.count) }
                (target + index * byteCount).copyMemory(from: dictionary.memory.base + place * byteCount, byteCount: byteCount)
            }
        }
    }

    /// Reads places in a dictionary of small whole numbers as bytes: labels are mostly such.
    private func readSmallValues(
        _ bytes: UnsafeRawBufferPointer, _ dictionary: PageDictionary, _ small: [UInt8]
    ) throws(PageFault) {
        let count = page.valueCount
        // The memory has more after its end than the seven bytes that may be written there.
        indices.reserve(count)
        let target = indices.base.assumingMemoryBound(to: UInt8.self)
        var runs = try RunReader(UnsafeRawBufferPointer(rebasing: bytes[1...]), bitCount: Int(bytes[0]))
        try runs.readBytes(count, into: target)
        var largest: UInt8 = 0
        for index in 0..<count { largest = max(largest, target[index]) }
        guard Int(largest) < dictionary.count else { throw Self.indexFault(Int(largest), dictionary.count) }
        if !dictionary.isIdentity {
            small.withUnsafeBufferPointer { small in
                for index in 0..<count { target[index] = small[Int(target[index])] }
            }
        }
        page.setValues(SmallValues(bytes: UnsafePointer(target), byteCount: column.byteCount))
    }

    private static func indexFault(_ index: Int, _ count: Int) -> PageFault {
        .damaged("the index \(index), where the dictionary has \(count) values")
    }

    /// Copies the values of a dictionary by their places.
    ///
    /// Unsafe: `target` has room for `count` values. Its memory and the dictionary's are aligned to 64 bytes.
    @inline(__always)
    private static func gather<Stored: BitwiseCopyable>(
        _: Stored.Type, _ dictionary: PageDictionary, _ runs: inout RunReader, _ count: Int, into target: UnsafeMutableRawPointer
    ) throws(PageFault) {
        guard dictionary.count > 0 else { throw indexFault(0, 0) }
        let values = dictionary.memory.base.assumingMemoryBound(to: Stored.self)
        let room = target.assumingMemoryBound(to: Stored.self)
        // Some dictionaries have more values than 32 bits can name.
        let valueCount = UInt32(clamping: dictionary.count)
        var largest: UInt32 = 0
        var done = 0
        while done < count {
            switch try runs.next(limit: count - done) {
            case .run(let place, let length):
                largest = max(largest, place)
                (room + done).update(repeating: values[place < valueCount ? Int(place) : 0], count: length)
                done += length
            case .packed(let bytes, let length):
                let found = gatherPacked(
                    bytes, bitCount: runs.bitCount, count: length, from: values, count: valueCount, into: room + done)
                largest = max(largest, found)
                done += length
            }
        }
        guard largest < valueCount else { throw indexFault(Int(largest), dictionary.count) }
    }

    /// Copies values by their packed places, and returns the largest place. One that is no value's stands for the last value.
    ///
    /// Unsafe: eight readable bytes follow the last place; there is a value, and `room` has room for as many as there are places.
    ///
    /// It is a function by itself so that all that its loop needs stays in registers.
    @inline(never)
    private static func gatherPacked<Stored: BitwiseCopyable>(
        _ bytes: UnsafeRawPointer, bitCount: Int, count: Int, from values: UnsafePointer<Stored>, count valueCount: UInt32,
        into room: UnsafeMutablePointer<Stored>
    ) -> UInt32 {
        let mask: UInt64 = (1 << UInt64(bitCount)) - 1
        // Wrapping: there is a value. `bit` stays below eight times the number of bytes.
        let last = valueCount &- 1
        var largest: UInt32 = 0
        var bit = 0
        for index in 0..<count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: bit &>> 3, as: UInt64.self))
            let place = UInt32(truncatingIfNeeded: word &>> UInt64(truncatingIfNeeded: bit & 7) & mask)
            largest = max(largest, place)
            room[index] = values[Int(min(place, last))]
            bit = bit &+ bitCount
        }
        return largest
    }

    private func readTruthValues(_ bytes: UnsafeRawBufferPointer) throws(PageFault) {
        guard column.physicalType == .boolean else { throw refuse(.rle) }
        let count = page.valueCount
        guard bytes.count >= 4 else { throw .damaged("it ends before its values") }
        let length = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        guard length <= bytes.count - 4 else { throw .damaged("its values would have \(length) bytes of \(bytes.count)") }
        var runs = try RunReader(UnsafeRawBufferPointer(rebasing: bytes[4..<4 + length]), bitCount: 1)
        page.memory.reserve(count)
        let target = page.memory.base.assumingMemoryBound(to: UInt8.self)
        var done = 0
        while done < count {
            switch try runs.next(limit: count - done) {
            case .run(let value, let length):
                (target + done).update(repeating: UInt8(truncatingIfNeeded: value), count: length)
                done += length
            case .packed(let packed, let length):
                for index in 0..<length {
                    target[done + index] = packed.load(fromByteOffset: index >> 3, as: UInt8.self) >> UInt8(index & 7) & 1
                }
                done += length
            }
        }
        page.setValues(UnsafeRawPointer(page.memory.base))
    }

    private func readDifferences(_ bytes: UnsafeRawBufferPointer) throws(PageFault) {
        guard column.physicalType == .int32 || column.physicalType == .int64 else { throw refuse(.deltaBinaryPacked) }
        var reader = try DeltaReader(bytes)
        guard reader.count == page.valueCount else { throw .damaged("it has \(reader.count) values, where \(page.valueCount) are due") }
        page.memory.reserve(reader.count * column.byteCount)
        if column.physicalType == .int32 {
            let target = page.memory.base.assumingMemoryBound(to: Int32.self)
            try reader.read { target[$0] = Int32(truncatingIfNeeded: $1) }
        } else {
            let target = page.memory.base.assumingMemoryBound(to: Int64.self)
            try reader.read { target[$0] = $1 }
        }
        page.setValues(UnsafeRawPointer(page.memory.base))
    }

    /// Reads lengths of values as differences. The sum of the lengths fits an `Int`.
    private func readLengths(_ bytes: UnsafeRawBufferPointer) throws(PageFault) -> (lengths: [Int32], byteCount: Int) {
        var reader = try DeltaReader(bytes)
        guard reader.count == page.valueCount else { throw .damaged("it has \(reader.count) lengths, where \(page.valueCount) are due") }
        var lengths = [Int32](repeating: 0, count: reader.count)
        var isSound = true
        try lengths.withUnsafeMutableBufferPointer { lengths throws(PageFault) in
            guard let target = lengths.baseAddress else { return }
            try reader.read { index, length in
                isSound = isSound && length >= 0 && length <= Int64(Int32.max)
                target[index] = Int32(truncatingIfNeeded: length)
            }
        }
        guard isSound else { throw .damaged("a length below 0, or of more than 32 bits") }
        return (lengths, reader.offset)
    }

    private func readDeltaSpans(_ bytes: UnsafeRawBufferPointer, hasPrefixes: Bool) throws(PageFault) {
        let isFixed = column.physicalType == .fixedLengthByteArray
        guard column.physicalType == .byteArray || (isFixed && hasPrefixes) else {
            throw refuse(hasPrefixes ? .deltaByteArray : .deltaLengthByteArray)
        }
        var rest = bytes
        var prefixes: [Int32] = []
        if hasPrefixes {
            let read = try readLengths(rest)
            prefixes = read.lengths
            rest = UnsafeRawBufferPointer(rebasing: rest[min(rest.count, read.byteCount)...])
        }
        let (suffixes, headByteCount) = try readLengths(rest)
        rest = UnsafeRawBufferPointer(rebasing: rest[min(rest.count, headByteCount)...])
        let suffixByteCount = suffixes.reduce(0) { $0 + Int($1) }
        guard suffixByteCount <= rest.count else { throw .damaged("its values would have \(suffixByteCount) bytes of \(rest.count)") }
        var offset = 0
        guard hasPrefixes else {
            for length in suffixes {
                page.spans.append(UnsafeRawBufferPointer(rebasing: rest[offset..<offset + Int(length)]))
                offset += Int(length)
            }
            return
        }
        // A few bytes can repeat a long beginning any number of times.
        try checkSize(count: prefixes.reduce(suffixByteCount) { $0 + Int($1) }, byteCount: 1)
        page.memory.reserve(prefixes.reduce(suffixByteCount) { $0 + Int($1) })
        var filled = 0
        var last = UnsafeRawBufferPointer(start: nil, count: 0)
        for (prefix, suffix) in zip(prefixes, suffixes) {
            guard Int(prefix) <= last.count else { throw .damaged("a value begins with \(prefix) bytes of one of \(last.count)") }
            let length = Int(prefix) + Int(suffix)
            guard !isFixed || length == column.byteCount else {
                throw .damaged("a value of \(length) bytes among ones of \(column.byteCount)")
            }
            let room = page.memory.room(from: filled, count: length)
            if let start = room.baseAddress, let before = last.baseAddress { start.copyMemory(from: before, byteCount: Int(prefix)) }
            if suffix > 0, let start = room.baseAddress, let source = rest.baseAddress {
                (start + Int(prefix)).copyMemory(from: source + offset, byteCount: Int(suffix))
            }
            offset += Int(suffix)
            last = UnsafeRawBufferPointer(room)
            if !isFixed { page.spans.append(last) }
            filled += length
        }
        page.setValues(UnsafeRawPointer(page.memory.base))
    }

    private func readPlanes(_ bytes: UnsafeRawBufferPointer) throws(PageFault) {
        switch column.physicalType {
        case .float, .double, .int32, .int64, .fixedLengthByteArray: break
        case .boolean, .int96, .byteArray: throw refuse(.byteStreamSplit)
        }
        let byteCount = column.byteCount
        // Planes are as long as the bytes say. Nothing may follow them.
        guard bytes.count % byteCount == 0, bytes.count / byteCount == page.valueCount, let base = bytes.baseAddress else {
            throw .damaged("\(page.valueCount) values of \(byteCount) bytes in \(bytes.count) bytes")
        }
        page.setValues(in: ByteStreamSplit(planes: base, count: page.valueCount, byteCount: byteCount))
    }
}
