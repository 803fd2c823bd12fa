/// A format that is often given in place of one that is read. It serves messages only.
///
/// A file is recognised by its first bytes, and a zip archive by the names of its members.
public struct FileSignature: Sendable, Equatable {
    /// The format in words: `a PyTorch file (torch.save)`.
    public let name: String
    /// The way from the file to one that is read.
    public let remedy: String

    /// The error for a file of this format.
    public var error: FormatError {
        FormatError(kind: .otherFormat, subject: "format", byteOffset: nil, found: name, allowed: "one that is read", remedy: remedy)
    }

    /// The number of first bytes by which all formats can be recognised.
    public static let byteCount = 1 << 10

    /// Recognises a format that is not read, by the first bytes of a decompressed file. Returns nil for all other bytes.
    ///
    /// Signatures of letters, such as Parquet's `PAR1`, may be the beginning of a text as well. They count only if control characters
    /// follow.
    public static func ofFile(_ bytes: some Collection<UInt8>) -> FileSignature? { ofBinary(bytes) ?? ofText(bytes) }

    /// Recognises a format that cannot be text.
    private static func ofBinary(_ bytes: some Collection<UInt8>) -> FileSignature? {
        let bytes = Array(bytes.prefix(byteCount))
        let isText = !bytes.contains { $0 < 0x20 && !(0x09...0x0D ~= $0) }
        if let found = known.first(where: { bytes.starts(with: $0.prefix) && !(isText && $0.isOfLetters) }) {
            return FileSignature(name: found.name, remedy: found.remedy)
        }
        // A mark and the length of the schema's message.
        if bytes.count >= 8, bytes.starts(with: [0xFF, 0xFF, 0xFF, 0xFF]), bytes[7] == 0, bytes[6] == 0, bytes[4] & 7 == 0,
            bytes[5] | bytes[4] != 0
        {
            return FileSignature(name: "an Arrow IPC stream", remedy: saveColumns)
        }
        if bytes.dropFirst(257).starts(with: Array("ustar".utf8)) {
            return FileSignature(name: "a tar archive", remedy: "unpack it with tar -xf, and give the files in it")
        }
        if bytes.count > 520, bytes.dropFirst(512).starts(with: hdf5) { return FileSignature(name: "HDF5", remedy: saveArray) }
        if isTFRecord(bytes) {
            return FileSignature(name: "TFRecord", remedy: "read it with tf.data.TFRecordDataset, and save the values with np.save")
        }
        return nil
    }

    /// Recognises a kind of text that holds no rows: a page of HTML, or the pointer that stands for a file in Git LFS. Returns nil for
    /// other texts.
    private static func ofText(_ bytes: some Collection<UInt8>) -> FileSignature? {
        let beginning = String(decoding: bytes.prefix(128), as: UTF8.self).lowercased()
        if beginning.hasPrefix("version https://git-lfs.github.com/spec/") {
            return FileSignature(name: "a pointer of Git LFS, not the file itself", remedy: "fetch it with git lfs pull")
        }
        if beginning.hasPrefix("<!doctype html") || beginning.hasPrefix("<html") {
            return FileSignature(name: "a page of HTML", remedy: "was an error page downloaded in place of the file?")
        }
        return nil
    }

    /// Recognises a zip archive by the names of its members. Returns nil for other archives.
    public static func ofZip(memberNames: [String]) -> FileSignature? {
        func has(_ suffix: String) -> Bool { memberNames.contains { $0 == suffix || $0.hasSuffix("/" + suffix) } }
        if has("data.pkl") || has("constants.pkl") { return pyTorch }
        if memberNames.contains("[Content_Types].xml") {
            return has("workbook.xml") || memberNames.contains { $0.hasPrefix("xl/") }
                ? FileSignature(name: "an Excel workbook (.xlsx)", remedy: "save the sheet as CSV")
                : FileSignature(name: "a document of Office", remedy: "save its table as CSV")
        }
        if memberNames.contains("mimetype"), memberNames.contains("content.xml") {
            return FileSignature(name: "an OpenDocument file", remedy: "save the sheet as CSV")
        }
        if has("model.weights.h5") { return FileSignature(name: "a Keras model", remedy: "save the model's predictions with np.save") }
        return nil
    }

