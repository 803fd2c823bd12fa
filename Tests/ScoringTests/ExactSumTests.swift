import BigInt
import SeededRandom
import Testing

@testable import Scoring

/// `ExactSum` against integers of any size: the oracle holds every value as a multiple of 2^-2148 in a `BigInt`, and judges a
/// rounding by the distances to the two neighbours, not by the way in which it was reached.
@Suite("ExactSumTests")
struct ExactSumTests {
    static let seeds: [UInt64] = [1, 0xDEAD_BEEF, 20_260_101]

    // MARK: Sums of values

    @Test("sums over the whole exponent range equal the integer oracle's", arguments: seeds)
    func sumsOfAnyValues(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for round in 0..<60 {
            var sum = ExactSum()
            var oracle = BigInt(0)
            // From sums that span everything to sums that cancel nearly.
            let exponents = round % 2 == 0 ? 0...2046 : 1000...1040
            for _ in 0..<Int.random(in: 1...60, using: &random) {
                let value = random.double(exponentFields: exponents)
                sum.add(value)
                oracle += units(value)
            }
            #expect(unitsOfSum(sum) == oracle, "seed \(seed), round \(round)")
            #expect(sum.sign == oracle.signum())
            expectCorrectlyRounded(sum.rounded(), oracle, BigInt(1) << 2148, "seed \(seed), round \(round)")
        }
    }

    @Test("subnormals are summed exactly", arguments: seeds)
    func subnormals(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<50 {
            var sum = ExactSum()
            var oracle: Int64 = 0
            for _ in 0..<40 {
                // 2^48 so that 40 of them stay within 53 bits, where the result is exact.
                let multiple = Int64.random(in: -(1 << 47)...(1 << 47), using: &random)
                sum.add(Double(multiple) * .leastNonzeroMagnitude)
                oracle += multiple
            }
            #expect(sum.rounded() == Double(oracle) * .leastNonzeroMagnitude, "seed \(seed)")
        }
        var sum = ExactSum()
        sum.add(.leastNonzeroMagnitude)
        #expect(sum.rounded() == .leastNonzeroMagnitude)
        #expect(sum.sign == 1)
        sum.add(-.leastNormalMagnitude)
        #expect(sum.rounded() == -Double.leastNormalMagnitude.nextDown)
        #expect(sum.sign == -1)
    }

    @Test("values and their negatives cancel to zero in any order", arguments: seeds)
    func cancellation(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let values = (0..<200).map { _ in random.double(exponentFields: 0...2046) }
        var sum = ExactSum()
        for value in (values + values.map { -$0 }).shuffled(using: &random) {
            sum.add(value)
        }
        #expect(sum.isZero)
        #expect(sum.sign == 0)
        #expect(sum == ExactSum())
        #expect(sum.rounded().bitPattern == 0, "+0, and not -0")
        sum.add(-.leastNonzeroMagnitude)
        #expect(!sum.isZero)
        #expect(sum != ExactSum())
    }

    @Test("the greatest values, many times, overflow nothing but the rounding")
    func greatestValues() {
        let greatest = Double.greatestFiniteMagnitude
        for sign in [1.0, -1.0] {
            var sum = ExactSum()
            for _ in 0..<5000 {
                sum.add(sign * greatest)
            }
            #expect(sum.rounded() == sign * .infinity)
            #expect(sum.rounded(dividedBy: 5000) == sign * greatest)
            #expect(sum.rounded(dividedBy: 10000) == sign * greatest / 2)
            for _ in 0..<4999 {
                sum.add(-sign * greatest)
            }
            #expect(sum.rounded() == sign * greatest)
            sum.add(-sign * greatest)
            #expect(sum.isZero)
        }
    }

    @Test("infinities and NaN are counted, and read as IEEE 754 has it")
    func nonFiniteValues() {
        var sum = ExactSum()
        sum.add(2.5)
        let finite = sum
        sum.add(.infinity)
        #expect(sum.rounded() == .infinity)
        #expect(sum.rounded(dividedBy: 0) == .infinity)
        #expect(sum.sign == 1)
        #expect(sum != finite)
        let positive = sum
        var negative = finite
        negative.add(-.infinity)
        #expect(negative.rounded() == -.infinity)
        #expect(negative.rounded(dividedBy: 7) == -.infinity)
        #expect(negative.sign == -1)
        sum.add(negative)
        #expect(sum.rounded().isNaN)
        #expect(sum.sign == 0)
        #expect(!sum.isZero)
        #expect(sum.positiveInfinityCount == 1 && sum.negativeInfinityCount == 1 && sum.nanCount == 0)
        sum.add(-.nan)
        sum.add(.signalingNaN)
        #expect(sum.nanCount == 2)
        #expect(unitsOfSum(sum) == units(5), "the finite part is left alone")

        var huge = ExactSum()
        huge.add(-Double.greatestFiniteMagnitude)
        huge.add(-Double.greatestFiniteMagnitude)
        #expect(positive.rounded(dividedBy: huge) == -.infinity)
        #expect(huge.rounded(dividedBy: positive).bitPattern == (-0.0).bitPattern)
        #expect(positive.rounded(dividedBy: negative).isNaN)
        #expect(positive.rounded(dividedBy: ExactSum()) == .infinity)
        #expect(ExactSum().rounded(dividedBy: positive) == 0)
        #expect(sum.rounded(dividedBy: finite).isNaN)

        let values: [Double] = [1, .infinity, .nan, -.infinity, 2, .infinity, -.infinity, -.infinity, 4]
        let sumOfBuffer = values.withUnsafeBufferPointer { buffer in
            var sum = ExactSum()
            sum.add(buffer)
            return sum
        }
        #expect(sumOfBuffer == sumOf(values))
        #expect(unitsOfSum(sumOfBuffer) == units(7))
        #expect(sumOfBuffer.positiveInfinityCount == 2)
        #expect(sumOfBuffer.negativeInfinityCount == 3)
        #expect(sumOfBuffer.nanCount == 1)
    }

