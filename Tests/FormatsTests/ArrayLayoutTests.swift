import Elements
import Formats
import Testing

@Suite("The layout of an array")
struct ArrayLayoutTests {
    private func layout(
        _ shape: [Int], _ type: ElementType = .float32, fortran: Bool = false, offset: Int = 128
    ) throws(FormatError) -> ArrayLayout {
        try ArrayLayout(elementType: type, isByteSwapped: false, isFortranOrder: fortran, shape: shape, dataByteOffset: offset)
    }

    @Test("Rows and their sizes")
    func rows() throws {
        let matrix = try layout([5, 10], .float16)
        #expect((matrix.rowCount, matrix.elementsPerRow, matrix.rowByteCount) == (5, 10, 20))
        #expect((matrix.elementCount, matrix.dataByteCount, matrix.endByteOffset) == (50, 100, 228))
        let flat = try layout([7], .int64)
        #expect((flat.rowCount, flat.elementsPerRow, flat.rowByteCount) == (7, 1, 8))
        let scalar = try layout([])
        #expect((scalar.rowCount, scalar.elementsPerRow, scalar.elementCount) == (1, 1, 1))
        let empty = try layout([0, 10])
        #expect((empty.rowCount, empty.elementsPerRow, empty.elementCount, empty.rowByteCount) == (0, 10, 0, 40))
        let deep = try layout([2, 3, 4])
        #expect((deep.rowCount, deep.elementsPerRow) == (2, 12))
    }

    @Test("Counts stop at the last byte that can be counted")
    func limits() throws {
        let bytes = try layout([Int.max - 128], .uint8)
        #expect(bytes.endByteOffset == Int.max)
        let tooLarge: [([Int], ElementType)] = [
            ([Int.max - 127], .uint8), ([Int.max], .uint8), ([Int.max / 8 + 1], .float64), ([1 << 32, 1 << 31], .uint8),
            ([0, 1 << 32, 1 << 32], .uint8), ([1 << 32, 1 << 32, 0], .uint8), (Array(repeating: Int.max, count: 64), .bool),
        ]
        for (shape, type) in tooLarge {
            let error = #expect(throws: FormatError.self) { try layout(shape, type) }
            #expect(error?.kind == .arrayTooLarge, "\(shape)")
            #expect((error?.description.utf8.count ?? 0) < 500)
        }
        for shape in [[-1], [3, -5], [0, Int.min], Array(repeating: 1, count: 65)] {
            let error = #expect(throws: FormatError.self) { try layout(shape) }
            #expect(error?.kind == .shape, "\(shape)")
        }
        #expect(try layout(Array(repeating: 1, count: 64)).elementCount == 1)
        #expect(throws: FormatError.self) { try layout([1], offset: -1) }
    }

    @Test("Fortran order is C order too where one dimension at most is not 1")
    func fortranOrder() throws {
        for shape in [[7], [7, 1], [1, 7], [], [0, 5], [5, 0], [1, 7, 1], [1, 1]] {
            let layout = try layout(shape, fortran: true)
            #expect(layout.isFortranOrder && layout.isRowMajor)
        }
        for shape in [[2, 2], [5, 10], [2, 1, 2]] { #expect(try !layout(shape, fortran: true).isRowMajor) }
        #expect(try layout([5, 10]).isRowMajor)
    }

    @Test("Elements of one byte have no order")
    func byteOrder() throws {
        for type in ElementType.allCases {
            let layout = try ArrayLayout(
                elementType: type, isByteSwapped: true, isFortranOrder: false, shape: [1], dataByteOffset: 0)
            #expect(layout.isByteSwapped == (type.byteCount > 1))
        }
    }

    @Test("Shapes read as in Python")
    func text() throws {
        #expect(try layout([]).shapeText == "()")
        #expect(try layout([5]).shapeText == "(5,)")
        #expect(try layout([5, 10]).shapeText == "(5, 10)")
    }
}
