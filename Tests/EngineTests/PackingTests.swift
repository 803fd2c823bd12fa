import Container
import Elements
import Formats
import Foundation
import Messages
import Oracle
import Outputs
import Scoring
import SeededRandom
import Testing
import WorkStealing

@testable import Engine

/// What `Packing` writes: the plain file again, row-aligned, and the same bytes in every run.
@Suite struct PackingTests {
    /// Dumps of every type and byte order, from every framing: one and the same file, for any number of threads.
    @Test func plainBytesFromEveryFraming() throws {
        var random = SplitMix64(seed: 81)
        let folder = TemporaryFolder()
        for round in 0..<(isOptimised ? 60 : 8) {
            let dump = Dump.random(&random)
            let plain = round % 3 == 0 ? dump.labelBytes : dump.predictionBytes
            let frameByteCount = 1 << Int.random(in: 0...18, using: &random)
            var first: [UInt8]?
            for framing in Framing.all {
                let input = folder.write(framing.store(plain), "in")
                for threads in [1, 4] {
                    let report = try pack(input, folder["out"], frameByteCount: frameByteCount, threads: threads)
                    let file = folder.read("out")
                    let what = "round \(round) of seed 81, \(dump.summary), \(framing), frames of \(frameByteCount), \(threads) threads"
                    if let first {
                        #expect(file == first ? true : false, "\(what): other bytes than before")
                        continue
                    }
                    first = file
                    let layout = try ArrayFile.open(input, options: .init()).layout
                    let rowsPerFrame = max(1, frameByteCount / layout.rowByteCount)
                    #expect(report.packing?.rows == rowsPerFrame && report.output.bytes == file.count)
                    #expect(report.array.bytes == plain.count && report.array.rows == layout.rowCount)
                    let packed = try Packed(folder["out"])
                    #expect(report.output.frames == packed.frames.count)
                    packed.expect(
                        plain: plain, headerByteCount: layout.dataByteOffset, rowByteCount: layout.rowByteCount, rowsPerFrame: rowsPerFrame,
                        file: file, what)
                }
            }
        }
        #expect(folder.names == ["in", "out"])
    }

    /// Evaluations of the packed file give the bits of the input's.
    @Test(arguments: [Framing.raw, .streamed, .pzstd(frameByteCount: 100_003, isSized: false)])
    func evaluationsAreTheSame(framing: Framing) throws {
        let folder = TemporaryFolder()
        let (predictions, labels) = WideDump.write(
            folder, rowCount: 30_000, classCount: 70, predictions: framing, labels: framing, seed: 82)
        let expected = Outcome(try evaluate([predictions], [labels], perRow: folder["r.npy"]), perRow: folder.read("r.npy"))
        try pack(predictions, folder["p.zst"], threads: 2)
        try pack(labels, folder["l.zst"], frameByteCount: 1000, threads: 2)
        for threads in [1, 3] {
            let packed = Outcome(
                try evaluate([folder["p.zst"]], [folder["l.zst"]], threads: threads, perRow: folder["r.npy"]), perRow: folder.read("r.npy"))
            #expect(packed == expected ? true : false)
        }
    }

    /// libzstd's strategies each keep tables from frame to frame, and none of them must matter. Level 0 is the default.
    @Test(arguments: [-7, 1, 2, 3, 5, 7, 9, 12, 13, 16])
    func anyLevelGivesTheSameBytesForAnyThreads(level: Int) throws {
        let folder = TemporaryFolder()
        let plain = WideDump.bytes(rowCount: 6000, classCount: 100, seed: 83).predictions
        let input = folder.write(plain, "in")
        try pack(input, folder["1"], level: level, frameByteCount: 200_000, threads: 1)
        #expect(try Packed(folder["1"]).bytes == plain ? true : false)
        for threads in [2, 3, 8] {
            let report = try pack(input, folder["n"], level: level, frameByteCount: 200_000, threads: threads)
            #expect(folder.read("n") == folder.read("1") ? true : false, "\(threads) threads")
            #expect(report.packing?.level == level)
        }
        guard level == 3 else { return }
        #expect(try pack(input, folder["0"], level: 0, frameByteCount: 200_000).packing?.level == 3)
        #expect(folder.read("0") == folder.read("1") ? true : false)
    }

    @Test func higherLevelsMakeItSmaller() throws {
        let folder = TemporaryFolder()
        let input = folder.write(WideDump.bytes(rowCount: 5000, classCount: 100, seed: 84).predictions, "in")
        let sizes = try [-50, 1, 19].map { try pack(input, folder["out"], level: $0).output.bytes }
        #expect(sizes[0] > sizes[1] && sizes[1] > sizes[2], "\(sizes)")
    }

