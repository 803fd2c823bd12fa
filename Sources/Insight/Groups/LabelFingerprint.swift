public import Scoring

/// A hash of the labels of all rows with the rows' numbers, by which two states of groups are known to be of the same rows.
///
/// It is a sum, so that it depends on the set of rows alone. Different labels have equal hashes with a chance of about 2^-64. Eight bytes.
public struct LabelFingerprint: RowObserver, Equatable {
    static let tag = "row-labels"

    /// The sum of the rows' hashes.
    public private(set) var hash: UInt64 = 0
    private let task: LossTask

    /// The hash of no rows; nil for a task without labels.
    public init?(_ specification: LossSpecification) {
        guard specification.task.hasLabels else { return nil }
        task = specification.task
    }

    /// "row-labels".
    public var tag: String { Self.tag }

    /// True: a figure is whole without it.
    public var isOptional: Bool { true }

    /// Adds the labels of a block. O(rowCount × labels a row).
    public mutating func observe(_ block: ScoredBlock) {
        let rows = block.rows, classLabels = block.classLabels
        let width = task == .multilabel || task == .soft ? block.classCount : 1
        for row in 0..<rows.rowCount {
            // Wrapping: it is a hash, and rows are numbered below 2^63.
            let number = rows.firstRow &+ UInt64(row)
            guard let targets = block.targets else {
                hash &+= RowHash.hash(number, seed: Self.bits(Double(classLabels[row])))
                continue
            }
            var labels: UInt64 = 0
            for place in row * width..<(row + 1) * width { labels = width == 1 ? Self.bits(targets[place]) : RowHash.hash(Self.bits(targets[place]), seed: labels) }
            hash &+= RowHash.hash(number, seed: labels)
        }
    }

    /// The bits of a label. Every NaN has the same ones.
    private static func bits(_ label: Double) -> UInt64 { label.isNaN ? Double.nan.bitPattern : (label + 0).bitPattern }

    /// Adds the labels of other rows.
    public mutating func merge(_ other: LabelFingerprint) throws(PartialError) {
        hash &+= other.hash  // Wrapping: it is a hash.
    }

    /// Appends the hash as eight bytes.
    public func encode(into bytes: inout [UInt8]) { bytes.append(littleEndian: hash) }

    /// Takes what `encode(into:)` wrote.
    public mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        hash = try reader.unsigned()
        try reader.expectEnd()
    }
}
