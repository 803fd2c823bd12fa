internal import Synchronization

/// The values of a column whose rows hold their hashes, such as texts by which rows are sliced.
///
/// ```swift
/// let countries = HashedValues()
/// countries.add("Kenya", hash: 7)
/// countries.text(ofHash: 7)  // "Kenya"
/// ```
///
/// A reader gives each row the hash of its value, 64 bits, and adds the value here when it meets a hash for the first time, before it hands
/// the row on. So an observer finds the value of every hash that it meets. The hash 0 means a row without a value. Readers and observers of
/// all threads share one object.
///
/// Where the numbers of a column are put into intervals, a row whose value is a number has the code of its interval instead
/// (`ValueIntervals`), and no text is kept for it: a column may have any number of different numbers then.
public final class HashedValues: Sendable {
    /// The largest number of values that are kept. A column of more, such as one of keys, is none to put rows into groups by.
    public static let limit = 1 << 16

    /// The intervals of the column's numbers; nil where rows hold the hashes of all values.
    public let intervals: ValueIntervals?
    private let texts = Mutex<[UInt64: String]>([:])

    /// Makes an object without values.
    public init(intervals: ValueIntervals? = nil) { self.intervals = intervals }

    /// Keeps the value of a hash, unless it has one, or `limit` are kept. O(1).
    public func add(_ text: String, hash: UInt64) {
        texts.withLock { texts in
            if texts.count < Self.limit, texts[hash] == nil { texts[hash] = text }
        }
    }

    /// Returns the value of a hash; nil where none is kept. O(1).
    public func text(ofHash hash: UInt64) -> String? { texts.withLock { $0[hash] } }
}
