/// B-trees of version 2: of the names of a group, and of the chunks of a dataset.
enum VersionTwoTree {
    private struct Node {
        let byteOffset: Int
        let recordCount: Int
        let depth: Int
    }

    /// The largest number of levels that is read.
    private static let depthLimit = 32
    /// The number of bytes of a node around its records: signature, version, kind, checksum.
    private static let overheadByteCount = 10

    /// Calls `body` with each record and the kind of all.
    static func forEachRecord(
        at byteOffset: Int, _ reader: MetadataReader, _ body: (_ kind: Int, _ record: FieldReader) throws(HDF5Error) -> Void
    ) throws(HDF5Error) {
        let (addressByteCount, lengthByteCount) = (reader.file.addressByteCount, reader.file.lengthByteCount)
        var head = try reader.read(at: byteOffset, count: 22 + addressByteCount + lengthByteCount, "a B-tree")
        try head.expect("BTHD")
        _ = try head.version(0...0, of: "a B-tree")
        let kind = Int(try head.byte())
        let nodeByteCount = try head.count(4)
        let recordByteCount = try head.count(2)
        let depth = try head.count(2)
        try head.skip(2)
        let root = try reader.address(&head)
        let rootCount = try head.count(2)
        try head.skip(lengthByteCount)
        try head.verifyChecksum("a B-tree")
        guard recordByteCount > 0, depth <= depthLimit, nodeByteCount > overheadByteCount + recordByteCount else {
            throw HDF5Error(.damaged, at: byteOffset, "a B-tree of \(depth) levels, with records of \(recordByteCount) bytes")
        }
        guard let root else { return }
        // The sizes of the fields beside each child, by its depth: as large as it takes for the most records that a node can have.
        let leafLimit = (nodeByteCount - overheadByteCount) / recordByteCount
        let countByteCount = Self.byteCount(for: leafLimit)
        var limits = [leafLimit]
        var totalByteCounts = [0]
        for level in 1..<max(2, depth + 1) {
            let pointerByteCount = addressByteCount + countByteCount + totalByteCounts[level - 1]
            guard nodeByteCount > overheadByteCount + pointerByteCount else {
                throw HDF5Error(.damaged, at: byteOffset, "a B-tree of \(depth) levels, in nodes of \(nodeByteCount) bytes")
            }
            let limit = (nodeByteCount - overheadByteCount - pointerByteCount) / (recordByteCount + pointerByteCount)
            let (children, overflow) = (limit + 1).multipliedReportingOverflow(by: limits[level - 1])
            limits.append(overflow || children > .max - limit ? .max : children + limit)
            totalByteCounts.append(Self.byteCount(for: limits[level]))
        }
        var nodes = [Node(byteOffset: root, recordCount: rootCount, depth: depth)]
        while let node = nodes.popLast() {
            var fields = try reader.read(at: node.byteOffset, count: nodeByteCount, "a node of a B-tree")
            try fields.expect(node.depth == 0 ? "BTLF" : "BTIN")
            _ = try fields.version(0...0, of: "a node of a B-tree")
            guard Int(try fields.byte()) == kind else {
                throw HDF5Error(.damaged, at: node.byteOffset, "a B-tree has nodes of several kinds")
            }
            var records = fields
            try fields.skip(node.recordCount * recordByteCount)
            var children: [Node] = []
            if node.depth > 0 {
                for _ in 0...node.recordCount {
                    let child = try reader.definedAddress(&fields, of: "a node of a B-tree")
                    let count = try fields.count(countByteCount)
                    try fields.skip(node.depth > 1 ? totalByteCounts[node.depth - 1] : 0)
                    children.append(Node(byteOffset: child, recordCount: count, depth: node.depth - 1))
                }
            }
            try fields.verifyChecksum("a node of a B-tree")
            for _ in 0..<node.recordCount { try body(kind, try records.part(recordByteCount)) }
            nodes += children.reversed()
        }
    }

    /// The number of bytes that hold every number up to a limit.
    static func byteCount(for limit: Int) -> Int { max(1, (Int.bitWidth - limit.leadingZeroBitCount + 7) / 8) }
}