    @Test func rowLargerThanAFrame() throws {
        let folder = TemporaryFolder()
        let plain = WideDump.bytes(rowCount: 7, classCount: 1000, seed: 85).predictions
        for frameByteCount in [1, 3999, 4000, 7999, 8000] {
            let report = try pack(folder.write(plain, "in"), folder["out"], frameByteCount: frameByteCount, threads: 2)
            let rowsPerFrame = frameByteCount == 8000 ? 2 : 1
            #expect(report.packing?.rows == rowsPerFrame)
            try Packed(folder["out"]).expect(
                plain: plain, headerByteCount: plain.count - 28_000, rowByteCount: 4000, rowsPerFrame: rowsPerFrame,
                file: folder.read("out"),
                "frames of \(frameByteCount)")
        }
    }

    /// A row of 9 MiB is decompressed in pieces, which needs a window: the usual one is enough at the highest level.
    @Test func rowsOfManyMegabytesAtTheHighestLevel() throws {
        let folder = TemporaryFolder()
        let columns = (9 << 20) / 4
        // Zeros but for a value here and there, or the level would take minutes.
        var plain = NPY.header("<f4", shape: [2, columns])
        let headerByteCount = plain.count
        plain += [UInt8](repeating: 0, count: 8 * columns)
        for index in stride(from: headerByteCount + 3, to: plain.count, by: 1 << 16) {
            plain[index] = UInt8(truncatingIfNeeded: index >> 16) | 1
        }
        let report = try pack(folder.write(plain, "in"), folder["out"], level: PackingOptions.levels.upperBound, threads: 2)
        #expect(report.output.frames == 3)
        #expect(try Packed(folder["out"]).bytes == plain ? true : false)
        #expect(try Inspection(path: folder["out"]).shape == [2, columns])
    }

    /// Shapes without a byte of data, and a single number.
    @Test(arguments: [([0], 0), ([0, 5], 0), ([4, 0], 0), ([1 << 40, 0], 0), ([], 4), ([3, 2, 2], 48)])
    func unusualShapes(shape: [Int], dataByteCount: Int) throws {
        let folder = TemporaryFolder()
        let header = NPY.header("<f4", shape: shape)
        let plain = header + (0..<dataByteCount).map { UInt8($0) }
        for framing in [Framing.raw, .streamed, .seekable(frameByteCount: 7, hasChecksums: true)] {
            let report = try pack(folder.write(framing.store(plain), "in"), folder["out"], threads: 2)
            #expect(report.output.frames == (dataByteCount == 0 ? 1 : 2))
            let packed = try Packed(folder["out"])
            #expect(packed.bytes == plain && packed.frames.first?.decodedByteCount == header.count)
            #expect(report.array.shape == shape)
        }
    }

    /// Headers that no writer of ours makes are kept to the byte.
    @Test func headerIsKept() throws {
        let folder = TemporaryFolder()
        let text =
            Array(#"{  "shape":(2 ,3),'descr':">f8" , 'fortran_order' : False,}"#.utf8) + [UInt8](repeating: 0x20, count: 3000) + [0x0A]
        let header = [0x93] + Array("NUMPY".utf8) + [3, 0] + Compressor.littleEndian(text.count, 4) + text
        let plain = header + (0..<48).map { UInt8($0) }
        for framing in [Framing.raw, .single, .frames(frameByteCount: 7, isSized: true)] {
            try pack(folder.write(framing.store(plain), "in"), folder["out"])
            #expect(try Packed(folder["out"]).bytes == plain)
        }
    }

    /// One column is the same in both orders, and stays as it is.
    @Test func fortranOrderOfOneColumn() throws {
        let folder = TemporaryFolder()
        let column = NPY.header("<f4", shape: [5, 1], isFortranOrder: true) + (0..<20).map { UInt8($0) }
        try pack(folder.write(column, "in"), folder["out"])
        #expect(try Packed(folder["out"]).bytes == column)
    }

    @Test func whatCannotBeMeant() throws {
        let folder = TemporaryFolder()
        let input = folder.write(WideDump.bytes(rowCount: 7, classCount: 3, seed: 86).predictions, "in")
        let levels = PackingOptions.levels
        #expect(levels.contains(1) && levels.contains(19) && levels.lowerBound < 0)
        for (level, frameByteCount, says) in [
            (levels.lowerBound - 1, 1 << 20, "\(levels.lowerBound - 1)"), (levels.upperBound + 1, 1 << 20, "\(levels.upperBound)"),
            (.max, 1 << 20, "\(levels.upperBound)"), (3, 0, "0 bytes"), (3, -1, "-1 bytes"), (3, 1 << 30 + 1, "1073741824"),
            (3, .max, "1073741824"),
        ] {
            let error = #expect(throws: EngineError.self) { try pack(input, folder["out"], level: level, frameByteCount: frameByteCount) }
            #expect(
                error?.category == .usage && error?.description.contains(says) == true && error?.remedy != nil,
                "\(level), \(frameByteCount)")
        }
        #expect(folder.names == ["in"])
        try pack(input, folder["out"], level: levels.lowerBound, frameByteCount: 1 << 30)
    }

