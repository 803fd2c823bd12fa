/// A reader of the values of one field in one record batch or dictionary, as they are stored. It belongs to one thread and uses its memory
/// again.
final class LeafReader {
    private let file: ArrowFile
    private let validity: BufferReader
    private let values: BufferReader
    /// The offsets of bytes of any number.
    private let offsets: BufferReader
    private var storage = ArrowColumn.Storage.opaque
    /// The number of bytes of a value once it is read.
    private var byteCount = 0
    /// The number of values.
    private(set) var count = 0
    /// True if some values are null.
    private(set) var hasNulls = false
    private let bits = ArrowMemory()
    private let numbers = ArrowMemory()
    /// The bytes of texts, or the views that hold short ones.
    private let texts = ArrowMemory()
    /// The buffers that views point to, of which those have memory that were used, and their places in the file.
    private var viewBuffers: [ArrowMemory?] = []
    private var viewRanges: [Range<Int>] = []
    private var viewByteCounts: [Int] = []
    private var codec: ArrowCodec?

    /// The number of bits, offsets and texts that are read at once.
    private static let pieceCount = 1 << 16

    init(_ file: ArrowFile) {
        self.file = file
        validity = BufferReader(file.container, file.limits)
        values = BufferReader(file.container, file.limits)
        offsets = BufferReader(file.container, file.limits)
    }

    /// Goes to the values of a field.
    ///
    /// - Parameter byteCount: the number of bytes of a value once it is read.
    func begin(
        _ header: BatchHeader, _ node: ArrowColumn.Node, _ storage: ArrowColumn.Storage, byteCount: Int
    ) throws(ArrowFault) {
        self.storage = storage
        self.byteCount = byteCount
        codec = header.codec
        (count, hasNulls) = try Self.begin(validity, header, node)
        func buffer(_ place: Int) throws(ArrowFault) -> Range<Int> {
            try header.buffer(node.buffer(place), viewsBefore: node.viewsBefore)
        }
        switch storage {
        case .fixed(let bitCount):
            try values.begin(try buffer(0), codec)
            let bitsOfAll = count.multipliedReportingOverflow(by: bitCount)
            guard !bitsOfAll.overflow, bitsOfAll.partialValue <= .max - 7 else { throw .damaged("a field has \(count) values") }
            try values.require((bitsOfAll.partialValue + 7) / 8)
        case .bytes(let offsetByteCount):
            try offsets.begin(try buffer(0), codec)
            try values.begin(try buffer(1), codec)
            try requireOffsets(offsets, count: count, offsetByteCount: offsetByteCount)
        case .views:
            try values.begin(try buffer(0), codec)
            let size = count.multipliedReportingOverflow(by: 16)
            guard !size.overflow else { throw .damaged("a field has \(count) values") }
            try values.require(size.partialValue)
            let bufferCount = header.viewBufferCount(node.viewsBefore)
            viewBuffers = [ArrowMemory?](repeating: nil, count: bufferCount)
            viewRanges = []
            for place in 0..<bufferCount { viewRanges.append(try buffer(1 + place)) }
            viewByteCounts = [Int](repeating: 0, count: bufferCount)
        case .opaque: break
        }
    }

    /// Goes to the validity of a field, and returns its length and whether some of its values are null.
    static func begin(
        _ validity: BufferReader, _ header: BatchHeader, _ node: ArrowColumn.Node
    ) throws(ArrowFault) -> (count: Int, hasNulls: Bool) {
        let (count, nullCount) = try header.node(node.index)
        guard node.hasValidity, nullCount != 0 else { return (count, false) }
        let range = try header.buffer(node.bufferIndex, viewsBefore: node.viewsBefore)
        guard !range.isEmpty else {
            guard nullCount == nil || count == 0 else { throw .damaged("a field has nulls, and no bits that say which") }
            return (count, false)
        }
        try validity.begin(range, header.codec)
        try validity.require((count + 7) / 8)
        return (count, true)
    }

    // MARK: Nulls

    /// Reads for some values whether they are there, and puts 0 into `flags` for those that are not.
    func readValidity(from start: Int, count: Int, into flags: UnsafeMutablePointer<UInt8>) throws(ArrowFault) {
        guard hasNulls else { return }
        try Self.forEachNull(validity, bits, start..<start + count) { flags[$0 - start] = 0 }
    }

    /// Calls `body` with each value of a range that is null.
    func forEachNull(_ range: Range<Int>, _ body: (Int) -> Void) throws(ArrowFault) {
        guard hasNulls else { return }
        try Self.forEachNull(validity, bits, range, body)
    }

