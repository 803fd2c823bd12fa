import Container
import Engine
import Formats
import WorkStealing

/// A format of one's own: rows of a generator, cut into units.
struct GeneratedUnits: UnitRowSource {
    let dump: GeneratedDump
    let field: GeneratedDump.Field
    /// The fields that batches carry beside the values.
    var carried: [GeneratedDump.Field] = []
    var rowsPerUnit = 997
    var allowsRandomAccess = false
    /// The units that cannot be read.
    var damagedUnits: Set<Int> = []
    /// The rows without readable values.
    var unreadableRows: Set<Int> = []
    /// The row before which reading waits until the run is cancelled.
    var waitingRow: Int?
    /// Says that a reader waits.
    var patience = Patience()

    var path: String? { "generator/\(field.rawValue)" }
    var layout: RowLayout {
        RowLayout(elementType: field.elementType, valuesPerRow: dump.valuesPerRow(field), columns: carried.map(\.column))
    }
    var rowCount: Int? { dump.rowCount }
    var decodedByteCount: Int? { dump.rowCount * dump.rowByteCount(field) }
    var unitCount: Int { (dump.rowCount + rowsPerUnit - 1) / rowsPerUnit }

    func rows(ofUnit index: Int) -> Range<Int> { index * rowsPerUnit..<min((index + 1) * rowsPerUnit, dump.rowCount) }
    func place(ofRow row: Int) -> RowPlace { RowPlace(path: "generator/\(field.rawValue)", row: row) }
    func makeReader(_ control: RunControl) -> sending GeneratedUnitReader { GeneratedUnitReader(self, control) }

    var makeRandomReader: (@Sendable (_ control: RunControl) -> sending any RandomRowReader)? {
        guard allowsRandomAccess else { return nil }
        return { GeneratedRandomRows(self, $0) }
    }

    /// Waits where one of the rows is the one to wait at.
    func wait(at rows: Range<Int>, _ control: RunControl) throws(EngineError) {
        guard let waitingRow, rows.contains(waitingRow) else { return }
        try patience.wait(path: "generator/\(field.rawValue)", control)
    }
}

final class GeneratedUnitReader: UnitReader {
    private let source: GeneratedUnits
    private let control: RunControl
    private let values = ByteBuffer()
    private let columns: [ByteBuffer]

    /// Units are no multiple of it.
    private static let batchRowCount = 311

    init(_ source: GeneratedUnits, _ control: RunControl) {
        self.source = source
        self.control = control
        columns = source.carried.map { _ in ByteBuffer() }
    }

    func read(unit index: Int, _ body: (RowBatch) throws(EngineError) -> Void) throws(EngineError) {
        let source = source
        let unit = source.rows(ofUnit: index)
        var start = unit.lowerBound
        while start < unit.upperBound {
            try control.checkCancellation()
            let rows = start..<min(start + Self.batchRowCount, unit.upperBound)
            try source.wait(at: rows, control)
            if source.damagedUnits.contains(index) {
                throw EngineError(.data, path: source.path, row: start, "unit \(index) is damaged", remedy: "generate it again")
            }
            source.dump.write(source.field, rows, to: values)
            for (buffer, field) in zip(columns, source.carried) { source.dump.write(field, rows, to: buffer) }
            var problems: [RecordProblem] = []
            let rowByteCount = source.layout.rowByteCount
            for row in rows where source.unreadableRows.contains(row) {
                let place = (row - start) * rowByteCount
                values.room(from: place, count: rowByteCount).bindMemory(to: Float.self).update(repeating: .nan)
                problems.append(RecordProblem(rowIndex: row - start, column: nil, message: "the generator has no such row"))
            }
            control.progress.advance(by: rows.count * rowByteCount)
            let firstRow = start
            try body(
                RowBatch(
                    firstRow: firstRow, rowCount: rows.count, values: values.base, elementType: source.field.elementType,
                    columns: columns.map { UnsafeRawPointer($0.base) }, problems: problems, place: { source.place(ofRow: firstRow + $0) }))
            start = rows.upperBound
        }
    }
}

/// Rows of a generator by number.
final class GeneratedRandomRows: RandomRowReader {
    private let source: GeneratedUnits
    private let control: RunControl
    private let buffer = ByteBuffer()

    init(_ source: GeneratedUnits, _ control: RunControl) {
        self.source = source
        self.control = control
    }

    func bytes(of rows: Range<Int>) throws(EngineError) -> UnsafeRawPointer {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= source.dump.rowCount, "rows \(rows) are wanted, and there are none")
        try source.wait(at: rows, control)
        source.dump.write(source.field, rows, to: buffer)
        return UnsafeRawPointer(buffer.base)
    }
}
