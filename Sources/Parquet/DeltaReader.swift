/// A reader of DELTA_BINARY_PACKED: integers as differences from one to the next, packed in small blocks.
struct DeltaReader {
    private let bytes: UnsafeRawBufferPointer
    /// The offset of the byte after what has been read.
    private(set) var offset = 0
    /// The number of integers that the bytes say they hold.
    let count: Int
    private let blockCount: Int
    private let groupsPerBlock: Int
    private let first: Int64

    /// The largest number of integers in a block. Writers have 128; a block is not kept.
    private static let blockLimit = 1 << 20

    /// Reads the header.
    ///
    /// Unsafe: at least sixteen readable bytes follow `bytes`.
    init(_ bytes: UnsafeRawBufferPointer) throws(PageFault) {
        self.bytes = bytes
        var place = 0
        let block = try Self.unsigned(bytes, &place), groups = try Self.unsigned(bytes, &place)
        let total = try Self.unsigned(bytes, &place)
        first = Self.signed(try Self.unsigned(bytes, &place))
        guard block > 0, block <= UInt64(Self.blockLimit), block % 128 == 0, groups > 0, groups <= block, block % groups == 0,
            (block / groups) % 8 == 0
        else { throw .damaged("blocks of \(block) differences in \(groups) groups") }
        // A block of no bits has a byte for each group. The count of values is checked by the caller before memory is taken for it.
        guard total <= UInt64(Int32.max) else { throw .damaged("\(total) integers") }
        (blockCount, groupsPerBlock, count, offset) = (Int(block), Int(groups), Int(total), place)
    }

    private static func unsigned(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) throws(PageFault) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard offset < bytes.count else { throw .damaged("differences end inside a number") }
            let byte = bytes[offset]
            offset += 1
            guard shift < 63 || byte <= 1 else { throw .damaged("a difference of more than 64 bits") }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
    }

    private static func signed(_ value: UInt64) -> Int64 { Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }

    /// Calls `body` with each integer and its index, and leaves `offset` after the last one. Sums wrap, as the format has it.
    mutating func read(_ body: (_ index: Int, _ value: Int64) -> Void) throws(PageFault) {
        guard count > 0 else { return }
        var value = first
        body(0, value)
        var index = 1
        let groupCount = blockCount / groupsPerBlock
        while index < count {
            let least = Self.signed(try Self.unsigned(bytes, &offset))
            guard groupsPerBlock <= bytes.count - offset, let base = bytes.baseAddress else {
                throw .damaged("a block ends before its widths")
            }
            let widths = offset
            offset += groupsPerBlock
            for group in 0..<groupsPerBlock where index < count {
                let bitCount = Int(bytes[widths + group])
                guard bitCount <= 64 else { throw .damaged("differences of \(bitCount) bits") }
                let byteCount = groupCount / 8 * bitCount
                let wanted = min(groupCount, count - index)
                // Some writers end the last group after the last difference.
                guard (wanted * bitCount + 7) / 8 <= bytes.count - offset else {
                    throw .damaged("a group of differences ends before the last")
                }
                let mask: UInt64 = bitCount == 64 ? .max : (1 << UInt64(bitCount)) - 1
                for place in 0..<wanted {
                    let bit = place * bitCount
                    let start = base + (offset + (bit >> 3))
                    let shift = UInt64(bit & 7)
                    var word = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self)) >> shift
                    if bitCount > 56, shift > 0 {
                        word |= UInt64(littleEndian: (start + 8).loadUnaligned(as: UInt64.self)) << (64 - shift)
                    }
                    value = value &+ least &+ Int64(bitPattern: word & mask)
                    body(index, value)
                    index += 1
                }
                offset = min(bytes.count, offset + byteCount)
            }
        }
    }
}
