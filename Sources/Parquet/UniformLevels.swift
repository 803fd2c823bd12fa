/// The repetition levels of lists that all have one length: 0, 1, 1, … again and again.
///
/// A writer repeats the same bytes for each list, or packs all levels as bits. Comparing the bytes with those before them takes a small part
/// of the time that reading them as runs does.
enum UniformLevels {
    /// The number of parts of one list that are tried.
    private static let partLimit = 8

    /// Finds the one length of all lists, which is 2 or more. O(bytes).
    ///
    /// Unsafe: eight readable bytes follow `bytes`, as a page's memory has them.
    ///
    /// - Returns: nil if lists differ, or if the levels are written in another way than those that are recognised.
    static func listLength(_ bytes: UnsafeRawBufferPointer, levelCount: Int) -> Int? {
        guard levelCount >= 2, bytes.count >= 2, var reader = try? RunReader(bytes, bitCount: 1) else { return nil }
        var levels = LevelRuns()
        for _ in 0..<partLimit {
            guard levels.count < levelCount, let part = try? reader.next(limit: levelCount - levels.count) else { return nil }
            switch part {
            case .run(let level, let length): levels.append(Int(level), count: length)
            case .packed(let packed, let length):
                if levels.count == 0, length == levelCount { return packedLength(packed, levelCount: levelCount) }
                // Lists of other writers begin with eight packed levels.
                guard length <= 64 else { return nil }
                for index in 0..<length {
                    levels.append(Int(packed.load(fromByteOffset: index >> 3, as: UInt8.self) >> UInt8(index & 7) & 1), count: 1)
                }
            }
            let (length, byteCount) = (levels.count, reader.offset)
            guard levelCount % length == 0, bytes.count % byteCount == 0, levelCount / length == bytes.count / byteCount else { continue }
            guard length >= 2, levels.runs == [LevelRun(level: 0, count: 1), LevelRun(level: 1, count: Int32(length - 1))],
                isPeriodic(bytes, period: byteCount)
            else { continue }
            return length
        }
        return nil
    }

    /// Finds the length of lists whose levels are all packed as bits: eight lists of n levels are n bytes.
    private static func packedLength(_ packed: UnsafeRawPointer, levelCount: Int) -> Int? {
        func level(_ index: Int) -> UInt8 { packed.load(fromByteOffset: index >> 3, as: UInt8.self) >> UInt8(index & 7) & 1 }
        guard level(0) == 0 else { return nil }
        var length = 1
        while length < levelCount, level(length) == 1 { length += 1 }
        guard length >= 2, levelCount % length == 0 else { return nil }
        let wholeByteCount = levelCount / 8
        for index in 0..<min(levelCount, 8 * length) where level(index) != (index % length == 0 ? 0 : 1) { return nil }
        for index in 8 * wholeByteCount..<levelCount where level(index) != (index % length == 0 ? 0 : 1) { return nil }
        let whole = UnsafeRawBufferPointer(start: packed, count: wholeByteCount)
        return isPeriodic(whole, period: length) ? length : nil
    }

    /// Returns true if each byte equals the one `period` bytes before it.
    private static func isPeriodic(_ bytes: UnsafeRawBufferPointer, period: Int) -> Bool {
        guard bytes.count > period, let base = bytes.baseAddress else { return true }
        let count = bytes.count - period
        var difference: UInt64 = 0
        // Without an exit, so that vectors are compared.
        for index in 0..<count / 8 {
            let offset = 8 * index
            difference |=
                base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                ^ base.loadUnaligned(fromByteOffset: offset + period, as: UInt64.self)
        }
        for offset in count / 8 * 8..<count {
            difference |= UInt64(bytes[offset] ^ bytes[offset + period])
        }
        return difference == 0
    }
}
