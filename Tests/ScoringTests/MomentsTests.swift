import BigInt
import Oracle
import SeededRandom
import Testing

@testable import Scoring

@Suite("MomentsTests")
struct MomentsTests {
    static let seeds: [UInt64] = [41, 0xBEEF]

    /// Losses as they come, and as they are hard.
    enum Kind: CaseIterable {
        case ordinary, confident, huge, subnormal, wild, equal, aThousandAndNoise, fine, nearTheFineLimit

        func losses(_ count: Int, _ random: inout SplitMix64) -> [Double] {
            let level = random.nextUniform(in: 0...20)
            return (0..<count).map { _ in
                let u = random.nextUniform(in: 0...1)
                switch self {
                case .ordinary: return 12 * u
                case .confident: return Double(sign: .plus, exponent: Int.random(in: -1000...0, using: &random), significand: 1 + u)
                case .huge: return Double(sign: .plus, exponent: Int.random(in: 0...1000, using: &random), significand: 1 + u)
                case .subnormal: return Double(bitPattern: random.next() >> 13)
                case .wild: return Double(bitPattern: random.next() % 0x7FE0_0000_0000_0000)
                case .equal: return level
                case .aThousandAndNoise: return 1000 + 1e-6 * u
                case .fine: return 1e-9 * (1 + u)
                case .nearTheFineLimit: return 0x1p-15 + 0x1p-15 * u * 0.999
                }
            }
        }
    }

    // MARK: Mean

    @Test("the mean is the correctly rounded mean of the losses", arguments: Kind.allCases, seeds)
    func mean(kind: Kind, seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let counts = [1, 2, 3, 7, 8, 9, 10, 100, 1000, 1025]
        for count in counts + (0..<(3 * scoringEffort)).map({ _ in Int.random(in: 1...3000, using: &random) }) {
            let losses = kind.losses(count, &random)
            let moments = moments(of: losses)
            let truth = ExactFraction.mean(losses)
            #expect(moments.mean == truth, "\(kind), \(count) rows, seed \(seed)")
            #expect(moments.scoredCount == UInt64(count) && moments.readCount == UInt64(count))
            #expect(moments.minimum == losses.min() && moments.maximum == losses.max())
            #expect(moments.minimum.sign == .plus)
        }
    }

    @Test("no rows, infinite losses, rows that are not scored")
    func limits() {
        let none = Moments()
        #expect(none.mean.isNaN && none.standardError.isNaN && none.readCount == 0 && none.roundedTotal == 0)
        #expect(none.minimum == .infinity && none.maximum == -.infinity)
        let infinite = moments(of: [1, .infinity, 2, .infinity])
        #expect(infinite.mean == .infinity && infinite.standardError.isNaN && infinite.infiniteCount == 2 && infinite.maximum == .infinity)
        #expect(infinite.minimum == 1 && infinite.perplexity == .infinity)
        let partly = moments(of: [.nan, 3, .nan])
        #expect(partly.mean == 3 && partly.scoredCount == 1 && partly.invalidCount == 2 && partly.readCount == 3)
        #expect(partly.standardError.isNaN, "one row")
        let missing = moments(of: [.nan])
        #expect(missing.mean.isNaN && missing.invalidCount == 1 && missing.scoredCount == 0)
        let overflowing = moments(of: [.greatestFiniteMagnitude, .greatestFiniteMagnitude])
        #expect(overflowing.mean == .greatestFiniteMagnitude && overflowing.roundedTotal == .infinity && overflowing.infiniteCount == 0)
        #expect(moments(of: [0, 0]).minimum.bitPattern == 0, "+0, and not -0")
        #expect(moments(of: [5]).standardError.isNaN)
        #expect(moments(of: [5, 5]).standardError == 0)
    }

    // MARK: Standard error

    @Test("the standard error is that of the rounded losses, within 2 ULP, and near that of the losses", arguments: Kind.allCases, seeds)
    func standardError(kind: Kind, seed: UInt64) {
        print("seed \(seed)")
        guard kind != .huge, kind != .wild else { return }
        var random = SplitMix64(seed: seed)
        for count in [2, 3, 8, 9, 100, 1500] + (0..<scoringEffort).map({ _ in Int.random(in: 2...2000, using: &random) }) {
            let losses = kind.losses(count, &random)
            let standardError = moments(of: losses).standardError
            let unit = losses.allSatisfy { $0 < 0x1p-14 } ? -66 : -40
            // Losses of less than 2^11: all are rounded to multiples of the unit, ties to even.
            let scale = Double(sign: .plus, exponent: -unit, significand: 1)
            let rounded = losses.map { BigInt(($0 * scale).rounded(.toNearestOrEven)) }
            let ofRounded = ExactFraction.standardError(rounded, exponent: unit)
            let name = "\(kind), \(count) rows, seed \(seed): \(standardError)"
            if ofRounded.isZero {
                #expect(standardError == 0, "\(name)")
            } else {
                #expect(ulpError(standardError, ofRounded) <= 2, "\(name), should be \(ofRounded)")
            }
            // s is a norm, so s of the rounding errors, at most half a unit each, bounds the distance: unit / 2 / √(n − 1), and a bit.
            let truth = ExactFraction.standardError(losses.map(ExactFraction.units), exponent: -1074)
            let allowed = 0.51 / scale / Double(count - 1).squareRoot() + 4 * truth.rounded().ulp
            #expect((BigReal(standardError) - truth).magnitude < BigReal(allowed), "\(name), true \(truth.rounded())")
        }
    }

