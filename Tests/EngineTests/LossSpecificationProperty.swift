import Formats
import Foundation
import Oracle
import Scoring
import SeededRandom
import Testing

@testable import Engine

/// For any loss, what an evaluation says of a dump is what a plain scalar oracle says: of each row, and of all together in every dialect.
@Suite struct LossSpecificationProperty {
    /// Each seed's dumps.
    static let dumpCount = isOptimised ? 500 : 10

    @Test(arguments: 101...106 as ClosedRange<UInt64>)
    func agreesWithTheOracle(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let folder = TemporaryFolder()
        for number in 0..<Self.dumpCount {
            let dump = Dump.randomOfAnyLoss(&random, valueLimit: 80)
            let what = "seed \(seed), dump \(number), \(dump.summary)"
            let evaluation = try evaluate(
                dump, folder, framing: Framing.all.randomElement(using: &random)!, threads: Int.random(in: 1...2, using: &random),
                onInvalid: .skip, perRow: folder["rows.npy"])
            let losses = NPY.losses(folder.read("rows.npy"), rowCount: dump.rowCount)
            for (index, dialect) in dump.specification.dialects.enumerated() {
                let oracle = try dump.oracle(dialect)
                let rows = (0..<dump.rowCount).map { dump.oracleRow($0, oracle) }
                if index == 0 { try expect(losses, of: dump, oracle, rows, what) }
                var total = LossOracle.Total()
                for row in rows { total.add(row) }
                try expect(evaluation.report, dialect, isFirst: index == 0, of: dump, oracle, total, what)
            }
            expectRounding(evaluation.report, losses, of: dump, what)
        }
    }

    /// How far from the truth a loss may be.
    ///
    /// - 4 ULP of the true loss. KL divergence, whose terms cancel: of Σ t (|log t| + |log p|).
    /// - Focal: 0.6 ULP more for each unit of γ beyond 5, since (1 − p)^γ multiplies the error of 1 − p by γ.
    /// - XGBoost and LightGBM: 1e-8, relatively, since their floors are Float32.
    ///
    /// Where a factor of the loss is subnormal its error is that of the least subnormal, times what it is multiplied by. Keras's focal loss
    /// clips −log (1 − p) of a p that is less than Float64 has, but not p^γ.
    private func bound(_ magnitude: BigReal, _ dump: Dump, _ oracle: LossOracle, times errorCount: Int = 1) -> BigReal {
        let modifiers = dump.specification.modifiers
        let ulps = 4 + 0.6 * max(0, (modifiers.focalGamma ?? 0) - 5)
        let weights = [modifiers.classWeights, modifiers.positiveWeights, dump.weights].compactMap { $0?.filter(\.isFinite).max() }
        // log p reaches 745 where p, and with it the focal factor, is subnormal.
        let amplification = weights.reduce(modifiers.focalGamma == nil ? 1 : 745) { $0 * max($1, 1) }
        let bound = BigReal(ulps) * max(magnitude, BigReal(amplification) * BigReal(Double.leastNormalMagnitude)).ulp * BigReal(errorCount)
        if oracle.dialect.rawValue.hasPrefix("keras"), let gamma = modifiers.focalGamma, gamma > 0 {
            return bound + BigReal(amplification * 1e-7 * pow(Double.leastNormalMagnitude, gamma))
        }
        let isFloat32 = oracle.dialect == .xgboost || oracle.dialect == .lightgbm
        return isFloat32 ? bound + BigReal(1e-8) * magnitude : bound
    }

