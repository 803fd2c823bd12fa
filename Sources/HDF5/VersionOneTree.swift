/// B-trees of version 1: of the symbols of a group, and of the chunks of a dataset.
enum VersionOneTree {
    /// The largest number of levels that is read. A tree of chunks has 64 children a node, or more.
    private static let levelLimit = 32

    /// Calls `body` with the key and the place of each child of the leaves, in their order.
    ///
    /// - Parameter kind: 0 for symbols, 1 for chunks.
    static func forEachLeaf(
        at byteOffset: Int, kind: Int, keyByteCount: Int, _ reader: MetadataReader,
        _ body: (_ key: FieldReader, _ child: Int) throws(HDF5Error) -> Void
    ) throws(HDF5Error) {
        // The nodes that are still to be read, with the level that each must have.
        var nodes: [(byteOffset: Int, level: Int?)] = [(byteOffset, nil)]
        let headByteCount = 8 + 2 * reader.file.addressByteCount
        while let (place, expected) = nodes.popLast() {
            var head = try reader.read(at: place, count: headByteCount, "a node of a B-tree")
            try head.expect("TREE")
            let (found, level, count) = (Int(try head.byte()), Int(try head.byte()), try head.count(2))
            guard found == kind, level <= levelLimit, expected.map({ $0 == level }) ?? true else {
                throw HDF5Error(.damaged, at: place, "a node of a B-tree of kind \(found) and level \(level) is where it cannot be")
            }
            var fields = try reader.read(
                at: place + headByteCount, count: count * (keyByteCount + reader.file.addressByteCount), "a node of a B-tree")
            var children: [(byteOffset: Int, level: Int?)] = []
            for _ in 0..<count {
                let key = try fields.part(keyByteCount)
                let child = try reader.definedAddress(&fields, of: "a node of a B-tree")
                if level == 0 { try body(key, child) } else { children.append((child, level - 1)) }
            }
            nodes += children.reversed()
        }
    }
}
