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
            let cut = NumberCut(loss)
            let units = cut.coarse.unsigned
            levels.level1 &+= cut.coarse
            levels.level2 &+= cut.fine
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
    while i < rowCount {
        // The usual case: thirty-two numbers that fit into two levels.
        if i &+ 32 <= rowCount, levels.addsWhole(numbers + i) {
            i &+= 32
            continue
        }
        let end = smaller(i &+ 32, rowCount)
        while i < end {
            var number = Lanes.load(numbers + i)
            if i &+ 8 > rowCount { number = number.masked(first: rowCount &- i) }
            levels.add(number)
            i &+= 8
        }
    }
    fold.pointee.residualCount = levels.residualCount
    fold.pointee.level1 = total(levels.level1)
    fold.pointee.level2 = total(levels.level2)
    fold.pointee.level3 = total(levels.level3)
}

/// Numbers below `largeLoss` in magnitude, cut at the first two levels.
struct NumberCut {
    /// Each level with its shift added: its units stand in the low bits of the encoding.
    let shifted1: Lanes, shifted2: Lanes
    /// The digits below the first level.
    private let rest1: Lanes

    @inline(always) init(_ number: Lanes) {
        shifted1 = number + lanes(level1Shift)
        rest1 = number - (shifted1 - lanes(level1Shift))
        shifted2 = rest1 + lanes(level2Shift)
    }

    /// The parts in units of 2^-40 and 2^-92. Wrapping: differences of encodings.
    @inline(always) var coarse: LaneIntegers { shifted1.integerBits &- lanes(level1Shift).integerBits }
    @inline(always) var fine: LaneIntegers { shifted2.integerBits &- lanes(level2Shift).integerBits }
    /// The digits below the second level.
    @inline(always) var rest2: Lanes { rest1 - (shifted2 - lanes(level2Shift)) }
    /// The lanes that have none.
    @inline(always) var isWhole: SIMDMask<LaneIntegers> { rest1 .== shifted2 - lanes(level2Shift) }
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
        let cut = NumberCut(small), rest2 = cut.rest2
        level1 &+= cut.coarse
        level2 &+= cut.fine
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

    /// Adds thirty-two numbers if all are small and fit into two levels; returns false, and adds none, if not.
    @inline(always) mutating func addsWhole(_ numbers: UnsafePointer<Double>) -> Bool {
        let (x0, x1, x2, x3) = (Lanes.load(numbers), Lanes.load(numbers + 8), Lanes.load(numbers + 16), Lanes.load(numbers + 24))
        let (a, b, c, d) = (NumberCut(x0), NumberCut(x1), NumberCut(x2), NumberCut(x3))
        let areSmall = (x0.absolute .< lanes(largeLoss)) .& (x1.absolute .< lanes(largeLoss)) .& (x2.absolute .< lanes(largeLoss))
            .& (x3.absolute .< lanes(largeLoss))
        guard isFull(areSmall .& a.isWhole .& b.isWhole .& c.isWhole .& d.isWhole) else { return false }
        // Wrapping: what the shifts add to the encodings is taken off the sum of four.
        let shift1 = lanes(level1Shift).integerBits, shift2 = lanes(level2Shift).integerBits
        level1 &+= ((a.shifted1.integerBits &+ b.shifted1.integerBits) &+ (c.shifted1.integerBits &+ d.shifted1.integerBits))
            &- (shift1 &<< LaneIntegers(repeating: 2))
        level2 &+= ((a.shifted2.integerBits &+ b.shifted2.integerBits) &+ (c.shifted2.integerBits &+ d.shifted2.integerBits))
            &- (shift2 &<< LaneIntegers(repeating: 2))
        return true
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
