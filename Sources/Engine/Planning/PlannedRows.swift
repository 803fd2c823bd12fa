internal import Messages
internal import Scoring

/// The rows of a plan's shard, as an evaluation of its files needs to know them.
struct PlannedRows: Sendable {
    /// The identity of the plan, which is the dump of which the rows are.
    let dump: DumpIdentity
    /// The numbers of the rows among all rows of the dump.
    let rows: Range<Int>
    /// The number that the first row of the opened predictions has in the dump.
    let firstRow: Int
    /// The numbers of the rows among those of the opened predictions; nil if they are all of them.
    let wantedRows: Range<Int>?
    /// The part of the single text file; nil for whole files.
    let window: ShardPlan.Window?
    /// For the columns in files of their own whose rows begin before the predictions', or end after them: the rows that belong to them.
    let slices: [String: Range<Int>]
    /// The indices of the opened files among the plan's inputs, by their paths.
    let inputIndices: [Name: Int]
    /// The loss of the plan.
    let specification: LossSpecification
    /// The number of values a row of the plan.
    let classCount: Int
    /// The columns of the plan.
    let columns: Report.Columns

    /// Throws if an evaluation of these files is not the one that was planned: the files of the shard have other columns than the first files
    /// of the dump.
    func check(_ plan: EvaluationPlan) throws(EngineError) {
        func refuse(_ found: String) -> EngineError {
            EngineError(
                .data, path: plan.source.path, "the files of this shard are read otherwise than those of the plan: \(found)",
                remedy: "name the columns in their order when the plan is made")
        }
        guard plan.classCount == classCount else { throw refuse("\(plan.classCount) values a row, and \(classCount) were planned") }
        guard plan.specification == specification else {
            throw refuse("the loss is \(plan.specification.canonicalText), and \(specification.canonicalText) was planned")
        }
        guard plan.columnNames == columns else {
            let (found, planned) = (plan.columnNames, columns)
            let all = [
                ("predictions", found.predictions, planned.predictions), ("labels", found.labels, planned.labels),
                ("weights", found.weights, planned.weights), ("classes", found.classNames ?? [], planned.classNames ?? []),
                ("identifiers", found.identifiers, planned.identifiers),
            ]
            let first = all.first { $0.1 != $0.2 }
            throw refuse(
                first.map { "the \($0.0) are \(QuotedBytes.list($0.1)), and \(QuotedBytes.list($0.2)) were planned" } ?? "other columns")
        }
    }

    /// Throws if another number of rows was read than the shard has.
    func check(rowCount: Int, path: String?) throws(EngineError) {
        guard rowCount != rows.count else { return }
        throw EngineError(
            .data, path: path, "\(String.counted(rowCount, "row")) \(rowCount == 1 ? "was" : "were") read, and \(rows.count) were planned",
            remedy: "plan again: the file is not the one that was planned")
    }
}

extension CompanionColumn {
    /// The column with some of its rows alone; the same if it has no rows of its own, or if there is nothing to leave out.
    func sliced(_ rows: Range<Int>?) -> CompanionColumn {
        guard let rows, let own = self.rows, own.rowCount != rows.count || rows.lowerBound != 0 else { return self }
        return CompanionColumn(layout, origin: .rows(RowSlice(own, rows)), hashedValues: hashedValues, valueIndex: valueIndex)
    }
}
