internal import Container
internal import Elements

/// The rows of a page before it is encoded.
package struct PageRows {
    /// The number of rows.
    package let rowCount: Int
    /// The values that are there, one after another: numbers of the column's type, or texts, each behind its length in 4 bytes.
    package let values: UnsafeRawBufferPointer
    /// For each row 1 if it is there and 0 if it is null; nil if no row is null.
    package let validity: [UInt8]?

    /// Makes the rows of a page.
    ///
    /// Unsafe: the memory of `values` is valid as long as the rows are used.
    package init(rowCount: Int, values: UnsafeRawBufferPointer, validity: [UInt8]? = nil) {
        self.rowCount = rowCount
        self.values = values
        self.validity = validity
    }
}

/// A page as it is stored, with its header.
package struct EncodedPage: Sendable {
    /// The number of rows.
    package let rowCount: Int
    /// The number of values, with nulls.
    package let valueCount: Int
    /// The bytes of the header and of the page.
    package let bytes: [UInt8]
    /// The number of bytes after decompression, with the header.
    package let decodedByteCount: Int
}

/// An encoder of pages, for one thread: levels, planes, compression, header and checksum.
///
/// Pages are of version 2. Their levels are not compressed, so that a reader decompresses values alone, and their headers say their rows.
package final class PageEncoder {
    private let compressor = PageCompressor()
    private let widened = PageMemory()
    private let planes = PageMemory()

    /// Makes an encoder.
    package init() {}

    /// The level of texts and truth values, which are not stored in planes.
    private static let plainLevel = PlaneCoding.level(3)

    /// True if this machine's libzstd can code literals alone.
    package static var codesLiterals: Bool { PageCompressor.codesLiterals }

    /// Encodes a page. It depends on the rows, the column, the coding and libzstd's version alone.
    ///
    /// - Throws: a text of libzstd's reason.
    package func encode(_ rows: PageRows, of column: WrittenColumn, _ coding: PlaneCoding) throws(PageEncodingError) -> EncodedPage {
        let levels = Levels(rows, column)
        let values = storedValues(rows, column)
        let frame: UnsafeRawBufferPointer
        do throws(PageFault) {
            frame =
                column.isInPlanes
                ? try compressor.compress(values, partCount: column.storedByteCount, coding)
                : try compressor.compress(values, partCount: 1, Self.plainLevel)
        } catch {
            throw PageEncodingError(problem: error.problem)
        }
        var body: [UInt8] = []
        body.reserveCapacity(levels.repetition.count + levels.definition.count + frame.count)
        body += levels.repetition
        body += levels.definition
        body.append(contentsOf: frame)
        let decodedByteCount = levels.repetition.count + levels.definition.count + values.count
        guard let limit = Int32(exactly: max(decodedByteCount, body.count)), limit < .max else {
            throw PageEncodingError(problem: "a page of \(decodedByteCount) bytes is beyond the format")
        }
        let checksum = body.withUnsafeBytes { CRC32.checksum($0) }
        var header = ThriftWriter()
        header.structure {
            $0.int32(1, 3)
            $0.int32(2, decodedByteCount)
            $0.int32(3, body.count)
            $0.int32(4, Int(Int32(bitPattern: checksum)))
            $0.structure(8) {
                $0.int32(1, levels.count)
                $0.int32(2, levels.nullCount)
                $0.int32(3, rows.rowCount)
                $0.int32(4, column.encoding.rawValue)
                $0.int32(5, levels.definition.count)
                $0.int32(6, levels.repetition.count)
                $0.boolean(7, true)
            }
        }
        return EncodedPage(
            rowCount: rows.rowCount, valueCount: levels.count, bytes: header.bytes + body,
            decodedByteCount: header.bytes.count + decodedByteCount)
    }

    /// Chooses the coding of a column by its first page: literals alone, unless level 1 is smaller by more than 2 %. Returns the page in the
    /// coding that was chosen, and the number of bytes that literals alone take, if this machine's libzstd can code them.
    package func choose(
        _ rows: PageRows, of column: WrittenColumn
    ) throws(PageEncodingError) -> (coding: PlaneCoding, page: EncodedPage, literalsByteCount: Int?, levelByteCount: Int) {
        let level = try encode(rows, of: column, .fastLevel)
        guard Self.codesLiterals else { return (.fastLevel, level, nil, level.bytes.count) }
        let literals = try encode(rows, of: column, .literals)
        let isLevelSmaller = 100 * level.bytes.count < 98 * literals.bytes.count
        return isLevelSmaller
            ? (.fastLevel, level, literals.bytes.count, level.bytes.count) : (.literals, literals, literals.bytes.count, level.bytes.count)
    }

    /// Returns the planes of the values, without compression. They are valid until the next call.
    func planes(_ rows: PageRows, _ column: WrittenColumn) -> UnsafeRawBufferPointer { storedValues(rows, column) }

    /// Returns the values as the column's encoding has them, before compression.
    private func storedValues(_ rows: PageRows, _ column: WrittenColumn) -> UnsafeRawBufferPointer {
        guard case .numbers(let type) = column.values, let base = rows.values.baseAddress else { return rows.values }
        let count = rows.values.count / type.byteCount
        let byteCount = column.storedByteCount
        if type == .bool {
            planes.reserve((count + 7) / 8)
            let bits = planes.base.assumingMemoryBound(to: UInt8.self)
            for index in 0..<(count + 7) / 8 { bits[index] = 0 }
            for index in 0..<count where rows.values[index] != 0 { bits[index >> 3] |= 1 << UInt8(index & 7) }
            return UnsafeRawBufferPointer(planes.room(count: (count + 7) / 8))
        }
        var source = base
        if type.byteCount != byteCount {
            widened.reserve(count * byteCount)
            Self.widen(base, type, count, into: widened.base)
            source = UnsafeRawPointer(widened.base)
        }
        planes.reserve(count * byteCount)
        ByteStreamSplit.split(source, count: count, byteCount: byteCount, into: planes.base)
        return UnsafeRawBufferPointer(planes.room(count: count * byteCount))
    }

    /// Makes values of 4 bytes of narrower ones. Each is exact.
    private static func widen(_ source: UnsafeRawPointer, _ type: ElementType, _ count: Int, into target: UnsafeMutableRawPointer) {
        func each<Stored: BitwiseCopyable, Wide: BitwiseCopyable>(_: Stored.Type, _ wide: (Stored) -> Wide) {
            for index in 0..<count {
                let value = source.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self)
                target.storeBytes(of: wide(value), toByteOffset: 4 * index, as: Wide.self)
            }
        }
        switch type {
        case .float16: each(UInt16.self) { Float(float16Bits: $0) }
        case .bfloat16: each(UInt16.self) { Float(bfloat16Bits: $0) }
        case .int8: each(Int8.self) { Int32($0) }
        case .int16: each(Int16.self) { Int32($0) }
        case .uint8: each(UInt8.self) { Int32($0) }
        case .uint16: each(UInt16.self) { Int32($0) }
        default: preconditionFailure("values of \(type.name) are stored as they are")
        }
    }
}

