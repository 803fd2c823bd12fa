public import SeededRandom
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The random numbers of tests.
extension SplitMix64 {
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
