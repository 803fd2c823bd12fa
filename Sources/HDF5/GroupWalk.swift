/// A walk over the groups of a file, which collects the datasets.
struct GroupWalk {
    /// An object, by what its header says.
    private enum Object {
        case group(GroupLinks)
        case dataset(HDF5Dataset)
        /// A named type, or something else without elements.
        case other
    }

    private(set) var datasets: [HDF5Dataset] = []
    private let reader: MetadataReader
    /// The objects that have been read, by the places of their headers.
    private var objects: [Int: Object] = [:]
    private var root = 0
    /// The places of the groups that the walk is in.
    private var ancestors: [Int] = []
    /// The number of bytes of all names so far.
    private var nameByteCount = 0

    /// The most groups within groups.
    private static let depthLimit = 100
    /// The most soft links that one name may lead over.
    private static let softLinkLimit = 16
    /// The most bytes of all names together.
    private static let nameByteCountLimit = 64 << 20

    init(_ reader: MetadataReader) { self.reader = reader }

    /// Collects the datasets of a group, and of all groups in it.
    mutating func run(from root: Int) throws(HDF5Error) {
        self.root = root
        guard case .group(let links) = try object(at: root) else {
            throw HDF5Error(.damaged, at: root, "the file's root is no group")
        }
        try collect(links, at: root, prefix: [])
    }

    private mutating func object(at byteOffset: Int) throws(HDF5Error) -> Object {
        if let object = objects[byteOffset] {
            // Names that lead to the same objects again and again are work too.
            try reader.spend(64)
            return object
        }
        let header = try ObjectHeader(at: byteOffset, reader)
        let object: Object =
            if let dataset = HDF5Dataset(header, reader) {
                .dataset(dataset)
            } else if let links = try GroupLinks(header, reader) {
                .group(links)
            } else {
                .other
            }
        objects[byteOffset] = object
        return object
    }

    private mutating func collect(_ links: GroupLinks, at byteOffset: Int, prefix: [UInt8]) throws(HDF5Error) {
        guard ancestors.count < Self.depthLimit else {
            throw HDF5Error(.damaged, at: byteOffset, "\(ancestors.count) groups within groups, of which \(Self.depthLimit) are read")
        }
        ancestors.append(byteOffset)
        defer { ancestors.removeLast() }
        for link in links.links {
            // A group may be listed under very many names.
            try reader.spend(64)
            let name = prefix + link.name
            nameByteCount += name.count
            guard nameByteCount <= Self.nameByteCountLimit else {
                throw HDF5Error(.tooLarge, "the names of its datasets have more than \(Self.nameByteCountLimit) bytes")
            }
            switch link.target {
            case .object(let place): try collect(place, name)
            case .path(let path):
                // A link that leads nowhere is no fault of the file.
                if let place = try find(path, from: byteOffset, softLinkCount: 0) { try collect(place, name) }
            case .elsewhere:
                datasets.append(
                    HDF5Dataset(
                        name: Self.text(name),
                        HDF5Error(
                            .unsupported, "it is a link to another file (external)", remedy: "give that file, or copy it with h5copy")))
            }
        }
    }

    private mutating func collect(_ place: Int, _ name: [UInt8]) throws(HDF5Error) {
        let found: Object
        do throws(HDF5Error) {
            found = try object(at: place)
        } catch {
            // Whether it is a dataset, and wanted, is not known.
            guard error.kind != .reading else { throw error }
            datasets.append(HDF5Dataset(name: Self.text(name), error))
            return
        }
        switch found {
        case .group(let links):
            // A group inside itself has the same datasets under ever longer names.
            if !ancestors.contains(place) { try collect(links, at: place, prefix: name + [UInt8(ascii: "/")]) }
        case .dataset(let dataset): datasets.append(dataset.named(Self.text(name)))
        case .other: break
        }
    }

    /// Finds the object that a path leads to; nil if there is none.
    private mutating func find(_ path: [UInt8], from group: Int, softLinkCount: Int) throws(HDF5Error) -> Int? {
        guard softLinkCount <= Self.softLinkLimit else { return nil }
        try reader.spend(64 + path.count)
        var place = path.first == UInt8(ascii: "/") ? root : group
        for part in path.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
            guard case .group(let links) = try object(at: place), let link = links.link(named: part) else { return nil }
            switch link.target {
            case .object(let next): place = next
            case .path(let path):
                guard let next = try find(path, from: place, softLinkCount: softLinkCount + 1) else { return nil }
                place = next
            case .elsewhere: return nil
            }
        }
        return place
    }

    private static func text(_ name: [UInt8]) -> String { String(decoding: name, as: UTF8.self) }
}
