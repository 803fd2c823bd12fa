/// Puts rows together from columns: the values of each column lie one after another, and those of each row will.
///
/// It moves elements of 1, 2, 4 or 8 bytes without looking at them. Squares of neighbouring rows and columns are turned in registers, in an
/// order in which every line of the columns is read once. Some hundred KiB of rows at a time stay in a core's cache, so a caller with long
/// columns goes through them block by block.
///
/// ```swift
/// let columns: [[Float]] = [[1, 2], [3, 4], [5, 6]]
/// var rows = [Float](repeating: 0, count: 6)
/// rows.withUnsafeMutableBytes { rows in
///     columns.joined().map { $0 }.withUnsafeBytes { columns in
///         ColumnTransposer.transpose(
///             columns.baseAddress!, columnByteStride: 8, columnCount: 3, rowCount: 2, elementByteCount: 4, into: rows.baseAddress!)
///     }
/// }
/// print(rows)  // [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]
/// ```
public enum ColumnTransposer {
    /// Transposes columns that lie at a fixed distance from one another. O(rows · columns).
    ///
    /// Unsafe: `source` leads to `rowCount` elements of the first column, and each column begins `columnByteStride` bytes after the one
    /// before it; `destination` has room for `rowCount * columnCount` elements. Nothing needs to be aligned, and nothing overlaps.
    ///
    /// - Precondition: `elementByteCount` is 1, 2, 4 or 8.
    public static func transpose(
        _ source: UnsafeRawPointer, columnByteStride: Int, columnCount: Int, rowCount: Int, elementByteCount: Int,
        into destination: UnsafeMutableRawPointer
    ) {
        transpose(columnCount, rowCount, elementByteCount, destination) { source + $0 * columnByteStride }
    }

    /// Transposes columns that lie anywhere. O(rows · columns).
    ///
    /// Unsafe: each of `columns` leads to `rowCount` elements; `destination` has room for `rowCount * columns.count` elements. Nothing
    /// needs to be aligned, and nothing overlaps.
    ///
    /// - Precondition: `elementByteCount` is 1, 2, 4 or 8.
    public static func transpose(
        _ columns: UnsafeBufferPointer<UnsafeRawPointer>, rowCount: Int, elementByteCount: Int, into destination: UnsafeMutableRawPointer
    ) {
        transpose(columns.count, rowCount, elementByteCount, destination) { columns[$0] }
    }

    @inline(__always)
    private static func transpose(
        _ columnCount: Int, _ rowCount: Int, _ elementByteCount: Int, _ destination: UnsafeMutableRawPointer,
        _ column: (Int) -> UnsafeRawPointer
    ) {
        switch elementByteCount {
        case 1: transpose(SquareOfEights<UInt8>.self, columnCount, rowCount, destination, column)
        case 2: transpose(SquareOfEights<UInt16>.self, columnCount, rowCount, destination, column)
        case 4: transpose(SquareOfWords.self, columnCount, rowCount, destination, column)
        case 8: transpose(SquareOfLongs.self, columnCount, rowCount, destination, column)
        default: preconditionFailure("elements have 1, 2, 4 or 8 bytes")
        }
    }

    /// The number of bytes of a column that are read at a time: a line of the cache, so that none is fetched twice.
    private static let lineByteCount = 64

    @inline(__always)
    private static func transpose<Square: TransposedSquare>(
        _: Square.Type, _ columnCount: Int, _ rowCount: Int, _ destination: UnsafeMutableRawPointer, _ column: (Int) -> UnsafeRawPointer
    ) {
        let side = Square.side
        let byteCount = MemoryLayout<Square.Element>.size
        let rowByteCount = columnCount * byteCount
        let lineRowCount = lineByteCount / byteCount
        let squareColumnCount = columnCount / side * side
        let squareRowCount = rowCount / side * side
        var firstRow = 0
        while firstRow < squareRowCount {
            let endRow = min(squareRowCount, firstRow + lineRowCount)
            var firstColumn = 0
            while firstColumn < squareColumnCount {
                var row = firstRow
                while row < endRow {
                    Square.transpose(
                        row * byteCount, firstColumn, column, into: destination + row * rowByteCount + firstColumn * byteCount,
                        rowByteCount: rowByteCount)
                    row += side
                }
                firstColumn += side
            }
            firstRow = endRow
        }
        func copy(rows: Range<Int>, columns: Range<Int>) {
            for index in columns {
                let source = column(index)
                let target = destination + index * byteCount
                for row in rows {
                    target.storeBytes(
                        of: source.loadUnaligned(fromByteOffset: row * byteCount, as: Square.Element.self),
                        toByteOffset: row * rowByteCount, as: Square.Element.self)
                }
            }
        }
        copy(rows: 0..<squareRowCount, columns: squareColumnCount..<columnCount)
        copy(rows: squareRowCount..<rowCount, columns: 0..<columnCount)
    }
}

