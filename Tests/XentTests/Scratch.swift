import Foundation

/// A folder of a test's own, which lives as long as the test needs it.
final class Scratch: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("xent-tests-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func place(_ name: String) -> String { path + "/" + name }

    /// All names in it, hidden ones too, in order: what a run has left.
    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? ["unreadable"] }

    func write(_ name: String, _ bytes: Data) throws { try bytes.write(to: URL(fileURLWithPath: place(name))) }

    func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: place(name))) }

    func text(_ name: String) throws -> String {
        guard FileManager.default.fileExists(atPath: place(name)) else { return "" }
        return String(decoding: try bytes(name), as: UTF8.self)
    }

    func create(_ name: String) throws -> FileHandle {
        guard FileManager.default.createFile(atPath: place(name), contents: nil), let handle = FileHandle(forWritingAtPath: place(name))
        else { throw HarnessError("\(place(name)) cannot be created") }
        return handle
    }

    /// A file that begins with `head` and goes on with zeros, which take no room on the disk.
    func writeZeros(_ name: String, after head: Data, byteCount: Int) throws {
        let handle = try create(name)
        try handle.write(contentsOf: head)
        try handle.truncate(atOffset: UInt64(head.count + byteCount))
        try handle.close()
    }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: place(name), withIntermediateDirectories: true)
    }
}