    /// Recognises a format by the first bytes, as `ofFile` does, or a zip archive.
    static func recognise(_ bytes: some Collection<UInt8>) -> FileSignature? {
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            return FileSignature(name: "a zip archive, such as .npz", remedy: "unpack its arrays to .npy files first")
        }
        return ofFile(bytes)
    }

    private static let saveArray = "save the array with np.save"
    private static let saveColumns = "save the columns with np.save"
    private static let pickleRemedy = "save the array with np.save; a pickle is never read, since reading one can run code"
    private static let pyTorch = FileSignature(
        name: "a PyTorch file (torch.save)",
        remedy: "save the tensor with np.save(path, tensor.numpy()), or with safetensors.torch.save_file; "
            + "the pickle inside is never read, since reading one can run code")
    private static let hdf5: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

    private struct Known {
        let prefix: [UInt8]
        let name: String
        let remedy: String

        init(_ prefix: [UInt8], _ name: String, _ remedy: String) {
            self.prefix = prefix
            self.name = name
            self.remedy = remedy
        }

        init(_ prefix: String, _ name: String, _ remedy: String) { self.init(Array(prefix.utf8), name, remedy) }

        /// True if a text may begin with the same bytes.
        var isOfLetters: Bool { prefix.allSatisfy { 0x20...0x7E ~= $0 || $0 == 0x0A } }
    }

    // Longer prefixes go before shorter ones that they begin with.
    private static let known: [Known] = [
        Known([0x28, 0xB5, 0x2F, 0xFD], "zstd inside what was decompressed", "the file was compressed twice: decompress it once"),
        Known([0x1F, 0x8B], "gzip", "decompress it with gzip -d first"),
        Known([0x1F, 0x9D], "the format of compress", "decompress it with uncompress first"),
        Known("BZh", "bzip2", "decompress it with bzip2 -d first"),
        Known([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz", "decompress it with xz -d first"),
        Known([0x04, 0x22, 0x4D, 0x18], "lz4", "decompress it with lz4 -d first"),
        Known([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", "unpack it with 7z x, and give the files in it"),
        Known("Rar!", "a rar archive", "unpack it, and give the files in it"),
        Known(hdf5, "HDF5", saveArray),
        Known("MATLAB 7.3 MAT-file", "MATLAB 7.3 (HDF5)", "read it with h5py, and save the array with np.save"),
        Known("MATLAB 5.0 MAT-file", "a MATLAB file (.mat)", "read it with scipy.io.loadmat, and save the array with np.save"),
        Known("PAR1", "Parquet inside another file", "take it out: a Parquet file by itself is read"),
        Known("PARE", "Parquet that is encrypted", "write it without encryption"),
        Known("ARROW1", "Arrow IPC (Feather)", saveColumns),
        Known("FEA1", "Feather, version 1", saveColumns),
        Known("ORC", "ORC", "read it with pyarrow.orc, and save the columns with np.save"),
        Known("Obj\u{1}", "Avro", "write the records as JSON Lines, such as with avro-tools tojson"),
        Known(
            "SQLite format 3\u{0}", "an SQLite database", "write the table as CSV: sqlite3 -header -csv FILE 'SELECT …' > table.csv"),
        Known("GGUF", "GGUF, the weights of a model", "give the model's predictions, as arrays or text"),
        Known([0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19], pyTorch.name, pyTorch.remedy),
        Known([0x80, 0x02], "a Python pickle", pickleRemedy), Known([0x80, 0x03], "a Python pickle", pickleRemedy),
        Known([0x80, 0x04], "a Python pickle", pickleRemedy), Known([0x80, 0x05], "a Python pickle", pickleRemedy),
        Known("X\u{A}\u{0}\u{0}\u{0}", "R's .rds", "write the table in R with write.csv"),
        Known("RDX2\n", "R's .RData", "write the table in R with write.csv"),
        Known("RDX3\n", "R's .RData", "write the table in R with write.csv"),
        Known([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "an old Excel workbook (.xls)", "save the sheet as CSV"),
        Known("%PDF-", "PDF", "give the numbers themselves, as CSV"),
    ]

    /// Returns true if the bytes begin with the length of a record of TFRecord and the length's checksum.
    private static func isTFRecord(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 12, bytes[..<8].contains(where: { $0 != 0 }) else { return false }
        // CRC-32C (Castagnoli), bit by bit, and masked as TFRecord has it.
        var crc: UInt32 = .max
        for byte in bytes[..<8] {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
        }
        crc = ~crc
        // Wrapping: the mask is a rotation and a sum modulo 2^32.
        let masked = (crc >> 15 | crc << 17) &+ 0xA282_EAD8
        return (0..<4).allSatisfy { bytes[8 + $0] == UInt8(truncatingIfNeeded: masked >> (8 * UInt32($0))) }
    }
}
