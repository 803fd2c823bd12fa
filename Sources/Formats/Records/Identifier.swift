internal import TableReading

/// Identifiers of rows, by which the rows of two files are compared and looked up.
public enum Identifier {
    /// Returns the hash of an identifier as it is written; 0 for an empty one, and for no other. Two different identifiers have one hash
    /// once in 2^64 pairs. `7.0` has the hash of `7`, since pandas writes it where another row's is missing. O(bytes).
    public static func hash(_ text: some Collection<UInt8>) -> UInt64 {
        // One byte more, so that there is an address.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: text.count + 1) { bytes in
            let (_, end) = bytes.initialize(from: text)
            guard let base = bytes.baseAddress else { return 0 }
            return xentIdentifierHash(base, end)
        }
    }

    /// Returns the hash of a whole number as it is written in decimal. O(digits), without an allocation.
    package static func hash(_ number: UInt64, isNegative: Bool) -> UInt64 {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { bytes in
            var first = bytes.count
            var rest = number
            repeat {
                first -= 1
                bytes[first] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            if isNegative {
                first -= 1
                bytes[first] = UInt8(ascii: "-")
            }
            // Unsafe: the digits fill the end of the memory, of which there is some.
            guard let base = bytes.baseAddress else { return 0 }
            return xentIdentifierHash(base + first, bytes.count - first)
        }
    }
}
