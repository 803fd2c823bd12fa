import Engine
import FoundationEssentials

/// Reports as JSON: keys in alphabetical order, numbers in the shortest form that reads back to the same value, infinities as "inf".
enum JSONOutput {
    static func bytes(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }

    /// Writes to a file, or for "-" to standard output.
    static func write(_ value: some Encodable, to path: String) throws {
        let bytes = try bytes(value)
        if path == "-" {
            print(String(decoding: bytes, as: UTF8.self), terminator: "")
        } else {
            try OutputFile.write(bytes, to: path)
        }
    }
}
