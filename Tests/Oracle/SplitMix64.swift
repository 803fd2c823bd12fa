#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The tests' random numbers: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). The same seed
/// gives the same bits everywhere, so a failing test can be run again from the seed that it printed.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// The generator that the same seed always gives.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        // Wrapping: the algorithm is arithmetic modulo 2^64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A uniformly distributed value of `range`, from 53 random bits.
    public mutating func nextUniform(in range: ClosedRange<Double>) -> Double {
        let fraction = Double(next() >> 11) * 0x1p-53
        // A weighted mean rather than low + fraction * (high - low), which overflows on a range of more than the largest Float64.
        let value = range.lowerBound * (1 - fraction) + range.upperBound * fraction
        return min(max(value, range.lowerBound), range.upperBound)
    }

    /// A value of the standard normal distribution, by Marsaglia's polar method (1964). The C library's `log` enters: the last bit may
    /// differ from platform to platform.
    public mutating func nextNormal() -> Double {
        while true {
            let x = nextUniform(in: -1...1)
            let y = nextUniform(in: -1...1)
            let square = x * x + y * y
            if square > 0 && square < 1 { return x * (-2 * log(square) / square).squareRoot() }
        }
    }
}
