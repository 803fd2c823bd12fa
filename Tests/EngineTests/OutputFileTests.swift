import Foundation
import Scoring
import Testing
import WorkStealing

@testable import Engine
@testable import Outputs

@Suite struct OutputFileTests {
    /// Whoever cleans up after an error need not know how far it had come.
    @Test func onlyTheFirstCommitOrDiscardCounts() throws {
        let folder = TemporaryFolder()
        let committed = try OutputFile(path: folder["committed"])
        try committed.write([1, 2], at: 0)
        try committed.commit()
        committed.discard()
        let discarded = try OutputFile(path: folder["discarded"])
        discarded.discard()
        try discarded.commit()
        #expect(folder.names == ["committed"])
    }

    @Test func appearsWhenCommitted() throws {
        let folder = TemporaryFolder()
        let file = try OutputFile(path: folder["out"])
        try file.write([1, 2, 3], at: 2)
        try file.write([9, 8], at: 0)
        #expect(!folder.names.contains("out"))
        try file.commit()
        #expect(folder.names == ["out"] && folder.read("out") == [9, 8, 1, 2, 3])
    }

    @Test func nothingIsLeftWhenDiscarded() throws {
        let folder = TemporaryFolder()
        folder.write([7], "out")
        let file = try OutputFile(path: folder["out"])
        try file.write([1, 2, 3], at: 0)
        file.discard()
        #expect(folder.names == ["out"] && folder.read("out") == [7])
    }

    @Test func replacesWhatWasThere() throws {
        let folder = TemporaryFolder()
        folder.write([7, 7, 7, 7], "out")
        try OutputFile.write([1], to: folder["out"])
        #expect(folder.names == ["out"] && folder.read("out") == [1])
    }

    /// An unfinished file has no name where the system knows such files.
    @Test func unfinishedFilesAreNotSeen() throws {
        let folder = TemporaryFolder()
        let file = try OutputFile(path: folder["out"])
        try file.write([1, 2], at: 0)
        let probe = open(folder.path, 0o20000000 | O_DIRECTORY | O_RDWR, 0o600 as mode_t)
        if probe >= 0 {
            close(probe)
            #expect(folder.names.isEmpty)
        }
        let scratch = try file.scratchFile()
        try scratch.write([9], at: 4)
        scratch.discard()
        try file.commit()
        #expect(folder.names == ["out"] && folder.read("out") == [1, 2])
    }

    @Test func readsBackWhatItWrote() throws {
        let folder = TemporaryFolder()
        let file = try OutputFile(path: folder["out"])
        defer { file.discard() }
        try file.write([1, 2, 3, 4], at: 0)
        var bytes: [UInt8] = [0, 0]
        try bytes.withMutableBytes { bytes throws(OutputError) in try file.read(bytes, at: 1) }
        #expect(bytes == [2, 3])
        var tooMany = [UInt8](repeating: 0, count: 5)
        #expect(throws: OutputError.self) { try tooMany.withMutableBytes { bytes throws(OutputError) in try file.read(bytes, at: 0) } }
    }

    @Test func aFolderThatIsNotThere() {
        let folder = TemporaryFolder()
        let error = #expect(throws: OutputError.self) { try OutputFile.write([1], to: folder["none/out"]) }
        #expect(error?.path == folder["none/out"] && error?.remedy != nil)
        #expect(error.map { EngineError($0).category } == .inputOutput)
        #expect(folder.names.isEmpty)
    }

    @Test func aDirectoryOfThatName() throws {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder["out"], withIntermediateDirectories: false)
        let error = #expect(throws: OutputError.self) { try OutputFile.write([1], to: folder["out"]) }
        #expect(error?.path == folder["out"])
        #expect(folder.names == ["out"])
    }
}

