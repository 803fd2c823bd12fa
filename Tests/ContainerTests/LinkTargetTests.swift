import Foundation
import Testing

@testable import Container

/// Paths that lead to open descriptors, told from all others.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/fd"), "there is no /proc")) struct LinkTargetTests {
    private let folder: String

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("xent-links-" + UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func link(_ name: String, to target: String) throws -> String {
        try FileManager.default.createSymbolicLink(atPath: folder + "/" + name, withDestinationPath: target)
        return folder + "/" + name
    }

    @Test func descriptors() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = open(folder, O_RDONLY)
        defer { close(file) }
        for path in [
            "/dev/fd/\(file)", "/proc/self/fd/\(file)", "/proc/\(getpid())/fd/\(file)", "/proc/thread-self/fd/\(file)",
            try link("a", to: "/dev/fd/\(file)"), try link("b", to: "a"), try link("c", to: folder + "/b"),
        ] {
            #expect(LinkTarget(of: path).kind == .descriptor(file), "\(path)")
        }
        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        #expect(LinkTarget(of: "/dev/fd/\(ends[0])").kind == .descriptor(ends[0]))
        close(ends[0])
        close(ends[1])
        #expect(LinkTarget(of: "/dev/stdin").kind == .descriptor(0))
        // No descriptor has a number beyond the limit; one that was closed may be another test's by now.
        #expect(LinkTarget(of: "/dev/fd/\(getdtablesize())").kind == .name)
    }

    @Test func names() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder + "/inner", withIntermediateDirectories: true)
        let plain = folder + "/plain"
        _ = FileManager.default.createFile(atPath: plain, contents: nil)
        #expect(LinkTarget(of: plain).path == plain)
        for (path, target) in [
            (try link("a", to: "plain"), plain), (try link("b", to: plain), plain),
            (try link("inner/c", to: "../a"), folder + "/inner/../plain"), (try link("dangling", to: "inner/none"), folder + "/inner/none"),
            (try link("folder", to: "inner"), folder + "/inner"),
        ] {
            let found = LinkTarget(of: path)
            #expect(found.path == target && found.kind == .name, "\(path)")
        }
        for path in ["", "none", "/", "/proc/self", "/dev/null", folder + "/none/none", try link("self", to: "self"), "/proc/self/fd"] {
            #expect(LinkTarget(of: path).kind == .name, "\(path)")
        }
    }
}
