/// Repeated measurements of one thing: their middle, and how far they lie apart.
public struct Spread: Sendable, Encodable {
    /// The middle one, or half-way between the two in the middle.
    public let median: Double
    /// The least.
    public let min: Double
    /// The greatest.
    public let max: Double
    /// All of them, in the order in which they were taken.
    public let samples: [Double]

    /// NaN where there are none. O(n log n).
    init(_ samples: [Double]) {
        self.samples = samples
        let sorted = samples.sorted()
        min = sorted.first ?? .nan
        max = sorted.last ?? .nan
        let middle = sorted.count / 2
        median = sorted.isEmpty ? .nan : sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// Of the quotients of measurements that were taken side by side: what slowed down one slowed down the other.
    init(_ numerators: [Double], over denominators: [Double]) {
        self.init(zip(numerators, denominators).map { $0 / $1 })
    }
}
