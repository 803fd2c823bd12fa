/// A filter that chunks went through when they were written, by its number in HDF5's register.
struct ChunkFilter: Sendable {
    let number: Int
    /// The parameters.
    let values: [UInt32]

    /// The filters that are undone.
    enum Number {
        static let deflate = 1
        static let shuffle = 2
        static let fletcher32 = 3
        static let lzf = 32000
    }

    /// True if the filter is one that is undone.
    var isRead: Bool { [Number.deflate, Number.shuffle, Number.fletcher32, Number.lzf].contains(number) }

    /// The name of the filter, and for one that is not read its number.
    var text: String {
        switch number {
        case Number.deflate: "gzip"
        case Number.shuffle: "shuffle"
        case Number.fletcher32: "fletcher32"
        case Number.lzf: "lzf"
        default: "\(Self.otherNames[number].map { $0 + ", " } ?? "")filter \(number)"
        }
    }

    private static let otherNames = [
        4: "szip", 5: "nbit", 6: "scaleoffset", 305: "LZO", 307: "bzip2", 32001: "Blosc", 32004: "LZ4", 32008: "bitshuffle", 32013: "ZFP",
        32015: "zstd", 32017: "SZ", 32024: "SZ3", 32026: "Blosc2",
    ]

    /// The most filters of a dataset, as the format has it.
    private static let countLimit = 32

    /// Reads the message of a dataset's filters, in the order in which they were applied.
    static func pipeline(_ fields: inout FieldReader) throws(HDF5Error) -> [ChunkFilter] {
        let place = fields.place
        let version = try fields.version(1...2, of: "filters")
        let count = Int(try fields.byte())
        guard count <= countLimit else { throw HDF5Error(.damaged, at: place, "\(count) filters, of which there may be \(countLimit)") }
        if version == 1 { try fields.skip(6) }
        var filters: [ChunkFilter] = []
        for _ in 0..<count {
            let number = try fields.count(2)
            let nameByteCount = version == 1 || number >= 256 ? try fields.count(2) : 0
            try fields.skip(2)
            let valueCount = try fields.count(2)
            // In version 1 names are filled up to eight bytes, and values too.
            try fields.skip(version == 1 ? (nameByteCount + 7) / 8 * 8 : nameByteCount)
            var values: [UInt32] = []
            for _ in 0..<valueCount { values.append(UInt32(truncatingIfNeeded: try fields.number(4))) }
            if version == 1, valueCount % 2 == 1 { try fields.skip(4) }
            filters.append(ChunkFilter(number: number, values: values))
        }
        return filters
    }
}
