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
    /// The encoding of the values.
    let encoding: PageEncoding
    /// The dictionary of the column chunk, which comes before its first page; nil for a coding without one.
    let dictionary: EncodedDictionary?
}

/// The page of a dictionary as it is stored, with its header.
struct EncodedDictionary: Sendable {
    /// The bytes of the header and of the page.
    let bytes: [UInt8]
    /// The number of bytes after decompression, with the header.
    let decodedByteCount: Int
}

/// An encoder of pages, for one thread: levels, planes, compression, header and checksum.
///
/// Pages are of version 2. Their levels are not compressed, so that a reader decompresses values alone, and their headers say their rows.
package final class PageEncoder {
    private let compressor = PageCompressor()
    private let widened = PageMemory()
    private let planes = PageMemory()
    private let packed = PageMemory()
    /// The last dictionary, and what it was made for.
    private var dictionary: (bitCount: Int, type: PhysicalType, page: EncodedDictionary)?

    /// Makes an encoder.
    package init() {}

    /// The level of texts and truth values, which are not stored in planes.
    private static let plainLevel = PlaneCoding.level(3)

    /// True if this machine's libzstd can code literals alone.
    package static var codesLiterals: Bool { PageCompressor.codesLiterals }

    /// Encodes a page. It depends on the rows, the column, the coding and libzstd's version alone.
    ///
    /// - Throws: a text of libzstd's reason; an error if the coding cannot store the rows.
    package func encode(_ rows: PageRows, of column: WrittenColumn, _ coding: ColumnCoding) throws(PageEncodingError) -> EncodedPage {
        do throws(PageFault) {
            switch coding {
            case .planes(let coding):
                let values = storedValues(rows, column)
                let frame =
                    column.isInPlanes
                    ? try compressor.compress(values, partCount: column.storedByteCount, coding)
                    : try compressor.compress(values, partCount: 1, Self.plainLevel)
                return try page(
                    rows, column, column.encoding, values: frame, decodedByteCount: values.count, isCompressed: true, dictionary: nil)
            case .indices(let bitCount):
                let dictionary = try dictionary(column, bitCount: bitCount)
                guard let indices = packIndices(rows, column, bitCount: bitCount) else {
                    throw PageFault(.unsupported, "a number of column \(column.name) is none of \(bitCount) bits")
                }
                let frame = try compressor.compress(indices, partCount: 1, .fastLevel)
                let isHalved = 2 * frame.count <= indices.count
                return try page(
                    rows, column, .rleDictionary, values: isHalved ? frame : indices, decodedByteCount: indices.count,
                    isCompressed: isHalved, dictionary: dictionary)
            }
        } catch {
            throw PageEncodingError(problem: error.problem)
        }
    }

    /// Packs whole numbers as the places that equal them: the number of their bits, and one run or one stretch of packed bits. Returns nil if a
    /// number has more bits. The bytes are valid until the next call.
    private func packIndices(_ rows: PageRows, _ column: WrittenColumn, bitCount: Int) -> UnsafeRawBufferPointer? {
        guard case .numbers(let type) = column.values, ColumnCoding.indices(bitCount: bitCount).canStore(rows, of: column) else { return nil }
        let count = rows.values.count / type.byteCount
        // The lowest byte holds the number. Numbers are little-endian here, as everywhere in this package.
        func number(_ index: Int) -> UInt8 { rows.values[index * type.byteCount] }
        let groupCount = (count + 7) / 8
        var head = [UInt8(bitCount)]
        if count > 0, (1..<max(1, count)).allSatisfy({ number($0) == number(0) }) {
            Levels.append(run: number(0), count: count, to: &head)
        } else if count > 0 {
            VariableInteger.append(UInt64(groupCount) << 1 | 1, to: &head)
        }
        let isPacked = head.count > 1 && head[1] & 1 == 1
        let byteCount = head.count + (isPacked ? groupCount * bitCount : 0)
        packed.reserve(byteCount)
        packed.base.copyMemory(from: head, byteCount: head.count)
        guard isPacked else { return UnsafeRawBufferPointer(packed.room(count: byteCount)) }
        let target = packed.base + head.count
        for group in 0..<groupCount {
            var bits: UInt64 = 0
            for index in 8 * group..<min(count, 8 * group + 8) { bits |= UInt64(number(index)) << UInt64((index & 7) * bitCount) }
            for byte in 0..<bitCount {
                target.storeBytes(of: UInt8(truncatingIfNeeded: bits >> UInt64(8 * byte)), toByteOffset: group * bitCount + byte, as: UInt8.self)
            }
        }
        return UnsafeRawBufferPointer(packed.room(count: byteCount))
    }

    /// Returns the page of the numbers 0, 1, 2, … of `bitCount` bits.
    private func dictionary(_ column: WrittenColumn, bitCount: Int) throws(PageFault) -> EncodedDictionary {
        if let dictionary, dictionary.bitCount == bitCount, dictionary.type == column.physicalType { return dictionary.page }
        var values: [UInt8] = []
        for number in 0..<1 << bitCount {
            withUnsafeBytes(of: UInt64(number).littleEndian) { values += $0.prefix(column.storedByteCount) }
        }
        let frame = try values.withUnsafeBufferPointer { values throws(PageFault) in
            Array(try compressor.compress(UnsafeRawBufferPointer(values), partCount: 1, .fastLevel))
        }
        let checksum = frame.withUnsafeBytes { CRC32.checksum($0) }
        var header = ThriftWriter()
        header.structure {
            $0.int32(1, 2)
            $0.int32(2, values.count)
            $0.int32(3, frame.count)
            $0.int32(4, Int(Int32(bitPattern: checksum)))
            $0.structure(7) {
                $0.int32(1, 1 << bitCount)
                $0.int32(2, PageEncoding.plain.rawValue)
                $0.boolean(3, true)
            }
        }
        let page = EncodedDictionary(bytes: header.bytes + frame, decodedByteCount: header.bytes.count + values.count)
        dictionary = (bitCount, column.physicalType, page)
        return page
    }

    /// Puts a page together from its values as they are stored.
    private func page(
        _ rows: PageRows, _ column: WrittenColumn, _ encoding: PageEncoding, values frame: UnsafeRawBufferPointer, decodedByteCount: Int,
        isCompressed: Bool, dictionary: EncodedDictionary?
    ) throws(PageFault) -> EncodedPage {
        let levels = Levels(rows, column)
        var body: [UInt8] = []
        body.reserveCapacity(levels.repetition.count + levels.definition.count + frame.count)
        body += levels.repetition
        body += levels.definition
        body.append(contentsOf: frame)
        let decodedByteCount = levels.repetition.count + levels.definition.count + decodedByteCount
        guard let limit = Int32(exactly: max(decodedByteCount, body.count)), limit < .max else {
            throw PageFault(.tooLarge, "a page of \(decodedByteCount) bytes is beyond the format")
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
                $0.int32(4, encoding.rawValue)
                $0.int32(5, levels.definition.count)
                $0.int32(6, levels.repetition.count)
                $0.boolean(7, isCompressed)
            }
        }
        return EncodedPage(
            rowCount: rows.rowCount, valueCount: levels.count, bytes: header.bytes + body,
            decodedByteCount: header.bytes.count + decodedByteCount, encoding: encoding, dictionary: dictionary)
    }

    /// The coding of a column, and what it was chosen by.
    package struct Choice {
        /// The coding.
        package let coding: ColumnCoding
        /// The first page in it.
        package let page: EncodedPage
        /// The number of bytes of the first page with literals alone; nil if it was not tried.
        package let literalsByteCount: Int?
        /// The number of bytes of the first page with level 1; nil if it was not tried.
        package let levelByteCount: Int?
    }

    /// Chooses the coding of a column by its first page: packed bits for whole numbers of up to `ColumnCoding.bitCountLimit` bits; else planes
    /// of literals alone, unless level 1 is smaller by more than 2 % or this machine's libzstd cannot code literals alone.
    ///
    /// - Parameter limit: the number below which whole numbers may be in later pages, such as the number of classes.
    package func choose(_ rows: PageRows, of column: WrittenColumn, limit: Int = 0) throws(PageEncodingError) -> Choice {
        if case .numbers(let type) = column.values, column.isInPlanes, let coding = ColumnCoding.packed(rows, type, limit: limit) {
            return Choice(coding: coding, page: try encode(rows, of: column, coding), literalsByteCount: nil, levelByteCount: nil)
        }
        let level = try encode(rows, of: column, .planes(.fastLevel))
        guard Self.codesLiterals else {
            return Choice(coding: .planes(.fastLevel), page: level, literalsByteCount: nil, levelByteCount: level.bytes.count)
        }
        let literals = try encode(rows, of: column, .planes(.literals))
        let isLevelSmaller = 100 * level.bytes.count < 98 * literals.bytes.count
        return Choice(
            coding: .planes(isLevelSmaller ? .fastLevel : .literals), page: isLevelSmaller ? level : literals,
            literalsByteCount: literals.bytes.count, levelByteCount: level.bytes.count)
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
