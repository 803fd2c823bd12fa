import Glibc

/// What Linux says of this process's memory (proc(5)).
enum ProcessMemory {
    /// Forgets the peak so far; returns the bytes that are resident now.
    static func resetPeak() -> Int {
        let descriptor = open("/proc/self/clear_refs", O_WRONLY)
        if descriptor >= 0 {
            _ = write(descriptor, "5", 1)
            close(descriptor)
        }
        return byteCount("VmRSS:")
    }

    /// The most that was resident since.
    static var peakByteCount: Int { byteCount("VmHWM:") }

    private static func byteCount(_ name: String) -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, CInt(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix(name) else { continue }
            return (Int(text.dropFirst(name.count).filter(\.isNumber)) ?? 0) << 10
        }
        return 0
    }
}
