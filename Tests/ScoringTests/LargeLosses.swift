import Scoring

/// An observer of nobody's but the tests': it counts losses above a limit, which is its configuration.
struct LargeLosses: RowObserver, Equatable {
    var tag = "large"
    var limit = 1.0
    var count: UInt64 = 0

    var configuration: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: limit.bitPattern)
        return bytes
    }

    mutating func observe(_ block: ScoredBlock) {
        let losses = block.losses(ofDialect: 0)
        for row in 0..<block.rows.rowCount where losses[row] > limit { count += 1 }
    }

    mutating func merge(_ other: LargeLosses) throws(PartialError) {
        guard other.limit == limit else {
            throw PartialError(
                kind: .otherObservers, problem: "limits differ", found: "\(other.limit)", allowed: "\(limit)", remedy: .askForSameFigures)
        }
        count &+= other.count
    }

    func encode(into bytes: inout [UInt8]) { bytes.append(littleEndian: count) }

    mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        count = try reader.unsigned()
        try reader.expectEnd()
    }

    /// The standard observers and this one.
    static let catalog = ObserverCatalog.standard.adding("large") { configuration, _, _ throws(PartialError) in
        var reader = SectionReader(configuration[...])
        let limit = try reader.double()
        try reader.expectEnd()
        return LargeLosses(limit: limit)
    }
}
