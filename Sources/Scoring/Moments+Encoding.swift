// The stable encoding of moments; all numbers little-endian.
//
//   8 bytes each: scored, ignored, invalid, infinite, correct (UInt64), minimum, maximum (Float64), fingerprint, clipped (UInt64),
//                 1 where rows have weights, else 0 (UInt64)
//   then exact sums as ExactSum+Encoding.swift has them: sum, roundedSum, roundedSquares, fineSum, fineSquares, weightSum, weightSquares,
//   weightedProducts, clippedSum

extension Moments {
    /// Appends the encoding; equal moments give equal bytes. O(1).
    public func encode(into bytes: inout [UInt8]) {
        for value in [
            scoredCount, ignoredCount, invalidCount, infiniteCount, correctCount, minimum.bitPattern, maximum.bitPattern, fingerprint,
            clippedCount, hasWeights ? 1 : 0,
        ] {
            bytes.append(littleEndian: value)
        }
        for exact in [
            sum, roundedSum, roundedSquares, fineSum, fineSquares, weightSum, weightSquares, weightedProducts, clippedSum,
        ] {
            exact.encode(into: &bytes)
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
        (fingerprint, clippedCount, hasWeights) = (counts[7], counts[8], counts[9] == 1)
        // With NaN the least of two numbers would depend on their order.
        guard counts[9] <= 1, !minimum.isNaN, !maximum.isNaN else { return nil }
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
        } catch {
            return nil
        }
    }
}
