/// The texts and numbers of a JSON object, by their names. The answers that hold keys are one object of texts.
///
/// Objects and lists within it are passed over. A text that is no JSON gives what came before the fault: a missing name is then told.
struct FlatJSON {
    private(set) var values: [String: String] = [:]

    /// Reads a text. O(bytes).
    init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        guard scanner.take(UInt8(ascii: "{")) else { return }
        while let name = scanner.string() {
            guard scanner.take(UInt8(ascii: ":")), let value = scanner.value() else { return }
            if let text = value { values[name] = text }
            guard scanner.take(UInt8(ascii: ",")) else { return }
        }
    }

    private struct Scanner {
        let bytes: [UInt8]
        var place = 0

        mutating func skipSpace() {
            while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
        }

        /// Takes a character, if it is the next one.
        mutating func take(_ byte: UInt8) -> Bool {
            skipSpace()
            guard place < bytes.count, bytes[place] == byte else { return false }
            place += 1
            return true
        }

        /// Takes a text; nil where none follows.
        mutating func string() -> String? {
            guard take(UInt8(ascii: "\"")) else { return nil }
            var units: [UInt16] = [], result: [UInt8] = []
            func flush() {
                result += String(decoding: units, as: UTF16.self).utf8
                units = []
            }
            while place < bytes.count {
                let byte = bytes[place]
                place += 1
                if byte == UInt8(ascii: "\"") {
                    flush()
                    return String(decoding: result, as: UTF8.self)
                }
                guard byte == UInt8(ascii: "\\"), place < bytes.count else {
                    if !units.isEmpty { flush() }
                    result.append(byte)
                    continue
                }
                let escape = bytes[place]
                place += 1
                if escape == UInt8(ascii: "u") {
                    guard place + 4 <= bytes.count,
                        let unit = UInt16(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16)
                    else { return nil }
                    units.append(unit)
                    place += 4
                    continue
                }
                if !units.isEmpty { flush() }
                switch escape {
                case UInt8(ascii: "n"): result.append(0x0A)
                case UInt8(ascii: "t"): result.append(0x09)
                case UInt8(ascii: "r"): result.append(0x0D)
                case UInt8(ascii: "b"): result.append(0x08)
                case UInt8(ascii: "f"): result.append(0x0C)
                default: result.append(escape)
                }
            }
            return nil
        }

        /// Takes a value: `.some(nil)` for null, an object or a list; nil where none follows.
        mutating func value() -> String??  {
            skipSpace()
            guard place < bytes.count else { return nil }
            switch bytes[place] {
            case UInt8(ascii: "\""): return string().map { .some($0) }
            case UInt8(ascii: "{"), UInt8(ascii: "["): return skipNested() ? .some(nil) : nil
            default:
                let start = place
                while place < bytes.count, ![0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x5D, 0x7D].contains(bytes[place]) { place += 1 }
                let word = String(decoding: bytes[start..<place], as: UTF8.self)
                return word.isEmpty ? nil : .some(word == "null" ? nil : word)
            }
        }

        /// Passes over an object or a list, by its brackets.
        mutating func skipNested() -> Bool {
            var depth = 0
            while place < bytes.count {
                switch bytes[place] {
                case UInt8(ascii: "\""):
                    guard string() != nil else { return false }
                    continue
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default: break
                }
                place += 1
                if depth == 0 { return true }
            }
            return false
        }
    }
}
