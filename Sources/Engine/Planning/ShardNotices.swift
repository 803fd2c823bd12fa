internal import Messages
internal import Scoring

/// The warnings about the way in which a plan's shard was read, such as a seek table that was set aside. They are found only by reading, so
/// that the plan does not have them, and the merged report must not lose them.
struct ShardNotices: RowObserver, Equatable {
    static let tag = "shard-notices"
    /// The most warnings that a merge keeps.
    static let limit = 1000

    /// The warnings: their codes and texts, in ascending order, each once.
    private(set) var notices: [Entry] = []

    /// A warning as bytes that can be ordered.
    struct Entry: Sendable, Hashable, Comparable {
        let code: String
        let text: String

        static func < (left: Entry, right: Entry) -> Bool {
            if left.code != right.code { return left.code.utf8.lexicographicallyPrecedes(right.code.utf8) }
            return left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
        }
    }

    var tag: String { Self.tag }
    /// The warnings, as reports have them.
    var warnings: [Message] { notices.map { Message(code: NoticeCode(rawValue: $0.code) ?? .other, Message($0.text)) } }

    init() {}

    init(_ warnings: [Message]) {
        notices = Self.ordered(warnings.map { Entry(code: ($0.code ?? .other).rawValue, text: $0.description) })
    }

    private static func ordered(_ entries: [Entry]) -> [Entry] { Array(Set(entries).sorted().prefix(limit)) }

    mutating func observe(_ block: ScoredBlock) {
        // The warnings are about the files, and not about rows.
    }

    mutating func merge(_ other: ShardNotices) { notices = Self.ordered(notices + other.notices) }

    // The section: the number of warnings, and of each, in ascending order, its code and its text, each after the number of its bytes.
    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt64(notices.count))
        for notice in notices {
            bytes.append(text: notice.code)
            bytes.append(text: notice.text)
        }
    }

    mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        var notices: [Entry] = []
        let count = try reader.count(leastByteCount: 16)
        guard count <= Self.limit else { throw .damaged("\(count) warnings of a shard") }
        for _ in 0..<count {
            let entry = Entry(code: try reader.text(), text: try reader.text())
            if let last = notices.last, entry <= last { throw .damaged("warnings of a shard are not in order") }
            notices.append(entry)
        }
        try reader.expectEnd()
        self.notices = notices
    }
}