/// The reason why a page cannot be encoded.
package struct PageEncodingError: Error, Sendable {
    /// The problem in words.
    package let problem: String
}

extension PageEncoder {
    /// The levels of a page of lists of one length, or of values that may be null.
    struct Levels {
        private(set) var repetition: [UInt8] = []
        private(set) var definition: [UInt8] = []
        /// The number of values, with nulls and with lists without values.
        let count: Int
        private(set) var nullCount = 0

        init(_ rows: PageRows, _ column: WrittenColumn) {
            guard let length = column.listLength else {
                count = rows.rowCount
                guard column.isOptional else { return }
                guard let validity = rows.validity else {
                    Self.append(run: 1, count: count, to: &definition)
                    return
                }
                definition = Self.packed(validity)
                nullCount = validity.reduce(0) { $0 + ($1 == 0 ? 1 : 0) }
                return
            }
            count = rows.rowCount * max(1, length)
            repetition = UniformLevels.encode(listLength: length, listCount: rows.rowCount)
            Self.append(run: length == 0 ? 0 : 1, count: count, to: &definition)
            // A list without values has a place among the levels, and no value.
            nullCount = length == 0 ? count : 0
        }

        /// Writes bits as packed groups of eight.
        private static func packed(_ bits: [UInt8]) -> [UInt8] {
            let groupCount = (bits.count + 7) / 8
            var bytes: [UInt8] = []
            VariableInteger.append(UInt64(groupCount) << 1 | 1, to: &bytes)
            let start = bytes.count
            bytes += repeatElement(0, count: groupCount)
            for (index, bit) in bits.enumerated() where bit != 0 { bytes[start + index >> 3] |= 1 << UInt8(index & 7) }
            return bytes
        }

        static func append(run level: UInt8, count: Int, to bytes: inout [UInt8]) {
            guard count > 0 else { return }
            VariableInteger.append(UInt64(count) << 1, to: &bytes)
            bytes.append(level)
        }
    }
}

/// Integers in groups of seven bits, the lowest first.
enum VariableInteger {
    static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

extension UniformLevels {
    /// Writes the repetition levels of lists of one length, as runs or as packed bits, whichever takes less.
    static func encode(listLength: Int, listCount: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        guard listLength > 1 else {
            PageEncoder.Levels.append(run: 0, count: listCount, to: &bytes)
            return bytes
        }
        guard listCount > 0 else { return bytes }
        var list: [UInt8] = []
        PageEncoder.Levels.append(run: 0, count: 1, to: &list)
        PageEncoder.Levels.append(run: 1, count: listLength - 1, to: &list)
        let levelCount = listLength * listCount
        let groupCount = (levelCount + 7) / 8
        if list.count * listCount <= groupCount {
            bytes.reserveCapacity(list.count * listCount)
            for _ in 0..<listCount { bytes += list }
            return bytes
        }
        VariableInteger.append(UInt64(groupCount) << 1 | 1, to: &bytes)
        let start = bytes.count
        bytes += repeatElement(0xFF, count: groupCount)
        for index in stride(from: 0, to: levelCount, by: listLength) { bytes[start + index >> 3] &= ~(1 << UInt8(index & 7)) }
        // The bits after the last level are 0, as other writers have them.
        let rest = levelCount & 7
        if rest > 0 { bytes[bytes.count - 1] &= UInt8((1 << rest) - 1) }
        return bytes
    }
}