    @Test("counts of infinities stay at the highest number")
    func countsSaturate() throws {
        var bytes: ArraySlice<UInt8> = [2, 0, 0, 254, 255, 255, 255, 255, 255, 255, 255]
        var sum = try ExactSum(decoding: &bytes)
        #expect(sum.positiveInfinityCount == UInt64.max - 1)
        sum.add(.infinity)
        sum.add(.infinity)
        let copy = sum
        sum.add(copy)
        #expect(sum.positiveInfinityCount == .max)
    }

    // MARK: Rounding

    /// A significand m in units of 2^e, exactly, at its upper half, and just beside that, at every kind of boundary.
    @Test("halves go to the even neighbour, and the least bit beside a half decides")
    func ties() {
        let least: Int64 = 1 << 52
        var cases: [(significand: Int64, exponent: Int)] = []
        // Every power of two has an own limb and shift; the step keeps the test short and meets all shifts.
        for exponent in Array(stride(from: -1074, through: 971, by: 13)) + [-1074, -1073, -1042, -1, 0, 970, 971] {
            for significand in [least, least + 1, least + 2, least + 0xF_FFFF, 2 * least - 2, 2 * least - 1] {
                cases.append((significand, exponent))
            }
        }
        for significand: Int64 in [0, 1, 2, 3, 4, 0xFFFF_FFFF, 1 << 32, 1 << 51, least - 2, least - 1] {
            cases.append((significand, -1074))
        }
        for (significand, exponent) in cases {
            for sign: Int64 in [1, -1] {
                let scale = { (multiple: Int64) in Double(sign: .plus, exponent: exponent, significand: Double(sign * multiple)) }
                var sum = ExactSum()
                sum.add(sign * significand, scaledByPowerOfTwo: exponent)
                #expect(sum.rounded() == scale(significand))
                sum.add(sign, scaledByPowerOfTwo: exponent - 1)
                let even = significand + (significand & 1)
                #expect(sum.rounded() == scale(even), "\(significand) and a half · 2^\(exponent)")
                #expect(sum.rounded().sign == (sign < 0 ? .minus : .plus))
                // The least unit there is, and one that lies within the word of the half.
                for distance in [-2148, max(-2148, exponent - 3), max(-2148, exponent - 50)] {
                    var above = sum
                    above.add(sign, scaledByPowerOfTwo: distance)
                    #expect(above.rounded() == scale(significand + 1), "above \(significand) and a half · 2^\(exponent)")
                    var below = sum
                    below.add(-sign, scaledByPowerOfTwo: distance)
                    #expect(below.rounded() == scale(significand), "below \(significand) and a half · 2^\(exponent)")
                }
            }
        }
    }

    @Test("overflow begins at 2^1024 - 2^970, and underflow ends at 2^-1075")
    func limits() {
        var sum = ExactSum()
        sum.add(.greatestFiniteMagnitude)
        sum.add(Double(sign: .plus, exponent: 970, significand: 1))
        #expect(sum.rounded() == .infinity)
        sum.add(-1, scaledByPowerOfTwo: -2148)
        #expect(sum.rounded() == .greatestFiniteMagnitude)
        var tiny = ExactSum()
        tiny.add(-1, scaledByPowerOfTwo: -1075)
        #expect(tiny.rounded().bitPattern == (-0.0).bitPattern)
        tiny.add(-1, scaledByPowerOfTwo: -2148)
        #expect(tiny.rounded() == -.leastNonzeroMagnitude)
        var least = ExactSum()
        least.add(1, scaledByPowerOfTwo: -2148)
        #expect(least.rounded() == 0)
        #expect(least.rounded(dividedBy: 3) == 0)
        #expect(least.sign == 1)
        var negative = ExactSum()
        negative.add(-1, scaledByPowerOfTwo: -2148)
        #expect(negative.rounded(dividedBy: 3).bitPattern == (-0.0).bitPattern)
    }

    // MARK: Order and grouping

    @Test("any order and any grouping gives the same state and the same bytes", arguments: seeds)
    func orderAndGrouping(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for round in 0..<20 {
            let terms: [Term] = (0..<60).map { _ in
                switch Int.random(in: 0..<8, using: &random) {
                case 0: .product(random.double(exponentFields: 0...2046), random.double(exponentFields: 0...2046))
                case 1: .integer(Int64(bitPattern: random.next()), Int.random(in: -2148...1985, using: &random))
                case 2 where round % 3 == 0: .value([Double.infinity, -.infinity, .nan].randomElement(using: &random)!)
                default: .value(random.double(exponentFields: round % 2 == 0 ? 0...2046 : 1015...1025))
                }
            }
            var reference = ExactSum()
            for term in terms {
                term.add(to: &reference)
            }
            for _ in 0..<4 {
                // Groups of random sizes, merged in pairs picked at random, in either direction.
                var groups: [ExactSum] = [ExactSum()]
                for term in terms.shuffled(using: &random) {
                    if Int.random(in: 0..<5, using: &random) == 0 {
                        groups.append(ExactSum())
                    }
                    term.add(to: &groups[groups.count - 1])
                }
                while groups.count > 1 {
                    let other = groups.remove(at: Int.random(in: 0..<groups.count, using: &random))
                    groups[Int.random(in: 0..<groups.count, using: &random)].add(other)
                }
                #expect(groups[0] == reference, "seed \(seed), round \(round)")
                #expect(encoding(of: groups[0]) == encoding(of: reference), "seed \(seed), round \(round)")
                let roundings = (groups[0].rounded().bitPattern, reference.rounded().bitPattern)
                #expect(roundings.0 == roundings.1)
            }
        }
    }

