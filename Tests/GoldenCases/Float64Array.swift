/// One-dimensional `.npy` files of f8, read from NumPy's description of the format and not by what is tested.
public enum Float64Array {
    /// The values of a file of version 1.0; throws on any other.
    public static func values(of bytes: some Sequence<UInt8>) throws -> [Double] {
        try words(of: bytes, type: "<f8").map { Double(bitPattern: $0) }
    }

    /// The same of an array of i8, such as class indices.
    static func integers(of bytes: some Sequence<UInt8>) throws -> [Int64] {
        try words(of: bytes, type: "<i8").map { Int64(bitPattern: $0) }
    }

    private static func words(of bytes: some Sequence<UInt8>, type: String) throws -> [UInt64] {
        let bytes = Array(bytes)
        guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8)), bytes[6] == 1 else {
            throw GoldenCaseError("no .npy of version 1")
        }
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        guard bytes.count >= start, String(decoding: bytes[10..<start], as: UTF8.self).contains("'descr': '\(type)'") else {
            throw GoldenCaseError("no .npy of \(type)")
        }
        guard (bytes.count - start) % 8 == 0 else { throw GoldenCaseError("the data end inside a value") }
        return stride(from: start, to: bytes.count, by: 8).map { place in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[place + $1]) << UInt64(8 * $1) }
        }
    }
}
