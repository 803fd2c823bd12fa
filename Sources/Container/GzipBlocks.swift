/// Finds the members of a gzip file in which every member says how large it is: BGZF (SAMv1, section 4.1).
enum GzipBlocks {
    /// The most bytes of a block, compressed or not.
    static let maximumByteCount = 64 << 10

    struct Found {
        var frames = FrameTable()
        /// True if the last block is empty. BGZF demands an empty last block, so that a file that was cut short is noticed.
        var hasEndBlock = false
    }

    /// The blocks with data, found by hopping from header to header: time proportional to their number.
    ///
    /// - Returns: nil where a member is no block. Then the file must be decompressed from its beginning, which also finds its fault if it
    ///   has one.
    /// - Throws: `.truncated` where the file ends inside a block; failures to read.
    static func find(in file: StoredBytes) throws(ContainerError) -> Found? {
        let window = HeaderWindow(file)
        let end = file.byteCount
        var found = Found()
        var inflater: Inflater?
        var byteOffset = 0
        var blockCount = 0
        while byteOffset < end {
            guard case .member(let header) = try GzipStart(window.look(at: byteOffset)) else { return nil }
            guard let byteCount = header.blockByteCount, byteCount > header.byteCount + GzipHeader.trailerByteCount else { return nil }
            let byteEnd = byteOffset + byteCount
            guard byteEnd <= end else {
                // Nothing shows that the first one is a block at all.
                if blockCount == 0 { return nil }
                throw FrameFault.truncated("inside a block", found: end - byteOffset, wanted: byteCount)
                    .error(file, blockCount, byteOffset, term: Compression.gzipBlocks.frameTerm)
            }
            let decodedByteCount = Int(try window.look(at: byteEnd - 4).littleEndian(UInt32.self, at: 0))
            guard decodedByteCount <= maximumByteCount else { return nil }
            if decodedByteCount == 0 {
                let inflaterNow = inflater ?? Inflater()
                inflater = inflaterNow
                guard try isEmpty(in: file, byteOffset + header.byteCount..<byteEnd - GzipHeader.trailerByteCount, inflaterNow) else {
                    return nil
                }
            } else {
                guard found.frames.append(byteOffset: byteOffset, byteEnd: byteEnd, decodedByteCount: decodedByteCount, checksum: nil)
                else { return nil }
            }
            found.hasEndBlock = decodedByteCount == 0
            byteOffset = byteEnd
            blockCount += 1
        }
        return found
    }

    /// Returns true if the deflate stream in `range` is complete and gives no byte.
    static func isEmpty(in file: StoredBytes, _ range: Range<Int>, _ inflater: Inflater) throws(ContainerError) -> Bool {
        let bytesAhead = ReadAhead()
        bytesAhead.start(file, range)
        inflater.reset()
        var byteOffset = range.lowerBound
        var filled = 0
        let stop = try inflater.fill(UnsafeMutableRawBufferPointer(start: nil, count: 0), &filled, from: bytesAhead, at: &byteOffset)
        guard case .end = stop else { return false }
        return byteOffset == range.upperBound
    }
}
