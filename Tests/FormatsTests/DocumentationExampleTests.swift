import Elements
import Formats
import Testing

/// The examples of the docstrings, as they are written there but for `print`.
@Suite struct DocumentationExampleTests {
    @Test func npyHeader() throws {
        let file = NPYHeader.encode(elementType: .float32, shape: [2, 3]) + [UInt8](repeating: 0, count: 24)
        switch try file.withUnsafeBytes({ bytes throws(FormatError) in try NPYHeader.parse(bytes) }) {
        case .complete(let layout): #expect(layout.rowCount == 2 && layout.dataByteOffset == 128 && layout.endByteOffset == file.count)
        case .needs(let byteCount): Issue.record("the header needs \(byteCount) bytes")
        }
    }

    @Test func safetensorsHeader() throws {
        let json = #"{"logits":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}"#
        let file = [UInt8(json.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(json.utf8) + [UInt8](repeating: 0, count: 8)
        var found: [String] = []
        if case .complete(let header) = try file.withUnsafeBytes({ try SafetensorsHeader.parse($0, fileByteCount: file.count) }) {
            for array in header.arrays { found.append("\(array.name) \(array.shape) \(try array.layout().dataByteOffset)") }
        }
        #expect(found == ["logits [1, 2] \(8 + json.utf8.count)"])
    }

    @Test func recordFormats() throws {
        let table = Array("y,p\n1,0.25\n0,0.5\n".utf8)
        let padded = table + [UInt8](repeating: 0, count: readableByteCountAfterText)
        let rows = RecordRows()
        func parse(_ text: UnsafeRawBufferPointer) throws {
            guard let format = try RecordFormats.recognise(text, isWhole: true, options: .init()) else { return }
            var selection = RecordSelection(predictions: try format.resolve("p"))
            selection.labels = .classIndex(try format.resolve("y")[0], names: nil)
            let records = UnsafeRawBufferPointer(rebasing: text.dropFirst(format.headerByteCount))
            try format.makeParser(selection).parse(records, into: rows)  // fills rows.values and rows.classLabels
        }
        try padded.withUnsafeBytes { try parse(UnsafeRawBufferPointer(rebasing: $0.prefix(table.count))) }
        #expect(rows.rowCount == 2 && Array(rows.values.prefix(2)) == [0.25, 0.5] && rows.classLabels == [1, 0])
    }
}
