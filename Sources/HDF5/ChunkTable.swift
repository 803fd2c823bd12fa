/// The places of the chunks of a dataset in the file.
struct ChunkTable: Sendable {
    /// A chunk that was written.
    struct Chunk: Sendable {
        /// The number of the chunk in its grid.
        let number: Int
        let byteOffset: Int
        /// The stored size in bytes.
        let byteCount: Int
        /// The filters that the chunk did not go through: a bit each, the lowest for the first.
        let mask: UInt32
    }

    /// The chunks in the order of their numbers.
    private(set) var chunks: [Chunk] = []
    private let grid: ChunkGrid
    private let hasFilters: Bool

    /// Reads the index of a dataset's chunks. O(chunks · log chunks).
    init(_ index: DatasetLayout.Index, at byteOffset: Int?, _ grid: ChunkGrid, hasFilters: Bool, _ reader: MetadataReader) throws(HDF5Error)
    {
        self.grid = grid
        self.hasFilters = hasFilters
        guard let byteOffset, grid.byteCount > 0 else { return }
        switch index {
        case .versionOneTree: try readVersionOneTree(at: byteOffset, reader)
        case .single(let byteCount, let mask):
            try add([Int](repeating: 0, count: grid.counts.count), byteOffset, byteCount: byteCount ?? grid.chunkByteCount, mask, reader)
        case .implicit: try readImplicit(at: byteOffset, reader)
        case .fixedArray: try readFixedArray(at: byteOffset, reader)
        case .extensibleArray: try readExtensibleArray(at: byteOffset, reader)
        case .versionTwoTree: try readVersionTwoTree(at: byteOffset, reader)
        }
        if !zip(chunks, chunks.dropFirst()).allSatisfy({ $0.number < $1.number }) {
            chunks.sort { $0.number < $1.number }
            if let twice = zip(chunks, chunks.dropFirst()).first(where: { $0.number == $1.number }) {
                throw HDF5Error(.damaged, at: byteOffset, "its index lists chunk \(twice.0.number) twice")
            }
        }
    }

    /// The chunks whose numbers are in a range. O(log chunks).
    func chunks(in numbers: Range<Int>) -> ArraySlice<Chunk> {
        let first = index(ofFirstFrom: numbers.lowerBound)
        return chunks[first..<max(first, index(ofFirstFrom: numbers.upperBound))]
    }

    /// The number of bytes of all chunks in the file.
    var storedByteCount: Int { chunks.reduce(0) { $0.addingReportingOverflow($1.byteCount).partialValue } }

