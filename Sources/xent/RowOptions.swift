import ArgumentParser
import Engine

/// Options for the rows that are scored, and those that are not.
struct RowOptions: ParsableArguments {
    @OptionGroup
    var policy: RowPolicyOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The number, from 0, that the first row has in the whole dump: the partial then says its place, and overlaps are found.",
            valueName: "n"))
    var firstRow: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Evaluate part K of N of the rows, K from 0; the cut depends on the rows alone, and the partial says its place. With --plan, "
                + "the shard's number K alone.",
            valueName: "k/n"))
    var shard: ShardChoice?

    func validate() throws {
        if let firstRow, firstRow < 0 { throw ValidationError("--first-row must be at least 0, not \(firstRow).") }
    }

    /// Sets the place of the rows in their dump.
    func applyPlace(to options: inout EvaluationOptions) throws {
        options.firstRow = firstRow
        switch shard {
        case .part(let shard)?: options.shard = shard
        case .planned(let number)?:
            throw EngineError(usage: "--shard \(number) is a number without a plan", remedy: "give K/N, or --plan PLAN.json too")
        case nil: break
        }
    }
}

/// The value of `--shard`: part K of N, or the number of a shard of a plan.
enum ShardChoice: ExpressibleByArgument {
    case part(Shard)
    case planned(Int)

    init?(argument: String) {
        if let shard = Shard(argument: argument) {
            self = .part(shard)
        } else if let number = Int(argument), number >= 0 {
            self = .planned(number)
        } else {
            return nil
        }
    }
}

/// Options for the treatment of rows that are not scored, and the number of rows.
struct RowPolicyOptions: ParsableArguments {
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

    func validate() throws {
        if let expectRows, expectRows < 0 { throw ValidationError("--expect-rows must be at least 0, not \(expectRows).") }
        if onInvalid == .fail, maxInvalid != nil {
            throw ValidationError("--on-invalid fail lets no row be invalid, and --max-invalid some; leave one of them out.")
        }
    }

    /// Sets what the options say.
    func apply(to options: inout EvaluationOptions) {
        options.expectedRowCount = expectRows
        options.invalidRows = onInvalid ?? (maxInvalid == nil ? .fail : .skip)
        options.invalidRowLimit = maxInvalid
    }
}