    /// More frames than the format can list: said at once, and what would do.
    @Test func tooManyFrames() throws {
        let folder = TemporaryFolder()
        let rowCount = 1 << 28
        let header = NPY.header("|u1", shape: [rowCount])
        // A file with a hole takes no room.
        folder.write(header, "in")
        #expect(truncate(folder["in"], off_t(header.count + rowCount)) == 0)
        let error = #expect(throws: EngineError.self) { try pack(folder["in"], folder["out"], frameByteCount: 1) }
        #expect(error?.category == .usage && error?.description.contains("134217728") == true)
        #expect(error?.remedy == "give \(setting: .frameSize) of at least 3")
        #expect(folder.names == ["in"])
    }

    /// What the report says of the files, held against what an evaluation's plan does.
    @Test func factsOfTheReport() throws {
        let folder = TemporaryFolder()
        let (rowCount, classCount) = (200_000, 25)
        let bytes = WideDump.bytes(rowCount: rowCount, classCount: classCount, seed: 87)
        let labels = folder.write(bytes.labels, "l")
        for framing in [
            Framing.raw, .single, .streamed, .frames(frameByteCount: 3_000_001, isSized: true),
            .frames(frameByteCount: 3_000_000, isSized: false),
            .seekable(frameByteCount: 1 << 20, hasChecksums: false), .pzstd(frameByteCount: 7_000_000, isSized: true),
        ] {
            let input = folder.write(framing.store(bytes.predictions), "in")
            let report = try pack(input, folder["out"], threads: 2)
            let units = try schedule([input], [labels]).units.count
            #expect(report.input.units == max(1, units), "\(framing)")
            #expect(try report.output.units == schedule([folder["out"]], [labels]).units.count && report.output.units ?? 0 > 1)
            let inspection = try Inspection(path: input)
            #expect(report.input.frames == inspection.frames && report.input.bytes == inspection.bytes)
            #expect(report.input.compression ?? "none" == inspection.compression)
            #expect(report.ratio == Double(bytes.predictions.count) / Double(folder.read("out").count))
            let text = report.changes.joined(separator: "; ")
            #expect(text.contains("up to \(report.output.units ?? 0) threads side by side"))
            if inspection.isShardable {
                #expect(text.contains("the input by up to \(units)"), "\(framing): \(text)")
            } else {
                #expect(text.contains("the input by one, since it"), "\(framing): \(text)")
            }
            // A single frame of 20 MB is larger than what is decompressed for a few rows.
            #expect(text.contains("its rows are read in any order") == !inspection.isShardable, "\(framing): \(text)")
            let hasFramesOfKnownSizes = inspection.frames != nil && inspection.isShardable
            #expect(text.contains("borders between frames cut a row") == hasFramesOfKnownSizes, "\(framing): \(text)")
            #expect(text.contains("checksums") == (inspection.hasChecksums != true), "\(framing): \(text)")
            #expect(text.contains("has to be decompressed") == (framing.description == "raw"))
        }
        // Packed again, nothing but the row-cutting can change.
        let again = try pack(folder["out"], folder["again"], threads: 2)
        #expect(folder.read("again") == folder.read("out") ? true : false)
        #expect(again.changes.count == 2 && again.changes[1] == "it takes 100.0 % of the input's bytes", "\(again.changes)")
        #expect(again.changes[0].hasSuffix("the input by up to \(again.output.units ?? 0)"))
        // Labels are no predictions.
        #expect(try !pack(labels, folder["again"]).changes.joined().contains("predictions"))
    }

