import Foundation
import FuzzTargets
import Glibc
import Testing

/// What fuzzing found once, and the seeds, go through the same functions that libFuzzer calls. They stop the process if something is wrong.
///
/// One at a time, since the targets share a scratch file.
@Suite(.serialized) struct ReplayTests {
    /// `Fixtures/crashes`, a folder for each target.
    private static let folder = String(#filePath.dropLast("ReplayTests.swift".count)) + "Fixtures/crashes"

    private func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    private func content(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(descriptor, &piece, piece.count)
            if count < 0 { return nil }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    @Test func everyFolderIsATargets() {
        let folders = names(in: Self.folder)
        #expect(Set(folders).isSubset(of: FuzzTarget.all.map(\.name)))
        #expect(Set(FuzzTarget.all.map(\.name)).count == FuzzTarget.all.count)
    }

    @Test(arguments: FuzzTarget.all.map(\.name)) func crashes(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        for crash in names(in: "\(Self.folder)/\(name)") {
            let bytes = try #require(content("\(Self.folder)/\(name)/\(crash)"), "\(crash) cannot be read")
            bytes.withUnsafeBytes { target.run($0) }
        }
    }

    /// The inputs that `Tests/Fuzz/keep` has kept: as few as reach all that the fuzzer has reached.
    @Test(arguments: FuzzTarget.all.map(\.name)) func keptInputs(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let path = String(#filePath.dropLast("ReplayTests.swift".count)) + "Fixtures/corpus/\(name).txt"
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count >= 20)
        for line in lines {
            let bytes = try #require(Data(base64Encoded: String(line)), "a line of \(path) is no base64")
            bytes.withUnsafeBytes { target.run($0) }
        }
    }

    /// Each seed, cut short at every place and with each byte changed, too.
    @Test(arguments: FuzzTarget.all.map(\.name)) func seeds(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let seeds = target.seeds()
        #expect(!seeds.isEmpty)
        for seed in seeds {
            seed.withUnsafeBytes { bytes in
                for end in bytes.indices { target.run(UnsafeRawBufferPointer(rebasing: bytes[..<end])) }
                target.run(bytes)
            }
            for index in seed.indices {
                for value in [0, 0xFF, seed[index] ^ 1, seed[index] ^ 0x80] {
                    var changed = seed
                    changed[index] = value
                    changed.withUnsafeBytes { target.run($0) }
                }
            }
        }
    }
}
