internal import Container
internal import WorkStealing

/// Files that are read as a whole, up to a limit.
enum FileContents {
    /// Reads the bytes of a file.
    ///
    /// - Throws: `EngineError` if the file cannot be read, or is larger than `byteCountLimit`.
    static func read(_ path: String, byteCountLimit: Int, _ cancellation: Cancellation) throws(EngineError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(ContainerError) {
            bytes = try ContainerFile.storedBytes(
                path: path, byteCountLimit: byteCountLimit + 1, isCancelled: { cancellation.isCancelled })
        } catch {
            throw EngineError(error)
        }
        guard bytes.count <= byteCountLimit else {
            throw EngineError(
                .data, path: path, "the file is larger than \(byteCountLimit) bytes, which no such file is", remedy: "check its name")
        }
        return bytes
    }
}
