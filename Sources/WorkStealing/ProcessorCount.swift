#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The number of processors that this process can use.
public enum ProcessorCount {
    /// The number of processors that this process may run on, at least 1. The affinity mask, which `taskset` and batch systems set, gives
    /// the processors. The quota of the control groups, which containers set, is an upper limit.
    public static var available: Int {
        let processors = allowed ?? onlineCount
        let quota = text(of: "/proc/self/cgroup").flatMap { CgroupProcessorLimit.processorCount(groups: $0, text: text(of:)) }
        return min(processors, quota ?? processors)
    }

    /// The number of processors that this process could run on when it was first asked for, at least 1, whatever the quota.
    static let inAffinityMask = allowed ?? onlineCount

    private static var onlineCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// The number of processors in the affinity mask as Linux shows it (proc(5), Cpus_allowed): hexadecimal words with commas. Glibc's call
    /// for it is hidden from Swift.
    private static var allowed: Int? {
        let name = "Cpus_allowed:".utf8
        // As bytes: to find the ends of characters in all lines takes a quarter of a millisecond.
        let line = text(of: "/proc/self/status")?.utf8.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: name) }
        let processors = line?.dropFirst(name.count).reduce(0) {
            $0 + (Character(Unicode.Scalar($1)).hexDigitValue?.nonzeroBitCount ?? 0)
        }
        return processors.flatMap { $0 > 0 ? $0 : nil }
    }

    /// Reads the first 8 KiB of a file that the kernel makes; nil if there is none.
    private static func text(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        // An error of closing loses nothing, since the file was only read.
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
