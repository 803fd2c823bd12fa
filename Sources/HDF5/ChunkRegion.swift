/// The part of a dataset that a chunk covers.
struct ChunkRegion {
    /// The first place along each axis.
    private let starts: [Int]
    /// The number of places along each axis, without those beyond the dataset's end.
    private let counts: [Int]
    /// True if the chunk goes beyond the dataset's end.
    let isPartial: Bool

    init(of number: Int, in grid: ChunkGrid) {
        starts = zip(grid.place(of: number), grid.chunkShape).map { $0 * $1 }
        counts = zip(zip(starts, grid.chunkShape), grid.shape).map { min($0.1, $1 - $0.0) }
        isPartial = counts != grid.chunkShape
    }

    /// The offset in bytes of the chunk's first element in the dataset, if all of the chunk lies together there; nil otherwise.
    func contiguousByteOffset(in grid: ChunkGrid) -> Int? {
        guard !isPartial else { return nil }
        // Behind the first axis of several places a chunk has all places.
        let first = counts.firstIndex { $0 > 1 } ?? counts.count
        guard first >= counts.count || counts[(first + 1)...].elementsEqual(grid.shape[(first + 1)...]) else { return nil }
        return firstElement(in: grid) * grid.elementByteCount
    }

    private func firstElement(in grid: ChunkGrid) -> Int { zip(starts, grid.shape).reduce(0) { $0 * $1.1 + $1.0 } }

    /// Copies the elements of a chunk to their places. O(elements).
    ///
    /// - Parameters:
    ///   - chunk: the whole chunk, in C order.
    ///   - target: a stretch of the dataset's bytes that holds all of the region.
    ///   - byteOffset: the offset in the dataset of its first byte.
    func copy(
        _ chunk: UnsafeRawBufferPointer, in grid: ChunkGrid, into target: UnsafeMutableRawBufferPointer, from byteOffset: Int
    ) {
        guard let source = chunk.baseAddress, let base = target.baseAddress, !counts.contains(0) else { return }
        // The elements that lie together in both: those of the last axes that the chunk and the dataset have all places of.
        var run = grid.elementByteCount
        var outerCount = counts.count
        while outerCount > 0 {
            outerCount -= 1
            run *= counts[outerCount]
            if counts[outerCount] != grid.chunkShape[outerCount] || counts[outerCount] != grid.shape[outerCount] { break }
        }
        // Distances in bytes along each axis.
        var (sourceSteps, targetSteps) = ([Int](repeating: 0, count: counts.count), [Int](repeating: 0, count: counts.count))
        var (sourceStep, targetStep) = (grid.elementByteCount, grid.elementByteCount)
        for axis in counts.indices.reversed() {
            (sourceSteps[axis], targetSteps[axis]) = (sourceStep, targetStep)
            sourceStep *= grid.chunkShape[axis]
            targetStep *= grid.shape[axis]
        }
        let first = firstElement(in: grid) * grid.elementByteCount - byteOffset
        // The innermost of the other axes has a loop of its own.
        let lineCount = outerCount > 0 ? counts[outerCount - 1] : 1
        let (sourceLine, targetLine) = outerCount > 0 ? (sourceSteps[outerCount - 1], targetSteps[outerCount - 1]) : (0, 0)
        let outer = max(0, outerCount - 1)
        var place = [Int](repeating: 0, count: outer)
        while true {
            var (from, to) = (0, first)
            for axis in 0..<outer {
                from += place[axis] * sourceSteps[axis]
                to += place[axis] * targetSteps[axis]
            }
            Self.copyLines(lineCount, source + from, sourceLine, base + to, targetLine, byteCount: run)
            var axis = outer - 1
            while axis >= 0 {
                place[axis] += 1
                if place[axis] < counts[axis] { break }
                place[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }

    /// Copies lines of bytes. Short ones, of a few columns, are copied as words.
    private static func copyLines(
        _ count: Int, _ source: UnsafeRawPointer, _ sourceStep: Int, _ target: UnsafeMutableRawPointer, _ targetStep: Int, byteCount: Int
    ) {
        func copy<Word: BitwiseCopyable>(_ type: Word.Type) {
            for line in 0..<count {
                target.storeBytes(
                    of: source.loadUnaligned(fromByteOffset: line * sourceStep, as: Word.self), toByteOffset: line * targetStep,
                    as: Word.self)
            }
        }
        switch byteCount {
        case 2: copy(UInt16.self)
        case 4: copy(UInt32.self)
        case 8: copy(UInt64.self)
        case 16: copy(SIMD2<UInt64>.self)
        case 32: copy(SIMD4<UInt64>.self)
        default:
            for line in 0..<count { (target + line * targetStep).copyMemory(from: source + line * sourceStep, byteCount: byteCount) }
        }
    }
}
