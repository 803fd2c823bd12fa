internal import CFastFloat

/// The names that class labels have in a table, to be looked up a row at a time.
///
/// Beside each name stands what is left of it without what all names begin and end with, up to a separator: labels `cat` and `dog` are
/// classes of the columns `p_cat` and `p_dog`, as are `p_cat` and `p_dog` themselves.
///
/// Where a name is a whole number, so that a label could be either, labels are names, never indices.
struct TableClassNames {
    let names: [String]
    /// A name, or what is left of one, is a whole number.
    let areNumbers: Bool
    private let bytes: [UInt8]
    private let offsets: [UInt32]
    private let classIndices: [Int64]
    private let places: [UInt32]

    /// Of a name that is there twice the first place counts.
    init(_ names: [String]) {
        self.names = names
        var indices: [[UInt8]: Int64] = [:]
        var ordered: [[UInt8]] = []
        for name in [names, Self.withoutAffixes(names)].map({ $0.enumerated() }).joined() {
            let key = Array(name.element.utf8)
            if indices.updateValue(indices[key] ?? Int64(name.offset), forKey: key) == nil { ordered.append(key) }
        }
        areNumbers = ordered.contains { Int64(String(decoding: $0, as: UTF8.self)) != nil }
        var bytes: [UInt8] = []
        var offsets: [UInt32] = [0]
        // At most half of the places are taken.
        var placeCount = 4
        while placeCount < 2 * ordered.count { placeCount *= 2 }
        var places = [UInt32](repeating: 0, count: placeCount)
        for (number, name) in ordered.enumerated() {
            bytes += name
            offsets.append(UInt32(bytes.count))
            let hash = xentNameHash(name + [0], name.count)
            var place = Int(truncatingIfNeeded: hash) & (placeCount - 1)
            while places[place] != 0 { place = (place + 1) & (placeCount - 1) }
            places[place] = UInt32(number + 1)
        }
        self.bytes = bytes + [0]
        self.offsets = offsets
        classIndices = ordered.map { indices[$0] ?? 0 } + [0]
        self.places = places
    }

    /// Calls with the names as C has them.
    func withNames<Result>(_ body: (UnsafePointer<XentClassNames>?) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { bytes in
            offsets.withUnsafeBufferPointer { offsets in
                classIndices.withUnsafeBufferPointer { classIndices in
                    places.withUnsafeBufferPointer { places in
                        // None of the arrays is empty.
                        guard let bytes = bytes.baseAddress, let offsets = offsets.baseAddress,
                            let classIndices = classIndices.baseAddress, let start = places.baseAddress
                        else { return body(nil) }
                        let names = XentClassNames(
                            bytes: bytes, offsets: offsets, classIndices: classIndices, places: start, placeCount: places.count)
                        return withUnsafePointer(to: names) { body($0) }
                    }
                }
            }
        }
    }

    /// The class of this name.
    func classIndex(_ name: [UInt8]) -> Int64? {
        let padded = name + [0]
        let index = withNames { names in
            padded.withUnsafeBufferPointer { bytes in
                guard let names, let bytes = bytes.baseAddress else { return Int64.min }
                return xentClassIndex(names, bytes, name.count)
            }
        }
        return index == .min ? nil : index
    }

    /// The first of them, for messages.
    var list: String {
        let shown = names.prefix(8).map { QuotedBytes.text($0.utf8) }.joined(separator: ", ")
        return names.count > 8 ? shown + ", … (\(names.count))" : shown
    }

    /// What distinguishes names, or none where nothing is left of one, or twice the same.
    static func withoutAffixes(_ names: [String]) -> [String] {
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
