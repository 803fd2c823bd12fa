/// The links of a group, by name.
struct GroupLinks {
    /// The thing that a link leads to.
    enum Target {
        /// An object, by the place of its header.
        case object(Int)
        /// A path inside the file.
        case path([UInt8])
        /// Another file, or a kind of link that is not read.
        case elsewhere
    }

    /// A name and the thing that it leads to.
    struct Link {
        let name: [UInt8]
        let target: Target
    }

    /// The links, in the order of their names.
    private(set) var links: [Link] = []

    /// Reads the links of a group; nil if the object is no group. O(links · log links).
    init?(_ header: ObjectHeader, _ reader: MetadataReader) throws(HDF5Error) {
        if var content = header.content(ObjectHeader.Kind.symbolTable) {
            let tree = try reader.address(&content)
            let heap = try reader.definedAddress(&content, of: "a group's names")
            if let tree { try readOld(tree: tree, heap: LocalHeap(at: heap, reader), reader) }
        } else {
            let hasLinks = header.messages.contains { $0.kind == ObjectHeader.Kind.link }
            let information = header.content(ObjectHeader.Kind.linkInformation)
            guard hasLinks || information != nil else { return nil }
            for message in header.messages where message.kind == ObjectHeader.Kind.link {
                links.append(try Self.link(message.content, reader))
            }
            if var content = information {
                _ = try content.version(0...0, of: "a group's information")
                let flags = try content.byte()
                if flags & 1 != 0 { try content.skip(8) }
                if let heap = try reader.address(&content), let tree = try reader.address(&content) {
                    try readDense(heap: FractalHeap(at: heap, reader), tree: tree, reader)
                }
            }
        }
        links.sort { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// Finds a link by its name. O(log links).
    func link(named name: ArraySlice<UInt8>) -> Link? {
        var (low, high) = (0, links.count)
        while low < high {
            let middle = (low + high) / 2
            if links[middle].name.lexicographicallyPrecedes(name) { low = middle + 1 } else { high = middle }
        }
        return low < links.count && links[low].name.elementsEqual(name) ? links[low] : nil
    }

    // MARK: Version 1: a B-tree of symbols

    private mutating func readOld(tree: Int, heap: LocalHeap, _ reader: MetadataReader) throws(HDF5Error) {
        try VersionOneTree.forEachLeaf(at: tree, kind: 0, keyByteCount: reader.file.lengthByteCount, reader) { _, node throws(HDF5Error) in
            var fields = try reader.read(at: node, count: 8, "a node of symbols")
            try fields.expect("SNOD")
            _ = try fields.version(1...1, of: "a node of symbols")
            try fields.skip(1)
            let count = try fields.count(2)
            let entryByteCount = 2 * reader.file.addressByteCount + 24
            var entries = try reader.read(at: node + 8, count: count * entryByteCount, "a node of symbols")
            for _ in 0..<count {
                var entry = try entries.part(entryByteCount)
                let nameOffset = try entry.count(reader.file.addressByteCount)
                let header = try reader.address(&entry)
                let kind = try entry.number(4)
                try entry.skip(4)
                let name = try heap.text(at: nameOffset)
                if kind == 2 {
                    links.append(Link(name: name, target: .path(try heap.text(at: try entry.count(4)))))
                } else if let header {
                    links.append(Link(name: name, target: .object(header)))
                }
            }
        }
    }

    // MARK: Version 2: messages

    private mutating func readDense(heap: FractalHeap, tree: Int, _ reader: MetadataReader) throws(HDF5Error) {
        try VersionTwoTree.forEachRecord(at: tree, reader) { kind, record throws(HDF5Error) in
            guard kind == 5 else { throw HDF5Error(.damaged, at: tree, "an index of names has records of kind \(kind)") }
            var record = record
            try record.skip(4)
            links.append(try Self.link(try heap.object(try record.take(record.remaining), reader), reader))
        }
    }

    private static func link(_ content: FieldReader, _ reader: MetadataReader) throws(HDF5Error) -> Link {
        var content = content
        _ = try content.version(1...1, of: "a link")
        let flags = try content.byte()
        let kind = flags & 0x08 != 0 ? try content.byte() : 0
        if flags & 0x04 != 0 { try content.skip(8) }
        if flags & 0x10 != 0 { try content.skip(1) }
        let nameByteCount = try content.count(1 << Int(flags & 3))
        let name = Array(try content.take(nameByteCount))
        switch kind {
        case 0: return Link(name: name, target: .object(try reader.definedAddress(&content, of: "an object")))
        case 1: return Link(name: name, target: .path(Array(try content.take(try content.count(2)))))
        default: return Link(name: name, target: .elsewhere)
        }
    }
}
