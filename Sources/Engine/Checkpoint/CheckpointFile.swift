internal import Outputs
public import WorkStealing

/// The reading of checkpoints as files.
public enum CheckpointFile {
    /// The largest size of a checkpoint in bytes.
    static let byteCountLimit = 1 << 30

    /// Reads a file that a run left.
    ///
    /// - Returns: nil if there is no file.
    /// - Throws: `EngineError` if the file cannot be read, or is no checkpoint or a damaged one.
    public static func read(_ path: String, cancellation: Cancellation = Cancellation()) throws(EngineError) -> Checkpoint? {
        let found = try content(path, cancellation)
        do throws(Checkpoint.Fault) { return try found?.get() } catch {
            switch error {
            case .notACheckpoint: throw notACheckpoint(path)
            case .otherVersion(let version):
                throw EngineError(.data, path: path, "it is a checkpoint of version \(version), and this xent knows version 1")
            case .damaged(let found):
                throw EngineError(.data, path: path, "the checkpoint is damaged: \(found)", remedy: "a run that is given it begins anew")
            }
        }
    }

    /// Returns true if a file begins as a checkpoint does. False for a pipe, of which nothing is read.
    public static func isCheckpoint(_ path: String, cancellation: Cancellation = Cancellation()) -> Bool {
        FileContents.begins(path, with: Checkpoint.magic, cancellation)
    }

    /// Reads and decodes a file; nil if there is none.
    static func content(_ path: String, _ cancellation: Cancellation) throws(EngineError) -> Result<Checkpoint, Checkpoint.Fault>? {
        guard FilePattern.isThere(path) else { return nil }
        guard FileIdentity.isRegularFile(path) else { throw notACheckpoint(path) }
        let bytes = try FileContents.read(path, byteCountLimit: byteCountLimit, beginning: Checkpoint.magic, cancellation)
        do throws(Checkpoint.Fault) { return .success(try Checkpoint(decoding: bytes)) } catch { return .failure(error) }
    }

    static func notACheckpoint(_ path: String) -> EngineError {
        EngineError(
            .data, path: path, "it is there, and is no checkpoint of xent; it was left as it is", remedy: "name another file, or remove it")
    }
}
