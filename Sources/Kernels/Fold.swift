// Adding up a block of losses exactly, eight at a time.
//
// Promise 2 asks for the same 64 bits wherever frames are cut and however shards are merged, so a compensated sum, whose last bits depend on
// where it starts, will not do. Instead each loss is cut at fixed places, not relative to its neighbours: adding 1.5 * 2^12 rounds it to a
// multiple of 2^-40, which then stands as an integer in the low bits; the remainder, exact, is cut at 2^-92, and what is left of that at
// 2^-144. Integers add up exactly in any order. (The idea of fixed bins is that of Demmel and Nguyen's reproducible summation, ARITH 21.)
// What does not fit, a loss of 2^11 or more or digits below 2^-144, is handed back to be added one by one to the exact accumulator.

public import KernelABI

/// A loss below it, in absolute value, is added through the integer levels.
let largeLoss = 0x1p11
/// Losses below it count a second time in the fine squares.
private let fineLoss = 0x1p-14
let level1Shift = 0x1.8p12, level2Shift = 0x1.8p-40
private let level3Shift = 0x1.8p-92
/// Plain, and not 1.5 times a power: what is added to it is not negative, and reaches up to it.
private let fineShift = 0x1p-14

/// Adds up the block's losses; NaN stands for a row that is not scored and is left out. O(rowCount).
///
/// Nothing overflows: XentFoldRowLimit is 2^10, a loss is at most 2^51 units of level 1, and the parts of a square are at most 2^52.
public func foldLosses(_ fold: UnsafeMutablePointer<LossFold>) {
    let losses = fold.pointee.losses
    let rowCount = fold.pointee.rowCount
    var levels = FoldLevels(residuals: fold.pointee.residuals)
    var fineSum = LaneIntegers(repeating: 0)
    var squareHigh = LaneBits(repeating: 0), squareMiddle = squareHigh, squareLow = squareHigh
    var fineHigh = squareHigh, fineMiddle = squareHigh, fineLow = squareHigh
    var fingerprint = LaneBits(repeating: 0)
    var minimum = lanes(.infinity), maximum = lanes(-.infinity)
    var key = fingerprintKeys(firstRow: fold.pointee.firstRow)

    // Wrapping integer arithmetic throughout: the ranges are stated above.
    var i = 0
    while i < rowCount {
        var loss = Lanes.load(losses + i)
        if i &+ 8 > rowCount { loss = loss.masked(first: rowCount &- i) }
        minimum = minimum.smaller(loss)
        maximum = maximum.larger(loss)
        if !any(.!((loss .>= lanes(fineLoss)) .& (loss .< lanes(largeLoss)))) {
            // The usual case, by the same operations as below: all are scored, none is negative, large or fine, and no digit lies below level 2.
            fingerprint &+= fingerprintMix(loss.bits, key)
            key &+= fingerprintKeyStep
            let shifted1 = loss + lanes(level1Shift)
            let units = shifted1.bits &- lanes(level1Shift).bits
            levels.level1 &+= units.signed
            let shifted2 = (loss - (shifted1 - lanes(level1Shift))) + lanes(level2Shift)
            levels.level2 &+= shifted2.integerBits &- lanes(level2Shift).integerBits
            let high = (units &>> laneBits(25)) & laneBits(0xFFFF_FFFF), low = units & laneBits(0x1FF_FFFF)
            squareHigh &+= high &* high
            squareMiddle &+= high &* low
            squareLow &+= low &* low
            i &+= 8
            continue
        }
        // Rows that are not scored leave no trace: NaN is unordered.
        let isScored = loss .== loss
        fingerprint &+= laneBits(0).replacing(with: fingerprintMix(loss.bits, key), where: isScored)
        key &+= fingerprintKeyStep

        let small = levels.add(loss)
        let magnitude = small.absolute
        let square = (magnitude + lanes(level1Shift)).bits &- lanes(level1Shift).bits
        // Below 2^32, and said so: a product of halves is one instruction where a whole one is several.
        let high = (square &>> laneBits(25)) & laneBits(0xFFFF_FFFF), low = square & laneBits(0x1FF_FFFF)
        squareHigh &+= high &* high
        squareMiddle &+= high &* low
        squareLow &+= low &* low
        let isFine = magnitude .< lanes(fineLoss)
        if any(isFine .& isScored) {
            let fine = lanes(0).replacing(with: magnitude, where: isFine)
            let units = (fine + lanes(fineShift)).bits &- lanes(fineShift).bits
            let sign = loss.integerBits &>> LaneIntegers(repeating: 63)
            // Two's complement negation where the loss is negative.
            fineSum &+= (units.signed ^ sign) &- sign
            let high = (units &>> laneBits(26)) & laneBits(0xFFFF_FFFF), low = units & laneBits(0x3FF_FFFF)
            fineHigh &+= high &* high
            fineMiddle &+= high &* low
            fineLow &+= low &* low
        }
        i &+= 8
    }
    fold.pointee.residualCount = levels.residualCount
    fold.pointee.level1 = total(levels.level1)
    fold.pointee.level2 = total(levels.level2)
    fold.pointee.level3 = total(levels.level3)
    fold.pointee.squareHigh = total(squareHigh)
    fold.pointee.squareMiddle = total(squareMiddle)
    fold.pointee.squareLow = total(squareLow)
    fold.pointee.fineSum = total(fineSum)
    fold.pointee.fineSquareHigh = total(fineHigh)
    fold.pointee.fineSquareMiddle = total(fineMiddle)
    fold.pointee.fineSquareLow = total(fineLow)
    fold.pointee.fingerprint = total(fingerprint)
    fold.pointee.minimum = 0 - (lanes(0) - minimum).largestLane
    fold.pointee.maximum = maximum.largestLane
}

