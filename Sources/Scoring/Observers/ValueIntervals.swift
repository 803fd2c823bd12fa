/// Intervals into which the numbers of a column are put, such as ages from 18 up to 65.
///
/// ```swift
/// let ages = ValueIntervals([0, 18, 65, 120])
/// ages.index(of: 30)  // 2
/// ages.text(of: 2)  // "[18, 65)"
/// ```
///
/// With n edges there are n + 1 intervals: 0 below the first edge, then from each edge up to the next, and n above the last one. The lower edge
/// belongs to an interval, and the upper one to the next; the last edge belongs to the interval that ends there, so that no interval is that one
/// number alone. A single edge begins the interval above it.
public struct ValueIntervals: Sendable, Hashable {
    /// The largest number of edges.
    public static let limit = 1000

    /// The edges in ascending order.
    public let edges: [Double]

    /// Makes intervals of edges; of edges that are not sound (`isSound`) they have no meaning.
    public init(_ edges: [Double]) { self.edges = edges }

    /// True for 1 to `limit` finite edges in ascending order, of which no two are equal.
    public var isSound: Bool {
        (1...Self.limit).contains(edges.count) && edges.allSatisfy(\.isFinite) && zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 }
    }

    /// Returns the index of the interval of a number that is not NaN. O(log edges).
    public func index(of number: Double) -> Int {
        var low = 0, high = edges.count
        // The number of edges that are not above the number.
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] <= number { low = middle + 1 } else { high = middle }
        }
        return edges.count > 1 && low == edges.count && number == edges[low - 1] ? low - 1 : low
    }

    /// The code of a number, as a reader hands it on in the place of a hash: 1 + the interval's index, and 0 for NaN.
    package func code(of number: Double) -> UInt64 { number.isNaN ? 0 : UInt64(index(of: number) + 1) }

    /// Returns an interval as mathematicians write it, such as "[18, 65)".
    public func text(of index: Int) -> String {
        func shown(_ edge: Double) -> String { Int64(exactly: edge).map { "\($0)" } ?? "\(edge)" }
        let last = edges.count - 1
        if index <= 0 { return "(-inf, \(shown(edges[0])))" }
        if index > last { return "\(last == 0 ? "[" : "(")\(shown(edges[last])), inf)" }
        return "[\(shown(edges[index - 1])), \(shown(edges[index]))\(index == last ? "]" : ")")"
    }
}
