public import Elements

/// The place of an array's numbers in a file, with their type and shape.
///
/// A row is the elements that share the first index; `ArrayRows` counts rows along any axes. All counts are checked when the layout is made: no property overflows, whatever the
/// file said.
public struct ArrayLayout: Sendable, Equatable {
    /// The type of every element.
    public let elementType: ElementType
    /// True if the elements are stored in the other byte order than this machine's. Never true of 1-byte elements.
    public let isByteSwapped: Bool
    /// True if the header says that the first index runs fastest.
    public let isFortranOrder: Bool
    /// The dimensions, outermost first. `[]` is a single number.
    public let shape: [Int]
    /// The distances of neighbouring places along each dimension, in elements; nil if the elements lie one after another, in C or Fortran
    /// order. They are 0 or more, and no two places share an element.
    public let strides: [Int]?
    /// The number of elements from the first one to the last one, as they are stored.
    private let spanElementCount: Int
    /// The offset of the first element in bytes, counted from the start of the (decompressed) file. It need not be aligned.
    public let dataByteOffset: Int
    /// The number of elements in the whole array, the product of `shape`.
    public let elementCount: Int
    /// The number of elements in a row: the product of the dimensions after the first, 1 for an array without such dimensions.
    public let elementsPerRow: Int

    /// NumPy's own limit on dimensions (`NPY_MAXDIMS`, 64 since NumPy 2).
    public static let dimensionCountLimit = 64

    /// Makes a layout and checks it. O(dimensions).
    ///
    /// - Throws: `FormatError` of kind `.shape` for a negative dimension or more than `dimensionCountLimit` of them, of kind
    ///   `.arrayTooLarge` if the data would end beyond `Int.max`. A dimension of 0 does not excuse the others, as in NumPy: their product
    ///   must be countable, so that a row's size always is.
    public init(
        elementType: ElementType, isByteSwapped: Bool, isFortranOrder: Bool, shape: [Int], dataByteOffset: Int
    ) throws(FormatError) {
        try self.init(
            elementType: elementType, isByteSwapped: isByteSwapped, isFortranOrder: isFortranOrder, shape: shape,
            dataByteOffset: dataByteOffset, subject: "shape", shapeByteOffset: nil)
    }

    /// Makes a layout for a parser, which knows the place of the shape in the file and names it in errors.
    init(
        elementType: ElementType, isByteSwapped: Bool, isFortranOrder: Bool, shape: [Int], dataByteOffset: Int,
        subject: @autoclosure () -> String, shapeByteOffset: Int?
    ) throws(FormatError) {
        guard shape.count <= Self.dimensionCountLimit else {
            throw FormatError(
                kind: .shape, subject: subject(), byteOffset: shapeByteOffset, found: "\(shape.count) dimensions",
                allowed: "up to \(Self.dimensionCountLimit)")
        }
        var nonzeroProduct = 1
        var overflows = dataByteOffset < 0
        for dimension in shape {
            guard dimension >= 0 else {
                throw FormatError(
                    kind: .shape, subject: subject(), byteOffset: shapeByteOffset, found: "dimension \(dimension)", allowed: "0 or more")
            }
            if dimension == 0 { continue }
            let product = nonzeroProduct.multipliedReportingOverflow(by: dimension)
            nonzeroProduct = product.partialValue
            overflows = overflows || product.overflow
        }
        let byteCount = nonzeroProduct.multipliedReportingOverflow(by: elementType.byteCount)
        let end = dataByteOffset.addingReportingOverflow(byteCount.partialValue)
        guard !overflows, !byteCount.overflow, !end.overflow else {
            throw FormatError(
                kind: .arrayTooLarge, subject: subject(), byteOffset: shapeByteOffset,
                found: "\(Self.text(shape)) of \(elementType.byteCount)-byte elements", allowed: "up to \(Int.max) bytes",
                remedy: "no such file exists: the header is damaged")
        }
        self.elementType = elementType
        self.isByteSwapped = isByteSwapped && elementType.byteCount > 1
        self.isFortranOrder = isFortranOrder
        self.shape = shape
        strides = nil
        self.dataByteOffset = dataByteOffset
        // The product of the nonzero dimensions fits, so the product of any of the dimensions does.
        self.elementCount = shape.reduce(1, *)
        self.elementsPerRow = shape.dropFirst().reduce(1, *)
        spanElementCount = elementCount
    }

