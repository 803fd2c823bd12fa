internal import CZstd
internal import Elements

/// The size and the speed of two layouts of the same rows, tried on one page: planes of bytes in a page of Parquet, and rows as they are in
/// a frame of zstd.
package struct LayoutTrial: Sendable {
    /// The result of a layout.
    package struct Figures: Sendable {
        /// The ratio of the rows' size to the stored size.
        package let ratio: Double
        /// The number of bytes of rows that one thread decodes in a second.
        package let decodedBytesPerSecond: Double
    }

    /// The page of planes.
    package let planes: Figures
    /// The frame of rows.
    package let frames: Figures

    /// The level of zstd in which frames are usually written.
    package static let usualFrameLevel = 3
    /// The number of rounds, of which the fastest counts.
    private static let roundCount = 5

    /// Encodes the rows in both layouts and decodes them some times. It takes some milliseconds for half a megabyte.
    ///
    /// - Returns: nil if there are no values, if they are not stored in planes, or if libzstd has no memory.
    package init?(_ rows: PageRows, of column: WrittenColumn, level: Int) {
        guard case .planes(let chosen)? = try? PageEncoder().choose(rows, of: column).coding else { return nil }
        self.init(rows, of: column, chosen, frameLevel: level)
    }

    /// Encodes the rows in both layouts and decodes them some times, with a coding of planes that has been chosen.
    package init?(_ rows: PageRows, of column: WrittenColumn, _ coding: PlaneCoding, frameLevel: Int) {
        guard rows.values.count > 0, column.isInPlanes, case .numbers(let type) = column.values, let source = rows.values.baseAddress,
            let context = ZSTD_createDCtx()
        else { return nil }
        defer { ZSTD_freeDCtx(context) }
        let count = rows.values.count / type.byteCount
        let byteCount = column.storedByteCount
        let compressor = PageCompressor()
        let encoder = PageEncoder()
        guard let page = try? encoder.encode(rows, of: column, .planes(coding)) else { return nil }
        let (decoded, joined, stored) = (PageMemory(), PageMemory(), PageMemory())
        decoded.reserve(count * byteCount)
        joined.reserve(count * byteCount)
        /// Decodes a frame some times, and returns the shortest time in seconds; nil if it is damaged.
        func seconds(_ frame: UnsafeRawBufferPointer, _ size: Int, _ then: () -> Void) -> Double? {
            stored.reserve(frame.count)
            stored.room(count: frame.count).copyMemory(from: frame)
            let clock = ContinuousClock()
            var best = Double.infinity
            for _ in 0..<Self.roundCount {
                let start = clock.now
                guard ZSTD_decompressDCtx(context, decoded.base, size, stored.base, frame.count) == size else { return nil }
                then()
                let elapsed = (clock.now - start).components
                best = min(best, Double(elapsed.seconds) + 1e-18 * Double(elapsed.attoseconds))
            }
            return max(best, 1e-9)
        }
        let values = encoder.planes(rows, column)
        guard let frame = try? compressor.compress(values, partCount: byteCount, coding),
            let planeSeconds = seconds(frame, count * byteCount, {
                ByteStreamSplit(planes: UnsafeRawPointer(decoded.base), count: count, byteCount: byteCount)
                    .join(from: 0, count: count, into: joined.base, .best)
            }),
            let whole = try? compressor.compress(
                UnsafeRawBufferPointer(start: source, count: rows.values.count), partCount: 1, .level(frameLevel)),
            let frameSeconds = seconds(whole, rows.values.count, {})
        else { return nil }
        let size = Double(rows.values.count)
        planes = Figures(ratio: size / Double(page.bytes.count), decodedBytesPerSecond: size / planeSeconds)
        frames = Figures(ratio: size / Double(whole.count), decodedBytesPerSecond: size / frameSeconds)
    }
}
