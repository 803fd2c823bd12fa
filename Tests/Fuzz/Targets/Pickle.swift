import Elements
import Formats

extension FuzzTarget {
    /// Pickles: of NumPy arrays, of PyTorch's archives, and files of PyTorch's old format. The bytes are given in pieces of several sizes.
    static let pickle = FuzzTarget(
        name: "Pickle",
        run: { bytes in
            let ways: [(PickleFileReader.Place, Bool)] = [(.file, false), (.pyTorchArchive, false), (.file, true), (.pyTorchArchive, true)]
            for (place, listsCallables) in ways {
                let whole = read(bytes, place, listsCallables, pieceByteCount: bytes.count + 1, isSizeKnown: true)
                let pieces = read(bytes, place, listsCallables, pieceByteCount: 1, isSizeKnown: true)
                precondition(whole == pieces, "other arrays from other pieces")
                _ = read(bytes, place, listsCallables, pieceByteCount: 100, isSizeKnown: false)
            }
        },
        seeds: {
            let files = [
                // PyTorch: a dictionary, a view, a parameter
                "80027d710028580100000061710163746f7263682e5f7574696c730a5f72656275696c645f74656e736f725f76320a7102282858"
                    + "0700000073746f72616765710363746f7263680a466c6f617453746f726167650a71045801000000307105580300000063707571"
                    + "064b04747107514b014b028571084b028571098963636f6c6c656374696f6e730a4f726465726564446963740a710a2952710b74"
                    + "710c52710d580100000070710e63746f7263682e5f7574696c730a5f72656275696c645f706172616d657465720a710f68022828"
                    + "68036804680568064b04747110514b004b024b028671114b024b0186711289680a2952711374711452711588680a295271168771"
                    + "17527118752e",
                // PyTorch, protocol 4: a new type
                "800495af000000000000005d948c0c746f7263682e5f7574696c73948c125f72656275696c645f74656e736f725f763394939428"
                    + "288c0773746f72616765948c0d746f7263682e73746f72616765948c0e556e747970656453746f726167659493948c0130948c03"
                    + "637075944b087494514b004b024b0286944b024b018694898c0b636f6c6c656374696f6e73948c0b4f7264657265644469637494"
                    + "93942952948c05746f726368948c0675696e74313694939474945294612e",
                // PyTorch's old format
                "80028a0a6cfc9c46f9206aa850192e80024de9032e80027d710028581000000070726f746f636f6c5f76657273696f6e71014de9"
                    + "03580d0000006c6974746c655f656e6469616e710288580a000000747970655f73697a657371037d710428580500000073686f72"
                    + "7471054b025803000000696e7471064b0458040000006c6f6e6771074b0475752e800263746f7263682e5f7574696c730a5f7265"
                    + "6275696c645f74656e736f725f76320a71002828580700000073746f72616765710163746f7263680a466c6f617453746f726167"
                    + "650a7102580e00000039343038323433343137303932387103580300000063707571044b044e747105514b004b024b028671064b"
                    + "014b028671078963636f6c6c656374696f6e730a4f726465726564446963740a71082952710974710a52710b4b0386710c2e8002"
                    + "5d7100580e00000039343038323433343137303932387101612e04000000000000000000803f000000400000404000008040",
                // NumPy, protocol 2
                "80027d71005801000000617101636e756d70792e5f636f72652e6d756c746961727261790a5f7265636f6e7374727563740a7102"
                    + "636e756d70790a6e6461727261790a71034b00857104635f636f646563730a656e636f64650a7105580100000062710658060000"
                    + "006c6174696e31710786710852710987710a52710b284b014b014b0286710c636e756d70790a64747970650a710d580200000075"
                    + "31710e898887710f527110284b0358010000007c71114e4e4e4affffffff4affffffff4b0074711262896805580300000001c388"
                    + "7113680786711452711574711662732e",
                // NumPy, protocol 4
                "800495dc000000000000008c166e756d70792e5f636f72652e6d756c74696172726179948c0c5f7265636f6e7374727563749493"
                    + "948c056e756d7079948c076e6461727261799493944b0085944301629487945294284b014b024b02869468038c05647479706594"
                    + "93948c02663294898887945294284b038c013e944e4e4e4affffffff4affffffff4b007494628843080000000000000000947494"
                    + "627d944b0168008c067363616c6172949394680c8c02663894898887945294284b038c013c944e4e4e4affffffff4affffffff4b"
                    + "007494624308000000000000f03f94869452947386942e",
                // NumPy, protocol 5
                "80059580000000000000005d94288c136e756d70792e5f636f72652e6e756d65726963948c0b5f66726f6d627566666572949394"
                    + "2896020000000000000001c8948c056e756d7079948c0564747970659493948c02753194898887945294284b038c017c944e4e4e"
                    + "4affffffff4affffffff4b007494624b014b0286948c014394749452948c017894652e",
            ]
            return files.map { file in
                let digits = Array(file.utf8)
                return stride(from: 0, to: digits.count, by: 2).compactMap {
                    UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
                }
            }
        })

    /// Reads a file, and holds the arrays against what is promised of them.
    ///
    /// - Returns: the names and shapes; nil if the file is refused.
    private static func read(
        _ bytes: UnsafeRawBufferPointer, _ place: PickleFileReader.Place, _ listsCallables: Bool, pieceByteCount: Int, isSizeKnown: Bool
    ) -> [String]? {
        var reader = PickleFileReader(place, fileByteCount: isSizeKnown ? bytes.count : nil, listsCallables: listsCallables)
        var last = -1
        do throws(FormatError) {
            while true {
                let needed = reader.neededBytes
                precondition(needed.lowerBound >= last && !needed.isEmpty, "bytes that have gone by")
                last = needed.lowerBound
                let start = min(bytes.count, needed.lowerBound)
                let end = min(bytes.count, max(needed.upperBound, needed.lowerBound.addingReportingOverflow(pieceByteCount).partialValue))
                guard let arrays = try reader.read(UnsafeRawBufferPointer(rebasing: bytes[start..<max(start, end)])) else { continue }
                precondition(listsCallables || arrays.callables.allSatisfy(\.isRead), "a callable that is not read")
                for array in arrays.arrays { check(array, isSizeKnown ? arrays.endByteOffset : .max) }
                return arrays.arrays.map { "\($0.name) \($0.shape) \($0.typeName)" }
            }
        } catch {
            precondition(!error.description.isEmpty && error.description.utf8.allSatisfy { $0 >= 0x20 })
            return nil
        }
    }

    private static func check(_ array: PickledArray, _ byteCount: Int) {
        guard let layout = try? array.layout(at: 0) else { return }
        precondition(layout.elementCount == layout.shape.reduce(1, *), "another count than the shape's")
        let rows = ArrayRows(of: layout)
        precondition(rows.rowCount >= 0 && rows.valuesPerRow >= 0, "a count below 0")
        switch array.content {
        case .bytes(let range): precondition(range.upperBound <= byteCount && range.count == layout.dataByteCount, "data beyond the pickle")
        case .text(let range, let decoded):
            precondition(range.upperBound <= byteCount && decoded == layout.dataByteCount && decoded <= range.count, "other data")
        case .storage(_, let count, _): precondition(layout.dataByteCount == 0 || layout.endByteOffset <= count, "data beyond the storage")
        case .storageBytes(let range, _):
            precondition(layout.dataByteCount == 0 || layout.endByteOffset <= range.count, "data beyond the storage")
            precondition(range.upperBound <= byteCount, "a storage beyond the file")
        }
    }
}
