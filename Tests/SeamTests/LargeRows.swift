import Engine
import Scoring

/// A figure of one's own: how many rows have a loss above a limit, and which.
struct LargeRows: RowObserver, Equatable {
    let limit: Double
    private(set) var count: UInt64 = 0
    /// A hash of the set of these rows' numbers. It is a sum, so that it does not depend on their order.
    private(set) var fingerprint: UInt64 = 0

    init(limit: Double) { self.limit = limit }

    /// The rows with these losses, in order from row 0.
    init(limit: Double, losses: [Double]) {
        self.init(limit: limit)
        for (row, loss) in losses.enumerated() where loss > limit { add(UInt64(row)) }
    }

    var tag: String { "large-rows" }

    var configuration: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: limit.bitPattern)
        return bytes
    }

    mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0)
        for row in 0..<block.rows.rowCount where losses[row] > limit { add(block.rows.firstRow + UInt64(row)) }
    }

    private mutating func add(_ row: UInt64) {
        // Wrapping: a hash.
        let mixed = (row ^ (row >> 29)) &* 0xBF58_476D_1CE4_E5B9
        fingerprint &+= mixed ^ (mixed >> 32)
        count += 1
    }

    mutating func merge(_ other: LargeRows) throws(PartialError) {
        guard other.limit == limit else {
            throw PartialError(
                kind: .otherObservers, problem: "limits differ", found: "\(other.limit)", allowed: "\(limit)", remedy: .askForSameFigures)
        }
        // A count that was decoded may be anything.
        count &+= other.count
        fingerprint &+= other.fingerprint
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: count)
        bytes.append(littleEndian: fingerprint)
    }

    mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        count = try reader.unsigned()
        fingerprint = try reader.unsigned()
        try reader.expectEnd()
    }
}

extension ObserverCatalog {
    /// The figures of the engine and those of these tests.
    static let seams =
        engine
        .adding("large-rows") { configuration, _, _ throws(PartialError) in
            var reader = SectionReader(configuration[...])
            let limit = try reader.double()
            try reader.expectEnd()
            return LargeRows(limit: limit)
        }
        .adding("groups") { configuration, _, _ throws(PartialError) in
            guard configuration.count == 1 else { throw .damaged("the settings of groups are \(configuration.count) bytes") }
            return GroupTotals(groupCount: Int(configuration[0]))
        }
}