    /// Frames too large for labels to be read by number are said to be that.
    @Test func largeFramesAreNoGainForLabels() throws {
        let folder = TemporaryFolder()
        let input = folder.write(WideDump.bytes(rowCount: 50_000, classCount: 100, seed: 88).predictions, "in")
        let report = try pack(input, folder["out"], frameByteCount: 18 << 20)
        #expect(report.changes.contains { $0.contains("one after the other, since its frames are large") })
        #expect(try !pack(input, folder["out"], frameByteCount: 15 << 20).changes.joined().contains("one after the other"))
    }

    // MARK: What goes wrong

    /// Files cut short anywhere and flipped bits: the errors of an evaluation, and nothing left.
    @Test(arguments: EngineBadInput.framings + [.raw])
    func damageGivesTheErrorsOfAnEvaluation(framing: Framing) throws {
        let folder = TemporaryFolder()
        var random = SplitMix64(seed: 89)
        let values = (0..<30).map { _ in NPY.rounded(random.nextUniform(in: -3...3), to: .float32) }
        let dump = Dump(classCount: 3, values: values, labels: [Int](repeating: 0, count: 10))
        let labels = folder.write(dump.labelBytes, "l.npy")
        let sound = framing.store(dump.predictionBytes)
        var damaged = (0..<sound.count).map { Array(sound[..<$0]) }
        for byte in sound.indices {
            var bytes = sound
            bytes[byte] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            damaged.append(bytes)
        }
        damaged.append(sound + [0])
        var errorCount = 0
        for (number, bytes) in damaged.enumerated() {
            let input = folder.write(bytes, "p.npy")
            var expected: EngineError?
            var expectedWarnings: [Message] = []
            // What was flipped may be a value, which only an evaluation finds invalid.
            do { expectedWarnings = try evaluate([input], [labels], onInvalid: .skip).report.warnings } catch { expected = error }
            do throws(EngineError) {
                let report = try pack(input, folder["out"], frameByteCount: 24, threads: 2)
                // An evaluation refuses what pack need not: no rows, other types of element, one dimension.
                let isOfEvaluationsOnly = ["predictions of type", "shape (", "no rows"].contains {
                    expected?.description.contains($0) == true
                }
                #expect(expected == nil || isOfEvaluationsOnly, "\(number) of seed 89: \(expected?.description ?? "")")
                let isOfTable = { (warning: Message) in
                    ["set aside", "checksums were not verified"].contains { warning.description.contains($0) }
                }
                if expected == nil {
                    #expect(report.warnings.filter(isOfTable) == expectedWarnings.filter(isOfTable), "\(number) of seed 89")
                }
                unlink(folder["out"])
            } catch {
                errorCount += 1
                // An evaluation misses the labels of rows that a header invents before it misses the rows.
                if expected?.description.contains("labels for the") != true {
                    #expect(error.description == expected?.description, "\(number) of seed 89")
                }
                #expect(error.category == .data)
            }
            #expect(folder.names == ["l.npy", "p.npy"], "\(number) of seed 89")
        }
        #expect(errorCount > sound.count / 2)
    }

    /// Damage in the middle of a large file, met while other workers compress: the first in the file's order, named by frame and byte.
    @Test func firstDamageIsReported() throws {
        let folder = TemporaryFolder()
        let bytes = WideDump.bytes(rowCount: 60_000, classCount: 25, seed: 90)
        let compressor = Compressor(hasChecksums: true)
        var file: [UInt8] = []
        var offsets: [Int] = []
        for start in stride(from: 0, to: bytes.predictions.count, by: 300_000) {
            offsets.append(file.count)
            file += compressor.frame(bytes.predictions[start..<min(start + 300_000, bytes.predictions.count)])
        }
        for frame in [9, 15] { file[offsets[frame + 1] - 100] ^= 16 }
        let input = folder.write(file, "p.npy")
        for threads in [1, 2, 4] {
            let error = #expect(throws: EngineError.self) { try pack(input, folder["out"], frameByteCount: 100_000, threads: threads) }
            #expect(error?.category == .data && error?.frameIndex == 9 && error?.frameByteOffset == offsets[9])
            #expect(folder.names == ["p.npy"])
        }
    }

