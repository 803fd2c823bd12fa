// The stable encoding of moments, version 1; all numbers little-endian.
//
//   8 bytes each: scored, ignored, invalid, infinite, correct (UInt64), minimum, maximum (Float64), fingerprint, clipped (UInt64),
//                 what there is besides: 1 for weights, plus 2 for tokens, plus 4 for bytes
//   then exact sums as ExactSum+Encoding.swift has them: sum, roundedSum, roundedSquares, fineSum, fineSquares, weightSum, weightSquares,
//   weightedProducts, clippedSum
//   where there are tokens: their count (UInt64), that of bytes (UInt64, 0 where there are none), and the sums weightedTokens and weightedBytes

extension Moments {
    /// Appends the encoding; equal moments give equal bytes. O(1).
    public func encode(into bytes: inout [UInt8]) {
        var contents: UInt64 = hasWeights ? 1 : 0
        if let tokens { contents |= tokens.byteCount == nil ? 2 : 6 }
        for value in [
            scoredCount, ignoredCount, invalidCount, infiniteCount, correctCount, minimum.bitPattern, maximum.bitPattern, fingerprint,
            clippedCount, contents,
        ] {
            bytes.append(littleEndian: value)
        }
        for exact in [
            sum, roundedSum, roundedSquares, fineSum, fineSquares, weightSum, weightSquares, weightedProducts, clippedSum,
        ] {
            exact.encode(into: &bytes)
        }
        if let tokens {
            bytes.append(littleEndian: tokens.tokenCount)
            bytes.append(littleEndian: tokens.byteCount ?? 0)
            tokens.weightedTokens.encode(into: &bytes)
            tokens.weightedBytes.encode(into: &bytes)
        }
    }

    /// Takes one encoding off the front of `bytes`; nil where there is none.
    public init?(decoding bytes: inout ArraySlice<UInt8>) {
        self.init()
        var counts: [UInt64] = []
        for _ in 0..<10 {
            guard let value = bytes.popUInt64() else { return nil }
            counts.append(value)
        }
        (scoredCount, ignoredCount, invalidCount, infiniteCount, correctCount) = (counts[0], counts[1], counts[2], counts[3], counts[4])
        (minimum, maximum) = (Double(bitPattern: counts[5]), Double(bitPattern: counts[6]))
        (fingerprint, clippedCount, hasWeights) = (counts[7], counts[8], counts[9] & 1 == 1)
        guard [0, 1, 2, 3, 6, 7].contains(counts[9]) else { return nil }
        // Counts whose sums overflow, or parts larger than their whole, were not written by us.
        let (some, overflow1) = scoredCount.addingReportingOverflow(ignoredCount)
        guard !overflow1, !some.addingReportingOverflow(invalidCount).overflow, infiniteCount <= scoredCount, clippedCount <= scoredCount
        else { return nil }
        do {
            sum = try ExactSum(decoding: &bytes)
            roundedSum = try ExactSum(decoding: &bytes)
            roundedSquares = try ExactSum(decoding: &bytes)
            fineSum = try ExactSum(decoding: &bytes)
            fineSquares = try ExactSum(decoding: &bytes)
            weightSum = try ExactSum(decoding: &bytes)
            weightSquares = try ExactSum(decoding: &bytes)
            weightedProducts = try ExactSum(decoding: &bytes)
            clippedSum = try ExactSum(decoding: &bytes)
            if counts[9] & 2 != 0 {
                guard let tokenCount = bytes.popUInt64(), let byteCount = bytes.popUInt64() else { return nil }
                var tokens = TokenSums(countsBytes: counts[9] & 4 != 0)
                tokens.tokenCount = tokenCount
                if tokens.byteCount != nil { tokens.byteCount = byteCount }
                tokens.weightedTokens = try ExactSum(decoding: &bytes)
                tokens.weightedBytes = try ExactSum(decoding: &bytes)
                self.tokens = tokens
            }
        } catch {
            return nil
        }
    }
}

extension [UInt8] {
    mutating func append(littleEndian value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { append(UInt8(truncatingIfNeeded: value &>> UInt64(shift))) }
    }
}

extension ArraySlice<UInt8> {
    /// Takes eight bytes off the front; nil where there are fewer.
    mutating func popUInt64() -> UInt64? {
        guard count >= 8 else { return nil }
        var value: UInt64 = 0
        for byte in prefix(8).reversed() { value = value &<< 8 | UInt64(byte) }
        self = dropFirst(8)
        return value
    }
}
