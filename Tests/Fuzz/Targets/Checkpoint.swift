internal import CXXHash
internal import Engine
internal import Scoring

extension FuzzTarget {
    /// Checkpoints: the bytes between the magic and the checksum, which is computed here, since no fuzzer finds one. What is decoded
    /// encodes to the same bytes. The work in it is taken or refused, and taken it is what it was.
    static let checkpoint = FuzzTarget(
        name: "Checkpoint",
        run: { body in
            var bytes = Array("XENTCKPT".utf8) + Array(body)
            let checksum = bytes.withUnsafeBytes { XXH64($0.baseAddress, $0.count, 0) }
            bytes += (0..<8).map { UInt8(truncatingIfNeeded: checksum >> (8 * UInt64($0))) }
            do throws(Checkpoint.Fault) {
                let checkpoint = try Checkpoint(decoding: bytes)
                precondition(checkpoint.encoded() == bytes, "what was decoded encodes to other bytes")
                _ = (checkpoint.fraction, checkpoint.finishedUnitCount)
                if let work = try? checkpoint.work(Self.observers) {
                    var again = checkpoint
                    again.take(work)
                    precondition(again.observers == checkpoint.observers, "the figures are others than were written")
                    precondition(again.finished == checkpoint.finished && again.seams == checkpoint.seams)
                }
            } catch {
                precondition(error != .notACheckpoint)
            }
        },
        seeds: {
            var checkpoint = Checkpoint()
            var seeds = [checkpoint]
            checkpoint.settings = [Checkpoint.Setting(name: "the loss", value: "task=binary")]
            checkpoint.inputs = [
                Checkpoint.Input(
                    role: "predictions", path: "p",
                    identity: InputIdentity(
                        byteCount: 1, modificationTime: 2, beginningHash: 3, endHash: 4, indexHash: 5, isRacy: true))
            ]
            checkpoint.unitCount = 70
            checkpoint.totalByteCount = 9
            for unit in [0, 1, 65, 67] { checkpoint.finished.insert(unit) }
            checkpoint.seams = [
                SplitRowStore.Seam(unit: 2, state: .beginningWaits, bytes: [1, 2]),
                SplitRowStore.Seam(unit: 65, state: .endWaits, bytes: [3]),
                SplitRowStore.Seam(unit: 66, state: .scoredWithUnitBefore, bytes: []),
                SplitRowStore.Seam(unit: 67, state: .scoredWithUnitAfter, bytes: []),
            ]
            seeds.append(checkpoint)
            checkpoint.reading.flags = 3
            checkpoint.reading.warnings = ["w"]
            checkpoint.resumePoint = ResumePoint(piece: 2, state: [1, 2, 3], decodedByteCount: 4)
            checkpoint.take(FinishedWork(observers: Self.observers))
            checkpoint.invalidRows = [InvalidRow(path: "p", row: 1, line: 2, problem: "x", order: 3)]
            checkpoint.lookedUpRows[1] = checkpoint.finished
            seeds.append(checkpoint)
            return seeds.map { Array($0.encoded().dropFirst(8).dropLast(8)) }
        })

    private static var observers: [any RowObserver] {
        guard let loss = try? LossSpecification(task: .multiclass, input: .probabilities, dialects: [.exact, .sklearn]) else { return [] }
        return [LossTotals(loss), InputWarnings(), InvalidRows()]
    }
}
