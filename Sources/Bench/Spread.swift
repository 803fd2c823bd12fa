/// The spread of repeated measurements of one thing: their median, least and greatest.
public struct Spread: Sendable, Encodable {
    /// The middle sample, or the mean of the two in the middle.
    public let median: Double
    /// The least sample.
    public let min: Double
    /// The greatest sample.
    public let max: Double
    /// All samples, in the order in which they were taken.
    public let samples: [Double]

    /// Sorts the samples. All figures are NaN if there are none. O(n log n).
    init(_ samples: [Double]) {
        self.samples = samples
        let sorted = samples.sorted()
        min = sorted.first ?? .nan
        max = sorted.last ?? .nan
        let middle = sorted.count / 2
        median = sorted.isEmpty ? .nan : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// Takes the quotients of samples that were measured side by side, since a disturbance slows down both.
    init(_ numerators: [Double], over denominators: [Double]) {
        self.init(zip(numerators, denominators).map { $0 / $1 })
    }
}
