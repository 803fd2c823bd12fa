/// The logarithms of probabilities.
package enum LogProbability {
    /// The greatest log-probability that is taken for a placeholder. Services write −9999 for a token that is not among the likeliest.
    package static let greatestPlaceholder = -999.0
}
