internal import Messages
internal import Outputs
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The rule by which a file in a folder of incoming files is taken for whole.
///
/// Whatever the rule, files whose names begin with `.` or `_`, or end in `.tmp` or `.part`, are left alone: so programs name what they have not
/// finished.
public enum SettleRule: Sendable, Hashable {
    /// A file is whole when it has not been changed for so long, by the system's clock. A time of change that lies further in the future
    /// than that was set by a clock that has been set back since, so that the file has not been changed since then either.
    case quiet(Duration)
    /// A file is whole when its folder has a file `_SUCCESS`, as Hadoop and Spark write it at the end.
    case successFile

    /// The reason for which a file is not taken yet; nil if it is whole.
    ///
    /// - Parameter now: the current time.
    func reason(_ path: String, now: Timestamp) -> String? {
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let name = String(path[(slash.map { path.utf8.index(after: $0) } ?? path.startIndex)...])
        if name.hasPrefix(".") || name.hasPrefix("_") || name.hasSuffix(".tmp") || name.hasSuffix(".part") {
            return "its name is that of an unfinished file"
        }
        switch self {
        case .successFile:
            let folder = slash.map { String(path[...$0]) } ?? ""
            return FilePattern.isThere(folder + "_SUCCESS") ? nil : "its folder has no _SUCCESS yet"
        case .quiet(let wait):
            var status = stat()
            // A file that cannot be looked at gives its error when it is read. An object of a store has its name once it is whole.
            guard stat(FileName.cString(path), &status) == 0 else { return nil }
            #if canImport(Darwin)
            let changed = Double(status.st_mtimespec.tv_sec) + 1e-9 * Double(status.st_mtimespec.tv_nsec)
            #else
            let changed = Double(status.st_mtim.tv_sec) + 1e-9 * Double(status.st_mtim.tv_nsec)
            #endif
            let age = Double(now.seconds) + 1e-9 * Double(now.nanoseconds) - changed
            return abs(age) >= wait.seconds ? nil : "it was changed less than \(wait.seconds) s ago"
        }
    }
}
