import Container
import Formats
import Scoring
import Testing

@testable import Engine

/// Text of several units on four threads, for the thread sanitizer, as `EngineThreads`.
@Suite struct EngineThreadsRecords {
    /// Whether the text is cut into units, or read in order.
    static let framings: [(Framing, isCut: Bool)] = [
        (.raw, true), (.frames(frameByteCount: 100_003, isSized: true), true), (.single, false), (.streamed, false),
    ]

    @Test(arguments: framings.indices, ["table", "log"]) func sameOnAnyNumber(framing: Int, kind: String) throws {
        let folder = TemporaryFolder()
        let (framing, isCut) = Self.framings[framing]
        let dump = RecordTextDump(rowCount: 60_000, seed: 71)
        let path = folder.write(framing.store(kind == "table" ? dump.table : dump.jsonLines), "t")
        let file = try DumpFile(path, options: ContainerOptions()).requireRecords(.labels)
        #expect(isCut ? file.spans.count >= 3 : file.spans.isEmpty)
        let alone = Outcome(
            try RecordTextDump.evaluate(path, threads: 1, perRow: folder["1.npy"]), perRow: folder.read("1.npy"))
        for _ in 0..<3 {
            let evaluation = try RecordTextDump.evaluate(path, threads: 4, perRow: folder["4.npy"])
            #expect(evaluation.report.rows.scored == 60_000)
            #expect(Outcome(evaluation, perRow: folder.read("4.npy")) == alone ? true : false)
        }
    }

    /// Errors and invalid rows in every unit.
    @Test(arguments: framings.indices) func invalidRowsEverywhere(framing: Int) throws {
        let folder = TemporaryFolder()
        var dump = RecordTextDump(rowCount: 60_000, seed: 72)
        dump.badEvery = 1000
        let path = folder.write(Self.framings[framing].0.store(dump.table), "t")
        for _ in 0..<3 {
            let error = #expect(throws: EngineError.self) { try RecordTextDump.evaluate(path, threads: 4) }
            // The header, 1000 rows, and a blank line after every eleventh from the first on.
            #expect(error?.row == 999 && error?.line == 1 + 1000 + 91)
            let report = try RecordTextDump.evaluate(path, threads: 4, onInvalid: .skip).report
            #expect(report.rows.invalid == 60 && report.rows.firstInvalid.map(\.row) == (0..<10).map { 999 + 1000 * $0 })
        }
    }
}
