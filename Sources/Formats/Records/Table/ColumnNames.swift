internal import Messages

/// The names of a table's columns, with the rules by which users name them.
package struct ColumnNames: Sendable {
    let names: [String]
    /// The indices of the columns of each name.
    private let placesByName: [String: [Int]]

    /// Makes an index of names, which may occur several times.
    package init(_ names: [String]) {
        self.names = names
        var placesByName: [String: [Int]] = [:]
        for (place, name) in names.enumerated() { placesByName[name, default: []].append(place) }
        self.placesByName = placesByName
    }

    /// Returns the indices of the columns that a name means. A name means the column of that name. With a `*`, which stands for any text,
    /// it means all columns that match, in their order. If no column has the name, it may be the index of a column, counted from 0.
    ///
    /// - Throws: `FormatError` of kind `.column` if there is no such column, or if two columns have the name.
    package func places(of name: String) throws(FormatError) -> [Int] {
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

    /// The first names, a few dozen, for messages.
    private var list: String {
        let limit = 36
        let shown = names.prefix(limit).map { QuotedBytes.text($0.utf8) }.joined(separator: ", ")
        return names.count > limit ? shown + ", … (\(names.count) columns)" : shown
    }

    /// Returns the name that differs least, if it differs by little: half of its letters, or all of them in case alone.
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

    /// Returns twice the number of bytes to insert, delete or replace (V. Levenshtein, 1966); a replacement by the same letter in another
    /// case counts once. O(a·b).
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

    /// Returns true if the pattern matches, in which `*` stands for any text. O(name · pattern) at most: it goes back to the last `*` only.
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
