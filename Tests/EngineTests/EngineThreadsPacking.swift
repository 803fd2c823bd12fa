import Testing

@testable import Engine

/// Packing on several threads, for the thread sanitizer, as `EngineThreads`.
@Suite struct EngineThreadsPacking {
    @Test(arguments: [Framing.raw, .streamed, .seekable(frameByteCount: 100_003, hasChecksums: true)])
    func sameBytes(framing: Framing) throws {
        let folder = TemporaryFolder()
        let input = folder.write(framing.store(WideDump.bytes(rowCount: 20_000, classCount: 100, seed: 96).predictions), "in")
        try pack(input, folder["1"], frameByteCount: 20_000, threads: 1)
        for _ in 0..<5 {
            try pack(input, folder["8"], frameByteCount: 20_000, threads: 8)
            #expect(folder.read("8") == folder.read("1") ? true : false)
        }
    }
}
