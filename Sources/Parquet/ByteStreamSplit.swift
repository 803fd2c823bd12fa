/// BYTE_STREAM_SPLIT: first the lowest byte of each value, then the second of each, and so on.
enum ByteStreamSplit {
    /// Puts values together from their planes. O(bytes).
    ///
    /// Unsafe: `planes` has `count * byteCount` bytes, `target` room for as many, and they do not overlap.
    static func join(_ planes: UnsafeRawPointer, count: Int, byteCount: Int, into target: UnsafeMutableRawPointer) {
        let source = planes.assumingMemoryBound(to: UInt8.self)
        switch byteCount {
        case 2: join2(source, count, target)
        case 4: join4(source, count, target)
        case 8: join8(source, count, target)
        default:
            let bytes = target.assumingMemoryBound(to: UInt8.self)
            for plane in 0..<byteCount {
                let start = source + plane * count
                for index in 0..<count { bytes[index &* byteCount &+ plane] = start[index] }
            }
        }
    }

    // Simple loops, which LLVM turns into unpacking of vectors. `&*` so that each has one exit: offsets lie within the caller's memory.

    private static func join2(_ source: UnsafePointer<UInt8>, _ count: Int, _ target: UnsafeMutableRawPointer) {
        let (a, b) = (source, source + count)
        for index in 0..<count {
            let value = UInt16(a[index]) | UInt16(b[index]) << 8
            target.storeBytes(of: value.littleEndian, toByteOffset: index &* 2, as: UInt16.self)
        }
    }

    private static func join4(_ source: UnsafePointer<UInt8>, _ count: Int, _ target: UnsafeMutableRawPointer) {
        let (a, b, c, d) = (source, source + count, source + 2 * count, source + 3 * count)
        for index in 0..<count {
            let low = UInt32(a[index]) | UInt32(b[index]) << 8
            let value = low | UInt32(c[index]) << 16 | UInt32(d[index]) << 24
            target.storeBytes(of: value.littleEndian, toByteOffset: index &* 4, as: UInt32.self)
        }
    }

    private static func join8(_ source: UnsafePointer<UInt8>, _ count: Int, _ target: UnsafeMutableRawPointer) {
        let (a, b, c, d) = (source, source + count, source + 2 * count, source + 3 * count)
        let (e, f, g, h) = (source + 4 * count, source + 5 * count, source + 6 * count, source + 7 * count)
        for index in 0..<count {
            let low = UInt32(a[index]) | UInt32(b[index]) << 8 | UInt32(c[index]) << 16 | UInt32(d[index]) << 24
            let high = UInt32(e[index]) | UInt32(f[index]) << 8 | UInt32(g[index]) << 16 | UInt32(h[index]) << 24
            let value = UInt64(low) | UInt64(high) << 32
            target.storeBytes(of: value.littleEndian, toByteOffset: index &* 8, as: UInt64.self)
        }
    }
}
