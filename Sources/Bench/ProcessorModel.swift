internal import SystemPackage

/// The name that this machine's processor gives itself.
enum ProcessorModel {
    /// The name in Linux's `/proc/cpuinfo`; nil if there is none, as on other systems and on most of ARM.
    static var name: String? {
        guard let descriptor = try? FileDescriptor.open("/proc/cpuinfo", .readOnly) else { return nil }
        defer { try? descriptor.close() }
        var bytes = [UInt8](repeating: 0, count: 8192)
        guard let count = try? bytes.withUnsafeMutableBytes({ try descriptor.read(into: $0) }) else { return nil }
        let line = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":", maxSplits: 1).last.map { String($0.drop { $0 == " " }) }
    }
}
