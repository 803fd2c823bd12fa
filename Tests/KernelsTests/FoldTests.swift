import BigInt
import KernelABI
import Oracle
import Scoring
import SeededRandom
import Testing

@Suite("FoldTests")
struct FoldTests {
    static let seeds: [UInt64] = [31, 0xF01D]

    // MARK: Sums

    @Test("the levels and the residuals are exactly the losses", arguments: LossKind.allCases, seeds)
    func exactSums(kind: LossKind, seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        var findings = Findings()
        for rowCount in Array(0...20) + [63, 64, 65, 500, 1023, 1024] {
            let losses = (0..<rowCount).map { _ in kind.loss(&random) }
            let expected = Folded(losses, firstRow: 12345, KernelUnderTest.available[0])
            for kernel in KernelUnderTest.available {
                let folded = Folded(losses, firstRow: 12345, kernel)
                let name = "\(kernel.instructionSet), \(rowCount) losses of \(kind)"
                findings.check(folded.isEqual(to: expected), "\(name): differs from \(KernelUnderTest.available[0].instructionSet)")
                findings.check(!folded.isOutOfBounds, "\(name): residuals beyond their room")
                let finite = losses.filter(\.isFinite)
                let truth = finite.reduce(BigInt(0)) { $0 + units($1) }
                findings.check(folded.sumInUnits == truth, "\(name): sum \(folded.sumInUnits), should be \(truth)")
                let infinities = losses.filter { $0 == .infinity }.count
                findings.check(folded.residuals.filter { $0 == .infinity }.count == infinities, "\(name): infinities")
                findings.check(!folded.residuals.contains(where: \.isNaN), "\(name): NaN among the residuals")

                // Multiples of 2^-40, ties to even, of those that are not handed back whole.
                let small = losses.filter { $0.magnitude < 0x1p11 }
                let q = small.map { BigInt(($0.magnitude * 0x1p40).rounded(.toNearestOrEven)) }
                let squares = q.reduce(BigInt(0)) { $0 + $1 * $1 }
                findings.check(folded.squares == squares, "\(name): squares \(folded.squares), should be \(squares)")
                let fine = losses.filter { $0.magnitude < 0x1p-14 }
                let fineQ = fine.map { BigInt(($0 * 0x1p66).rounded(.toNearestOrEven)) }
                let fineSum = fineQ.reduce(BigInt(0), +)
                let fineSquares = fineQ.reduce(BigInt(0)) { $0 + $1 * $1 }
                findings.check(BigInt(folded.fold.fineSum) == fineSum, "\(name): fine sum \(folded.fold.fineSum), should be \(fineSum)")
                findings.check(folded.fineSquares == fineSquares, "\(name): fine squares \(folded.fineSquares), should be \(fineSquares)")

                let scored = losses.filter { !$0.isNaN }
                findings.check(folded.fold.minimum == scored.min() ?? .infinity, "\(name): minimum \(folded.fold.minimum)")
                findings.check(folded.fold.maximum == scored.max() ?? -.infinity, "\(name): maximum \(folded.fold.maximum)")
            }
        }
        findings.expectNone("\(kind), seed \(seed)")
    }

    @Test("a minimum of zero is +0")
    func minimumOfZero() {
        for kernel in KernelUnderTest.available {
            let folded = Folded([0, 1, 2, 0, 5, 6, 7, 8, 9], firstRow: 0, kernel)
            #expect(folded.fold.minimum.bitPattern == 0, "\(kernel.instructionSet): \(folded.fold.minimum)")
            #expect(folded.fold.maximum == 9)
        }
    }

    @Test("the values where a level ends")
    func boundaries() {
        var losses: [Double] = []
        for exponent in [-1074, -1022, -144, -145, -146, -93, -92, -91, -66, -67, -41, -40, -39, -16, -15, -14, -13, 10, 11, 12, 52, 1023] {
            let power = Double(sign: .plus, exponent: exponent, significand: 1)
            for value in neighbourhood(power, 2) + [power * 1.5, power * 1.75] {
                losses += [value, -value]
            }
        }
        var findings = Findings()
        for kernel in KernelUnderTest.available {
            for loss in losses where loss.isFinite {
                let folded = Folded([loss], firstRow: 0, kernel)
                findings.check(folded.sumInUnits == units(loss), "\(kernel.instructionSet): \(hex(loss))")
                guard loss.magnitude < 0x1p-14 else { continue }
                let q = BigInt((loss * 0x1p66).rounded(.toNearestOrEven))
                findings.check(
                    BigInt(folded.fold.fineSum) == q && folded.fineSquares == q * q,
                    "\(kernel.instructionSet): \(hex(loss)) is \(folded.fold.fineSum) units of 2^-66, not \(q)")
            }
        }
        findings.expectNone("boundaries")
    }

