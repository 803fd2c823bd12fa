internal import Elements
public import Messages

extension InputWarnings {
    /// The number of logits of one value a row that must lie in [0, 1] before they are taken for probabilities.
    private static let leastBinaryRowCount = 16

    /// A sentence for each thing that is suspicious.
    ///
    /// - Parameters:
    ///   - specification: the loss.
    ///   - classCount: the number of values a row.
    ///   - place: names a row of all the files, "p.npy: row 17".
    public func warnings(_ specification: LossSpecification, classCount: Int, place: (UInt64) -> String) -> [Message] {
        [
            logitWarning(specification), sumWarning(specification, place), logarithmWarning(specification, place),
            placeholderWarning(specification), labelRangeWarning(specification, classCount),
            equalLabelWarning(), softLabelWarning(specification, place), saturationWarning(specification),
        ].compactMap { $0 }
    }

    private func logitWarning(_ specification: LossSpecification) -> Message? {
        guard specification.input == .logits, outsideUnitCount == 0 else { return nil }
        let remedy: Message = "are they probabilities? \(setting: .input, .probabilities) scores them as such"
        if specification.task.isOverClasses {
            guard surveyedRowCount > 1, deviatingRowCount == 0 else { return nil }
            return Message(
                code: .logitsLikeProbabilities, "the logits of the first \(surveyedRowCount) rows all lie in [0, 1] and sum to 1: \(remedy)"
            )
        }
        guard surveyedRowCount >= Self.leastBinaryRowCount else { return nil }
        return Message(code: .logitsLikeProbabilities, "the logits of the first \(surveyedRowCount) rows all lie in [0, 1]: \(remedy)")
    }

    private func sumWarning(_ specification: LossSpecification, _ place: (UInt64) -> String) -> Message? {
        guard specification.input == .probabilities, deviatingRowCount > 0, !specification.modifiers.renormalizes else { return nil }
        return Message(
            code: .probabilitySums,
            "\(deviatingRowCount) of \(String.counted(surveyedRowCount, "row")) of probabilities "
                + "\(deviatingRowCount == 1 ? "does" : "do") not sum to 1 within \(Self.short(tolerance)): "
                + "the worst, \(place(worstRow)), is \(Self.short(worstDeviation)) away; dialect exact scores them as they are, "
                + "\(setting: .renormalizes) divides by the sum")
    }

    private func logarithmWarning(_ specification: LossSpecification, _ place: (UInt64) -> String) -> Message? {
        guard specification.input == .logProbabilities, deviatingRowCount > 0 else { return nil }
        let rows = surveyedRowCount == 1 ? "the only row" : "\(deviatingRowCount) of the first \(surveyedRowCount) rows"
        return Message(
            code: .logProbabilitySums,
            "the exponentials of \(rows) of log-probabilities do not sum to 1 within "
                + "\(Self.short(tolerance)): the worst, \(place(worstRow)), is \(Self.short(worstDeviation)) away; are they logits? "
                + "\(setting: .input, .logits) scores them as such")
    }

    private func placeholderWarning(_ specification: LossSpecification) -> Message? {
        guard specification.input == .logProbabilities, saturatedCount > 0 else { return nil }
        let bound = Self.short(-LogProbability.greatestPlaceholder)
        let isOne = saturatedCount == 1
        return Message(
            code: .placeholders,
            "\(saturatedCount) of the log-probabilities that were scored \(isOne ? "is" : "are") -\(bound) or less, which no model gives: "
                + "\(isOne ? "is it a placeholder" : "are they placeholders"), such as -9999, for values that are not known?")
    }

    private func labelRangeWarning(_ specification: LossSpecification, _ classCount: Int) -> Message? {
        guard specification.task == .multiclass, leastLabel == 1, greatestLabel == Double(classCount) else { return nil }
        return Message(
            code: .labelsFromOne,
            "the labels run from 1 to \(classCount), of \(classCount) classes: they seem to count from 1, and must count from 0")
    }

    private func equalLabelWarning() -> Message? {
        // The least stands for what is no label at all: rows that are invalid.
        guard labelCount > 1, leastLabel == greatestLabel, leastLabel > Double(Int32.min) else { return nil }
        let label = Self.short(leastLabel)
        return Message(code: .equalLabels, "all \(labelCount) labels are \(label): is it the right labels file?")
    }

    private func softLabelWarning(_ specification: LossSpecification, _ place: (UInt64) -> String) -> Message? {
        guard softLabelCount > 0, specification.task == .binary else { return nil }
        let names = specification.dialects.filter { !$0.takesSoftDecisions }.map(\.name)
        guard !names.isEmpty else { return nil }
        return Message(
            code: .softLabels,
            "\(String.counted(softLabelCount, "label")) \(softLabelCount == 1 ? "is" : "are") neither 0 nor 1 (the first: "
                + "\(place(firstSoftRow))), which the library of dialect "
                + "\(names.joined(separator: ", ")) does not score as probabilities; here they are scored so")
    }

    private func saturationWarning(_ specification: LossSpecification) -> Message? {
        guard specification.input == .logits, saturatedCount > 0 else { return nil }
        return Message(
            code: .saturatedFloat16,
            "\(String.counted(saturatedCount, "Float16 logit")) \(saturatedCount == 1 ? "is" : "are") 65504 or infinite, where the type "
                + "ends: larger ones were cut; save bfloat16 or Float32")
    }

    /// Three digits of a number that is not negative, or all of a whole one.
    private static func short(_ value: Double) -> String {
        if value == value.rounded(), value.magnitude < 0x1p53 { return "\(Int(value))" }
        var scale = 1.0
        while value * scale < 100, scale < 1e300 { scale *= 10 }
        // Beyond 100 nothing is cut but the fraction.
        return "\((value * scale).rounded() / scale)"
    }
}
