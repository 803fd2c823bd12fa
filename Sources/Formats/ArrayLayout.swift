/// How the numbers of one array lie in a file.
///
/// A row is what shares the first index. Everything counted here is checked when the layout is made: no property overflows, whatever the
/// file said.
public struct ArrayLayout: Sendable, Equatable {
    /// The type of every element.
    public let elementType: ElementType
    /// Stored in the other byte order than this machine's. Never true of 1-byte elements.
    public let isByteSwapped: Bool
    /// Flagged as stored with the first index running fastest. See `requireRowMajor()`.
    public let isFortranOrder: Bool
    /// Dimensions, outermost first. `[]` is a single number.
    public let shape: [Int]
    /// Where the first element lies, counted from the start of the (decompressed) file. Not necessarily aligned to anything.
    public let dataByteOffset: Int
    /// Elements of the whole array, the product of `shape`.
    public let elementCount: Int
    /// Elements that share a first index: the product of the other dimensions, 1 where there are none.
    public let elementsPerRow: Int

    /// NumPy's own limit on dimensions (`NPY_MAXDIMS`, 64 since NumPy 2).
    public static let dimensionCountLimit = 64

    /// Checks and keeps a layout. O(dimensions).
    ///
    /// - Throws: `FormatError` of kind `.shape` for a negative dimension or more than `dimensionCountLimit` of them, of kind
    ///   `.arrayTooLarge` where the end of the data lies beyond `Int.max`. As in NumPy a dimension of 0 does not excuse the others: their
    ///   product must be countable, so that a row's size always is.
    public init(
        elementType: ElementType, isByteSwapped: Bool, isFortranOrder: Bool, shape: [Int], dataByteOffset: Int
    ) throws(FormatError) {
        try self.init(
            elementType: elementType, isByteSwapped: isByteSwapped, isFortranOrder: isFortranOrder, shape: shape,
            dataByteOffset: dataByteOffset, subject: "shape", shapeByteOffset: nil)
    }

    /// The same for a parser that knows where the shape was written.
    init(
        elementType: ElementType, isByteSwapped: Bool, isFortranOrder: Bool, shape: [Int], dataByteOffset: Int,
        subject: String, shapeByteOffset: Int?
    ) throws(FormatError) {
        guard shape.count <= Self.dimensionCountLimit else {
            throw FormatError(
                kind: .shape, subject: subject, byteOffset: shapeByteOffset, found: "\(shape.count) dimensions",
                allowed: "up to \(Self.dimensionCountLimit)")
        }
        var nonzeroProduct = 1
        var overflows = dataByteOffset < 0
        for dimension in shape {
            guard dimension >= 0 else {
                throw FormatError(
                    kind: .shape, subject: subject, byteOffset: shapeByteOffset, found: "dimension \(dimension)", allowed: "0 or more")
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
                kind: .arrayTooLarge, subject: subject, byteOffset: shapeByteOffset,
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

    /// Rows: the first dimension; 1 for a single number.
    public var rowCount: Int { shape.first ?? 1 }

    /// Bytes of one row.
    public var rowByteCount: Int { elementsPerRow * elementType.byteCount }

    /// Bytes of the whole array.
    public var dataByteCount: Int { elementCount * elementType.byteCount }

    /// Where the data end, counted from the start of the (decompressed) file: a whole file has at least this many bytes.
    public var endByteOffset: Int { dataByteOffset + dataByteCount }

    /// Whether rows lie one after another: not flagged Fortran, or of a shape for which both orders are the same (at most one dimension
    /// other than 1, or no elements).
    public var isRowMajor: Bool {
        !isFortranOrder || elementCount == 0 || shape.count { $0 != 1 } <= 1
    }

    /// Refuses an array whose rows do not lie one after another.
    ///
    /// - Throws: `FormatError` of kind `.storageOrder`, with the remedy.
    public func requireRowMajor() throws(FormatError) {
        guard !isRowMajor else { return }
        throw FormatError(
            kind: .storageOrder, subject: "storage order", byteOffset: nil,
            found: "Fortran order (columns first) with shape \(shapeText)", allowed: "C order (rows first)",
            remedy: "save it again as np.save(path, np.ascontiguousarray(array))")
    }

    /// The shape as Python writes it: `()`, `(5,)`, `(5, 10)`.
    public var shapeText: String { Self.text(shape) }

    private static func text(_ shape: [Int]) -> String {
        let dimensions = shape.map { String($0) }
        // A hostile shape may have 64 dimensions of 19 digits: a message need not.
        let shown = dimensions.count > 8 ? dimensions.prefix(8) + ["…"] : dimensions[...]
        return "(" + shown.joined(separator: ", ") + (dimensions.count == 1 ? ",)" : ")")
    }
}
