/// An unevaluated sum of two Float64, |low| ≤ ulp(high) / 2: about 106 bits, within the range where no part is subnormal.
///
/// Error bounds, in u = 2^-53, are from Joldes, Muller and Popescu, "Tight and rigorous error bounds for basic building blocks of
/// double-word arithmetic" (2017).
struct DoubleDouble {
    var high: Double
    var low: Double

    init(high: Double, low: Double) {
        self.high = high
        self.low = low
    }

    /// `value` to about 106 bits.
    init(_ value: BigReal) {
        high = value.rounded()
        low = (value - BigReal(high)).rounded()
    }

    /// a + b, exactly (Knuth's TwoSum).
    init(sumOf a: Double, _ b: Double) {
        let sum = a + b
        let bPart = sum - a
        self.init(high: sum, low: (a - (sum - bPart)) + (b - bPart))
    }

    /// a · b, exactly.
    init(productOf a: Double, _ b: Double) {
        let product = a * b
        self.init(high: product, low: (-product).addingProduct(a, b))
    }

    /// a + b, exactly, for |a| ≥ |b| (Dekker's FastTwoSum).
    private init(ordered a: Double, _ b: Double) {
        let sum = a + b
        self.init(high: sum, low: b - (sum - a))
    }

    /// Relative error at most 2u².
    static func + (left: DoubleDouble, right: Double) -> DoubleDouble {
        let sum = DoubleDouble(sumOf: left.high, right)
        return DoubleDouble(ordered: sum.high, left.low + sum.low)
    }

    /// Relative error at most about 3u² for terms of one sign.
    static func + (left: DoubleDouble, right: DoubleDouble) -> DoubleDouble {
        let high = DoubleDouble(sumOf: left.high, right.high)
        let low = DoubleDouble(sumOf: left.low, right.low)
        let middle = DoubleDouble(ordered: high.high, high.low + low.high)
        return DoubleDouble(ordered: middle.high, low.low + middle.low)
    }

    /// Relative error at most 5u².
    static func * (left: DoubleDouble, right: DoubleDouble) -> DoubleDouble {
        let product = DoubleDouble(productOf: left.high, right.high)
        let cross = (left.high * right.low).addingProduct(left.low, right.high)
        return DoubleDouble(ordered: product.high, product.low + cross)
    }

    /// `self × 2^power`, exact while nothing becomes subnormal.
    func scaled(byPowerOfTwo power: Int) -> DoubleDouble {
        let factor = Double(sign: .plus, exponent: power, significand: 1)
        return DoubleDouble(high: high * factor, low: low * factor)
    }
}

extension DoubleDouble {
    /// The lowest argument of `exp(_:)`.
    static let lowestExponent = -200.0

    private static let tableBits = 8

    /// 2^(i / 256).
    private static let powersOfTwo: [DoubleDouble] = {
        let ln2 = BigReal.log(BigReal(2))
        return (0..<(1 << tableBits)).map { i in
            DoubleDouble(BigReal.exp((BigReal(i) * ln2).scaled(byPowerOfTwo: -tableBits)))
        }
    }()

    /// ln 2 / 256 in three parts. The first two have 34 bits: their products with the step's number, below 2^18, are exact.
    private static let step: (Double, Double, Double) = {
        let value = BigReal.log(BigReal(2)).scaled(byPowerOfTwo: -tableBits)
        func leading34Bits(_ value: BigReal) -> Double {
            let double = value.rounded()
            return Double(bitPattern: double.bitPattern & ~((1 << 19) - 1))
        }
        let first = leading34Bits(value)
        let second = leading34Bits(value - BigReal(first))
        let third = (value - BigReal(first) - BigReal(second)).rounded()
        return (first, second, third)
    }()

    private static let inverseFactorials: [DoubleDouble] = {
        var result = [DoubleDouble(BigReal(1))]
        var factorial = BigReal(1)
        for n in 1...10 {
            factorial *= BigReal(n)
            result.append(DoubleDouble(BigReal(1) / factorial))
        }
        return result
    }()

    /// e^x for −200 ≤ x ≤ 0, with a relative error below 2^-102.
    ///
    /// x = n ln 2 / 256 + t, e^x = 2^⌊n / 256⌋ · 2^((n mod 256) / 256) · e^t with |t| < 0.0014.
    static func exp(_ x: DoubleDouble) -> DoubleDouble {
        let n = (x.high / step.0).rounded()
        let t = (((DoubleDouble(sumOf: x.high, -n * step.0) + -n * step.1) + x.low) + -n * step.2)
        // t⁶/6! and beyond are below 2^-66: Float64 suffices for them.
        var tail = inverseFactorials[10].high
        for k in stride(from: 9, through: 6, by: -1) {
            tail = tail * t.high + inverseFactorials[k].high
        }
        var sum = DoubleDouble(high: tail, low: 0)
        for k in stride(from: 5, through: 0, by: -1) {
            sum = sum * t + inverseFactorials[k]
        }
        let step = Int(n)
        let mask = (1 << tableBits) - 1
        return (sum * powersOfTwo[step & mask]).scaled(byPowerOfTwo: step >> tableBits)
    }
}
