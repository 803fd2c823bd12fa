public import WorkStealing

/// Small text files.
public enum TextFile {
    /// Reads the lines of a file of up to 64 MiB, without their ends and without empty lines.
    ///
    /// - Throws: `EngineError` if the file cannot be read, is larger, or is not UTF-8.
    public static func lines(of path: String, cancellation: Cancellation = Cancellation()) throws(EngineError) -> [String] {
        let bytes = try FileContents.read(path, byteCountLimit: 64 << 20, cancellation)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw EngineError(.data, path: path, "the list is not UTF-8 text", remedy: "give a file of names, one a line")
        }
        return text.split(whereSeparator: \.isNewline).map(String.init)
    }

    /// Reads a report of up to 1 GiB, as `xent` writes it as JSON.
    ///
    /// - Throws: `EngineError` if the file cannot be read, or is larger.
    public static func report(at path: String, cancellation: Cancellation = Cancellation()) throws(EngineError) -> [UInt8] {
        try FileContents.read(path, byteCountLimit: 1 << 30, cancellation)
    }
}