    @Test("sums that differ by the least unit are not equal")
    func differenceOfOneUnit() {
        var one = sumOf([1, 1e300, -1e-300])
        let other = one
        #expect(one == other)
        one.add(1, scaledByPowerOfTwo: -2148)
        #expect(one != other)
        #expect(encoding(of: one) != encoding(of: other))
        one.add(-1, scaledByPowerOfTwo: -2148)
        #expect(one == other)
        for value in [Double.infinity, -.infinity, .nan] {
            #expect(sumOf([1, value]) != sumOf([1]))
            #expect(sumOf([1, value]) != sumOf([1, value, value]))
        }
    }

    @Test("a buffer adds up like its values one by one", arguments: seeds)
    func buffers(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for count in [0, 1, 2, 3, 1000] {
            let values = (0..<count).map { _ in random.double(exponentFields: 0...2046) }
            var sum = ExactSum()
            values.withUnsafeBufferPointer { sum.add($0) }
            #expect(sum == sumOf(values))
            #expect(unitsOfSum(sum) == values.reduce(BigInt(0)) { $0 + units($1) })
        }
    }

    @Test("a copy is not changed by adding to the original")
    func copies() {
        let zero = ExactSum()
        var sum = zero
        sum.add(1)
        let copy = sum
        sum.add(1)
        #expect(zero.isZero && ExactSum().isZero)
        #expect(copy.rounded() == 1)
        #expect(sum.rounded() == 2)
    }

    // MARK: Products and scaled integers

    @Test("products are exact, from 2^-2148 to 2^2048", arguments: seeds)
    func products(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let corners: [Double] = [
            0, -0.0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, .leastNormalMagnitude.nextDown,
            1, -1, 1.0.nextUp, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
        ]
        var pairs = corners.flatMap { a in corners.map { b in (a, b) } }
        for _ in 0..<200 {
            pairs.append((random.double(exponentFields: 0...2046), random.double(exponentFields: 0...2046)))
        }
        var total = ExactSum()
        var oracle = BigInt(0)
        for (a, b) in pairs {
            var product = ExactSum()
            product.addProduct(a, b)
            // Both factors are multiples of 2^-1074.
            let expected = (units(a) >> 1074) * (units(b) >> 1074)
            #expect(unitsOfSum(product) == expected, "\(a) · \(b), seed \(seed)")
            total.add(product)
            oracle += expected
        }
        #expect(unitsOfSum(total) == oracle)
    }

    @Test("products with infinities and NaN follow IEEE 754")
    func nonFiniteProducts() {
        var sum = ExactSum()
        sum.addProduct(.infinity, 2)
        sum.addProduct(-.infinity, .leastNonzeroMagnitude)
        sum.addProduct(-.infinity, 1)
        sum.addProduct(0, .infinity)
        sum.addProduct(.nan, 0)
        sum.addProduct(3, .nan)
        #expect(sum.positiveInfinityCount == 1)
        #expect(sum.negativeInfinityCount == 2)
        #expect(sum.nanCount == 3)
        var infinities = ExactSum()
        infinities.addProduct(-.infinity, -.infinity)
        #expect(infinities.rounded() == .infinity)
    }

    @Test("scaled integers are exact over the whole range of exponents")
    func scaledIntegers() {
        for exponent in -2148...1985 where exponent % 5 == 0 || exponent < -2110 || exponent > 1950 {
            for integer in [Int64.min, .min + 1, -1, 0, 1, 0x1234_5678_9ABC_DEF1, .max] {
                var sum = ExactSum()
                sum.add(integer, scaledByPowerOfTwo: exponent)
                #expect(unitsOfSum(sum) == BigInt(integer) << (exponent + 2148), "\(integer) · 2^\(exponent)")
            }
        }
    }

    // MARK: Carries

    /// Merging a sum with its own copy doubles the number of terms: thirty-odd doublings stand for more than 2^31 additions, each of which
    /// fills its limbs to the brim. Without propagation an Int64 limb would overflow.
    @Test("carries are propagated before a limb overflows", arguments: [Int64.max, Int64.min, 0xFFFF_FFFF, -0xFFFF_FFFF])
    func carriesOverMoreThanTwoToThe31Terms(integer: Int64) {
        for exponent in [-2148, -5, 0, 7, 1900] {
            var sum = ExactSum()
            sum.add(integer, scaledByPowerOfTwo: exponent)
            var mixed = ExactSum()
            for doubling in 1...40 {
                let copy = sum
                sum.add(copy)
                // Copies with carries pending, merged into a sum with fewer or more of them: 2^doubling - 1 terms in all.
                mixed.add(copy)
                #expect(sum.pendingTermCount <= ExactSum.pendingTermLimit)
                let expected = BigInt(integer) << (exponent + 2148 + doubling)
                guard unitsOfSum(sum) == expected else {
                    Issue.record("\(integer) · 2^\(exponent), doubled \(doubling) times")
                    return
                }
                #expect(unitsOfSum(mixed) == expected - (BigInt(integer) << (exponent + 2148)))
            }
        }
    }

