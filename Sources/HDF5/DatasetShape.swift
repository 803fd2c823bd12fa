/// The shape of a dataset.
struct DatasetShape {
    /// The dimensions, outermost first; `[]` is a single number.
    let dimensions: [Int]
    /// The largest dimensions to which the dataset may grow; nil for one without a limit.
    let limits: [Int?]
    /// True if the dataset has no elements, and no dimensions either.
    let isNull: Bool

    /// The most dimensions of the format.
    static let dimensionCountLimit = 32

    /// Reads the message of a shape.
    init(_ fields: inout FieldReader, _ reader: MetadataReader) throws(HDF5Error) {
        let place = fields.place
        let version = try fields.version(1...2, of: "a shape")
        let rank = Int(try fields.byte())
        let flags = try fields.byte()
        let kind = try fields.byte()
        if version == 1 { try fields.skip(4) }
        isNull = version == 2 && kind == 2
        guard rank <= Self.dimensionCountLimit else {
            throw HDF5Error(.damaged, at: place, "a dataset of \(rank) dimensions, of which there may be \(Self.dimensionCountLimit)")
        }
        var (dimensions, limits): ([Int], [Int?]) = ([], [])
        for _ in 0..<rank { dimensions.append(try reader.length(&fields)) }
        for index in 0..<rank {
            guard flags & 1 != 0 else {
                limits.append(dimensions[index])
                continue
            }
            // All bits are set for one without a limit.
            let limit = try reader.anyLength(&fields)
            let isUnlimited = limit == nil || (reader.file.lengthByteCount < 8 && limit == (1 << (8 * reader.file.lengthByteCount)) - 1)
            limits.append(isUnlimited ? nil : limit)
        }
        (self.dimensions, self.limits) = (dimensions, limits)
    }
}
