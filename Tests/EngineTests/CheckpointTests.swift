import CXXHash
import Elements
import Foundation
import Messages
import Outputs
import Scoring
import SeededRandom
import Synchronization
import Testing
import WorkStealing

@testable import Engine

/// The bytes of checkpoints: what was written is read, and nothing else is.
@Suite struct CheckpointEncodingTests {
    static let loss = LossSpecification(task: .multiclass, input: .logits)

    /// A checkpoint with something in every field.
    static func full() -> Checkpoint {
        var checkpoint = Checkpoint()
        checkpoint.settings = [
            Checkpoint.Setting(name: "the loss", value: loss.canonicalText), Checkpoint.Setting(name: "the shard", value: ""),
        ]
        checkpoint.inputs = [
            Checkpoint.Input(
                role: "predictions", path: "p.npy",
                identity: InputIdentity(
                    byteCount: 12, modificationTime: 34, beginningHash: 56, endHash: 78, indexHash: 90, isRacy: false)),
            Checkpoint.Input(
                role: "labels", path: "ä",
                identity: InputIdentity(
                    byteCount: 1, modificationTime: -1, beginningHash: 2, endHash: 3, indexHash: nil, isRacy: true)),
        ]
        checkpoint.reading = Checkpoint.Reading(flags: 1, warnings: ["the seek table was set aside"])
        checkpoint.unitCount = 100
        checkpoint.totalByteCount = 1 << 40
        var work = FinishedWork(observers: [LossTotals(loss), InvalidRows()])
        for unit in [0, 1, 70] { work.finished.insert(unit) }
        work.seams = [
            SplitRowStore.Seam(unit: 2, state: .beginningWaits, bytes: [1, 2, 3]),
            SplitRowStore.Seam(unit: 70, state: .scoredWithUnitAfter, bytes: []),
        ]
        work.resumePoint = ResumePoint(piece: 2, state: [9, 8], decodedByteCount: 7)
        work.lookedUpRows = [3: work.finished]
        checkpoint.take(work)
        checkpoint.invalidRows = [InvalidRow(path: "p.npy", row: 4, line: 5, problem: "x", order: 6)]
        checkpoint.decodedByteCount = 77
        checkpoint.resumeCount = 2
        checkpoint.seconds = 1.5
        checkpoint.started = Timestamp(seconds: 1_000)
        checkpoint.written = Timestamp(seconds: 2_000)
        return checkpoint
    }

    @Test func whatWasWrittenIsRead() throws {
        let checkpoint = Self.full()
        let bytes = checkpoint.encoded()
        let read = try Checkpoint(decoding: bytes)
        #expect(read.encoded() == bytes)
        #expect(read.settings == checkpoint.settings && read.inputs == checkpoint.inputs && read.reading == checkpoint.reading)
        #expect(read.inputs[1].identity.isRacy)
        #expect(read.finished == checkpoint.finished && read.seams == checkpoint.seams && read.resumePoint == checkpoint.resumePoint)
        #expect(read.observers == checkpoint.observers && read.invalidRows == checkpoint.invalidRows)
        #expect(read.lookedUpRows == checkpoint.lookedUpRows && read.resumeCount == 2 && read.seconds == 1.5)
        #expect(read.unitCount == 100 && read.finishedUnitCount == 3 && read.fraction == 0.03)
        #expect(read.difference(to: checkpoint)?.hasPrefix("ä was changed less than 2 s before the checkpoint was written") == true)
        #expect(try Checkpoint(decoding: Checkpoint().encoded()).fraction == nil)
    }

