import Elements
import Formats
import SeededRandom
import Testing

/// Pickles, opcode by opcode: what they name, what is refused, and the limits.
@Suite struct PickleFileReaderTests {
    private typealias P = PickleAssembly

    /// Reads a pickle, given in pieces.
    private func read(
        _ pickle: [UInt8], _ place: PickleFileReader.Place = .file, pieceByteCount: Int = .max, listsCallables: Bool = false,
        isSizeKnown: Bool = true
    ) throws(FormatError) -> PickledArrays {
        var reader = PickleFileReader(place, fileByteCount: isSizeKnown ? pickle.count : nil, listsCallables: listsCallables)
        while true {
            let needed = reader.neededBytes
            let start = min(pickle.count, needed.lowerBound)
            let end = max(needed.upperBound, start + min(pieceByteCount, pickle.count))
            let piece = pickle[start..<max(start, min(pickle.count, end))]
            let arrays = try piece.withUnsafeBufferPointer { bytes throws(FormatError) in try reader.read(UnsafeRawBufferPointer(bytes)) }
            if let arrays { return arrays }
        }
    }

    private func expectRefused(
        _ pickle: [UInt8], _ place: PickleFileReader.Place = .file, says words: String..., at location: SourceLocation = #_sourceLocation
    ) {
        do throws(FormatError) {
            let arrays = try read(pickle, place)
            Issue.record("it was read: \(arrays.arrays.map(\.name))", sourceLocation: location)
        } catch {
            for word in words { #expect(error.description.contains(word), "\(error.description)", sourceLocation: location) }
            #expect(error.description.utf8.count < 600, sourceLocation: location)
        }
    }

    // MARK: Arrays and their names

    @Test(arguments: [1, 2, 7, 100, .max]) func namesAndPlaces(pieceByteCount: Int) throws {
        let first = P.array("f4", [2, 1], data: [1, 2, 3, 4, 5, 6, 7, 8])
        let second = P.array("i2", [3], data: [1, 0, 2, 0, 3, 0], order: ">")
        let pickle =
            P.head
            + P.dictionary([
                ("a", first), ("n", P.number(3)), ("list", P.emptyList + P.mark + P.none + second + P.number(4) + first + P.op("e")),
                ("pair", P.tuple([P.text("x"), P.dictionary([("b", second)])])), ("none", P.none),
            ]) + P.stop
        let arrays = try read(pickle, pieceByteCount: pieceByteCount)
        #expect(arrays.arrays.map(\.name) == ["a", "list.1", "list.3", "pair.1.b"])
        #expect(arrays.arrays.map(\.typeName) == ["f4", "i2", "f4", "i2"])
        #expect(arrays.arrays.map(\.shape) == [[2, 1], [3], [2, 1], [3]])
        #expect(arrays.endByteOffset == pickle.count && !arrays.isOneArray && !arrays.isPyTorch)
        #expect(arrays.callables.map(\.name) == ["numpy._core.multiarray._reconstruct", "numpy.ndarray", "numpy.dtype"])
        #expect(arrays.callables.allSatisfy { $0.isRead })
        guard case .bytes(let range) = arrays.arrays[1].content else {
            Issue.record("its content is no bytes")
            return
        }
        #expect(Array(pickle[range]) == [1, 0, 2, 0, 3, 0])
        let layout = try arrays.arrays[1].layout(at: range.lowerBound)
        #expect(layout.isByteSwapped && layout.elementType == .int16 && layout.dataByteOffset == range.lowerBound)
    }

    @Test func oneArrayHasNoName() throws {
        let arrays = try read(P.head + P.array("u1", [], data: [7]) + P.stop)
        #expect(arrays.isOneArray && arrays.arrays.map(\.name) == [""])
        #expect(try read(P.head + P.dictionary([("a", P.number(1))]) + P.stop).arrays.isEmpty)
        #expect(try read(P.head + P.number(1) + P.stop).arrays.isEmpty)
    }

    /// The value that was set last counts, as in Python, also where it is no array.
    @Test func keys() throws {
        let array = P.array("u1", [1], data: [7])
        let twice = P.head + P.dictionary([("a", array), ("a", P.array("u1", [2], data: [7, 8]))]) + P.stop
        #expect(try read(twice).arrays.map(\.shape) == [[2]])
        #expect(try read(P.head + P.dictionary([("a", array), ("a", P.none)]) + P.stop).arrays.isEmpty)
        let numbered = P.head + P.emptyDict + P.number(-3) + array + P.setItem + P.stop
        #expect(try read(numbered).arrays.map(\.name) == ["-3"])
        expectRefused(P.head + P.emptyDict + P.none + array + P.setItem + P.stop, says: "under a key")
        expectRefused(
            P.head + P.dictionary([("a.b", array), ("a", P.dictionary([("b", array)]))]) + P.stop, says: "'a.b' twice", "without dots")
    }

    // MARK: Tensors

    @Test func tensors() throws {
        func layout(_ tensor: [UInt8]) throws -> ArrayLayout {
            let arrays = try read(P.head + tensor + P.stop, .pyTorchArchive)
            #expect(arrays.isPyTorch && arrays.isOneArray)
            return try arrays.arrays[0].layout(at: 0)
        }
        let plain = try layout(P.tensor(count: 12, shape: [3, 4], strides: [4, 1]))
        #expect(plain.isRowMajor && plain.strides == nil && plain.endByteOffset == 48)
        let view = try layout(P.tensor(count: 12, first: 4, shape: [2, 4], strides: [4, 1]))
        #expect(view.dataByteOffset == 16 && view.endByteOffset == 48)
        let transposed = try layout(P.tensor(count: 12, shape: [4, 3], strides: [1, 4]))
        #expect(transposed.isFortranOrder && transposed.strides == nil)
        let rows = try layout(P.tensor(count: 20, first: 1, shape: [3, 4], strides: [6, 1]))
        #expect(rows.strides == [6, 1] && rows.dataByteOffset == 4 && rows.endByteOffset == 4 * 17 && !rows.isRowMajor)
        let ways = ArrayRows(of: rows)
        #expect(ways.axes == [ArrayRows.Axis(count: 3, stride: 6)] && ways.valueStride == 1 && !ways.isContiguous)
        // Strides of axes with one place count for nothing.
        #expect(try layout(P.tensor(count: 4, shape: [1, 4], strides: [99, 1])).isRowMajor)
        #expect(try layout(P.tensor(count: 0, shape: [0, 4], strides: [4, 1])).elementCount == 0)
        for (shape, strides, count, first) in [
            ([3, 4], [4, 1], 11, 0), ([3, 4], [4, 1], 12, 1), ([2, 2], [1 << 62, 1], 4, 0), ([1 << 62, 4], [4, 1], 16, 0),
            ([2], [1], 1 << 61, 1 << 61), ([0], [1], 4, 5),
        ] {
            let tensor = P.tensor(count: count, first: first, shape: shape, strides: strides)
            expectRefused(P.head + tensor + P.stop, .pyTorchArchive, says: "pickle at byte")
        }
        for (shape, strides) in [([3, 4], [0, 1]), ([3, 4], [1, 1]), ([3, 4], [2, 1]), ([2, 2, 2], [3, 2, 1])] {
            #expect(throws: FormatError.self, "\(strides)") {
                _ = try layout(P.tensor(count: 100, shape: shape, strides: strides))
            }
        }
        // A pickle by itself has no storages.
        expectRefused(P.head + P.tensor(count: 1, shape: [1], strides: [1]) + P.stop, says: "not in the pickle")
    }

