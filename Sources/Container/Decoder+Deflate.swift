/// Decodes frames of deflate whose sizes are known: blocks of BGZF, and a member of a zip archive.
extension Decoder {
    /// A zip archive's member that is being decoded.
    struct DeflatedMember {
        let extent: Extent
        let byteCount: Int
        var decodedByteCount = 0
        /// The offset in the file of the member's next byte.
        var byteOffset: Int
    }

    /// The decoder's inflater; created when it is first needed.
    func inflater() -> Inflater {
        if let inflaterIfAny { return inflaterIfAny }
        let inflater = Inflater()
        inflaterIfAny = inflater
        return inflater
    }

    func readDeflated(
        _ file: ContainerFile, into buffer: UnsafeMutableRawBufferPointer, filled: inout Int
    ) throws(ContainerError) {
        while filled < buffer.count {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            if deflated != nil {
                try goOn(file, into: room, filled: &filled)
                continue
            }
            if nextFrameIndex == endFrameIndex { return }
            let extent = Extent(
                index: nextFrameIndex, byteOffset: file.frames.byteOffset(of: nextFrameIndex),
                byteEnd: file.frames.byteEnd(of: nextFrameIndex))
            let byteCount = file.frames.decodedByteCount(of: nextFrameIndex) ?? 0
            if byteCount > Self.wholeFrameByteCount {
                inflater().reset()
                deflated = DeflatedMember(extent: extent, byteCount: byteCount, byteOffset: extent.byteOffset)
                bytesAhead.startPrefetch(at: extent.byteOffset)
            } else if byteCount <= room.count {
                try decodeWhole(extent, into: UnsafeMutableRawBufferPointer(rebasing: room[..<byteCount]), file)
                filled += byteCount
                nextFrameIndex += 1
            } else if filled > 0 {
                return
            } else {
                ReadAhead.grow(&scratch, to: byteCount, keeping: 0)
                try decodeWhole(extent, into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<byteCount]), file)
                scratchRange = 0..<byteCount
                nextFrameIndex += 1
                filled = takeScratch(into: buffer)
                return
            }
        }
    }

    private func decodeWhole(
        _ extent: Extent, into output: UnsafeMutableRawBufferPointer, _ file: ContainerFile
    ) throws(ContainerError) {
        if file.compression == .gzipBlocks { return try decodeBlock(extent, into: output, file) }
        inflater().reset()
        var member = DeflatedMember(extent: extent, byteCount: output.count, byteOffset: extent.byteOffset)
        var filled = 0
        // With room for all of it, it comes to its end or to an error.
        _ = try fill(output, &filled, of: &member, file)
    }

    /// Decompresses a block of BGZF, which must fill `output` exactly.
    private func decodeBlock(
        _ extent: Extent, into output: UnsafeMutableRawBufferPointer, _ file: ContainerFile
    ) throws(ContainerError) {
        func error(_ fault: FrameFault) -> ContainerError {
            fault.error(file.stored, extent.index, extent.byteOffset, hints: file.sizesAreHints, term: file.compression.frameTerm)
        }
        let bytes = try bytesAhead.load(extent.byteOffset, count: extent.byteCount)
        let trailerByteOffset = extent.byteCount - GzipHeader.trailerByteCount
        guard case .member(let header) = GzipStart(bytes), header.byteCount <= trailerByteOffset,
            bytes.littleEndian(UInt32.self, at: trailerByteOffset + 4) == output.count
        else {
            // It did when the file was opened.
            throw ContainerError(
                path: file.path, kind: .fileChanged, frameIndex: extent.index, frameTerm: file.compression.frameTerm,
                byteOffset: extent.byteOffset, problem: "the file was changed while it was being read", remedy: "let it be finished first")
        }
        let checksum = bytes.littleEndian(UInt32.self, at: trailerByteOffset)
        let inflater = inflater()
        inflater.reset()
        var filled = 0
        var byteOffset = extent.byteOffset + header.byteCount
        let byteEnd = extent.byteEnd - GzipHeader.trailerByteCount
        switch try inflater.fill(output, &filled, from: bytesAhead, at: &byteOffset, upTo: byteEnd) {
        case .end: break
        case .full:
            throw error(
                .contradiction("it decompresses to another size than its trailer says", found: "more", wanted: "\(output.count) bytes"))
        case .inputEnd:
            throw error(.contradiction("its data does not end within it", found: "more", wanted: "\(extent.byteCount) bytes"))
        case .damaged(let words): throw error(.undecodable(words))
        case .outOfMemory: throw error(.memory)
        }
        guard byteOffset == byteEnd else {
            throw error(
                .contradiction(
                    "its data ends before it does", found: "\(byteOffset + GzipHeader.trailerByteCount - extent.byteOffset) bytes",
                    wanted: "\(extent.byteCount)"))
        }
        guard inflater.checksum == checksum else {
            throw error(.checksum(source: "in its trailer", found: inflater.checksum, wanted: checksum))
        }
        guard filled == output.count else {
            throw error(
                .contradiction(
                    "it decompresses to another size than its trailer says", found: "\(filled) bytes", wanted: "\(output.count)"))
        }
    }

    /// Decodes more of the member until `room` is full, or the member has ended and is verified.
    private func goOn(
        _ file: ContainerFile, into room: UnsafeMutableRawBufferPointer, filled: inout Int
    ) throws(ContainerError) {
        guard var member = deflated else { return }
        var count = 0
        let isAtEnd = try fill(room, &count, of: &member, file)
        filled += count
        deflated = isAtEnd ? nil : member
        if isAtEnd { nextFrameIndex += 1 }
    }

    /// Decodes more of `member`, up to the size that the archive's directory gives.
    ///
    /// - Returns: Whether it has ended, and has the size and the checksum that the directory gives.
    private func fill(
        _ output: UnsafeMutableRawBufferPointer, _ filled: inout Int, of member: inout DeflatedMember, _ file: ContainerFile
    ) throws(ContainerError) -> Bool {
        let offset = member.extent.byteOffset
        let byteEnd = member.extent.byteEnd
        func error(_ fault: FrameFault) -> ContainerError { fault.error(file.stored, nil, offset) }
        func sizeFault(_ found: String) -> FrameFault {
            .damaged("it decompresses to another size than the archive's directory says", found: found, wanted: "\(member.byteCount) bytes")
        }
        let inflater = inflater()
        let room = UnsafeMutableRawBufferPointer(rebasing: output[..<min(output.count, member.byteCount - member.decodedByteCount)])
        var stop = try inflater.fill(room, &filled, from: bytesAhead, at: &member.byteOffset, upTo: byteEnd)
        member.decodedByteCount += filled
        if case .full = stop {
            if member.decodedByteCount < member.byteCount { return false }
            // All bytes of the member have come, and the stream has not ended: one more byte is too much.
            var excess: UInt8 = 0
            var excessCount = 0
            stop = try withUnsafeMutableBytes(of: &excess) { (bytes) throws(ContainerError) in
                try inflater.fill(bytes, &excessCount, from: bytesAhead, at: &member.byteOffset, upTo: byteEnd)
            }
            if excessCount > 0 { throw error(sizeFault("more")) }
        }
        switch stop {
        case .end: break
        case .full: throw error(sizeFault("more"))
        case .inputEnd:
            throw error(.damaged("its compressed data does not end where the archive's directory says", found: "more", wanted: nil))
        case .damaged(let words): throw error(.undecodable(words))
        case .outOfMemory: throw error(.memory)
        }
        guard member.decodedByteCount == member.byteCount else { throw error(sizeFault("\(member.decodedByteCount) bytes")) }
        guard member.byteOffset == byteEnd else {
            throw error(
                .damaged(
                    "its compressed data ends before the archive's directory says", found: "\(member.byteOffset - offset) bytes",
                    wanted: "\(byteEnd - offset)"))
        }
        if let checksum = file.memberChecksum, checksum != inflater.checksum {
            throw error(.checksum(source: "in the archive's directory", found: inflater.checksum, wanted: checksum))
        }
        return true
    }
}
