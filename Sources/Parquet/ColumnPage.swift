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
    private var values: UnsafeRawPointer {
        if let planes { joinAll(planes) }
        if let smallValues { widenAll(smallValues) }
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
    /// The values of whole numbers that are all below 256, a byte each; nil if they are stored in another way.
    private var smallValues: SmallValues?
    /// The values that are decompressed as they are wanted; nil if they are in memory.
    private(set) var stream: (any PageStream)?
    /// The number of values of the stream that have been read.
    private var streamPlace = 0
    private var byteCountAfterValues = 0
    /// The values of the stream that are in memory.
    private var window = 0..<0
    /// The first fault of values that are decompressed as they are wanted; nil if there is none. Values after it are 0.
    private(set) var fault: PageFault?
    /// The instructions that put values of planes together.
    private let instructions: ByteStreamSplit.Instructions
    /// The instructions that put the last values of planes together; nil if none have been put together.
    package private(set) var instructionsThatRan: ByteStreamSplit.Instructions?

    /// True if a value of a column that was narrower before it was stored is none of its narrower type.
    package internal(set) var hasWideValue = false

    /// Forgets the values of the page before.
    func removeValues() {
        fault = nil
        spans.removeAll(keepingCapacity: true)
        setValues(UnsafeRawPointer(memory.base))
    }

    init(_ scratch: PageScratch) {
        memory = scratch.values
        instructions = scratch.instructions
        storedValues = UnsafeRawPointer(memory.base)
    }

    /// Sets the values, which lie one after another.
    func setValues(_ values: UnsafeRawPointer) {
        storedValues = values
        planes = nil
        smallValues = nil
        stream = nil
    }

    /// Sets the values, which are decompressed as they are wanted: each at most once, and in their order.
    ///
    /// - Parameter byteCountAfterValues: the number of bytes of the stream after the last value.
    func setValues(_ stream: any PageStream, byteCountAfterValues: Int) {
        self.stream = stream
        self.byteCountAfterValues = byteCountAfterValues
        (streamPlace, window) = (0, 0..<0)
    }

    /// Sets the values, which are whole numbers of a byte each.
    func setValues(_ small: SmallValues) { smallValues = small }

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
        if let smallValues {
            target.copyMemory(from: smallValues.bytes + start, byteCount: count)
            return true
        }
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

    /// Returns values of a fixed size as they are stored, from the value at `start` on, with 64 readable bytes after the last. They are valid
    /// until the next call.
    ///
    /// Unsafe: the page has the values, of `byteCount` bytes each.
    package func values(from start: Int, count: Int, byteCount: Int) -> UnsafeRawPointer {
        guard let stream else { return values + start * byteCount }
        if !(window.lowerBound <= start && start + count <= window.upperBound) {
            memory.reserve(count * byteCount)
            readStream(stream, from: start, count: count, byteCount: byteCount, into: memory.base)
            window = start..<start + count
        }
        return UnsafeRawPointer(memory.base) + (start - window.lowerBound) * byteCount
    }

    private func readStream(
        _ stream: any PageStream, from start: Int, count: Int, byteCount: Int, into target: UnsafeMutableRawPointer
    ) {
        do throws(PageFault) {
            if let fault { throw fault }
            guard start >= streamPlace else { throw PageFault(.unsupported, "its values are wanted again") }
            try stream.read((start - streamPlace) * byteCount, into: nil)
            try stream.read(count * byteCount, into: target)
            streamPlace = start + count
        } catch {
            fault = error
            target.initializeMemory(as: UInt8.self, repeating: 0, count: count * byteCount)
        }
    }

    /// Reads the values that nobody has wanted, and throws if the page is damaged.
    func finishStream(byteCount: Int) throws(PageFault) {
        guard let stream else { return }
        if let fault { throw fault }
        try stream.finish(after: (valueCount - streamPlace) * byteCount + byteCountAfterValues)
    }

    private func widenAll(_ small: SmallValues) {
        memory.reserve(valueCount * small.byteCount)
        small.widen(from: 0, count: valueCount, into: memory.base)
        setValues(UnsafeRawPointer(memory.base))
    }

    /// Copies values of a fixed size as they are stored, from the value at `start` on. O(values).
    ///
    /// Unsafe: the page has the values, of `byteCount` bytes each, and `target` has room for them.
    package func copyStoredValues(from start: Int, count: Int, byteCount: Int, into target: UnsafeMutableRawPointer) {
        if let planes {
            instructionsThatRan = planes.join(from: start, count: count, into: target, instructions)
        } else if let smallValues {
            smallValues.widen(from: start, count: count, into: target)
        } else if let stream, window.isEmpty {
            readStream(stream, from: start, count: count, byteCount: byteCount, into: target)
        } else {
            target.copyMemory(from: values(from: start, count: count, byteCount: byteCount), byteCount: count * byteCount)
        }
    }
}

/// Whole numbers from 0 to 255, a byte each, of a column that stores more bytes.
struct SmallValues {
    /// The first value.
    let bytes: UnsafePointer<UInt8>
    /// The number of bytes of a value as the column stores it: 4 or 8.
    let byteCount: Int

    /// Copies values as the column stores them. O(values).
    ///
    /// Unsafe: there are as many values, and `target` has room for them.
    func widen(from start: Int, count: Int, into target: UnsafeMutableRawPointer) {
        let bytes = bytes + start
        if byteCount == 4 {
            for index in 0..<count { target.storeBytes(of: UInt32(bytes[index]), toByteOffset: 4 * index, as: UInt32.self) }
        } else {
            for index in 0..<count { target.storeBytes(of: UInt64(bytes[index]), toByteOffset: 8 * index, as: UInt64.self) }
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
    let dictionary = PageDictionary()
    /// The part of a page that is decompressed as it is wanted.
    let stream = PageMemory()
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
    /// The values, if they are whole numbers from 0 to 255 and no more than 256; nil otherwise.
    var smallValues: [UInt8]?
    /// True if each of `smallValues` is its own place.
    var isIdentity = false

    /// Forgets the values of another chunk.
    func removeAll() {
        count = 0
        spans.removeAll(keepingCapacity: true)
        (smallValues, isIdentity) = (nil, false)
    }

    /// Finds whether the values, of `byteCount` bytes each, are small whole numbers.
    func findSmallValues(byteCount: Int) {
        guard (1...256).contains(count), byteCount == 4 || byteCount == 8 else { return }
        var small: [UInt8] = []
        for index in 0..<count {
            let value =
                byteCount == 4
                ? UInt64(memory.base.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
                : memory.base.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
            guard value < 256 else { return }
            small.append(UInt8(value))
        }
        isIdentity = small.enumerated().allSatisfy { $0.offset == Int($0.element) }
        smallValues = small
    }
}
