/// The names that class labels have in text.
///
/// Beside each name stands what is left of it without what all names begin and end with, up to a separator: labels `cat` and `dog` are
/// classes of the columns `p_cat` and `p_dog`, as are `p_cat` and `p_dog` themselves.
///
/// Where a name is a whole number, so that a label could be either, labels are names, never indices.
public struct ClassNames {
    let names: [String]
    /// All that a label may be, each once, and what it stands for.
    let meanings: [(name: [UInt8], classIndex: Int64)]
    /// A name, or what is left of one, is a whole number.
    let areNumbers: Bool

    /// Of a name that is there twice the first place counts. `ignoredLabel` stands for itself where names are numbers, unless it is one.
    init(_ names: [String], ignoredLabel: Int64?) {
        self.names = names
        var known: Set<[UInt8]> = []
        var meanings: [(name: [UInt8], classIndex: Int64)] = []
        func add(_ name: String, _ classIndex: Int64) {
            let name = Array(name.utf8)
            if known.insert(name).inserted { meanings.append((name, classIndex)) }
        }
        for list in [names, Self.withoutAffixes(names)] {
            for (index, name) in list.enumerated() { add(name, Int64(index)) }
        }
        areNumbers = meanings.contains { Int64(String(decoding: $0.name, as: UTF8.self)) != nil }
        if areNumbers, let ignoredLabel {
            // As pandas writes it where a label is missing elsewhere, too.
            add(String(ignoredLabel), ignoredLabel)
            add("\(ignoredLabel).0", ignoredLabel)
        }
        self.meanings = meanings
    }

    /// The first of them, for messages.
    var list: String {
        let shown = names.prefix(8).map { QuotedBytes.text($0.utf8) }.joined(separator: ", ")
        return names.count > 8 ? shown + ", … (\(names.count))" : shown
    }

    /// What distinguishes names, or none where nothing is left of one, or twice the same.
    public static func withoutAffixes(_ names: [String]) -> [String] {
        guard names.count > 1, let first = names.first.map({ Array($0.unicodeScalars) }) else { return [] }
        let all = names.map { Array($0.unicodeScalars) }
        var prefix = all.reduce(first.count) { count, name in min(count, zip(first, name).prefix { $0 == $1 }.count) }
        while prefix > 0, !isSeparator(first[prefix - 1]) { prefix -= 1 }
        var suffix = all.reduce(first.count) { count, name in min(count, zip(first.reversed(), name.reversed()).prefix { $0 == $1 }.count) }
        while suffix > 0, !isSeparator(first[first.count - suffix]) { suffix -= 1 }
        guard prefix + suffix > 0, all.allSatisfy({ $0.count > prefix + suffix }) else { return [] }
        let left = all.map { name in
            var text = String.UnicodeScalarView()
            text.append(contentsOf: name[prefix..<(name.count - suffix)])
            return String(text)
        }
        return Set(left).count == left.count ? left : []
    }

    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool { "_-.:/| []()".unicodeScalars.contains(scalar) }
}