    @Test("a term that finds the limbs full propagates first, on every path")
    func fullLimbs() {
        // 2^29 - 1 terms of the greatest digits: t terms pending, doubled with one more, give 2t + 1.
        var full = ExactSum()
        full.add(-0xFFFF_FFFF_FFFF, scaledByPowerOfTwo: 3)
        var oracle = -BigInt(0xFFFF_FFFF_FFFF) << (2148 + 3)
        while full.pendingTermCount < ExactSum.pendingTermLimit - 1 {
            let copy = full
            full.add(copy)
            oracle *= 2
        }
        full.add(0.5)
        oracle += units(0.5)
        #expect(full.pendingTermCount == ExactSum.pendingTermLimit)
        #expect(unitsOfSum(full) == oracle)

        var byValue = full
        byValue.add(1e-3)
        #expect(byValue.pendingTermCount == 1)
        #expect(unitsOfSum(byValue) == oracle + units(1e-3))
        var byInteger = full
        byInteger.add(5, scaledByPowerOfTwo: 0)
        #expect(byInteger.pendingTermCount == 1)
        #expect(unitsOfSum(byInteger) == oracle + units(5))
        var byProduct = full
        byProduct.addProduct(1.5, -3)
        #expect(byProduct.pendingTermCount == 1)
        #expect(unitsOfSum(byProduct) == oracle + units(-4.5))
        var byBuffer = full
        [1.0, 2.0, 4.0].withUnsafeBufferPointer { byBuffer.add($0) }
        #expect(byBuffer.pendingTermCount == 3)
        [8.0, 16.0].withUnsafeBufferPointer { byBuffer.add($0) }
        #expect(byBuffer.pendingTermCount == 5)
        #expect(unitsOfSum(byBuffer) == oracle + units(31))
        var byMerge = full
        byMerge.add(full)
        #expect(byMerge.pendingTermCount <= ExactSum.pendingTermLimit)
        #expect(unitsOfSum(byMerge) == oracle * 2)
        // A buffer that begins before the limit and ends behind it.
        var across = full
        across.add(1e-3)
        while across.pendingTermCount < ExactSum.pendingTermLimit - 1 {
            let copy = across
            across.add(copy)
        }
        let before = unitsOfSum(across)
        [1.0, 2.0, 4.0].withUnsafeBufferPointer { across.add($0) }
        #expect(across.pendingTermCount == 2)
        #expect(unitsOfSum(across) == before + units(7))
    }

    // MARK: Quotients

    @Test("means are rounded once, whatever the count", arguments: seeds)
    func quotientsByCount(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for round in 0..<120 {
            var sum = ExactSum()
            for _ in 0..<5 {
                sum.add(random.double(exponentFields: round % 3 == 0 ? 0...60 : round % 3 == 1 ? 2000...2046 : 1000...1030))
            }
            if round % 5 == 0 {
                sum.addProduct(random.double(exponentFields: 0...400), random.double(exponentFields: 0...400))
            }
            let count = round % 4 == 0 ? random.next() : random.next() >> UInt64.random(in: 1...63, using: &random)
            guard count != 0 else { continue }
            expectCorrectlyRounded(
                sum.rounded(dividedBy: count), unitsOfSum(sum), BigInt(count) << 2148, "seed \(seed), round \(round), count \(count)")
        }
        // A tie that division makes: 3 · (m + 1/2) over 3, and the same with the least unit more.
        let significand = Int64(1) << 52 | 1
        var tie = ExactSum()
        tie.add(3 * (2 * significand + 1), scaledByPowerOfTwo: -1)
        #expect(tie.rounded(dividedBy: 3) == Double(significand + 1))
        tie.add(-1, scaledByPowerOfTwo: -2148)
        #expect(tie.rounded(dividedBy: 3) == Double(significand))
        var fromEven = ExactSum()
        fromEven.add(3 * (2 * (1 << 52) + 1), scaledByPowerOfTwo: -1)
        #expect(fromEven.rounded(dividedBy: 3) == Double(1 << 52))
        fromEven.add(1, scaledByPowerOfTwo: -2148)
        #expect(fromEven.rounded(dividedBy: 3) == Double(1 << 52).nextUp)
    }

    @Test("division by zero follows IEEE 754")
    func divisionByZero() {
        #expect(ExactSum().rounded(dividedBy: 0).isNaN)
        #expect(sumOf([2]).rounded(dividedBy: 0) == .infinity)
        #expect(sumOf([-2]).rounded(dividedBy: 0) == -.infinity)
        #expect(ExactSum().rounded(dividedBy: ExactSum()).isNaN)
        #expect(sumOf([2]).rounded(dividedBy: ExactSum()) == .infinity)
        #expect(sumOf([-2]).rounded(dividedBy: ExactSum()) == -.infinity)
    }

    @Test("quotients of sums are rounded once", arguments: seeds)
    func quotientsOfSums(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for round in 0..<120 {
            var numerator = ExactSum()
            var denominator = ExactSum()
            let exponents = round % 3 == 0 ? 0...2046 : 1000...1040
            for _ in 0..<3 {
                numerator.addProduct(random.double(exponentFields: exponents), random.double(exponentFields: exponents))
                denominator.add(random.double(exponentFields: exponents))
            }
            guard !denominator.isZero else { continue }
            expectCorrectlyRounded(
                numerator.rounded(dividedBy: denominator), unitsOfSum(numerator), unitsOfSum(denominator),
                "seed \(seed), round \(round)")
        }
    }

