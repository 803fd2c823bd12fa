import Elements
import Formats
import SeededRandom
import Testing

@Suite("The rows of an array")
struct ArrayRowsTests {
    private func layout(_ shape: [Int], fortran: Bool = false) throws(FormatError) -> ArrayLayout {
        try ArrayLayout(elementType: .float32, isByteSwapped: false, isFortranOrder: fortran, shape: shape, dataByteOffset: 0)
    }

    /// The places of an array in the order of their storage, and where each of them is.
    private func elements(_ shape: [Int], fortran: Bool) -> [[Int]: Int] {
        var places: [[Int]] = [[]]
        for dimension in fortran ? shape.reversed() : shape {
            places = places.flatMap { place in (0..<dimension).map { place + [$0] } }
        }
        return Dictionary(uniqueKeysWithValues: places.enumerated().map { (fortran ? $1.reversed() : $1, $0) })
    }

    /// Random arrays of up to five axes in either order: each value of each row is where the definition says that it is.
    @Test("Every value lies where its indices say")
    func everyPlace() throws {
        let seed: UInt64 = 62
        var random = SplitMix64(seed: seed)
        for _ in 0..<600 {
            let shape = (0..<Int.random(in: 1...5, using: &random)).map { _ in [1, 1, 2, 3, 4, 5].randomElement(using: &random)! }
            let fortran = Bool.random(using: &random)
            let axis = Bool.random(using: &random) ? Int.random(in: 0..<shape.count, using: &random) : nil
            let canShift = shape.count - (axis == nil ? 0 : 1) >= 2
            let end: ArrayRows.End? = canShift ? [nil, .first, .last].randomElement(using: &random)! : nil
            let what = "seed \(seed): shape \(shape), Fortran \(fortran), axis \(axis.map { "\($0)" } ?? "none"), \(end.map { "\($0)" } ?? "all")"
            let rows = ArrayRows(of: try layout(shape, fortran: fortran), valueAxis: axis, leavingOut: end)
            let stored = elements(shape, fortran: fortran)
            var rowShape = shape
            if let axis { rowShape.remove(at: axis) }
            if end != nil { rowShape[1] -= 1 }
            #expect(rows.shape == rowShape, "\(what)")
            #expect(rows.rowCount == rowShape.reduce(1, *), "\(what)")
            #expect(rows.valuesPerRow == axis.map { shape[$0] } ?? 1, "\(what)")
            var expected: [Int] = []
            for row in 0..<rows.rowCount {
                var place: [Int] = []
                var left = row
                for count in rowShape.reversed() {
                    place.insert(left % count, at: 0)
                    left /= count
                }
                if end == .first { place[1] += 1 }
                if let axis { place.insert(0, at: axis) }
                for value in 0..<rows.valuesPerRow {
                    if let axis { place[axis] = value }
                    let element = try #require(stored[place])
                    #expect(rows.firstElement(ofRow: row) + value * rows.valueStride == element, "\(what): row \(row), value \(value)")
                    expected.append(element)
                }
            }
            #expect(rows.isContiguous == (expected == Array(0..<shape.reduce(1, *))), "\(what)")
        }
    }

    @Test("Neighbouring axes are one where a step goes through both")
    func merging() throws {
        let tokens = ArrayRows(of: try layout([2, 3, 4]))
        #expect(tokens.axes == [ArrayRows.Axis(count: 6, stride: 4)] && tokens.shape == [2, 3] && tokens.isContiguous)
        let columns = ArrayRows(of: try layout([7, 3], fortran: true))
        #expect(columns.axes == [ArrayRows.Axis(count: 7, stride: 1)] && columns.valueStride == 7 && !columns.isContiguous)
        let images = ArrayRows(of: try layout([2, 3, 4, 5]), valueAxis: 1)
        #expect(images.axes == [ArrayRows.Axis(count: 2, stride: 60), ArrayRows.Axis(count: 20, stride: 1)] && images.valueStride == 20)
        // One column, or one row, is the same in both orders.
        for shape in [[7], [7, 1], [1, 7], [1, 7, 1]] {
            #expect(ArrayRows(of: try layout(shape, fortran: true)).isContiguous, "\(shape)")
        }
    }

    @Test("Arrays without elements")
    func empty() throws {
        let rowless = ArrayRows(of: try layout([0, 5], fortran: true))
        #expect((rowless.rowCount, rowless.valuesPerRow, rowless.isContiguous) == (0, 5, true))
        let valueless = ArrayRows(of: try layout([4, 0]))
        #expect((valueless.rowCount, valueless.valuesPerRow, valueless.isContiguous) == (4, 0, true))
        let huge = ArrayRows(of: try layout([Int.max / 8, 0, 1], fortran: true))
        #expect((huge.rowCount, huge.valuesPerRow) == (0, 1))
        #expect(ArrayRows(of: try layout([])).rowCount == 1)
        // A sequence of one place has no place after its first.
        let short = ArrayRows(of: try layout([3, 1, 4]), valueAxis: 2, leavingOut: .last)
        #expect((short.rowCount, short.isContiguous) == (0, false))
    }
}
