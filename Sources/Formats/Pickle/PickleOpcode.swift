/// An opcode of pickles, as Python's `pickletools` names them.
enum PickleOpcode: UInt8 {
    case proto = 0x80, frame = 0x95, stop = 0x2E
    case mark = 0x28, pop = 0x30, popMark = 0x31, dup = 0x32
    case none = 0x4E, newTrue = 0x88, newFalse = 0x89
    case binInt = 0x4A, binInt1 = 0x4B, binInt2 = 0x4D, long1 = 0x8A, long4 = 0x8B, binFloat = 0x47
    case shortBinString = 0x55, binString = 0x54
    case binUnicode = 0x58, shortBinUnicode = 0x8C, binUnicode8 = 0x8D
    case shortBinBytes = 0x43, binBytes = 0x42, binBytes8 = 0x8E, byteArray8 = 0x96
    case emptyTuple = 0x29, tuple = 0x74, tuple1 = 0x85, tuple2 = 0x86, tuple3 = 0x87
    case emptyList = 0x5D, append = 0x61, appends = 0x65
    case emptyDict = 0x7D, setItem = 0x73, setItems = 0x75
    case binPut = 0x71, longBinPut = 0x72, binGet = 0x68, longBinGet = 0x6A, memoize = 0x94
    case global = 0x63, stackGlobal = 0x93, reduce = 0x52, build = 0x62, binPersID = 0x51
    // Those that name a class to be called, whose name is told before they are refused.
    case inst = 0x69, newObj = 0x81, newObjEx = 0x92

    /// The bytes that follow the opcode and are no content: a number, or the length of the content.
    var argumentByteCount: Int {
        switch self {
        case .proto, .binInt1, .long1, .shortBinString, .shortBinUnicode, .shortBinBytes, .binPut, .binGet: 1
        case .binInt2: 2
        case .binInt, .long4, .binString, .binUnicode, .binBytes, .longBinPut, .longBinGet: 4
        case .frame, .binFloat, .binUnicode8, .binBytes8, .byteArray8: 8
        default: 0
        }
    }

    /// The names of the opcodes that are never read, for messages.
    private static let others: [UInt8: String] = [
        0x6F: "OBJ", 0x46: "FLOAT", 0x49: "INT", 0x4C: "LONG", 0x53: "STRING", 0x56: "UNICODE", 0x6C: "LIST", 0x64: "DICT", 0x70: "PUT",
        0x67: "GET", 0x50: "PERSID", 0x82: "EXT1", 0x83: "EXT2", 0x84: "EXT4", 0x8F: "EMPTY_SET", 0x90: "ADDITEMS", 0x91: "FROZENSET",
        0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
    ]

    /// Describes a byte that is none of the opcodes that are read.
    static func describe(_ byte: UInt8) -> String {
        let hexadecimal = "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        return others[byte].map { "the opcode \($0) (\(hexadecimal))" } ?? "the byte \(hexadecimal), which is no opcode"
    }
}