    @Test func marksOfTensors() throws {
        func isRead(_ metadata: [UInt8]) throws -> Bool {
            let tensor = P.tensor(count: 1, shape: [1], strides: [1], metadata: metadata)
            return (try? read(P.head + tensor + P.stop, .pyTorchArchive).arrays[0].layout(at: 0)) != nil
        }
        #expect(try isRead(P.none) && isRead(P.emptyDict) && isRead(P.dictionary([("conj", P.truth(false))])))
        #expect(try !isRead(P.dictionary([("conj", P.truth(true))])) && !isRead(P.dictionary([("neg", P.truth(true))])))
        #expect(try !isRead(P.number(1)))
    }

    // MARK: What is refused

    @Test func namesAreRefusedWithTheirPlace() throws {
        let system = P.head + P.global("posix", "system") + P.tuple([P.text("touch harm")]) + P.reduce + P.stop
        expectRefused(system, says: "pickle at byte 2", "posix.system", "not called")
        expectRefused(P.head + P.none + P.pop + P.global("nt", "system") + P.stop, says: "byte 4", "nt.system")
        // By protocol 4, by way of the memo, and as instances.
        let stack = P.head + P.text("builtins") + P.put(0) + P.pop + P.get(0) + P.text("eval") + [0x93] + P.stop
        expectRefused(stack, says: "builtins.eval", "byte 35")
        expectRefused(P.head + P.mark + P.op("i") + Array("os\nsystem\n".utf8) + P.stop, says: "os.system", "byte 3")
        // Names that begin as those that are read do.
        for (module, name) in [
            ("numpy", "load"), ("torch", "load"), ("torch", "FloatStorage.__class__"), ("torch._utils", "_import_dotted_name"),
            ("numpy._core.multiarray", "fromfile"), ("collections", "namedtuple"), ("_codecs", "decode"), ("builtins", "getattr"),
            ("numpy.core.multiarray\u{1B}", "_reconstruct"),
        ] {
            expectRefused(P.head + P.global(module, name) + P.stop, says: name)
            #expect(!"\(errorText(P.head + P.global(module, name) + P.stop))".contains("\u{1B}"))
        }
        for (name, words) in [
            ("_rebuild_meta_tensor_no_storage", "meta"), ("_rebuild_qtensor", "dequantize"), ("_rebuild_sparse_tensor", "to_dense"),
            ("_rebuild_sparse_csr_tensor", "to_dense"), ("_rebuild_nested_tensor", "nested"),
        ] {
            expectRefused(P.head + P.global("torch._utils", name) + P.stop, says: name, words)
        }
    }

