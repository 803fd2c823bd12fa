/// A dataset of an HDF5 file: its name, type, shape, and the place of its elements.
package struct HDF5Dataset: Sendable {
    /// The name, with those of the groups that it is in: `train/logits`.
    package private(set) var name: String
    /// The type of the elements; nil if the header cannot be read.
    package let type: HDF5Type?
    /// The dimensions, outermost first; nil if the dataset has none because it is empty, or if the header cannot be read.
    package let shape: [Int]?
    /// The dimensions of a chunk; nil if the elements lie together.
    package let chunkShape: [Int]?
    /// The names of the filters of the chunks, in the order in which they were applied.
    package let filterNames: [String]

    let content: Result<Content, HDF5Error>

    /// The facts by which elements are found.
    struct Content: Sendable {
        let shape: DatasetShape
        let layout: DatasetLayout
        let filters: [ChunkFilter]
        /// The bytes of an element that was never written; empty for zeros.
        let fillValue: [UInt8]
    }

    /// Reads the header of a dataset, which has no name yet; nil if the object is none.
    init?(_ header: ObjectHeader, _ reader: MetadataReader) {
        guard header.content(ObjectHeader.Kind.layout) != nil, header.content(ObjectHeader.Kind.dataspace) != nil else { return nil }
        name = ""
        var (type, shape, chunkShape, filterNames): (HDF5Type?, [Int]?, [Int]?, [String]) = (nil, nil, nil, [])
        do throws(HDF5Error) {
            type = try Self.type(header, reader)
            guard let type, var dataspace = header.content(ObjectHeader.Kind.dataspace),
                var place = header.content(ObjectHeader.Kind.layout)
            else {
                throw HDF5Error(.damaged, "it has no type")
            }
            guard header.messages.allSatisfy({ !$0.isShared || $0.kind == ObjectHeader.Kind.datatype }) else {
                throw HDF5Error(
                    .unsupported, "it shares messages with other objects of the file", remedy: "write it with h5py's defaults")
            }
            let found = try DatasetShape(&dataspace, reader)
            shape = found.isNull ? nil : found.dimensions
            let layout = try DatasetLayout(&place, elementByteCount: type.byteCount, reader)
            if case .chunked(let dimensions, _, _, _) = layout { chunkShape = dimensions }
            var filters: [ChunkFilter] = []
            if var pipeline = header.content(ObjectHeader.Kind.filters) { filters = try ChunkFilter.pipeline(&pipeline) }
            filterNames = filters.map(\.text)
            content = .success(
                try Self.content(
                    found, layout, filters, type, isExternal: header.content(ObjectHeader.Kind.externalFiles) != nil,
                    fillValue: try Self.fillValue(header, elementByteCount: type.byteCount)))
        } catch {
            content = .failure(error)
        }
        (self.type, self.shape, self.chunkShape, self.filterNames) = (type, shape, chunkShape, filterNames)
    }

    /// Returns the same dataset under a name that leads to it.
    func named(_ name: String) -> HDF5Dataset {
        var named = self
        named.name = name
        return named
    }

    /// Makes the stand-in for an object that a name leads to and that cannot be had.
    init(name: String, _ error: HDF5Error) {
        self.name = name
        (type, shape, chunkShape, filterNames) = (nil, nil, nil, [])
        content = .failure(error)
    }

    /// Refuses by name what is not read.
    private static func content(
        _ shape: DatasetShape, _ layout: DatasetLayout, _ filters: [ChunkFilter], _ type: HDF5Type, isExternal: Bool, fillValue: [UInt8]
    ) throws(HDF5Error) -> Content {
        func refuse(_ problem: String, _ remedy: String) -> HDF5Error { HDF5Error(.unsupported, problem, remedy: remedy) }
        if case .unread(let words) = type.content {
            throw refuse("it holds \(words), which are not read", "write numbers, or texts of a fixed length, as a dataset of their own")
        }
        guard type.byteCount > 0 else { throw HDF5Error(.damaged, "its elements have no bytes") }
        guard !shape.isNull else { throw refuse("it is empty, and has no shape (h5py.Empty)", "was it ever written?") }
        if isExternal { throw refuse("its elements lie in other files (external)", "copy it into one file with h5repack") }
        switch layout {
        case .virtual:
            throw refuse("it is a virtual dataset, whose elements lie in other files", "write it as one with h5py: f['name'] = virtual[:]")
        case .chunked(let chunk, _, _, _):
            guard chunk.count == shape.dimensions.count else {
                throw HDF5Error(.damaged, "it has \(shape.dimensions.count) dimensions, and its chunks \(chunk.count)")
            }
            if let filter = filters.first(where: { !$0.isRead }) {
                throw refuse(
                    "its chunks went through \(filter.text), which is not read",
                    "write it with compression='gzip', or with h5repack -f GZIP=4")
            }
        case .compact, .contiguous: break
        }
        return Content(shape: shape, layout: layout, filters: filters, fillValue: fillValue)
    }

    /// Reads the type, which may be a named one of the file.
    private static func type(_ header: ObjectHeader, _ reader: MetadataReader) throws(HDF5Error) -> HDF5Type {
        guard let message = header.messages.first(where: { $0.kind == ObjectHeader.Kind.datatype }) else {
            throw HDF5Error(.damaged, "it has no type")
        }
        var fields = message.content
        guard message.isShared else { return try HDF5Type(&fields) }
        let version = try fields.version(1...3, of: "a reference to a type")
        let kind = try fields.byte()
        if version == 1 { try fields.skip(6) }
        guard version < 3 || kind == 2 else {
            throw HDF5Error(.unsupported, "it shares its type with other objects of the file", remedy: "write it with h5py's defaults")
        }
        let named = try ObjectHeader(at: try reader.definedAddress(&fields, of: "a type"), reader)
        guard let type = named.messages.first(where: { $0.kind == ObjectHeader.Kind.datatype }), !type.isShared else {
            throw HDF5Error(.damaged, "its type is named, and the name leads to no type")
        }
        var content = type.content
        return try HDF5Type(&content)
    }

    /// Reads the bytes of an element that was never written; none for zeros.
    private static func fillValue(_ header: ObjectHeader, elementByteCount: Int) throws(HDF5Error) -> [UInt8] {
        var value: [UInt8] = []
        if var fields = header.content(ObjectHeader.Kind.fillValue) {
            let version = try fields.version(1...3, of: "a fill value")
            let isDefined: Bool
            if version < 3 {
                try fields.skip(2)
                isDefined = try fields.byte() != 0
            } else {
                isDefined = try fields.byte() & 0x20 != 0
            }
            // In version 1 there is always a size.
            if isDefined || version == 1 { value = Array(try fields.take(try fields.count(4))) }
        } else if var fields = header.content(ObjectHeader.Kind.oldFillValue) {
            value = Array(try fields.take(try fields.count(4)))
        }
        guard value.isEmpty || value.count == elementByteCount else {
            throw HDF5Error(.damaged, "its fill value has \(value.count) bytes, and its elements \(elementByteCount)")
        }
        return value
    }
}
