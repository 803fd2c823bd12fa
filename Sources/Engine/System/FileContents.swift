internal import Container
internal import Outputs
internal import WorkStealing

/// Files that are read as a whole, up to a limit.
enum FileContents {
    /// Reads the bytes of a file.
    ///
    /// - Parameter beginning: the first bytes that the file must have; only they are read of a file that begins with others.
    /// - Throws: `EngineError` if the file cannot be read, or is larger than `byteCountLimit`.
    static func read(_ path: String, byteCountLimit: Int, beginning: [UInt8] = [], _ cancellation: Cancellation) throws(EngineError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(ContainerError) {
            bytes = try ContainerFile.storedBytes(
                path: path, byteCountLimit: byteCountLimit + 1, beginning: beginning, isCancelled: { cancellation.isCancelled })
        } catch {
            throw EngineError(error)
        }
        guard bytes.count <= byteCountLimit else {
            throw EngineError(
                .data, path: path, "the file is larger than \(byteCountLimit) bytes, which no such file is", remedy: "check its name")
        }
        return bytes
    }

    /// Returns true if a regular file begins with some bytes. Nothing is read of a pipe, and nothing but these bytes of a file.
    static func begins(_ path: String, with bytes: [UInt8], _ cancellation: Cancellation) -> Bool {
        guard FileIdentity.isRegularFile(path) else { return false }
        let first = try? ContainerFile.storedBytes(path: path, byteCountLimit: bytes.count, isCancelled: { cancellation.isCancelled })
        return first == bytes
    }
}
