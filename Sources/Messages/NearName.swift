/// A search for the name that someone meant who wrote another.
package enum NearName {
    /// Returns the name that is nearest to `word`; nil if none is near.
    ///
    /// A name is near if it begins with the word, if the word begins with it, or if it comes from the word by few changes of letters: one
    /// in three, and at least one of a word of three letters. Case does not count. O(names · length of the word · length of a name).
    package static func of(_ word: String, among names: [String]) -> String? {
        let wanted = Array(word.lowercased().unicodeScalars)
        guard wanted.count >= 3 else { return nil }
        var best: (name: String, distance: Int)?
        for name in names where name != word {
            let scalars = Array(name.lowercased().unicodeScalars)
            guard scalars.count >= 3 else { continue }
            let isBeginning = scalars.starts(with: wanted) || wanted.starts(with: scalars)
            let distance = isBeginning ? 1 : distance(wanted, scalars)
            guard distance <= max(1, min(wanted.count, scalars.count) / 3), distance < best?.distance ?? .max else { continue }
            best = (name, distance)
        }
        return best?.name
    }

    /// The number of letters to insert, remove, replace, or exchange with their neighbour to make one word of the other. O(product of the
    /// lengths); both are names.
    private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var least = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, before[j - 1] + 1) }
                row.append(least)
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }
}
