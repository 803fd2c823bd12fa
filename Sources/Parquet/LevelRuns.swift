/// Equal levels that follow one another.
struct LevelRun: Equatable {
    let level: UInt16
    var count: Int32
}

/// The levels of a page as runs, in which a few bytes can stand for millions of values.
struct LevelRuns {
    /// The runs in their order; none as long as `listLength` says them all.
    private(set) var runs: [LevelRun] = []
    /// The number of levels.
    private(set) var count = 0
    /// The number of levels from each 0 to the next, if all lists were found to have one length of 2 or more; nil otherwise. `expand()` makes
    /// runs of it.
    private(set) var listLength: Int?

    private static var sizeFault: PageFault { PageFault(.tooLarge, "its levels take more memory than a page may") }

    mutating func removeAll() {
        runs.removeAll(keepingCapacity: true)
        count = 0
        listLength = nil
    }

    /// Adds equal levels.
    mutating func append(_ level: Int, count added: Int) {
        count += added
        if let last = runs.indices.last, Int(runs[last].level) == level, Int(runs[last].count) <= Int(Int32.max) - added {
            runs[last].count += Int32(added)
        } else {
            runs.append(LevelRun(level: UInt16(level), count: Int32(added)))
        }
    }

    /// Reads `levelCount` levels up to `limit`, in place of those that were there, as at most about `runLimit` runs.
    ///
    /// - Parameter findsLists: true to look for lists of one length, which are not made runs of; false for levels that are no repetitions.
    mutating func read(
        _ bytes: UnsafeRawBufferPointer, limit: Int, levelCount: Int, runLimit: Int, findsLists: Bool = false
    ) throws(PageFault) {
        removeAll()
        guard limit > 0 else {
            append(0, count: levelCount)
            return
        }
        if findsLists, limit == 1, let length = UniformLevels.listLength(bytes, levelCount: levelCount) {
            (listLength, count) = (length, levelCount)
            return
        }
        var reader = try RunReader(bytes, bitCount: Int.bitWidth - limit.leadingZeroBitCount)
        while count < levelCount {
            switch try reader.next(limit: levelCount - count) {
            case .run(let level, let length):
                guard level <= limit else { throw .damaged("a level of \(level), where \(limit) is the highest") }
                append(Int(level), count: length)
            case .packed(let packed, let length):
                let mask = (1 << reader.bitCount) - 1
                var index = 0
                while index < length {
                    guard runs.count <= runLimit else { throw Self.sizeFault }
                    if reader.bitCount == 1, index & 7 == 0, length - index >= 8 {
                        // Most groups of eight are equal.
                        let byte = packed.load(fromByteOffset: index >> 3, as: UInt8.self)
                        if byte == 0 || byte == 0xFF {
                            append(byte == 0 ? 0 : 1, count: 8)
                            index += 8
                            continue
                        }
                    }
                    let bit = index * reader.bitCount
                    let word = UInt32(littleEndian: packed.loadUnaligned(fromByteOffset: bit >> 3, as: UInt32.self))
                    let level = Int(word >> UInt32(bit & 7)) & mask
                    guard level <= limit else { throw .damaged("a level of \(level), where \(limit) is the highest") }
                    append(level, count: 1)
                    index += 1
                }
            }
        }
    }

    /// The number of levels that equal `level`.
    func count(of level: Int) -> Int {
        if let listLength { return level == 0 ? count / listLength : level == 1 ? count - count / listLength : 0 }
        return runs.reduce(0) { $0 + (Int($1.level) == level ? Int($1.count) : 0) }
    }

    /// Makes the runs of lists of one length, at most `runLimit`. O(lists).
    mutating func expand(runLimit: Int) throws(PageFault) {
        guard let length = listLength else { return }
        let listCount = count / length
        guard listCount <= runLimit / 2 else { throw Self.sizeFault }
        removeAll()
        runs.reserveCapacity(2 * listCount)
        for _ in 0..<listCount {
            append(0, count: 1)
            append(1, count: length - 1)
        }
    }
}