    /// A table that lies behind the frames that were packed already: all is begun again without it, or cannot be where a pipe or
    /// device has been given something.
    @Test func seekTableThatLies() throws {
        let folder = TemporaryFolder()
        let plain = WideDump.bytes(rowCount: 20_000, classCount: 25, seed: 91).predictions
        let compressor = Compressor(hasChecksums: true)
        var file: [UInt8] = []
        var entries: [Compressor.Entry] = []
        for start in stride(from: 0, to: plain.count, by: 100_000 + entries.count) {
            let frame = compressor.frame(plain[start..<min(start + 100_000, plain.count)])
            file += frame
            entries.append(Compressor.Entry(frame: frame, decodedByteCount: min(100_000, plain.count - start)))
        }
        entries[15].decodedByteCount -= 1
        entries[16].decodedByteCount += 1
        let input = folder.write(file + Compressor.seekTable(entries, hasChecksums: true), "in")
        for threads in [1, 3] {
            let report = try pack(input, folder["out"], frameByteCount: 10_000, threads: threads)
            #expect(try Packed(folder["out"]).bytes == plain ? true : false)
            #expect(
                report.warnings.contains { $0.description.contains("seek table was set aside") && $0.description.contains(input) },
                "\(report.warnings)")
        }
        let error = #expect(throws: EngineError.self) { try pack(input, "/dev/null", frameByteCount: 10_000) }
        #expect(error?.category == .data && error?.description.contains("frame 15") == true)
        #expect(folder.names == ["in", "out"])
    }

    @Test func rowTooWideToBeKept() throws {
        let folder = TemporaryFolder()
        let header = NPY.header("|u1", shape: [2, 1 << 25])
        folder.write(header, "in")
        #expect(truncate(folder["in"], off_t(header.count + 2 << 25)) == 0)
        let error = #expect(throws: EngineError.self) { try pack(folder["in"], folder["out"]) }
        #expect(error?.category == .data && error?.description.contains("\(1 << 25) values a row") == true)
        #expect(folder.names == ["in"])
    }

    /// Inputs and outputs that cannot be opened; what was there stays.
    @Test func placesThatCannotBe() throws {
        let folder = TemporaryFolder()
        let input = folder.write(WideDump.bytes(rowCount: 7, classCount: 3, seed: 92).predictions, "in")
        try FileManager.default.createDirectory(atPath: folder["folder"], withIntermediateDirectories: false)
        for (from, to, category) in [
            (folder["gone"], folder["out"], EngineError.Category.noInput), (folder["folder"], folder["out"], .noInput),
            (input, folder["gone/out"], .inputOutput), (input, folder["folder"], .inputOutput), (input, "/dev/full", .inputOutput),
        ] {
            let error = #expect(throws: EngineError.self, "\(from) to \(to)") { try pack(from, to, threads: 2) }
            #expect(error?.category == category, "\(from) to \(to)")
        }
        #expect(folder.names == ["folder", "in"])
    }

    @Test func nothingIsSeenBeforeItIsCommitted() throws {
        let folder = TemporaryFolder()
        let input = folder.write(WideDump.bytes(rowCount: 7, classCount: 3, seed: 93).predictions, "in")
        folder.write([1, 2, 3], "out")
        let packing = try Packing(PackingOptions(inputPath: input, outputPath: folder["out"]))
        #expect(folder.read("out") == [1, 2, 3])
        packing.output.discard()
        #expect(folder.read("out") == [1, 2, 3] && folder.names == ["in", "out"])
    }

    @Test(arguments: [Framing.raw, .streamed], [1, 4])
    func cancelledWhileAtWork(framing: Framing, threads: Int) throws {
        let folder = TemporaryFolder()
        let input = folder.write(framing.store(WideDump.bytes(rowCount: 60_000, classCount: 100, seed: 94).predictions), "in")
        let cancellation = Cancellation()
        let progress = ProgressMeter()
        Thread.detachNewThread {
            while progress.decodedByteCount == 0, !cancellation.isCancelled { usleep(50) }
            cancellation.cancel()
        }
        var options = PackingOptions(inputPath: input, outputPath: folder["out"])
        options.threadCount = threads
        // Slow enough that it cannot be done before it is cancelled.
        options.level = 12
        let error = #expect(throws: EngineError.self) { try Packing(options, progress: progress, cancellation: cancellation) }
        cancellation.cancel()
        #expect(error?.category == .cancelled)
        #expect(folder.names == ["in"])
    }

    @Test func progressCountsEveryByteOnce() throws {
        let folder = TemporaryFolder()
        let plain = WideDump.bytes(rowCount: 20_000, classCount: 25, seed: 95).predictions
        var options = PackingOptions(inputPath: folder.write(plain, "in"), outputPath: folder["out"])
        options.frameByteCount = 10_000
        options.threadCount = 4
        let progress = ProgressMeter()
        try Packing(options, progress: progress).output.commit()
        #expect(progress.decodedByteCount == plain.count && progress.totalByteCount == plain.count)
    }
}
