/// The compression of h5py's filter `lzf`: literals, and copies of what came before.
///
/// A byte below 32 is followed by one literal more than it says. Of any other the upper three bits are the length of a copy less 2, where 7
/// says that a byte is to be added, and the lower five bits with the byte after them the distance less 1.
enum LZF {
    /// Decompresses bytes. O(decompressed bytes).
    ///
    /// - Returns: the number of bytes written; nil if the bytes are damaged, or decompress to more than there is room for.
    static func decompress(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Int? {
        guard let input = source.baseAddress, let output = target.baseAddress else { return source.isEmpty ? 0 : nil }
        var (read, written) = (0, 0)
        // Unsafe: each access is within the two buffers, as the guards before it have it.
        while read < source.count {
            let head = Int(input.load(fromByteOffset: read, as: UInt8.self))
            read += 1
            if head < 32 {
                let count = head + 1
                guard count <= source.count - read, count <= target.count - written else { return nil }
                (output + written).copyMemory(from: input + read, byteCount: count)
                read += count
                written += count
                continue
            }
            var count = head >> 5
            if count == 7 {
                guard read < source.count else { return nil }
                count += Int(input.load(fromByteOffset: read, as: UInt8.self))
                read += 1
            }
            count += 2
            guard read < source.count else { return nil }
            let distance = (head & 0x1F) << 8 + Int(input.load(fromByteOffset: read, as: UInt8.self)) + 1
            read += 1
            guard distance <= written, count <= target.count - written else { return nil }
            if distance >= count {
                (output + written).copyMemory(from: output + (written - distance), byteCount: count)
            } else {
                // The copy goes on with what it has written.
                for place in written..<written + count {
                    output.storeBytes(
                        of: output.load(fromByteOffset: place - distance, as: UInt8.self), toByteOffset: place, as: UInt8.self)
                }
            }
            written += count
        }
        return written
    }
}