/// A square of elements that is transposed in registers.
private protocol TransposedSquare {
    /// An unsigned integer of the elements' size.
    associatedtype Element: FixedWidthInteger & BitwiseCopyable
    /// The number of rows and columns.
    static var side: Int { get }
    /// Transposes the square of the columns from `firstColumn` on, at `byteOffset` in each of them.
    static func transpose(
        _ byteOffset: Int, _ firstColumn: Int, _ column: (Int) -> UnsafeRawPointer, into target: UnsafeMutableRawPointer, rowByteCount: Int)
}

// A transposition of 2^k rows takes k rounds. In each, row i and row i + side / 2 are zipped to the rows 2 i and 2 i + 1.

private enum SquareOfLongs: TransposedSquare {
    typealias Element = UInt64
    static var side: Int { 2 }

    @inline(__always)
    static func transpose(
        _ byteOffset: Int, _ firstColumn: Int, _ column: (Int) -> UnsafeRawPointer, into target: UnsafeMutableRawPointer, rowByteCount: Int
    ) {
        let a = column(firstColumn).loadUnaligned(fromByteOffset: byteOffset, as: SIMD2<UInt64>.self)
        let b = column(firstColumn + 1).loadUnaligned(fromByteOffset: byteOffset, as: SIMD2<UInt64>.self)
        target.storeBytes(of: SIMD2(a[0], b[0]), as: SIMD2<UInt64>.self)
        target.storeBytes(of: SIMD2(a[1], b[1]), toByteOffset: rowByteCount, as: SIMD2<UInt64>.self)
    }
}

private enum SquareOfWords: TransposedSquare {
    typealias Element = UInt32
    private typealias Vector = SIMD4<UInt32>
    static var side: Int { 4 }

    @inline(__always)
    private static func zip(_ a: Vector, _ b: Vector) -> (Vector, Vector) {
        (Vector(a[0], b[0], a[1], b[1]), Vector(a[2], b[2], a[3], b[3]))
    }

    @inline(__always)
    static func transpose(
        _ byteOffset: Int, _ firstColumn: Int, _ column: (Int) -> UnsafeRawPointer, into target: UnsafeMutableRawPointer, rowByteCount: Int
    ) {
        func load(_ index: Int) -> Vector { column(firstColumn + index).loadUnaligned(fromByteOffset: byteOffset, as: Vector.self) }
        func store(_ vector: Vector, _ row: Int) { target.storeBytes(of: vector, toByteOffset: row * rowByteCount, as: Vector.self) }
        let (a, b, c, d) = (load(0), load(1), load(2), load(3))
        let ((e, f), (g, h)) = (zip(a, c), zip(b, d))
        let ((i, j), (k, l)) = (zip(e, g), zip(f, h))
        store(i, 0)
        store(j, 1)
        store(k, 2)
        store(l, 3)
    }
}

/// The square of elements of one byte, or of two.
private enum SquareOfEights<Element: FixedWidthInteger & SIMDScalar & BitwiseCopyable>: TransposedSquare {
    private typealias Vector = SIMD8<Element>
    static var side: Int { 8 }

    @inline(__always)
    private static func zip(_ a: Vector, _ b: Vector) -> (Vector, Vector) {
        (Vector(a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]), Vector(a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7]))
    }

    @inline(__always)
    static func transpose(
        _ byteOffset: Int, _ firstColumn: Int, _ column: (Int) -> UnsafeRawPointer, into target: UnsafeMutableRawPointer, rowByteCount: Int
    ) {
        func load(_ index: Int) -> Vector { column(firstColumn + index).loadUnaligned(fromByteOffset: byteOffset, as: Vector.self) }
        func store(_ pair: (Vector, Vector), _ row: Int) {
            target.storeBytes(of: pair.0, toByteOffset: row * rowByteCount, as: Vector.self)
            target.storeBytes(of: pair.1, toByteOffset: (row + 1) * rowByteCount, as: Vector.self)
        }
        let ((a, b), (c, d)) = (zip(load(0), load(4)), zip(load(1), load(5)))
        let ((e, f), (g, h)) = (zip(load(2), load(6)), zip(load(3), load(7)))
        let ((i, j), (k, l)) = (zip(a, e), zip(b, f))
        let ((m, n), (o, p)) = (zip(c, g), zip(d, h))
        store(zip(i, m), 0)
        store(zip(j, n), 2)
        store(zip(k, o), 4)
        store(zip(l, p), 6)
    }
}
