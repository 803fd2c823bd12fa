internal import Elements

/// A reader of Spark's vectors: four columns that say for each row whether all values are there, or which.
final class SparkVectorReader {
    private let types: any ColumnarCursor
    private let sizes: any ColumnarCursor
    private let indices: any ColumnarCursor
    private let values: any ColumnarCursor
    private var typeNumbers: [Int32] = []
    private var sizeNumbers: [Int32] = []
    private var indexNumbers: [Int32] = []
    private var sparseValues: [Double] = []
    private var indexCounts: [Int] = []
    private var valueCounts: [Int] = []

    init(_ file: any ColumnarFile, _ vector: ColumnarTable.SparkVector) {
        func cursor(_ leaf: StoredColumn) -> any ColumnarCursor { file.makeCursor(leaf, reusing: nil) }
        types = cursor(vector.type)
        sizes = cursor(vector.size)
        indices = cursor(vector.indices)
        values = cursor(vector.values)
    }

    func begin(group: Int, rows: Range<Int>) throws(ColumnarError) {
        for cursor in [types, sizes, indices, values] { try cursor.begin(group: group, rows: rows, valuesPerRow: nil) }
    }

    /// Returns the number of values of the first vector of a group that is not null; nil if there is none.
    static func firstWidth(_ file: any ColumnarFile, group: Int, _ vector: ColumnarTable.SparkVector) throws(ColumnarError) -> Int? {
        let reader = SparkVectorReader(file, vector)
        try reader.begin(group: group, rows: 0..<file.groupRowCounts[group])
        for _ in 0..<file.groupRowCounts[group] {
            try Self.read(1, reader.types, into: &reader.typeNumbers)
            try Self.read(1, reader.sizes, into: &reader.sizeNumbers)
            guard let length = try reader.values.nextShape()?.valueCount else { return nil }
            if reader.typeNumbers[0] == 1, length > 0 { return length }
            if reader.typeNumbers[0] == 0, reader.sizeNumbers[0] > 0 { return Int(reader.sizeNumbers[0]) }
        }
        return nil
    }

    /// Reads integers; −1 for a null.
    private static func read(_ count: Int, _ cursor: any ColumnarCursor, into numbers: inout [Int32]) throws(ColumnarError) {
        numbers.removeAll(keepingCapacity: true)
        numbers.append(contentsOf: repeatElement(-1, count: count))
        try cursor.readValues(count) { rows, segment in
            guard case .values(let read, let from) = segment else { return }
            var found = [Double](repeating: 0, count: rows.count)
            found.withUnsafeMutableBufferPointer { found in
                if let base = found.baseAddress { read.copyNumbers(from: from, count: rows.count, into: base) }
            }
            for (row, number) in zip(rows, found) { numbers[row] = Int32(exactly: number) ?? -1 }
        }
    }

    /// Reads the next vectors, and calls `problem` for each that is none of `valuesPerRow` values, in order.
    func read(
        _ rowCount: Int, valuesPerRow: Int, into target: UnsafeMutablePointer<Double>, problem: (_ row: Int, String) -> Void
    ) throws(ColumnarError) {
        try Self.read(rowCount, types, into: &typeNumbers)
        try Self.read(rowCount, sizes, into: &sizeNumbers)
        func lengths(_ counts: inout [Int]) {
            counts.removeAll(keepingCapacity: true)
            counts.append(contentsOf: repeatElement(valuesPerRow, count: rowCount))
        }
        lengths(&indexCounts)
        lengths(&valueCounts)
        /// Returns how many values a list has that may be used; −1 for none.
        func usable(_ problem: ColumnarListProblem) -> Int {
            if case .count(let count) = problem, count <= valuesPerRow { count } else { -1 }
        }
        let placeCount = rowCount * valuesPerRow
        if indexNumbers.count < placeCount { indexNumbers = [Int32](repeating: 0, count: placeCount) }
        if sparseValues.count < placeCount { sparseValues = [Double](repeating: 0, count: placeCount) }
        try indexNumbers.withUnsafeMutableBufferPointer { numbers throws(ColumnarError) in
            guard let base = numbers.baseAddress else { return }
            try indices.readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: nil, into: base) { indexCounts[$0] = usable($1) }
        }
        try sparseValues.withUnsafeMutableBufferPointer { numbers throws(ColumnarError) in
            guard let base = numbers.baseAddress else { return }
            try values.readLists(rowCount, valuesPerRow: valuesPerRow, innerCount: nil, into: base) { valueCounts[$0] = usable($1) }
        }
        for row in 0..<rowCount {
            let start = row * valuesPerRow
            switch typeNumbers[row] {
            case 1 where valueCounts[row] == valuesPerRow:
                for place in start..<start + valuesPerRow { target[place] = sparseValues[place] }
            case 0 where Int(sizeNumbers[row]) == valuesPerRow && valueCounts[row] >= 0 && indexCounts[row] == valueCounts[row]:
                for place in start..<start + valuesPerRow { target[place] = 0 }
                var last: Int32 = -1
                for place in start..<start + valueCounts[row] {
                    let index = indexNumbers[place]
                    guard index > last, index < valuesPerRow else {
                        problem(row, "the index \(index) of a sparse vector of \(valuesPerRow) values comes after \(last)")
                        break
                    }
                    target[start + Int(index)] = sparseValues[place]
                    last = index
                }
            case -1: problem(row, "a null is no vector")
            default: problem(row, "it is no vector of \(valuesPerRow) values")
            }
        }
    }
}
