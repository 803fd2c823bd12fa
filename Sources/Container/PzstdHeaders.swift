/// The skippable frames that `pzstd` puts before each of its frames: magic 0x184D2A50, four bytes of content, the
/// compressed size of the frame that follows (zstd's `contrib/pzstd`, SkippableFrame.h).
enum PzstdHeaders {
    private static let byteCount = 12
    private static let contentByteCount = 4

    /// Returns true if `bytes`, the first of a file, are such a header.
    static func begin(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.count >= byteCount && FrameStart(bytes) == .skippable(variant: 0, contentByteCount: contentByteCount)
    }

    /// The frames of `file` as its skippable frames give them; nil where they do not lead from frame to frame up to the end.
    ///
    /// Time is proportional to the number of frames. pzstd gives no frame a content size; see `learnSizes`.
    static func frames(of file: StoredBytes) throws(ContainerError) -> FrameTable? {
        let window = HeaderWindow(file)
        var table = FrameTable()
        var position = 0
        while position < file.byteCount {
            var bytes = try window.look(at: position)
            guard begin(bytes) else { return nil }
            let size = Int(bytes.littleEndian(UInt32.self, at: 8))
            let start = position + byteCount
            guard size <= file.byteCount - start else { return nil }
            bytes = try window.look(at: start)
            guard case .data(let header) = FrameStart(bytes), header.dictionaryID == 0 else { return nil }
            position = start + size
            var decodedByteCount = header.contentByteCount.map { Int(clamping: $0) }
            if size <= 64 {
                // Perhaps the empty frame that ends a file whose size is a multiple of the step: only its block can tell.
                var walk = FrameWalk(file, from: start, window: window)
                guard let frame = try? walk.next(), frame.byteEnd == position else { return nil }
                if frame.isEmpty { continue }
                decodedByteCount = frame.decodedByteCount
            }
            if decodedByteCount == 0 { return nil }
            guard table.append(byteOffset: start, byteEnd: position, decodedByteCount: decodedByteCount, checksum: nil) else {
                return nil
            }
        }
        return table
    }

    /// Finds the decoded sizes that pzstd does not write.
    ///
    /// pzstd cuts its input into steps of one size, and only the last frame is shorter. So the first and the last frame
    /// are decompressed here, and the others are taken to have the first one's size: each is held to it when it is
    /// decompressed (`.seekTableLies`). The step is at most four windows, which bounds the time that is spent.
    ///
    /// - Returns: false, and nothing changes, where the sizes stay unknown: for a single frame, and for a file that is not cut in steps.
    static func learnSizes(of table: inout FrameTable, in file: StoredBytes, options: ContainerOptions) throws(ContainerError) -> Bool {
        guard table.count > 1 else { return false }
        let meter = FrameMeter(file, options: options)
        let first = table.byteOffset(of: 0)..<table.byteEnd(of: 0)
        guard let step = try meter.decodedByteCount(of: first, index: 0, steps: 4), step > 0 else { return false }
        let lastIndex = table.count - 1
        let last = table.byteOffset(of: lastIndex)..<table.byteEnd(of: lastIndex)
        guard let rest = try meter.decodedByteCount(of: last, index: lastIndex, steps: 4), rest <= step else { return false }
        if rest == 0 {
            table.removeLast()
            return table.setDecodedByteCounts(step: step, last: step)
        }
        return table.setDecodedByteCounts(step: step, last: rest)
    }
}
