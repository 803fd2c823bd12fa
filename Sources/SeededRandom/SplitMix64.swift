/// A seeded random generator: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014,
/// <https://doi.org/10.1145/2660193.2660195>), with the constants of Vigna's `splitmix64.c`.
///
/// The same seed gives the same bits on every machine, so that a failing test can be run again from the seed that it printed.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    /// Makes the generator whose sequence begins at a seed; any seed will do.
    @inlinable
    public init(seed: UInt64) { state = seed }

    /// Returns the next 64 bits.
    @inlinable
    public mutating func next() -> UInt64 {
        // Wrapping: the algorithm is arithmetic modulo 2^64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
