/// A real number, or +∞: what a loss can be.
public enum ExtendedReal: Sendable, Equatable {
    case finite(BigReal)
    case infinite

    /// Zero.
    public static let zero = ExtendedReal.finite(.zero)

    /// The sum; +∞ where one of the two is.
    public static func + (left: ExtendedReal, right: ExtendedReal) -> ExtendedReal {
        guard case .finite(let left) = left, case .finite(let right) = right else { return .infinite }
        return .finite(left + right)
    }

    /// Adds `right`.
    public static func += (left: inout ExtendedReal, right: ExtendedReal) {
        left = left + right
    }

    /// The product with a factor, of at least 0 where the value is +∞. 0 · ∞ is 0: what does not count adds nothing.
    public static func * (factor: BigReal, value: ExtendedReal) -> ExtendedReal {
        if factor.isZero { return .zero }
        guard case .finite(let value) = value else { return .infinite }
        return .finite(factor * value)
    }

    /// The absolute value.
    public var magnitude: ExtendedReal {
        guard case .finite(let value) = self else { return .infinite }
        return .finite(value.magnitude)
    }

    /// The nearest Float64.
    public var rounded: Double {
        switch self {
        case .finite(let value): value.rounded()
        case .infinite: .infinity
        }
    }

    /// How far `value` is from this, in ULP, as `ulpError` has it; only +∞ is near +∞.
    public func ulpError(of value: Double) -> Double {
        switch self {
        case .finite(let truth): Oracle.ulpError(value, truth)
        case .infinite: value == .infinity ? 0 : .infinity
        }
    }
}
