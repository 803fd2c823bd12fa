internal import Messages
public import Scoring

/// How the losses of two models differ in groups of the same rows, from states that were observed apart from one another.
///
/// Groups of rows are found from the rows' numbers, and clusters from their values, whatever the model: those of two evaluations of the same rows
/// pair up.
public struct PairedGroups: Sendable {
    /// The reason for which the groups of two evaluations do not pair up.
    public struct Mismatch: Error, Sendable {
        /// The evaluation at fault: false for A, true for B, nil where both are.
        public let isSecond: Bool?
        /// The reason and what can be done.
        public let reason: SpecificationError
    }

    /// True if the groups are clusters.
    public let areClusters: Bool
    /// How much larger the losses are by B in each group with rows.
    let differences: [GroupSums]

    /// Pairs the groups of two evaluations up.
    ///
    /// - Parameters:
    ///   - a: the observers of A.
    ///   - b: the observers of B.
    ///   - hasLabels: true if the task has labels, which must be the same.
    public init(_ a: [any RowObserver], _ b: [any RowObserver], hasLabels: Bool) throws(Mismatch) {
        func mismatch(_ isSecond: Bool? = nil, _ problem: Message, _ remedy: Message) -> Mismatch {
            Mismatch(isSecond: isSecond, reason: SpecificationError(problem: problem, remedy: remedy))
        }
        let again: Message = "evaluate it with \(setting: .interval, .text("jackknife"))"
        if hasLabels {
            let (ofA, ofB) = (a.first(LabelFingerprint.self), b.first(LabelFingerprint.self))
            guard let ofA, let ofB else { throw mismatch(ofA != nil, "it holds no hash of its labels, by which rows are known to be the same", again) }
            guard ofA.hash == ofB.hash else {
                throw mismatch(
                    nil, "their rows have other labels, or another order",
                    "compare evaluations of the same rows with the same labels; shards say where they lie with \(setting: .firstRow)")
            }
        }
        if let clustersA = a.first(Clusters.self), let clustersB = b.first(Clusters.self) {
            areClusters = true
            guard clustersA.configuration == clustersB.configuration else {
                throw mismatch(nil, "their clusters have other limits, or are texts in one of them alone", "evaluate both with the same clusters")
            }
            guard clustersA.hashes == clustersB.hashes else {
                throw mismatch(nil, "their rows are in other clusters", "evaluate both with the same clusters")
            }
            var differences: [GroupSums] = []
            for (sumsA, sumsB) in zip(clustersA.sums, clustersB.sums) {
                guard let difference = sumsA.difference(to: sumsB) else {
                    throw mismatch(
                        nil, "a cluster has \(String.counted(sumsA.rowCount, "row")) in one and \(sumsB.rowCount) in the other, or other weights",
                        "compare evaluations that left the same rows out")
                }
                differences.append(difference)
            }
            self.differences = differences
            return
        }
        let (groupsA, groupsB) = (a.first(RowGroups.self), b.first(RowGroups.self))
        guard let groupsA, let groupsB else {
            let hasClusters = (a.first(Clusters.self) != nil, b.first(Clusters.self) != nil)
            guard hasClusters.0 == hasClusters.1 else {
                throw mismatch(
                    hasClusters.0, "it holds no clusters, and the other does", "evaluate it with \(setting: .clusters)")
            }
            throw mismatch(groupsA != nil, "it holds no groups of rows", again)
        }
        areClusters = false
        var differences: [GroupSums] = []
        for (number, (sumsA, sumsB)) in zip(groupsA.groups, groupsB.groups).enumerated() {
            guard let difference = sumsA.difference(to: sumsB) else {
                throw mismatch(
                    nil,
                    "group \(number) of their rows has \(String.counted(sumsA.rowCount, "row")) in one and \(sumsB.rowCount) in the other, or other weights",
                    "compare evaluations that left the same rows out")
            }
            if difference.rowCount > 0 { differences.append(difference) }
        }
        self.differences = differences
    }
}
