internal import Messages

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Reads files of configuration, keys and tokens.
enum SmallFile {
    /// The largest number of bytes that are read of a file.
    private static let byteCountLimit = 1 << 20

    /// Reads a file as text; nil if it cannot be read.
    static func text(_ path: String) -> String? {
        guard let file = fopen(FileName.cString(path), "re") else { return nil }
        defer { fclose(file) }
        return text(of: file)
    }

    /// Reads what a program prints as text.
    ///
    /// - Parameter command: The command, as a shell reads it.
    /// - Returns: The text and the program's status, as `wait` has it; nil if it cannot be started.
    static func output(of command: String) -> (text: String, status: Int32)? {
        guard let file = popen(command, "r") else { return nil }
        let text = text(of: file)
        return (text, pclose(file))
    }

    private static func text(of file: UnsafeMutablePointer<FILE>) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < byteCountLimit {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
