internal import Container
internal import Formats

/// A reader of blocks, in any order, of arrays whose bytes can be read in any order: raw files, and files of frames that are not large.
///
/// Each worker has its own. Of a raw file it reads the block's runs, and what lies between them where that is less than a read would cost.
/// Of a compressed file it decodes the frames that hold a part of the block, each once, and keeps the last one, with which the next block
/// may begin.
final class ArrayBlockReader {
    private let decoder: Decoder
    /// Bytes on their way: a frame of which a part is wanted, or several runs with what lies between them.
    private let spare = ByteBuffer()
    /// The file and the frame that `spare` holds; nil if it holds none.
    private var spareFrame: (file: Int, index: Int)?
    /// The frames that the decoder comes to next.
    private var comingFrames = 0..<0
    private var comingFile = -1
    /// The first bytes of the runs that are read at once, counted from the start of the file.
    private var runOffsets: [Int] = []

    /// The largest number of bytes between two runs that are read with them.
    private static let gapByteCount = 4 << 10
    /// The most bytes that are read at once for the sake of several runs.
    private static let spanByteCount = 1 << 20

    init(options: ContainerOptions) { decoder = Decoder(options: options) }

    /// Reads a block to the start of `target`, run after run, in the stored byte order.
    func read(_ block: ArrayBlock, of file: ArrayFile, number fileIndex: Int, into target: ByteBuffer) throws(EngineError) {
        target.reserve(block.elementCount * file.elementByteCount)
        if file.container.compression == .none {
            try readRaw(block, of: file, into: target)
        } else {
            try readFrames(block, of: file, number: fileIndex, into: target)
        }
    }

    // MARK: Raw files

    private func readRaw(_ block: ArrayBlock, of file: ArrayFile, into target: ByteBuffer) throws(EngineError) {
        spareFrame = nil
        // All that is wanted is told before any of it is read: the kernel cannot guess the order.
        try forEachSpan(of: block, in: file) { span, _ throws(EngineError) in file.container.adviseWillReadRaw(span) }
        var filled = 0
        let runByteCount = block.runElementCount * file.elementByteCount
        do throws(ContainerError) {
            try forEachSpan(of: block, in: file) { span, runs throws(ContainerError) in
                if runs.count == 1 {
                    try file.container.readRaw(at: span.lowerBound, into: target.room(from: filled, count: span.count))
                    filled += span.count
                    return
                }
                spare.reserve(span.count)
                try file.container.readRaw(at: span.lowerBound, into: spare.room(from: 0, count: span.count))
                for run in runs {
                    (target.base + filled).copyMemory(from: spare.base + (run - span.lowerBound), byteCount: runByteCount)
                    filled += runByteCount
                }
            }
            try file.container.checkIdentity()
        } catch {
            throw EngineError(error)
        }
    }

    /// Calls `body` with each range of bytes that is read at once, and the first bytes of the runs in it.
    private func forEachSpan<Failure: Error>(
        of block: ArrayBlock, in file: ArrayFile, _ body: (_ span: Range<Int>, _ runs: [Int]) throws(Failure) -> Void
    ) throws(Failure) {
        let elementByteCount = file.elementByteCount
        let runByteCount = block.runElementCount * elementByteCount
        runOffsets.removeAll(keepingCapacity: true)
        var end = 0
        try block.forEachRun { element throws(Failure) in
            let start = file.layout.dataByteOffset + element * elementByteCount
            if let first = runOffsets.first, start - end > Self.gapByteCount || start + runByteCount - first > Self.spanByteCount {
                try body(first..<end, runOffsets)
                runOffsets.removeAll(keepingCapacity: true)
            }
            runOffsets.append(start)
            end = start + runByteCount
        }
        if let first = runOffsets.first { try body(first..<end, runOffsets) }
    }

    // MARK: Frames