    /// Compares each row's loss.
    private func expect(_ losses: [Double], of dump: Dump, _ oracle: LossOracle, _ rows: [LossOracle.Row], _ what: String) throws {
        for (number, (loss, row)) in zip(losses, rows).enumerated() {
            let place = "\(what), row \(number), \(dump.rowText(number)): loss \(loss)"
            switch row {
            case .ignored: #expect(loss.isNaN, "\(place), but the row is ignored")
            case .invalid: #expect(loss.isNaN, "\(place), but the row is invalid")
            case .scored(let scored):
                guard case .finite(let truth) = scored.loss, case .finite(let magnitude) = scored.magnitude, loss.isFinite else {
                    #expect(loss == scored.loss.rounded, "\(place), should be \(scored.loss.rounded)")
                    continue
                }
                let error = (BigReal(loss) - truth).magnitude
                #expect(
                    error <= bound(magnitude, dump, oracle),
                    "\(place), should be \(truth.rounded()): \((error / magnitude.ulp).rounded()) ULP from it")
            }
        }
    }

    /// Compares a dialect's figures.
    private func expect(
        _ report: Report, _ dialect: Dialect, isFirst: Bool, of dump: Dump, _ oracle: LossOracle, _ total: LossOracle.Total, _ what: String
    ) throws {
        let what = "\(what), dialect \(dialect.name)"
        let found = try #require(report.dialects[dialect.name], "\(what)")
        #expect(found.scoredRows == UInt64(total.scoredCount) && found.invalidRows == UInt64(total.invalidCount), "\(what)")
        #expect(found.clippedRows == UInt64(total.clippedCount), "\(what): \(total.clippedCount)")
        if isFirst {
            #expect(report.loss.meanHex == found.meanHex && report.loss.sumHex == found.sumHex, "\(what)")
            #expect(report.rows.read == UInt64(dump.rowCount) && report.rows.scored == UInt64(total.scoredCount), "\(what)")
            #expect(report.rows.ignored == UInt64(total.ignoredCount) && report.rows.invalid == UInt64(total.invalidCount), "\(what)")
            #expect(report.rows.infinite == UInt64(total.infiniteCount), "\(what)")
            if dump.specification.task.hasLabels, total.scoredCount > 0 {
                let decisionCount = total.scoredCount * (dump.specification.task == .multilabel ? dump.classCount : 1)
                #expect(report.accuracy == Double(total.correctCount) / Double(decisionCount), "\(what)")
            }
        }
        /// Σ of n numbers that are each within e ULP is within 2e ULP of theirs; a quotient's divisor and its rounding add some.
        func expectNear(_ found: Double, _ truth: ExtendedReal?, _ divisor: BigReal, _ name: String) {
            guard let truth else {
                #expect(found.isNaN, "\(what): \(name) is \(found), should be NaN")
                return
            }
            guard case .finite(let value) = truth, case .finite(let magnitude) = total.magnitude, found.isFinite, !divisor.isZero else {
                #expect(found == truth.rounded, "\(what): \(name) is \(found), should be \(truth.rounded)")
                return
            }
            #expect(
                (BigReal(found) - value).magnitude <= bound(magnitude / divisor, dump, oracle, times: 4),
                "\(what): \(name) is \(found), should be \(value.rounded())")
        }
        let (count, columns) = (BigReal(total.scoredCount), dump.classCount)
        let sum = oracle.sum(total, columnCount: columns)
        expectNear(found.sum, sum, sum == total.sum ? BigReal(1) : BigReal(1) / BigReal(columns), "the sum")
        expectNear(found.mean, oracle.mean(total), oracle.dividesByWeights ? total.weight : count, "the mean")
        expectNear(found.meanOverWeight, total.meanOverWeight, total.weight, "the mean over weight")
        expectNear(found.meanOverCount, total.meanOverCount, count, "the mean over count")
        if case .finite(let clipped) = total.clippedSum, case .finite(let all) = total.sum, all > .zero {
            #expect((found.clippedShare - (clipped / all).rounded()).magnitude <= 1e-7, "\(what): \(found.clippedShare)")
        }
    }

    /// The first dialect's figures are the exact sum of the rows' losses, divided and rounded once.
    private func expectRounding(_ report: Report, _ losses: [Double], of dump: Dump, _ what: String) {
        let modifiers = dump.specification.modifiers
        let ignored = modifiers.ignoreIndex.map { Double($0) }
        let scored = losses.indices.filter { !losses[$0].isNaN && (ignored == nil || dump.targets?[$0] != ignored) }
        guard scored.count > 0, !scored.contains(where: { losses[$0] == .infinity }) else { return }
        let sum = scored.reduce(BigReal.zero) { $0 + BigReal(losses[$1]) }
        let isPyTorch = dump.specification.dialect.name == "pytorch" && dump.specification.task == .multilabel
        #expect(report.loss.sum == (isPyTorch ? BigReal(dump.classCount) * sum : sum).rounded(), "\(what)")
        #expect(report.loss.meanOverCount == (sum / BigReal(scored.count)).rounded(), "\(what)")
        #expect(report.loss.min == scored.map { losses[$0] }.min() && report.loss.max == scored.map { losses[$0] }.max(), "\(what)")
        // The weights of soft labels' classes are a sum of products, of which no more is promised than the oracle holds.
        guard modifiers.classWeights == nil || dump.specification.task == .multiclass else { return }
        let weight = scored.reduce(BigReal.zero) { total, row in
            let classWeight = modifiers.classWeights.flatMap { weights in dump.targets.map { weights[Int($0[row])] } } ?? 1
            return total + BigReal(dump.weights?[row] ?? 1) * BigReal(classWeight)
        }
        let mean = weight.isZero ? sum.rounded() / 0 : (sum / weight).rounded()
        #expect(report.loss.meanOverWeight == mean || (report.loss.meanOverWeight.isNaN && mean.isNaN), "\(what)")
    }
}
