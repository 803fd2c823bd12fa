import Testing

@testable import Scoring

@Suite("Digits of printed numbers") struct PrintedDigitsTests {
    @Test("Decimals, significant digits and the power above") func digits() throws {
        for (value, decimals, significant, power) in [
            (0.25, 2, 2, 1.0), (0.025, 3, 2, 0.1), (1.0, 0, 1, 10), (12.5, 1, 3, 100), (0.123456789, 9, 9, 1), (1e-5, 5, 1, 1e-4),
        ] {
            let digits = try #require(PrintedDigits(value))
            #expect(digits.decimalCount == decimals && digits.significantCount == significant && digits.areFew, "\(value)")
            #expect((digits.power - power).magnitude <= 1e-12 * power, "\(value)")
        }
        #expect(PrintedDigits(0)?.significantCount == 0)
        #expect(PrintedDigits(0.1234567890123)?.areFew == false)
        for value in [1.0 / 3, 0.1 + 0.2, 1e300, .infinity] { #expect(PrintedDigits(value) == nil, "\(value)") }
    }

    @Test("Numbers that were Float32, and numbers that were not") func float32() {
        var generator = SystemRandomNumberGenerator()
        for seed in 1...200 {
            let value = Double(seed) / 211 + Double(UInt32.random(in: 0...9, using: &generator)) * 1e-3
            let float = Double(Float(value))
            #expect(PrintedDigits.wasFloat32(float))
            // With ten digits and more, as `%.12f` prints it.
            for scale in [1e10, 1e12, 1e14] { #expect(PrintedDigits.wasFloat32((float * scale).rounded() / scale), "\(value) \(scale)") }
        }
        for value in [1.0 / 3, 0.1 + 0.2, 0.7 / 3] { #expect(!PrintedDigits.wasFloat32(value)) }
    }

    @Test("The error of a sum follows the digits, and is never less than that of the rounding") func error() {
        // Of two decimals: half a hundredth for each.
        var row = PrintedRow()
        var areFew = [0.23, 0.08, 0.69, 0].allSatisfy { row.add($0) }
        #expect(areFew)
        #expect((row.sumError(isAbove: false) - 0.02).magnitude < 1e-6)
        // A zero was rounded down, if at all.
        #expect((row.sumError(isAbove: true) - 0.015).magnitude < 1e-6)
        // One decimal is held to be exact, as people write it.
        var short = PrintedRow()
        areFew = [0.7, 0.2].allSatisfy { short.add($0) }
        #expect(areFew)
        #expect(short.sumError(isAbove: false) < 0.011)
        var wide = PrintedRow()
        areFew = wide.add(1.0 / 3)
        #expect(!areFew)
    }
}
