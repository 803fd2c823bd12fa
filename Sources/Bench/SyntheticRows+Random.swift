extension SyntheticRows {
    /// Seeded randomness, the same numbers on every machine: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
    /// generators", 2014).
    struct Random {
        private var state: UInt64

        init(seed: UInt64) { state = seed }

        mutating func next() -> UInt64 {
            // Arithmetic modulo 2^64 is the algorithm.
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }

        /// Returns a number in [0, 1).
        mutating func nextUniform() -> Double { Double(next() >> 11) * 0x1p-53 }

        /// Returns a number that is about normal, with mean 0 and deviation 1: the sum of four uniform numbers (Irwin-Hall), within ±3.46.
        mutating func nextNormal() -> Double {
            let bits = next()
            let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + bits >> 48
            // The sum has only 2^18 values, which a compressor would find again. A fraction made of all the bits makes each value new.
            // Wrapping: a hash (2^64 / φ).
            let fraction = Double((bits &* 0x9E37_79B9_7F4A_7C15) >> 32) * 0x1p-32
            // The sum's mean is 4 · 65535 / 2, its deviation 65536 √(4 / 12).
            return (Double(sum) + fraction - 131070.5) * (1 / 37837.23)
        }
    }
}
