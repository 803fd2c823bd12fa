import Elements
import Formats
import Scoring
import Testing

@testable import Engine

/// Dumps of several units: rows that straddle them, rows wider than many frames, every schedule. Part of `EngineInvariance`.
@Suite struct EngineInvarianceOfLargeDumps {
    struct Case: Sendable, CustomStringConvertible {
        var classCount: Int
        var rowCount: Int
        var labelType = ElementType.int64
        /// Predictions and labels, and the schedule that they lead to.
        var forms: [(predictions: Framing, labels: Framing, schedule: String)]
        /// How the rows are cut into files of single frames.
        var fileCount = 1

        var description: String { "\(rowCount) x \(classCount)" }
    }

    static let cases = [
        Case(
            classCount: 100, rowCount: 40_000,
            forms: [
                (.raw, .frames(frameByteCount: 4099, isSized: true), "stealing"),
                (.frames(frameByteCount: 4099, isSized: true), .raw, "stealing"),
                (.frames(frameByteCount: 100_003, isSized: true), .seekable(frameByteCount: 61, hasChecksums: true), "stealing"),
                (.seekable(frameByteCount: 1 << 20, hasChecksums: true), .single, "stealing"),
                (.seekable(frameByteCount: 3_000_001, hasChecksums: false), .frames(frameByteCount: 100_003, isSized: true), "stealing"),
                (.pzstd(frameByteCount: 262_147, isSized: false), .pzstd(frameByteCount: 4099, isSized: false), "stealing"),
                (.seekable(frameByteCount: 65_537, hasChecksums: true), .streamed, "in order"),
                (.raw, .frames(frameByteCount: 4099, isSized: false), "in order"),
                (.single, .raw, "stream"),
                (.streamed, .frames(frameByteCount: 4099, isSized: true), "stream"),
                (.streamed, .streamed, "stream"),
                (.frames(frameByteCount: 100_003, isSized: false), .single, "stream"),
            ]),
        // A vocabulary: rows of 192 KiB and of 1 MiB, in frames that are mostly smaller.
        Case(
            classCount: 49_152, rowCount: 80,
            forms: [
                (.raw, .raw, "stealing"), (.frames(frameByteCount: 1021, isSized: true), .raw, "stealing"),
                (.seekable(frameByteCount: 100_003, hasChecksums: true), .frames(frameByteCount: 7, isSized: true), "stealing"),
                (.frames(frameByteCount: 1 << 20, isSized: true), .streamed, "in order"), (.streamed, .raw, "stream"),
            ]),
        Case(
            classCount: 262_144, rowCount: 14,
            forms: [
                (.raw, .raw, "stealing"), (.frames(frameByteCount: 1021, isSized: true), .raw, "stealing"),
                (.pzstd(frameByteCount: 100_003, isSized: false), .single, "stealing"),
                (.seekable(frameByteCount: 1 << 20, hasChecksums: false), .frames(frameByteCount: 7, isSized: true), "stealing"),
                (.frames(frameByteCount: 1_500_007, isSized: true), .streamed, "in order"),
                (.frames(frameByteCount: 4099, isSized: false), .raw, "stream"),
            ]),
        // Labels of more than 16 MiB in a frame.
        Case(
            classCount: 2, rowCount: 2_200_000,
            forms: [
                (.frames(frameByteCount: 1_000_003, isSized: true), .single, "in order"), (.raw, .single, "in order"),
                (.seekable(frameByteCount: 100_003, hasChecksums: true), .frames(frameByteCount: 1 << 20, isSized: true), "stealing"),
                (.raw, .raw, "stealing"), (.single, .single, "stream"),
            ]),
    ]

