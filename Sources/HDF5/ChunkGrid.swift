/// The grid of the chunks of a dataset.
struct ChunkGrid: Sendable {
    /// The dimensions of the dataset.
    let shape: [Int]
    /// The dimensions of a chunk, which may go beyond the dataset's end.
    let chunkShape: [Int]
    /// The number of chunks along each dimension.
    let counts: [Int]
    /// The number of chunks along each dimension of the dataset as large as it may grow; nil without a limit.
    let limits: [Int?]
    /// The number of bytes of an element.
    let elementByteCount: Int
    /// The number of bytes of the dataset.
    let byteCount: Int
    /// The number of bytes of a chunk.
    let chunkByteCount: Int

    /// Makes a grid, and throws if the dataset or a chunk has more bytes than can be counted.
    init(_ shape: DatasetShape, chunkShape: [Int], elementByteCount: Int) throws(HDF5Error) {
        self.shape = shape.dimensions
        self.chunkShape = chunkShape
        self.elementByteCount = elementByteCount
        counts = zip(shape.dimensions, chunkShape).map { $0 == 0 ? 0 : ($0 - 1) / $1 + 1 }
        limits = zip(shape.limits, chunkShape).map { limit, chunk in limit.map { $0 == 0 ? 0 : ($0 - 1) / chunk + 1 } }
        byteCount = try Self.byteCount(of: shape.dimensions, elementByteCount)
        chunkByteCount = try Self.byteCount(of: chunkShape, elementByteCount)
        // Products of some of the dimensions are used too.
        _ = try Self.byteCount(of: shape.dimensions.map { max(1, $0) }, elementByteCount)
    }

    /// The number of bytes of an array.
    static func byteCount(of shape: [Int], _ elementByteCount: Int) throws(HDF5Error) -> Int {
        var product = elementByteCount
        for dimension in shape {
            let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
            guard !overflow else {
                throw HDF5Error(.damaged, "it has more bytes than can be counted")
            }
            product = next
        }
        return product
    }

    /// The number of chunks, none of which lies beyond the dataset's end.
    var count: Int { counts.reduce(1, *) }

    /// Finds the number of a chunk, in C order, by its place along each dimension; nil beyond the end of the dataset.
    func number(at place: [Int]) -> Int? {
        var number = 0
        for axis in counts.indices {
            guard place[axis] >= 0, place[axis] < counts[axis] else { return nil }
            number = number * counts[axis] + place[axis]
        }
        return number
    }

    /// Finds the place of a chunk along each dimension by its number.
    func place(of number: Int) -> [Int] {
        var (place, left) = ([Int](repeating: 0, count: counts.count), number)
        for axis in counts.indices.reversed() { (left, place[axis]) = left.quotientAndRemainder(dividingBy: counts[axis]) }
        return place
    }

    /// Finds the place of the chunk at an index of an array of chunks, which is numbered as if the dataset were as large as it may grow.
    ///
    /// - Returns: nil beyond the dataset's end.
    func place(ofArrayIndex index: Int) -> [Int]? {
        // A dimension without a limit runs slowest.
        let first = limits.firstIndex { $0 == nil } ?? 0
        let order = [first] + limits.indices.filter { $0 != first }
        var (place, left) = ([Int](repeating: 0, count: limits.count), index)
        for axis in order.dropFirst().reversed() {
            guard let limit = limits[axis], limit > 0 else { return nil }
            (left, place[axis]) = left.quotientAndRemainder(dividingBy: limit)
        }
        place[first] = left
        return zip(place, counts).allSatisfy { $0 < $1 } ? place : nil
    }
}
