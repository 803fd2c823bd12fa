internal import Formats

extension FuzzTarget {
    /// JSON Lines: the columns of the first records, and rows by several selections.
    static let jsonRecords = FuzzTarget(
        name: "JSONRecords",
        run: { bytes in
            guard let format = try? JSONLines.recognise(bytes, isWhole: true) else { return }
            for column in format.columns.prefix(4) {
                precondition((try? format.resolve(column.name))?.isEmpty == false, "a column that is listed, and not found")
            }
            // What follows the text is readable, and may be anything.
            let text = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + readableByteCountAfterText, alignment: 1)
            defer { text.deallocate() }
            text.copyMemory(from: bytes)
            for index in bytes.count..<text.count { text[index] = Array("}\"]".utf8)[index % 3] }
            let records = UnsafeRawBufferPointer(rebasing: text[format.headerByteCount..<bytes.count])
            for selection in selections(format) {
                guard let parser = try? format.makeParser(selection) else { continue }
                let rows = RecordRows(), rest = RecordRows()
                let extent = parser.measure(records, isEnd: true, assumesNoLineFeedsInRecords: true)
                precondition(extent.byteCount == records.count, "bytes that are left over")
                parser.parse(records, into: rows)
                check(rows, extent)
                // In two pieces.
                let cut = parser.measure(
                    UnsafeRawBufferPointer(rebasing: records[..<(records.count / 2)]), isEnd: false, assumesNoLineFeedsInRecords: true)
                parser.parse(UnsafeRawBufferPointer(rebasing: records[..<cut.byteCount]), into: rest)
                check(rest, cut)
                let problemCount = rest.problems.count
                parser.parse(UnsafeRawBufferPointer(rebasing: records[cut.byteCount...]), into: rest)
                precondition(rest.rowCount + cut.rowCount == rows.rowCount, "rows that depend on the cut")
                precondition(rest.problems.count + problemCount == rows.problems.count, "problems that depend on the cut")
                if selection.sumsValues { checkAlone(records, format, selection, rows) }
            }
        },
        seeds: {
            [
                "{\"label\": 3, \"logits\": [0.5, -1.25e3, \"7\", NaN, -Infinity]}\n\n{\"label\":\"cat\",\"logits\":[1,2,3,4,5]}\r\n",
                "{\"c\":[{\"l\":[{\"t\":\"\\u00e9\\ud83e\\udd80\",\"p\":-0.25},{\"p\":null}]}],"
                    + "\"w\":1.5,\"n\":\"é\"}\n{\"c\":null,\"w\":true}",
                "{\"label\": 1, \"logits\": [0.5,-1.25], \"id\": \"a\"}\n{\"label\": 2, \"logits\": [7,0], \"id\": true}\n"
                    + "{\"label\": -3, \"logits\": [1e5, 2], \"id\": \"\"}\n{\"label\": 1, \"logits\": [1,2], \"id\": \"\"}",
                "[1,[2,3],\"x\"]\n[4,[5,6],{}]\n",
                "{\"a.b\":0.12345678901234567890123,\"*\":9007199254740993,\"a\":{\"a\":[[]]}}\n{\"a\":tru\n{\"\n",
            ].map { Array($0.utf8) }
        })

    private static func selections(_ format: JSONLines) -> [RecordSelection] {
        let columns = format.columns.prefix(6).map { RecordPath(name: $0.name, columnIndex: nil) }
        func path(_ name: String) -> RecordPath { RecordPath(name: name, columnIndex: nil) }
        var classes = RecordSelection(predictions: Array(columns.dropFirst().prefix(1)))
        if let first = columns.first { classes.labels = .classIndex(first, names: ["cat", "7"]) }
        classes.byteCount = columns.last
        var targets = RecordSelection(predictions: columns)
        targets.labels = .numbers([path("logits")])
        targets.weight = path("w")
        var sums = RecordSelection(predictions: [path("c.*.l.*.p"), path("c.0"), path("*")] + columns.suffix(1))
        sums.sumsValues = true
        sums.byteCount = path("n")
        // Nothing that a record has depends on the one before it.
        var alone = classes
        alone.sumsValues = true
        return [classes, targets, sums, alone, RecordSelection(predictions: [path("logits")])]
    }

    /// Each record is what it is to a parser that has read no other.
    private static func checkAlone(
        _ records: UnsafeRawBufferPointer, _ format: JSONLines, _ selection: RecordSelection, _ rows: RecordRows
    ) {
        var row = 0, problemIndex = 0
        for line in records.split(separator: 0x0A) where !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
            guard let parser = try? format.makeParser(selection) else { return }
            let one = RecordRows()
            parser.parse(UnsafeRawBufferPointer(rebasing: line), into: one)
            precondition(one.rowCount == 1)
            let isProblem = problemIndex < rows.problems.count && rows.problems[problemIndex].rowIndex == row
            precondition(one.problems.isEmpty != isProblem, "a problem that depends on the record before")
            precondition(one.values[0].bitPattern == rows.values[row].bitPattern, "a value that depends on the record before")
            precondition(one.classLabels == (rows.classLabels.isEmpty ? [] : [rows.classLabels[row]]))
            if isProblem {
                precondition(one.problems[0].message == rows.problems[problemIndex].message)
                problemIndex += 1
            }
            row += 1
        }
    }

    private static func check(_ rows: RecordRows, _ extent: RecordExtent) {
        precondition(rows.rowCount == extent.rowCount && rows.lines.count == rows.rowCount, "rows that were not counted")
        precondition(rows.values.count == rows.rowCount * rows.valuesPerRow, "values that make no rows")
        precondition(zip(rows.lines, rows.lines.dropFirst()).allSatisfy { $0 < $1 }, "lines out of order")
        precondition(rows.lines.allSatisfy { $0 < extent.lineCount }, "a line that is not there")
        precondition(zip(rows.problems, rows.problems.dropFirst()).allSatisfy { $0.rowIndex < $1.rowIndex }, "problems out of order")
        for problem in rows.problems { precondition(problem.rowIndex < rows.rowCount && !problem.message.isEmpty) }
    }
}
