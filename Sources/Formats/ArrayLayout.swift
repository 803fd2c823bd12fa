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
        self.dataByteOffset = dataByteOffset
        // The product of the nonzero dimensions fits, so the product of any of the dimensions does.
        self.elementCount = shape.reduce(1, *)
        self.elementsPerRow = shape.dropFirst().reduce(1, *)
    }

    /// The number of rows: the first dimension, 1 for a single number.
    public var rowCount: Int { shape.first ?? 1 }

    /// The number of bytes in one row.
    public var rowByteCount: Int { elementsPerRow * elementType.byteCount }

    /// The number of bytes in the whole array.
    public var dataByteCount: Int { elementCount * elementType.byteCount }

    /// The offset of the first byte after the data, counted from the start of the (decompressed) file. A whole file has at least this many
    /// bytes.
    public var endByteOffset: Int { dataByteOffset + dataByteCount }

    /// True if the rows lie one after another: the header does not say Fortran order, or the shape has the same bytes in both orders (at
    /// most one dimension other than 1, or no elements).
    public var isRowMajor: Bool {
        !isFortranOrder || elementCount == 0 || shape.count { $0 != 1 } <= 1
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
