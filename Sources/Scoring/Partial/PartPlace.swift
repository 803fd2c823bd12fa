/// The rows that a part of a partial covers.
public enum PartPlace: Sendable, Hashable {
    /// It is not known which rows of which dump these are.
    case unplaced
    /// The ranges of a dump, in the given unit.
    case placed(dump: DumpIdentity, unit: Unit, ranges: [Range<UInt64>])

    /// The unit in which the ranges of a place count.
    public enum Unit: UInt64, Sendable, Hashable, CaseIterable {
        /// The numbers of rows, from 0.
        case rows = 1
        /// The bytes of the stored dump in which rows begin.
        case bytes = 2
    }

    /// This place with its ranges in ascending order, neither empty nor touching one another. O(ranges · log ranges).
    public var normalized: PartPlace {
        guard case .placed(let dump, let unit, let ranges) = self else { return self }
        return .placed(dump: dump, unit: unit, ranges: Self.union(ranges))
    }

    /// The ranges that cover the same numbers, ascending, neither empty nor touching one another. O(ranges · log ranges).
    static func union(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
        var result: [Range<UInt64>] = []
        for range in ranges.filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, range.lowerBound <= last.upperBound {
                result[result.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }
}

extension PartPlace: Comparable {
    /// The order of parts in a partial: unplaced ones first, then by dump, unit and ranges.
    public static func < (left: PartPlace, right: PartPlace) -> Bool {
        switch (left, right) {
        case (_, .unplaced): return false
        case (.unplaced, _): return true
        case (.placed(let leftDump, let leftUnit, let leftRanges), .placed(let rightDump, let rightUnit, let rightRanges)):
            if leftDump != rightDump { return leftDump < rightDump }
            if leftUnit != rightUnit { return leftUnit.rawValue < rightUnit.rawValue }
            for (leftRange, rightRange) in zip(leftRanges, rightRanges) where leftRange != rightRange {
                return (leftRange.lowerBound, leftRange.upperBound) < (rightRange.lowerBound, rightRange.upperBound)
            }
            return leftRanges.count < rightRanges.count
        }
    }
}

extension PartPlace: CustomStringConvertible {
    /// "rows 0..<10 of dump 00…" or "no place". At most three ranges are written out.
    public var description: String {
        guard case .placed(let dump, let unit, let ranges) = self else { return "no place" }
        let shown = ranges.prefix(3).map { "\($0.lowerBound)..<\($0.upperBound)" }.joined(separator: ", ")
        let rest = ranges.count > 3 ? " and \(ranges.count - 3) more ranges" : ""
        return "\(unit == .rows ? "rows" : "bytes") \(ranges.isEmpty ? "none" : shown)\(rest) of dump \(dump)"
    }
}
