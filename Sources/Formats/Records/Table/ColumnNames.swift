internal import Messages

/// The names of a table's columns, with the rules by which users name them.
package struct ColumnNames: Sendable {
    let names: [String]
    /// The indices of the columns of each name.
    private let placesByName: [Name: [Int]]

    /// Makes an index of names, which may occur several times.
    package init(_ names: [String]) {
        self.names = names
        var placesByName: [Name: [Int]] = [:]
        for (place, name) in names.enumerated() { placesByName[Name(name), default: []].append(place) }
        self.placesByName = placesByName
    }

    /// Returns the indices of the columns that a name means. A name means the column of that name. With a `*`, which stands for any text,
    /// it means all columns that match, in their order. If no column has the name, it may be the index of a column, counted from 0.
    ///
    /// - Throws: `FormatError` of kind `.column` if there is no such column, or if two columns have the name.
    package func places(of name: String) throws(FormatError) -> [Int] {
        var found = placesByName[Name(name)] ?? []
        if found.count > 1 { throw duplicateError(name, found) }
        if found.isEmpty, name.unicodeScalars.contains("*") {
            let pattern = Array(name.unicodeScalars)
            found = names.indices.filter { Self.matches(Array(names[$0].unicodeScalars), pattern) }
            var firstPlaces: [Name: Int] = [:]
            for place in found {
                guard let first = firstPlaces.updateValue(place, forKey: Name(names[place])) else { continue }
                throw duplicateError(names[first], found.filter { names[$0].isSameName(as: names[first]) })
            }
        }
        if found.isEmpty, let place = Int(name), names.indices.contains(place) {
            // The first row would be lost in silence.
            if case .number = TableValue(bytes: Array(names[place].utf8)).number {
                throw FormatError(
                    kind: .column, subject: "column \(place)", byteOffset: nil,
                    found: "the number \(QuotedBytes.text(names[place].utf8)) as its name", allowed: "a name that is none",
                    remedy: "if the first line holds values, give \(setting: .noHeader); otherwise call the column by its name")
            }
            found = [place]
        }
        guard found.isEmpty else { return found }
        throw FormatError(
            kind: .column, subject: "column \(QuotedBytes.text(name.utf8))", byteOffset: nil, found: "no such column", allowed: list,
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

    /// Returns a name that is near, if it was probably meant. It looks at the first few thousand names, and at no very long ones.
    private func closest(to name: String) -> String? {
        guard name.utf8.count <= 64 else { return nil }
        return NearName.of(name, among: names.prefix(4096).filter { $0.utf8.count <= 64 })
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
