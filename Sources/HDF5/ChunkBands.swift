/// The cut of a dataset in chunks into frames: stretches of elements in C order that hold all of each chunk of which they hold a part.
///
/// A band is as many places of one axis as a chunk has, with one place of each axis before it and all places of the axes after it. Several
/// small bands make a frame.
struct ChunkBands: Sendable {
    /// The axis along which bands are cut: the first along which a chunk has more than one place.
    private let axis: Int
    /// The number of bands along that axis, for each place of the axes before it.
    private let countPerPlace: Int
    /// The number of bands.
    private let bandCount: Int
    /// The number of elements at one place of the axis.
    private let elementsPerPlace: Int
    /// The number of chunks in a band.
    private let chunksPerBand: Int
    /// The number of bands in a frame.
    private let bandsPerFrame: Int
    private let grid: ChunkGrid
    /// The number of frames.
    let count: Int

    /// The least number of bytes of a frame, if the dataset has as many.
    static let leastByteCount = 256 << 10
    /// The most bytes of a frame of several bands.
    private static let mostByteCount = 4 << 20
    /// The approximate limit for the frames of a dataset of small chunks.
    private static let countLimit = 1 << 16

    /// Makes the cut. O(dimensions).
    init(_ grid: ChunkGrid) {
        self.grid = grid
        guard grid.byteCount > 0, !grid.shape.isEmpty else {
            (axis, countPerPlace, elementsPerPlace, chunksPerBand, bandsPerFrame) = (0, 1, 1, 1, 1)
            // A single number is one chunk.
            bandCount = grid.byteCount > 0 ? 1 : 0
            count = bandCount
            return
        }
        axis = grid.chunkShape.firstIndex { $0 > 1 } ?? grid.shape.count - 1
        countPerPlace = grid.counts[axis]
        bandCount = grid.counts[...axis].reduce(1, *)
        elementsPerPlace = grid.shape[(axis + 1)...].reduce(1, *)
        chunksPerBand = grid.counts[(axis + 1)...].reduce(1, *)
        let bandByteCount = min(grid.chunkShape[axis], grid.shape[axis]) * elementsPerPlace * grid.elementByteCount
        let wanted = min(Self.mostByteCount, max(Self.leastByteCount, grid.byteCount / Self.countLimit))
        bandsPerFrame = max(1, wanted / bandByteCount)
        count = (bandCount - 1) / bandsPerFrame + 1
    }

    /// The number of the first element of a band, or the number of elements for the number of bands.
    private func firstElement(ofBand band: Int) -> Int {
        guard !grid.shape.isEmpty else { return band }
        let (outer, inner) = band.quotientAndRemainder(dividingBy: countPerPlace)
        return (outer * grid.shape[axis] + inner * grid.chunkShape[axis]) * elementsPerPlace
    }

    /// The range of the dataset's bytes that a frame holds. O(1).
    func bytes(ofFrame index: Int) -> Range<Int> {
        let end = min(bandCount, (index + 1) * bandsPerFrame)
        return firstElement(ofBand: index * bandsPerFrame) * grid.elementByteCount..<firstElement(ofBand: end) * grid.elementByteCount
    }

    /// The numbers of the chunks of a frame. O(1).
    func chunks(ofFrame index: Int) -> Range<Int> {
        index * bandsPerFrame * chunksPerBand..<min(bandCount, (index + 1) * bandsPerFrame) * chunksPerBand
    }

    /// The most bytes of a frame.
    var largestByteCount: Int { (0..<min(count, 1)).reduce(0) { max($0, bytes(ofFrame: $1).count) } }
}
