internal import JSONReading
internal import Messages

/// A JSON value as a tree. It is used for headers and for the first records of a text, never for all records.
enum JSONValue: Sendable {
    case object(Fields)
    case array([JSONValue])
    case string(String)
    /// A number as it is written in the text.
    case number(String)
    case boolean(Bool)
    case null

    /// The members of an object, in the order of the text. A key may occur more than once.
    struct Fields: Sendable {
        let all: [(key: String, value: JSONValue)]
        /// The index of each key's first member; empty if there are few enough to search one by one.
        private let places: [Name: Int]

        init(_ all: [(key: String, value: JSONValue)]) {
            self.all = all
            places = all.count > 8 ? Dictionary(all.enumerated().map { (Name($1.key), $0) }, uniquingKeysWith: { first, _ in first }) : [:]
        }

        /// The value of the key's first member.
        subscript(key: String) -> JSONValue? {
            places.isEmpty ? all.first { $0.key.isSameName(as: key) }?.value : places[Name(key)].map { all[$0].value }
        }
    }
}

/// The defect of a text that is not valid JSON.
struct JSONDefect: Error {
    /// A code `JSONDefect…` of JSONReading.
    let code: Int32
    /// The defect's place in bytes, counted from the text's first byte.
    let byteOffset: Int

    /// True if the text ends too early.
    var isCut: Bool { code == Int32(JSONDefectOpenBrackets) || code == Int32(JSONDefectOpenString) }

    /// Describes the defect for people. `text` is the text that was read.
    func description(of text: UnsafeRawBufferPointer) -> String {
        let place = "byte \(byteOffset)"
        func quoted() -> String { QuotedBytes.text(text.dropFirst(byteOffset).prefix(QuotedBytes.byteCountLimit)) }
        switch Int(code) {
        case JSONDefectEmpty: return "nothing"
        case JSONDefectNoContainer: return "\(quoted()), which is neither an object nor an array"
        case JSONDefectOpenBrackets: return "the end after \(text.count) bytes, with brackets still open"
        case JSONDefectOpenString: return "the end after \(text.count) bytes, inside a string or after a lone quotation mark"
        case JSONDefectUTF8: return Self.invalidUTF8(text)
        case JSONDefectControlCharacter: return "a control character inside a string, not escaped"
        case JSONDefectTrailing: return "more after the end, at \(place): \(quoted())"
        case JSONDefectDepth: return "more than \(JSONDepthLimit) arrays and objects within one another"
        case JSONDefectCapacity: return "\(text.count) bytes, for which there is no memory"
        default: return byteOffset < text.count ? "no JSON at \(place): \(quoted())" : "no JSON"
        }
    }

    private static func invalidUTF8(_ text: UnsafeRawBufferPointer) -> String {
        var parser = Unicode.UTF8.ForwardParser()
        var bytes = text.makeIterator()
        var byteOffset = 0
        while true {
            switch parser.parseScalar(from: &bytes) {
            case .valid(let scalar): byteOffset += scalar.count
            case .emptyInput: return "bytes that are no UTF-8"
            case .error: return "at byte \(byteOffset) the byte \(QuotedBytes.hexadecimal([text[byteOffset]])), which is no UTF-8 there"
            }
        }
    }
}

extension JSONValue {
    /// Reads a whole text and checks all of it. Linear; the tree takes many times as much memory as the text.
    static func parse(_ text: UnsafeRawBufferPointer) throws(JSONDefect) -> JSONValue {
        let builder = Builder()
        try JSONEvent.walk(text) { event in
            builder.add(event)
            return true
        }
        return builder.result ?? .null
    }

    private final class Builder {
        private enum Open {
            case object([(key: String, value: JSONValue)], key: String)
            case array([JSONValue])
        }
        private var open: [Open] = []
        var result: JSONValue?

        func add(_ event: JSONEvent) {
            switch event {
            case .objectBegins: open.append(.object([], key: ""))
            case .arrayBegins: open.append(.array([]))
            case .key(let text):
                if case .object(let fields, _) = open.popLast() { open.append(.object(fields, key: String(decoding: text, as: UTF8.self))) }
            case .objectEnds, .arrayEnds:
                switch open.popLast() {
                case .object(let fields, _): finish(.object(Fields(fields)))
                case .array(let elements): finish(.array(elements))
                case nil: break
                }
            case .string(let text): finish(.string(String(decoding: text, as: UTF8.self)))
            case .number(let text): finish(.number(String(decoding: text, as: UTF8.self)))
            case .boolean(let value): finish(.boolean(value))
            case .null: finish(.null)
            }
        }

        private func finish(_ value: JSONValue) {
            // The array is taken out and put back, so that it is not copied.
            switch open.popLast() {
            case .object(var fields, let key):
                fields.append((key, value))
                open.append(.object(fields, key: key))
            case .array(var elements):
                elements.append(value)
                open.append(.array(elements))
            case nil: result = value
            }
        }
    }
}

/// An event of reading a JSON text from its beginning to its end.
enum JSONEvent {
    case objectBegins, objectEnds, arrayBegins, arrayEnds
    /// A key or a string with its escapes decoded. The bytes are valid until the event has been handled.
    case key(UnsafeRawBufferPointer)
    case string(UnsafeRawBufferPointer)
    /// A number as it is written in the text.
    case number(UnsafeRawBufferPointer)
    case boolean(Bool)
    case null

    /// Reads a whole text, checks all of it, and calls `take` with each event until that returns false. Linear.
    ///
    /// - Throws: `JSONDefect`, also if `take` returned false (`JSONDefectStopped`).
    static func walk(_ text: UnsafeRawBufferPointer, _ take: (JSONEvent) -> Bool) throws(JSONDefect) {
        guard let base = text.baseAddress, text.count > 0 else { throw JSONDefect(code: Int32(JSONDefectEmpty), byteOffset: 0) }
        var byteOffset = 0
        let code = withoutActuallyEscaping(take) { take in
            let taker = Taker(take)
            return withExtendedLifetime(taker) {
                // Unsafe: the taker and the bytes of `text` outlive the call.
                jsonWalk(
                    base.assumingMemoryBound(to: CChar.self), text.count,
                    { context, event, bytes, byteCount in
                        guard let context else { return false }
                        return Unmanaged<Taker>.fromOpaque(context).takeUnretainedValue()
                            .take(JSONEvent(event, UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : byteCount)))
                    }, Unmanaged.passUnretained(taker).toOpaque(), &byteOffset)
            }
        }
        guard code == JSONDefectNone else { throw JSONDefect(code: code, byteOffset: min(byteOffset, text.count)) }
    }

    private final class Taker {
        let take: (JSONEvent) -> Bool
        init(_ take: @escaping (JSONEvent) -> Bool) { self.take = take }
    }

    private init(_ code: Int32, _ bytes: UnsafeRawBufferPointer) {
        switch Int(code) {
        case JSONEventObject: self = .objectBegins
        case JSONEventObjectEnd: self = .objectEnds
        case JSONEventArray: self = .arrayBegins
        case JSONEventArrayEnd: self = .arrayEnds
        case JSONEventKey: self = .key(bytes)
        case JSONEventString: self = .string(bytes)
        case JSONEventNumber: self = .number(bytes)
        case JSONEventTrue: self = .boolean(true)
        case JSONEventFalse: self = .boolean(false)
        default: self = .null
        }
    }
}