/// Adds up numbers as `foldLosses` does, and nothing else; NaN is left out. O(rowCount).
public func sumNumbers(_ fold: UnsafeMutablePointer<LossFold>) {
    let numbers = fold.pointee.losses, rowCount = fold.pointee.rowCount
    var levels = FoldLevels(residuals: fold.pointee.residuals)
    // Wrapping integer arithmetic throughout: the ranges are those of `foldLosses`.
    var i = 0
    while i &+ 32 <= rowCount {
        let cuts = FourCuts(numbers + i)
        // The usual case: all fit into two levels.
        if cuts.areWhole {
            levels.add(cuts)
        } else {
            var j = i
            while j < i &+ 32 {
                levels.add(Lanes.load(numbers + j))
                j &+= 8
            }
        }
        i &+= 32
    }
    while i < rowCount {
        var number = Lanes.load(numbers + i)
        if i &+ 8 > rowCount { number = number.masked(first: rowCount &- i) }
        levels.add(number)
        i &+= 8
    }
    fold.pointee.residualCount = levels.residualCount
    fold.pointee.level1 = total(levels.level1)
    fold.pointee.level2 = total(levels.level2)
    fold.pointee.level3 = total(levels.level3)
}

/// Numbers cut at the first two levels, without their parts as integers: the encodings of what is left of each cut are added up.
private struct NumberCut {
    let shifted1: Lanes, shifted2: Lanes
    /// The lanes that are small and have no digits below level 2.
    let isWhole: SIMDMask<LaneIntegers>

    @inline(always) init(_ number: Lanes) {
        shifted1 = number + lanes(level1Shift)
        let rest = number - (shifted1 - lanes(level1Shift))
        shifted2 = rest + lanes(level2Shift)
        isWhole = (number.absolute .< lanes(largeLoss)) .& (rest .== shifted2 - lanes(level2Shift))
    }
}

/// Thirty-two numbers, cut.
private struct FourCuts {
    let a: NumberCut, b: NumberCut, c: NumberCut, d: NumberCut

