internal import CZlib
internal import Container

/// A decoder of the chunks of one dataset. It belongs to one worker.
final class ChunkDecoder: FrameDecoder {
    private let dataset: ChunkedDataset
    /// The stored bytes of a chunk, and what filters make of them, in turn.
    private var buffers = [Room(), Room()]
    /// A whole chunk whose elements lie apart in the dataset.
    private let chunk = Room()
    /// The state of zlib, which remembers its address; nil before the first deflated chunk, and where zlib had no memory for it.
    private var stream: UnsafeMutablePointer<z_stream>?

    /// Memory that grows.
    private final class Room {
        private(set) var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)

        deinit { bytes.deallocate() }

        /// Returns room for bytes, whose content is undefined.
        func reserve(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
            if bytes.count < byteCount {
                bytes.deallocate()
                bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
            }
            return UnsafeMutableRawBufferPointer(rebasing: bytes[..<byteCount])
        }
    }

    init(_ dataset: ChunkedDataset) { self.dataset = dataset }

    deinit {
        if let stream {
            inflateEnd(stream)
            stream.deallocate()
        }
    }

    var allocatedByteCount: Int { buffers[0].bytes.count + buffers[1].bytes.count + chunk.bytes.count }

    func decode(_ index: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ByteSourceError) {
        let grid = dataset.grid
        let bytes = dataset.bands.bytes(ofFrame: index)
        let numbers = dataset.bands.chunks(ofFrame: index)
        let chunks = dataset.table.chunks(in: numbers)
        if chunks.count < numbers.count { fill(buffer) }
        for stored in chunks {
            let region = ChunkRegion(of: stored.number, in: grid)
            do throws(HDF5Error) {
                if let start = region.contiguousByteOffset(in: grid) {
                    let target = UnsafeMutableRawBufferPointer(
                        rebasing: buffer[start - bytes.lowerBound..<start - bytes.lowerBound + grid.chunkByteCount])
                    try decode(stored, isPartial: region.isPartial, into: target)
                } else {
                    let target = chunk.reserve(grid.chunkByteCount)
                    try decode(stored, isPartial: region.isPartial, into: target)
                    region.copy(UnsafeRawBufferPointer(target), in: grid, into: buffer, from: bytes.lowerBound)
                }
            } catch {
                throw ByteSourceError(error)
            }
        }
    }

    /// Fills elements that were never written.
    private func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        let value = dataset.fillValue
        guard !value.isEmpty else {
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            return
        }
        for start in stride(from: 0, to: buffer.count - value.count + 1, by: value.count) {
            UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + value.count]).copyBytes(from: value)
        }
    }

    /// Reads a chunk and undoes its filters, to fill `target` exactly.
    private func decode(
        _ stored: ChunkTable.Chunk, isPartial: Bool, into target: UnsafeMutableRawBufferPointer
    ) throws(HDF5Error) {
        func damaged(_ problem: String) -> HDF5Error { HDF5Error(.damaged, at: stored.byteOffset, "a chunk \(problem)") }
        var filters: [ChunkFilter] = []
        if !(isPartial && dataset.leavesPartialChunks) {
            for (place, filter) in dataset.filters.enumerated() where stored.mask & (1 << UInt32(place)) == 0 { filters.append(filter) }
        }
        guard !filters.isEmpty else {
            guard stored.byteCount == target.count else { throw damaged("has \(stored.byteCount) bytes instead of \(target.count)") }
            return try read(stored.byteOffset, into: target)
        }
        // No chunk that is deflated or compressed with LZF is larger than this, whatever it claims.
        guard target.count / 1040 <= stored.byteCount, stored.byteCount / 2 <= target.count + (1 << 16) else {
            throw damaged("of \(stored.byteCount) bytes cannot be one of \(target.count)")
        }
        var current = buffers[0].reserve(stored.byteCount)
        try read(stored.byteOffset, into: current)
        var next = 1
        for (place, filter) in filters.enumerated().reversed() {
            if filter.number == ChunkFilter.Number.fletcher32 {
                current = UnsafeMutableRawBufferPointer(rebasing: current[..<(try checked(current, at: stored.byteOffset))])
                continue
            }
            // What the filters before it made has the size of a chunk, and a checksum or so. The first filter makes the chunk itself.
            let room = place == 0 ? target : buffers[next].reserve(target.count + target.count / 8 + 4096)
            let count: Int?
            switch filter.number {
            case ChunkFilter.Number.deflate: count = inflate(UnsafeRawBufferPointer(current), into: room)
            case ChunkFilter.Number.lzf: count = LZF.decompress(UnsafeRawBufferPointer(current), into: room)
            default:
                guard current.count <= room.count, let source = current.baseAddress, let base = room.baseAddress else {
                    throw damaged("of \(current.count) bytes is one of \(target.count)")
                }
                Shuffling.undo(
                    source, into: base, byteCount: current.count,
                    elementByteCount: Int(filter.values.first ?? UInt32(dataset.grid.elementByteCount)))
                count = current.count
            }
            guard let count else { throw damaged("cannot be decompressed by \(filter.text) to its \(target.count) bytes") }
            current = UnsafeMutableRawBufferPointer(rebasing: room[..<count])
            next = 1 - next
        }
        guard current.count == target.count else { throw damaged("has \(current.count) bytes instead of \(target.count)") }
        if current.baseAddress != target.baseAddress { target.copyMemory(from: UnsafeRawBufferPointer(current)) }
    }

    private func read(_ byteOffset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(HDF5Error) {
        do throws(ContainerError) { try dataset.container.readRaw(at: byteOffset, into: buffer) } catch { throw HDF5Error(error) }
    }

    /// Verifies the checksum after the bytes of a chunk, and returns the number of bytes before it.
    private func checked(_ bytes: UnsafeMutableRawBufferPointer, at byteOffset: Int) throws(HDF5Error) -> Int {
        guard bytes.count >= 4 else { throw HDF5Error(.damaged, at: byteOffset, "a chunk has no room for its checksum") }
        let count = bytes.count - 4
        let wanted = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: count, as: UInt32.self))
        let found = Fletcher32.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        // Libraries before 1.6.3 swapped the bytes of both halves on little-endian machines.
        let swapped = (found & 0x00FF_00FF) << 8 | (found & 0xFF00_FF00) >> 8
        guard wanted == found || wanted == swapped else {
            throw HDF5Error(
                .checksum, at: byteOffset,
                "a chunk has the checksum 0x\(String(found, radix: 16)), and 0x\(String(wanted, radix: 16)) is stored")
        }
        return count
    }

    /// Decompresses a chunk in the format of zlib.
    ///
    /// - Returns: the number of bytes written; nil if the bytes are damaged, or decompress to more than there is room for.
    private func inflate(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
        guard let input = UInt32(exactly: source.count), let output = UInt32(exactly: target.count), let base = target.baseAddress else {
            return nil
        }
        if let stream {
            guard inflateReset(stream) == Z_OK else { return nil }
        } else {
            let created = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
            created.initialize(to: z_stream())
            guard inflateInit_(created, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
                created.deallocate()
                return nil
            }
            stream = created
        }
        guard let stream else { return nil }
        // zlib does not write to its input, and has no const for it in older versions.
        stream.pointee.next_in = UnsafeMutableRawPointer(mutating: source.baseAddress)?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = input
        stream.pointee.next_out = base.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = output
        guard CZlib.inflate(stream, Z_FINISH) == Z_STREAM_END else { return nil }
        return target.count - Int(stream.pointee.avail_out)
    }
}

extension ByteSourceError {
    /// Makes the error of a source whose chunks are those of an HDF5 file.
    fileprivate init(_ error: HDF5Error) {
        let kind: ContainerError.Kind =
            switch error.kind {
            case .truncated: .truncated
            case .checksum: .checksumMismatch
            case .unsupported, .tooLarge: .unsupported
            case .damaged: .damaged
            case .reading: error.container?.kind ?? .readFailed
            }
        self.init(
            kind: kind, byteOffset: error.byteOffset, problem: error.problem, found: error.container?.found,
            allowed: error.container?.allowed, remedy: error.remedy)
    }
}
