/// The values of a dictionary, as they stand at one record batch.
final class DictionaryValues {
    /// The messages that they were read from.
    let messages: Range<Int>
    /// The number of values.
    private(set) var count = 0
    /// Values of a fixed size.
    let numbers = ArrowMemory()
    /// Values that are bytes of any number.
    private(set) var spans: [UnsafeRawBufferPointer] = []
    /// 0 for each value that is null.
    private(set) var flags: [UInt8] = []
    /// The readers whose memory the spans are in.
    private var readers: [LeafReader] = []

    /// Reads the values of some messages of a dictionary, one after another.
    init(_ file: ArrowFile, _ column: ArrowColumn, _ places: [ArrowFile.DictionaryPlace], _ messages: Range<Int>) throws(ArrowFault) {
        self.messages = messages
        let node = ArrowColumn.Node(index: 0, bufferIndex: 0, viewsBefore: 0, hasValidity: true)
        let isFixed = if case .fixed = column.storage { true } else { false }
        var taken = 0
        for place in places[messages] {
            let memory = ArrowMemory()
            let metadata = place.message.metadata
            memory.reserve(metadata.count)
            try file.read(metadata, into: memory)
            let bufferCount = if case .bytes = column.storage { 3 } else { 2 }
            let header = try BatchHeader(
                memory, byteCount: metadata.count, bodyByteOffset: place.message.bodyByteOffset, bodyByteCount: place.message.bodyByteCount,
                nodeCount: 1, bufferCount: bufferCount, viewCount: column.storage == .views ? 1 : 0)
            let reader = LeafReader(file)
            try reader.begin(header, node, column.storage, byteCount: column.byteCount)
            // A flag, and a value or a span.
            let size = reader.count.multipliedReportingOverflow(by: 1 + max(16, column.byteCount))
            func take(_ byteCount: Int) throws(ArrowFault) {
                guard byteCount <= file.limits.byteCount - taken else {
                    throw ArrowFault(.tooLarge, "its dictionary takes more memory than the \(file.limits.byteCount) bytes that are allowed")
                }
                taken += byteCount
            }
            try take(size.overflow ? .max : size.partialValue)
            var more = [UInt8](repeating: 1, count: reader.count)
            try more.withUnsafeMutableBufferPointer { more throws(ArrowFault) in
                guard let base = more.baseAddress else { return }
                try reader.readValidity(from: 0, count: reader.count, into: base)
                if isFixed {
                    numbers.reserve((count + reader.count) * column.byteCount, keeping: count * column.byteCount)
                    try reader.readFixed(from: 0, count: reader.count, into: numbers.base + count * column.byteCount)
                } else {
                    var found: [UnsafeRawBufferPointer] = []
                    try reader.readSpans(from: 0, count: reader.count, flags: base, into: &found)
                    try take(found.reduce(0) { $0 + $1.count })
                    spans += found
                    readers.append(reader)
                }
            }
            flags += more
            count += reader.count
        }
    }
}
