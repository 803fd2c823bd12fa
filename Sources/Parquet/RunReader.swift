/// A reader of the hybrid of runs and packed groups, in which levels, indices of dictionaries and truth values are stored.
///
/// Unsafe: at least eight readable bytes follow the bytes that it reads, as a page's memory has them.
struct RunReader {
    /// Some of the numbers: one number many times, or numbers of `bitCount` bits each, one after another.
    enum Part {
        case run(value: UInt32, count: Int)
        case packed(UnsafeRawPointer, count: Int)
    }

    private let bytes: UnsafeRawBufferPointer
    /// The number of bits of a number.
    let bitCount: Int
    /// The offset of the byte after the parts that have been read.
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer, bitCount: Int) throws(PageFault) {
        guard (0...32).contains(bitCount) else { throw .damaged("numbers of \(bitCount) bits, up to 32 are allowed") }
        self.bytes = bytes
        self.bitCount = bitCount
    }

    /// Reads the next numbers, at most `limit` of them. A part that has more is cut: nothing comes after it.
    mutating func next(limit: Int) throws(PageFault) -> Part {
        var head: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard offset < bytes.count, shift < 63 else { throw .damaged("it ends where more levels or indices are due") }
            let byte = bytes[offset]
            offset += 1
            head |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { break }
            shift += 7
        }
        guard head >> 1 <= UInt64(Int32.max) else { throw .damaged("a run of \(head >> 1) numbers") }
        let length = Int(head >> 1)
        guard length > 0 else { throw .damaged("a run of no numbers") }
        if head & 1 == 0 {
            let byteCount = (bitCount + 7) / 8
            guard byteCount <= bytes.count - offset else { throw .damaged("a run ends before its number") }
            var value: UInt32 = 0
            for index in 0..<byteCount { value |= UInt32(bytes[offset + index]) << UInt32(8 * index) }
            offset += byteCount
            guard bitCount == 32 || value >> UInt32(bitCount) == 0 else { throw .damaged("\(value) has more than \(bitCount) bits") }
            return .run(value: value, count: min(limit, length))
        }
        let count = min(limit, 8 * length)
        // The last group may be cut after the last byte that is wanted.
        let wantedByteCount = (count * bitCount + 7) / 8
        guard wantedByteCount <= bytes.count - offset, let base = bytes.baseAddress else {
            throw .damaged("packed numbers end before the last one")
        }
        let start = base + offset
        offset = min(bytes.count, offset + length * bitCount)
        return .packed(start, count: count)
    }

    /// Reads `count` numbers to `target`.
    mutating func read(_ count: Int, into target: UnsafeMutablePointer<UInt32>) throws(PageFault) {
        var done = 0
        while done < count {
            switch try next(limit: count - done) {
            case .run(let value, let length):
                (target + done).update(repeating: value, count: length)
                done += length
            case .packed(let bytes, let length):
                Self.unpack(bytes, bitCount: bitCount, count: length, into: target + done)
                done += length
            }
        }
    }

    /// Reads `count` numbers of up to eight bits to bytes.
    ///
    /// Unsafe: `target` has room for `count` bytes, and for seven more.
    mutating func readBytes(_ count: Int, into target: UnsafeMutablePointer<UInt8>) throws(PageFault) {
        var done = 0
        while done < count {
            switch try next(limit: count - done) {
            case .run(let value, let length):
                (target + done).update(repeating: UInt8(truncatingIfNeeded: value), count: length)
                done += length
            case .packed(let bytes, let length):
                Self.unpackBytes(bytes, bitCount: bitCount, count: length, into: target + done)
                done += length
            }
        }
    }

    /// Unpacks numbers of up to eight bits to bytes, eight at a time.
    ///
    /// Unsafe: eight readable bytes follow the last number, and seven bytes after the last target are written to.
    static func unpackBytes(_ bytes: UnsafeRawPointer, bitCount: Int, count: Int, into target: UnsafeMutablePointer<UInt8>) {
        // Eight numbers lie in `bitCount` bytes. Halves move apart, then quarters, then eighths, until each number is the low end of a byte.
        let shift = UInt64(bitCount)
        let half: UInt64 = (1 << (4 * shift)) - 1
        let quarters = ((1 << (2 * shift)) - 1) * 0x0000_0001_0000_0001 as UInt64
        let eighths = ((1 << shift) - 1) * 0x0001_0001_0001_0001 as UInt64
        var source = bytes
        var index = 0
        while index < count {
            var word = UInt64(littleEndian: source.loadUnaligned(as: UInt64.self))
            word = word & half | (word &>> (4 &* shift) & half) &<< 32
            word = word & quarters | (word &>> (2 &* shift) & quarters) &<< 16
            word = word & eighths | (word &>> shift & eighths) &<< 8
            UnsafeMutableRawPointer(target + index).storeBytes(of: word.littleEndian, as: UInt64.self)
            // Wrapping: both stay within the page's memory.
            source += bitCount
            index = index &+ 8
        }
    }

    /// Unpacks numbers of up to 32 bits. Unsafe: eight readable bytes follow the last one.
    static func unpack(_ bytes: UnsafeRawPointer, bitCount: Int, count: Int, into target: UnsafeMutablePointer<UInt32>) {
        let mask: UInt64 = (1 << UInt64(bitCount)) - 1
        var bit = 0
        for index in 0..<count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self))
            target[index] = UInt32(truncatingIfNeeded: word >> UInt64(bit & 7) & mask)
            // Wrapping: `bit` stays below eight times the number of bytes.
            bit = bit &+ bitCount
        }
    }
}