    @Test("the quotient of two integers is rounded right at ties, at the limits and by its sign")
    func quotientsOfIntegers() {
        let m = BigInt(1) << 52 + 1
        // An exact quotient of many bits: the last of them decides.
        #expect(ExactSum.rounded((2 * m + 3) << 900 + 1, over: 1, scaledByPowerOfTwo: -901) == Double(m + 2))
        #expect(ExactSum.rounded((2 * m - 1) << 900, over: 1, scaledByPowerOfTwo: -901) == Double(m - 1))
        #expect(ExactSum.rounded((2 * m - 1) << 900 + 1, over: 1, scaledByPowerOfTwo: -901) == Double(m))
        #expect(ExactSum.rounded(2 * m + 1, over: 2, scaledByPowerOfTwo: 0) == Double(m + 1))
        #expect(ExactSum.rounded(7 * (2 * m + 1), over: -14, scaledByPowerOfTwo: 0) == -Double(m + 1))
        #expect(ExactSum.rounded((2 * m + 1) << 900 - 1, over: BigInt(2) << 900, scaledByPowerOfTwo: 0) == Double(m))
        // What the division leaves over decides.
        #expect(ExactSum.rounded((2 * m - 1) << 900, over: BigInt(2) << 900, scaledByPowerOfTwo: 0) == Double(m - 1))
        #expect(ExactSum.rounded((2 * m - 1) << 900 + 1, over: BigInt(2) << 900, scaledByPowerOfTwo: 0) == Double(m))
        #expect(ExactSum.rounded(-1, over: 3, scaledByPowerOfTwo: 2000) == -.infinity)
        #expect(ExactSum.rounded(-1, over: 3, scaledByPowerOfTwo: -2000).bitPattern == (-0.0).bitPattern)
        #expect(ExactSum.rounded(3, over: 4, scaledByPowerOfTwo: -1074) == .leastNonzeroMagnitude)
        #expect(ExactSum.rounded(1, over: 2, scaledByPowerOfTwo: -1074) == 0)
        #expect(ExactSum.rounded(3, over: 2, scaledByPowerOfTwo: -1074) == 2 * .leastNonzeroMagnitude)
        #expect(ExactSum.rounded(0, over: -4, scaledByPowerOfTwo: 5) == 0)
        #expect(ExactSum.rounded(0, over: 0, scaledByPowerOfTwo: 5).isNaN)
        #expect(ExactSum.rounded(-3, over: 0, scaledByPowerOfTwo: 5) == -.infinity)
    }

    @Test("the square root of a quotient is rounded once")
    func rootsOfQuotients() {
        // (m - 1/2)² lies between the squares of an even and an odd number.
        let m = BigInt(1) << 52 + 1
        let square = (2 * m - 1) * (2 * m - 1)
        func root(_ numerator: BigInt, _ denominator: BigInt, _ exponent: Int) -> Double {
            ExactSum.roundedSquareRoot(of: numerator, over: denominator, scaledByPowerOfTwo: exponent)
        }
        #expect(root(square, 4, 0) == Double(m - 1))
        #expect(root(square, 1, -2) == Double(m - 1))
        #expect(root(2 * square, 1, -3) == Double(m - 1))
        #expect(root(-square << 40, -1, -42) == Double(m - 1))
        // What the root leaves over decides, and what the division before it does.
        #expect(root(square << 40 + 1, 1, -42) == Double(m))
        #expect(root(square << 900 + 1, BigInt(4) << 900, 0) == Double(m))
        #expect(root(square << 900 - 1, BigInt(4) << 900, 0) == Double(m - 1))
        #expect(root(1, 1, -2148) == .leastNonzeroMagnitude)
        #expect(root(1, 4, -2148) == 0)
        #expect(root(1, 1, 2048) == .infinity)
        #expect(root(0, 7, 0) == 0)
        #expect(root(-1, 7, 0) == 0)
        #expect(root(1, 0, 0).isNaN)
    }

    // MARK: Encoding

