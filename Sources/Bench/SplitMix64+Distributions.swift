internal import SeededRandom

extension SplitMix64 {
    /// In [0, 1).
    mutating func nextUniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// About normal, of mean 0 and deviation 1: the sum of four uniform numbers (Irwin-Hall), up to ±3.46.
    mutating func nextApproximatelyNormal() -> Double {
        let bits = next()
        let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + bits >> 48
        // The sum has but 2^18 values, which a compressor would find again: a fraction of all the bits makes each one new.
        // Wrapping: a hash (2^64 / φ).
        let fraction = Double((bits &* 0x9E37_79B9_7F4A_7C15) >> 32) * 0x1p-32
        // The sum's mean is 4 · 65535 / 2, its deviation 65536 √(4 / 12).
        return (Double(sum) + fraction - 131070.5) * (1 / 37837.23)
    }
}