    private func readFrames(
        _ block: ArrayBlock, of file: ArrayFile, number fileIndex: Int, into target: ByteBuffer
    ) throws(EngineError) {
        let frames = file.container.frames
        let elementByteCount = file.elementByteCount
        let runByteCount = block.runElementCount * elementByteCount
        var filled = 0
        try block.forEachRun { element throws(EngineError) in
            var offset = file.layout.dataByteOffset + element * elementByteCount
            let end = offset + runByteCount
            while offset < end {
                guard let index = frames.index(ofFrameContainingDecodedByte: offset) else {
                    throw file.lengthError(decodedByteCount: file.container.decodedByteCount ?? 0)
                }
                let frame = frames[index]
                let frameEnd = frame.decodedByteOffset + frame.decodedByteCount
                let count = min(end, frameEnd) - offset
                let room = target.room(from: filled, count: count)
                if let spareFrame, spareFrame == (fileIndex, index) {
                    room.copyMemory(from: UnsafeRawBufferPointer(spare.room(from: offset - frame.decodedByteOffset, count: count)))
                } else if count == frame.decodedByteCount {
                    try decode(index, of: file, number: fileIndex, upTo: end, into: room)
                } else {
                    spareFrame = nil
                    spare.reserve(frame.decodedByteCount)
                    try decode(index, of: file, number: fileIndex, upTo: end, into: spare.room(from: 0, count: frame.decodedByteCount))
                    spareFrame = (fileIndex, index)
                    room.copyMemory(from: UnsafeRawBufferPointer(spare.room(from: offset - frame.decodedByteOffset, count: count)))
                }
                offset += count
                filled += count
            }
        }
    }

    /// Decodes a frame, after which the frames up to the decoded byte `end` are expected to be wanted.
    private func decode(
        _ index: Int, of file: ArrayFile, number fileIndex: Int, upTo end: Int, into room: UnsafeMutableRawBufferPointer
    ) throws(EngineError) {
        if comingFile != fileIndex || comingFrames.first != index {
            let last = file.container.frames.index(ofFrameContainingDecodedByte: end - 1) ?? index
            comingFile = fileIndex
            comingFrames = index..<last + 1
            decoder.start(file.container, frames: comingFrames)
        }
        comingFrames = comingFrames.lowerBound + 1..<comingFrames.upperBound
        do throws(EngineError) {
            try decoder.fill(room, path: file.path)
        } catch {
            comingFrames = 0..<0
            throw error
        }
    }
}

/// A reader of blocks in the order in which they are stored, of arrays whose bytes can be read only in order.
struct OrderedBlockReader {
    private let decoder: Decoder
    /// The number of the file's decoded bytes that have gone by.
    private var position = 0

    init(options: ContainerOptions) { decoder = Decoder(options: options) }

    /// Begins before the first block of a file.
    mutating func start(_ file: ArrayFile) throws(EngineError) {
        try decoder.start(atDataOf: file)
        position = file.layout.dataByteOffset
    }

    /// Reads the next block to the start of `target`, run after run, in the stored byte order.
    mutating func read(_ block: ArrayBlock, of file: ArrayFile, into target: ByteBuffer) throws(EngineError) {
        let elementByteCount = file.elementByteCount
        let runByteCount = block.runElementCount * elementByteCount
        target.reserve(block.elementCount * elementByteCount)
        var filled = 0
        try block.forEachRun { element throws(EngineError) in
            try skip(to: file.layout.dataByteOffset + element * elementByteCount, of: file)
            try fill(target.room(from: filled, count: runByteCount), of: file)
            filled += runByteCount
        }
    }

    /// Reads the file to its end after the last block. Only the file's other arrays may follow, and the last checksum is verified.
    mutating func finish(_ file: ArrayFile) throws(EngineError) {
        try skip(to: file.layout.endByteOffset, of: file)
        try decoder.skipToEnd(of: file)
    }

    private mutating func skip(to byteOffset: Int, of file: ArrayFile) throws(EngineError) {
        guard byteOffset > position else { return }
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: min(byteOffset - position, 1 << 20), alignment: 64)
        defer { room.deallocate() }
        while position < byteOffset {
            try fill(UnsafeMutableRawBufferPointer(rebasing: room[..<min(room.count, byteOffset - position)]), of: file)
        }
    }

    private mutating func fill(_ room: UnsafeMutableRawBufferPointer, of file: ArrayFile) throws(EngineError) {
        var filled = 0
        while filled < room.count {
            let count = try decoder.readNext(into: UnsafeMutableRawBufferPointer(rebasing: room[filled...]))
            guard count > 0 else { throw file.lengthError(decodedByteCount: position + filled) }
            filled += count
        }
        position += filled
    }
}
