// The exponential and the logarithm by additions and multiplications alone, for figures whose bits were fixed before there was a kernel for them: the
// operations and their order are part of what a report says. No multiply-add takes part.

public import KernelABI

/// ln 2 in two parts, of which the first has zeros at its end.
private let plainLn2High = 0x1.62e42fee00000p-1, plainLn2Low = 0x1.a39ef35793c76p-33

/// e^x for x up to 709, within 2 ULP, or at most 2^-1021 where the result is no normal number; NaN of NaN.
///
/// x = k ln 2 + r with |r| at most 0.347, e^r by its Taylor polynomial of degree 13, whose remainder is below 2^-57.
@inline(always)
private func plainExponential(_ x: Lanes) -> Lanes {
    let least = lanes(-708)
    let clamped = x.replacing(with: least, where: x .< least)
    // Adding 1.5 · 2^52 rounds to a whole number, which then stands in the low bits.
    let shift = lanes(integerShift)
    let shifted = clamped * 0x1.71547652b82fep0 + shift
    let k = shifted - shift
    let r = (clamped - k * plainLn2High) - k * plainLn2Low
    var sum = lanes(1 / 6_227_020_800)
    sum = sum * r + 1 / 479_001_600
    sum = sum * r + 1 / 39_916_800
    sum = sum * r + 1 / 3_628_800
    sum = sum * r + 1 / 362_880
    sum = sum * r + 1 / 40320
    sum = sum * r + 1 / 5040
    sum = sum * r + 1 / 720
    sum = sum * r + 1 / 120
    sum = sum * r + 1 / 24
    sum = sum * r + 1 / 6
    sum = sum * r + 1 / 2
    let power = 1 + (r + r * r * sum)
    // Wrapping: k lies in −1022...1024 where the power is a normal number.
    let exponents = (shifted.integerBits &- shift.integerBits) &<< LaneIntegers(repeating: 52)
    let scaled = Lanes(bits: (power.integerBits &+ exponents).unsigned)
    return scaled.replacing(with: lanes(0), where: x .< least).replacing(with: x, where: x .!= x)
}

/// ln x for positive normal numbers, within 2 ULP; numbers without meaning for others.
///
/// x = m 2^k with m in [√½, √2), and ln m = 2 artanh((m − 1) / (m + 1)) by its series.
@inline(always)
private func plainLogarithm(_ x: Lanes) -> Lanes {
    // Wrapping: encodings of positive normal numbers.
    let k = (x.integerBits &- LaneIntegers(repeating: 0x3FE6_A09E_667F_3BCD)) &>> LaneIntegers(repeating: 52)
    let m = Lanes(bits: (x.integerBits &- (k &<< LaneIntegers(repeating: 52))).unsigned)
    let f = m - 1
    let s = f / (2 + f)
    let z = s * s
    var series = lanes(1.0 / 23)
    series = series * z + 1.0 / 21
    series = series * z + 1.0 / 19
    series = series * z + 1.0 / 17
    series = series * z + 1.0 / 15
    series = series * z + 1.0 / 13
    series = series * z + 1.0 / 11
    series = series * z + 1.0 / 9
    series = series * z + 1.0 / 7
    series = series * z + 1.0 / 5
    series = series * z + 1.0 / 3
    let lnM = f - s * (f - 2 * z * series)
    let scale = floating(k)
    return scale * plainLn2High + (lnM + scale * plainLn2Low)
}

/// Writes e^x of each number; `results` may be the numbers themselves. O(count), eight at a time.
public func plainExponentials(_ numbers: UnsafePointer<Double>, _ results: UnsafeMutablePointer<Double>, _ count: Int) {
    // Wrapping: indices stay within the caller's memory.
    var i = 0
    while i < count {
        plainExponential(Lanes.load(numbers + i)).store(results + i)
        i &+= 8
    }
}

/// Writes the natural logarithm of each number; `results` may be the numbers themselves. O(count), eight at a time.
public func plainLogarithms(_ numbers: UnsafePointer<Double>, _ results: UnsafeMutablePointer<Double>, _ count: Int) {
    // Wrapping: indices stay within the caller's memory.
    var i = 0
    while i < count {
        plainLogarithm(Lanes.load(numbers + i)).store(results + i)
        i &+= 8
    }
}

/// Writes 1 / (1 + e^−x) of each logit, within 4 ULP; NaN of NaN. O(count).
public func positiveProbabilities(_ block: UnsafeMutablePointer<ProbabilityBlock>) {
    let element = StoredElement(code: block.pointee.elementCode)
    let values = block.pointee.values, probabilities = block.pointee.probabilities, count = block.pointee.count
    // Wrapping: indices stay within the block's memory.
    var i = 0
    while i < count {
        let x = element.loadEight(values + i &* element.byteCount)
        let e = plainExponential(lanes(0) - x.absolute)
        (e.replacing(with: lanes(1), where: x .> lanes(0)) / (1 + e)).store(probabilities + i)
        i &+= 8
    }
}

/// Adds up e^(β d) and its products with d and d² over the classes of a row, but for the largest. O(classCount).
///
/// Eight sums side by side, each in the order of its classes, and then these in order: the bits are the same by every kernel.
public func temperatureSums(_ block: UnsafeMutablePointer<TemperatureBlock>) {
    let distances = block.pointee.distances, beta = block.pointee.beta
    var sums = lanes(0), firsts = sums, seconds = sums
    // Wrapping: indices stay within the block's memory.
    var start = 0
    while start < block.pointee.classCount {
        let distance = Lanes.load(distances + start)
        let isTop = laneIndices .== LaneIntegers(repeating: Int64(block.pointee.top &- start))
        let term = plainExponential(distance * beta).replacing(with: lanes(0), where: isTop)
        let product = term * distance
        sums += term
        firsts += product
        seconds += product * distance
        start &+= 8
    }
    (block.pointee.sum, block.pointee.first, block.pointee.second) = (0, 0, 0)
    for lane in 0..<8 {
        block.pointee.sum += sums[lane]
        block.pointee.first += firsts[lane]
        block.pointee.second += seconds[lane]
    }
}
