import ArgumentParser
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The output for the report. `print` would not report a full disk, and a lost report must not look like one that was written.
enum StandardOutput {
    static func print(_ line: String) throws { try write(line + "\n") }

    static func write(_ text: String) throws { try write(Array(text.utf8)) }

    static func write(_ bytes: [UInt8]) throws {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { writeBytes(1, $0.baseAddress, $0.count) }
            guard count > 0 else {
                let reason = String(cString: strerror(errno))
                Signals.dieOfClosedPipe()
                StandardError.fail("standard output: cannot be written: \(reason); check where it goes and the free space")
                throw ExitStatus.inputOutput
            }
            bytes = bytes.dropFirst(count)
        }
    }
}
