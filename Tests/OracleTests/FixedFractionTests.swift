import BigInt
import SeededRandom
import Testing

@testable import Oracle

/// The fixed-point limbs of `exp` against the big integers that they stand in for.
@Suite struct FixedFractionTests {
    private static let one = BigUInt(1) << FixedFraction.bitCount

    /// Numerators whose limbs are often all zeros or all ones, so that carries run through.
    private static func numerator(_ generator: inout SplitMix64) -> BigUInt {
        BigUInt(
            words: (0..<FixedFraction.limbCount).map { _ in
                switch generator.next() % 3 {
                case 0: return UInt.max
                case 1: return UInt(generator.next())
                default: return 0
                }
            })
    }

    @Test func operationsAreThoseOfBigIntegers() {
        let seed: UInt64 = 6
        var generator = SplitMix64(seed: seed)
        for round in 0..<2000 {
            let (a, b) = (Self.numerator(&generator), Self.numerator(&generator))
            let (x, y) = (FixedFraction(numerator: a), FixedFraction(numerator: b))
            let comment: Comment = "seed \(seed), round \(round)"
            #expect(x.numerator == a, comment)
            #expect((x * y).numerator == (a * b) >> FixedFraction.bitCount, comment)
            if a + b < Self.one {
                var sum = x
                sum += y
                #expect(sum.numerator == a + b, comment)
            }
            let divisor = generator.next() % 20 + 1
            var quotient = x
            quotient /= divisor
            #expect(quotient.numerator == a / BigUInt(divisor), comment)
        }
    }

    @Test func productOfTheLargest() {
        let largest = FixedFraction(numerator: Self.one - 1)
        #expect((largest * largest).numerator == Self.one - 2)
    }
}
