/// The frames of a file that hold data, in order. Skippable and empty frames are left out.
///
/// A table takes 16 bytes of memory a frame, 4 more where a seek table gives checksums, and 8 more where other bytes (skippable frames) lie
/// between the frames.
public struct FrameTable: Sendable, RandomAccessCollection {
    private var byteOffsets: [UInt64] = []
    /// The end of each frame; empty as long as each frame ends where the next begins.
    private var byteEnds: [UInt64] = []
    /// The end of the last frame.
    private var lastByteEnd: UInt64 = 0
    /// The end of each frame in the decoded data; empty where a frame's decoded size is unknown.
    private var decodedByteEnds: [UInt64] = []
    private var checksums: [UInt32] = []

    /// True if every frame's decoded size is known without decompressing, and for an empty table.
    public private(set) var hasDecodedByteCounts = true

    /// Creates an empty table.
    init() {}

    // MARK: Building

    /// Makes room for `count` frames.
    mutating func reserveCapacity(_ count: Int, checksums hasChecksums: Bool) {
        byteOffsets.reserveCapacity(count)
        decodedByteEnds.reserveCapacity(count)
        if hasChecksums { checksums.reserveCapacity(count) }
    }

    /// Adds the frame at `byteOffset..<byteEnd` of the file. It must lie behind all frames that were added before.
    ///
    /// - Parameters:
    ///   - decodedByteCount: The frame's decoded size in bytes; nil where it is unknown. From then on no frame's decoded size is kept.
    ///   - checksum: The entry's checksum. All frames of a table have one, or none has.
    /// - Returns: false, and nothing is added, where the decoded sizes add up to more than `Int.max`.
    mutating func append(byteOffset: Int, byteEnd: Int, decodedByteCount: Int?, checksum: UInt32?) -> Bool {
        if let decodedByteCount, hasDecodedByteCounts {
            let (sum, overflow) = (decodedByteEnds.last ?? 0).addingReportingOverflow(UInt64(decodedByteCount))
            if overflow || sum > UInt64(Int.max) { return false }
            decodedByteEnds.append(sum)
        } else if hasDecodedByteCounts {
            hasDecodedByteCounts = false
            decodedByteEnds = []
        }
        if !byteEnds.isEmpty || (!byteOffsets.isEmpty && lastByteEnd != UInt64(byteOffset)) {
            if byteEnds.isEmpty {
                byteEnds.reserveCapacity(byteOffsets.capacity)
                byteEnds.append(contentsOf: byteOffsets.dropFirst())
                byteEnds.append(lastByteEnd)
            }
            byteEnds.append(UInt64(byteEnd))
        }
        byteOffsets.append(UInt64(byteOffset))
        lastByteEnd = UInt64(byteEnd)
        if let checksum { checksums.append(checksum) }
        return true
    }

    /// Sets the frames' checksums, one each; an empty array removes them.
    mutating func setChecksums(_ values: [UInt32]) {
        precondition(values.isEmpty || values.count == count)
        checksums = values
    }

    /// Sets the frames' decoded sizes: `step` bytes each, and `last` for the last frame.
    ///
    /// - Returns: false, and nothing changes, where they add up to more than `Int.max`.
    mutating func setDecodedByteCounts(step: Int, last: Int) -> Bool {
        guard let lastIndex = byteOffsets.indices.last else { return true }
        let (steps, overflow) = lastIndex.multipliedReportingOverflow(by: step)
        if overflow || steps > Int.max - last { return false }
        decodedByteEnds = (0..<lastIndex).map { UInt64(($0 + 1) * step) } + [UInt64(steps + last)]
        hasDecodedByteCounts = true
        return true
    }

    /// Removes the last frame, which turned out to be empty.
    mutating func removeLast() {
        guard let index = byteOffsets.indices.last else { return }
        if index > 0 { lastByteEnd = UInt64(byteEnd(of: index - 1)) }
        byteOffsets.removeLast()
        if !byteEnds.isEmpty { byteEnds.removeLast() }
        if !decodedByteEnds.isEmpty { decodedByteEnds.removeLast() }
        if !checksums.isEmpty { checksums.removeLast() }
    }

    // MARK: Looking up

    /// The index of the first frame, 0.
    public var startIndex: Int { 0 }
    /// The number of frames.
    public var endIndex: Int { byteOffsets.count }

    /// The frame at `index`. O(1).
    public subscript(index: Int) -> Frame {
        let byteOffset = byteOffset(of: index)
        return Frame(
            index: index, byteOffset: byteOffset, byteCount: byteEnd(of: index) - byteOffset,
            decodedByteOffset: decodedByteOffset(of: index), decodedByteCount: decodedByteCount(of: index) ?? 0,
            checksum: checksum(of: index))
    }

    /// The sum of all frames' decoded sizes, or nil where one is unknown. O(1).
    public var decodedByteCount: Int? { hasDecodedByteCounts ? Int(decodedByteEnds.last ?? 0) : nil }

    /// The index of the frame that holds the byte at `decodedByteOffset` of the decompressed data. O(log count).
    ///
    /// - Returns: nil before the first and after the last byte, and in a table without decoded sizes.
    public func index(ofFrameContainingDecodedByte decodedByteOffset: Int) -> Int? {
        guard decodedByteOffset >= 0, let decodedByteCount, decodedByteOffset < decodedByteCount else { return nil }
        var low = 0
        var high = count - 1
        while low < high {
            let middle = low + (high - low) / 2
            if decodedByteEnds[middle] > UInt64(decodedByteOffset) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    // The sums never exceed Int.max (`append`), so the conversions below cannot fail.

    func byteOffset(of index: Int) -> Int { Int(byteOffsets[index]) }

    func byteEnd(of index: Int) -> Int {
        if !byteEnds.isEmpty { return Int(byteEnds[index]) }
        return Int(index + 1 < byteOffsets.count ? byteOffsets[index + 1] : lastByteEnd)
    }

    func decodedByteOffset(of index: Int) -> Int {
        index == 0 || !hasDecodedByteCounts ? 0 : Int(decodedByteEnds[index - 1])
    }

    func decodedByteCount(of index: Int) -> Int? {
        hasDecodedByteCounts ? Int(decodedByteEnds[index]) - decodedByteOffset(of: index) : nil
    }

    func checksum(of index: Int) -> UInt32? { checksums.isEmpty ? nil : checksums[index] }
}
