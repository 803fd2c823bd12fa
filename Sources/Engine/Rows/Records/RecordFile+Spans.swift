internal import Container
internal import Formats

extension RecordFile {
    /// The least size of a unit of text in bytes, if the file is as large.
    static let leastUnitByteCount = 1 << 20

    /// The spans that can be decoded side by side; none if the file has to be read in order. They depend on the file alone.
    var spans: [FileSpan] {
        guard format.isCuttable, container.isCuttable, let byteCount = container.decodedByteCount else { return [] }
        let target = max(Self.leastUnitByteCount, byteCount / ArrayUnit.countLimit)
        var spans: [FileSpan] = []
        if container.compression == .none {
            var start = 0
            while start < byteCount {
                // The first span holds the whole header.
                let body = max(start, format.headerByteCount)
                let end = byteCount - body < 2 * target ? byteCount : body + target
                spans.append(.bytes(start..<end))
                start = end
            }
            return spans
        }
        // A unit is decoded whole, so its frames must not be large.
        guard container.frames.allSatisfy({ $0.decodedByteCount <= ArrayFile.randomAccessFrameLimit }) else { return [] }
        var (first, gathered) = (0, 0)
        for frame in container.frames {
            gathered += frame.decodedByteCount
            let least = first == 0 ? max(target, format.headerByteCount) : target
            guard gathered >= least || frame.index == container.frames.count - 1 else { continue }
            spans.append(.frames(first..<frame.index + 1))
            (first, gathered) = (frame.index + 1, 0)
        }
        return spans
    }
}
