/// The bytes of pickles, written opcode by opcode.
enum PickleAssembly {
    static let head: [UInt8] = [0x80, 2]
    static let stop = op(".")
    static let none = op("N"), mark = op("("), tuple = op("t"), reduce = op("R"), build = op("b"), emptyTuple = op(")")
    static let emptyList = op("]"), emptyDict = op("}"), append = op("a"), appends = op("e"), setItem = op("s"), setItems = op("u")
    static let pop = op("0")

    static func op(_ letter: String) -> [UInt8] { Array(letter.utf8) }
    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
    static func text(_ text: String) -> [UInt8] { op("X") + little(text.utf8.count, 4) + Array(text.utf8) }
    static func bytes(_ bytes: [UInt8]) -> [UInt8] { op("B") + little(bytes.count, 4) + bytes }
    static func put(_ index: Int) -> [UInt8] { op("r") + little(index, 4) }
    static func get(_ index: Int) -> [UInt8] { op("j") + little(index, 4) }
    static func truth(_ value: Bool) -> [UInt8] { [value ? 0x88 : 0x89] }

    /// A whole number of up to eight bytes.
    static func number(_ number: Int) -> [UInt8] { [0x8A, 8] + little(number, 8) }

    static func tuple(_ values: [[UInt8]]) -> [UInt8] { mark + values.flatMap { $0 } + tuple }

    static func little(_ number: Int, _ byteCount: Int) -> [UInt8] {
        (0..<byteCount).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    /// An array of NumPy.
    static func array(_ descriptor: String, _ shape: [Int], data: [UInt8], order: String = "<", isFortranOrder: Bool = false) -> [UInt8] {
        let type =
            global("numpy", "dtype") + tuple([text(descriptor), truth(false), truth(true)]) + reduce
            + tuple([number(3), text(order), none, none, none, number(-1), number(-1), number(0)]) + build
        let empty =
            global("numpy._core.multiarray", "_reconstruct") + tuple([global("numpy", "ndarray"), tuple([number(0)]), bytes([0x62])])
            + reduce
        return empty + tuple([number(1), tuple(shape.map(number)), type, truth(isFortranOrder), bytes(data)]) + build
    }

    /// A tensor of PyTorch.
    static func tensor(
        storage: String = "FloatStorage", key: String = "0", count: Int, first: Int = 0, shape: [Int], strides: [Int],
        metadata: [UInt8]? = nil
    ) -> [UInt8] {
        let storage = tuple([text("storage"), global("torch", storage), text(key), text("cpu"), number(count)]) + op("Q")
        let hooks = global("collections", "OrderedDict") + emptyTuple + reduce
        return global("torch._utils", "_rebuild_tensor_v2")
            + tuple(
                [storage, number(first), tuple(shape.map(number)), tuple(strides.map(number)), truth(false), hooks]
                    + [metadata].compactMap { $0 })
            + reduce
    }

    /// A dictionary of texts.
    static func dictionary(_ entries: [(String, [UInt8])]) -> [UInt8] {
        emptyDict + mark + entries.flatMap { text($0.0) + $0.1 } + setItems
    }
}
