import Elements
import Formats
import Foundation
import Messages
import Oracle
import Scoring
import SeededRandom
import Testing

@testable import Engine

/// The report's figures against values of 200 bits.
@Suite struct EngineTruth {
    @Test(arguments: Dump.tasks, PredictionInput.allCases)
    func rowsAndFigures(task: LossTask, input: PredictionInput) throws {
        let seed: UInt64 = 11
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        for type in ElementType.floatingPointTypes {
            for _ in 0..<2 {
                let dump = Dump.random(&random, task: task, input: input, elementType: type, elementLimit: isOptimised ? 3000 : 300)
                let evaluation = try evaluate(
                    [folder.write(Framing.frames(frameByteCount: 61, isSized: true).store(dump.predictionBytes), "p.npy")],
                    [folder.write(dump.labelBytes, "l.npy")], dump.specification, threads: 2, perRow: folder["rows.npy"])
                let losses = NPY.losses(folder.read("rows.npy"), rowCount: dump.rowCount)
                var trueSum = BigReal.zero
                var sum = BigReal.zero
                for (row, loss) in losses.enumerated() {
                    let truth = try #require(dump.trueLoss(row))
                    let error = ulpError(loss, truth)
                    #expect(error <= 4, "seed \(seed), \(dump.summary), row \(row): \(loss) is \(error) ULP from \(truth)")
                    trueSum += truth
                    sum += BigReal(loss)
                }
                let report = evaluation.report
                let count = Double(dump.rowCount)
                #expect(ulpError(report.loss.mean, trueSum / BigReal(dump.rowCount)) <= 1, "\(dump.summary)")
                #expect(report.loss.mean == (sum / BigReal(dump.rowCount)).rounded(), "the mean is rounded once: \(dump.summary)")
                #expect(report.loss.sum == sum.rounded(), "the sum is rounded once: \(dump.summary)")
                #expect(report.loss.min == losses.min())
                #expect(report.loss.max == losses.max())
                #expect(report.loss.perplexity == exp(report.loss.mean))
                #expect(report.loss.meanOverCount == report.loss.mean && report.loss.meanOverWeight == report.loss.mean)
                let right = (0..<dump.rowCount).count { dump.isRight($0) }
                #expect(report.accuracy == Double(right) / count, "\(dump.summary)")
                #expect(report.rows.read == UInt64(dump.rowCount) && report.rows.scored == UInt64(dump.rowCount))
                #expect(report.rows.invalid == 0 && report.rows.ignored == 0 && report.rows.infinite == 0)
                #expect(report.classes == (task == .binary ? 2 : dump.classCount))
                if dump.rowCount > 1 {
                    let mean = sum / BigReal(dump.rowCount)
                    let squares = losses.reduce(BigReal.zero) { $0 + (BigReal($1) - mean) * (BigReal($1) - mean) }
                    let truth = (squares / BigReal(dump.rowCount - 1) / BigReal(dump.rowCount)).rounded().squareRoot()
                    // Losses are rounded to 2^-40 for it.
                    #expect((report.loss.standardError - truth).magnitude <= 1e-11 * max(truth, 0.01), "\(dump.summary)")
                } else {
                    #expect(report.loss.standardError.isNaN)
                }
            }
        }
    }

    /// What frameworks lose: a confident row's digits, logits that overflow exp, one class alone.
    @Test func extremeLogits() throws {
        let folder = TemporaryFolder()
        let dump = Dump(
            elementType: .float64, classCount: 3, values: [0, -46, -50, 1e30, -1e30, 0, 700, 710, -710, 0, -.infinity, -1, 5, 5, 5],
            labels: [0, 0, 2, 2, 1])
        let predictions = folder.write(dump.predictionBytes, "p.npy")
        let labels = folder.write(dump.labelBytes, "l.npy")
        try evaluate([predictions], [labels], perRow: folder["rows.npy"])
        let losses = NPY.losses(folder.read("rows.npy"), rowCount: 5)
        for (row, loss) in losses.enumerated() { #expect(ulpError(loss, try #require(dump.trueLoss(row))) <= 4, "row \(row): \(loss)") }
        #expect(losses[0] < 1e-19 && losses[0] > 0)
    }

    @Test func infiniteLossIsReportedAsSuch() throws {
        let folder = TemporaryFolder()
        let dump = Dump(
            specification: LossSpecification(task: .multiclass, input: .probabilities), classCount: 2,
            values: [0.5, 0.5, 0, 1, 0.25, 0.75],
            labels: [0, 0, 1])
        let evaluation = try evaluate(
            [folder.write(dump.predictionBytes, "p.npy")], [folder.write(dump.labelBytes, "l.npy")], dump.specification,
            perRow: folder["rows.npy"])
        #expect(evaluation.report.loss.meanHex == "inf" && evaluation.report.loss.max == .infinity)
        #expect(evaluation.report.rows.infinite == 1 && evaluation.report.rows.scored == 3)
        #expect(evaluation.report.warnings.contains { $0.description.contains("infinite loss") })
        #expect(NPY.losses(folder.read("rows.npy"), rowCount: 3)[1] == .infinity)
    }

    @Test func perRowLossesCompressed() throws {
        var random = SplitMix64(seed: 12)
        let folder = TemporaryFolder()
        let dump = Dump.random(&random, task: .binary, input: .logits, elementType: .float32)
        let predictions = folder.write(dump.predictionBytes, "p.npy")
        let labels = folder.write(dump.labelBytes, "l.npy")
        try evaluate([predictions], [labels], dump.specification, threads: 2, perRow: folder["rows.npy"])
        try evaluate([predictions], [labels], dump.specification, threads: 2, perRow: folder["rows.npy.zst"])
        // Read back by the engine itself, as logits.
        let raw = try Inspection(path: folder["rows.npy"])
        let compressed = try Inspection(path: folder["rows.npy.zst"])
        #expect(compressed.compression == "zstd-seekable" && compressed.hasChecksums == true)
        #expect(compressed.shape == [dump.rowCount] && compressed.elementType == "f8" && compressed.firstRows == raw.firstRows)
        let specification = LossSpecification(task: .binary, input: .logits)
        let (fromRaw, fromCompressed) = (
            try evaluate([folder["rows.npy"]], [labels], specification), try evaluate([folder["rows.npy.zst"]], [labels], specification)
        )
        #expect(Outcome(fromRaw) == Outcome(fromCompressed))
        #expect(folder.names == ["l.npy", "p.npy", "rows.npy", "rows.npy.zst"])
    }
}
