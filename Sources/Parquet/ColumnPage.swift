/// A data page of a column: its levels as runs, and the values that are there, one after another.
///
/// Pointers are valid until the next page is read.
package final class ColumnPage {
    /// The number of the page in its chunk, with the dictionary.
    package internal(set) var index = 0
    /// The number of values, with nulls and with lists that are empty or missing.
    package internal(set) var levelCount = 0
    /// The number of values that are there.
    package internal(set) var valueCount = 0
    /// The encoding of the values, as Parquet's definition numbers them.
    package internal(set) var encoding = 0
    /// The values of a fixed size, with 64 readable bytes after the last. Values in planes are put together when they are asked for.
    package var values: UnsafeRawPointer {
        if let planes { joinAll(planes) }
        return storedValues
    }
    /// The values that are bytes of any number; empty for a column of another type.
    package internal(set) var spans: [UnsafeRawBufferPointer] = []
    /// True if no list goes on in the next page, as pages of version 2 have it.
    var endsWithRow = false
    /// The number of values of each list, if all lists of the page have one number of 2 or more and no nulls; nil otherwise.
    var listLength: Int? { definition.runs.count == 1 && valueCount == levelCount ? repetition.listLength : nil }
    var definition = LevelRuns()
    var repetition = LevelRuns()
    /// The memory of values that are not used as they are stored.
    let memory: PageMemory
    /// The values as they lie one after another, if `planes` is nil.
    private var storedValues: UnsafeRawPointer
    /// The values whose bytes lie in planes; nil if they lie one after another.
    private var planes: ByteStreamSplit?
    /// The instructions that put values of planes together.
    private let instructions: ByteStreamSplit.Instructions
    /// The instructions that put the last values of planes together; nil if none have been put together.
    package private(set) var instructionsThatRan: ByteStreamSplit.Instructions?

    /// True if a value of a column that was narrower before it was stored is none of its narrower type.
    package internal(set) var hasWideValue = false

    init(_ scratch: PageScratch) {
        memory = scratch.values
        instructions = scratch.instructions
        storedValues = UnsafeRawPointer(memory.base)
    }

    /// Sets the values, which lie one after another.
    func setValues(_ values: UnsafeRawPointer) {
        storedValues = values
        planes = nil
    }

    /// Sets the values, whose bytes lie in planes. They are put together when they are wanted, and where they are wanted.
    func setValues(in planes: ByteStreamSplit) { self.planes = planes }

    /// Copies the upper halves of values of 4 bytes, if they lie in planes; returns false if they do not.
    ///
    /// Unsafe: `target` has room for `count` values of 2 bytes.
    func copyUpperPlanes(from start: Int, count: Int, into target: UnsafeMutableRawPointer) -> Bool {
        guard let planes, planes.byteCount == 4 else { return false }
        var lower: UInt8 = 0
        for plane in 0..<2 {
            let bytes = UnsafeRawBufferPointer(start: planes.planes + plane * planes.count + start, count: count)
            for index in 0..<count { lower |= bytes[index] }
        }
        if lower != 0 { hasWideValue = true }
        let upper = ByteStreamSplit(planes: planes.planes + 2 * planes.count, count: planes.count, byteCount: 2)
        instructionsThatRan = upper.join(from: start, count: count, into: target, instructions)
        return true
    }

    /// Copies the lowest bytes of values of 4 bytes, if they lie in planes; returns false if they do not.
    ///
    /// Unsafe: `target` has room for `count` bytes.
    func copyLowestPlane(from start: Int, count: Int, into target: UnsafeMutableRawPointer) -> Bool {
        guard let planes, planes.byteCount == 4 else { return false }
        var upper: UInt8 = 0
        for plane in 1..<4 {
            let bytes = UnsafeRawBufferPointer(start: planes.planes + plane * planes.count + start, count: count)
            for index in 0..<count { upper |= bytes[index] }
        }
        if upper != 0 { hasWideValue = true }
        target.copyMemory(from: planes.planes + start, byteCount: count)
        return true
    }

    /// Makes runs of the levels of lists of one length.
    func expandLevels(runLimit: Int) throws(PageFault) { try repetition.expand(runLimit: runLimit) }

    private func joinAll(_ planes: ByteStreamSplit) {
        memory.reserve(planes.count * planes.byteCount)
        instructionsThatRan = planes.join(from: 0, count: planes.count, into: memory.base, instructions)
        setValues(UnsafeRawPointer(memory.base))
    }

    /// Copies values of a fixed size as they are stored, from the value at `start` on. O(values).
    ///
    /// Unsafe: the page has the values, of `byteCount` bytes each, and `target` has room for them.
    package func copyStoredValues(from start: Int, count: Int, byteCount: Int, into target: UnsafeMutableRawPointer) {
        if let planes {
            instructionsThatRan = planes.join(from: start, count: count, into: target, instructions)
        } else {
            target.copyMemory(from: storedValues + start * byteCount, byteCount: count * byteCount)
        }
    }
}

/// The memory of a reader, which readers of other columns can use after it.
package final class PageScratch {
    let codec = PageCodec()
    let window = PageMemory()
    let stored = PageMemory()
    let decoded = PageMemory()
    let indices = PageMemory()
    let values = PageMemory()
    /// The instructions that put values of planes together.
    let instructions: ByteStreamSplit.Instructions

    /// Makes memory that nobody uses.
    ///
    /// - Parameter instructions: the instructions that put values of planes together.
    package init(instructions: ByteStreamSplit.Instructions = .best) { self.instructions = instructions }
}

/// The values of a chunk's dictionary.
final class PageDictionary {
    let memory = PageMemory()
    /// The number of values.
    var count = 0
    /// The values of a column of bytes.
    var spans: [UnsafeRawBufferPointer] = []
}