    @Test("the encoding is as documented, byte by byte")
    func encodingByteByByte() {
        #expect(encoding(of: ExactSum()) == [0, 0, 0])
        var one = ExactSum()
        one.add(-1, scaledByPowerOfTwo: -2148)
        #expect(encoding(of: one) == [1, 0, 1, 1, 0, 0, 0])
        // 2^0 is bit 2148 = 67 · 32 + 4.
        #expect(encoding(of: sumOf([1])) == [0, 67, 1, 0x10, 0, 0, 0])
        #expect(encoding(of: sumOf([-1, -0x1p32])) == [1, 67, 2, 0x10, 0, 0, 0, 0x10, 0, 0, 0])
        #expect(
            encoding(of: sumOf([.nan, .infinity, -.infinity, .infinity])) == [
                0xE, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
            ])
    }

    @Test("what was encoded is decoded to the same, and only its bytes are taken", arguments: seeds)
    func roundTrip(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for round in 0..<150 {
            let sum = randomSum(&random)
            var bytes: [UInt8] = [9, 9]
            sum.encode(into: &bytes)
            let end = bytes.count
            bytes += [1, 2, 3]
            var slice = bytes[2...]
            let decoded = try ExactSum(decoding: &slice)
            #expect(decoded == sum, "seed \(seed), round \(round)")
            #expect(decoded.pendingTermCount == 0)
            #expect(unitsOfSum(decoded) == unitsOfSum(sum))
            #expect(slice == bytes[end...])
            #expect(encoding(of: decoded) == Array(bytes[2..<end]))
            // A decoded sum can be added to.
            var both = (decoded, sum)
            both.0.add(-1.25)
            both.1.add(-1.25)
            #expect(both.0 == both.1)
        }
    }

    @Test("the widest sums are decoded, and wider ones refused")
    func rangeOfDecoding() throws {
        for sign: Int64 in [1, -1] {
            // 2^2111, by doubling 2^2048.
            var sum = ExactSum()
            sum.add(sign << 62, scaledByPowerOfTwo: 1985)
            while unitsOfSum(sum).magnitude.bitWidth < 2148 + 2112 {
                let copy = sum
                sum.add(copy)
            }
            var bytes = encoding(of: sum)[...]
            #expect(try ExactSum(decoding: &bytes) == sum)
            let copy = sum
            sum.add(copy)
            bytes = encoding(of: sum)[...]
            #expect(throws: ExactSumDecodingError(.magnitudeTooLarge(highestWord: 16), at: 3)) {
                try ExactSum(decoding: &bytes)
            }
            // Beyond the words as well: up to 2^2171 a sum is encoded, not trapped on.
            for _ in 0..<58 {
                let copy = sum
                sum.add(copy)
            }
            #expect(unitsOfSum(sum) == BigInt(sign) << (2148 + 2170))
            bytes = encoding(of: sum)[...]
            #expect(throws: ExactSumDecodingError(.wordsOutOfRange(first: 134, count: 1), at: 1)) {
                try ExactSum(decoding: &bytes)
            }
        }
    }

    @Test("every truncation is refused with its place, and nothing is taken", arguments: seeds)
    func truncations(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<10 {
            let bytes = encoding(of: randomSum(&random))
            for length in 0..<bytes.count {
                var slice = bytes[..<length]
                do throws(ExactSumDecodingError) {
                    _ = try ExactSum(decoding: &slice)
                    Issue.record("\(length) of \(bytes.count) bytes were accepted, seed \(seed)")
                } catch {
                    guard case .truncated(let needed, let found) = error.reason else {
                        Issue.record("\(error)")
                        continue
                    }
                    #expect(found < needed && error.byteOffset + found == length)
                    #expect(slice == bytes[..<length])
                }
            }
        }
    }

    @Test("what is not canonical is refused")
    func notCanonical() {
        func refusal(_ bytes: [UInt8]) -> ExactSumDecodingError? {
            var slice = bytes[...]
            do throws(ExactSumDecodingError) {
                _ = try ExactSum(decoding: &slice)
                return nil
            } catch {
                return error
            }
        }
        #expect(refusal([0, 0, 0]) == nil)
        for bit in 4..<8 {
            let flags = UInt8(1) << bit
            #expect(refusal([flags, 0, 0]) == ExactSumDecodingError(.reservedFlags(flags), at: 0))
        }
        #expect(refusal([1, 0, 0]) == ExactSumDecodingError(.notCanonical, at: 0), "a negative zero")
        #expect(refusal([0, 5, 0]) == ExactSumDecodingError(.notCanonical, at: 0), "a zero with a place")
        #expect(refusal([0, 5, 1, 0, 0, 0, 0]) == ExactSumDecodingError(.notCanonical, at: 3), "a word of zero")
        #expect(refusal([0, 5, 2, 1, 0, 0, 0, 0, 0, 0, 0]) == ExactSumDecodingError(.notCanonical, at: 7), "a zero at the end")
        #expect(refusal([0, 5, 2, 0, 0, 0, 0, 1, 0, 0, 0]) == ExactSumDecodingError(.notCanonical, at: 3), "a zero in front")
        #expect(refusal([0, 5, 3, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]) == nil, "a zero between is as it should be")
        #expect(refusal([4, 0, 0] + [UInt8](repeating: 0, count: 8)) == ExactSumDecodingError(.notCanonical, at: 3), "a count of 0")
        #expect(refusal([0, 134, 1, 1, 0, 0, 0]) == ExactSumDecodingError(.wordsOutOfRange(first: 134, count: 1), at: 1))
        #expect(refusal([0, 255, 255]) == ExactSumDecodingError(.wordsOutOfRange(first: 255, count: 255), at: 1))
        #expect(refusal([0, 133, 1, 16, 0, 0, 0]) == ExactSumDecodingError(.magnitudeTooLarge(highestWord: 16), at: 3))
        #expect(refusal([0, 133, 1, 15, 0, 0, 0]) == nil)
        #expect(
            ExactSumDecodingError(.wordsOutOfRange(first: 130, count: 9), at: 41).description
                == "exact sum at byte 41: words 130..<139 are announced, but only 0..<134 exist; "
                + "the bytes are damaged or from another version: make them anew")
    }

    @Test("damaged bytes are refused, or read as a sum that is written the same way", arguments: seeds)
    func mutations(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var acceptedCount = 0
        for _ in 0..<1500 {
            var bytes = encoding(of: randomSum(&random))
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                // Half of them in the three bytes of the header.
                let index = Int.random(in: 0..<(Bool.random(using: &random) ? 3 : bytes.count), using: &random)
                bytes[index] = Bool.random(using: &random) ? UInt8.random(in: 0...255, using: &random) : bytes[index] ^ 1
            }
            var slice = bytes[...]
            do throws(ExactSumDecodingError) {
                var sum = try ExactSum(decoding: &slice)
                acceptedCount += 1
                #expect(encoding(of: sum) == Array(bytes[..<slice.startIndex]), "seed \(seed)")
                // Nothing that can be decoded may trap later.
                let copy = sum
                sum.add(copy)
                sum.add(-.greatestFiniteMagnitude)
                _ = sum.rounded(dividedBy: 3)
                _ = encoding(of: sum)
                _ = ExactSum.variance(sum: sum, sumOfSquares: copy, count: .max)
            } catch {
                #expect(slice == bytes[...])
                #expect(bytes.indices.contains(error.byteOffset) || error.byteOffset == bytes.count)
            }
        }
        #expect(acceptedCount > 0 && acceptedCount < 1500)
    }

    // MARK: Moments

    @Test("the variance of 1e9 and a tiny noise is right to the last bit", arguments: seeds)
    func varianceWithoutCancellation(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for (offset, noise) in [(1e9, 1e-7), (1e9, 1e-3), (-1e15, 0.125), (1e-140, 1e-155), (3e200, 1e190), (0, 1)] {
            let values = (0..<50).map { _ in offset + noise * Double.random(in: -1...1, using: &random) }
            let variance = ExactSum.variance(sum: sumOf(values), sumOfSquares: squares(of: values), count: UInt64(values.count))
            // Σ (n x - Σx)² / (n² (n - 1)), from the values themselves.
            let n = BigInt(values.count)
            let total = values.reduce(BigInt(0)) { $0 + units($1) }
            let deviations = values.reduce(BigInt(0)) { sum, value in
                let deviation = n * units(value) - total
                return sum + deviation * deviation
            }
            expectCorrectlyRounded(
                variance, deviations, n * n * (n - 1) << (2 * 2148), "offset \(offset), noise \(noise), seed \(seed)")
            #expect(variance > 0)
        }
    }

    @Test("the variance of one value, of equal values, and of infinite ones")
    func variancesAtLimits() {
        let none = ExactSum()
        #expect(ExactSum.variance(sum: none, sumOfSquares: none, count: 0).isNaN)
        #expect(ExactSum.variance(sum: sumOf([3]), sumOfSquares: squares(of: [3]), count: 1).isNaN)
        let equal = [0.1, 0.1, 0.1]
        #expect(ExactSum.variance(sum: sumOf(equal), sumOfSquares: squares(of: equal), count: 3) == 0)
        #expect(ExactSum.variance(sum: sumOf([1, 2, 3, 4]), sumOfSquares: squares(of: [1, 2, 3, 4]), count: 4) == 5.0 / 3)
        // Squares that were rounded down bring Σx² below (Σx)²/n.
        let roundedSquares = sumOf([(0.1 * 0.1).nextDown, (0.1 * 0.1).nextDown])
        #expect(ExactSum.variance(sum: sumOf([0.1, 0.1]), sumOfSquares: roundedSquares, count: 2).bitPattern == 0)
        for value in [Double.infinity, -.infinity, .nan] {
            #expect(ExactSum.variance(sum: sumOf([1, value]), sumOfSquares: squares(of: [1, value]), count: 2).isNaN)
        }
        let huge = [Double.greatestFiniteMagnitude, -Double.greatestFiniteMagnitude]
        #expect(ExactSum.variance(sum: sumOf(huge), sumOfSquares: squares(of: huge), count: 2) == .infinity)
    }

    @Test("the standard error of a weighted mean is right to the last bit", arguments: seeds)
    func standardErrors(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for (offset, noise, weightScale) in [(0.0, 1.0, 1.0), (1e9, 1e-6, 3.0), (1e200, 1e199, 1e-180), (1e-150, 1e-152, 1e100)] {
            let rows = (0..<40).map { _ in
                let x = offset + noise * Double.random(in: -1...1, using: &random)
                return (x: x, w: weightScale * Double.random(in: 0.01...2, using: &random))
            }
            let error = standardError(weighted: rows.map { ($0.w, $0.w * $0.x) })
            // n/(n - 1) · Σ(v W - w V)² / W⁴, from the rows themselves; units cancel but for those of one v² / w².
            let n = BigInt(rows.count)
            let v = rows.map { units($0.w * $0.x) }
            let w = rows.map { units($0.w) }
            let sumV = v.reduce(0, +)
            let sumW = w.reduce(0, +)
            let deviations = zip(v, w).reduce(BigInt(0)) { sum, row in
                let deviation = row.0 * sumW - row.1 * sumV
                return sum + deviation * deviation
            }
            let sumWSquared = sumW * sumW
            expectCorrectlyRoundedRoot(
                error, n * deviations, (n - 1) * sumWSquared * sumWSquared, "offset \(offset), noise \(noise), seed \(seed)")
        }
    }

    @Test("with equal weights the standard error is √(variance / n), and at its limits it is NaN or 0")
    func standardErrorsAtLimits() {
        // Variance 5/3 of 4 values: √(5/12).
        #expect(standardError(weighted: [(1, 1), (1, 2), (1, 3), (1, 4)]) == (5.0 / 12).squareRoot())
        #expect(standardError(weighted: [(-2, -2), (-2, -4), (-2, -6), (-2, -8)]) == (5.0 / 12).squareRoot())
        #expect(standardError(weighted: [(0.3, 0.1), (0.3, 0.1)]) == 0)
        #expect(standardError(weighted: []).isNaN)
        #expect(standardError(weighted: [(1, 2)]).isNaN)
        #expect(standardError(weighted: [(0, 0), (0, 0)]).isNaN)
        #expect(standardError(weighted: [(1, 0), (-1, 1)]).isNaN)
        #expect(standardError(weighted: [(1, 1), (1, .infinity)]).isNaN)
        #expect(standardError(weighted: [(1, 1), (.nan, 1)]).isNaN)
        // √(variance / n) near the limits, where the variance itself has no Float64.
        #expect(standardError(weighted: [(1, 0x1p1000), (1, -0x1p1000)]) == 0x1p1000)
        #expect(standardError(weighted: [(1, 0x1p-1070), (1, -0x1p-1070)]) == 0x1p-1070)
        // A negative sum of squares, from squares that were rounded.
        let two = sumOf([1, 1])
        #expect(
            ExactSum.standardErrorOfWeightedMean(
                sumOfWeighted: sumOf([0.1, 0.1]), sumOfWeightedSquares: sumOf([(0.1 * 0.1).nextDown, (0.1 * 0.1).nextDown]),
                sumOfWeightTimesWeighted: sumOf([0.1, 0.1]), sumOfSquaredWeights: two, sumOfWeights: two, count: 2
            ).bitPattern == 0)
    }
}

