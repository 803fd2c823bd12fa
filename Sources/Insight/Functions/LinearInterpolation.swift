/// The interpolation between neighbours of sorted numbers, as NumPy rounds it: `numpy.percentile(method="linear")`.
enum LinearInterpolation {
    /// Returns a + (b − a) t for t in 0..<1, from the nearer end. O(1).
    static func value(_ a: Double, _ b: Double, _ t: Double) -> Double {
        // Equal ends may be infinite.
        guard a != b else { return a }
        return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t
    }
}
