internal import SystemPackage

/// Files that are read as a whole, up to a limit.
enum WholeFile {
    static func read(_ path: String, byteCountLimit: Int) throws(EngineError) -> [UInt8] {
        let descriptor: FileDescriptor
        do {
            descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec], retryOnInterrupt: true)
        } catch {
            throw EngineError(.noInput, path: path, "cannot be opened: \(error)", remedy: "check the name and the permissions")
        }
        defer { try? descriptor.close() }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count: Int
            do {
                count = try piece.withUnsafeMutableBytes { try descriptor.read(into: $0, retryOnInterrupt: true) }
            } catch {
                if (error as? Errno) == .isDirectory { throw EngineError(.noInput, path: path, "this is a directory", remedy: "name a file") }
                throw EngineError(.inputOutput, path: path, "cannot be read: \(error)")
            }
            if count == 0 { return bytes }
            bytes += piece[..<count]
            guard bytes.count <= byteCountLimit else {
                throw EngineError(
                    .data, path: path, "the file is larger than \(byteCountLimit) bytes, which no such file is", remedy: "check its name")
            }
        }
    }
}
