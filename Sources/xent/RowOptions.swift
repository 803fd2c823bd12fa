import ArgumentParser
import Engine

/// Options for the rows that are scored, and those that are not.
struct RowOptions: ParsableArguments {
    @Option(
        help: """
            Whether an invalid row (label out of range, NaN, probability outside [0, 1]) ends the run or is left out and counted. Default: \
            fail; with --max-invalid, skip.
            """)
    var onInvalid: EvaluationOptions.InvalidRowPolicy?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Leave invalid rows out, and fail if there are more than N, or than P % of all rows.", valueName: "n|p%"))
    var maxInvalid: InvalidRowLimit?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Fail unless there are N rows: a pipe that ends early at the end of a line looks whole.", valueName: "n"))
    var expectRows: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The number, from 0, that the first row has in the whole dump: the partial then says its place, and overlaps are found.",
            valueName: "n"))
    var firstRow: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Evaluate part K of N of the rows, K from 0; the cut depends on the rows alone, and the partial says its place.",
            valueName: "k/n"))
    var shard: Shard?

    func validate() throws {
        if let expectRows, expectRows < 0 { throw ValidationError("--expect-rows must be at least 0, not \(expectRows).") }
        if let firstRow, firstRow < 0 { throw ValidationError("--first-row must be at least 0, not \(firstRow).") }
        if onInvalid == .fail, maxInvalid != nil {
            throw ValidationError("--on-invalid fail lets no row be invalid, and --max-invalid some; leave one of them out.")
        }
    }

    /// Sets what the options say.
    func apply(to options: inout EvaluationOptions) {
        options.expectedRowCount = expectRows
        options.firstRow = firstRow
        options.shard = shard
        options.invalidRows = onInvalid ?? (maxInvalid == nil ? .fail : .skip)
        options.invalidRowLimit = maxInvalid
    }
}