    /// A file that was cut at any byte, or of which any one bit is another, is none.
    @Test func damageIsFoundEverywhere() throws {
        let bytes = Self.full().encoded()
        func fault(_ bytes: [UInt8]) -> Checkpoint.Fault? {
            do throws(Checkpoint.Fault) {
                _ = try Checkpoint(decoding: bytes)
                return nil
            } catch {
                return error
            }
        }
        for count in 0..<bytes.count {
            guard case .damaged = fault(Array(bytes[..<count])) else {
                Issue.record("cut at byte \(count): \(String(describing: fault(Array(bytes[..<count]))))")
                continue
            }
        }
        for index in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[index] ^= 1 << UInt8(bit)
                let found = fault(other)
                #expect(found != nil, "byte \(index), bit \(bit)")
                #expect(index >= 8 || found == .notACheckpoint)
            }
        }
        for tail in 1..<40 { #expect(fault(bytes + [UInt8](repeating: 0, count: tail)) != nil) }
        #expect(fault(Array("a,b\n1,2\n".utf8)) == .notACheckpoint)
    }

    @Test func otherVersionsAreTold() throws {
        var bytes = Self.full().encoded()
        bytes[8] = 9
        let body = Array(bytes.dropLast(8))
        // The checksum of the changed bytes.
        bytes = body + CheckpointHash.of(body)
        do throws(Checkpoint.Fault) {
            _ = try Checkpoint(decoding: bytes)
            Issue.record("version 9 was read")
        } catch {
            #expect(error == .otherVersion(9))
        }
    }

    /// The figures of another request are refused.
    @Test func figuresMustBeThoseThatAreAskedFor() throws {
        let checkpoint = Self.full()
        #expect(throws: PartialError.self) { try checkpoint.work([LossTotals(Self.loss)]) }
        #expect(throws: PartialError.self) { try checkpoint.work([InvalidRows(), LossTotals(Self.loss)]) }
        // One invalid row is described, and the state has none.
        #expect(throws: PartialError.self) { try checkpoint.work([LossTotals(Self.loss), InvalidRows()]) }
        var sound = checkpoint
        sound.invalidRows = []
        #expect(try sound.work([LossTotals(Self.loss), InvalidRows()]).finished == checkpoint.finished)
    }

    /// The bytes that the page in the documentation gives are those of a checkpoint.
    @Test func documentedBytes() throws {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources/Engine/Engine.docc/CheckpointFormat.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let digits = try #require(text.split(separator: "<!-- vector -->").last).split(separator: "```")[1].filter(\.isHexDigit)
        let bytes = stride(from: 0, to: digits.count, by: 2).map { index -> UInt8 in
            let start = digits.index(digits.startIndex, offsetBy: index)
            return UInt8(digits[start...digits.index(after: start)], radix: 16) ?? 0
        }
        var checkpoint = Self.full()
        checkpoint.xentVersion = "0.1.0"
        #expect(bytes == checkpoint.encoded())
    }
}

/// The checksum at the end of a checkpoint.
enum CheckpointHash {
    static func of(_ bytes: [UInt8]) -> [UInt8] {
        let hash = bytes.withUnsafeBytes { XXH64($0.baseAddress, $0.count, 0) }
        return (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * UInt64($0))) }
    }
}

@Suite struct UnitSetTests {
    @Test func isASet() throws {
        var random = SplitMix64(seed: 3)
        for _ in 0..<50 {
            var set = UnitSet()
            var model: Set<Int> = []
            for _ in 0..<Int.random(in: 0..<90, using: &random) {
                let unit = Int.random(in: 0..<200, using: &random)
                set.insert(unit)
                model.insert(unit)
            }
            #expect((0..<260).allSatisfy { set.contains($0) == model.contains($0) })
            #expect(set.count == model.count && set.largest == model.max())
            #expect(set.lowestMissing == (0...).first { !model.contains($0) })
            #expect(UnitSet(words: set.words) == set)
            #expect(UnitSet(words: set.words + [0]) == nil)
        }
    }
}

