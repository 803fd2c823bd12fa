package import Messages

/// The names that class labels have in text.
///
/// A class has its full name and a short one: the full name without the beginning and end that all names share, up to a separator. Labels
/// `cat` and `dog` are classes of the columns `p_cat` and `p_dog`, as are `p_cat` and `p_dog` themselves. Numbers at the end of names that
/// are otherwise the same are short names as well: labels 1 and 2 are classes of the columns `V1` and `V2`, and of `class01` and `class02`.
///
/// If a name is a whole number, so that a label could be either, labels are names and never indices.
public struct ClassNames {
    let names: [String]
    /// All texts that a label may be, each once, with the class index that each means.
    let meanings: [(name: [UInt8], classIndex: Int64)]
    /// True if a full or short name is a whole number.
    package let areNumbers: Bool

    /// True if labels are names and never indices, since the order of the classes was not given.
    private let hasNoOrder: Bool

    /// True if labels are names and never indices.
    package var excludesIndices: Bool { areNumbers || hasNoOrder }

    /// The remedy for a label that is none of the names.
    package var remedy: Message {
        if hasNoOrder { return "\(setting: .classNames) gives the names in the order of the classes, for labels that are their places" }
        guard areNumbers else { return "\(setting: .classNames) gives names in the order of the classes" }
        return "\(setting: .classNames) gives names in the order of the classes; "
            + "\(setting: .classNames, .text("0,1,…")) if labels are their places"
    }

    /// Makes the names of classes 0, 1, and so on. A name that occurs twice means its first place. `ignoredLabel` means itself if names are
    /// numbers and it is none of them.
    ///
    /// - Parameter hasNoOrder: true if the order of the names says nothing, so that no label is an index.
    package init(_ names: [String], ignoredLabel: Int64?, hasNoOrder: Bool = false) {
        self.names = names
        self.hasNoOrder = hasNoOrder
        var known: Set<Name> = []
        known.reserveCapacity(2 * names.count)
        var meanings: [(name: [UInt8], classIndex: Int64)] = []
        func add(_ name: String, _ classIndex: Int64) {
            if known.insert(Name(name)).inserted { meanings.append((Array(name.utf8), classIndex)) }
        }
        for list in [names, Self.withoutAffixes(names)] + Self.numbersAtEnd(of: names) {
            for (index, name) in list.enumerated() { add(name, Int64(index)) }
        }
        // What does not begin with a digit or a sign need not be made a text again.
        areNumbers = meanings.contains { meaning in
            guard let first = meaning.name.first, (0x30...0x39).contains(first) || first == 0x2B || first == 0x2D else { return false }
            return Int64(String(decoding: meaning.name, as: UTF8.self)) != nil
        }
        if areNumbers || hasNoOrder, let ignoredLabel {
            // With a point too: pandas writes it so if another label is missing.
            add(String(ignoredLabel), ignoredLabel)
            add("\(ignoredLabel).0", ignoredLabel)
        }
        self.meanings = meanings
    }

    /// The class index that each text means, for callers that look labels up themselves.
    package var indices: [[UInt8]: Int64] {
        Dictionary(meanings.map { ($0.name, $0.classIndex) }, uniquingKeysWith: { first, _ in first })
    }

    /// The first names, for messages.
    package var list: String {
        let shown = names.prefix(8).map { QuotedBytes.text($0.utf8) }.joined(separator: ", ")
        return names.count > 8 ? shown + ", … (\(names.count))" : shown
    }

    /// True if names end in numbers or are numbers, which then say their order.
    static func sayTheirOrder(_ names: [String]) -> Bool { !numbersAtEnd(of: names).isEmpty || names.allSatisfy { Int64($0) != nil } }

    /// Returns names in the order of the numbers that they are or end with, or else in that of their scalars.
    static func sorted(_ names: [String]) -> [String] {
        let numbers = numbersAtEnd(of: names).last ?? names
        let keyed = zip(names, numbers.map { Int64($0) })
        guard sayTheirOrder(names) else { return names.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) } }
        return keyed.sorted { ($0.1 ?? 0) < ($1.1 ?? 0) }.map(\.0)
    }

    /// The classes that whole numbers mean; nil if no name is a whole number, and if each number means the class at its own place.
    public static func classIndicesOfNumbers(_ names: [String]) -> [Int64: Int64]? {
        let all = ClassNames(names, ignoredLabel: nil)
        guard all.areNumbers else { return nil }
        var indices: [Int64: Int64] = [:]
        for meaning in all.meanings {
            guard let number = Int64(String(decoding: meaning.name, as: UTF8.self)), indices[number] == nil else { continue }
            indices[number] = meaning.classIndex
        }
        return indices.count == names.count && indices.allSatisfy { $0.key == $0.value } ? nil : indices
    }

    /// Returns the digits at the end of names that are the same before them, as they stand and without leading zeros. Returns nothing if
    /// the names differ otherwise, or if two would become equal. O(bytes of the names).
    private static func numbersAtEnd(of names: [String]) -> [[String]] {
        guard names.count > 1 else { return [] }
        var beginning: Substring?
        var digits: [String] = []
        var numbers: [Int64] = []
        for name in names {
            let start = startOfDigits(atEndOf: name)
            let shared = beginning ?? name[..<start]
            guard start < name.endIndex, !shared.isEmpty, name[..<start].isSameName(as: shared), let number = Int64(name[start...]) else { return [] }
            beginning = shared
            digits.append(String(name[start...]))
            numbers.append(number)
        }
        return Set(numbers).count == numbers.count ? [digits, numbers.map { String($0) }] : []
    }

    /// Returns where the digits at the end of a name begin; its end if it ends with none.
    private static func startOfDigits(atEndOf name: String) -> String.Index {
        let bytes = name.utf8
        var start = bytes.endIndex
        while start > bytes.startIndex {
            let before = bytes.index(before: start)
            guard (0x30...0x39).contains(bytes[before]) else { break }
            start = before
        }
        return start
    }

    /// Removes the beginning and end that all names share. Returns no names if a name would become empty, or two would become equal.
    /// O(bytes of the names).
    public static func withoutAffixes(_ names: [String]) -> [String] {
        guard names.count > 1 else { return [] }
        // Names are cut next to a separator, which is a byte of its own in UTF-8.
        let all = names.map { Array($0.utf8) }, first = all[0]
        var prefix = first.count, suffix = first.count
        for name in all {
            let limit = min(first.count, name.count)
            var count = 0
            while count < min(limit, prefix), first[count] == name[count] { count += 1 }
            prefix = count
            count = 0
            while count < min(limit, suffix), first[first.count - 1 - count] == name[name.count - 1 - count] { count += 1 }
            suffix = count
        }
        while prefix > 0, !isSeparator(first[prefix - 1]) { prefix -= 1 }
        while suffix > 0, !isSeparator(first[first.count - suffix]) { suffix -= 1 }
        guard prefix + suffix > 0, all.allSatisfy({ $0.count > prefix + suffix }) else { return [] }
        let left = all.map { String(decoding: $0[prefix..<($0.count - suffix)], as: UTF8.self) }
        return Set(left.names).count == left.count ? left : []
    }

    private static let separators = Set("_-.:/| []()".utf8)
    private static func isSeparator(_ byte: UInt8) -> Bool { separators.contains(byte) }
}
