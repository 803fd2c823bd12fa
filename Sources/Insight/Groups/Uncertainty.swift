package import Scoring

/// How far a mean may be from that of more rows like these, from the sums of groups of rows that are independent of one another.
public struct Uncertainty: Sendable, Equatable {
    /// The ways to find the interval of a mean.
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// From the variance of the rows, which are taken to be independent.
        case normal
        /// From the sums of clusters: √(G/(G − 1) Σ (S_c − μ W_c)²) / W.
        case clustered
        /// From the mean with each group left out, by Student's distribution with G − 1 degrees of freedom.
        case jackknife
        /// From means of groups that are drawn anew, each as often as a Poisson number says.
        case bootstrap
    }

    /// The way in which it was found.
    public let kind: Kind
    /// The standard error of the mean; NaN for fewer than two groups, and where a loss is infinite.
    public let standardError: Double
    /// The bounds of the mean.
    public let lower: Double, upper: Double
    /// The number of groups with rows.
    public let groupCount: Int
    /// The number of replicates of the bootstrap; nil for other kinds.
    public let replicateCount: Int?

    /// Finds the uncertainty of a mean from clusters, or else from groups of rows; nil where the rows have neither.
    package init?(
        _ kind: Kind, clusters: Clusters?, rowGroups: RowGroups?, isWeighted: Bool, mean: Double, confidence: Double, replicateCount: Int
    ) {
        guard let groups = clusters?.sums ?? rowGroups?.sums else { return nil }
        self.init(kind, groups, isWeighted: isWeighted, mean: mean, confidence: confidence, replicateCount: replicateCount)
    }

    /// Finds the uncertainty of a mean per token, byte or word; nil where the rows have no groups.
    package init?(
        _ kind: Kind, clusters: Clusters?, rowGroups: RowGroups?, per unit: TokenSpread.Unit, mean: Double, confidence: Double,
        replicateCount: Int
    ) {
        let groups: (any GroupedRows)? = clusters ?? rowGroups
        guard let groups, let index = TokenSpread.Unit.allCases.firstIndex(of: unit) else { return nil }
        let (sums, amounts) = (groups.sums, groups.amounts)
        guard sums.count == amounts.count else { return nil }
        self.init(
            kind, losses: sums.map(\.loss.rounded), divisors: amounts.map { $0[index].rounded }, mean: mean, confidence: confidence,
            replicateCount: replicateCount)
    }

    /// Finds the uncertainty of Σ S / Σ W over groups.
    ///
    /// - Parameters:
    ///   - isWeighted: true if the mean divides by the rows' weights, false if it divides by their number.
    ///   - mean: Σ S / Σ W, about which the interval lies.
    ///   - confidence: in (0, 1).
    ///   - replicateCount: the number of replicates of a bootstrap.
    init(_ kind: Kind, _ groups: [GroupSums], isWeighted: Bool, mean: Double, confidence: Double, replicateCount: Int) {
        self.init(
            kind, losses: groups.map(\.loss.rounded), divisors: groups.map { $0.divisor(isWeighted: isWeighted) }, mean: mean,
            confidence: confidence, replicateCount: replicateCount)
    }

    /// Finds the uncertainty of Σ S / Σ W of groups with losses S and divisors W.
    private init(_ kind: Kind, losses: [Double], divisors: [Double], mean: Double, confidence: Double, replicateCount: Int) {
        self.kind = kind
        let groups = losses
        groupCount = groups.count
        self.replicateCount = kind == .bootstrap ? replicateCount : nil
        let count = Double(groups.count)
        guard groups.count >= 2, losses.allSatisfy(\.isFinite) else {
            (standardError, lower, upper) = (.nan, .nan, .nan)
            return
        }
        let tail = (1 - confidence) / 2
        switch kind {
        case .normal, .clustered:
            var total = ExactSum(), squares = ExactSum()
            for (loss, divisor) in zip(losses, divisors) {
                total.add(divisor)
                let residual = loss - mean * divisor
                squares.addProduct(residual, residual)
            }
            standardError = (count / (count - 1) * squares.rounded()).squareRoot() / total.rounded()
            let z = NormalDistribution.quantile(upperTail: tail)
            (lower, upper) = (mean - z * standardError, mean + z * standardError)
        case .jackknife:
            var sum = ExactSum(), total = ExactSum()
            for (loss, divisor) in zip(losses, divisors) {
                sum.add(loss)
                total.add(divisor)
            }
            // The pseudo-values G θ − (G − 1) θ without the group.
            let pseudo = zip(losses, divisors).map { loss, divisor in
                var (sumWithout, totalWithout) = (sum, total)
                sumWithout.add(-loss)
                totalWithout.add(-divisor)
                return count * mean - (count - 1) * sumWithout.rounded(dividedBy: totalWithout)
            }
            standardError = Self.deviation(pseudo) / count.squareRoot()
            let t = StudentDistribution.quantile(upperTail: tail, degreesOfFreedom: count - 1)
            (lower, upper) = (mean - t * standardError, mean + t * standardError)
        case .bootstrap:
            let means = (0..<replicateCount).map { replicate in
                var sum = ExactSum(), total = ExactSum()
                for group in groups.indices {
                    let weight = Self.poisson(RowHash.hash(UInt64(group), seed: UInt64(replicate)))
                    sum.addProduct(weight, losses[group])
                    total.addProduct(weight, divisors[group])
                }
                return sum.rounded(dividedBy: total)
            }.filter(\.isFinite).sorted()
            standardError = means.count > 1 ? Self.deviation(means) : .nan
            func quantile(_ order: Double) -> Double {
                means.isEmpty ? .nan : means[min(means.count - 1, max(0, Int((order * Double(means.count)).rounded(.up)) - 1))]
            }
            (lower, upper) = (quantile(tail), quantile(1 - tail))
        }
    }

    /// The standard deviation with the divisor n − 1.
    private static func deviation(_ numbers: [Double]) -> Double {
        var sum = ExactSum(), squares = ExactSum()
        for number in numbers { sum.add(number) }
        let mean = sum.rounded(dividedBy: UInt64(numbers.count))
        for number in numbers { squares.addProduct(number - mean, number - mean) }
        return (squares.rounded() / Double(numbers.count - 1)).squareRoot()
    }

    /// The bounds, in 2^-64, below which a Poisson number of mean 1 is at most 0, 1, 2, …: 2^64 / e · Σ 1/k!, rounded.
    private static let poissonBounds: [UInt64] = {
        var bounds: [UInt64] = []
        var term = 0x1.78b56362cef38p-2, sum = 0.0, k = 0.0
        while sum < 1 - 0x1p-52, k < 20 {
            sum += term
            bounds.append(sum >= 1 ? .max : UInt64(sum * 0x1p64))
            k += 1
            term /= k
        }
        return bounds
    }()

    /// Returns the Poisson number of mean 1 of a hash: how many of `poissonBounds` it is not below.
    static func poisson(_ hash: UInt64) -> Double { Double(poissonBounds.prefix { hash >= $0 }.count) }
}
