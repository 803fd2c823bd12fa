import Foundation

/// A JSON Schema of the few words that `report.schema.json` uses.
struct JSONSchema {
    private let root: [String: Any]

    init(path: String) throws {
        let value = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
        guard let root = value as? [String: Any] else { throw HarnessError("\(path) is no schema") }
        self.root = root
    }

    /// What a document breaks of the schema; empty where it is valid. A key that no schema names is a fault too: the schema is to list all.
    func faults(of document: String) throws -> [String] {
        faults(try JSONSerialization.jsonObject(with: Data(document.utf8), options: .fragmentsAllowed), root, "$")
    }

    private func faults(_ value: Any, _ schema: [String: Any], _ place: String) -> [String] {
        if let reference = schema["$ref"] as? String { return faults(value, resolve(reference), place) }
        if let choices = schema["anyOf"] as? [[String: Any]] {
            return choices.contains { faults(value, $0, place).isEmpty } ? [] : ["\(place): \(value) is none of the choices"]
        }
        var found: [String] = []
        func expect(_ isSo: Bool, _ text: String) { if !isSo { found.append("\(place): \(text): \(value)") } }
        if let values = schema["enum"] as? [String] { expect((value as? String).map(values.contains) ?? false, "is none of \(values)") }
        if let type = schema["type"] as? String { expect(Self.is(value, type), "is no \(type)") }
        if let pattern = schema["pattern"] as? String, let text = value as? String {
            expect(text.range(of: pattern, options: .regularExpression) != nil, "does not match \(pattern)")
        }
        if let least = schema["minimum"] as? Double, let number = value as? Double { expect(number >= least, "is below \(least)") }
        if let most = schema["maximum"] as? Double, let number = value as? Double { expect(number <= most, "is above \(most)") }
        if let list = value as? [Any] {
            if let least = schema["minItems"] as? Int { expect(list.count >= least, "is shorter than \(least)") }
            if let most = schema["maxItems"] as? Int { expect(list.count <= most, "is longer than \(most)") }
            if let items = schema["items"] as? [String: Any] {
                for (index, item) in list.enumerated() { found += faults(item, items, "\(place)[\(index)]") }
            }
        }
        if let object = value as? [String: Any] {
            let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
            for key in schema["required"] as? [String] ?? [] { expect(object[key] != nil, "lacks \(key)") }
            for (key, item) in object {
                if let known = properties[key] ?? schema["additionalProperties"] as? [String: Any] {
                    found += faults(item, known, "\(place).\(key)")
                } else {
                    found.append("\(place).\(key): the schema does not name it")
                }
            }
        }
        return found
    }

    private func resolve(_ reference: String) -> [String: Any] {
        reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] as? [String: Any] ?? [:] }
    }

    /// A JSON boolean is a number to Foundation.
    private static func `is`(_ value: Any, _ type: String) -> Bool {
        let isBoolean = (value as? NSNumber).map { String(cString: $0.objCType) == "c" || $0 === kTrue || $0 === kFalse } ?? false
        return switch type {
        case "object": value is [String: Any]
        case "array": value is [Any]
        case "string": value is String
        case "boolean": isBoolean
        case "integer": !isBoolean && (value as? Double).map { $0 == $0.rounded() } ?? false
        case "number": !isBoolean && value is NSNumber
        case "null": value is NSNull
        default: false
        }
    }

    // Foundation's only two booleans.
    private static let kTrue = NSNumber(value: true)
    private static let kFalse = NSNumber(value: false)
}