    private func errorText(_ pickle: [UInt8]) -> String {
        do throws(FormatError) {
            _ = try read(pickle)
            return ""
        } catch {
            return error.description
        }
    }

    @Test func allNamesCanBeListed() throws {
        let pickle =
            P.head
            + P.dictionary([
                ("x", P.global("posix", "system") + P.tuple([P.text("touch harm")]) + P.reduce + P.none + P.build),
                ("y", P.global("a", "B") + P.emptyTuple + [0x81] + P.emptyDict + P.build), ("a", P.array("u1", [1], data: [7])),
            ]) + P.stop
        expectRefused(pickle, says: "posix.system")
        let arrays = try read(pickle, listsCallables: true)
        #expect(arrays.callables.filter { !$0.isRead }.map(\.name) == ["posix.system", "a.B"])
        #expect(arrays.arrays.map(\.name) == ["a"])
    }

    @Test func opcodesAreRefusedByName() {
        for (opcode, name) in [(0x97, "NEXT_BUFFER"), (0x50, "PERSID"), (0x82, "EXT1"), (0x6F, "OBJ"), (0x49, "INT"), (0x53, "STRING")] {
            expectRefused(P.head + [UInt8(opcode)] + P.stop, says: name, "byte 2")
        }
        expectRefused(P.head + [0xFF], says: "0xff, which is no opcode")
        expectRefused([0x80, 6] + P.none + P.stop, says: "protocol 6")
        expectRefused(P.head + P.none + P.none + P.stop, says: "1 values left over")
        expectRefused(P.head + P.stop, says: "without its operand")
        expectRefused(P.head + P.get(3) + P.stop, says: "entry 3 of the memo")
        expectRefused(P.head + P.number(1) + P.emptyTuple + P.reduce + P.stop, says: "no callable")
        expectRefused(P.head + P.none + P.stop + P.none + P.stop, says: "2 bytes after its end", "several pickles")
    }