    @Test("large losses enter the standard error whole", arguments: seeds)
    func standardErrorOfLargeLosses(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        for exponents in [11...14, 11...200, 300...400] {
            let losses = (0..<300).map { _ in
                Double(sign: .plus, exponent: Int.random(in: exponents, using: &random), significand: random.nextUniform(in: 1...2))
            }
            let truth = ExactFraction.standardError(losses.map(ExactFraction.units), exponent: -1074)
            #expect(ulpError(moments(of: losses).standardError, truth) <= 2, "2^\(exponents), seed \(seed)")
        }
    }

    @Test("a thousand and a noise of 1e-6 do not cancel")
    func cancellation() {
        // s² of 0, 1, 0, 1, … is n / 4 / (n − 1), here times 2^-40, and exact. E[x²] − E[x]² in Float64 gives 0 or worse.
        let losses = (0..<1000).map { 1000 + Double($0 & 1) * 0x1p-20 }
        let truth = (0.25 * 1000 / 999 / 1000).squareRoot() * 0x1p-20
        #expect(abs(moments(of: losses).standardError - truth) <= 2 * truth.ulp)
        let small = (0..<1000).map { 1e-9 + Double($0 & 1) * 0x1p-50 }
        let smallTruth = (0.25 * 1000 / 999 / 1000).squareRoot() * 0x1p-50
        #expect(abs(moments(of: small).standardError / smallTruth - 1) < 1e-4)
    }

    // MARK: Merging

    @Test("any cutting, order and grouping gives the same bytes", arguments: Kind.allCases, seeds)
    func cuttings(kind: Kind, seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        var losses = kind.losses(1200, &random)
        losses[17] = .nan
        losses[900] = .infinity
        let whole = encoding(moments(of: losses))
        for round in 0..<(2 * scoringEffort) {
            var pieces: [Moments] = []
            var start = 0
            while start < losses.count {
                let end = min(losses.count, start + Int.random(in: 1...500, using: &random))
                pieces.append(
                    moments(
                        of: Array(losses[start..<end]), firstRow: UInt64(start), blockRowCount: Int.random(in: 1...200, using: &random),
                        instructionSet: InstructionSet.available.randomElement(using: &random) ?? .best))
                start = end
            }
            pieces.shuffle(using: &random)
            // Two at a time, any two: every grouping occurs.
            while pieces.count > 1 {
                var one = pieces.remove(at: Int.random(in: pieces.indices, using: &random))
                let other = Int.random(in: pieces.indices, using: &random)
                one.merge(pieces[other])
                pieces[other] = one
            }
            #expect(encoding(pieces[0]) == whole, "\(kind), round \(round), seed \(seed)")
        }
    }

    @Test("nothing merged changes nothing")
    func neutral() {
        let some = moments(of: [1, 0, 2.5, .infinity, .nan])
        var merged = some
        merged.merge(Moments())
        #expect(encoding(merged) == encoding(some))
        merged = Moments()
        merged.merge(some)
        #expect(encoding(merged) == encoding(some))
    }

    // MARK: Encoding

    @Test("what was encoded is decoded to the same, and only its bytes are taken", arguments: Kind.allCases, seeds)
    func roundTrip(kind: Kind, seed: UInt64) throws {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let moments = moments(of: kind.losses(100, &random) + [.infinity, .nan])
        let bytes = encoding(moments)
        var rest = (bytes + [1, 2, 3])[...]
        let decoded = try #require(Moments(decoding: &rest))
        #expect(decoded == moments)
        #expect(encoding(decoded) == bytes)
        #expect(Array(rest) == [1, 2, 3])
        for length in 0..<bytes.count {
            var truncated = bytes.prefix(length)
            #expect(Moments(decoding: &truncated) == nil, "\(length) of \(bytes.count) bytes")
        }
    }

    @Test("damaged bytes are refused, or read as moments that are written the same way", arguments: seeds)
    func mutations(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let bytes = encoding(moments(of: Kind.ordinary.losses(50, &random) + [.infinity]))
        for _ in 0..<(500 * scoringEffort) {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            var rest = damaged[...]
            guard let moments = Moments(decoding: &rest) else { continue }
            #expect(encoding(moments) == Array(damaged.dropLast(rest.count)), "seed \(seed)")
            // To be read without a trap, whatever they say.
            _ = (moments.mean, moments.standardError, moments.readCount, moments.accuracy, moments.perplexity, moments.roundedTotal)
        }
    }

    @Test("counts that no sum can hold do not stop the program")
    func hostileCounts() async {
        await #expect(processExitsWith: .success) {
            var one = try hostileMoments(fingerprint: 1)
            one.merge(try hostileMoments(fingerprint: 2))
            #expect(one.scoredCount == .max && one.readCount == .max && one.mean == 0 && one.accuracy == 0)
            _ = one.standardError
        }
    }
}

/// Moments as a made-up file may have them: of as many rows as a count can hold.
func hostileMoments(fingerprint: UInt8) throws -> Moments {
    var bytes = encoding(Moments())
    // The first number is that of scored rows, the eighth the fingerprint.
    for place in 0..<8 { bytes[place] = 0xFF }
    bytes[56] = fingerprint
    var rest = bytes[...]
    return try #require(Moments(decoding: &rest))
}
