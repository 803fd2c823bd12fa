/// Adds the values that one reader meets, each hash once: it remembers the hashes, so that a row whose value is known takes no lock.
///
/// Each worker's reader has its own.
package final class HashedValueWriter {
    @usableFromInline let values: HashedValues
    @usableFromInline var metHashes: Set<UInt64> = []

    /// Makes a writer that has met no hash.
    package init(_ values: HashedValues) { self.values = values }

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
}
