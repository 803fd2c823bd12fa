internal import Messages
internal import Scoring

/// The places of the first invalid rows of a plan's shard: in which of the planned files, in which of its rows, on which line.
///
/// A partial's own section of invalid rows has no places, since it does not know the files. A plan knows them, so that the merged report can
/// name the places that a single run would name. The state is taken from `InvalidRows` when a shard is scored; blocks are not looked at.
struct InvalidRowPlaces: RowObserver, Equatable {
    /// The place of a row.
    struct Place: Sendable, Equatable {
        /// The number of the row among all rows of the dump.
        let order: UInt64
        /// The index of the file among the plan's inputs.
        let input: UInt64
        /// The number of the row in the file.
        let row: UInt64
        /// The line of a text, from 1; 0 for arrays.
        let line: UInt64
    }

    static let tag = "invalid-places"

    /// The places, in the order of the rows; as many as `InvalidRows` keeps.
    private(set) var places: [Place] = []

    var tag: String { Self.tag }

    init() {}

    /// Takes the places of rows that were described as they were read.
    init(_ rows: InvalidRows?, _ planned: PlannedRows) {
        for row in rows?.first ?? [] {
            guard let path = row.path, let input = planned.inputIndices[Name(path)] else { continue }
            places.append(
                Place(
                    order: UInt64(clamping: row.order), input: UInt64(clamping: input), row: UInt64(clamping: row.row),
                    line: UInt64(clamping: row.line ?? 0)))
        }
        places.sort { $0.order < $1.order }
    }

    mutating func observe(_ block: ScoredBlock) {
        // Where a row lies is known only to those who read it.
    }

    mutating func merge(_ other: InvalidRowPlaces) {
        places = Array((places + other.places).sorted { Self.key($0).lexicographicallyPrecedes(Self.key($1)) }.prefix(InvalidRows.limit))
    }

    private static func key(_ place: Place) -> [UInt64] { [place.order, place.input, place.row, place.line] }

    // The section: the number of rows, at most 10, and of each, in ascending order of its four numbers, its number among all rows, the index
    // of its file, its number in the file and its line, eight bytes each.
    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt64(places.count))
        for place in places { for number in Self.key(place) { bytes.append(littleEndian: number) } }
    }

    mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {
        var reader = SectionReader(bytes)
        var places: [Place] = []
        let count = try reader.count(leastByteCount: 32)
        guard count <= InvalidRows.limit else { throw .damaged("\(count) places of invalid rows") }
        for _ in 0..<count {
            let place = Place(
                order: try reader.unsigned(), input: try reader.unsigned(), row: try reader.unsigned(), line: try reader.unsigned())
            if let last = places.last, Self.key(place).lexicographicallyPrecedes(Self.key(last)) {
                throw .damaged("places of invalid rows are not in order")
            }
            places.append(place)
        }
        try reader.expectEnd()
        self.places = places
    }
}
