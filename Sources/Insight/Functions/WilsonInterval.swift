/// The interval of a share that was counted.
package enum WilsonInterval {
    /// Returns Wilson's interval of the share of `hits` among `trials`; nil where there are no trials. It lies in [0, 1], and is not empty at 0
    /// and 1. ("Probable inference, the law of succession, and statistical inference", 1927.)
    ///
    /// - Parameters:
    ///   - hits: a number of hits, which may be a fraction where hits are.
    ///   - trials: the number of trials, at least `hits`.
    ///   - z: the normal quantile of the confidence, 1.96 for 95 %.
    package static func interval(hits: Double, trials: Double, z: Double) -> (lower: Double, upper: Double)? {
        guard trials > 0 else { return nil }
        let share = hits / trials
        let square = z * z / trials
        let center = (share + square / 2) / (1 + square)
        let half = z / (1 + square) * (share * (1 - share) / trials + square / (4 * trials)).squareRoot()
        return (hits == 0 ? 0 : max(0, center - half), hits == trials ? 1 : min(1, center + half))
    }
}
