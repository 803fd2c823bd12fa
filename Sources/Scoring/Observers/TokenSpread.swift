/// The sums from which the standard error of a mean per token follows, or per byte or word: of task likelihood, where rows are records of many
/// tokens.
///
/// A mean per token is a ratio of two sums over records, and records, not tokens, are what was drawn independently: tokens of one record
/// are alike. So the error is that of a ratio, as of a weighted mean, with the number of tokens in the place of a weight.
///
/// It reads what ``TokenSums`` reads, and the losses of the first dialect. Sums are exact, and do not depend on any order.
public struct TokenSpread: RowObserver, Equatable {
    /// The things that a record has a number of.
    public enum Unit: String, Sendable, CaseIterable {
        /// Tokens.
        case tokens
        /// Bytes of text.
        case bytes
        /// Words.
        case words

        /// The companion with each row's number of them.
        package var column: String {
            switch self {
            case .tokens: TokenSums.tokenColumn
            case .bytes: TokenSums.byteColumn
            case .words: WordSums.wordColumn
            }
        }

        /// The tag of the observer's section.
        package var tag: String {
            switch self {
            case .tokens: "token-spread"
            case .bytes: "byte-spread"
            case .words: "word-spread"
            }
        }
    }

    /// The things by whose number losses are divided.
    public let unit: Unit
    /// True if all rows came with their number of tokens. If false, the sums are empty.
    var isKnown = true
    /// The number of rows that have a loss.
    var rowCount: UInt64 = 0
    // With l a row's loss, which has the row's weight in it, and n its number of tokens times its weight: Σ l, Σ l², Σ n l, Σ n², Σ n.
    var losses = ExactSum()
    var squaredLosses = ExactSum()
    var products = ExactSum()
    var squaredTokens = ExactSum()
    var tokens = ExactSum()

    /// The sums of no rows.
    public init(_ unit: Unit = .tokens) { self.unit = unit }

    /// "token-spread", "byte-spread" or "word-spread".
    public var tag: String { unit.tag }

    /// True for bytes and words: partials of earlier versions lack them.
    public var isOptional: Bool { unit != .tokens }

    /// Adds the rows that have a loss. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        guard block.rows.rowCount > 0, isKnown else { return }
        guard let column = block.companion(named: unit.column), column.rowByteCount == 8 else {
            forget()
            return
        }
        let losses = block.losses(ofDialect: 0)
        var invalidRows = block.invalidRows[...]
        for row in 0..<block.rows.rowCount {
            if invalidRows.first?.index == row {
                invalidRows.removeFirst()
                continue
            }
            guard !losses[row].isNaN else { continue }
            let count = column.bytes.loadUnaligned(fromByteOffset: 8 * row, as: UInt64.self)
            // A number of words may not be known.
            guard count != .max else { return forget() }
            add(loss: losses[row], tokens: Double(count) * (block.rows.weights?[row] ?? 1))
        }
    }

    /// Adds a row. O(1).
    mutating func add(loss: Double, tokens count: Double) {
        rowCount.addSaturating(1)
        losses.add(loss)
        squaredLosses.addProduct(loss, loss)
        products.addProduct(loss, count)
        squaredTokens.addProduct(count, count)
        tokens.add(count)
    }

    /// Adds other rows. The sums are known where they are known of both.
    public mutating func merge(_ other: TokenSpread) {
        guard isKnown, other.isKnown else { return forget() }
        rowCount.addSaturating(other.rowCount)
        losses.add(other.losses)
        squaredLosses.add(other.squaredLosses)
        products.add(other.products)
        squaredTokens.add(other.squaredTokens)
        tokens.add(other.tokens)
    }

    private mutating func forget() {
        self = TokenSpread(unit)
        isKnown = false
    }

    /// The standard error of the mean per token; nil if tokens are not known, NaN for fewer than two rows or an infinite loss.
    public var standardError: Double? {
        guard isKnown else { return nil }
        return ExactSum.standardErrorOfWeightedMean(
            sumOfWeighted: losses, sumOfWeightedSquares: squaredLosses, sumOfWeightTimesWeighted: products,
            sumOfSquaredWeights: squaredTokens, sumOfWeights: tokens, count: rowCount)
    }
}

// The sections "token-spread", "byte-spread" and "word-spread", where tokens are bytes or words in the last two:
//
//   8 bytes each: 1 where tokens are known, else 0; the number of rows with a loss
//   then the exact sums Σ l, Σ l², Σ n l, Σ n², Σ n; all zero where tokens are not known

extension TokenSpread {
    public func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: isKnown ? 1 : 0)
        bytes.append(littleEndian: rowCount)
        for sum in [losses, squaredLosses, products, squaredTokens, tokens] { sum.encode(into: &bytes) }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        let known = try reader.unsigned()
        guard known <= 1 else { throw .damaged("the code of known tokens is \(known)") }
        var spread = TokenSpread(unit)
        spread.isKnown = known == 1
        spread.rowCount = try reader.unsigned()
        spread.losses = try reader.exactSum()
        spread.squaredLosses = try reader.exactSum()
        spread.products = try reader.exactSum()
        spread.squaredTokens = try reader.exactSum()
        spread.tokens = try reader.exactSum()
        try reader.expectEnd()
        var unknown = TokenSpread(unit)
        unknown.forget()
        guard spread.isKnown || spread == unknown else { throw .damaged("it has sums of tokens that are not known") }
        self = spread
    }
}
