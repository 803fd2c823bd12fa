/// Recognition of formats that are often given in place of the right one, by their first bytes.
///
/// It serves messages only; nothing depends on it.
enum FileSignature {
    /// Names the format that the bytes look like, and the way from there to an array. Returns nil for other bytes.
    static func recognise(_ bytes: [UInt8]) -> (name: String, remedy: String)? {
        known.first { bytes.starts(with: $0.prefix) }.map { ($0.name, $0.remedy) }
    }

    private static let known: [(prefix: [UInt8], name: String, remedy: String)] = [
        ([0x50, 0x4B, 0x03, 0x04], "a zip archive, such as .npz", "unpack its arrays to .npy files first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd inside what was decompressed", "the file was compressed twice: decompress it once"),
        ([0x1F, 0x8B], "gzip", "decompress it with gzip -d first"),
        ([0x42, 0x5A, 0x68], "bzip2", "decompress it with bzip2 -d first"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz", "decompress it with xz -d first"),
        ([0x89, 0x48, 0x44, 0x46], "HDF5", "save the array with np.save"),
        ([0x50, 0x41, 0x52, 0x31], "Parquet", "save the columns with np.save"),
        ([0x41, 0x52, 0x52, 0x4F, 0x57, 0x31], "Arrow IPC", "save the columns with np.save"),
        ([0x80, 0x02], "a Python pickle", pickleRemedy),
        ([0x80, 0x03], "a Python pickle", pickleRemedy),
        ([0x80, 0x04], "a Python pickle", pickleRemedy),
        ([0x80, 0x05], "a Python pickle", pickleRemedy),
    ]

    private static let pickleRemedy = "save the array with np.save; a pickle is never read, since reading one can run code"
}
