internal import Formats

/// A block of an array: neighbouring rows whose places along each axis are a range, with the order in which their elements are stored.
///
/// The rows of a block have consecutive numbers. Their elements are moved to memory in the order in which they are stored, without what lies
/// between them, and rows are put together from there.
struct ArrayBlock: Sendable {
    /// An axis of the block, as the elements are stored, and as they lie in memory.
    struct Axis: Sendable {
        let count: Int
        /// The distance of neighbouring places in the array, in elements.
        let stride: Int
        /// The distance of neighbouring places in memory, in elements.
        fileprivate(set) var stagedStride = 0
    }

    /// The numbers of the block's rows in the file.
    let rows: Range<Int>
    /// The axes that count the rows, outermost first, and then the axis of a row's values.
    let axes: [Axis]
    /// The index of the block's first element in the array.
    let firstElement: Int
    /// The number of elements that lie one after another in the array.
    let runElementCount: Int
    /// The axes along which runs follow one another, as they are stored: the one with the largest stride first.
    private let runAxes: [Axis]

    init(of rows: ArrayRows, at starts: [Int], counts: [Int], rowNumbers: Range<Int>) {
        self.rows = rowNumbers
        firstElement = zip(rows.axes, starts).reduce(rows.firstElement) { $0 + $1.0.stride * $1.1 }
        var axes = zip(rows.axes, counts).map { Axis(count: $1, stride: $0.stride) }
        axes.append(Axis(count: rows.valuesPerRow, stride: rows.valueStride))
        var stagedStride = 1
        var runElementCount = 1
        var isRun = true
        var runAxes: [Axis] = []
        // No two axes of more than one place have the same stride.
        for index in axes.indices.filter({ axes[$0].count > 1 }).sorted(by: { axes[$0].stride < axes[$1].stride }) {
            axes[index].stagedStride = stagedStride
            stagedStride *= axes[index].count
            if isRun, axes[index].stride == runElementCount {
                runElementCount *= axes[index].count
            } else {
                isRun = false
                runAxes.insert(axes[index], at: 0)
            }
        }
        self.axes = axes
        self.runElementCount = runElementCount
        self.runAxes = runAxes
    }

    /// The number of elements in the block.
    var elementCount: Int { axes.reduce(1) { $0 * $1.count } }

    /// The index after the block's last element in the array.
    var endElement: Int { axes.reduce(firstElement + 1) { $0 + ($1.count - 1) * $1.stride } }

