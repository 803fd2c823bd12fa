import Foundation
import Glibc

/// A folder that lives as long as the test needs it.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        var template = Array((NSTemporaryDirectory() + "/xent-engine-XXXXXX").utf8CString)
        precondition(mkdtemp(&template) != nil, "no temporary folder")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    subscript(name: String) -> String { path + "/" + name }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) -> String {
        write(name) { append in append(bytes) }
    }

    /// Writes a file piece by piece and returns its path.
    ///
    /// The file is never cut to nothing, since some file systems then wait for the disk.
    @discardableResult
    func write(_ name: String, pieces: (_ append: ([UInt8]) -> Void) -> Void) -> String {
        let descriptor = open(self[name], O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "\(self[name]) cannot be written")
        defer { close(descriptor) }
        var byteCount = 0
        pieces { bytes in
            var written = 0
            bytes.withUnsafeBytes { buffer in
                while written < buffer.count {
                    let count = Glibc.write(descriptor, buffer.baseAddress! + written, buffer.count - written)
                    precondition(count > 0, "\(self[name]) cannot be written")
                    written += count
                }
            }
            byteCount += bytes.count
        }
        ftruncate(descriptor, off_t(byteCount))
        return self[name]
    }

    func read(_ name: String) -> [UInt8] {
        FileManager.default.contents(atPath: self[name]).map { [UInt8]($0) } ?? []
    }

    /// The names of all that is in the folder, in order; hidden files too.
    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}