    /// Makes a layout of elements at any distances from one another, such as that of a view. O(dimensions · log dimensions).
    ///
    /// - Parameter strides: the distance of neighbouring places along each dimension, in elements. Those of dimensions with one place count
    ///   for nothing.
    /// - Throws: `FormatError` of kind `.shape` if a stride is missing or negative, or if two places share an element, as after `expand`;
    ///   and the errors of a layout without strides.
    package init(
        elementType: ElementType, isByteSwapped: Bool, shape: [Int], strides: [Int], dataByteOffset: Int, subject: String
    ) throws(FormatError) {
        let dense = try ArrayLayout(
            elementType: elementType, isByteSwapped: isByteSwapped, isFortranOrder: false, shape: shape, dataByteOffset: dataByteOffset,
            subject: subject, shapeByteOffset: nil)
        guard strides.count == shape.count, strides.allSatisfy({ $0 >= 0 }) else {
            throw FormatError(
                kind: .shape, subject: subject, byteOffset: nil, found: "strides \(Self.text(strides)) for shape \(Self.text(shape))",
                allowed: "one stride for each dimension, 0 or more")
        }
        let axes = zip(shape, strides).filter { $0.0 > 1 }
        // The strides of the usual orders, for the dimensions that have several places.
        func areDense(_ axes: [(Int, Int)]) -> Bool {
            var step = 1
            for (count, stride) in axes {
                if stride != step { return false }
                step *= count
            }
            return true
        }
        if dense.elementCount == 0 || areDense(axes.reversed()) {
            self = dense
            return
        }
        if areDense(axes) {
            try self.init(
                elementType: elementType, isByteSwapped: isByteSwapped, isFortranOrder: true, shape: shape, dataByteOffset: dataByteOffset,
                subject: subject, shapeByteOffset: nil)
            return
        }
        var span = 1
        for (count, stride) in axes.sorted(by: { $0.1 < $1.1 }) {
            guard stride >= span else {
                throw FormatError(
                    kind: .shape, subject: subject, byteOffset: nil,
                    found: "strides \(Self.text(strides)) for shape \(Self.text(shape)), by which elements stand for several places",
                    allowed: "an element for each place", remedy: "save tensor.contiguous()")
            }
            // A place beyond the last one must be countable too, so that steps along several dimensions always are.
            let step = count.multipliedReportingOverflow(by: stride)
            let end = span.addingReportingOverflow(step.partialValue)
            guard !step.overflow, !end.overflow else { throw Self.tooLarge(shape, strides, elementType, subject) }
            span += step.partialValue - stride
        }
        let byteCount = span.multipliedReportingOverflow(by: elementType.byteCount)
        guard !byteCount.overflow, !dataByteOffset.addingReportingOverflow(byteCount.partialValue).overflow else {
            throw Self.tooLarge(shape, strides, elementType, subject)
        }
        self.init(dense, strides: strides, spanElementCount: span)
    }

    /// Makes a layout with strides of one without.
    private init(_ dense: ArrayLayout, strides: [Int], spanElementCount: Int) {
        elementType = dense.elementType
        isByteSwapped = dense.isByteSwapped
        isFortranOrder = false
        shape = dense.shape
        self.strides = strides
        dataByteOffset = dense.dataByteOffset
        elementCount = dense.elementCount
        elementsPerRow = dense.elementsPerRow
        self.spanElementCount = spanElementCount
    }

    private static func tooLarge(_ shape: [Int], _ strides: [Int], _ type: ElementType, _ subject: String) -> FormatError {
        FormatError(
            kind: .arrayTooLarge, subject: subject, byteOffset: nil,
            found: "\(text(shape)) of \(type.byteCount)-byte elements, with strides \(text(strides))", allowed: "up to \(Int.max) bytes",
            remedy: "no such file exists: it is damaged")
    }

    /// The number of rows: the first dimension, 1 for a single number.
    public var rowCount: Int { shape.first ?? 1 }

    /// The number of bytes in one row.
    public var rowByteCount: Int { elementsPerRow * elementType.byteCount }

    /// The number of bytes from the array's first element to the end of its last one. Of an array with strides there are bytes among them
    /// that are not the array's.
    public var dataByteCount: Int { spanElementCount * elementType.byteCount }

    /// The offset of the first byte after the data, counted from the start of the (decompressed) file. A whole file has at least this many
    /// bytes.
    public var endByteOffset: Int { dataByteOffset + dataByteCount }

    /// True if the rows lie one after another: the header does not say Fortran order, or the shape has the same bytes in both orders (at
    /// most one dimension other than 1, or no elements).
    public var isRowMajor: Bool {
        strides == nil && (!isFortranOrder || elementCount == 0 || shape.count { $0 != 1 } <= 1)
    }

    /// The shape as Python writes it: `()`, `(5,)`, `(5, 10)`.
    public var shapeText: String { Self.text(shape) }

    private static func text(_ shape: [Int]) -> String {
        let dimensions = shape.map { String($0) }
        // A hostile shape may have 64 dimensions of 19 digits; a message shows eight.
        let shown = dimensions.count > 8 ? dimensions.prefix(8) + ["…"] : dimensions[...]
        return "(" + shown.joined(separator: ", ") + (dimensions.count == 1 ? ",)" : ")")
    }
}
