internal import Elements
internal import Formats
internal import Messages
internal import Parquet
internal import WorkStealing

/// The rows of Parquet files: predictions with what lies beside them, or labels or weights alone.
///
/// A unit is a row group, or, where row groups are large, some of its rows that begin with a page of the predictions. In pages of lists
/// that do not say how many rows they have, rows are counted by their values; if that turns out wrong, `ReadingMode` begins again with
/// whole row groups.
struct ParquetRowSource: UnitRowSource {
    let files: [ParquetRows]
    /// The column that gives the rows' values.
    let values: RecordColumnKind
    /// The columns beside the values, in the order of `layout.columns`.
    let columns: [RecordColumnKind]
    let layout: RowLayout
    /// The type of the predictions of each file.
    fileprivate let valueTypes: [ElementType]
    fileprivate let units: [Unit]
    private let totalRowCount: Int

    /// Some rows of a row group.
    fileprivate struct Unit: Sendable {
        let file: Int
        let rowGroup: Int
        /// The numbers of the rows among all.
        let rows: Range<Int>
        /// The rows of the table that hold them, in the row group.
        let records: Range<Int>
        /// The number of the first row in its file.
        let rowInFile: Int
        /// True if the rows of the row group were counted by values.
        let isCounted: Bool
        /// True if the rows may be others than those of the unit: they were counted, or are where the file's index of pages has them.
        let mayBeWrong: Bool
    }

    /// The approximate number of bytes of values in a unit.
    private static let unitByteCount = 8 << 20

    /// Makes a source of predictions, with the columns beside them that the first file's selection names.
    ///
    /// - Parameter cutsPages: true if row groups are cut at pages.
    init(predictionsOf files: [ParquetRows], valuesPerRow: Int, cutsPages: Bool) throws(EngineError) {
        var columns: [RecordColumnKind] = []
        var layouts: [ColumnLayout] = []
        if let selection = files.first?.selection {
            switch selection.labels {
            case .none: break
            case .classIndex:
                columns.append(.classLabels)
                layouts.append(ColumnLayout(name: CompanionColumn.labels, elementType: Self.classLabelType(of: files)))
            case .numbers:
                columns.append(.targets)
                layouts.append(
                    ColumnLayout(
                        name: CompanionColumn.labels, elementType: ParquetRows.targetType(of: files),
                        valuesPerRow: selection.labelsPerRow ?? 1))
            }
            if selection.weight != nil {
                columns.append(.weights)
                layouts.append(ColumnLayout(name: CompanionColumn.weights, elementType: .float64))
            }
        }
        try self.init(.predictions, files, columns, layouts, valuesPerRow: valuesPerRow, cutsPages: cutsPages)
    }

    /// Makes a source of one column, such as labels that lie apart from their predictions.
    init(_ values: RecordColumnKind, of files: [ParquetRows], valuesPerRow: Int) throws(EngineError) {
        try self.init(values, files, [], [], valuesPerRow: valuesPerRow, cutsPages: false)
    }

    private init(
        _ values: RecordColumnKind, _ files: [ParquetRows], _ columns: [RecordColumnKind], _ layouts: [ColumnLayout], valuesPerRow: Int,
        cutsPages: Bool
    ) throws(EngineError) {
        self.values = values
        self.files = files
        self.columns = columns
        let fixed: ElementType? =
            switch values {
            case .classLabels: Self.classLabelType(of: files)
            case .predictions: nil
            case .targets: ParquetRows.targetType(of: files)
            default: .float64
            }
        valueTypes = files.map { fixed ?? $0.predictionType }
        layout = RowLayout(elementType: valueTypes.first ?? .float64, valuesPerRow: valuesPerRow, columns: layouts)
        var units: [Unit] = []
        var firstRow = 0
        for (index, rows) in files.enumerated() {
            try rows.check(values, columns, valuesPerRow: valuesPerRow)
            let perRecord = rows.rowsPerRecord
            let rowsPerUnit = max(1, Self.unitByteCount / max(1, perRecord * valuesPerRow * valueTypes[index].byteCount))
            let total = rows.table.rowCount.multipliedReportingOverflow(by: perRecord)
            guard !total.overflow, !firstRow.addingReportingOverflow(total.partialValue).overflow else {
                throw EngineError(.data, path: rows.path, "its rows cannot be counted", remedy: "its footer is damaged")
            }
            let firstRowOfFile = firstRow
            for group in rows.file.rowGroups.indices {
                let count = rows.file.rowGroups[group].rowCount
                var cuts = [0, count]
                var isCounted = false
                var isIndexed = false
                if cutsPages, count >= 2 * rowsPerUnit,
                    let pages = try rows.pageRows(rowGroup: group, valuesPerRow: valuesPerRow * perRecord)
                {
                    cuts = Self.cuts(pages.rowCounts, rowsPerUnit: rowsPerUnit)
                    isCounted = pages.count == .counted
                    isIndexed = pages.count == .indexed
                }
                for (start, end) in zip(cuts, cuts.dropFirst()) where end > start {
                    units.append(
                        Unit(
                            file: index, rowGroup: group, rows: firstRow + start * perRecord..<firstRow + end * perRecord,
                            records: start..<end, rowInFile: firstRow + start * perRecord - firstRowOfFile,
                            isCounted: isCounted && cuts.count > 2, mayBeWrong: (isCounted || isIndexed) && cuts.count > 2))
                }
                firstRow += count * perRecord
            }
        }
        self.units = units
        totalRowCount = firstRow
    }

