import Glibc

/// What Linux says of this process's memory (proc(5)).
enum ProcessMemory {
    /// From now on `free` gives large memory back at once, and small memory serves every thread: what is resident is then what is used.
    /// By itself glibc keeps some of it, by thread and by the order in which the threads happened to free (mallopt(3)): up to 10 MB here.
    /// For a process that measures itself. Returns false where there is no such setting.
    static func givesBackFreeMemory() -> Bool {
        guard let symbol = dlsym(nil, "mallopt") else { return false }
        // The declaration of <malloc.h>, which the module Glibc leaves out, and its constants.
        typealias Mallopt = @convention(c) (CInt, CInt) -> CInt
        let mallopt = unsafeBitCast(symbol, to: Mallopt.self)
        let (mmapThreshold, arenaMax): (CInt, CInt) = (-3, -8)
        return mallopt(arenaMax, 1) == 1 && mallopt(mmapThreshold, 128 << 10) == 1
    }

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