    /// Calls `body` with the index in the array of each run's first element, in the order in which runs are stored. In memory one run
    /// follows another.
    func forEachRun<Failure: Error>(_ body: (_ firstElement: Int) throws(Failure) -> Void) throws(Failure) {
        guard elementCount > 0 else { return }
        var places = [Int](repeating: 0, count: runAxes.count)
        var element = firstElement
        while true {
            try body(element)
            var axis = runAxes.count - 1
            while axis >= 0 {
                places[axis] += 1
                element += runAxes[axis].stride
                if places[axis] < runAxes[axis].count { break }
                element -= runAxes[axis].count * runAxes[axis].stride
                places[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }

    /// Puts some of the block's rows together.
    ///
    /// Unsafe: `staged` leads to the block's elements in the order of its runs; `destination` has room for the rows.
    ///
    /// - Parameter part: the indices of the rows in the block.
    func copyRows(
        _ part: Range<Int>, from staged: UnsafeRawPointer, elementByteCount: Int, into destination: UnsafeMutableRawPointer
    ) {
        let values = axes[axes.count - 1]
        let inner = axes[axes.count - 2]
        let rowByteCount = values.count * elementByteCount
        var index = part.lowerBound
        var target = destination
        while index < part.upperBound {
            let (outer, place) = index.quotientAndRemainder(dividingBy: inner.count)
            let count = min(part.upperBound - index, inner.count - place)
            var element = place * inner.stagedStride
            var left = outer
            for axis in axes.dropLast(2).reversed() {
                element += left % axis.count * axis.stagedStride
                left /= axis.count
            }
            Self.copyRows(
                count, from: staged + element * elementByteCount, rowStride: inner.stagedStride, values, elementByteCount, into: target)
            index += count
            target += count * rowByteCount
        }
    }

    private static func copyRows(
        _ rowCount: Int, from source: UnsafeRawPointer, rowStride: Int, _ values: Axis, _ elementByteCount: Int,
        into target: UnsafeMutableRawPointer
    ) {
        let rowByteCount = values.count * elementByteCount
        if values.count == 1 || values.stagedStride == 1 {
            if rowCount == 1 || rowStride == values.count {
                target.copyMemory(from: source, byteCount: rowCount * rowByteCount)
            } else {
                for row in 0..<rowCount {
                    (target + row * rowByteCount).copyMemory(from: source + row * rowStride * elementByteCount, byteCount: rowByteCount)
                }
            }
        } else if rowCount == 1 || rowStride == 1 {
            ColumnTransposer.transpose(
                source, columnByteStride: values.stagedStride * elementByteCount, columnCount: values.count, rowCount: rowCount,
                elementByteCount: elementByteCount, into: target)
        } else {
            // Neither rows nor values are neighbours, as in Fortran order of three axes and more.
            for row in 0..<rowCount {
                ColumnTransposer.transpose(
                    source + row * rowStride * elementByteCount, columnByteStride: values.stagedStride * elementByteCount,
                    columnCount: values.count, rowCount: 1, elementByteCount: elementByteCount, into: target + row * rowByteCount)
            }
        }
    }
}

/// The cut of an array into blocks, which follow one another in the order of the rows.
struct ArrayBlocks: Sendable {
    private let rows: ArrayRows
    /// The index of the axis whose places are shared out. Before it a block has one place of each axis, after it all places.
    private let axisIndex: Int
    /// The number of places of that axis in a block; the last of its blocks may have fewer.
    private let placeCount: Int
    /// The number of blocks along that axis.
    private let blocksPerAxis: Int
    /// The number of rows at a place of that axis.
    private let rowsPerPlace: Int
    /// The number of blocks.
    let count: Int

    /// Cuts an array. The cut depends on the arguments alone. O(axes).
    ///
    /// - Parameters:
    ///   - rowLimit: the approximate number of rows of a block, at least 1.
    ///   - isInStorageOrder: true if each block has to lie before the next one in the file. Blocks are then larger if they have to be.
    ///   - elementByteCount: the size of an element in bytes.
    init(_ rows: ArrayRows, rowLimit: Int, isInStorageOrder: Bool = false, elementByteCount: Int) {
        self.rows = rows
        guard rows.rowCount > 0, rows.valuesPerRow > 0 else {
            (axisIndex, placeCount, blocksPerAxis, rowsPerPlace, count) = (0, 1, 0, 1, 0)
            return
        }
        var inner = rows.rowCount
        var index = -1
        // The axes whose places can be shared out so that blocks come in the order in which they are stored.
        let orderedCount = isInStorageOrder ? Self.orderedAxisCount(of: rows) : rows.axes.count
        while index + 1 < orderedCount {
            index += 1
            inner /= rows.axes[index].count
            if inner <= rowLimit { break }
        }
        guard index >= 0 else {
            (axisIndex, placeCount, blocksPerAxis, rowsPerPlace, count) = (0, rows.axes[0].count, 1, rows.rowCount / rows.axes[0].count, 1)
            return
        }
        let axis = rows.axes[index]
        // Blocks of one size: a small last one would cost as much as the others where whole frames are decoded for it.
        let least = (axis.count - 1) / min(axis.count, max(1, rowLimit / inner)) + 1
        var places = (axis.count - 1) / least + 1
        let line = Self.lineByteCount / elementByteCount
        if inner == 1, places > line, least > 1 {
            places = (places + line - 1) / line * line
            if places > rowLimit || places * elementByteCount % Self.aliasedByteCount == 0 { places -= line }
        }
        axisIndex = index
        placeCount = places
        rowsPerPlace = inner
        blocksPerAxis = (axis.count - 1) / places + 1
        count = rows.axes[..<index].reduce(blocksPerAxis) { $0 * $1.count }
    }

    /// The number of bytes that lie together in a core's cache.
    private static let lineByteCount = 64
    /// The distance in bytes of columns that share the same few places of a core's cache, so that they drive each other out.
    private static let aliasedByteCount = 2048

    /// Counts the axes, from the outermost on, that are stored in their order, around everything else.
    private static func orderedAxisCount(of rows: ArrayRows) -> Int {
        for (index, axis) in rows.axes.enumerated() {
            let rest = rows.axes[(index + 1)...].map(\.stride) + (rows.valuesPerRow > 1 ? [rows.valueStride] : [])
            if rest.contains(where: { $0 > axis.stride }) { return index }
        }
        return rows.axes.count
    }

    /// The numbers of a block's rows in the file. O(1).
    func rows(ofBlock index: Int) -> Range<Int> {
        let (outer, block) = index.quotientAndRemainder(dividingBy: blocksPerAxis)
        let first = outer * rows.axes[axisIndex].count + block * placeCount
        let count = min(placeCount, rows.axes[axisIndex].count - block * placeCount)
        return first * rowsPerPlace..<(first + count) * rowsPerPlace
    }

    /// Finds the block that holds a row. O(1).
    func block(ofRow row: Int) -> Int {
        let (outer, place) = (row / rowsPerPlace).quotientAndRemainder(dividingBy: rows.axes[axisIndex].count)
        return outer * blocksPerAxis + place / placeCount
    }

    /// Returns a block. O(axes).
    subscript(index: Int) -> ArrayBlock {
        let (outer, block) = index.quotientAndRemainder(dividingBy: blocksPerAxis)
        var starts = [Int](repeating: 0, count: rows.axes.count)
        var counts = rows.axes.map(\.count)
        starts[axisIndex] = block * placeCount
        counts[axisIndex] = min(placeCount, rows.axes[axisIndex].count - starts[axisIndex])
        var left = outer
        for axis in (0..<axisIndex).reversed() {
            starts[axis] = left % rows.axes[axis].count
            counts[axis] = 1
            left /= rows.axes[axis].count
        }
        return ArrayBlock(of: rows, at: starts, counts: counts, rowNumbers: rows(ofBlock: index))
    }
}
