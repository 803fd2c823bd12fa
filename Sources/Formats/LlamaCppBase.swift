internal import Elements
internal import Messages

/// The head of a file that llama.cpp's `llama-perplexity --kl-divergence-base` writes: the tokens of a text, and for the second half of
/// each chunk the log-probabilities of every token of the vocabulary, as whole numbers of two bytes.
///
/// All numbers are little-endian. The head is the text `_logits_`, the numbers of tokens in a chunk, of the vocabulary and of chunks (four
/// bytes each), and the tokens of all chunks. Then come the rows: a scale and the least log-probability as Float32, a number a token, and
/// two bytes more if the vocabulary is odd. A log-probability is scale · number + least.
public struct LlamaCppBase: Sendable {
    /// The first bytes of the file.
    public static let magic = Array("_logits_".utf8)
    /// The number of bytes before the tokens.
    public static let headByteCount = 20

    /// The number of tokens in a chunk.
    public let contextTokenCount: Int
    /// The number of tokens in the vocabulary, which are a row's values.
    public let vocabularyCount: Int
    /// The number of chunks.
    public let chunkCount: Int
    /// The number of rows of a chunk: the predictions of the tokens of its second half, but the last one predicts none.
    public let rowsPerChunk: Int
    /// The number of rows.
    public let rowCount: Int
    /// The place of the first row.
    public let rowsByteOffset: Int
    /// The number of bytes of the whole file.
    public let endByteOffset: Int

    /// The number of bytes of a row.
    public var rowByteCount: Int { Self.rowByteCount(vocabularyCount) }

    private static func rowByteCount(_ vocabularyCount: Int) -> Int { 2 * (2 * ((vocabularyCount + 1) / 2) + 4) }

    /// Returns true if a file begins as such a one does. A text may begin with the same letters, and has no control characters behind them.
    public static func isPlausible(_ prefix: some Collection<UInt8>) -> Bool {
        prefix.starts(with: magic) && prefix.dropFirst(magic.count).prefix(12).contains { $0 < 0x09 }
    }

    /// Reads the head.
    ///
    /// - Parameters:
    ///   - prefix: the first bytes of the file, `headByteCount` of them unless it has fewer.
    ///   - valueCountLimit: the most values that a row may have.
    /// - Throws: `FormatError` of kind `.truncatedHeader`, `.shape` or `.arrayTooLarge`.
    public init(_ prefix: some Collection<UInt8>, valueCountLimit: Int) throws(FormatError) {
        let bytes = Array(prefix.prefix(Self.headByteCount))
        guard bytes.count == Self.headByteCount else {
            throw FormatError(
                kind: .truncatedHeader, subject: "llama.cpp base", byteOffset: bytes.count, found: "the end of the file",
                allowed: "a head of \(Self.headByteCount) bytes", remedy: "its run was interrupted: run it again")
        }
        func number(_ place: Int) -> Int {
            Int(Int32(truncatingIfNeeded: (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }))
        }
        (contextTokenCount, vocabularyCount, chunkCount) = (number(8), number(12), number(16))
        let counts = [
            (contextTokenCount, "tokens in a chunk", 8), (vocabularyCount, "tokens in the vocabulary", 12), (chunkCount, "chunks", 16),
        ]
        for (count, what, place) in counts where count < (place == 16 ? 0 : 1) || (place == 12 && count > valueCountLimit) {
            throw FormatError(
                kind: .shape, subject: "llama.cpp base", byteOffset: place, found: "\(count) \(what)",
                allowed: place == 12 ? "1 to \(valueCountLimit)" : "\(place == 16 ? 0 : 1) or more",
                remedy: "it is damaged: write or copy it again")
        }
        rowsPerChunk = max(0, contextTokenCount - 1 - contextTokenCount / 2)
        // All three are below 2^31, so that products of two fit.
        rowCount = chunkCount * rowsPerChunk
        rowsByteOffset = Self.headByteCount + 4 * chunkCount * contextTokenCount
        let rows = rowCount.multipliedReportingOverflow(by: Self.rowByteCount(vocabularyCount))
        let end = rows.partialValue.addingReportingOverflow(rowsByteOffset)
        let decoded = rowCount.multipliedReportingOverflow(by: 8 * vocabularyCount)
        guard !rows.overflow, !end.overflow, !decoded.overflow else {
            throw FormatError(
                kind: .arrayTooLarge, subject: "llama.cpp base", byteOffset: 8, found: "\(rowCount) rows of \(vocabularyCount) values",
                allowed: "up to \(Int.max) bytes", remedy: "no such file exists: it is damaged")
        }
        endByteOffset = end.partialValue
    }

    /// The layout of the log-probabilities after decoding: Float64, which holds each of them to half a unit in its last place.
    public func valueLayout() throws(FormatError) -> ArrayLayout {
        try ArrayLayout(
            elementType: .float64, isByteSwapped: false, isFortranOrder: false, shape: [rowCount, vocabularyCount], dataByteOffset: 0)
    }

    /// The layout of the labels after those of all chunks have been put together: the tokens that the rows predict.
    public func labelLayout() throws(FormatError) -> ArrayLayout {
        try ArrayLayout(
            elementType: .int32, isByteSwapped: !ByteOrder.isLittleEndianMachine, isFortranOrder: false, shape: [rowCount], dataByteOffset: 0)
    }

    /// The place in the file of a chunk's labels, which lie one after another.
    public func labelsByteOffset(ofChunk chunk: Int) -> Int {
        Self.headByteCount + 4 * (chunk * contextTokenCount + contextTokenCount / 2 + 1)
    }

    /// Throws if a file has another number of bytes than its head says.
    public func check(fileByteCount: Int) throws(FormatError) {
        guard fileByteCount != endByteOffset else { return }
        let isShort = fileByteCount < endByteOffset
        let rows = max(0, fileByteCount - rowsByteOffset) / rowByteCount
        throw FormatError(
            kind: isShort ? .truncatedHeader : .syntax, subject: "llama.cpp base", byteOffset: nil,
            found: "\(fileByteCount) bytes, \(rows) rows" + (rowsPerChunk > 0 ? " or \(rows / rowsPerChunk) chunks" : ""),
            allowed: "\(endByteOffset) bytes, \(rowCount) rows or \(chunkCount) chunks, as its head says",
            remedy: isShort ? "its run was interrupted, or it was cut short: run it again" : "it is damaged: write or copy it again")
    }

    /// Decodes some of the values of a row. O(values).
    ///
    /// Unsafe: `row` leads to the bytes of the row; `values` has room for the values.
    ///
    /// - Parameters:
    ///   - row: the bytes of the row.
    ///   - part: the indices of the values.
    ///   - values: the room for the values.
    public func decode(_ row: UnsafeRawPointer, _ part: Range<Int>, into values: UnsafeMutableRawPointer) {
        func number(_ place: Int) -> Double {
            Double(Float(bitPattern: UInt32(littleEndian: row.loadUnaligned(fromByteOffset: place, as: UInt32.self))))
        }
        let (scale, least) = (number(0), number(4))
        let numbers = row + 8 + 2 * part.lowerBound
        for index in 0..<part.count {
            let quantum = UInt16(littleEndian: numbers.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
            // The product has 40 bits, and is exact; the sum is rounded once.
            values.storeBytes(of: scale * Double(quantum) + least, toByteOffset: 8 * index, as: Double.self)
        }
    }
}
