/// A scale from numbers to places on a drawing.
struct Axis {
    /// How numbers are spread.
    enum Scale {
        case linear
        /// By powers of two: within one, places are linear. Numbers are above 0.
        case doubling
    }

    /// The bounds of the numbers.
    private let lower: Double, upper: Double
    /// The places of the bounds.
    private let start: Double, end: Double
    private let scale: Scale

    /// Makes a scale. Bounds that are not finite, or equal, are widened.
    init(_ lower: Double, _ upper: Double, from start: Double, to end: Double, scale: Scale = .linear) {
        var (low, high) = (lower.isFinite ? lower : 0, upper.isFinite ? upper : 1)
        if scale == .doubling {
            low = max(low, .leastNormalMagnitude)
            if high <= low { high = low * 2 }
        } else if high <= low {
            let margin = max(low.magnitude / 10, 1e-3)
            (low, high) = (low - margin, low + margin)
        }
        (self.lower, self.upper, self.start, self.end, self.scale) = (low, high, start, end, scale)
    }

    /// Makes a linear scale of all the finite numbers among some, with a margin of a twentieth on either side.
    init(around values: [Double], from start: Double, to end: Double) {
        let finite = values.filter { $0.isFinite && $0.magnitude < 1e300 }
        let low = finite.min() ?? 0, high = finite.max() ?? 1
        let margin = (high - low) / 20
        self.init(low - margin, high + margin, from: start, to: end)
    }

    /// Returns the place of a number. Numbers beyond the bounds have the places of the bounds.
    func place(_ value: Double) -> Double {
        guard !value.isNaN else { return start }
        let (low, high) = (Self.coordinate(lower, scale), Self.coordinate(upper, scale))
        let share = (Self.coordinate(min(max(value, lower), upper), scale) - low) / (high - low)
        return start + (end - start) * share
    }

    private static func coordinate(_ value: Double, _ scale: Scale) -> Double {
        // By exponent and significand: a logarithm of the system's library may differ in its last bits.
        scale == .linear ? value : Double(value.exponent) + value.significand - 1
    }

    /// About `count` round numbers between the bounds.
    func ticks(_ count: Int = 5) -> [Double] {
        scale == .linear ? linearTicks(count) : powerTicks(count)
    }

    private func linearTicks(_ count: Int) -> [Double] {
        let rough = (upper - lower) / Double(count)
        guard rough > 0, rough.isFinite else { return [] }
        var power = 1.0
        while power * 10 <= rough { power *= 10 }
        while power > rough { power /= 10 }
        guard power > 0 else { return [] }
        let step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10)
        let first = (lower / step - 1e-9).rounded(.up), last = (upper / step + 1e-9).rounded(.down)
        guard last >= first, last - first < 100 else { return [] }
        return (0...Int(last - first)).map { (first + Double($0)) * step }
    }

    private func powerTicks(_ count: Int) -> [Double] {
        var powers: [Double] = []
        var power = 1.0
        while power > lower, power > 1e-300 { power /= 10 }
        while power <= upper, power < 1e300 {
            if power >= lower { powers.append(power) }
            power *= 10
        }
        if powers.count < 2 {
            // Less than two powers of ten: powers of two.
            powers = []
            power = 1
            while power > lower { power /= 2 }
            while power <= upper {
                if power >= lower { powers.append(power) }
                power *= 2
            }
        }
        let stride = max(1, (powers.count + count - 1) / count)
        return powers.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
    }

    /// Writes a number beside a tick, without needless zeros: 0.5, 20, 1e-5.
    static func text(_ value: Double) -> String {
        let text = Amount.significant(value, digits: 4)
        let parts = text.split(separator: "e", maxSplits: 1)
        guard let number = parts.first, number.contains(".") else { return text }
        var digits = String(number)
        while digits.last == "0" { digits.removeLast() }
        if digits.last == "." { digits.removeLast() }
        return digits + (parts.count > 1 ? "e\(parts[1])" : "")
    }
}