    @Test func arraysAreHeldAgainstTheirData() {
        expectRefused(P.head + P.array("f4", [3], data: [1, 2, 3, 4]) + P.stop, says: "4 bytes of data", "12")
        expectRefused(P.head + P.array("f4", [-1], data: []) + P.stop, says: "whole numbers")
        expectRefused(P.head + P.array("f4", [1 << 40, 1 << 40], data: []) + P.stop, says: "bytes")
        expectRefused(P.head + P.array("f4", Array(repeating: 1, count: 65), data: [1, 2, 3, 4]) + P.stop, says: "64")
    }

    @Test func typesThatAreNotReadKeepOthersReadable() throws {
        let pickle = P.head + P.dictionary([("s", P.array("U3", [1], data: [])), ("a", P.array("u1", [1], data: [7]))]) + P.stop
        let arrays = try read(pickle).arrays
        #expect(arrays.map(\.name) == ["s", "a"])
        #expect(throws: FormatError.self) { _ = try arrays[0].layout(at: 0) }
        #expect(try arrays[1].layout(at: 0).elementType == .uint8)
    }

    // MARK: Limits

    /// Objects within one another are neither recursed into nor multiplied.
    @Test func depthCyclesAndManifolds() {
        let nested = Array(repeating: P.emptyList, count: 100_000) + Array(repeating: P.append, count: 99_999)
        expectRefused(P.head + nested.flatMap { $0 } + P.stop, says: "deeper than 64")
        expectRefused(P.head + P.emptyList + P.put(0) + P.get(0) + P.append + P.stop, says: "deeper than 64")
        // Ten lists of ten times the one before: 10^12 arrays.
        var pickle = P.head + P.array("u1", [1], data: [7]) + P.put(0)
        for level in 0..<12 {
            pickle += P.pop + P.emptyList + P.mark + Array(repeating: P.get(level), count: 10).flatMap { $0 } + P.appends + P.put(level + 1)
        }
        expectRefused(pickle + P.stop, says: "more than")
    }

    @Test func stackMemoAndObjectsAreBounded() {
        let many = (1 << 21) + 1
        expectRefused(P.head + [UInt8](repeating: 0x4E, count: many) + P.stop, says: "values at once")
        expectRefused(P.head + [UInt8](repeating: 0x28, count: many) + P.stop, says: "marks")
        expectRefused(P.head + [UInt8](repeating: 0x5D, count: many) + P.stop, says: "other objects")
        expectRefused(P.head + P.none + [UInt8](repeating: 0x94, count: many) + P.stop, says: "the memo")
        expectRefused(P.head + Array(repeating: [0x55, 0, 0x30] as [UInt8], count: many).flatMap { $0 } + P.stop, says: "texts")
        var tuples = P.head
        for _ in 0..<300_000 { tuples += P.tuple(Array(repeating: P.none, count: 9)) + P.pop }
        expectRefused(tuples + P.stop, says: "values in its objects")
    }

    /// Lists of scalars, such as the names of a million files, are gone through and not kept.
    @Test func longListsOfOthers() throws {
        var pickle = P.head + P.emptyDict + P.text("epochs") + P.emptyList
        let thousand = P.mark + Array(repeating: P.op("K") + [1], count: 1000).flatMap { $0 } + P.op("e")
        for _ in 0..<3000 { pickle += thousand }
        pickle += P.setItem + P.text("a") + P.array("u1", [1], data: [7]) + P.setItem + P.stop
        #expect(try read(pickle, pieceByteCount: 1 << 16).arrays.map(\.name) == ["a"])
    }

