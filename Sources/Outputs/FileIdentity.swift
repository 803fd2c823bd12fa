internal import Container
internal import Messages

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The identity of a regular file or a pipe, whatever paths and descriptors lead to it. Equal identities are one file.
public struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let number: UInt64
    /// The name that a new file would get in the folder with this device and number; nil for a file that exists.
    private let newName: [UInt8]?

    /// Identifies the file that `path` leads to, links followed, or the place where a new file would be made.
    ///
    /// - Returns: nil for devices, sockets and folders, and if the folder cannot be found.
    public init?(path: String) {
        let target = LinkTarget(of: path)
        if case .descriptor(let number) = target.kind {
            self.init(descriptor: number)
            return
        }
        var status = stat()
        if stat(FileName.cString(target.path), &status) == 0 {
            self.init(status)
            return
        }
        let (folder, name) = target.folderAndName
        guard stat(FileName.cString(folder), &status) == 0 else { return nil }
        self.init(status, newName: Self.bytes(ofName: name, in: folder))
    }

    /// Returns true if a path leads to a regular file, links followed: one that can be read again.
    public static func isRegularFile(_ path: String) -> Bool {
        var status = stat()
        return stat(FileName.cString(path), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Identifies the file behind an open descriptor; nil if the descriptor is closed, or leads to no regular file and no pipe.
    public init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    private init?(_ status: stat, newName: [UInt8]? = nil) {
        guard newName != nil || [S_IFREG, S_IFIFO].contains(status.st_mode & S_IFMT) else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(status.st_ino)
        self.newName = newName
    }
    /// The bytes by which a folder tells names apart.
    private static func bytes(ofName name: String, in folder: String) -> [UInt8] {
        #if canImport(Darwin)
        // The file systems of macOS take names for the same that differ in case, unless they were made otherwise.
        if pathconf(folder, CInt(_PC_CASE_SENSITIVE)) == 0 { return Array(name.lowercased().utf8) }
        #endif
        return Array(name.utf8)
    }
}