    @inline(always) init(_ numbers: UnsafePointer<Double>) {
        (a, b) = (NumberCut(Lanes.load(numbers)), NumberCut(Lanes.load(numbers + 8)))
        (c, d) = (NumberCut(Lanes.load(numbers + 16)), NumberCut(Lanes.load(numbers + 24)))
    }

    @inline(always) var areWhole: Bool { isFull(a.isWhole .& b.isWhole .& c.isWhole .& d.isWhole) }
}

/// Exact sums of numbers in the three levels, eight side by side, and what does not fit.
private struct FoldLevels {
    var level1 = LaneIntegers(repeating: 0), level2 = LaneIntegers(repeating: 0), level3 = LaneIntegers(repeating: 0)
    private let residuals: UnsafeMutablePointer<Double>
    private(set) var residualCount = 0

    @inline(always) init(residuals: UnsafeMutablePointer<Double>) { self.residuals = residuals }

    /// Adds numbers; NaN is left out. Returns those that are small, and 0 for others.
    @discardableResult
    @inline(always) mutating func add(_ number: Lanes) -> Lanes {
        // Not NaN, which is unordered.
        let isSmall = number.absolute .< lanes(largeLoss)
        let small = Lanes(bits: number.bits & unsafeBitCast(isSmall, to: LaneBits.self))
        let shifted1 = small + lanes(level1Shift)
        level1 &+= shifted1.integerBits &- lanes(level1Shift).integerBits
        let rest1 = small - (shifted1 - lanes(level1Shift))
        let shifted2 = rest1 + lanes(level2Shift)
        level2 &+= shifted2.integerBits &- lanes(level2Shift).integerBits
        let rest2 = rest1 - (shifted2 - lanes(level2Shift))
        if any((rest2 .!= lanes(0)) .| .!isSmall) {
            let isLarge = .!isSmall .& (number .== number)
            if any(isLarge) { residualCount = append(number, where: isLarge, to: residuals, residualCount) }
            let shifted3 = rest2 + lanes(level3Shift)
            level3 &+= shifted3.integerBits &- lanes(level3Shift).integerBits
            let rest3 = rest2 - (shifted3 - lanes(level3Shift))
            if any(rest3 .!= lanes(0)) { residualCount = append(rest3, where: rest3 .!= lanes(0), to: residuals, residualCount) }
        }
        return small
    }

    /// Adds numbers that fit into two levels. Wrapping: what each shift adds is taken off the sum of four.
    @inline(always) mutating func add(_ cuts: FourCuts) {
        let shift1 = lanes(level1Shift).integerBits, shift2 = lanes(level2Shift).integerBits
        level1 &+= ((cuts.a.shifted1.integerBits &+ cuts.b.shifted1.integerBits) &+ (cuts.c.shifted1.integerBits &+ cuts.d.shifted1.integerBits))
            &- (shift1 &<< LaneIntegers(repeating: 2))
        level2 &+= ((cuts.a.shifted2.integerBits &+ cuts.b.shifted2.integerBits) &+ (cuts.c.shifted2.integerBits &+ cuts.d.shifted2.integerBits))
            &- (shift2 &<< LaneIntegers(repeating: 2))
    }
}

@inline(always) private func total(_ lanes: LaneIntegers) -> Int64 { lanes.wrappedTotal }
@inline(always) private func total(_ lanes: LaneBits) -> UInt64 { UInt64(bitPattern: lanes.signed.wrappedTotal) }

/// Appends the lanes of the mask.
@inline(never)
private func append(
    _ values: Lanes, where mask: SIMDMask<LaneIntegers>, to residuals: UnsafeMutablePointer<Double>, _ count: Int
) -> Int {
    var count = count
    for lane in 0..<8 where mask[lane] {
        residuals[count] = values[lane]
        count &+= 1
    }
    return count
}