    /// Cuts the rows of pages into stretches of at least `rowsPerUnit` rows.
    private static func cuts(_ pages: [Int], rowsPerUnit: Int) -> [Int] {
        var cuts = [0]
        var row = 0
        for count in pages {
            row += count
            if let last = cuts.last, row - last >= rowsPerUnit { cuts.append(row) }
        }
        if let last = cuts.last, last < row { cuts.append(row) }
        return cuts
    }

    /// The one type in which the class labels of all files are handed over.
    private static func classLabelType(of files: [ParquetRows]) -> ElementType {
        let types = Set(files.map(\.classLabelType))
        if types.count == 1, let type = types.first { return type }
        // Lists are handed over as they are stored, or as Float64.
        if files.contains(where: { $0.rowsPerRecord > 1 }) { return .float64 }
        return types.contains { $0.isFloatingPoint } ? .float64 : .int64
    }

    var path: String? { files.first?.path }
    var rowCount: Int? { totalRowCount }
    var decodedByteCount: Int? {
        zip(files, valueTypes).reduce(0) { $0 + $1.0.rowCount * layout.valuesPerRow * $1.1.byteCount }
    }
    var unitCount: Int { units.count }

    func rows(ofUnit index: Int) -> Range<Int> { units[index].rows }

    func place(ofRow row: Int) -> RowPlace {
        var first = 0
        for file in files {
            if row < first + file.rowCount { return RowPlace(path: file.path, row: row - first) }
            first += file.rowCount
        }
        return RowPlace(path: files.last?.path ?? "", row: row)
    }

    func makeReader(_ control: RunControl) -> sending Reader { Reader(self, control) }

    final class Reader: UnitReader {
        private let source: ParquetRowSource
        private let control: RunControl
        /// The fields of the file that was read last.
        private var file = -1
        private var fields: [any ParquetField] = []
        private var buffers: [ByteBuffer] = []
        private var problems = ParquetProblems()

        /// The approximate number of bytes of values in a batch.
        private static let batchByteCount = 512 << 10

        fileprivate init(_ source: ParquetRowSource, _ control: RunControl) {
            self.source = source
            self.control = control
        }

        func read(unit index: Int, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
            let unit = source.units[index]
            if file != unit.file {
                let rows = source.files[unit.file]
                fields = ([source.values] + source.columns).map { rows.field($0, source, file: unit.file) }
                while buffers.count < fields.count { buffers.append(ByteBuffer()) }
                file = unit.file
            }
            do throws(ParquetError) {
                for field in fields { try field.begin(rowGroup: unit.rowGroup, rows: unit.records, isCounted: unit.isCounted) }
            } catch {
                throw self.error(error, unit)
            }
            let type = source.valueTypes[unit.file]
            let rowByteCount = source.layout.valuesPerRow * type.byteCount
            let perRecord = source.files[unit.file].rowsPerRecord
            let recordsPerBatch = max(1, Self.batchByteCount / max(1, rowByteCount * perRecord))
            var record = 0
            while record < unit.records.count {
                try control.checkCancellation()
                let count = min(recordsPerBatch, unit.records.count - record)
                try read(count, unit, perRecord)
                try hand(over: count * perRecord, from: unit.rows.lowerBound + record * perRecord, of: unit, type, body)
                control.progress.advance(by: count * perRecord * rowByteCount)
                record += count
            }
            guard unit.records.upperBound == source.files[unit.file].file.rowGroups[unit.rowGroup].rowCount else { return }
            do throws(ParquetError) {
                for field in fields { try field.finish() }
            } catch {
                throw self.error(error, unit)
            }
        }

