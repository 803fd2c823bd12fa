import Oracle
import SeededRandom
import Testing

@Suite struct BigRealTests {
    /// Any finite Float64: every sign, exponent and significand alike, so that sums mostly lie far apart and products overflow.
    private static func anyFinite(_ generator: inout SplitMix64) -> Double {
        while true {
            let value = Double(bitPattern: generator.next())
            if value.isFinite { return value }
        }
    }

    /// Of about the same magnitude as another drawn so, or subnormal: sums cancel, and quotients are near 1.
    private static func ordinary(_ generator: inout SplitMix64) -> Double {
        let value = generator.nextUniform(in: -4...4)
        return generator.next() % 4 == 0 ? value * 0x1p-1023 : value
    }

    @Test func arithmeticOfTwoRoundsAsTheProcessorDoes() {
        let seed: UInt64 = 1
        var generator = SplitMix64(seed: seed)
        for round in 0..<4000 {
            let (a, b) =
                round % 2 == 0
                ? (Self.anyFinite(&generator), Self.anyFinite(&generator)) : (Self.ordinary(&generator), Self.ordinary(&generator))
            let comment: Comment = "seed \(seed), round \(round): \(a), \(b)"
            #expect((BigReal(a) + BigReal(b)).rounded() == a + b, comment)
            #expect((BigReal(a) - BigReal(b)).rounded() == a - b, comment)
            #expect((BigReal(a) * BigReal(b)).rounded() == a * b, comment)
            if b != 0 { #expect((BigReal(a) / BigReal(b)).rounded() == a / b, comment) }
            #expect((BigReal(a) < BigReal(b)) == (a < b), comment)
            #expect((BigReal(a) == BigReal(b)) == (a == b), comment)
        }
    }

    @Test func fusedMultiplyAddRoundsOnce() {
        let seed: UInt64 = 2
        var generator = SplitMix64(seed: seed)
        for round in 0..<2000 {
            let (a, b) = (Self.ordinary(&generator), Self.ordinary(&generator))
            // Next to −a·b, so that the product's low half decides; or anything.
            let c = round % 2 == 0 ? -(a * b) * (1 + generator.nextUniform(in: -1...1) * 0x1p-50) : Self.anyFinite(&generator)
            let value = (BigReal(a) * BigReal(b) + BigReal(c)).rounded()
            #expect(value == c.addingProduct(a, b), "seed \(seed), round \(round): \(a) * \(b) + \(c)")
        }
    }

    @Test(arguments: [0, 0x1p-1074, 0x1p-1022, 0x1p-1022.nextDown, 1, 0x1.5p+52, 0x1p+53, .greatestFiniteMagnitude])
    func everyFloat64IsItself(magnitude: Double) {
        for x in [magnitude, -magnitude] {
            #expect(BigReal(x).rounded() == x)
            #expect((-BigReal(x)).rounded() == -x)
            #expect(BigReal(x).magnitude.rounded() == magnitude)
        }
    }

    @Test func roundsToNearestEven() {
        let tiny = BigReal(1).scaled(byPowerOfTwo: -3000)
        func expectRounding(of middle: BigReal, between lower: Double, and upper: Double, tie: Double) {
            #expect((middle - tiny).rounded() == lower)
            #expect(middle.rounded() == tie)
            #expect((middle + tiny).rounded() == upper)
            #expect((-middle - tiny).rounded() == -upper)
            #expect((-middle).rounded() == -tie)
            #expect((-middle + tiny).rounded() == -lower)
        }
        func middle(_ a: Double, _ b: Double) -> BigReal { (BigReal(a) + BigReal(b)).scaled(byPowerOfTwo: -1) }
        expectRounding(of: middle(1, 1.0.nextUp), between: 1, and: 1.0.nextUp, tie: 1)
        let (odd, even) = (1.0.nextUp, 1.0.nextUp.nextUp)
        expectRounding(of: middle(odd, even), between: odd, and: even, tie: even)
        expectRounding(of: middle(2.0.nextDown, 2), between: 2.0.nextDown, and: 2, tie: 2)
        // Among subnormals, up to the smallest normal value, and down to zero.
        expectRounding(of: middle(0x1p-1074, 0x1p-1073), between: 0x1p-1074, and: 0x1p-1073, tie: 0x1p-1073)
        expectRounding(of: middle(0x1p-1022.nextDown, 0x1p-1022), between: 0x1p-1022.nextDown, and: 0x1p-1022, tie: 0x1p-1022)
        expectRounding(of: middle(0, 0x1p-1074), between: 0, and: 0x1p-1074, tie: 0)
        // Overflow begins half a unit above the greatest finite value.
        let beyond = BigReal(1).scaled(byPowerOfTwo: 1024)
        let threshold = (BigReal(Double.greatestFiniteMagnitude) + beyond).scaled(byPowerOfTwo: -1)
        expectRounding(of: threshold, between: .greatestFiniteMagnitude, and: .infinity, tie: .infinity)
        #expect(beyond.rounded() == .infinity)
        #expect((-beyond).rounded() == -.infinity)
        #expect(BigReal(1).scaled(byPowerOfTwo: -5000).rounded() == 0)
    }

    @Test func whatIsCutOffStillTellsTheSide() {
        let one = BigReal(1)
        for power in [-200, -255, -256, -257, -258, -300, -1000, -100_000] {
            let tiny = one.scaled(byPowerOfTwo: power)
            #expect(one + tiny > one, "2^\(power)")
            #expect(one - tiny < one, "2^\(power)")
            #expect(one - tiny > one - one.scaled(byPowerOfTwo: -199), "2^\(power)")
            #expect(tiny - one > -one, "2^\(power)")
        }
        // 1 / (1 + d) = 1 − d + d² − …, where d² lies below the last bit.
        let d = one.scaled(byPowerOfTwo: -150)
        #expect(one / (one + d) > one - d)
        #expect(one / (one - d) > one + d)
    }

    @Test func comparesByValue() {
        #expect(BigReal(3).scaled(byPowerOfTwo: 4) == BigReal(48))
        #expect(BigReal(-0.0) == BigReal.zero)
        let ascending = [-1e300, -1, -0x1p-1074, 0, 0x1p-1074, 0.5, 1, 1.0.nextUp, 1e300].map { BigReal($0) }
        for (i, a) in ascending.enumerated() {
            for (j, b) in ascending.enumerated() {
                #expect((a < b) == (i < j))
                #expect((a == b) == (i == j))
            }
        }
    }

    @Test func expOfArgumentsBeyondFloat64() {
        #expect(Reference.exp(-1e30).isZero)
        #expect(Reference.exp(1e30).rounded() == .infinity)
        #expect(Reference.exp(1e30) > Reference.exp(1e17))
        #expect(Reference.exp(-1e17) > .zero)
        #expect(Reference.exp(1e17) * Reference.exp(-1e17) < BigReal(1.0.nextUp))
        #expect(Reference.exp(1e17) * Reference.exp(-1e17) > BigReal(1.0.nextDown))
        // No trap when saturated values meet.
        var huge = Reference.exp(1e30)
        for _ in 0..<5 { huge *= huge }
        #expect(huge == Reference.exp(.greatestFiniteMagnitude))
        #expect((BigReal(1) / huge).rounded() == 0)
    }

    @Test func expKeepsItsSideOfOne() {
        for x in [0x1p-1074, 1e-300, 1e-100, 0x1p-60] {
            #expect(Reference.exp(x) > BigReal(1))
            #expect(Reference.exp(-x) < BigReal(1))
            #expect(Reference.exp(-x) > BigReal(1.0.nextDown))
        }
        #expect(Reference.exp(0) == BigReal(1))
        #expect(Reference.log(1).isZero)
    }

    @Test func logUndoesExp() {
        let seed: UInt64 = 3
        var generator = SplitMix64(seed: seed)
        for round in 0..<200 {
            let x = generator.nextUniform(in: -1...1) * Double(sign: .plus, exponent: Int(generator.next() % 24) - 10, significand: 1)
            // Near 1 the rounding of exp is what limits: it is 2^-255 of 1, not of x.
            let bound = BigReal(x).magnitude.scaled(byPowerOfTwo: -240) + BigReal(0x1p-252)
            #expect((BigReal.log(Reference.exp(x)) - BigReal(x)).magnitude < bound, "seed \(seed), round \(round): \(x)")
        }
    }

    @Test func functionalEquations() {
        let seed: UInt64 = 4
        var generator = SplitMix64(seed: seed)
        for round in 0..<100 {
            let (x, y) = (BigReal(generator.nextUniform(in: -700...700)), BigReal(generator.nextUniform(in: -1...1)))
            let product = BigReal.exp(x) * BigReal.exp(y)
            #expect(agrees(BigReal.exp(x + y), product, within: -244), "seed \(seed), round \(round): \(x), \(y)")
            let (a, b) = (x.magnitude, y.magnitude)
            // (1 + a)(1 + b) = 1 + (a + b + ab)
            let sum = BigReal.log1p(a) + BigReal.log1p(b)
            #expect(agrees(BigReal.log1p(a + b + a * b), sum, within: -240), "seed \(seed), round \(round): \(a), \(b)")
        }
    }

    @Test func readsHexadecimal() throws {
        #expect(try #require(BigReal(hexSignificand: "1f", exponent: -4)) == BigReal(1.9375))
        #expect(try #require(BigReal(hexSignificand: "-ff", exponent: 3)) == BigReal(-2040))
        #expect(BigReal(hexSignificand: "0x1f", exponent: 0) == nil)
        #expect(BigReal(hexSignificand: "", exponent: 0) == nil)
    }

    @Test func describesItselfAsC() {
        #expect("\(BigReal(1))" == "0x1p+0")
        #expect("\(BigReal(-0.15625))" == "-0x1.4p-3")
        #expect("\(BigReal(0))" == "0x0p+0")
        #expect("\(Reference.log(2))" == "0x1.62e42fefa39ef35793c7673p-1")
        #expect("\(BigReal(0x1p-1074).scaled(byPowerOfTwo: -6))" == "0x1p-1080")
    }
}
