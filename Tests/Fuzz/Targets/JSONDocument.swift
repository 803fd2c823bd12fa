import Formats

extension FuzzTarget {
    /// One JSON document: an array of records, or an object around one. The first byte says where it is cut.
    static let jsonDocument = FuzzTarget(
        name: "JSONDocument",
        run: { bytes in
            guard let first = bytes.first else { return }
            let byteCount = bytes.count - 1
            // What follows the text is readable, and may be anything.
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount + readableByteCountAfterText, alignment: 1)
            defer { memory.deallocate() }
            memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[1...]))
            for index in byteCount..<memory.count { memory[index] = Array("}\"],".utf8)[index % 4] }
            let text = UnsafeRawBufferPointer(rebasing: memory[..<byteCount])
            for path in [nil, "r", "a.b", "0.r"] {
                for isWhole in [true, false] {
                    var options = RecordFormats.Options()
                    options.recordPath = path
                    guard let format = try? RecordFormats.recognise(text, isWhole: isWhole, options: options), format.name == "json" else {
                        continue
                    }
                    check(format, UnsafeRawBufferPointer(rebasing: text[format.headerByteCount...]), cut: Int(first))
                }
            }
        },
        seeds: {
            [
                "[{\"a\":1,\"b\":[1,2]},\n{\"a\":2,\"b\":[3,4]}]\n", "[[1,2],[3,4]]", "{\"x\":[1],\"r\":[{\"a\":\"]\\\"\"},{}],\"y\":{}}",
                "{\"a\":{\"b\":[ {\"t\":[null,{\"7\":{\"p\":-1}}],\"k\":[1,7]} ] } }", "[{\"a\":1},{\"a\":", "[{\"a\":1},,{\"a\":2} 3,]x",
            ].flatMap { text in [1, 12, 200].map { (cut: UInt8) in [cut] + Array(text.utf8) } }
        })

    private static func check(_ format: any RecordFormat, _ body: UnsafeRawBufferPointer, cut: Int) {
        let columns = format.columns.prefix(3).map { RecordPath(name: $0.name, columnIndex: nil) }
        for column in columns {
            precondition((try? format.resolve(column.name))?.isEmpty == false, "a column that is listed, and not found")
        }
        var selection = RecordSelection(predictions: columns)
        selection.sumsValues = true
        guard let parser = try? format.makeParser(selection) else { return }
        let rows = RecordRows()
        func measure(_ text: UnsafeRawBufferPointer, isEnd: Bool) -> RecordExtent {
            let extent = parser.measure(text, isEnd: isEnd, assumesNoLineFeedsInRecords: false)
            parser.parse(UnsafeRawBufferPointer(rebasing: text[..<extent.byteCount]), into: rows)
            precondition(rows.rowCount == extent.rowCount, "not as many rows as were counted")
            precondition(rows.lines.allSatisfy { $0 <= extent.lineCount }, "a line that is not there")
            return extent
        }
        let whole = measure(body, isEnd: true)
        let first = measure(UnsafeRawBufferPointer(rebasing: body[..<min(cut, body.count)]), isEnd: false)
        let second = measure(UnsafeRawBufferPointer(rebasing: body[first.byteCount...]), isEnd: true)
        precondition(first.rowCount + second.rowCount == whole.rowCount, "rows that depend on the cut")
        precondition(second.endProblem == whole.endProblem, "an end that depends on the cut")
    }
}