        /// Reads rows of the table to the buffers.
        private func read(_ count: Int, _ unit: Unit, _ perRecord: Int) throws(EngineError) {
            problems.removeAll()
            let valueByteCount = source.layout.valuesPerRow * source.valueTypes[unit.file].byteCount
            for (place, field) in fields.enumerated() {
                let rowByteCount = place == 0 ? valueByteCount : source.layout.columns[place - 1].rowByteCount
                buffers[place].reserve(count * perRecord * rowByteCount)
                do throws(ParquetError) {
                    try field.read(count, into: buffers[place].base, &problems)
                } catch {
                    throw self.error(error, unit)
                }
            }
            guard unit.isCounted, !problems.isEmpty else { return }
            throw EngineError(
                .data, path: source.files[unit.file].path, "row group \(unit.rowGroup): its pages do not hold as many rows as values",
                readingFault: .pagesCountedWrong)
        }

        private func hand(
            over count: Int, from row: Int, of unit: Unit, _ type: ElementType, _ body: (RowBatch) throws(EngineError) -> Void
        ) throws(EngineError) {
            let problems = problems.inOrder(rowsPerRecord: source.files[unit.file].rowsPerRecord)
            if type.isFloatingPoint, case .predictions = source.values {
                for problem in problems {
                    Self.fillNaN(
                        buffers[0].base + problem.rowIndex * source.layout.valuesPerRow * type.byteCount, source.layout.valuesPerRow, type)
                }
            }
            let path = source.files[unit.file].path
            let firstRowInFile = unit.rowInFile + row - unit.rows.lowerBound
            try body(
                RowBatch(
                    firstRow: row, rowCount: count, values: UnsafeRawPointer(buffers[0].base), elementType: type,
                    columns: source.columns.indices.map { UnsafeRawPointer(buffers[$0 + 1].base) }, problems: problems,
                    place: { RowPlace(path: path, row: firstRowInFile + $0) }))
        }

        private static func fillNaN(_ target: UnsafeMutableRawPointer, _ count: Int, _ type: ElementType) {
            switch type {
            case .float16: target.initializeMemory(as: UInt16.self, repeating: 0x7E00, count: count)
            case .bfloat16: target.initializeMemory(as: UInt16.self, repeating: 0x7FC0, count: count)
            case .float32: target.initializeMemory(as: Float.self, repeating: .nan, count: count)
            default: target.initializeMemory(as: Double.self, repeating: .nan, count: count)
            }
        }

        /// Makes the error of a unit. In one whose rows were counted by values or by an index, the count may be at fault.
        private func error(_ error: ParquetError, _ unit: Unit) -> EngineError {
            guard unit.mayBeWrong, error.kind == .damaged else { return EngineError(error) }
            return EngineError(.data, path: error.path, error.statement, readingFault: .pagesCountedWrong)
        }
    }
}

extension ParquetRows {
    /// The columns that give a kind of values.
    private func paths(_ kind: RecordColumnKind) -> [RecordPath] {
        switch kind {
        case .predictions: return selection.predictions
        case .weights: return selection.weight.map { [$0] } ?? []
        case .classLabels: return classLabel.map { [$0.path] } ?? []
        case .targets:
            if case .numbers(let paths) = selection.labels { return paths }
            return []
        default: return []
        }
    }

