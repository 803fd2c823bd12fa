/// Adds the values that one reader meets, each hash once: it remembers the hashes, so that a row whose value is known takes no lock.
///
/// Each worker's reader has its own.
package final class HashedValueWriter {
    @usableFromInline let values: HashedValues
    @usableFromInline var metHashes: Set<UInt64> = []
    /// The codes of hashes of texts that were put into intervals, of the last ones that were met.
    private var codeOfHash: [UInt64: UInt64] = [:]

    /// Makes a writer that has met no hash.
    package init(_ values: HashedValues) { self.values = values }

    /// The intervals of the column's numbers; nil where rows hold the hashes of all values.
    package var intervals: ValueIntervals? { values.intervals }

    /// Adds the value of a hash that is met for the first time. O(1).
    ///
    /// - Parameters:
    ///   - hash: the hash of a row's value; 0 for a row without one.
    ///   - text: returns the value, or nil where it cannot be found. It is called where the hash is new.
    @inlinable package func add(hash: UInt64, _ text: () -> String?) {
        // A few more than are kept show that there are too many.
        guard hash != 0, metHashes.count <= HashedValues.limit, metHashes.insert(hash).inserted, let text = text() else { return }
        values.add(text, hash: hash)
    }

    /// Adds the value of a hash, and returns the code that the row is to hold: the hash, or the code of the interval of a text that is a
    /// number. O(1), and one text for each hash that is not among the last ones.
    ///
    /// - Parameters: as of `add(hash:_:)`.
    @inlinable package func code(ofHash hash: UInt64, _ text: () -> String?) -> UInt64 {
        guard intervals != nil else {
            add(hash: hash, text)
            return hash
        }
        return intervalCode(ofHash: hash, text)
    }

    @usableFromInline func intervalCode(ofHash hash: UInt64, _ text: () -> String?) -> UInt64 {
        guard hash != 0, let intervals else { return 0 }
        if let code = codeOfHash[hash] { return code }
        guard let found = text() else { return 0 }
        let code: UInt64
        if let number = Double(found) {
            code = intervals.code(of: number)
        } else {
            // A hash is as small as the code of an interval once in 2^54 texts.
            add(hash: hash) { found }
            code = hash
        }
        if codeOfHash.count >= HashedValues.limit { codeOfHash = [:] }
        codeOfHash[hash] = code
        return code
    }
}
