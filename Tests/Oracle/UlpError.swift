/// Distance of `value` from the true value in units in the last place of the true value's binade, not rounded to an integer:
/// |value − truth| / ulp(truth), where ulp is 2^(e − 52) for 2^e ≤ |truth| < 2^(e + 1), and 2^-1074 among subnormals and at zero
/// (Goldberg, "What every computer scientist should know about floating-point arithmetic", 1991; Muller, "On the definition of
/// ulp(x)", 2005). A correctly rounded value is within 0.5; just below a power of two, the value above it counts in the finer unit.
///
/// The distance is rounded once, to Float64. An infinite `value` is 0 from a truth that rounds to it, and infinitely far from any
/// other. A NaN is infinitely far from everything, so that no comparison with a bound lets it pass.
public func ulpError(_ value: Double, _ truth: BigReal) -> Double {
    guard value.isFinite else { return value == truth.rounded() ? 0 : .infinity }
    return ((BigReal(value) - truth).magnitude / truth.ulp).rounded()
}
