/// Tokens and bytes of the rows that were scored, for means per token and bits a byte of task likelihood.
///
/// Sums are exact: like `Moments`, they do not depend on any order.
public struct TokenSums: Sendable, Equatable {
    public internal(set) var tokenCount: UInt64 = 0
    /// nil where no text was named.
    public internal(set) var byteCount: UInt64?
    // Σ weight · tokens and Σ weight · bytes; empty where rows have no weights.
    var weightedTokens = ExactSum()
    var weightedBytes = ExactSum()

    public init(countsBytes: Bool) {
        byteCount = countsBytes ? 0 : nil
    }

    /// Adds a row that was scored. O(1).
    public mutating func add(tokens: UInt64, bytes: UInt64, weight: Double?) {
        tokenCount.addSaturating(tokens)
        byteCount?.addSaturating(bytes)
        if let weight {
            weightedTokens.addProduct(weight, Double(tokens))
            if byteCount != nil { weightedBytes.addProduct(weight, Double(bytes)) }
        }
    }

    /// Adds other rows. Bytes are known where they are of both.
    mutating func merge(_ other: TokenSums) {
        tokenCount.addSaturating(other.tokenCount)
        weightedTokens.add(other.weightedTokens)
        guard let bytes = other.byteCount, byteCount != nil else {
            byteCount = nil
            weightedBytes = ExactSum()
            return
        }
        byteCount?.addSaturating(bytes)
        weightedBytes.add(other.weightedBytes)
    }
}

extension Moments {
    /// Σ loss / tokens, where rows have weights Σ weight · loss / Σ weight · tokens; rounded once. nil where tokens are not known.
    public var meanPerToken: Double? {
        tokens.map { hasWeights ? sum.rounded(dividedBy: $0.weightedTokens) : sum.rounded(dividedBy: $0.tokenCount) }
    }

    /// The same per byte, in bits: nats over ln 2, within 1.5 ULP.
    public var bitsPerByte: Double? {
        guard let tokens, let byteCount = tokens.byteCount else { return nil }
        return (hasWeights ? sum.rounded(dividedBy: tokens.weightedBytes) : sum.rounded(dividedBy: byteCount)) / 0x1.62e42fefa39efp-1
    }
}
