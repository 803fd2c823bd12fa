internal import Elements

/// A way to store the values of a column.
package enum ColumnCoding: Sendable, Equatable {
    /// The bytes of values lie in planes, which are compressed. Texts and truth values, which have no planes, are compressed as they are.
    case planes(PlaneCoding)
    /// Whole numbers from 0 to 2^bitCount − 1 are packed bits, which are compressed only where that halves them.
    ///
    /// To other readers the bits are places in a dictionary, which holds the numbers 0, 1, 2, … in their order. A page with any other number
    /// is stored in another way, and so are all pages of the column chunk after it: Spark's reader takes a page without a dictionary before one
    /// that has it for its places.
    case indices(bitCount: Int)

    /// The largest number of bits. Planes of larger numbers take no more bytes, and no dictionary.
    package static let bitCountLimit = 8

    /// Returns true if a page can be stored in this way.
    package func canStore(_ rows: PageRows, of column: WrittenColumn) -> Bool {
        guard case .indices(let bitCount) = self else { return true }
        guard case .numbers(let type) = column.values else { return false }
        return LargestIndex.find(in: rows.values, type, bitCount: bitCount) != nil
    }

    /// Returns the coding of packed bits for the numbers of a page; nil if one of them, or a number below `limit`, needs more bits than are
    /// packed.
    static func packed(_ rows: PageRows, _ type: ElementType, limit: Int) -> ColumnCoding? {
        guard !type.isFloatingPoint, type != .bool, limit <= 1 << bitCountLimit,
            let largest = LargestIndex.find(in: rows.values, type, bitCount: bitCountLimit)
        else { return nil }
        let last = max(largest, max(limit, 2) - 1)
        return .indices(bitCount: Int.bitWidth - last.leadingZeroBitCount)
    }
}

/// The largest of some whole numbers that are all 0 or more and small.
enum LargestIndex {
    /// Returns the largest number, 0 of none; nil if one is below 0, or has more bits than `bitCount`.
    static func find(in values: UnsafeRawBufferPointer, _ type: ElementType, bitCount: Int) -> Int? {
        func find<Stored: FixedWidthInteger & BitwiseCopyable>(_: Stored.Type) -> Int? {
            // The bits that are set in any number; a number below 0 sets the highest.
            var bits: Stored = 0
            for index in 0..<values.count / MemoryLayout<Stored>.size {
                bits |= values.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self)
            }
            guard Stored.bitWidth - bits.leadingZeroBitCount <= bitCount else { return nil }
            var largest: Stored = 0
            for index in 0..<values.count / MemoryLayout<Stored>.size {
                largest = max(largest, values.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: Stored.self))
            }
            return Int(largest)
        }
        return switch type.byteCount {
        case 1: type == .int8 ? find(Int8.self) : find(UInt8.self)
        case 2: type == .int16 ? find(Int16.self) : find(UInt16.self)
        case 4: type == .int32 ? find(Int32.self) : find(UInt32.self)
        default: type == .int64 ? find(Int64.self) : find(UInt64.self)
        }
    }
}