// MARK: - The oracle

/// A finite value in units of 2^-2148.
private func units(_ value: Double) -> BigInt {
    guard value != 0 else { return 0 }
    let significand = BigInt(sign: value.sign, magnitude: BigUInt(value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)))
    let exponent = value.isNormal ? Int(value.exponent) - 52 : -1074
    return significand << (exponent + 2148)
}

extension BigInt {
    fileprivate init(sign: FloatingPointSign, magnitude: BigUInt) {
        self.init(sign: sign == .minus ? BigInt.Sign.minus : .plus, magnitude: magnitude)
    }
}

private func unitsOfSum(_ sum: ExactSum) -> BigInt {
    let (numerator, exponent) = sum.bigInteger()
    return numerator << (exponent + 2148)
}

/// The values between which a positive Float64 is the nearest, in units of 2^-2148, and whether they themselves belong to it.
private func roundingInterval(of value: Double) -> (lower: BigInt, upper: BigInt, includesEnds: Bool) {
    let isEven = value.bitPattern & 1 == 0
    // Infinity takes the place of 2^1024 here, which would be the next number.
    let own = value.isInfinite ? BigInt(1) << (1024 + 2148) : units(value)
    let below = value == 0 ? -units(.leastNonzeroMagnitude) : units(value.nextDown)
    let above = value.nextUp.isInfinite ? (value.isInfinite ? own << 4096 : BigInt(1) << (1024 + 2148)) : units(value.nextUp)
    return ((below + own) >> 1, (own + above) >> 1, isEven)
}

