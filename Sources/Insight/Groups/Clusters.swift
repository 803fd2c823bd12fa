internal import Elements
internal import Messages
public import Scoring

/// The sums of the rows of each cluster: of rows that belong together, such as the answers to one question, and are not independent.
///
/// Clusters are told apart by 64 bits of a hash of their values, so that with n of them two are taken for one with a chance of about n² / 2^65.
/// Beyond `limit` clusters the last bits of the hashes are dropped: as many are kept as the hashes of all rows allow within the limit. Whole
/// clusters stay together then, and the uncertainty is that of fewer, larger ones. A part that dropped bits has seen more than `limit` different
/// hashes at one bit more, and so has the whole: the state depends on the set of rows alone.
///
/// It reads the companion "clusters" of a block. About 200 bytes a cluster.
public struct Clusters: RowObserver, Equatable, GroupedRows {
    static let tag = "clusters"
    /// The companion with each row's cluster.
    public static let column = "clusters"
    /// Fewer clusters than these give no interval to rely on.
    static let fewCount = 10
    /// The usual largest number of clusters.
    public static let usualLimit = 1 << 20

    private let hasWeights: Bool
    private let limit: Int
    /// The number of bits of hashes that are kept.
    public private(set) var bitCount = 64
    /// The sums of each cluster, in no order, and where the cluster of a hash is.
    private var sumsOfCluster: [GroupSums] = []
    private var indexOfHash: [UInt64: Int] = [:]
    /// The tokens, bytes and words of each cluster, in the order of `sumsOfCluster`; empty for other tasks than likelihood.
    private var amountsOfCluster: [TextAmounts] = []
    private let hasAmounts: Bool
    /// True if a block came without clusters.
    private var lacksClusters = false
    /// True if the hashes are those of texts, which are others than those of the same numbers in an array.
    private let areTexts: Bool

    /// The clusters of no rows.
    ///
    /// - Parameters:
    ///   - specification: the loss.
    ///   - areTexts: true if clusters are a column of texts, false if they are an array of numbers.
    ///   - limit: the largest number of clusters that are kept apart.
    public init(_ specification: LossSpecification, areTexts: Bool = false, limit: Int = Self.usualLimit) {
        self.areTexts = areTexts
        hasWeights = specification.hasWeights
        hasAmounts = specification.task == .likelihood
        self.limit = max(1, limit)
    }

    /// "clusters".
    public var tag: String { Self.tag }

    /// A varint, the largest number of clusters, and one byte, 1 if they are texts; the byte is absent for numbers.
    public var configuration: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(limit))
        if areTexts { bytes.append(1) }
        return bytes
    }

    /// Adds the rows of a block to their clusters. O(rowCount).
    public mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0)
        add(block, hasWeights ? block.rowDivisors(ofDialect: 0) : nil, losses) { (losses[$0], 0) }
    }

    /// Adds to the cluster of each row the first of two numbers, and takes off the second. O(rowCount).
    ///
    /// - Parameter numbers: NaN for each row that is left out.
    mutating func add(
        _ block: ScoredBlock, _ divisors: UnsafePointer<Double>?, _ numbers: UnsafePointer<Double>,
        _ pair: (_ row: Int) -> (added: Double, takenOff: Double)
    ) {
        guard block.rows.rowCount > 0 else { return }
        guard let column = block.companion(named: Self.column), let element = KeyElement(column) else {
            lacksClusters = true
            return
        }
        var lastHash: UInt64?, index = 0
        let counts = hasAmounts ? TextCounts(block) : nil
        for row in 0..<block.rows.rowCount {
            guard numbers[row] == numbers[row] else { continue }
            let hash = truncated(element.hash(at: row))
            // Rows of one cluster often stand together.
            if hash != lastHash {
                index = cluster(hash)
                lastHash = sumsOfCluster.count > limit ? nil : hash
                if sumsOfCluster.count > limit {
                    coarsen()
                    index = cluster(truncated(hash))
                }
            }
            sumsOfCluster[index].rowCount.addSaturating(1)
            let (added, takenOff) = pair(row)
            sumsOfCluster[index].loss.add(added, minus: takenOff)
            if let divisors { sumsOfCluster[index].weight.add(divisors[row]) }
            if let counts { amountsOfCluster[index].add(counts, row: row, weight: divisors?[row] ?? 1) }
        }
    }

    private func truncated(_ hash: UInt64) -> UInt64 { hash & KeyPrefix.mask(bitCount) }

    private mutating func cluster(_ hash: UInt64) -> Int {
        if let index = indexOfHash[hash] { return index }
        indexOfHash[hash] = sumsOfCluster.count
        sumsOfCluster.append(GroupSums())
        if hasAmounts { amountsOfCluster.append(TextAmounts()) }
        return sumsOfCluster.count - 1
    }

    /// Drops bits of the hashes until there are at most `limit` clusters.
    private mutating func coarsen() {
        guard sumsOfCluster.count > limit else { return }
        cut(to: KeyPrefix.bitCount(ofAscending: indexOfHash.keys.sorted(), limit: limit))
    }

    private mutating func cut(to bits: Int) {
        guard bits < bitCount else { return }
        bitCount = bits
        let (hashes, sums, amounts) = (indexOfHash, sumsOfCluster, amountsOfCluster)
        indexOfHash = [:]
        sumsOfCluster = []
        amountsOfCluster = []
        add(hashes, sums, amounts)
    }

    /// Adds clusters.
    private mutating func add(_ hashes: [UInt64: Int], _ sums: [GroupSums], _ amounts: [TextAmounts]) {
        for (hash, index) in hashes {
            let place = cluster(truncated(hash))
            sumsOfCluster[place].merge(sums[index])
            if hasAmounts { amountsOfCluster[place].merge(amounts[index]) }
        }
    }

    /// Adds the clusters of other rows.
    public mutating func merge(_ other: Clusters) throws(PartialError) {
        guard limit == other.limit, areTexts == other.areTexts else { throw .otherSettings(tag) }
        lacksClusters = lacksClusters || other.lacksClusters
        cut(to: other.bitCount)
        add(other.indexOfHash, other.sumsOfCluster, other.amountsOfCluster)
        coarsen()
    }

    /// The hashes of the clusters, ascending.
    var hashes: [UInt64] { indexOfHash.keys.sorted() }

    /// The clusters in the order of their hashes; empty where some rows came without.
    var sums: [GroupSums] {
        lacksClusters ? [] : indexOfHash.sorted { $0.key < $1.key }.map { sumsOfCluster[$0.value] }
    }

    /// The tokens, bytes and words of the clusters, in the order of `sums`; empty for other tasks than likelihood.
    var amounts: [TextAmounts] {
        lacksClusters || !hasAmounts ? [] : indexOfHash.sorted { $0.key < $1.key }.map { amountsOfCluster[$0.value] }
    }

    /// The number of clusters, or of the groups of clusters that they were put into.
    public var count: Int { sumsOfCluster.count }

    /// The number of rows in clusters.
    var rowCount: UInt64 {
        var count: UInt64 = 0
        for sums in sumsOfCluster { count.addSaturating(sums.rowCount) }
        return count
    }

    /// Returns true if both have the same sums.
    public static func == (left: Clusters, right: Clusters) -> Bool { left.configuration == right.configuration && left.encoded == right.encoded }
}

