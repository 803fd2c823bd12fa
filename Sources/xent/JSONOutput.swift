import Engine
import FoundationEssentials
import Messages
import Outputs

/// An output for reports as JSON: a file, or standard output for "-". It is opened before the work begins, so that a missing folder is
/// found then and not after hours.
///
/// Keys are in alphabetical order. Numbers are in the shortest form that reads back to the same value, infinities are the string "inf".
struct JSONOutput {
    private let file: OutputFile?

    init(path: String) throws {
        file = path == "-" ? nil : try OutputFile(path: path)
    }

    func write(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        encoder.userInfo[.settingNames] = SettingNames.options
        let bytes = Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
        if let file {
            try file.write(bytes, at: 0)
        } else {
            try StandardOutput.write(bytes)
        }
    }

    func commit() throws { try file?.commit() }
    func discard() { file?.discard() }
}
