internal import Messages

extension RecordRoles {
    /// Last parts of the names of columns that hold the class that was decided for, in lower case.
    private static let namesOfDecisions: Set<String> = [
        "label", "class", "prediction", "pred", "predicted", "predicted_label", "predicted_class", "pred_label", "pred_class",
        "prediction_label", "y_pred",
    ]

    /// Throws if a column that was found by its name holds the score of a class that stands beside it in each record, as pipelines write
    /// it: `{"label": "NEGATIVE", "score": 0.99}`. It is no probability of label 1.
    static func checkScore(_ score: RecordPath, of format: any NamedColumns, _ request: ColumnRequest) throws(ColumnError) {
        let parent = score.name.dropLast(ColumnName.lastPart(of: score.name).count)
        let given = Set(request.namesOfOtherRoles)
        let decision = format.columns.first { column in
            let last = ColumnName.lastPart(of: column.name)
            guard column.content == .text, column.name != score.name, !given.contains(column.name),
                column.name.dropLast(last.count) == parent, namesOfDecisions.contains(last.lowercased())
            else { return false }
            // It may be the label itself.
            let mayBeLabel = request.hasLabelsBeside && request.columns.labelNames.isEmpty
            return !(mayBeLabel && ColumnRole.labels.usualNames.contains(last.lowercased()))
        }
        guard let decision else { return }
        throw ColumnError(
            .doubt,
            "column \(ColumnName.list([decision.name])) names a class (\(ColumnName.list(decision.values, limit: 3))), and "
                + "\(ColumnName.list([score.name])) may be the score of that class, and not of label 1",
            remedy: "write the scores of all classes; or name the column with \(setting: .predictionColumns) if it is that of label 1")
    }
}