    @Test("the greatest numbers of rows and losses overflow nothing")
    func greatestBlock() {
        for loss in [0x1p11.nextDown, -0x1p11.nextDown, 0x1p-14.nextDown, -0x1p-14.nextDown] {
            let losses = [Double](repeating: loss, count: Int(XentFoldRowLimit))
            for kernel in KernelUnderTest.available {
                let folded = Folded(losses, firstRow: .max - 5, kernel)
                #expect(folded.sumInUnits == units(loss) * BigInt(losses.count))
                let q = BigInt((loss.magnitude * 0x1p40).rounded(.toNearestOrEven))
                #expect(folded.squares == q * q * BigInt(losses.count))
                // What Moments takes for a signed number.
                for part in [folded.fold.squareHigh, folded.fold.squareMiddle, folded.fold.squareLow, folded.fold.fineSquareHigh] {
                    #expect(part <= UInt64(Int64.max))
                }
            }
        }
    }

    @Test("sums without squares are those with them", arguments: LossKind.allCases, seeds)
    func plainSums(kind: LossKind, seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        for rowCount in Array(0...20) + [63, 64, 65, 500, 1023, 1024] {
            let numbers = (0..<rowCount).map { _ in kind.loss(&random) }
            let expected = Folded(numbers, firstRow: 0, KernelUnderTest.available[0])
            for kernel in KernelUnderTest.available {
                let sums = Folded(numbers, firstRow: 0) { kernel.table.sumNumbers($0) }
                let isSame = sums.fold.level1 == expected.fold.level1 && sums.fold.level2 == expected.fold.level2
                    && sums.fold.level3 == expected.fold.level3 && sums.residuals.map(\.bitPattern) == expected.residuals.map(\.bitPattern)
                #expect(isSame && !sums.isOutOfBounds, "\(kernel.instructionSet), \(rowCount) numbers of \(kind)")
            }
        }
    }

    // MARK: Cutting

    @Test("blocks cut anywhere add up to the same", arguments: LossKind.allCases, seeds)
    func cutting(kind: LossKind, seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        let losses = (0..<1000).map { _ in kind.loss(&random) }
        let firstRow = random.next()
        for kernel in KernelUnderTest.available {
            let whole = Total(Folded(losses, firstRow: firstRow, kernel))
            for _ in 0..<8 {
                var pieces = Total()
                var start = 0
                while start < losses.count {
                    let end = min(losses.count, start + Int.random(in: 1...300, using: &random))
                    pieces.add(Folded(Array(losses[start..<end]), firstRow: firstRow &+ UInt64(start), kernel))
                    start = end
                }
                #expect(pieces == whole, "\(kernel.instructionSet), \(kind), seed \(seed)")
            }
        }
    }

    // MARK: Fingerprint

    @Test("the fingerprint tells exchanged and changed losses apart", arguments: seeds)
    func fingerprints(seed: UInt64) {
        print("seed \(seed)")
        var random = SplitMix64(seed: seed)
        var losses = (0..<100).map { _ in random.nextUniform(in: 0...5) }
        losses[7] = 0
        losses[8] = .infinity
        var findings = Findings()
        for kernel in KernelUnderTest.available {
            let fingerprint = Folded(losses, firstRow: 50, kernel).fold.fingerprint
            findings.check(fingerprint == Folded(losses, firstRow: 50, kernel).fold.fingerprint, "not repeatable")
            for _ in 0..<200 {
                let i = Int.random(in: 0..<100, using: &random)
                let j = Int.random(in: 0..<100, using: &random)
                guard i != j else { continue }
                var exchanged = losses
                exchanged.swapAt(i, j)
                findings.check(Folded(exchanged, firstRow: 50, kernel).fold.fingerprint != fingerprint, "\(i) and \(j) exchanged")
            }
            for i in 0..<100 {
                for bit in 0..<64 {
                    var flipped = losses
                    flipped[i] = Double(bitPattern: losses[i].bitPattern ^ 1 << UInt64(bit))
                    guard !flipped[i].isNaN else { continue }
                    findings.check(Folded(flipped, firstRow: 50, kernel).fold.fingerprint != fingerprint, "bit \(bit) of \(i)")
                }
                var missing = losses
                missing[i] = .nan
                findings.check(Folded(missing, firstRow: 50, kernel).fold.fingerprint != fingerprint, "\(i) missing")
            }
            for firstRow in [0, 49, 51, 100, UInt64.max] {
                findings.check(Folded(losses, firstRow: firstRow, kernel).fold.fingerprint != fingerprint, "first row \(firstRow)")
            }
            let none = [Double](repeating: .nan, count: 13)
            findings.check(Folded(none, firstRow: 50, kernel).fold.fingerprint == 0, "rows that are not scored leave a trace")
        }
        findings.expectNone("seed \(seed)")
    }
}

// MARK: - Losses

/// What the losses of a block may look like.
enum LossKind: CaseIterable {
    case ordinary, negative, withMissing, withInfinity, huge, tiny, subnormal, fine, mixed

