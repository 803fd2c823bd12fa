internal import SystemPackage
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How many processors there are to use.
public enum ProcessorCount {
    /// Those that this process may run on: its affinity mask, as `taskset` and batch systems set it; at least 1.
    public static var available: Int {
        allowed ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }

    /// The mask as Linux shows it (proc(5), Cpus_allowed): hexadecimal words with commas. Glibc's call for it is hidden from Swift.
    private static var allowed: Int? {
        guard let descriptor = try? FileDescriptor.open("/proc/self/status", .readOnly) else { return nil }
        defer { try? descriptor.close() }
        var bytes = [UInt8](repeating: 0, count: 8192)
        guard let count = try? bytes.withUnsafeMutableBytes({ try descriptor.read(into: $0) }) else { return nil }
        let name = "Cpus_allowed:"
        let line = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(name) }
        let processors = line?.dropFirst(name.count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
        return processors.flatMap { $0 > 0 ? $0 : nil }
    }
}
