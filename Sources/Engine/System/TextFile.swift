internal import Messages
internal import ObjectStore
public import WorkStealing

/// Small text files.
public enum TextFile {
    /// Reads the names of files in a list of up to 64 MiB: its lines without their line feeds, and without empty lines.
    ///
    /// A name is all bytes of its line, UTF-8 or not (`FileName`). Where no file has this name, a carriage return at its end is left out, and
    /// where none has that name either, blanks at both ends.
    ///
    /// - Throws: `EngineError` if the file cannot be read, is larger, or holds a NUL byte, which no name has.
    public static func names(in path: String, cancellation: Cancellation = Cancellation()) throws(EngineError) -> [String] {
        let bytes = try FileContents.read(path, byteCountLimit: 64 << 20, cancellation)
        guard !bytes.contains(0) else {
            throw EngineError(
                .data, path: path, "the list is no text: it holds a byte of value 0", remedy: "give a file of names, one a line")
        }
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            for bytes in [line, line.last == 0x0D ? line.dropLast() : line] where !bytes.isEmpty {
                let name = FileName.text(bytes)
                // Whether an object is there shows when it is opened.
                if !ObjectStore.isURL(name), FilePattern.isThere(name) { return name }
            }
            let isBlank = { (byte: UInt8) in [0x20, 0x09, 0x0D].contains(byte) }
            let trimmed = line.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
            return trimmed.isEmpty ? nil : FileName.text(Array(trimmed))
        }
    }

    /// Returns true if a file begins with a byte. False for a pipe, of which nothing is read.
    public static func begins(_ path: String, with byte: UInt8, cancellation: Cancellation = Cancellation()) -> Bool {
        FileContents.begins(path, with: [byte], cancellation)
    }

    /// Reads a report of up to 1 GiB, as `xent` writes it as JSON.
    ///
    /// - Throws: `EngineError` if the file cannot be read, or is larger.
    public static func report(at path: String, cancellation: Cancellation = Cancellation()) throws(EngineError) -> [UInt8] {
        try FileContents.read(path, byteCountLimit: 1 << 30, cancellation)
    }
}
