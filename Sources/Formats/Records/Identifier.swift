internal import TableReading

/// Identifiers of rows, by which the rows of two files are compared and looked up.
public enum Identifier {
    /// Returns the hash of an identifier as it is written; 0 for an empty one, and for no other. Two different identifiers have one hash
    /// once in 2^64 pairs. `7.0` has the hash of `7`, since pandas writes it where another row's is missing. O(bytes).
    public static func hash(_ text: some Collection<UInt8>) -> UInt64 {
        // One byte more, so that there is an address.
        let bytes = Array(text) + [0]
        return bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return 0 }
            return xentIdentifierHash(base, bytes.count - 1)
        }
    }
}
