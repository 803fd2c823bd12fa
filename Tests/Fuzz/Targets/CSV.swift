internal import Formats

extension FuzzTarget {
    /// Tables: found out, measured whole and in two pieces, parsed. The first byte says what is wanted of them, the second where they are
    /// cut; the rest is the text.
    static let csv = FuzzTarget(
        name: "CSV",
        run: { bytes in
            guard bytes.count >= 2 else { return }
            // Memory of its own, so that an address sanitiser sees what is read beyond the bytes that may be.
            let byteCount = bytes.count - 2
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount + readableByteCountAfterText, alignment: 1)
            defer { memory.deallocate() }
            memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[2...]))
            for place in byteCount..<memory.count { memory[place] = bytes[0] }
            read(UnsafeRawBufferPointer(rebasing: memory[..<byteCount]), how: bytes[0], cut: 3 * Int(bytes[1]))
        },
        seeds: {
            let good = "id,label,p_a,p_b,w\n1,a,0.25,-1.5e-3,1\r\n\n2,p_b,nan,.5,2\n3,1,12345678901234567890.5,\"1\",inf\n"
            let quoted = "\u{FEFF}\"a\"\t\"b\nc\"\tt\n1\ttrue\t\"x \"\"y\"\"\n\"\n2\t0\té\n3\t\"open\n4\t5\t6"
            let damaged = "a;b;c\n1,5;2;x\"y\n1;2\n;;\n1;2;3;4\n\"1\" ;2.5;\u{0}\n  \n\r\n99999999999999999999;1e999;\"z\"z\n"
            let blanks = "# a  b c\r\n 1   2\t3 \n\"4\" 5.5e-01  x\r\n 7 \"8 9\" \"open\n \n"
            return [0, 0x08, 0x16, 0x38, 0x41, 0x5D].flatMap { (how: UInt8) in
                [good, quoted, damaged, blanks].map { [how, 20] + Array($0.utf8) }
            }
        })

    private static func read(_ text: UnsafeRawBufferPointer, how: UInt8, cut: Int) {
        var options = RecordFormats.Options()
        options.hasHeader = how & 1 == 0
        guard let format = try? RecordFormats.recognise(text, isWhole: how & 2 == 0, options: options), format.name != "jsonl" else {
            return
        }
        precondition(format.headerByteCount <= text.count)
        let paths = format.columns.indices.map { RecordPath(name: format.columns[$0].name, columnIndex: $0) }
        for column in format.columns.prefix(8) { _ = try? format.resolve(column.name) }
        guard let last = paths.last else { return }
        var selection = RecordSelection(predictions: Array(paths.prefix(how & 4 == 0 ? 1 : 3)))
        switch how >> 3 & 3 {
        case 0: selection.labels = .classIndex(last, names: format.classNames(of: paths))
        case 1: selection.labels = .classIndex(last, names: nil)
        case 2: selection.labels = .numbers([last])
        default: selection.byteCount = last
        }
        if how & 0x20 != 0 { selection.weight = paths[paths.count / 2] }
        guard let parser = try? format.makeParser(selection) else { return }

        let byLines = how & 0x40 != 0
        let body = UnsafeRawBufferPointer(rebasing: text[format.headerByteCount...])
        let whole = parser.measure(body, isEnd: true, assumesNoLineFeedsInRecords: byLines)
        precondition(whole.byteCount == body.count, "not all of it is records")
        let first = parser.measure(
            UnsafeRawBufferPointer(rebasing: body[..<min(cut, body.count)]), isEnd: false, assumesNoLineFeedsInRecords: byLines)
        let rest = UnsafeRawBufferPointer(rebasing: body[first.byteCount...])
        let second = parser.measure(rest, isEnd: true, assumesNoLineFeedsInRecords: byLines)
        precondition(first.rowCount + second.rowCount == whole.rowCount, "rows are lost where it is cut")
        precondition(first.lineCount + second.lineCount == whole.lineCount, "lines are lost where it is cut")
        let rows = RecordRows()
        for (piece, extent) in [(body, whole), (UnsafeRawBufferPointer(rebasing: body[..<first.byteCount]), first), (rest, second)] {
            parser.parse(piece, assumesNoLineFeedsInRecords: byLines, into: rows)
            precondition(rows.rowCount == extent.rowCount, "not as many rows as were counted")
            precondition(rows.values.count == rows.rowCount * selection.predictions.count)
            for problem in rows.problems {
                precondition(rows.values[problem.rowIndex * selection.predictions.count].isNaN, "no row, but it has values")
            }
        }
    }
}
