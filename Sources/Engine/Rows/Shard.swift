/// One of the parts of a dump that are evaluated by themselves and merged later.
///
/// The cut depends on the number of rows alone (of text, on the number of bytes), and not on the machine. Shard 0 has the first rows, and
/// every row belongs to the shard in which it begins.
public struct Shard: Sendable, Equatable {
    /// The shard's number, from 0.
    public let index: Int
    /// The number of shards that make up the dump.
    public let count: Int

    /// Makes a shard.
    ///
    /// - Throws: `EngineError` of category `.usage` if there is no such shard.
    public init(index: Int, count: Int) throws(EngineError) {
        guard count > 0, (0..<count).contains(index) else {
            throw EngineError(
                usage: "there is no shard \(index) of \(count)", remedy: "shards are numbered from 0, below their number")
        }
        self.index = index
        self.count = count
    }

    /// The shard's part of `total` rows or bytes.
    func range(of total: Int) -> Range<Int> {
        // The product may not fit in an Int, so it is computed in full width.
        func bound(_ index: Int) -> Int {
            let product = total.multipliedFullWidth(by: index)
            return count.dividingFullWidth(product).quotient
        }
        return bound(index)..<bound(index + 1)
    }
}
