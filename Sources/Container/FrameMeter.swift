import CZstd

/// Finds the decompressed sizes of single frames by decompressing them.
final class FrameMeter {
    private static let pieceByteCount = 128 << 10

    private let file: StoredBytes
    private let maximumWindowByteCount: Int
    private let context: OpaquePointer?
    private let input: UnsafeMutableRawBufferPointer
    private let output: UnsafeMutableRawBufferPointer

    init(_ file: StoredBytes, options: ContainerOptions) {
        self.file = file
        maximumWindowByteCount = options.maximumWindowByteCount
        context = ZSTD_createDCtx()
        input = .allocate(byteCount: Self.pieceByteCount, alignment: 64)
        output = .allocate(byteCount: Self.pieceByteCount, alignment: 64)
    }

    deinit {
        ZSTD_freeDCtx(context)
        input.deallocate()
        output.deallocate()
    }

    /// The decompressed size of the frame that fills `range`.
    ///
    /// - Returns: nil where the frame does not end at the range's end, or is larger than `steps` of its windows.
    /// - Throws: The errors that decompressing the frame gives.
    func decodedByteCount(of range: Range<Int>, index: Int, steps: Int) throws(ContainerError) -> Int? {
        guard let context else { throw FrameFault.memory.error(file, index, range.lowerBound) }
        var position = range.lowerBound
        var inBuffer = ZSTD_inBuffer(src: input.baseAddress, size: 0, pos: 0)
        var total = 0
        var bound = Int.max
        while true {
            if inBuffer.pos == inBuffer.size {
                let count = min(input.count, range.upperBound - position)
                if count == 0 { return nil }
                try file.read(at: position, into: UnsafeMutableRawBufferPointer(rebasing: input[..<count]))
                inBuffer.size = count
                inBuffer.pos = 0
                if position == range.lowerBound {
                    guard case .data(let header) = FrameStart(UnsafeRawBufferPointer(rebasing: input[..<min(count, 18)])) else {
                        return nil
                    }
                    if let fault = ZstdStream.begin(context, header, maximumWindowByteCount: maximumWindowByteCount) {
                        throw fault.error(file, index, range.lowerBound)
                    }
                    let (product, overflow) = header.windowByteCount.multipliedReportingOverflow(by: UInt64(steps))
                    bound = overflow ? Int.max : Int(clamping: product)
                }
                position += count
            }
            var outBuffer = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            let code = ZSTD_decompressStream(context, &outBuffer, &inBuffer)
            if ZSTD_isError(code) != 0 { throw ZstdStream.fault(code).error(file, index, range.lowerBound) }
            total += outBuffer.pos
            if total > bound { return nil }
            if code == 0 { return position == range.upperBound && inBuffer.pos == inBuffer.size ? total : nil }
        }
    }
}