/// Rows over two units: whatever the order, the hand-overs and the interruptions, each is scored once, of its own two pieces.
@Suite struct SplitRowResumeTests {
    @Test func eachRowIsScoredOnce() {
        var random = SplitMix64(seed: 41)
        for trial in 0..<400 {
            let unitCount = Int.random(in: 2...12, using: &random)
            var done: Set<Int> = []
            var scored: [Int: Int] = [:]
            var seams: [SplitRowStore.Seam] = []
            while done.count < unitCount {
                let store = SplitRowStore()
                store.keepRows(seams)
                let readers = (0..<Int.random(in: 1...3, using: &random)).map { _ in SimulatedReader() }
                let isInterrupted = Bool.random(using: &random)
                for unit in (0..<unitCount).filter({ !done.contains($0) }).shuffled(using: &random) {
                    if isInterrupted, Int.random(in: 0..<unitCount, using: &random) == 0 { break }
                    let reader = readers.randomElement(using: &random)!
                    if unit > 0, let beginning = store.bring(end: [UInt8(unit)], of: unit, by: reader) {
                        #expect(beginning == [UInt8(unit - 1), 0xFF])
                        reader.scored.append(unit)
                    }
                    if unit + 1 < unitCount, let end = store.bring(beginning: [UInt8(unit), 0xFF], before: unit + 1, by: reader) {
                        #expect(end == [UInt8(unit + 1)])
                        reader.scored.append(unit + 1)
                    }
                    reader.units.append(unit)
                    if Int.random(in: 0..<3, using: &random) == 0 { reader.handOver(to: store, &done, &scored) }
                }
                if !isInterrupted { for reader in readers { reader.handOver(to: store, &done, &scored) } }
                seams = store.seams
                for seam in seams {
                    let isBefore = seam.state == .beginningWaits || seam.state == .scoredWithUnitBefore
                    #expect(done.contains(seam.unit - 1) == isBefore && done.contains(seam.unit) != isBefore)
                }
                if done.count == unitCount { #expect(store.waitingCount == 0 && store.keptByteCount == 0) }
            }
            #expect(scored == Dictionary(uniqueKeysWithValues: (1..<unitCount).map { ($0, 1) }), "trial \(trial)")
        }
    }

    /// A reader with the units that it has not handed over, and the rows that it scored with them.
    private final class SimulatedReader {
        var units: [Int] = []
        var scored: [Int] = []

        func handOver(to store: SplitRowStore, _ done: inout Set<Int>, _ scored: inout [Int: Int]) {
            store.finish(units)
            done.formUnion(units)
            for row in self.scored { scored[row, default: 0] += 1 }
            units = []
            self.scored = []
        }
    }

    /// Rows whose units one reader reads one after the other are not kept.
    @Test func neighboursAreNotKept() {
        let store = SplitRowStore()
        store.keepRows([])
        let reader = SimulatedReader()
        for unit in 0..<1000 {
            if unit > 0 { #expect(store.bring(end: [1], of: unit, by: reader) != nil) }
            #expect(store.bring(beginning: [2], before: unit + 1, by: reader) == nil)
            #expect(store.waitingCount == 1 && store.keptByteCount == 1)
        }
    }
}

/// Evaluations in one process that are cancelled and go on.
@Suite struct RunCheckpointTests {
    private static let loss = LossSpecification(task: .multiclass, input: .logits)

    /// A figure that cancels the run at a row, once.
    private struct Stop: RowObserver {
        let row: UInt64
        let cancellation: Cancellation
        var tag: String { "stop" }
        mutating func observe(_ block: ScoredBlock) {
            if (block.rows.firstRow..<block.rows.firstRow + UInt64(block.rows.rowCount)).contains(row) { cancellation.cancel() }
        }
        mutating func merge(_ other: Stop) {}
        func encode(into bytes: inout [UInt8]) {}
        mutating func decode(from bytes: ArraySlice<UInt8>) throws(PartialError) {}
    }

    private func dump(_ folder: TemporaryFolder) throws -> EvaluationOptions {
        let rows = 200_000, classes = 8
        var random = SplitMix64(seed: 9)
        let values = (0..<rows * classes).map { _ in Double(Float(Int64(truncatingIfNeeded: random.next()) >> 40) / 0x10_0000) }
        let labels = (0..<rows).map { $0 % 9973 == 5 ? 99.0 : Double(random.next() % 8) }
        folder.write(NPY.file(.float32, shape: [rows, classes], values: values), "p.npy")
        folder.write(NPY.file(.uint8, shape: [rows], values: labels), "y.npy")
        for name in ["p.npy", "y.npy"] {
            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -3600)], ofItemAtPath: folder[name])
        }
        var options = EvaluationOptions(
            predictionPaths: [folder["p.npy"]], labelPaths: [folder["y.npy"]], specification: Self.loss)
        options.invalidRows = .skip
        return options
    }

    @Test func goesOnInTheSameProcess() throws {
        let folder = TemporaryFolder()
        var options = try dump(folder)
        options.observers = [Stop(row: .max, cancellation: Cancellation())]
        let whole = try Evaluation(options)
        let events = Mutex<[String]>([])
        let tell: @Sendable (RunCheckpoint.Event) -> Void = { event in
            events.withLock { events in
                if case .resumed(let progress) = event { events.append("\(progress.finishedUnitCount)") } else { events.append("\(event)") }
            }
        }
        for (row, finished) in [(UInt64(70_000), 1), (150_000, 2)] {
            let cancellation = Cancellation()
            options.observers = [Stop(row: row, cancellation: cancellation)]
            options.threadCount = 1
            // The lock of the one before is given back.
            options.checkpoint = nil
            options.checkpoint = try RunCheckpoint(path: folder["c"], interval: .zero, onEvent: tell)
            #expect(throws: EngineError.self) { try Evaluation(options, cancellation: cancellation) }
            #expect(try #require(try CheckpointFile.read(folder["c"])).finishedUnitCount == finished)
        }
        options.threadCount = 2
        options.observers = [Stop(row: .max, cancellation: Cancellation())]
        options.checkpoint = nil
        let checkpoint = try RunCheckpoint(path: folder["c"], interval: .seconds(30), onEvent: tell)
        options.checkpoint = checkpoint
        let resumed = try Evaluation(options)
        #expect(resumed.partial.encoded() == whole.partial.encoded())
        #expect(resumed.report.rows.firstInvalid == whole.report.rows.firstInvalid)
        #expect(resumed.report.run?.resumes == 2 && whole.report.run?.resumes == nil)
        #expect(checkpoint.resumeCount == 2)
        let told = events.withLock { $0 }
        #expect(told == ["1", "2"])
        // All is done, until the results are safe.
        let left = try #require(try CheckpointFile.read(folder["c"]))
        #expect(left.finishedUnitCount == left.unitCount && left.fraction == 1)
        try checkpoint.remove()
        #expect(folder.names == ["c.lock", "p.npy", "y.npy"])
    }

    /// Truncations and flips of a real checkpoint: the run begins anew each time, and its figures are right.
    @Test func damagedFilesBeginAnew() throws {
        let folder = TemporaryFolder()
        var options = try dump(folder)
        let whole = try Evaluation(options).partial.encoded()
        let cancellation = Cancellation()
        options.observers = [Stop(row: 150_000, cancellation: cancellation)]
        options.threadCount = 1
        options.checkpoint = try RunCheckpoint(path: folder["c"], interval: .zero)
        #expect(throws: EngineError.self) { try Evaluation(options, cancellation: cancellation) }
        options.checkpoint = nil
        options.observers = []
        let bytes = folder.read("c")
        var random = SplitMix64(seed: 77)
        for trial in 0..<12 {
            var other = bytes
            if trial % 2 == 0 {
                other.removeLast(Int.random(in: 1..<bytes.count, using: &random))
            } else {
                // Behind the magic: else it is no checkpoint.
                other[Int.random(in: 8..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            }
            folder.write(other, "c")
            let reasons = Mutex<[String]>([])
            options.checkpoint = try RunCheckpoint(
                path: folder["c"],
                onEvent: { event in
                    if case .begunAnew(let reason) = event { reasons.withLock { $0.append(reason) } }
                })
            #expect(try Evaluation(options).partial.encoded() == whole)
            let told = reasons.withLock { $0 }
            #expect(told.count == 1, "trial \(trial): \(told)")
            options.checkpoint = nil
        }
    }

    /// The units of a checkpoint that has the right checksum but is of nobody's run.
    @Test func unitsThatCannotBeAreRefused() throws {
        let folder = TemporaryFolder()
        var options = try dump(folder)
        let whole = try Evaluation(options).partial.encoded()
        let cancellation = Cancellation()
        options.observers = [Stop(row: 150_000, cancellation: cancellation)]
        options.threadCount = 1
        options.checkpoint = try RunCheckpoint(path: folder["c"], interval: .zero)
        #expect(throws: EngineError.self) { try Evaluation(options, cancellation: cancellation) }
        let changes: [@Sendable (inout Checkpoint) -> Void] = [
            { $0.finished.insert(1_000_000) },
            { $0.seams = [SplitRowStore.Seam(unit: 2, state: .beginningWaits, bytes: [1])] },
            { $0.resumePoint = ResumePoint(piece: 0, state: [1], decodedByteCount: 0) },
            { $0.lookedUpRows = [0: $0.finished] },
            { $0.cutVersion += 1 },
            { $0.xentVersion = "99" },
            { $0.unitCount = 1 },
        ]
        let found = try #require(try CheckpointFile.read(folder["c"]))
        for (number, change) in changes.enumerated() {
            var other = found
            change(&other)
            folder.write(other.encoded(), "c")
            let count = Atomic(0)
            options.checkpoint = nil
            options.observers = [Stop(row: .max, cancellation: Cancellation())]
            options.checkpoint = try RunCheckpoint(
                path: folder["c"],
                onEvent: { event in
                    if case .begunAnew = event { count.add(1, ordering: .relaxed) }
                })
            let evaluation = try Evaluation(options)
            #expect(count.load(ordering: .relaxed) == 1, "change \(number)")
            #expect(evaluation.report.rows.read == 200_000)
        }
        #expect(!whole.isEmpty)
    }

    /// Whoever lets go of a checkpoint may open the file again at once: the thread that writes it from time to time does not keep its lock.
    @Test func theLockIsGivenBackAtOnce() throws {
        let folder = TemporaryFolder()
        let options = try dump(folder), control = RunControl()
        var checkpoint: RunCheckpoint? = try RunCheckpoint(path: folder["c"])
        let mode = try checkpoint?.prepare(options, control.cancellation) ?? ReadingMode()
        _ = checkpoint?.begin(try EvaluationPlan(options, mode, control), mode, observers: [InvalidRows()], .now, control)
        // Long enough for the thread to begin, and to wait for its time.
        Thread.sleep(forTimeInterval: 0.3)
        checkpoint = nil
        #expect(throws: Never.self) { try RunCheckpoint(path: folder["c"]) }
    }

    @Test func refusesWhatIsThere() throws {
        let folder = TemporaryFolder()
        folder.write([1, 2, 3], "notes")
        #expect(throws: EngineError.self) { try RunCheckpoint(path: folder["notes"]) }
        #expect(throws: EngineError.self) { try RunCheckpoint(path: folder["missing/c"]) }
        #expect(folder.names == ["notes"])
        // flock is of open files, so that two in one process exclude each other as well.
        let first = try RunCheckpoint(path: folder["c"])
        #expect(throws: EngineError.self) { try RunCheckpoint(path: folder["c"]) }
        _ = first.resumeCount
    }
}

/// The state from which text is numbered again.
@Suite struct RecordNumberingStateTests {
    @Test func otherBytesAreRefused() throws {
        let folder = TemporaryFolder()
        folder.write(Array("p_0,p_1,label\n0.5,0.5,1\n".utf8), "t.csv")
        let options = EvaluationOptions(
            predictionPaths: [folder["t.csv"]], labelPaths: [], specification: LossSpecification(task: .multiclass, input: .probabilities))
        let source = try #require(try EvaluationPlan(options).source as? RecordRowSource)
        let state = RecordNumbering.State(rowCount: 7, line: 9, openFiles: [0], firstRows: [0], carry: [1, 2])
        func isRead(_ bytes: [UInt8]) -> Bool { RecordNumbering.State(bytes, source.files, cutsText: true) != nil }
        #expect(RecordNumbering.State(state.encoded, source.files, cutsText: true) == state)
        // Cut anywhere but in the beginning of a record, which may have any length.
        for count in 0..<state.encoded.count - 2 { #expect(!isRead(Array(state.encoded[..<count])), "\(count)") }
        var other = state
        other.fileIndex = 1
        #expect(!isRead(other.encoded))
        other = state
        other.spanIndex = 1000
        #expect(!isRead(other.encoded))
        other = state
        other.firstRows = [8]
        #expect(!isRead(other.encoded))
    }
}

/// The book of finished units.
@Suite struct UnitLedgerTests {
    private final class NoConsumer: RowConsumer {
        func consume(_ batch: RowBatch, companions: [UnsafeRawPointer]) throws(EngineError) {}
    }

    private func page(_ ledger: UnitLedger) -> UnitLedger.Page { ledger.addPage(NoConsumer(), CompanionRows([], RunControl())) }

    /// A worker whose unit failed holds rows of a unit that is not finished: nothing that it has not handed over counts.
    @Test func failedUnitsDoNotCount() throws {
        let ledger = UnitLedger(FinishedWork(observers: []))
        let first = page(ledger), second = page(ledger)
        try first.enter(0) {}
        #expect(ledger.work?.finished.count == 0)
        ledger.collect(milliseconds: 0)
        #expect(ledger.work?.finished.count == 1)
        try first.enter(3) {}
        try second.enter(1) {}
        do throws(EngineError) {
            try first.enter(2) { () throws(EngineError) in throw EngineError.cancelled }
            Issue.record("the unit did not fail")
        } catch {
            #expect(error.category == .cancelled)
        }
        try first.enter(4) {}
        ledger.collect(milliseconds: 0)
        let finished = try #require(ledger.work).finished
        #expect((0..<6).filter { finished.contains($0) } == [0, 1])
    }

    /// The point to resume at is the last one before which all pieces are finished.
    @Test func pointFollowsTheFinishedPieces() throws {
        var before = FinishedWork(observers: [])
        before.finished.insert(0)
        let ledger = UnitLedger(before)
        let page = page(ledger)
        func finish(_ piece: Int) throws -> Int? {
            try page.enter(piece) {}
            ledger.collect(milliseconds: 0)
            return ledger.work?.resumePoint?.piece
        }
        for piece in [0, 1, 3, 4] { ledger.note(ResumePoint(piece: piece, state: [UInt8(piece)], decodedByteCount: piece)) }
        #expect(ledger.work?.resumePoint?.piece == 1)
        #expect(try finish(2) == 1)
        #expect(try finish(4) == 1)
        #expect(try finish(1) == 3)
        ledger.finishWithoutRows(3)
        ledger.note(ResumePoint(piece: 5, state: [5], decodedByteCount: 5))
        #expect(ledger.work?.resumePoint == ResumePoint(piece: 5, state: [5], decodedByteCount: 5))
        #expect(ledger.wasFinished(0) && !ledger.wasFinished(1))
    }
}
