/// The order of names in which numbers count as numbers: `part_2` before `part_10`. It is the same on every machine and in every locale.
enum NaturalOrder {
    /// True if `left` comes before `right`. O(bytes).
    ///
    /// Digits are compared by the number that they make up, everything else by its bytes. Names that differ only in leading zeros are
    /// compared by their bytes.
    static func precedes(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var (i, j) = (0, 0)
        while i < left.count, j < right.count {
            if isDigit(left[i]), isDigit(right[j]) {
                let (a, b) = (number(left, &i), number(right, &j))
                if a.count != b.count { return a.count < b.count }
                if a != b { return a.lexicographicallyPrecedes(b) }
            } else {
                if left[i] != right[j] { return left[i] < right[j] }
                i += 1
                j += 1
            }
        }
        if i < left.count || j < right.count { return i == left.count }
        return left.lexicographicallyPrecedes(right)
    }

    /// Returns names in natural order. O(n log n).
    static func sorted(_ names: [String]) -> [String] { names.sorted(by: precedes) }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Reads the digits from `index` on, and returns them without leading zeros.
    static func number(_ bytes: [UInt8], _ index: inout Int) -> ArraySlice<UInt8> {
        var start = index
        while index < bytes.count, isDigit(bytes[index]) { index += 1 }
        while start < index - 1, bytes[start] == UInt8(ascii: "0") { start += 1 }
        return bytes[start..<index]
    }
}