    static func forEachNull(
        _ validity: BufferReader, _ memory: ArrowMemory, _ range: Range<Int>, _ body: (Int) -> Void
    ) throws(ArrowFault) {
        var index = range.lowerBound
        while index < range.upperBound {
            let end = min(range.upperBound, (index / pieceCount + 1) * pieceCount)
            let firstByte = index / 8
            let byteCount = (end + 7) / 8 - firstByte
            memory.reserve(byteCount)
            try validity.read(at: firstByte, count: byteCount, into: memory.base)
            while index < end {
                let byte = memory.base.load(fromByteOffset: index / 8 - firstByte, as: UInt8.self)
                if byte == 0xFF {
                    index = min(end, (index / 8 + 1) * 8)
                    continue
                }
                if byte >> UInt8(index % 8) & 1 == 0 { body(index) }
                index += 1
            }
        }
    }

    // MARK: Numbers

    /// Reads values of a fixed size, a byte for each truth value.
    ///
    /// Unsafe: `target` has room for them.
    func readFixed(from start: Int, count: Int, into target: UnsafeMutableRawPointer) throws(ArrowFault) {
        guard case .fixed(let bitCount) = storage else { preconditionFailure("values of a fixed size") }
        guard start >= 0, count <= self.count - start else { throw .damaged("a field has \(self.count) values, and a list goes beyond") }
        guard bitCount == 1 else {
            let size = bitCount / 8
            try values.read(at: start * size, count: count * size, into: target)
            if file.isBigEndian { Self.swap(target, count: count, byteCount: size) }
            return
        }
        var index = start
        while index < start + count {
            let end = min(start + count, index + Self.pieceCount)
            let firstByte = index / 8
            let byteCount = (end + 7) / 8 - firstByte
            bits.reserve(byteCount)
            try values.read(at: firstByte, count: byteCount, into: bits.base)
            for place in index..<end {
                let byte = bits.base.load(fromByteOffset: place / 8 - firstByte, as: UInt8.self)
                target.storeBytes(of: byte >> UInt8(place % 8) & 1, toByteOffset: place - start, as: UInt8.self)
            }
            index = end
        }
    }