// The section "clusters": two bytes, 1 if rows came without clusters, else 0, and the number of bits of hashes; a varint, the number of clusters; and
// for each in the order of their hashes eight bytes, its hash, its sums, and for task likelihood its amounts (GroupSums.swift).
extension Clusters {
    public func encode(into bytes: inout [UInt8]) {
        bytes += [lacksClusters ? 1 : 0, UInt8(bitCount)]
        bytes.append(varint: UInt64(sumsOfCluster.count))
        for (hash, index) in indexOfHash.sorted(by: { $0.key < $1.key }) {
            bytes.append(littleEndian: hash)
            sumsOfCluster[index].encode(into: &bytes)
            if hasAmounts { amountsOfCluster[index].encode(into: &bytes) }
        }
    }

    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        lacksClusters = try reader.bytes(1).first == 1
        bitCount = Int(try reader.bytes(1).first ?? 0)
        guard bitCount <= 64 else { throw .damaged("hashes of \(bitCount) bits") }
        indexOfHash = [:]
        sumsOfCluster = []
        amountsOfCluster = []
        for _ in 0..<(try reader.varintCount(leastByteCount: 15)) {
            let hash = try reader.unsigned()
            guard truncated(hash) == hash else { throw .damaged("a hash has more bits than are kept") }
            let place = cluster(hash)
            sumsOfCluster[place].merge(try GroupSums(&reader))
            if hasAmounts { amountsOfCluster[place].merge(try TextAmounts(&reader)) }
        }
        guard sumsOfCluster.count <= limit else { throw .damaged("\(sumsOfCluster.count) clusters, and \(limit) may be") }
        try reader.expectEnd()
    }

    /// Makes the state of no rows from its settings, as a partial has them.
    static func make(_ configuration: [UInt8], _ specification: LossSpecification) throws(PartialError) -> Clusters {
        var reader = SectionReader(configuration[...])
        let limit = Int(clamping: try reader.varint())
        let areTexts = reader.remainingByteCount > 0 ? try reader.bytes(1).first == 1 : false
        return Clusters(specification, areTexts: areTexts, limit: limit)
    }
}

/// Rows in groups, of which each counts as one observation.
protocol GroupedRows {
    /// The groups with rows, in an order that depends on the rows alone.
    var sums: [GroupSums] { get }
    /// The tokens, bytes and words of the same groups; empty for other tasks than likelihood.
    var amounts: [TextAmounts] { get }
}
