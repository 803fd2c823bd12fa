import Foundation

/// A JSON document, addressed by path. Not JSONSerialization's: on Linux that loses the last digit of a number.
struct JSONDocument {
    indirect enum Value: Decodable, Equatable {
        case null
        case boolean(Bool)
        case number(Double)
        case text(String)
        case list([Value])
        case object([String: Value])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            // A thrown error costs its backtrace, which Swift Testing keeps: the most frequent kinds come first.
            if container.decodeNil() {
                self = .null
            } else if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else if let boolean = try? container.decode(Bool.self) {
                self = .boolean(boolean)
            } else if let list = try? container.decode([Value].self) {
                self = .list(list)
            } else {
                self = .object(try container.decode([String: Value].self))
            }
        }
    }

    private let root: Value

    init(_ text: String) throws {
        do {
            root = try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw HarnessError("not JSON, or not JSON alone: \(error): \(text.prefix(400))")
        }
    }

    /// A document from a file.
    init(path: String) throws {
        try self.init(String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self))
    }

    private init(root: Value) { self.root = root }

    private func value(_ path: [String]) throws -> Value {
        var value = root
        for key in path {
            guard case .object(let object) = value, let next = object[key] else {
                throw HarnessError("no \(path.joined(separator: ".")) in \(root)")
            }
            value = next
        }
        return value
    }

    private func object(_ path: [String]) throws -> [String: Value] {
        guard case .object(let object) = try value(path) else { throw HarnessError("\(path) is no object") }
        return object
    }

    /// What lies at a path.
    func at(_ path: [String]) throws -> JSONDocument { JSONDocument(root: try value(path)) }

    /// The values of an object by their keys.
    func values(_ path: String...) throws -> [String: Value] { try object(path) }

    func keys(_ path: String...) throws -> Set<String> { Set(try object(path).keys) }

    func text(_ path: String...) throws -> String {
        guard case .text(let text) = try value(path) else { throw HarnessError("\(path) is no string") }
        return text
    }

    /// A number; infinities and NaN are strings.
    func number(_ path: String...) throws -> Double {
        switch try value(path) {
        case .number(let number): return number
        case .text("nan"): return .nan
        case .text("inf"): return .infinity
        case .text("-inf"): return -.infinity
        case let other: throw HarnessError("\(path) is no number: \(other)")
        }
    }

    /// A number in C's `%a`.
    func hexadecimal(_ path: String...) throws -> Double {
        guard case .text(let text) = try value(path), let number = Double(text) else {
            throw HarnessError("\(path) is no hexadecimal number")
        }
        return number
    }

    func count(_ path: String...) throws -> Int {
        guard case .number(let number) = try value(path), let count = Int(exactly: number) else {
            throw HarnessError("\(path) is no count")
        }
        return count
    }

    func boolean(_ path: String...) throws -> Bool {
        guard case .boolean(let boolean) = try value(path) else { throw HarnessError("\(path) is no boolean") }
        return boolean
    }

    func list(_ path: String...) throws -> [JSONDocument] { try elements(path).map { JSONDocument(root: $0) } }

    func texts(_ path: String...) throws -> [String] { try elements(path).map { try JSONDocument(root: $0).text() } }

    func counts(_ path: String...) throws -> [Int] { try elements(path).map { try JSONDocument(root: $0).count() } }

    private func elements(_ path: [String]) throws -> [Value] {
        guard case .list(let list) = try value(path) else { throw HarnessError("\(path) is no list") }
        return list
    }

    /// The document without some of its top keys, to be compared with another.
    func without(_ keys: String...) throws -> [String: Value] { try object([]).filter { !keys.contains($0.key) } }
}