/// Expects `result` to be numerator / denominator, rounded to nearest, ties to even.
private func expectCorrectlyRounded(
    _ result: Double, _ numerator: BigInt, _ denominator: BigInt, _ comment: Comment,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let isNegative = numerator.signum() * denominator.signum() < 0
    #expect(!result.isNaN && (result.sign == .minus) == isNegative, comment, sourceLocation: sourceLocation)
    let (lower, upper, includesEnds) = roundingInterval(of: result.magnitude)
    // In units of 2^-2148 over the denominator.
    let value = BigInt(numerator.magnitude) << 2148
    let size = BigInt(denominator.magnitude)
    let isNearest =
        includesEnds ? lower * size <= value && value <= upper * size : lower * size < value && value < upper * size
    #expect(isNearest, "\(result) is not the nearest. \(comment)", sourceLocation: sourceLocation)
}

/// Expects `result` to be √(numerator / denominator), rounded to nearest.
private func expectCorrectlyRoundedRoot(
    _ result: Double, _ numerator: BigInt, _ denominator: BigInt, _ comment: Comment,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(result > 0 && result.isFinite, comment, sourceLocation: sourceLocation)
    let (lower, upper, includesEnds) = roundingInterval(of: result)
    let value = numerator << (2 * 2148)
    let least = lower * lower * denominator
    let greatest = upper * upper * denominator
    let isNearest = includesEnds ? least <= value && value <= greatest : least < value && value < greatest
    #expect(isNearest, "\(result) is not the nearest. \(comment)", sourceLocation: sourceLocation)
}

// MARK: - Material

private func sumOf(_ values: [Double]) -> ExactSum {
    var sum = ExactSum()
    for value in values {
        sum.add(value)
    }
    return sum
}

private func squares(of values: [Double]) -> ExactSum {
    var sum = ExactSum()
    for value in values {
        sum.addProduct(value, value)
    }
    return sum
}

private func standardError(weighted rows: [(w: Double, v: Double)]) -> Double {
    var weightedSquares = ExactSum()
    var weightTimesWeighted = ExactSum()
    var squaredWeights = ExactSum()
    for (w, v) in rows {
        weightedSquares.addProduct(v, v)
        weightTimesWeighted.addProduct(w, v)
        squaredWeights.addProduct(w, w)
    }
    return ExactSum.standardErrorOfWeightedMean(
        sumOfWeighted: sumOf(rows.map(\.v)), sumOfWeightedSquares: weightedSquares, sumOfWeightTimesWeighted: weightTimesWeighted,
        sumOfSquaredWeights: squaredWeights, sumOfWeights: sumOf(rows.map(\.w)), count: UInt64(rows.count))
}

private func encoding(of sum: ExactSum) -> [UInt8] {
    var bytes: [UInt8] = []
    sum.encode(into: &bytes)
    return bytes
}

/// A sum narrow or wide, of either sign, now and then with infinities and NaN, now and then zero.
private func randomSum(_ random: inout SplitMix64) -> ExactSum {
    var sum = ExactSum()
    let exponents = Bool.random(using: &random) ? 0...2046 : 1020...1030
    for _ in 0..<Int.random(in: 0...6, using: &random) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: sum.addProduct(random.double(exponentFields: 0...2046), random.double(exponentFields: 0...2046))
        case 1: sum.add([Double.infinity, -.infinity, .nan].randomElement(using: &random)!)
        default: sum.add(random.double(exponentFields: exponents))
        }
    }
    return sum
}

extension ExactSumTests {
    enum Term {
        case value(Double)
        case product(Double, Double)
        case integer(Int64, Int)

        func add(to sum: inout ExactSum) {
            switch self {
            case .value(let value): sum.add(value)
            case .product(let a, let b): sum.addProduct(a, b)
            case .integer(let integer, let exponent): sum.add(integer, scaledByPowerOfTwo: exponent)
            }
        }
    }
}

extension SplitMix64 {
    /// Any sign, any significand, and an exponent field out of the range.
    fileprivate mutating func double(exponentFields: ClosedRange<Int>) -> Double {
        let field = UInt64(Int.random(in: exponentFields, using: &self))
        return Double(bitPattern: next() & ~(0x7FF << 52) | field << 52)
    }
}
