internal import Elements
internal import Formats
internal import Messages
internal import Scoring
internal import WorkStealing

/// The rows of columnar files: predictions with what lies beside them, or labels or weights alone.
///
/// A unit is a stretch of rows as the file cuts them (`ColumnarFile.cuts`): a row group of Parquet, or, where row groups are large, some of
/// its rows that begin with a page of the predictions; some rows, or whole record batches, of Arrow. In pages of lists that do not say how
/// many rows they have, rows are counted by their values; if that turns out wrong, `ReadingMode` begins again with whole row groups.
struct ColumnarRowSource: UnitRowSource {
    let files: [ColumnarRows]
    /// The column that gives the rows' values.
    let values: RecordColumnKind
    /// The columns beside the values, in the order of `layout.columns`.
    let columns: [RecordColumnKind]
    let layout: RowLayout
    /// The values of the rows' identifiers, whose hashes lie beside the predictions; empty if there are none.
    fileprivate let hashedValues: [HashedValues]
    /// The type of the predictions of each file.
    fileprivate let valueTypes: [ElementType]
    fileprivate let units: [Unit]
    private let totalRowCount: Int

    /// Some rows of a group.
    fileprivate struct Unit: Sendable {
        let file: Int
        let group: Int
        /// The numbers of the rows among all.
        let rows: Range<Int>
        /// The rows of the table that hold them, in the group.
        let records: Range<Int>
        /// The number of the first row in its file.
        let rowInFile: Int
        /// True if the rows of the group were counted by values.
        let isCounted: Bool
        /// True if the rows may be others than those of the unit: they were counted, or are where the file's index of pages has them.
        let mayBeWrong: Bool
    }

    /// The approximate number of bytes of values in a unit.
    private static let unitByteCount = 8 << 20

