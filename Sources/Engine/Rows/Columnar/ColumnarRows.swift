internal import Elements
internal import Formats
internal import Messages

/// A columnar table with the columns that are wanted of it.
struct ColumnarRows: Sendable {
    let table: ColumnarTable
    let selection: RecordSelection
    /// The number of rows of the evaluation that a row of the table holds: the lists of a list of lists, or the labels of a list of labels.
    let rowsPerRecord: Int

    init(_ table: ColumnarTable, _ selection: RecordSelection, rowsPerRecord: Int = 1) {
        self.table = table
        self.selection = selection
        self.rowsPerRecord = rowsPerRecord
    }

    /// The number of rows of the evaluation.
    ///
    /// The product fits: each row of a list of lists has a value, and values are counted by the file.
    var rowCount: Int { table.rowCount.multipliedReportingOverflow(by: rowsPerRecord).partialValue }

    var path: String { table.path }
    var file: any ColumnarFile { table.file }

    /// Finds the leaves that hold numbers for a role, and throws if a column holds none.
    func checkNumbers(_ paths: [RecordPath], _ role: ColumnRole) throws(EngineError) {
        for path in paths {
            let leaf: StoredColumn
            switch table.storage(of: path) {
            case .value(let column): leaf = column
            case .list(let column): leaf = column
            case .vector: continue
            }
            guard leaf.isNumber, leaf.elementType != .bool || role.isLabels, leaf.listDepth <= 2 else {
                throw EngineError(
                    .data, path: self.path, "column \(ColumnName.list([path.name])) holds \(leaf.typeText), and \(role.text) are numbers",
                    remedy: leaf.listDepth > 2
                        ? "write one list a row, or a list of lists" : "check \(setting: role.setting)")
            }
        }
    }

    /// The stored type of all predictions; `.float64` if they are of several types, or of none that losses are computed from.
    var predictionType: ElementType {
        var types: Set<ElementType?> = []
        for path in selection.predictions {
            switch table.storage(of: path) {
            case .value(let leaf), .list(let leaf): types.insert(leaf.elementType)
            case .vector: types.insert(.float64)
            }
        }
        guard types.count == 1, let only = types.first, let type = only, type.isFloatingPoint else { return .float64 }
        return type
    }

    /// Counts the values a row of some columns: as many as there are, or those of the first list that is not empty.
    ///
    /// - Throws: an `EngineError` if columns with lists stand beside other columns, or if no row has a list.
    func valuesPerRow(_ paths: [RecordPath], _ role: ColumnRole) throws(EngineError) -> Int { try shape(paths, role).valuesPerRow }

    /// Counts the values a row of some columns, and the rows that a row of the table holds: the lists of the first list of lists.
    func shape(_ paths: [RecordPath], _ role: ColumnRole) throws(EngineError) -> (rowsPerRecord: Int, valuesPerRow: Int) {
        try checkNumbers(paths, role)
        guard let first = paths.first else { return (1, 0) }
        let lists = paths.filter { path in
            if case .value = table.storage(of: path) { false } else { true }
        }
        guard !lists.isEmpty else { return (1, paths.count) }
        guard paths.count == 1 else {
            throw EngineError(
                .data, path: path, "column \(ColumnName.list([lists[0].name])) holds lists, and stands among other columns of \(role.text)",
                remedy: "name the one column with all values with \(setting: role.setting)")
        }
        for group in table.groupRowCounts.indices where table.groupRowCounts[group] > 0 {
            let found = try EngineError.ofColumns { () throws(ColumnarError) -> (listCount: Int, valueCount: Int)? in
                switch table.storage(of: first) {
                case .value: return (1, 1)
                case .list(let leaf):
                    let cursor = file.makeCursor(leaf, reusing: nil)
                    try cursor.begin(group: group, rows: 0..<table.groupRowCounts[group], valuesPerRow: nil)
                    while let shape = try cursor.nextShape() {
                        if shape.valueCount > 0 { return shape }
                    }
                    return nil
                case .vector(let vector):
                    return try SparkVectorReader.firstWidth(file, group: group, vector).map { (1, $0) }
                }
            }
            guard let found else { continue }
            guard found.valueCount % found.listCount == 0 else {
                throw EngineError(
                    .data, path: path,
                    "column \(ColumnName.list([first.name])) holds lists of lists, and those of the first row are not of one length",
                    remedy: "write lists of one shape")
            }
            let count = found.valueCount / found.listCount
            guard count <= RowLayout.valueCountLimit else {
                throw EngineError(
                    .data, path: path, "\(count) values a row, up to \(RowLayout.valueCountLimit) are read",
                    remedy: "check \(setting: role.setting)")
            }
            return (found.listCount, count)
        }
        throw EngineError(.data, path: path, "no row has \(role.text)", remedy: "check \(setting: role.setting)")
    }

    /// The label column of class indices, with the names that labels may be; nil if labels are of another kind.
    var classLabel: (path: RecordPath, names: ClassNames?)? {
        guard case .classIndex(let path, let names) = selection.labels else { return nil }
        return (path, names.map { ClassNames($0, ignoredLabel: selection.ignoredLabel) })
    }

    /// True if whole numbers are names of classes, and some of them are no places.
    var needsLookup: Bool {
        guard case .classIndex(_, let names?) = selection.labels else { return false }
        return ClassNames.classIndicesOfNumbers(names) != nil
    }

    /// The type in which class labels are handed over: as they are stored, or `.int64` if names are looked up.
    var classLabelType: ElementType {
        guard let path = classLabel?.path else { return .int64 }
        let leaf: StoredColumn
        switch table.storage(of: path) {
        case .value(let column), .list(let column): leaf = column
        case .vector: return .int64
        }
        if needsLookup { return .int64 }
        if leaf.isDecimal { return .float64 }
        return leaf.elementType ?? .int64
    }
}