    /// Turns numbers whose highest byte comes first into ones whose lowest does. Values of other sizes are no numbers.
    static func swap(_ bytes: UnsafeMutableRawPointer, count: Int, byteCount: Int) {
        func each<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type) {
            for index in 0..<count {
                let offset = index * MemoryLayout<Word>.size
                let word = bytes.loadUnaligned(fromByteOffset: offset, as: Word.self)
                bytes.storeBytes(of: word.byteSwapped, toByteOffset: offset, as: Word.self)
            }
        }
        switch byteCount {
        case 2: each(UInt16.self)
        case 4: each(UInt32.self)
        case 8: each(UInt64.self)
        case 16, 32:
            // Decimals are whole numbers of so many bytes.
            for index in 0..<count {
                let value = bytes + index * byteCount
                for place in 0..<byteCount / 2 {
                    let byte = value.load(fromByteOffset: place, as: UInt8.self)
                    value.storeBytes(
                        of: value.load(fromByteOffset: byteCount - 1 - place, as: UInt8.self), toByteOffset: place, as: UInt8.self)
                    value.storeBytes(of: byte, toByteOffset: byteCount - 1 - place, as: UInt8.self)
                }
            }
        default: break
        }
    }

    // MARK: Offsets

    /// Throws if a buffer has not one offset more than values. Without values it may be empty.
    func requireOffsets(_ offsets: BufferReader, count: Int, offsetByteCount: Int) throws(ArrowFault) {
        guard count > 0 else { return }
        let size = count.addingReportingOverflow(1).partialValue.multipliedReportingOverflow(by: offsetByteCount)
        guard count < .max, !size.overflow else { throw .damaged("a field has \(count) values") }
        try offsets.require(size.partialValue)
    }

    /// Calls `body` with each of some neighbouring offsets.
    func forEachOffset(
        _ offsets: BufferReader, _ range: Range<Int>, offsetByteCount: Int, _ body: (_ index: Int, _ offset: Int) -> Void
    ) throws(ArrowFault) {
        var index = range.lowerBound
        while index < range.upperBound {
            let end = min(range.upperBound, index + Self.pieceCount)
            numbers.reserve((end - index) * offsetByteCount)
            try offsets.read(at: index * offsetByteCount, count: (end - index) * offsetByteCount, into: numbers.base)
            if offsetByteCount == 4 {
                for place in index..<end {
                    let offset = numbers.base.load(fromByteOffset: 4 * (place - index), as: Int32.self)
                    body(place, Int(file.isBigEndian ? offset.bigEndian : offset.littleEndian))
                }
            } else {
                for place in index..<end {
                    let offset = numbers.base.load(fromByteOffset: 8 * (place - index), as: Int64.self)
                    body(place, Int(file.isBigEndian ? offset.bigEndian : offset.littleEndian))
                }
            }
            index = end
        }
    }

    // MARK: Bytes of any number

    /// Reads values that are bytes, as many of them as fit the memory that is allowed, but at least one.
    ///
    /// - Parameters:
    ///   - flags: 0 for each value that is null, which becomes empty.
    ///   - spans: the values, which are valid until the next call.
    func readSpans(
        from start: Int, count: Int, flags: UnsafePointer<UInt8>, into spans: inout [UnsafeRawBufferPointer]
    ) throws(ArrowFault) {
        spans.removeAll(keepingCapacity: true)
        switch storage {
        case .bytes(let offsetByteCount):
            guard count > 0 else { return }
            var (first, last, isSorted) = (0, 0, true)
            var ends: [Int] = []
            ends.reserveCapacity(count)
            try forEachOffset(offsets, start..<start + count + 1, offsetByteCount: offsetByteCount) { index, offset in
                if index == start { first = offset } else { ends.append(offset) }
                isSorted = isSorted && (index == start || offset >= last)
                last = offset
            }
            guard isSorted, first >= 0 else { throw .damaged("its offsets of texts are not in order") }
            guard last - first <= file.limits.byteCount else { throw tooLarge(last - first) }
            guard last <= values.byteCount else { throw .damaged("a text ends at byte \(last) of \(values.byteCount)") }
            texts.reserve(last - first)
            try values.read(at: first, count: last - first, into: texts.base)
            var from = first
            for end in ends {
                spans.append(UnsafeRawBufferPointer(texts.room(from: from - first, count: end - from)))
                from = end
            }
        case .views: try readViews(from: start, count: count, flags: flags, into: &spans)
        case .fixed, .opaque: preconditionFailure("values of any number of bytes")
        }
    }

    private func tooLarge(_ byteCount: Int) -> ArrowFault {
        ArrowFault(.tooLarge, "its texts take \(byteCount) bytes of memory, and \(file.limits.byteCount) are allowed")
    }

    private func readViews(
        from start: Int, count: Int, flags: UnsafePointer<UInt8>, into spans: inout [UnsafeRawBufferPointer]
    ) throws(ArrowFault) {
        guard count <= file.limits.byteCount / 16 else { throw tooLarge(count) }
        texts.reserve(16 * count)
        try values.read(at: 16 * start, count: 16 * count, into: texts.base)
        for index in 0..<count {
            func number(_ offset: Int) -> Int {
                let stored = texts.base.load(fromByteOffset: 16 * index + offset, as: Int32.self)
                return Int(file.isBigEndian ? stored.bigEndian : stored.littleEndian)
            }
            guard flags[index] != 0 else {
                spans.append(UnsafeRawBufferPointer(start: nil, count: 0))
                continue
            }
            let byteCount = number(0)
            guard byteCount > 12 else {
                guard byteCount >= 0 else { throw .damaged("a text has \(byteCount) bytes") }
                spans.append(UnsafeRawBufferPointer(texts.room(from: 16 * index + 4, count: byteCount)))
                continue
            }
            let (place, offset) = (number(8), number(12))
            guard viewRanges.indices.contains(place) else { throw .damaged("a text is in buffer \(place) of \(viewRanges.count)") }
            let memory = try viewBuffer(place)
            guard offset >= 0, byteCount <= viewByteCounts[place] - offset else {
                throw .damaged("a text has \(byteCount) bytes from byte \(offset) on of a buffer of \(viewByteCounts[place])")
            }
            spans.append(UnsafeRawBufferPointer(memory.room(from: offset, count: byteCount)))
        }
    }

    /// Returns a buffer that views point to, which stays in memory for the rest of the record batch.
    private func viewBuffer(_ place: Int) throws(ArrowFault) -> ArrowMemory {
        if let memory = viewBuffers[place] { return memory }
        try offsets.begin(viewRanges[place], codec)
        let sum = viewByteCounts.reduce(0, +)
        guard offsets.byteCount <= file.limits.byteCount - sum else { throw tooLarge(offsets.byteCount) }
        let memory = ArrowMemory()
        memory.reserve(offsets.byteCount)
        try offsets.read(at: 0, count: offsets.byteCount, into: memory.base)
        viewByteCounts[place] = offsets.byteCount
        viewBuffers[place] = memory
        return memory
    }
}
