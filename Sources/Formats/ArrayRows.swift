/// The rows of an array: the axes that count them, in the order in which they are numbered, and the axis that holds a row's values.
///
/// Rows are numbered as NumPy's `reshape(-1)` numbers them, in C order of the axes that count them, however the array is stored. Every row
/// lies at a fixed distance from its neighbours along each axis, so an array in Fortran order, one with strides, and one whose classes are
/// not its last axis are described in the same way.
///
/// ```swift
/// let layout = try ArrayLayout(
///     elementType: .float32, isByteSwapped: false, isFortranOrder: true, shape: [1000, 3], dataByteOffset: 128)
/// let rows = ArrayRows(of: layout)
/// print(rows.rowCount, rows.valuesPerRow, rows.valueStride)  // 1000 3 1000
/// ```
public struct ArrayRows: Sendable, Equatable {
    /// Neighbouring axes of an array that are gone through with one step.
    public struct Axis: Sendable, Equatable {
        /// The number of places.
        public let count: Int
        /// The distance of neighbouring places in elements, as they are stored.
        public let stride: Int

        /// Makes an axis.
        public init(count: Int, stride: Int) {
            self.count = count
            self.stride = stride
        }
    }

    /// An end of an axis.
    public enum End: Sendable {
        /// The place with index 0.
        case first
        /// The place with the largest index.
        case last
    }

    /// The dimensions of the array without the axis of the values, outermost first, without a place that is left out.
    public let shape: [Int]
    /// The axes that count the rows, outermost first. Neighbours that one step goes through are one axis, and axes of one place are left
    /// out, unless no other is left.
    public let axes: [Axis]
    /// The number of values a row.
    public let valuesPerRow: Int
    /// The distance of a row's neighbouring values in elements, as they are stored.
    public let valueStride: Int
    /// The index of the first row's first element, as they are stored.
    public let firstElement: Int
    /// The number of rows.
    public let rowCount: Int
    /// True if the rows lie one after another and are all of the array.
    public let isContiguous: Bool

    /// Makes the usual rows of an array: their values are along the last axis. An array of one dimension, or none, has one value a row.
    public init(of layout: ArrayLayout) {
        self.init(of: layout, valueAxis: layout.shape.count > 1 ? layout.shape.count - 1 : nil)
    }

    /// Makes the rows of an array. O(dimensions).
    ///
    /// - Parameters:
    ///   - layout: the place, type, shape and order of the array's elements.
    ///   - valueAxis: the index of the axis that holds a row's values; nil if each element is a row.
    ///   - end: the end of the second of the axes that count rows at which one place is left out.
    /// - Precondition: the array has the axis `valueAxis`. If `end` is given, two other axes or more.
    public init(of layout: ArrayLayout, valueAxis: Int?, leavingOut end: End? = nil) {
        // A step along one axis, with the axes before it, or after it in Fortran order.
        var strides = layout.shape
        var step = 1
        for axis in layout.isFortranOrder ? Array(layout.shape.indices) : layout.shape.indices.reversed() {
            strides[axis] = step
            // The product of the dimensions fits if none is 0, and the strides of an array without elements are not used.
            step = step.multipliedReportingOverflow(by: layout.shape[axis]).partialValue
        }
        strides = layout.strides ?? strides
        var rowAxes = zip(layout.shape, strides).map { Axis(count: $0, stride: $1) }
        var values = Axis(count: 1, stride: 1)
        if let valueAxis { values = rowAxes.remove(at: valueAxis) }
        var firstElement = 0
        if let end {
            let axis = rowAxes[1]
            rowAxes[1] = Axis(count: max(0, axis.count - 1), stride: axis.stride)
            if end == .first { firstElement = axis.stride }
        }
        shape = rowAxes.map(\.count)
        let rowCount = rowAxes.reduce(1) { $0 * $1.count }
        self.rowCount = rowCount
        valuesPerRow = values.count
        guard rowCount > 0, layout.elementCount > 0 else {
            axes = [Axis(count: rowCount, stride: values.count)]
            valueStride = 1
            self.firstElement = 0
            isContiguous = layout.elementCount == 0
            return
        }
        var merged: [Axis] = []
        for axis in rowAxes where axis.count > 1 {
            if let last = merged.last, last.stride == axis.count * axis.stride {
                merged[merged.count - 1] = Axis(count: last.count * axis.count, stride: axis.stride)
            } else {
                merged.append(axis)
            }
        }
        if merged.isEmpty { merged = [Axis(count: 1, stride: values.count)] }
        axes = merged
        valueStride = values.count == 1 ? 1 : values.stride
        self.firstElement = firstElement
        isContiguous =
            merged.count == 1 && merged[0].stride == values.count && valueStride == 1 && rowCount * values.count == layout.elementCount
    }

    /// The index of a row's first element, as they are stored. O(axes).
    public func firstElement(ofRow row: Int) -> Int {
        var (row, element) = (row, firstElement)
        for axis in axes.reversed() {
            element += row % axis.count * axis.stride
            row /= axis.count
        }
        return element
    }
}
