internal import Parquet

/// A place in a column that a cursor has come to, from which another cursor of the column can go on.
enum ColumnarPlace {
    /// A page of a Parquet file.
    case parquet(PagePlace)
}

/// A reader of the rows of one column, one after another: values that may be null, or lists. It belongs to one worker.
protocol ColumnarCursor: AnyObject {
    /// Goes to the first of some rows of a group, which are read to the last.
    ///
    /// - Parameters:
    ///   - valuesPerRow: the number of values that each list has, by which rows are counted that are not known otherwise; nil to read all
    ///     before the row.
    ///   - place: the place of a cursor of the column, which saves the way to it if it comes before the rows; nil if there is none.
    func begin(group: Int, rows: Range<Int>, valuesPerRow: Int?, near place: ColumnarPlace?) throws(ColumnarError)

    /// The place of the rows that were read last; nil if there is none that saves anything.
    var place: ColumnarPlace? { get }

    /// Reads the next rows of a column without lists, and calls `body` for each stretch of values or nulls in order.
    func readValues(
        _ rowCount: Int, _ body: (_ rows: Range<Int>, _ segment: ColumnarSegment) throws(ColumnarError) -> Void
    ) throws(ColumnarError)

    /// Reads the next lists of a column, and copies their values as they are stored.
    ///
    /// Unsafe: `target` has room for `rowCount * valuesPerRow` stored values. A list with a problem leaves its room as it was, or filled.
    ///
    /// - Parameters:
    ///   - valuesPerRow: the number of values that a list must have, with those of all lists in it.
    ///   - innerCount: the number of values of each list in it, if the column holds lists of lists.
    ///   - problem: called for each list that has another number of values, or nulls.
    func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int?, into target: UnsafeMutableRawPointer,
        problem: (_ row: Int, ColumnarListProblem) -> Void
    ) throws(ColumnarError)

    /// Reads the next lists of a column of numbers as `Float64`, like `readLists(_:valuesPerRow:innerCount:into:problem:)`.
    func readLists(
        _ rowCount: Int, valuesPerRow: Int, innerCount: Int?, numbers target: UnsafeMutablePointer<Double>,
        problem: (_ row: Int, ColumnarListProblem) -> Void
    ) throws(ColumnarError)

    /// Reads the next list of lists without its values, and returns the number of lists in it and of all their values; nil after the last
    /// one of the group. A missing list, or one that is empty, has none; one without lists in it counts as 1.
    func nextShape() throws(ColumnarError) -> (listCount: Int, valueCount: Int)?

    /// Throws if rows of the group are left. It is called after the last row.
    func finish() throws(ColumnarError)
}

extension ColumnarCursor {
    /// Goes to the first of some rows of a group, which are read to the last.
    func begin(group: Int, rows: Range<Int>, valuesPerRow: Int?) throws(ColumnarError) {
        try begin(group: group, rows: rows, valuesPerRow: valuesPerRow, near: nil)
    }
}

/// Some neighbouring rows of a column without lists.
enum ColumnarSegment {
    /// The rows have values: those from an index on.
    case values(any ColumnarValues, from: Int)
    /// The rows are null.
    case null
}

/// Some values of a column, which are valid until the next ones are read.
protocol ColumnarValues: AnyObject {
    /// The values that are bytes of any number.
    var spans: [UnsafeRawBufferPointer] { get }
    /// Converts numbers to `Float64`. Integers beyond 2^53 are rounded.
    func copyNumbers(from start: Int, count: Int, into target: UnsafeMutablePointer<Double>)
    /// Copies values in the column's own type.
    ///
    /// Unsafe: `target` has room for `count` elements of the type.
    func copyElements(from start: Int, count: Int, into target: UnsafeMutableRawPointer)
}

/// The reason why a list is no row of as many values as wanted.
enum ColumnarListProblem {
    /// There is no list.
    case null
    /// The list has a value that is null, at this place in it.
    case nullValue(at: Int)
    /// The list has another number of values.
    case count(Int)
    /// A list in it has another number of values; there are as many in all as wanted.
    case innerCount
}

extension ColumnarValues {
    /// Returns numbers as `Float64`. Integers beyond 2^53 are rounded.
    func numbers(from start: Int, count: Int) -> [Double] {
        var numbers = [Double](repeating: 0, count: count)
        numbers.withUnsafeMutableBufferPointer { numbers in
            if let base = numbers.baseAddress { copyNumbers(from: start, count: count, into: base) }
        }
        return numbers
    }

    /// Returns values of a column of Int64.
    func integers(from start: Int, count: Int) -> [Int64] {
        var integers = [Int64](repeating: 0, count: count)
        integers.withUnsafeMutableBytes { bytes in
            if let base = bytes.baseAddress { copyElements(from: start, count: count, into: base) }
        }
        return integers
    }
}
