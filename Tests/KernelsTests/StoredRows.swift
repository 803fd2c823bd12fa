import KernelABI

/// Rows as a kernel gets them, in memory full of NaN on all sides, so that a lane too many shows, and of a length that is no multiple of
/// anything.
struct StoredRows {
    let element: StoredElement
    let classCount: Int
    /// The values as they were stored, exact.
    private(set) var values: [[Double]] = []
    private(set) var labels: [Int32] = []
    private var bytes: [UInt8] = []

    init(_ element: StoredElement, classCount: Int) {
        self.element = element
        self.classCount = classCount
    }

    var rowCount: Int { labels.count }

    mutating func append(_ row: [Double], label: Int32) {
        precondition(row.count == classCount)
        append(bits: row.map { element.bits(of: $0) }, label: label)
    }

    mutating func append(bits row: [UInt64], label: Int32) {
        values.append(row.map { element.value(of: $0) })
        labels.append(label)
        for bits in row { element.append(bits: bits, to: &bytes) }
    }

    struct Result {
        var losses: [Double]
        var unscoredRowCount: Int
        var correctRowCount: Int
        var instructionSetCode: Int32
        /// Whether something outside of the room for losses was written.
        var isOutOfBounds: Bool

        func hasSameBits(as other: Result) -> Bool {
            unscoredRowCount == other.unscoredRowCount && correctRowCount == other.correctRowCount
                && zip(losses, other.losses).allSatisfy { sameBits($0, $1) }
        }
    }

    /// Runs a kernel over the rows, the values `byteOffset` bytes off a multiple of 64, with the labels as bytes if it is asked for.
    func run(_ kernel: (UnsafeMutablePointer<RowBlock>) -> Void, byteOffset: Int = 0, labelsAreBytes: Bool = false) -> Result {
        let room = (rowCount + 63) / 64 * 64
        // 0xFF everywhere is NaN in each of the types. 64 bytes are readable on both sides.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 + 64 + bytes.count + 64, alignment: 64)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0xFF)
        let start = 64 + byteOffset
        UnsafeMutableRawBufferPointer(rebasing: memory[start..<(start + bytes.count)]).copyBytes(from: bytes)
        // Labels beyond the last are valid ones, and must not count.
        let padding = [Int32](repeating: 0, count: room + 64 - rowCount)
        // Where there are bytes, the labels beside them are not read.
        let paddedLabels = (labelsAreBytes ? labels.map { _ in 7 } : labels) + padding
        let labelBytes = (labels + padding).map { UInt8(truncatingIfNeeded: $0) }
        // What a kernel finds in its scratch must not matter.
        let scratch = UnsafeMutableRawPointer.allocate(byteCount: 8 * Int(XentScratchCount), alignment: 64)
        defer { scratch.deallocate() }
        scratch.initializeMemory(as: UInt8.self, repeating: 0xFF, count: 8 * Int(XentScratchCount))
        let guardValue = -123.25
        var losses = [Double](repeating: guardValue, count: room + 8)
        var block: RowBlock?
        paddedLabels.withUnsafeBufferPointer { labels in
            labelBytes.withUnsafeBufferPointer { labelBytes in
                losses.withUnsafeMutableBufferPointer { losses in
                    var run = RowBlock(
                        values: UnsafeRawPointer(memory.baseAddress! + start), labels: labels.baseAddress!,
                        labelBytes: labelsAreBytes ? labelBytes.baseAddress : nil, targets: nil, clipped: nil, losses: losses.baseAddress!,
                        scratch: scratch.assumingMemoryBound(to: Double.self), classCount: classCount, rowCount: rowCount,
                        elementCode: element.code, unscoredRowCount: -1, correctRowCount: -1, instructionSetCode: -1, facts: RowFactArrays())
                    kernel(&run)
                    block = run
                }
            }
        }
        return Result(
            losses: Array(losses.prefix(rowCount)), unscoredRowCount: block?.unscoredRowCount ?? -1,
            correctRowCount: block?.correctRowCount ?? -1, instructionSetCode: block?.instructionSetCode ?? -1,
            isOutOfBounds: losses[room...].contains { $0 != guardValue })
    }
}