    /// Contents of any length are passed over, and lengths beyond the file are told at once.
    @Test func lengthsAreHeldAgainstTheFile() {
        for opcode in [0x42, 0x54, 0x58] as [UInt8] { expectRefused(P.head + [opcode, 0xFF, 0xFF, 0xFF, 0x7F] + P.stop, says: "cut short") }
        for opcode in [0x8D, 0x8E, 0x96] as [UInt8] {
            expectRefused(P.head + [opcode] + [UInt8](repeating: 0xFF, count: 8) + P.stop, says: "can be counted")
            expectRefused(P.head + [opcode] + P.little(1 << 40, 8) + P.stop, says: "cut short")
        }
        expectRefused(P.head + [0x8B, 0xFF, 0xFF, 0, 0] + [UInt8](repeating: 0, count: 1 << 16) + P.stop, says: "a number of")
        #expect(throws: FormatError.self) {
            _ = try read(P.head + [0x8E] + P.little(1 << 40, 8) + P.stop, isSizeKnown: false)
        }
    }

    // MARK: Damage

    /// A pickle cut anywhere is an error, and one with bytes changed is an error or is sound.
    @Test func seededDamage() throws {
        let whole =
            P.head
            + P.dictionary([
                ("a", P.array("f4", [2, 1], data: [1, 2, 3, 4, 5, 6, 7, 8])),
                ("t", P.tensor(count: 12, first: 2, shape: [2, 4], strides: [5, 1])), ("l", P.emptyList + P.none + P.append),
            ]) + P.stop
        #expect(try read(whole, .pyTorchArchive).arrays.count == 2)
        for end in 0..<whole.count {
            #expect(throws: FormatError.self, "cut at \(end)") { _ = try read(Array(whole[..<end]), .pyTorchArchive) }
        }
        var random = SplitMix64(seed: 15)
        for _ in 0..<20_000 {
            var damaged = whole
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let arrays = try? read(damaged, .pyTorchArchive) else { continue }
            for array in arrays.arrays {
                guard let layout = try? array.layout(at: 0) else { continue }
                #expect(ArrayRows(of: layout).rowCount >= 0)
                switch array.content {
                case .bytes(let range): #expect(range.upperBound <= damaged.count && range.count == layout.dataByteCount)
                case .storage(_, let byteCount, _): #expect(layout.elementCount == 0 || layout.endByteOffset <= byteCount)
                default: break
                }
            }
        }
    }

    /// Bytes that are a text: each value is one character, and pieces may end inside one.
    @Test func textsOfBytes() {
        let all = (0...255).map { UInt8($0) }
        let text = all.flatMap { $0 < 0x80 ? [$0] : [0xC0 | $0 >> 6, 0x80 | $0 & 0x3F] }
        for pieceByteCount in [1, 2, 3, 100, 1000] {
            var decoder = PickledTextDecoder()
            var decoded: [UInt8] = []
            for start in stride(from: 0, to: text.count, by: pieceByteCount) {
                let piece = text[start..<min(text.count, start + pieceByteCount)]
                var room = [UInt8](repeating: 0, count: piece.count)
                let count = piece.withUnsafeBytes { piece in room.withUnsafeMutableBytes { decoder.decode(piece, into: $0) } }
                decoded += room[..<(count ?? 0)]
            }
            #expect(decoded == all && decoder.isAtEnd)
        }
        for bad in [[0xC2, 0x41], [0xC4, 0x80], [0x80], [0xE2, 0x82, 0xAC]] as [[UInt8]] {
            var decoder = PickledTextDecoder()
            var room = bad
            #expect(bad.withUnsafeBytes { piece in room.withUnsafeMutableBytes { decoder.decode(piece, into: $0) } } == nil)
        }
    }

    // MARK: PyTorch's archives

    @Test func archives() throws {
        let found = try #require(try PyTorchArchive(memberNames: ["run/data.pkl", "run/byteorder", "run/data/0"]))
        #expect(found.pickleName == "run/data.pkl" && found.byteOrderName == "run/byteorder" && found.storageName(key: "7") == "run/data/7")
        #expect(try PyTorchArchive(memberNames: ["a.npy", "a.csv", "xdata.pkl"]) == nil)
        #expect(throws: FormatError.self) { _ = try PyTorchArchive(memberNames: ["m/data.pkl", "m/constants.pkl", "m/code/m.py"]) }
        #expect(throws: FormatError.self) { _ = try PyTorchArchive(memberNames: ["m/data.pkl", "n/data.pkl"]) }
    }
}
