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

    /// True if the format is HDF5, which is read from a file of its own.
    package var isHDF5: Bool { name.contains("HDF5") }

    /// The number of first bytes by which all formats can be recognised.
    public static let byteCount = 1 << 12

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
            return arrowStream
        }
        if isArrowWithoutMark(bytes) { return arrowStream }
        if bytes.dropFirst(257).starts(with: Array("ustar".utf8)) || isOldTar(bytes) {
            return FileSignature(name: "a tar archive", remedy: "unpack it with tar -xf, and give the files in it")
        }
        // A block of the user's may stand before the file.
        for byteOffset in [512, 1024, 2048] where bytes.count > byteOffset + 8 && bytes[byteOffset...].starts(with: hdf5) {
            return hdf5InOther
        }
        if isTFRecord(bytes) {
            return FileSignature(name: "TFRecord", remedy: "read it with tf.data.TFRecordDataset, and save the values with np.save")
        }
        if isMATLAB4(bytes) { return FileSignature(name: "a MATLAB file (.mat, version 4)", remedy: matlabRemedy) }
        if isOldPickle(bytes) {
            return FileSignature(
                name: "a Python pickle of protocol 0 or 1",
                remedy: "save the array with np.save, or with pickle.dump(array, file, protocol=4)")
        }
        if PickleFileReader.isPickle(bytes) {
            return FileSignature(
                name: "a Python pickle inside another file or from a pipe",
                remedy: "write it to a file first: its arrays are found before any of them is read")
        }
        if bytes.dropFirst(8).starts(with: Array("DUCK".utf8)), !isText {
            return FileSignature(name: "a DuckDB database", remedy: "write the table as CSV: COPY table TO 'table.csv'")
        }
        if bytes.count >= 8, (0..<4).allSatisfy({ 0x20...0x7E ~= bytes[2 * $0] && bytes[2 * $0 + 1] == 0 }) {
            return FileSignature(name: "text in UTF-16 without a mark", remedy: "convert it: iconv -f UTF-16LE -t UTF-8")
        }
        return nil
    }

    /// Recognises a kind of text that holds no rows: a page of HTML, or the pointer that stands for a file in Git LFS. Returns nil for
    /// other texts.
    private static func ofText(_ bytes: some Collection<UInt8>) -> FileSignature? {
        let isSpace = { (byte: UInt8) in byte == 0x20 || 0x09...0x0D ~= byte }
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let first = bytes.dropFirst(start).prefix(1 << 10).drop(while: isSpace).prefix(128)
        let beginning = String(decoding: first, as: UTF8.self).lowercased()
        if beginning.hasPrefix("version https://git-lfs.github.com/spec/") {
            return FileSignature(name: "a pointer of Git LFS, not the file itself", remedy: "fetch it with git lfs pull")
        }
        if beginning.hasPrefix("<!doctype html") || beginning.hasPrefix("<html") {
            return FileSignature(name: "a page of HTML", remedy: "was an error page downloaded in place of the file?")
        }
        if beginning.hasPrefix("<?xml") {
            return FileSignature(name: "XML", remedy: "write the table as CSV, or the records as JSON Lines")
        }
        if beginning.hasPrefix("{\\rtf") { return FileSignature(name: "a text with formats (RTF)", remedy: "save it as plain text") }
        if beginning.utf8.filter({ !isSpace($0) }).starts(with: Array("{\"cells\":[".utf8)) {
            return FileSignature(name: "a Jupyter notebook", remedy: "run it, and save the array with np.save")
        }
        // R's text form: a mark, its version, and two versions of R as numbers.
        let lines = beginning.split(separator: "\n", maxSplits: 4, omittingEmptySubsequences: false)
        let isOfR = { (line: Substring) in line.utf8.count == 6 && Int(line).map { $0 >= 0x20000 } == true }
        if lines.count == 5, lines[0] == "a", ["2", "3"].contains(lines[1]), isOfR(lines[2]), isOfR(lines[3]) {
            return FileSignature(name: "R's .rds", remedy: "write the table in R with write.csv")
        }
        return nil
    }

    /// Recognises an archive of another format by the beginning of its first member; nil for other archives and other bytes. It serves
    /// archives whose directory cannot be read, such as those that come from a pipe.
    public static func ofZip(beginningWith bytes: some Collection<UInt8>) -> FileSignature? {
        let bytes = Array(bytes.prefix(30 + 256))
        guard bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]), bytes.count > 30 else { return nil }
        let name = String(decoding: bytes[30...].prefix(Int(bytes[26]) | Int(bytes[27]) << 8), as: UTF8.self)
        if name == "mimetype" { return FileSignature(name: "an OpenDocument file", remedy: "save the sheet as CSV") }
        if ["docProps/", "_rels/", "xl/", "[Content_Types].xml"].contains(where: name.hasPrefix) {
            return FileSignature(name: "a document of Office, such as an Excel workbook (.xlsx)", remedy: "save the sheet as CSV")
        }
        return ofZip(memberNames: [name])
    }

    /// Recognises a zip archive by the names of its members. Returns nil for other archives.
    public static func ofZip(memberNames: [String]) -> FileSignature? {
        func has(_ suffix: String) -> Bool { memberNames.contains { $0 == suffix || $0.hasSuffix("/" + suffix) } }
        if has("constants.pkl") { return torchScript }
        if has("data.pkl") { return pyTorch }
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

    private static let matlabRemedy = "read it with scipy.io.loadmat, and save the array with np.save"
    private static let saveArray = "save the array with np.save"
    private static let arrowRemedy = "take it out: an Arrow file or stream by itself is read"
    private static let arrowStream = FileSignature(
        name: "an Arrow IPC stream that is damaged or inside another file", remedy: arrowRemedy)
    private static let pyTorch = FileSignature(
        name: "a PyTorch file (torch.save) inside another file or from a pipe",
        remedy: "write it to a file of its own: its directory is at its end; or save the tensor with np.save(path, tensor.numpy())")
    static let torchScript = FileSignature(
        name: "a TorchScript model (torch.jit.save)", remedy: "give the model's predictions: torch.save or np.save of its output")
    private static let zlibRemedy = "decompress it first, such as with Python's zlib.decompress"
    private static let imageRemedy = "give the numbers themselves, as an array or a table"
    private static let statisticsRemedy = "read it with pandas, and write the table with to_csv"
    private static let forkRemedy = "write it with llama.cpp itself, whose files begin with _logits_"
    private static let hdf5InOther = FileSignature(
        name: "HDF5 inside another file or from a pipe",
        remedy: "write it to a file first, decompressed: its datasets are found from many places of it")
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

        /// True if a text may begin with the same bytes. Six letters and more begin no table.
        var isOfLetters: Bool { prefix.count < 6 && prefix.allSatisfy { 0x20...0x7E ~= $0 || $0 == 0x0A } }
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
        Known(hdf5, hdf5InOther.name, hdf5InOther.remedy),
        Known("MATLAB 7.3 MAT-file", "MATLAB 7.3 (HDF5) inside another file or from a pipe", hdf5InOther.remedy),
        Known("MATLAB 5.0 MAT-file", "a MATLAB file (.mat)", matlabRemedy),
        Known("PAR1", "Parquet inside another file", "take it out: a Parquet file by itself is read"),
        Known("PARE", "Parquet that is encrypted", "write it without encryption"),
        Known("ARROW1", "Arrow IPC (Feather) inside another file", arrowRemedy),
        Known(
            "FEA1", "Feather, version 1",
            "write it again as version 2, such as with pyarrow.feather.write_feather"),
        Known("ORC", "ORC", "read it with pyarrow.orc, and save the columns with np.save"),
        Known("Obj\u{1}", "Avro", "write the records as JSON Lines, such as with avro-tools tojson"),
        Known(
            "SQLite format 3\u{0}", "an SQLite database", "write the table as CSV: sqlite3 -header -csv FILE 'SELECT …' > table.csv"),
        Known("GGUF", "GGUF, the weights of a model", "give the model's predictions, as arrays or text"),
        Known("X\u{A}\u{0}\u{0}\u{0}", "R's .rds", "write the table in R with write.csv"),
        Known("RDX2\n", "R's .RData", "write the table in R with write.csv"),
        Known("RDX3\n", "R's .RData", "write the table in R with write.csv"),
        Known([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "an old Excel workbook (.xls)", "save the sheet as CSV"),
        Known("%PDF-1", "PDF", "give the numbers themselves, as CSV"),
        Known("RDA2\nA\n", "R's .RData", "write the table in R with write.csv"),
        Known("RDA3\nA\n", "R's .RData", "write the table in R with write.csv"),
        Known([0x5D, 0x00, 0x00], "lzma", "decompress it with unlzma first"),
        Known([0xFF, 0x06, 0x00, 0x00, 0x73, 0x4E, 0x61, 0x50, 0x70, 0x59], "snappy", "decompress it first"),
        Known([0x78, 0x01], "zlib", zlibRemedy), Known([0x78, 0x5E], "zlib", zlibRemedy), Known([0x78, 0x9C], "zlib", zlibRemedy),
        Known([0x78, 0xDA], "zlib", zlibRemedy),
        Known([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A], "a picture (PNG)", imageRemedy),
        Known([0xFF, 0xD8, 0xFF], "a picture (JPEG)", imageRemedy),
        Known("CDF\u{1}", "NetCDF", saveArray), Known("CDF\u{2}", "NetCDF", saveArray), Known("CDF\u{5}", "NetCDF", saveArray),
        Known("SIMPLE  = ", "FITS", "read it with astropy.io.fits, and save the array with np.save"),
        Known("<stata_dta>", "Stata", statisticsRemedy), Known("$FL2", "SPSS", statisticsRemedy), Known("$FL3", "SPSS", statisticsRemedy),
        Known([UInt8](repeating: 0, count: 12) + [0xC2, 0xEA, 0x81, 0x60], "SAS", statisticsRemedy),
        Known("_logp16_", "a base file of a fork of llama.cpp (_logp16_)", forkRemedy),
        Known("_logp16n", "a base file of a fork of llama.cpp (_logp16n)", forkRemedy),
        Known("XENTPART", "a partial, the state that an evaluation leaves", "merge it with other partials, which gives its report"),
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

    /// Reads a number of four bytes, the lowest first. The bytes must be there.
    private static func number(_ bytes: [UInt8], at place: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
    }

    /// Returns true for an Arrow stream of a version before 0.15, which has no mark: the length of the schema's message comes first.
    private static func isArrowWithoutMark(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 64 else { return false }
        let (byteCount, root) = (number(bytes, at: 0), number(bytes, at: 4))
        guard byteCount % 8 == 0, 64...(1 << 24) ~= byteCount, root % 4 == 0, 8...32 ~= root else { return false }
        // The root table begins with the distance back to its list of fields, which lies between.
        let distance = number(bytes, at: 4 + root)
        return 4...root ~= distance && bytes[4 + root - distance + 1] == 0 && 4...32 ~= bytes[4 + root - distance]
    }

    /// Returns true for a tar archive without the mark `ustar`: the header's checksum stands in it, in octal.
    private static func isOldTar(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 512, bytes[0] != 0 else { return false }
        let digits = bytes[148..<156].drop { $0 == 0x20 }.prefix { 0x30...0x37 ~= $0 }
        guard digits.count >= 4 else { return false }
        let checksum = digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }
        // The checksum's own bytes count as blanks.
        return (0..<512).reduce(0) { $0 + (148..<156 ~= $1 ? 0x20 : Int(bytes[$1])) } == checksum
    }

    /// Returns true for a MATLAB file of version 4: type, rows, columns, a flag, and the length of the name that follows.
    private static func isMATLAB4(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 24 else { return false }
        let (type, nameByteCount) = (number(bytes, at: 0), number(bytes, at: 16))
        guard type <= 52, type % 10 <= 2, number(bytes, at: 12) <= 1, 1..<(1 << 31) ~= number(bytes, at: 4),
            1..<(1 << 31) ~= number(bytes, at: 8), 2...64 ~= nameByteCount, bytes.count >= 20 + nameByteCount
        else { return false }
        let name = bytes[20..<20 + nameByteCount]
        return name.last == 0 && name.dropLast().allSatisfy { 0x30...0x7A ~= $0 }
    }

    /// Returns true for a pickle of protocol 0 or 1, which has no mark: a list, a dictionary or a class begins.
    private static func isOldPickle(_ bytes: [UInt8]) -> Bool {
        let beginnings: [[UInt8]] = ["(lp0\n", "(lp1\n", "(dp0\n", "(dp1\n", "]q\u{0}", "}q\u{0}"].map { Array($0.utf8) }
        if beginnings.contains(where: bytes.starts) { return true }
        // `c`, a module and a name on a line each, the number under which the class is kept, and the mark before what it is made of.
        guard bytes.first == UInt8(ascii: "c") else { return false }
        let lines = bytes.dropFirst().prefix(200).split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3, !lines[0].isEmpty, !lines[1].isEmpty else { return false }
        let isName = { (byte: UInt8) in
            0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
        }
        return lines[0].allSatisfy(isName) && lines[1].allSatisfy(isName)
            && (lines[2].starts(with: Array("p0\n(".utf8)) || lines[2].starts(with: [UInt8(ascii: "q"), 0]))
    }

    /// Describes bytes of no known format in words, if their structure says something: that of Protocol Buffers. Returns nil otherwise.
    static func ofStructure(_ bytes: some Collection<UInt8>) -> FileSignature? {
        let bytes = Array(bytes.prefix(byteCount))
        var (place, fieldCount) = (0, 0)
        func varint() -> Int? {
            var (value, shift) = (0, 0)
            while place < bytes.count, shift < 56 {
                let byte = bytes[place]
                place += 1
                value |= Int(byte & 0x7F) << shift
                if byte < 0x80 { return value }
                shift += 7
            }
            return nil
        }
        while place < bytes.count {
            guard let tag = varint(), 1...64 ~= tag >> 3 else { return nil }
            switch tag & 7 {
            case 0: guard varint() != nil else { return nil }
            case 1: place += 8
            case 2:
                guard let byteCount = varint() else { return nil }
                place += byteCount
            case 5: place += 4
            default: return nil
            }
            fieldCount += 1
        }
        guard fieldCount >= 3 || (fieldCount == 2 && place > bytes.count) else { return nil }
        return FileSignature(
            name: "perhaps a message of Protocol Buffers, such as ONNX", remedy: "save the values with np.save, or as CSV or JSON Lines")
    }
}
