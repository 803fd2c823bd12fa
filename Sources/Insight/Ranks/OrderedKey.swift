/// Float64 values as integers of the same order.
enum OrderedKey {
    /// Returns a key that is larger for a larger number; −0 has that of 0. A NaN has a key beyond those of the infinities.
    @inline(__always)
    static func key(of number: Double) -> UInt64 {
        // + 0 makes −0 to 0.
        let bits = (number + 0).bitPattern
        // The sign bit is flipped, of negative numbers all bits are.
        return bits ^ (bits >> 63 == 0 ? 1 << 63 : .max)
    }

    /// Returns the number of a key.
    static func number(of key: UInt64) -> Double {
        Double(bitPattern: key ^ (key >> 63 == 1 ? 1 << 63 : .max))
    }
}
