/// The products of losses and weights, and of weights, of a block's rows that are beyond the range in which a Float64 has all its digits.
///
/// A weight of 1e308 makes of a loss of 2 an infinity, and one of 5e-324 leaves it no digits; the mean of such rows is a number like any
/// other. Sums take such products from here. Most blocks have none.
struct ExtremeRows: Sendable, Equatable {
    /// integer · 2^exponent of a row.
    struct Product: Sendable, Equatable {
        let row: Int
        let integer: Int64
        let exponent: Int
    }

    /// Two weights of a row.
    struct Weights: Sendable, Equatable {
        let row: Int
        let first: Double
        let second: Double
    }

    private(set) var losses: [Product] = []
    private(set) var divisors: [Weights] = []

    /// Returns true if a product keeps its digits, and so do the products of its parts with another number of the usual size.
    static func isUsual(_ product: Double) -> Bool { product.magnitude >= 0x1p-960 && product.magnitude < 0x1p1000 }

    /// Takes in a product of a loss and its weights, none of which is 0, unless a Float64 has all its digits. Returns it as a Float64.
    mutating func addLoss(_ factors: [Double], _ row: Int) -> Double {
        var significand = 1.0, exponent = 0
        for factor in factors {
            significand *= factor.sign == .minus ? -factor.significand : factor.significand
            exponent += Int(factor.exponent)
        }
        exponent += Int(significand.exponent)
        significand = significand.sign == .minus ? -significand.significand : significand.significand
        let value = Double(sign: .plus, exponent: exponent, significand: significand)
        // Beyond the square of the largest number no sum holds it: it counts as infinite.
        if value.isFinite && exponent >= -1022 || exponent > 2037 { return value }
        // 53 bits are a whole number. Below the least number that an exact sum holds, they are cut off.
        var integer = Int64(significand * 0x1p52)
        exponent -= 52
        if exponent < ExactSum.leastExponent {
            let shift = min(ExactSum.leastExponent - exponent, 63)
            (integer, exponent) = (integer >> Int64(shift), ExactSum.leastExponent)
        }
        losses.append(Product(row: row, integer: integer, exponent: exponent))
        return value
    }

    /// Takes in a row's divisor, the product of two weights.
    mutating func addDivisor(_ first: Double, _ second: Double, _ row: Int) {
        divisors.append(Weights(row: row, first: first, second: second))
    }
}