    /// Makes a source of predictions, with the columns beside them that the first file's selection names.
    ///
    /// - Parameters:
    ///   - cutsPages: true if row groups are cut at pages.
    ///   - hashedValues: the values of the identifiers of the first file's selection.
    init(
        predictionsOf files: [ColumnarRows], valuesPerRow: Int, cutsPages: Bool, hashedValues: [HashedValues] = []
    ) throws(EngineError) {
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
                        name: CompanionColumn.labels, elementType: ColumnarRows.targetType(of: files),
                        valuesPerRow: selection.labelsPerRow ?? 1))
            }
            if selection.weight != nil {
                columns.append(.weights)
                layouts.append(ColumnLayout(name: CompanionColumn.weights, elementType: .float64))
            }
            if !hashedValues.isEmpty {
                columns.append(.identifiers)
                layouts.append(
                    ColumnLayout(name: CompanionColumn.identifiers, elementType: .uint64, valuesPerRow: hashedValues.count))
            }
        }
        try self.init(
            .predictions, files, columns, layouts, valuesPerRow: valuesPerRow, cutsPages: cutsPages, hashedValues: hashedValues)
    }

    /// Makes a source of one column, such as labels that lie apart from their predictions.
    ///
    /// - Parameter hashedValues: the values of the identifiers, if these are the column.
    init(
        _ values: RecordColumnKind, of files: [ColumnarRows], valuesPerRow: Int, hashedValues: [HashedValues] = []
    ) throws(EngineError) {
        try self.init(values, files, [], [], valuesPerRow: valuesPerRow, cutsPages: false, hashedValues: hashedValues)
    }

    private init(
        _ values: RecordColumnKind, _ files: [ColumnarRows], _ columns: [RecordColumnKind], _ layouts: [ColumnLayout], valuesPerRow: Int,
        cutsPages: Bool, hashedValues: [HashedValues]
    ) throws(EngineError) {
        self.hashedValues = hashedValues
        self.values = values
        self.files = files
        self.columns = columns
        let fixed: ElementType? =
            switch values {
            case .classLabels: Self.classLabelType(of: files)
            case .predictions: nil
            case .identifiers: .uint64
            case .targets: ColumnarRows.targetType(of: files)
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
                throw EngineError(.data, path: rows.path, "its rows cannot be counted", remedy: "its metadata is damaged")
            }
            let firstRowOfFile = firstRow
            let first = cutsPages ? rows.firstStored : nil
            for (group, count) in rows.table.groupRowCounts.enumerated() {
                let found = try EngineError.ofColumns { () throws(ColumnarError) in
                    try rows.file.cuts(group: group, of: first, valuesPerRow: valuesPerRow * perRecord, rowsPerUnit: rowsPerUnit)
                }
                let isCut = found.rows.count > 2
                for (start, end) in zip(found.rows, found.rows.dropFirst()) where end > start {
                    units.append(
                        Unit(
                            file: index, group: group, rows: firstRow + start * perRecord..<firstRow + end * perRecord,
                            records: start..<end, rowInFile: firstRow + start * perRecord - firstRowOfFile,
                            isCounted: isCut && found.knowledge == .counted, mayBeWrong: isCut && found.knowledge != .certain))
                }
                firstRow += count * perRecord
            }
        }
        self.units = units
        totalRowCount = firstRow
    }

    /// The one type in which the class labels of all files are handed over.
    private static func classLabelType(of files: [ColumnarRows]) -> ElementType {
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
        private let source: ColumnarRowSource
        private let control: RunControl
        /// The fields of the file that was read last.
        private var file = -1
        private var fields: [any ColumnarField] = []
        private var buffers: [ByteBuffer] = []
        private var problems = ColumnarProblems()

        /// The approximate number of bytes of values in a batch.
        private static let batchByteCount = 512 << 10

        fileprivate init(_ source: ColumnarRowSource, _ control: RunControl) {
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
            do throws(ColumnarError) {
                for field in fields { try field.begin(group: unit.group, rows: unit.records, isCounted: unit.isCounted) }
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
            guard unit.records.upperBound == source.files[unit.file].table.groupRowCounts[unit.group] else { return }
            do throws(ColumnarError) {
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
                do throws(ColumnarError) {
                    try field.read(count, into: buffers[place].base, &problems)
                } catch {
                    throw self.error(error, unit)
                }
            }
            guard unit.isCounted, !problems.isEmpty else { return }
            throw EngineError(
                .data, path: source.files[unit.file].path, "row group \(unit.group): its pages do not hold as many rows as values",
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
        private func error(_ error: ColumnarError, _ unit: Unit) -> EngineError {
            let found = error.engineError
            guard unit.mayBeWrong, error.isDamage else { return found }
            return EngineError(found.category, path: found.path, found.problem, remedy: found.remedy, readingFault: .pagesCountedWrong)
        }
    }
}

extension ColumnarRows {
    /// The columns that give a kind of values.
    private func paths(_ kind: RecordColumnKind) -> [RecordPath] {
        switch kind {
        case .predictions: return selection.predictions
        case .weights: return selection.weight.map { [$0] } ?? []
        case .classLabels: return classLabel.map { [$0.path] } ?? []
        case .targets:
            if case .numbers(let paths) = selection.labels { return paths }
            return []
        case .identifiers: return selection.identifiers
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
            case .identifiers: try checkKeys()
            case .classLabels:
                guard let path = paths(kind).first else { break }
                // A list of labels goes with a list of lists of predictions.
                if case .list(let leaf) = table.storage(of: path), leaf.isNumber, leaf.listDepth == 1, rowsPerRecord > 1,
                    !needsLookup
                {
                    break
                }
                guard case .value(let leaf) = table.storage(of: path), leaf.isNumber || leaf.isBytes else {
                    throw EngineError(
                        .data, path: self.path, "column \(ColumnName.list([path.name])) holds no class indices and no names of classes",
                        remedy: "check \(setting: .labelColumn)")
                }
            default: break
            }
        }
    }

    /// Throws if a column by which rows are put into groups has no text and no number a row.
    private func checkKeys() throws(EngineError) {
        for path in paths(.identifiers) {
            guard case .value(let leaf) = table.storage(of: path), leaf.isNumber || leaf.isBytes else {
                throw EngineError(
                    .data, path: self.path, "column \(ColumnName.list([path.name])) holds no text and no number a row to group rows by",
                    remedy: "check \(setting: .slice) and \(setting: .clusterColumn)")
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
            if case .list(let leaf) = table.storage(of: path), leaf.listDepth == 1, rowsPerRecord > 1 { continue }
            guard case .value = table.storage(of: path) else {
                throw EngineError(
                    .data, path: self.path, "column \(ColumnName.list([path.name])) holds lists, and one number a row is wanted",
                    remedy: "check \(setting: role.setting)")
            }
        }
    }

    /// Makes the reader of a column.
    fileprivate func field(_ kind: RecordColumnKind, _ source: ColumnarRowSource, file index: Int) -> any ColumnarField {
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
        if case .identifiers = kind {
            let leaves = paths.compactMap { path -> StoredColumn? in
                guard case .value(let leaf) = table.storage(of: path) else { return nil }
                return leaf
            }
            return ColumnarHashField(file, leaves, source.hashedValues)
        }
        if case .classLabels = kind, let (path, names) = classLabel, case .value(let leaf) = table.storage(of: path), type == .int64,
            leaf.elementType != .int64 || needsLookup
        {
            return ColumnarClassLabelField(file, path.name, leaf, names)
        }
        if paths.count == 1 {
            switch table.storage(of: paths[0]) {
            case .value(let leaf): return ColumnarNumberField(file, paths[0].name, leaf, as: type)
            case .list(let leaf):
                return ColumnarListField(
                    file, paths[0].name, leaf, as: type, valuesPerRow: valuesPerRow * rowsPerRecord, innerCount: valuesPerRow)
            case .vector(let vector): return SparkVectorField(file, paths[0].name, vector, valuesPerRow: valuesPerRow)
            }
        }
        let columns = paths.compactMap { path -> (String, StoredColumn)? in
            guard case .value(let leaf) = table.storage(of: path) else { return nil }
            return (path.name, leaf)
        }
        return ColumnarWideField(file, columns, as: type)
    }

    /// The first column of the predictions; nil if they are vectors of Spark.
    fileprivate var firstStored: StoredColumn? {
        guard let first = selection.predictions.first else { return nil }
        switch table.storage(of: first) {
        case .value(let column), .list(let column): return column
        case .vector: return nil
        }
    }
}
