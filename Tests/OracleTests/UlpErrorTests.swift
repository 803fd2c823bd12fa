import Oracle
import SeededRandom
import Testing

@Suite struct UlpErrorTests {
    /// `x` and a fraction of a unit of 2^unit.
    private func truth(_ x: Double, plus fraction: Double, unit: Int) -> BigReal {
        BigReal(x) + BigReal(fraction).scaled(byPowerOfTwo: unit)
    }

    @Test func countsUnitsOfTheTruthsBinade() {
        #expect(ulpError(1.5, BigReal(1.5)) == 0)
        #expect(ulpError(1.5.nextUp, BigReal(1.5)) == 1)
        #expect(ulpError(1.5.nextDown, BigReal(1.5)) == 1)
        #expect(ulpError(-1.5.nextUp, BigReal(-1.5)) == 1)
        #expect(ulpError(1.5, truth(1.5, plus: 0.25, unit: -52)) == 0.25)
        #expect(ulpError(1.5, truth(1.5, plus: -0.375, unit: -52)) == 0.375)
        #expect(ulpError(3, truth(3, plus: 0.5, unit: -51)) == 0.5)
        #expect(ulpError(-1.5, BigReal(1.5)) == 3 * 0x1p+52)
    }

    @Test(arguments: [-1000, -1, 0, 1, 10, 1000]) func atABinadesBoundary(power: Int) {
        let x = Double(sign: .plus, exponent: power, significand: 1)
        // From x upwards the unit is 2^(power - 52); below x it is half as long.
        #expect(ulpError(x.nextUp, BigReal(x)) == 1)
        #expect(ulpError(x.nextDown, BigReal(x)) == 0.5)
        #expect(ulpError(x, BigReal(x.nextDown)) == 1)
        #expect(ulpError(x, BigReal(x.nextDown.nextDown)) == 2)
        #expect(ulpError(x, truth(x, plus: 0.25, unit: power - 52)) == 0.25)
        #expect(ulpError(x, truth(x, plus: -0.25, unit: power - 53)) == 0.25)
        #expect(ulpError(x.nextUp, truth(x, plus: -0.5, unit: power - 53)) == 2.5)
        // However little below: the truth's binade decides, not its nearest Float64's.
        let justBelow = BigReal(x) - BigReal(x).scaled(byPowerOfTwo: -200)
        #expect(justBelow.rounded() == x)
        #expect(ulpError(x.nextUp, justBelow) == 2)
    }

    @Test func amongSubnormals() {
        let smallest = 0x1p-1074
        #expect(ulpError(smallest, BigReal(smallest)) == 0)
        #expect(ulpError(0, BigReal(smallest)) == 1)
        #expect(ulpError(3 * smallest, BigReal(smallest)) == 2)
        #expect(ulpError(-smallest, BigReal(smallest)) == 2)
        #expect(ulpError(0, truth(0, plus: 0.25, unit: -1074)) == 0.25)
        #expect(ulpError(smallest, truth(0, plus: 0x1p-60, unit: -1074)) == 1)
        #expect(ulpError(0, Reference.exp(-1e4)) == 0)
        // The smallest normal binade has the subnormals' unit, and the next has twice that.
        #expect(ulpError(0x1p-1022.nextDown, BigReal(0x1p-1022)) == 1)
        #expect(ulpError(0x1p-1022.nextUp, BigReal(0x1p-1022)) == 1)
        #expect(ulpError(0x1p-1021.nextDown, BigReal(0x1p-1021)) == 0.5)
        #expect(ulpError(0x1p-1021, truth(0x1p-1021, plus: 0.5, unit: -1073)) == 0.5)
    }

    @Test func atZero() {
        #expect(ulpError(0, .zero) == 0)
        #expect(ulpError(-0.0, .zero) == 0)
        #expect(ulpError(0x1p-1074, .zero) == 1)
        #expect(ulpError(0x1p-1073, .zero) == 2)
    }

    @Test func atTheTopOfTheRange() {
        let greatest = Double.greatestFiniteMagnitude
        #expect(ulpError(greatest, BigReal(greatest)) == 0)
        #expect(ulpError(greatest.nextDown, BigReal(greatest)) == 1)
        #expect(ulpError(.infinity, Reference.exp(1000)) == 0)
        #expect(ulpError(-.infinity, Reference.exp(1000)) == .infinity)
        #expect(ulpError(.infinity, BigReal(greatest)) == .infinity)
        #expect(ulpError(greatest, BigReal(1).scaled(byPowerOfTwo: 1024)) == 0.5)
    }

    @Test func nothingPassesForANaN() {
        #expect(ulpError(.nan, BigReal(1)) == .infinity)
    }

    @Test func correctRoundingIsWithinHalfAUnit() {
        let seed: UInt64 = 9
        var generator = SplitMix64(seed: seed)
        for round in 0..<500 {
            let x = generator.nextUniform(in: -745...709)
            let truth = Reference.exp(x)
            let nearest = truth.rounded()
            #expect(ulpError(nearest, truth) <= 0.5, "seed \(seed), round \(round): \(x)")
            #expect(ulpError(nearest.nextUp, truth) > 0.5, "seed \(seed), round \(round): \(x)")
            #expect(ulpError(nearest.nextUp, truth) <= 1.5, "seed \(seed), round \(round): \(x)")
        }
    }
}