    private func index(ofFirstFrom number: Int) -> Int {
        var (low, high) = (0, chunks.count)
        while low < high {
            let middle = (low + high) / 2
            if chunks[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Adds a chunk at a place of the grid; chunks beyond the dataset's end are left out.
    private mutating func add(
        _ place: [Int], _ byteOffset: Int, byteCount: Int, _ mask: UInt32, _ reader: MetadataReader
    ) throws(HDF5Error) {
        guard let number = grid.number(at: place) else { return }
        guard byteCount > 0, byteCount <= reader.byteCount(from: byteOffset) else {
            throw HDF5Error(.damaged, at: byteOffset, "a chunk of \(byteCount) bytes goes beyond the end of the file")
        }
        chunks.append(Chunk(number: number, byteOffset: byteOffset, byteCount: byteCount, mask: mask))
    }

    // MARK: B-trees

    private mutating func readVersionOneTree(at byteOffset: Int, _ reader: MetadataReader) throws(HDF5Error) {
        let rank = grid.counts.count
        try VersionOneTree.forEachLeaf(at: byteOffset, kind: 1, keyByteCount: 8 + 8 * (rank + 1), reader) { key, child throws(HDF5Error) in
            var key = key
            let byteCount = try key.count(4)
            let mask = UInt32(truncatingIfNeeded: try key.number(4))
            var place: [Int] = []
            for axis in 0..<rank {
                let (index, rest) = try key.count(8).quotientAndRemainder(dividingBy: grid.chunkShape[axis])
                guard rest == 0 else { throw HDF5Error(.damaged, at: key.place, "a chunk begins where none can") }
                place.append(index)
            }
            try add(place, child, byteCount: byteCount, mask, reader)
        }
    }

    private mutating func readVersionTwoTree(at byteOffset: Int, _ reader: MetadataReader) throws(HDF5Error) {
        let rank = grid.counts.count
        try VersionTwoTree.forEachRecord(at: byteOffset, reader) { kind, record throws(HDF5Error) in
            guard kind == (hasFilters ? 11 : 10) else {
                throw HDF5Error(.damaged, at: byteOffset, "an index of chunks has records of kind \(kind)")
            }
            var record = record
            let sizeByteCount = record.remaining - reader.file.addressByteCount - 4 - 8 * rank
            let child = try reader.definedAddress(&record, of: "a chunk")
            var (byteCount, mask) = (grid.chunkByteCount, UInt32(0))
            if hasFilters {
                guard (1...8).contains(sizeByteCount) else {
                    throw HDF5Error(.damaged, at: byteOffset, "an index of chunks has short records")
                }
                byteCount = try record.count(sizeByteCount)
                mask = UInt32(truncatingIfNeeded: try record.number(4))
            }
            var place: [Int] = []
            for _ in 0..<rank { place.append(try record.count(8)) }
            try add(place, child, byteCount: byteCount, mask, reader)
        }
    }

    // MARK: Arrays

    private mutating func readImplicit(at byteOffset: Int, _ reader: MetadataReader) throws(HDF5Error) {
        // Each chunk must lie in the file, so there are not too many.
        guard grid.count <= reader.byteCount(from: byteOffset) / grid.chunkByteCount else {
            throw HDF5Error(.damaged, at: byteOffset, "its \(grid.count) chunks go beyond the end of the file")
        }
        let limits = grid.limits.map { $0 ?? 0 }
        for number in 0..<grid.count {
            let place = grid.place(of: number)
            // No overflow is possible without a report: a hostile limit may be anything.
            var (index, overflows) = (0, false)
            for axis in place.indices {
                let product = index.multipliedReportingOverflow(by: limits[axis])
                let sum = product.partialValue.addingReportingOverflow(place[axis])
                (index, overflows) = (sum.partialValue, overflows || product.overflow || sum.overflow)
            }
            guard !overflows, index >= 0, index <= reader.byteCount(from: byteOffset) / grid.chunkByteCount else {
                throw HDF5Error(.damaged, at: byteOffset, "its chunks go beyond the end of the file")
            }
            try add(place, byteOffset + index * grid.chunkByteCount, byteCount: grid.chunkByteCount, 0, reader)
        }
    }

    /// The form of the entries of an array of chunks.
    private struct EntryForm {
        let hasFilters: Bool
        let byteCount: Int
    }

    /// Reads the kind and the size of the entries of an array.
    private func entryForm(_ fields: inout FieldReader, _ reader: MetadataReader) throws(HDF5Error) -> EntryForm {
        let place = fields.place
        let kind = try fields.byte()
        let form = EntryForm(hasFilters: kind == 1, byteCount: Int(try fields.byte()))
        let least = reader.file.addressByteCount + (form.hasFilters ? 5 : 0)
        guard kind <= 1, form.hasFilters == hasFilters, form.byteCount >= least,
            form.byteCount <= reader.file.addressByteCount + (form.hasFilters ? 12 : 0)
        else { throw HDF5Error(.damaged, at: place, "an index of chunks has entries of kind \(kind) and \(form.byteCount) bytes") }
        return form
    }

    /// Reads entries of an array, from an index on.
    private mutating func readEntries(
        _ fields: inout FieldReader, _ count: Int, from index: Int, _ form: EntryForm, _ reader: MetadataReader
    ) throws(HDF5Error) {
        for offset in 0..<count {
            var entry = try fields.part(form.byteCount)
            guard let byteOffset = try reader.address(&entry) else { continue }
            var (byteCount, mask) = (grid.chunkByteCount, UInt32(0))
            if form.hasFilters {
                byteCount = try entry.count(entry.remaining - 4)
                mask = UInt32(truncatingIfNeeded: try entry.number(4))
            }
            guard let place = grid.place(ofArrayIndex: index + offset) else { continue }
            try add(place, byteOffset, byteCount: byteCount, mask, reader)
        }
    }

    /// Reads a page of entries, which its checksum follows.
    private mutating func readPage(
        at byteOffset: Int, _ count: Int, from index: Int, _ form: EntryForm, _ reader: MetadataReader
    ) throws(HDF5Error) {
        let byteCount = try Self.product(count, form.byteCount, at: byteOffset)
        var fields = try reader.read(at: byteOffset, count: byteCount + 4, "a page of an index of chunks")
        var whole = fields
        try whole.skip(byteCount)
        try whole.verifyChecksum("a page of an index of chunks")
        try readEntries(&fields, count, from: index, form, reader)
    }

    private static func product(_ count: Int, _ byteCount: Int, at byteOffset: Int) throws(HDF5Error) -> Int {
        let (product, overflow) = count.multipliedReportingOverflow(by: byteCount)
        guard !overflow, product <= .max / 2 else { throw HDF5Error(.damaged, at: byteOffset, "an index of chunks has \(count) entries") }
        return product
    }

    /// True if a bit is set; the highest bit of a byte is the first.
    private static func isSet(_ bit: Int, in bits: ArraySlice<UInt8>) -> Bool {
        bits[bits.startIndex + bit / 8] & (0x80 >> UInt8(bit % 8)) != 0
    }

    private mutating func readFixedArray(at byteOffset: Int, _ reader: MetadataReader) throws(HDF5Error) {
        let address = reader.file.addressByteCount
        var head = try reader.read(at: byteOffset, count: 12 + reader.file.lengthByteCount + address, "a fixed array")
        try head.expect("FAHD")
        _ = try head.version(0...0, of: "a fixed array")
        let form = try entryForm(&head, reader)
        let pageBitCount = Int(try head.byte())
        let count = try reader.length(&head)
        let block = try reader.address(&head)
        try head.verifyChecksum("a fixed array")
        guard let block, count > 0 else { return }
        guard pageBitCount < 48 else { throw HDF5Error(.damaged, at: byteOffset, "a fixed array in pages of 2^\(pageBitCount) entries") }
        let pageCount = (count - 1) >> pageBitCount + 1
        let isPaged = count > 1 << pageBitCount
        let prefix = 6 + address + (isPaged ? (pageCount + 7) / 8 : 0)
        guard isPaged else {
            let byteCount = try Self.product(count, form.byteCount, at: block)
            var fields = try reader.read(at: block, count: prefix + byteCount + 4, "a block of a fixed array")
            try fields.expect("FADB")
            try fields.skip(prefix - 4)
            var entries = fields
            try fields.skip(byteCount)
            try fields.verifyChecksum("a block of a fixed array")
            try readEntries(&entries, count, from: 0, form, reader)
            return
        }
        var fields = try reader.read(at: block, count: prefix + 4, "a block of a fixed array")
        try fields.expect("FADB")
        try fields.skip(2 + address)
        let bits = try fields.take((pageCount + 7) / 8)
        try fields.verifyChecksum("a block of a fixed array")
        let pageByteCount = try Self.product(1 << pageBitCount, form.byteCount, at: block) + 4
        for page in 0..<pageCount where Self.isSet(page, in: bits) {
            let first = page << pageBitCount
            let start = try Self.product(page, pageByteCount, at: block)
            try readPage(at: block + prefix + 4 + start, min(1 << pageBitCount, count - first), from: first, form, reader)
        }
    }

    private mutating func readExtensibleArray(at byteOffset: Int, _ reader: MetadataReader) throws(HDF5Error) {
        let address = reader.file.addressByteCount
        var head = try reader.read(at: byteOffset, count: 16 + 6 * reader.file.lengthByteCount + address, "an extensible array")
        try head.expect("EAHD")
        _ = try head.version(0...0, of: "an extensible array")
        let form = try entryForm(&head, reader)
        let bitCount = Int(try head.byte())
        let inIndexBlock = Int(try head.byte())
        let leastInBlock = Int(try head.byte())
        let leastPointers = Int(try head.byte())
        let pageBitCount = Int(try head.byte())
        try head.skip(6 * reader.file.lengthByteCount)
        let indexBlock = try reader.address(&head)
        try head.verifyChecksum("an extensible array")
        guard let indexBlock else { return }
        guard bitCount <= 48, pageBitCount < 48, leastInBlock > 0, leastInBlock.nonzeroBitCount == 1, leastPointers.nonzeroBitCount == 1,
            leastInBlock.trailingZeroBitCount <= bitCount
        else { throw HDF5Error(.damaged, at: byteOffset, "an extensible array of 2^\(bitCount) entries") }
        let offsetByteCount = (bitCount + 7) / 8
        let superBlockCount = 1 + bitCount - leastInBlock.trailingZeroBitCount
        /// The super blocks whose blocks the index block lists itself.
        let listedCount = min(superBlockCount, 2 * leastPointers.trailingZeroBitCount)
        /// The number of blocks of a super block, and of entries of each.
        func blocks(_ superBlock: Int) -> (count: Int, entryCount: Int) {
            (1 << (superBlock / 2), leastInBlock << ((superBlock + 1) / 2))
        }
        let blockCount = (0..<listedCount).reduce(0) { $0 + blocks($1).count }
        let byteCount = 6 + address + inIndexBlock * form.byteCount + (blockCount + superBlockCount - listedCount) * address
        var fields = try reader.read(at: indexBlock, count: byteCount + 4, "an extensible array")
        try fields.expect("EAIB")
        var whole = fields
        try whole.skip(byteCount - 4)
        try whole.verifyChecksum("an extensible array")
        try fields.skip(2 + address)
        try readEntries(&fields, inIndexBlock, from: 0, form, reader)
        var first = inIndexBlock
        for superBlock in 0..<superBlockCount {
            let (count, entryCount) = blocks(superBlock)
            guard first <= .max / 4 else { return }
            let pageCount = entryCount > 1 << pageBitCount ? entryCount >> pageBitCount : 0
            var addresses = fields
            var bits: ArraySlice<UInt8> = []
            if superBlock < listedCount {
                try fields.skip(count * address)
            } else {
                guard let place = try reader.address(&fields) else {
                    first += count * entryCount
                    continue
                }
                let bitByteCount = count * ((pageCount + 7) / 8)
                let byteCount = 6 + address + offsetByteCount + bitByteCount + count * address
                addresses = try reader.read(at: place, count: byteCount + 4, "an extensible array")
                try addresses.expect("EASB")
                var whole = addresses
                try whole.skip(byteCount - 4)
                try whole.verifyChecksum("an extensible array")
                try addresses.skip(2 + address + offsetByteCount)
                bits = try addresses.take(bitByteCount)
            }
            for block in 0..<count {
                defer { first += entryCount }
                guard let place = try reader.address(&addresses) else { continue }
                let prefix = 6 + address + offsetByteCount
                var fields = try reader.read(
                    at: place, count: prefix + (pageCount > 0 ? 4 : entryCount * form.byteCount + 4), "an extensible array")
                try fields.expect("EADB")
                try fields.skip(prefix - 4)
                guard pageCount > 0 else {
                    var entries = fields
                    try fields.skip(entryCount * form.byteCount)
                    try fields.verifyChecksum("an extensible array")
                    try readEntries(&entries, entryCount, from: first, form, reader)
                    continue
                }
                try fields.verifyChecksum("an extensible array")
                let pageByteCount = (1 << pageBitCount) * form.byteCount + 4
                for page in 0..<pageCount {
                    // Blocks that the index block lists have no pages.
                    guard superBlock < listedCount || Self.isSet(block * pageCount + page, in: bits) else { continue }
                    try readPage(
                        at: place + prefix + 4 + page * pageByteCount, 1 << pageBitCount, from: first + page << pageBitCount, form, reader)
                }
            }
        }
    }
}
