internal import Container

/// What the targets of containers have in common.
enum Reading {
    /// The most that is decoded of one file: small inputs can hold a lot.
    private static let decodedByteCountLimit = 4 << 20

    /// Decodes a file, and holds what comes against what is known of it.
    static func readAll(_ file: ContainerFile, bufferByteCount: Int, _ options: ContainerOptions) {
        let decoder = Decoder(options: options)
        decoder.start(wholeOf: file)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferByteCount, alignment: 64)
        defer { buffer.deallocate() }
        var decoded = 0
        do throws(ContainerError) {
            while decoded < decodedByteCountLimit {
                let wanted = decoder.nextByteCount
                precondition(wanted >= 0 && wanted <= 8 << 20, "a size beyond all promises")
                let count = try decoder.read(into: buffer)
                precondition(count <= buffer.count, "more than there is room for")
                if count == 0 {
                    if let known = file.decodedByteCount { precondition(decoded == known, "another size than was promised") }
                    precondition(decoder.nextByteCount == 0, "an end that is none")
                    break
                }
                precondition(wanted > 0, "data came although none was announced")
                decoded += count
            }
        } catch {
            precondition(!error.description.isEmpty)
        }
        precondition(decoder.allocatedByteCount <= 32 << 20, "memory beyond all promises")
    }

    /// Opens the file at `path` with and without its hints, and decodes it.
    static func open(_ path: String, bufferByteCount: Int) {
        for usesSeekTable in [true, false] {
            let options = ContainerOptions(maximumWindowByteCount: 8 << 20, usesSeekTable: usesSeekTable)
            if let file = try? ContainerFile(path: path, options: options) {
                var end = 0
                for frame in file.frames {
                    precondition(frame.byteOffset >= end && frame.byteCount > 0, "frames that overlap")
                    end = frame.byteOffset + frame.byteCount
                }
                precondition(end <= file.byteCount, "frames beyond the file")
                readAll(file, bufferByteCount: bufferByteCount, options)
            }
        }
    }
}
