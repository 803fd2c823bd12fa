internal import Container
internal import Elements
internal import Engine
internal import Formats
internal import Scoring
internal import WorkStealing
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Predictions and labels that are made in memory, as seekable zstd in frames of 1 MiB, or predictions as Parquet.
struct SyntheticDump: Sendable {
    /// The number of decoded bytes in a frame. Frames are cut at this size, as a compressor does that knows nothing of rows.
    static let frameByteCount = 1 << 20

    /// The predictions; nil if only labels were made.
    let predictions: MemorySource?
    /// The labels; nil for a task without labels.
    let labels: MemorySource?

    /// Makes predictions and labels.
    init(_ shape: SyntheticShape, _ specification: LossSpecification, seed: UInt64, _ cancellation: Cancellation) throws(EngineError) {
        var rows = SyntheticRows(specification, classCount: shape.classCount, shape.element, seed: seed)
        let rowByteCount = rows.rowByteCount + rows.labelByteCount
        try Self.checkMemory(rowCount: shape.rowCount, rowByteCount: rowByteCount)
        var predictions = try FrameCut(
            shape.element, shape: specification.task.isSingleValued ? [shape.rowCount] : [shape.rowCount, shape.classCount],
            level: shape.level, name: "predictions")
        var labels: FrameCut?
        if let type = rows.labelType {
            labels = try FrameCut(
                type, shape: rows.labelCount == 1 ? [shape.rowCount] : [shape.rowCount, rows.labelCount], level: shape.level,
                name: "labels")
        }
        let (values, targets) = (ByteBuffer(), ByteBuffer())
        try Self.inBlocks(of: Self.frameByteCount / rowByteCount, rowCount: shape.rowCount, cancellation) { count throws(EngineError) in
            rows.fill(values, targets, rowCount: count)
            try predictions.append(UnsafeRawBufferPointer(values.room(from: 0, count: count * rows.rowByteCount)))
            try labels?.append(UnsafeRawBufferPointer(targets.room(from: 0, count: count * rows.labelByteCount)))
        }
        let frames = try predictions.finish()
        switch shape.layout {
        case .frames: self.predictions = frames
        case .planes: self.predictions = MemorySource(name: frames.name, bytes: try Packing.parquetBytes(of: frames))
        }
        self.labels = try labels?.finish()
    }

    /// Makes labels alone for given predictions, for a task with one label a row.
    init(
        labelsFor specification: LossSpecification, rowCount: Int, classCount: Int, seed: UInt64, _ cancellation: Cancellation
    ) throws(EngineError) {
        // The element type does not matter, since no values are made.
        var rows = SyntheticRows(specification, classCount: classCount, .float32, seed: seed)
        predictions = nil
        guard let type = rows.labelType else {
            labels = nil
            return
        }
        try Self.checkMemory(rowCount: rowCount, rowByteCount: rows.labelByteCount)
        var cut = try FrameCut(type, shape: [rowCount], level: 3, name: "labels")
        let buffer = ByteBuffer()
        try Self.inBlocks(of: Self.frameByteCount / rows.labelByteCount, rowCount: rowCount, cancellation) { count throws(EngineError) in
            rows.fillLabels(buffer, rowCount: count)
            try cut.append(UnsafeRawBufferPointer(buffer.room(from: 0, count: count * rows.labelByteCount)))
        }
        labels = try cut.finish()
    }

    /// Calls `body` with the sizes of blocks that make up `rowCount` rows.
    private static func inBlocks(
        of blockRowCount: Int, rowCount: Int, _ cancellation: Cancellation, _ body: (_ rowCount: Int) throws(EngineError) -> Void
    ) throws(EngineError) {
        var row = 0
        while row < rowCount {
            if cancellation.isCancelled { throw EngineError(cancelledBefore: "anything was measured") }
            let count = min(max(1, blockRowCount), rowCount - row)
            try body(count)
            row += count
        }
    }

    /// Throws if the dump would take more than half of the machine's memory. Random values hardly compress.
    static func checkMemory(rowCount: Int, rowByteCount: Int) throws(EngineError) {
        let (byteCount, overflow) = rowCount.multipliedReportingOverflow(by: rowByteCount)
        let memory = Int(sysconf(Int32(_SC_PHYS_PAGES))).multipliedReportingOverflow(by: Int(sysconf(Int32(_SC_PAGESIZE))))
        let limit = memory.overflow || memory.partialValue <= 0 ? Int.max : memory.partialValue / 2
        guard !overflow, byteCount <= limit else {
            throw EngineError(
                usage: "\(rowCount) rows of \(rowByteCount) bytes do not fit in half of this machine's memory, which is \(limit) bytes",
                remedy: "make fewer rows, or name the files of a dump")
        }
    }
}

/// An array that is cut into frames at fixed byte counts.
private struct FrameCut {
    private let name: String
    private var bytes: [UInt8] = []
    private var writer: SeekableWriter
    private var pending: [UInt8]

    init(_ type: ElementType, shape: [Int], level: Int, name: String) throws(EngineError) {
        self.name = name
        writer = SeekableWriter(level: level)
        pending = NPYHeader.encode(elementType: type, shape: shape)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(EngineError) {
        pending += bytes
        var start = 0
        while pending.count - start >= SyntheticDump.frameByteCount {
            try write(start..<start + SyntheticDump.frameByteCount)
            start += SyntheticDump.frameByteCount
        }
        if start > 0 { pending.removeFirst(start) }
    }

    private mutating func write(_ range: Range<Int>) throws(EngineError) {
        do {
            bytes += try writer.frame(of: pending[range])
        } catch {
            throw EngineError(usage: "a dump cannot be made in memory: \(error)", remedy: "make a smaller one, or name the files of one")
        }
    }

    consuming func finish() throws(EngineError) -> MemorySource {
        if !pending.isEmpty { try write(0..<pending.count) }
        bytes += writer.seekTable()
        return MemorySource(name: name, bytes: bytes)
    }
}