    @Test(arguments: cases)
    func sameBits(dump: Case) throws {
        let folder = TemporaryFolder()
        let bytes = WideDump.bytes(rowCount: dump.rowCount, classCount: dump.classCount, labelType: dump.labelType, seed: 41)
        var expected: Outcome?
        var kernels = InstructionSet.available
        for (number, form) in dump.forms.enumerated() {
            let predictions = folder.write(form.predictions.store(bytes.predictions), "p.npy")
            let labels = folder.write(form.labels.store(bytes.labels), "l.npy")
            let what = "predictions \(form.predictions), labels \(form.labels)"
            let schedule = try schedule([predictions], [labels])
            #expect(schedule.name == form.schedule, "\(what)")
            if schedule.name != "stream" {
                #expect(schedule.units.count >= 5, "\(what)")
                if form.predictions.description != "raw" { #expect(schedule.units.contains { $0.tailByteCount > 0 }, "\(what)") }
            }
            // Each kernel once; the slow one takes its time.
            for threads in isOptimised ? [1, 2, 3, 8] : [number % 2 == 0 ? 8 : 2] {
                let evaluation = try evaluate(
                    [predictions], [labels], threads: threads, kernel: kernels.popLast() ?? .best, perRow: folder["rows.npy"])
                let found = Outcome(evaluation, perRow: folder.read("rows.npy"))
                expected = expected ?? found
                #expect(found.meanHex == expected?.meanHex && found.sumHex == expected?.sumHex, "\(what), \(threads) threads")
                #expect(found == expected ? true : false, "\(what), \(threads) threads")
            }
        }
    }

    /// Files of single frames: a unit each if the labels can be read by row, else one stream.
    @Test func filesOfSingleFrames() throws {
        let folder = TemporaryFolder()
        let (classCount, rowCount) = (50, 30_000)
        let bytes = WideDump.bytes(rowCount: rowCount, classCount: classCount, seed: 42)
        let headerByteCount = NPY.header("<f4", shape: [rowCount, classCount]).count
        var paths: [String] = []
        var start = 0
        for (index, end) in [10, 7_000, 20_001, 20_002, rowCount].enumerated() {
            let data = bytes.predictions[headerByteCount + 4 * classCount * start..<headerByteCount + 4 * classCount * end]
            let framing = [Framing.single, .streamed, .raw, .frames(frameByteCount: 10_007, isSized: true)][index % 4]
            paths.append(folder.write(framing.store(NPY.header("<f4", shape: [end - start, classCount]) + data), "p\(index).npy"))
            start = end
        }
        let whole = folder.write(bytes.predictions, "p.npy")
        var expected: Outcome?
        for (framing, name) in [(Framing.raw, "stealing"), (.streamed, "stream")] {
            let labels = folder.write(framing.store(bytes.labels), "l.npy")
            #expect(try schedule(paths, [labels]).name == name)
            for files in [[whole], paths] {
                for threads in [1, 2, 8] {
                    let evaluation = try evaluate(files, [labels], threads: threads, perRow: folder["rows.npy"])
                    let found = Outcome(evaluation, perRow: folder.read("rows.npy"))
                    expected = expected ?? found
                    #expect(found.meanHex == expected?.meanHex, "\(name), \(files.count) files, \(threads) threads")
                    #expect(found == expected ? true : false, "\(name), \(files.count) files, \(threads) threads")
                }
            }
        }
    }

    /// Rows of a megabyte in frames of seven bytes: right, and in time proportional to the bytes.
    @Test func rowsOfManyTinyFrames() throws {
        let folder = TemporaryFolder()
        let bytes = WideDump.bytes(rowCount: 4, classCount: 262_144, seed: 43)
        let labels = folder.write(bytes.labels, "l.npy")
        let expected = Outcome(try evaluate([folder.write(bytes.predictions, "p.npy")], [labels]))
        let tiny = folder.write(Framing.frames(frameByteCount: 7, isSized: true).store(bytes.predictions), "p.npy")
        let clock = ContinuousClock()
        var found: Outcome?
        let elapsed = try clock.measure { found = Outcome(try evaluate([tiny], [labels])) }
        #expect(found == expected ? true : false)
        // It is 600,000 frames: a fraction of a second in a release build. Growing a buffer a frame at a time takes far longer.
        #expect(elapsed < .seconds(isOptimised ? 4 : 30))
    }
}
