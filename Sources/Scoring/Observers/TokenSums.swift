/// The tokens and bytes of the rows that were scored, for means per token and bits a byte of task likelihood.
///
/// It reads the companions "tokens" and "bytes" of a block, a UInt64 a row each, and the rows' weights. Tokens are known where all rows
/// came with them, and so are bytes. Sums are exact: like `Moments`, they do not depend on any order.
public struct TokenSums: RowObserver, Equatable {
    /// The companion with each row's number of tokens.
    public static let tokenColumn = "tokens"
    /// The companion with each row's number of bytes of text.
    public static let byteColumn = "bytes"

    /// The number of tokens; nil where some rows came without.
    public internal(set) var tokenCount: UInt64? = 0
    /// The number of bytes; nil where some rows came without.
    public internal(set) var byteCount: UInt64? = 0
    // Σ weight · tokens and Σ weight · bytes; zero where rows have no weights, or the counts are not known.
    var weightedTokens = ExactSum()
    var weightedBytes = ExactSum()

    /// The sums of no rows. Where `countsBytes` is false the number of bytes is not known.
    public init(countsBytes: Bool = true) {
        byteCount = countsBytes ? 0 : nil
    }

    /// "tokens".
    public var tag: String { "tokens" }

    /// Adds the rows that have a loss in every dialect. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        guard block.rows.rowCount > 0 else { return }
        let tokens = column(Self.tokenColumn, block), bytes = tokens == nil ? nil : column(Self.byteColumn, block)
        if tokens == nil { forgetTokens() }
        if bytes == nil { forgetBytes() }
        guard let tokens, tokenCount != nil else { return }
        let losses = block.losses(ofDialect: 0)
        var invalidRows = block.invalidRows[...]
        for row in 0..<block.rows.rowCount {
            if invalidRows.first?.index == row {
                invalidRows.removeFirst()
                continue
            }
            guard !losses[row].isNaN else { continue }
            add(tokens: Self.count(tokens, row), bytes: bytes.map { Self.count($0, row) } ?? 0, weight: block.rows.weights?[row])
        }
    }

    private func column(_ name: String, _ block: ScoredBlock) -> UnsafeRawPointer? {
        guard let column = block.companion(named: name), column.rowByteCount == 8 else { return nil }
        return column.bytes
    }

    private static func count(_ column: UnsafeRawPointer, _ row: Int) -> UInt64 {
        column.loadUnaligned(fromByteOffset: 8 * row, as: UInt64.self)
    }

    /// Adds a row that was scored. O(1).
    mutating func add(tokens: UInt64, bytes: UInt64, weight: Double?) {
        tokenCount?.addSaturating(tokens)
        byteCount?.addSaturating(bytes)
        if let weight {
            if tokenCount != nil { weightedTokens.addProduct(weight, Double(tokens)) }
            if byteCount != nil { weightedBytes.addProduct(weight, Double(bytes)) }
        }
    }

    /// Adds other rows. Tokens, and bytes, are known where they are known of both.
    public mutating func merge(_ other: TokenSums) {
        if let count = other.tokenCount {
            tokenCount?.addSaturating(count)
            if tokenCount != nil { weightedTokens.add(other.weightedTokens) }
        } else {
            forgetTokens()
        }
        if let count = other.byteCount {
            byteCount?.addSaturating(count)
            if byteCount != nil { weightedBytes.add(other.weightedBytes) }
        } else {
            forgetBytes()
        }
    }

    private mutating func forgetTokens() {
        tokenCount = nil
        weightedTokens = ExactSum()
        forgetBytes()
    }

    private mutating func forgetBytes() {
        byteCount = nil
        weightedBytes = ExactSum()
    }

    /// Σ loss / tokens, where rows have weights Σ weight · loss / Σ weight · tokens; rounded once. nil where tokens are not known.
    ///
    /// - Parameter losses: the moments of the same rows in the dialect that is asked about.
    public func meanPerToken(_ losses: Moments) -> Double? {
        tokenCount.map { losses.hasWeights ? losses.sum.rounded(dividedBy: weightedTokens) : losses.sum.rounded(dividedBy: $0) }
    }

    /// Σ loss / bytes, weighted as `meanPerToken(_:)` is; rounded once. nil where bytes are not known.
    public func meanPerByte(_ losses: Moments) -> Double? {
        byteCount.map { losses.hasWeights ? losses.sum.rounded(dividedBy: weightedBytes) : losses.sum.rounded(dividedBy: $0) }
    }

    /// The same in bits: nats over ln 2, within 1.5 ULP.
    public func bitsPerByte(_ losses: Moments) -> Double? { meanPerByte(losses).map { $0 / 0x1.62e42fefa39efp-1 } }
}