    func loss(_ random: inout SplitMix64) -> Double {
        func power(_ exponents: ClosedRange<Int>) -> Double {
            Double(sign: .plus, exponent: Int.random(in: exponents, using: &random), significand: random.nextUniform(in: 1...2))
        }
        switch self {
        case .ordinary: return random.nextUniform(in: 0...12)
        case .negative: return random.nextUniform(in: -12...12)
        case .withMissing: return random.next() % 3 == 0 ? .nan : random.nextUniform(in: 0...12)
        case .withInfinity: return random.next() % 9 == 0 ? .infinity : power(-60...10)
        case .huge: return random.next() & 1 == 0 ? power(9...13) : power(-10...1000)
        case .tiny: return power(-160 ... -80)
        case .subnormal: return Double(bitPattern: random.next() >> 12)
        case .fine: return (random.next() & 1 == 0 ? 1 : -1) * random.nextUniform(in: 0...0x1p-14)
        case .mixed:
            switch random.next() % 8 {
            case 0: return 0
            case 1: return -0.0
            case 2: return 1e300
            case 3: return -1e300
            case 4: return 1e-30
            case 5: return .leastNonzeroMagnitude
            case 6: return .nan
            default: return (random.next() & 1 == 0 ? 1 : -1) * power(-1022...1020)
            }
        }
    }
}

// MARK: - Folds

/// A finite value in units of 2^-1074.
private func units(_ value: Double) -> BigInt {
    guard value != 0 else { return 0 }
    let significand = BigInt(value.significandBitPattern | (value.isNormal ? 1 << 52 : 0))
    let magnitude = significand << (value.isNormal ? Int(value.exponent) - 52 + 1074 : 0)
    return value < 0 ? -magnitude : magnitude
}

private struct Folded {
    let fold: LossFold
    let residuals: [Double]
    let isOutOfBounds: Bool

    init(_ losses: [Double], firstRow: UInt64, _ kernel: KernelUnderTest) { self.init(losses, firstRow: firstRow, by: kernel.fold) }

    init(_ losses: [Double], firstRow: UInt64, by kernel: (UnsafeMutablePointer<LossFold>) -> Void) {
        // Numbers after the last loss that must not count.
        let padded = losses + [Double](repeating: 1e9, count: 16)
        let room = (losses.count + 7) / 8 * 8 + 8
        var residuals = [Double](repeating: -77, count: room + 8)
        var result: LossFold?
        padded.withUnsafeBufferPointer { losses in
            residuals.withUnsafeMutableBufferPointer { residuals in
                var fold = LossFold(
                    losses: losses.baseAddress!, rowCount: losses.count - 16, firstRow: firstRow, residuals: residuals.baseAddress!,
                    residualCount: -1, level1: -1, level2: -1, level3: -1, squareHigh: 1, squareMiddle: 1, squareLow: 1, fineSum: -1,
                    fineSquareHigh: 1, fineSquareMiddle: 1, fineSquareLow: 1, minimum: 0, maximum: 0, fingerprint: 1)
                kernel(&fold)
                result = fold
            }
        }
        fold = result!
        isOutOfBounds = fold.residualCount > room || residuals[room...].contains { $0 != -77 }
        self.residuals = Array(residuals.prefix(min(max(fold.residualCount, 0), room)))
    }

    /// Without the infinite residuals.
    var sumInUnits: BigInt {
        let levels = (BigInt(fold.level1) << (1074 - 40)) + (BigInt(fold.level2) << (1074 - 92)) + (BigInt(fold.level3) << (1074 - 144))
        return residuals.filter(\.isFinite).reduce(levels) { $0 + units($1) }
    }

    var squares: BigInt { (BigInt(fold.squareHigh) << 50) + (BigInt(fold.squareMiddle) << 26) + BigInt(fold.squareLow) }
    var fineSquares: BigInt { (BigInt(fold.fineSquareHigh) << 52) + (BigInt(fold.fineSquareMiddle) << 27) + BigInt(fold.fineSquareLow) }

    func isEqual(to other: Folded) -> Bool {
        Total(self) == Total(other) && fold.level1 == other.fold.level1 && residuals.map(\.bitPattern) == other.residuals.map(\.bitPattern)
    }
}

/// What a reader makes of folds: all that must not depend on where blocks are cut.
private struct Total: Equatable {
    var sum = ExactSum()
    var squares = BigInt(0)
    var fineSum = BigInt(0)
    var fineSquares = BigInt(0)
    var fingerprint: UInt64 = 0
    var minimum = Double.infinity
    var maximum = -Double.infinity

    init() {}

    init(_ folded: Folded) { add(folded) }

    mutating func add(_ folded: Folded) {
        sum.add(folded.fold.level1, scaledByPowerOfTwo: -40)
        sum.add(folded.fold.level2, scaledByPowerOfTwo: -92)
        sum.add(folded.fold.level3, scaledByPowerOfTwo: -144)
        for residual in folded.residuals { sum.add(residual) }
        squares += folded.squares
        fineSum += BigInt(folded.fold.fineSum)
        fineSquares += folded.fineSquares
        // Wrapping: a hash.
        fingerprint &+= folded.fold.fingerprint
        minimum = min(minimum, folded.fold.minimum)
        maximum = max(maximum, folded.fold.maximum)
    }
}
