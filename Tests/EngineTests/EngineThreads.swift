import Elements
import Formats
import Scoring
import Testing

@testable import Engine

/// Runs of several units on four threads, for the thread sanitizer: `swift test --sanitize=thread --no-parallel --filter EngineThreads`.
@Suite struct EngineThreads {
    private func expectSame(_ predictions: Framing, _ labels: Framing, classCount: Int, _ name: String) throws {
        let folder = TemporaryFolder()
        let rowCount = (15 << 20) / 4 / classCount
        let (predictionPath, labelPath) = WideDump.write(
            folder, rowCount: rowCount, classCount: classCount, predictions: predictions, labels: labels, labelType: .int64, seed: 61)
        let schedule = try schedule([predictionPath], [labelPath])
        #expect(schedule.name == name)
        if name != "stream" { #expect(schedule.units.count >= 6) }
        let alone = Outcome(try evaluate([predictionPath], [labelPath], threads: 1, perRow: folder["1.npy"]), perRow: folder.read("1.npy"))
        for _ in 0..<3 {
            let evaluation = try evaluate([predictionPath], [labelPath], threads: 4, perRow: folder["4.npy"])
            #expect(Outcome(evaluation, perRow: folder.read("4.npy")) == alone ? true : false)
        }
    }

    @Test func rawStealing() throws {
        try expectSame(.raw, .frames(frameByteCount: 4099, isSized: true), classCount: 300, "stealing")
    }

    @Test func framesWithSeams() throws {
        try expectSame(.frames(frameByteCount: 100_003, isSized: true), .raw, classCount: 301, "stealing")
    }

    @Test func wideRowsWithSeams() throws {
        try expectSame(.seekable(frameByteCount: 100_003, hasChecksums: true), .single, classCount: 49_152, "stealing")
    }

    @Test func labelsInOrder() throws {
        try expectSame(.frames(frameByteCount: 100_003, isSized: true), .streamed, classCount: 301, "in order")
    }

    @Test func stream() throws {
        try expectSame(.streamed, .streamed, classCount: 301, "stream")
    }

    @Test func streamWithLabelsByRow() throws {
        try expectSame(.single, .frames(frameByteCount: 4099, isSized: true), classCount: 301, "stream")
    }

    /// Errors and invalid rows in every unit.
    @Test(arguments: [Framing.frames(frameByteCount: 100_003, isSized: true), .streamed], [Framing.raw, .streamed])
    func invalidRowsEverywhere(predictions: Framing, labels: Framing) throws {
        let folder = TemporaryFolder()
        let (classCount, rowCount) = (300, 13_000)
        var bytes = WideDump.bytes(rowCount: rowCount, classCount: classCount, labelType: .int16, seed: 62)
        for row in stride(from: 50, to: rowCount, by: 100) { bytes.labels[bytes.labels.count - 2 * rowCount + 2 * row + 1] = 0x7F }
        let predictionPath = folder.write(predictions.store(bytes.predictions), "p.npy")
        let labelPath = folder.write(labels.store(bytes.labels), "l.npy")
        for _ in 0..<3 {
            let error = #expect(throws: EngineError.self) {
                try evaluate([predictionPath], [labelPath], threads: 4, perRow: folder["r.npy"])
            }
            #expect(error?.row == 50)
            let report = try evaluate([predictionPath], [labelPath], threads: 4, onInvalid: .skip).report
            #expect(report.rows.invalid == 130 && report.rows.firstInvalid.map(\.row) == (0..<10).map { 50 + 100 * $0 })
        }
    }
}
