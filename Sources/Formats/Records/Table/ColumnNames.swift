/// Names of a table's columns, and what is meant by one on the command line.
struct ColumnNames {
    let names: [String]
    /// All places of each name.
    private let placesByName: [String: [Int]]

    init(_ names: [String]) {
        self.names = names
        var placesByName: [String: [Int]] = [:]
        for (place, name) in names.enumerated() { placesByName[name, default: []].append(place) }
        self.placesByName = placesByName
    }

    /// The places that a name means: a column of this name; for a name with `*`, which stands for anything, all that match, in the order of
    /// the columns; or the number of a column, from 0, where none has such a name.
    ///
    /// - Throws: `FormatError` of kind `.column` where that is none, or where two columns have the name.
    func places(of name: String) throws(FormatError) -> [Int] {
        var found = placesByName[name] ?? []
        if found.count > 1 { throw duplicateError(name, found) }
        if found.isEmpty, name.contains("*") {
            let pattern = Array(name.unicodeScalars)
            found = names.indices.filter { Self.matches(Array(names[$0].unicodeScalars), pattern) }
            var firstPlaces: [String: Int] = [:]
            for place in found {
                guard let first = firstPlaces.updateValue(place, forKey: names[place]) else { continue }
                throw duplicateError(names[first], found.filter { names[$0] == names[first] })
            }
        }
        if found.isEmpty, let place = Int(name), names.indices.contains(place) { found = [place] }
        guard found.isEmpty else { return found }
        throw FormatError(
            kind: .column, subject: "column", byteOffset: nil, found: QuotedBytes.text(name.utf8), allowed: list,
            remedy: closest(to: name).map { "is \(QuotedBytes.text($0.utf8)) meant?" })
    }

    private func duplicateError(_ name: String, _ places: [Int]) -> FormatError {
        let numbers = places.prefix(8).map { String($0) }.joined(separator: ", ") + (places.count > 8 ? ", …" : "")
        return FormatError(
            kind: .column, subject: "columns", byteOffset: nil,
            found: "\(places.count) of the name \(QuotedBytes.text(name.utf8)), the columns \(numbers) counted from 0", allowed: "one",
            remedy: "rename them, or give the number of the one that is meant where the name would stand")
    }

    /// The first few dozen.
    private var list: String {
        let limit = 36
        let shown = names.prefix(limit).map { QuotedBytes.text($0.utf8) }.joined(separator: ", ")
        return names.count > limit ? shown + ", … (\(names.count) columns)" : shown
    }

    /// The name that differs least, if that is little: half of its letters, or all of them in another case.
    private func closest(to name: String) -> String? {
        let wanted = Array(name.utf8.prefix(64))
        var best: (name: String, distance: Int)?
        for candidate in names.prefix(4096) where !candidate.isEmpty && candidate.utf8.count <= 64 {
            let distance = Self.distance(wanted, Array(candidate.utf8))
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        guard let best, best.distance <= max(2, wanted.count) else { return nil }
        return best.name
    }

    /// Twice the number of bytes to insert, delete or replace (V. Levenshtein, 1966), but once for one in another case. O(a·b).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var previous = (0...b.count).map { 2 * $0 }
        for (row, byte) in a.enumerated() {
            var current = [2 * (row + 1)]
            for (column, other) in b.enumerated() {
                let isLetter = 0x61...0x7A ~= byte | 0x20
                let replaced = byte == other ? 0 : isLetter && byte | 0x20 == other | 0x20 ? 1 : 2
                current.append(min(previous[column + 1] + 2, current[column] + 2, previous[column] + replaced))
            }
            previous = current
        }
        return previous[b.count]
    }

    /// Whether `*` in the pattern can stand for something so that the name comes out. O(name · pattern) at most: back to the last `*` only.
    private static func matches(_ name: [Unicode.Scalar], _ pattern: [Unicode.Scalar]) -> Bool {
        var place = 0
        var next = 0
        var star: (pattern: Int, name: Int)?
        while place < name.count {
            if next < pattern.count, pattern[next] == "*" {
                star = (next, place)
                next += 1
            } else if next < pattern.count, pattern[next] == name[place] {
                next += 1
                place += 1
            } else if let last = star {
                star = (last.pattern, last.name + 1)
                next = last.pattern + 1
                place = last.name + 1
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == "*" }
    }
}
