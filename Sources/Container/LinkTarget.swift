internal import Messages

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The end of a path's symbolic links: a path that is no link, or a descriptor that some process has open.
///
/// `/dev/stdout`, `/dev/fd/3`, `/proc/self/fd/3` and links to them lead to an open descriptor. Opening such a path again would give the
/// file behind it from its beginning, and a file put in its place would leave the descriptor with the old one.
public struct LinkTarget: Sendable {
    /// The kind of an end.
    public enum Kind: Sendable, Equatable {
        /// A name in a folder, of a file that may not exist yet.
        case name
        /// A descriptor of this process.
        case descriptor(CInt)
        /// A descriptor of another process.
        case foreignDescriptor
    }

    /// The path that the last link gives.
    public let path: String
    /// The kind of the end.
    public let kind: Kind

    /// The number of links that Linux follows in one path.
    private static let linkCountLimit = 40

    /// Follows the links of `path`. A path that cannot be looked at is its own end, and opening it gives the reason.
    public init(of path: String) {
        var path = path
        for _ in 0..<Self.linkCountLimit {
            if let kind = Self.descriptorKind(of: path) {
                (self.path, self.kind) = (path, kind)
                return
            }
            guard let target = Self.link(at: path) else { break }
            path = target.utf8.first == UInt8(ascii: "/") ? target : path.prefix(path.count - Self.lastName(of: path).count) + target
        }
        (self.path, kind) = (path, .name)
    }

    /// The folder of `path`, by its real path if it has one, and the name in the folder.
    public var folderAndName: (folder: String, name: String) {
        let name = Self.lastName(of: path)
        let folder = String(path.dropLast(name.count))
        guard let resolved = realpath(FileName.cString(folder.isEmpty ? "." : folder), nil) else { return (folder, name) }
        // Unsafe: `realpath` gives a C string that the caller frees.
        defer { free(resolved) }
        return (FileName.text(resolved), name)
    }

    /// The part of a path after its last slash.
    private static func lastName(of path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? path
    }

    /// The text of the symbolic link at `path`; nil where there is no link.
    private static func link(at path: String) -> String? {
        var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink(FileName.cString(path), &bytes, bytes.count)
        return count > 0 ? FileName.text(bytes[..<count].map { UInt8(bitPattern: $0) }) : nil
    }

    /// On Linux each entry of `/proc/PID/fd` is a link, whose text need not be a path. Elsewhere `/dev/fd` has a device for each
    /// descriptor.
    private static func descriptorKind(of path: String) -> Kind? {
        #if os(Linux)
            var status = stat()
            var procStatus = stat()
            guard lstat(FileName.cString(path), &status) == 0, status.st_mode & S_IFMT == S_IFLNK, stat("/proc/self/fd", &procStatus) == 0,
                status.st_dev == procStatus.st_dev
            else { return nil }
            // A link that leads on within /proc, as /proc/self does, is none.
            guard stat(FileName.cString(path), &status) == 0, status.st_dev != procStatus.st_dev else { return nil }
            var ownStatus = stat()
            guard let number = CInt(lastName(of: path)), fstat(number, &ownStatus) == 0,
                (ownStatus.st_dev, ownStatus.st_ino) == (status.st_dev, status.st_ino)
            else { return .foreignDescriptor }
            return .descriptor(number)
        #else
            let folder = "/dev/fd/"
            guard path.hasPrefix(folder), let number = CInt(path.dropFirst(folder.count)) else { return nil }
            return .descriptor(number)
        #endif
    }
}