/// The same on a file system that knows no nameless files. One test at a time, since one ends all unfinished files of the process.
@Suite(.serialized) struct NamedUnfinishedFileTests {
    @Test func appearsWhenCommittedAndGoesWhenDiscarded() throws {
        let folder = TemporaryFolder()
        folder.write([7], "out")
        let discarded = try OutputFile(path: folder["out"], isNameless: false)
        try discarded.write([1], at: 0)
        #expect(folder.names.count == 2 && folder.names.allSatisfy { $0 == "out" || $0.hasSuffix(".unfinished") })
        #expect(discarded.unfinishedPath.map { $0.split(separator: "/") } == folder[folder.names[0]].split(separator: "/"))
        discarded.discard()
        #expect(folder.names == ["out"] && folder.read("out") == [7])
        chmod(folder["out"], 0o600)
        let files = try (0..<2).map { _ in try OutputFile(path: folder["out"], isNameless: false) }
        #expect(folder.names.count == 3)
        for (number, file) in files.enumerated() { try file.write([UInt8(number)], at: 0) }
        for file in files { try file.commit() }
        #expect(folder.names == ["out"] && folder.read("out") == [1])
        var status = stat()
        #expect(stat(folder["out"], &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test func failureToTakeAPlaceLeavesNothing() throws {
        for isNameless in [false, true] {
            let folder = TemporaryFolder()
            let file = try OutputFile(path: folder["out"], isNameless: isNameless)
            try file.write([1], at: 0)
            mkdir(folder["out"], 0o700)
            #expect(throws: OutputError.self) { try file.commit() }
            #expect(folder.names == ["out"])
        }
    }

    @Test func theEndOfTheProcessRemovesThem() throws {
        let folder = TemporaryFolder()
        let file = try OutputFile(path: folder["out"], isNameless: false)
        var isLast = false
        OutputFile.discardAll { isLast = folder.names.isEmpty }
        #expect(isLast)
        file.discard()
    }
}

@Suite struct CancellationTests {
    /// A run that is cancelled while it works throws, and leaves no file.
    @Test(arguments: [Framing.raw, .frames(frameByteCount: 100_003, isSized: true), .streamed], [1, 4])
    func fromAnotherThread(framing: Framing, threads: Int) throws {
        let folder = TemporaryFolder()
        let (predictions, labels) = WideDump.write(
            folder, rowCount: 60_000, classCount: 100, predictions: framing, labels: .raw, seed: 31)
        let cancellation = Cancellation()
        let progress = ProgressMeter()
        Thread.detachNewThread {
            // As soon as something has been decoded.
            while progress.decodedByteCount == 0, !cancellation.isCancelled { usleep(50) }
            cancellation.cancel()
        }
        var options = EvaluationOptions(
            predictionPaths: [predictions], labelPaths: [labels], specification: LossSpecification(task: .multiclass, input: .logits))
        options.threadCount = threads
        // Slow enough that it cannot be done before it is cancelled.
        options.instructionSet = .baseline
        options.perRowPath = folder["rows.npy"]
        let error = #expect(throws: EngineError.self) { try Evaluation(options, progress: progress, cancellation: cancellation) }
        cancellation.cancel()
        #expect(error?.category == .cancelled)
        #expect(folder.names == ["labels.npy", "predictions.npy"])
    }

    @Test func beforeItBegins() throws {
        let folder = TemporaryFolder()
        let (predictions, labels) = WideDump.write(folder, rowCount: 10, classCount: 3, predictions: .raw, labels: .raw, seed: 32)
        let cancellation = Cancellation()
        cancellation.cancel()
        var options = EvaluationOptions(
            predictionPaths: [predictions], labelPaths: [labels], specification: LossSpecification(task: .multiclass, input: .logits))
        options.perRowPath = folder["rows.npy.zst"]
        let error = #expect(throws: EngineError.self) { try Evaluation(options, cancellation: cancellation) }
        #expect(error?.category == .cancelled)
        #expect(folder.names == ["labels.npy", "predictions.npy"])
    }
}
