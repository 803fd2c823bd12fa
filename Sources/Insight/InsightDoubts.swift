public import Messages
public import Scoring

// What the rows say against figures that were asked for.
extension [any RowObserver] {
    /// The reason for which a figure cannot be given after all; nil where all can.
    public var insightProblem: SpecificationError? {
        guard let slices = first(Slices.self) ?? first(PairedRows.self)?.slices?.differences else { return nil }
        if let problem = slices.problem { return problem }
        if let name = slices.missingColumns.sorted().first {
            return SpecificationError(
                problem: "there is no column \(name) of one number a row to slice by", remedy: "check \(setting: .slice) and \(setting: .groups)")
        }
        return nil
    }

    /// The doubts about figures that a reader should know of.
    ///
    /// - Parameter classCount: the number of values a row.
    public func insightWarnings(classCount: Int) -> [Message] {
        var warnings: [Message] = []
        if let clusters = first(Clusters.self) ?? first(PairedRows.self)?.clusters, clusters.rowCount > 0 {
            let count = clusters.count
            if UInt64(count) == clusters.rowCount, count > 1 {
                warnings.append(
                    Message(
                        code: .clusters,
                        "each of the \(count) clusters has one row: clusters change nothing, or their column is that of another thing"))
            } else if count < Clusters.fewCount {
                warnings.append(
                    Message(
                        code: .clusters,
                        "there \(count == 1 ? "is" : "are") only \(String.counted(count, "cluster")): an interval from so few is not to be relied on"))
            }
            if clusters.bitCount < 64 {
                warnings.append(
                    Message(
                        code: .clusters,
                        "there are more clusters than are kept apart: they were put into \(count) groups, from which the interval is found"))
            }
        }
        for missing in first(Slices.self)?.valuesWithoutRows ?? [] {
            warnings.append(
                Message(
                    code: .slices,
                    "no row has \(missing.value.isEmpty ? "no value" : "the value '\(missing.value)'") in \(missing.name): \(setting: .slice, .text("'\(missing.name)=\(missing.value)'")) has no slice"))
        }
        if let ranking = first(Ranking.self) {
            if ranking.hasFractionalLabels {
                warnings.append(Message(code: .ranking, "some labels are neither 0 nor 1: predictions are not ranked"))
            } else if let counts = ranking.outcomeCounts, counts.positive == 0 || counts.negative == 0 {
                let only = counts.positive == 0 ? 0 : 1
                warnings.append(Message(code: .ranking, "all labels are \(only): there is nothing to rank, and the area under the curve is NaN"))
            }
        }
        if let top = first(TopAccuracy.self), let k = top.ks.first(where: { $0 >= classCount }) {
            warnings.append(Message(code: .topK, "there are \(classCount) classes: each label is among the first \(k)"))
        }
        if let fit = first(TemperatureCurve.self)?.fit, !(fit.temperature > 0 && fit.temperature < .infinity) {
            let reason =
                fit.temperature.isNaN
                ? "a loss is infinite at any"
                : fit.temperature == 0 ? "the mean falls all the way to the least that is tried" : "the mean falls all the way to the largest that is tried"
            warnings.append(Message(code: .temperature, "there is no best temperature: \(reason)"))
        }
        return warnings
    }
}

extension InsightRequest {
    /// The setting that asks for the figure with a tag; nil for a tag of another module.
    public static func setting(ofTag tag: String) -> Setting? {
        switch tag {
        case Calibration.tag, ClassCalibration.tag: .calibration
        case EqualMassCalibration.tag: .calibrationBins
        case TopAccuracy.tag: .topK
        case LossQuantiles.tag: .quantiles
        case Ranking.tag: .ranking
        case WorstRows.tag: .worst
        case Slices.tag: .slice
        case Clusters.tag: .clusters
        case RowGroups.tag, LabelFingerprint.tag: .interval
        case TemperatureCurve.tag: .temperatureSweep
        case ProbabilityScores.tag: .brier
        default: nil
        }
    }
}