    /// Throws if a column cannot give what is wanted of it.
    fileprivate func check(_ values: RecordColumnKind, _ columns: [RecordColumnKind], valuesPerRow: Int) throws(EngineError) {
        for kind in [values] + columns {
            try checkRecords(kind)
            switch kind {
            case .predictions: try checkNumbers(paths(kind), .predictions(nil))
            case .weights: try checkSingle(paths(kind), .weights)
            case .targets: try checkNumbers(paths(kind), .labels)
            case .classLabels:
                guard let path = paths(kind).first else { break }
                // A list of labels goes with a list of lists of predictions.
                if case .list(let leaf) = table.storage(of: path), leaf.isNumber, leaf.repetitionLimit == 1, rowsPerRecord > 1,
                    !needsLookup
                {
                    break
                }
                guard case .value(let leaf) = table.storage(of: path), leaf.isNumber || leaf.physicalType == .byteArray else {
                    throw EngineError(
                        .data, path: self.path, "column \(ColumnName.list([path.name])) holds no class indices and no names of classes",
                        remedy: "check \(setting: .labelColumn)")
                }
            default: break
            }
        }
    }

    /// Throws if a column that is read beside lists of lists has one value for each of them and not one a list.
    private func checkRecords(_ kind: RecordColumnKind) throws(EngineError) {
        guard rowsPerRecord > 1 else { return }
        for path in paths(kind) {
            if case .list = table.storage(of: path) { continue }
            throw EngineError(
                .data, path: self.path,
                "column \(ColumnName.list([path.name])) has one value a row, and the lists of lists beside it hold \(rowsPerRecord) rows "
                    + "each",
                remedy: "give a list of as many")
        }
    }

    private func checkSingle(_ paths: [RecordPath], _ role: ColumnRole) throws(EngineError) {
        try checkNumbers(paths, role)
        for path in paths {
            if case .list(let leaf) = table.storage(of: path), leaf.repetitionLimit == 1, rowsPerRecord > 1 { continue }
            guard case .value = table.storage(of: path) else {
                throw EngineError(
                    .data, path: self.path, "column \(ColumnName.list([path.name])) holds lists, and one number a row is wanted",
                    remedy: "check \(setting: role.setting)")
            }
        }
    }

    /// Makes the reader of a column.
    fileprivate func field(_ kind: RecordColumnKind, _ source: ParquetRowSource, file index: Int) -> any ParquetField {
        func layout(_ name: String) -> (type: ElementType, valuesPerRow: Int) {
            guard let column = source.layout.columns.first(where: { $0.name == name }) else {
                return (source.valueTypes[index], source.layout.valuesPerRow)
            }
            return (column.elementType, column.valuesPerRow)
        }
        let (type, valuesPerRow): (ElementType, Int) =
            switch kind {
            case .predictions: (source.valueTypes[index], source.layout.valuesPerRow)
            case .weights: layout(CompanionColumn.weights)
            default: layout(CompanionColumn.labels)
            }
        let paths = paths(kind)
        if case .classLabels = kind, let (path, names) = classLabel, case .value(let leaf) = table.storage(of: path), type == .int64,
            leaf.elementType != .int64 || needsLookup
        {
            return ParquetClassLabelField(file, path.name, leaf, names)
        }
        if paths.count == 1 {
            switch table.storage(of: paths[0]) {
            case .value(let leaf): return ParquetNumberField(file, paths[0].name, leaf, as: type)
            case .list(let leaf):
                return ParquetListField(
                    file, paths[0].name, leaf, as: type, valuesPerRow: valuesPerRow * rowsPerRecord, innerCount: valuesPerRow)
            case .vector(let vector): return ParquetVectorField(file, paths[0].name, vector, valuesPerRow: valuesPerRow)
            }
        }
        let columns = paths.compactMap { path -> (String, ParquetColumn)? in
            guard case .value(let leaf) = table.storage(of: path) else { return nil }
            return (path.name, leaf)
        }
        return ParquetWideField(file, columns, as: type)
    }

    /// Lists the numbers of rows in the pages of the first column of predictions; nil if they cannot be known.
    fileprivate func pageRows(
        rowGroup: Int, valuesPerRow: Int
    ) throws(EngineError) -> (rowCounts: [Int], count: ColumnReader.PageCount)? {
        guard let first = selection.predictions.first else { return nil }
        let leaf: ParquetColumn
        switch table.storage(of: first) {
        case .value(let column), .list(let column): leaf = column
        case .vector: return nil
        }
        return try EngineError.ofParquet { () throws(ParquetError) in
            try ColumnReader(file, rowGroup: rowGroup, column: leaf).pageRows(valuesPerRow: valuesPerRow)
        }
    }
}
