/// The checksum of HDF5's structures: Bob Jenkins' `hashlittle` of lookup3.c, with the initial value 0.
enum Lookup3 {
    /// Computes the checksum. O(bytes).
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        // The function is defined modulo 2^32: all its sums and differences wrap.
        var a: UInt32 = 0xdead_beef &+ UInt32(truncatingIfNeeded: bytes.count)
        var (b, c) = (a, a)
        var position = 0
        func word(_ offset: Int) -> UInt32 { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position + offset, as: UInt32.self)) }
        while bytes.count - position > 12 {
            a = a &+ word(0)
            b = b &+ word(4)
            c = c &+ word(8)
            a = (a &- c) ^ rotated(c, 4)
            c = c &+ b
            b = (b &- a) ^ rotated(a, 6)
            a = a &+ c
            c = (c &- b) ^ rotated(b, 8)
            b = b &+ a
            a = (a &- c) ^ rotated(c, 16)
            c = c &+ b
            b = (b &- a) ^ rotated(a, 19)
            a = a &+ c
            c = (c &- b) ^ rotated(b, 4)
            b = b &+ a
            position += 12
        }
        guard position < bytes.count else { return c }
        for index in position..<bytes.count {
            let (place, shift) = (index - position).quotientAndRemainder(dividingBy: 4)
            let value = UInt32(bytes[index]) << UInt32(8 * shift)
            switch place {
            case 0: a = a &+ value
            case 1: b = b &+ value
            default: c = c &+ value
            }
        }
        c = (c ^ b) &- rotated(b, 14)
        a = (a ^ c) &- rotated(c, 11)
        b = (b ^ a) &- rotated(a, 25)
        c = (c ^ b) &- rotated(b, 16)
        a = (a ^ c) &- rotated(c, 4)
        b = (b ^ a) &- rotated(a, 14)
        c = (c ^ b) &- rotated(b, 24)
        return c
    }

    private static func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 { value << count | value >> (32 - count) }
}
