/// A figure: a state that scored rows are added to, and that merges.
///
/// Each worker has a copy of its own, which starts from the same prototype; copies are merged at the end. The state depends on the set of
/// rows alone: not on how they were cut into blocks, shared among workers, or in which order states were merged.
///
/// ```swift
/// var totals = LossTotals(scorer.specification)
/// let block = scorer.score(rows) { row, problem in print(row, problem) }
/// totals.observe(block)
/// ```
public protocol RowObserver: Sendable {
    /// The name of the observer's section in a partial: 1 to 16 printable ASCII bytes without spaces, unique among the observers of a run.
    var tag: String { get }

    /// The settings on which the state depends besides the rows, such as limits, as canonical bytes. Only observers with equal settings
    /// merge.
    var configuration: [UInt8] { get }

    /// The facts that the observer reads.
    var requiredFacts: RowFacts { get }

    /// True if a merge leaves the figure out where some partials lack it; else these do not merge.
    var isOptional: Bool { get }

    /// Adds the rows of a block. The block is valid only during the call.
    mutating func observe(_ block: ScoredBlock)

    /// Adds the rows of `other`; associative and commutative to the bit.
    ///
    /// - Throws: `PartialError` where the two have other settings.
    mutating func merge(_ other: Self) throws(PartialError)

    /// Appends the state; equal states give equal bytes.
    func encode(into bytes: inout [UInt8])

    /// Replaces the state by the one whose encoding is `bytes`. The settings stay those of `self`.
    ///
    /// Bytes may come from anywhere: the call neither traps, nor allocates more than in proportion to their number.
    ///
    /// - Throws: `PartialError` where `bytes` are no encoding. A caller refuses bytes that `encode(into:)` would not write again.
    mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError)
}

extension RowObserver {
    /// No settings.
    public var configuration: [UInt8] { [] }

    /// No facts.
    public var requiredFacts: RowFacts { [] }

    /// False.
    public var isOptional: Bool { false }

    /// Adds the rows of an observer whose type is not known statically.
    ///
    /// - Throws: `PartialError` where it is of another type, or has other settings.
    public mutating func merge(any other: any RowObserver) throws(PartialError) {
        guard let other = other as? Self else {
            throw PartialError(
                kind: .otherObservers, problem: "different figures do not add up", found: other.tag, allowed: tag,
                remedy: .askForSameFigures)
        }
        try merge(other)
    }

    /// The encoding of the state.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        encode(into: &bytes)
        return bytes
    }
}

extension [any RowObserver] {
    /// The facts that some of the observers read.
    public var requiredFacts: RowFacts { reduce(into: []) { $0.formUnion($1.requiredFacts) } }

    /// The first observer of a type; nil where there is none.
    public func first<Observer: RowObserver>(_ type: Observer.Type) -> Observer? {
        for observer in self {
            if let observer = observer as? Observer { return observer }
        }
        return nil
    }

    /// Adds the rows of other observers, one by one.
    ///
    /// - Throws: `PartialError` where they are not of the same types and settings, in the same order.
    public mutating func merge(_ others: [any RowObserver]) throws(PartialError) {
        guard count == others.count else {
            throw PartialError(
                kind: .otherObservers, problem: "different figures do not add up", found: others.map(\.tag).joined(separator: ", "),
                allowed: map(\.tag).joined(separator: ", "), remedy: .askForSameFigures)
        }
        for index in indices { try self[index].merge(any: others[index]) }
    }
}
