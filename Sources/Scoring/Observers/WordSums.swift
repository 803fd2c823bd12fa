/// The words of the rows that were scored, for means per word of task likelihood.
///
/// It reads the companion "words" of a block, a UInt64 a row, and the rows' weights. Words are known where they are known of all rows. Sums
/// are exact: like `Moments`, they do not depend on any order.
///
/// An evaluation has it only if words are counted. A merge leaves it out where some partials have none.
public struct WordSums: RowObserver, Equatable {
    /// The companion with each row's number of words.
    public static let wordColumn = "words"
    static let tag = "words"

    /// The number of words; nil where some rows came without.
    public internal(set) var wordCount: UInt64? = 0
    /// Σ weight · words; zero where rows have no weights, or words are not known.
    var weightedWords = ExactSum()

    /// The sums of no rows.
    public init() {}

    /// "words".
    public var tag: String { Self.tag }

    /// True: only evaluations that count words have it.
    public var isOptional: Bool { true }

    /// Adds the rows that have a loss in every dialect. A count of `UInt64.max` is not known. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        guard block.rows.rowCount > 0, wordCount != nil else { return }
        guard let column = block.companion(named: Self.wordColumn), column.rowByteCount == 8 else { return forget() }
        let losses = block.losses(ofDialect: 0)
        var invalidRows = block.invalidRows[...]
        for row in 0..<block.rows.rowCount {
            if invalidRows.first?.index == row {
                invalidRows.removeFirst()
                continue
            }
            guard !losses[row].isNaN else { continue }
            let count = column.bytes.loadUnaligned(fromByteOffset: 8 * row, as: UInt64.self)
            guard count != .max else { return forget() }
            wordCount?.addSaturating(count)
            if let weight = block.rows.weights?[row] { weightedWords.addProduct(weight, Double(count)) }
        }
    }

    /// Adds other rows. Words are known where they are known of both.
    public mutating func merge(_ other: WordSums) {
        guard wordCount != nil, let count = other.wordCount else { return forget() }
        wordCount?.addSaturating(count)
        weightedWords.add(other.weightedWords)
    }

    private mutating func forget() {
        wordCount = nil
        weightedWords = ExactSum()
    }

    /// Σ loss / words, where rows have weights Σ weight · loss / Σ weight · words; rounded once. nil where words are not known.
    ///
    /// - Parameter losses: the moments of the same rows in the dialect that is asked about.
    public func meanPerWord(_ losses: Moments) -> Double? {
        wordCount.map { losses.hasWeights ? losses.sum.rounded(dividedBy: weightedWords) : losses.sum.rounded(dividedBy: $0) }
    }
}

// The section "words":
//
//   8 bytes each: 1 where words are known, else 0; the number of words
//   then the exact sum Σ weight · words; all zero where words are not known

extension WordSums {
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: wordCount == nil ? 0 : 1)
        bytes.append(littleEndian: wordCount ?? 0)
        weightedWords.encode(into: &bytes)
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        let known = try reader.unsigned()
        guard known <= 1 else { throw .damaged("the code of known words is \(known)") }
        let count = try reader.unsigned()
        var sums = WordSums()
        sums.wordCount = known == 1 ? count : nil
        sums.weightedWords = try reader.exactSum()
        try reader.expectEnd()
        guard known == 1 || (count == 0 && sums.weightedWords == ExactSum()) else { throw .damaged("it has words that are not known") }
        self = sums
    }
}
