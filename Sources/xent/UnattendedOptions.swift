import ArgumentParser
import Engine
import Unattended

/// Options for runs that nobody watches, of every command that evaluates.
struct UnattendedOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Hold a lock on this file while the run lasts; where another run holds it, end with exit status 75.", valueName: "file"),
        completion: .file())
    var lock: String?

    @Option(help: ArgumentHelp("Wait so long for a lock that another run holds: 90s, 10m, 2h.", valueName: "time"))
    var lockWait: TimeSpan?

    @Option(
        help: ArgumentHelp(
            """
            Write metrics for the textfile collector of Prometheus's node exporter to this file, FILE.prom, on every run: also on one that \
            fails or is locked out.
            """, valueName: "file"), completion: .file())
    var metrics: String?

    @Option(help: ArgumentHelp("The name of the job, which tells the series of --metrics from those of other jobs.", valueName: "name"))
    var job: String?

    @Option(help: "The form of warnings, errors and progress on standard error: sentences, or a JSON object a line.")
    var log: LogFormat = .text

    func validate() throws {
        if metrics != nil, job == nil { throw ValidationError("--metrics needs --job NAME, which tells its series from those of other jobs.") }
        if job != nil, metrics == nil { throw ValidationError("--job names the job of --metrics, which is missing.") }
        if let job, job.isEmpty { throw ValidationError("--job '' names no job.") }
        if let metrics, !metrics.hasSuffix(".prom") {
            throw ValidationError("--metrics \(metrics): the collector reads files whose names end in .prom alone.")
        }
    }
}

/// Options for what is required of a report.
struct GateOptions: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            Require this of the report, else end with exit status 1, with all outputs written: 'loss.mean <= 0.7', 'rows.invalid == 0', \
            'loss.mean <= baseline + 2se'. May be repeated; xent help gates says more.
            """, valueName: "expr"))
    var require: [String] = []

    /// Reads the requirements.
    ///
    /// - Throws: `EngineError` of category `.usage`.
    func gates() throws(EngineError) -> [Gate] {
        var gates: [Gate] = []
        for text in require { gates += try Gate.parse(text) }
        return gates
    }
}

/// Options for the runs before this one, of evaluations and merges.
struct EarlierRunOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The report that 'baseline' of --require stands for: a JSON report, or a history, of which it is the last run that passed.",
            valueName: "file"), completion: .file())
    var baseline: String?

    @Option(help: "The run of a history that is the baseline: the last that passed, or the best.")
    var baselineRun: BaselineRun = .last

    @Option(
        help: ArgumentHelp("Append a line to this file on every run, for --baseline and xent history.", valueName: "file"),
        completion: .file())
    var history: String?

    /// Throws where gates and baseline do not belong together.
    func check(_ gates: [Gate]) throws(EngineError) {
        if baseline == nil, let gate = gates.first(where: \.usesBaseline) {
            throw EngineError(
                usage: "the requirement '\(gate.text)' compares with a baseline, and none is named",
                remedy: "--baseline names a report, or a history of --history")
        }
        if let baseline, !gates.contains(where: \.usesBaseline) {
            throw EngineError(
                usage: "--baseline \(baseline) is not used", remedy: "compare with it: --require 'loss.mean <= baseline + 2se'")
        }
    }
}

/// The value of `--baseline-run`.
enum BaselineRun: String, NamedChoice {
    case last, best

    var choice: [HistoryEntry].Choice { self == .last ? .last : .best }
}

/// Options for files that arrive in a folder.
struct StateOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Score only the files that are new or have changed since the last run with this folder, which keeps the states of all, and report \
            on all that are there. For incoming files: 'incoming/*.npy.zst'.
            """, valueName: "dir"), completion: .directory)
    var state: String?

    @Option(
        help: ArgumentHelp(
            """
            When a file is taken for whole with --state: it has not been changed for this time, or its folder has a file _SUCCESS. Default: 60s.
            """, valueName: "time|_SUCCESS"))
    var settle: SettleChoice?

    func validate() throws {
        if settle != nil, state == nil { throw ValidationError("--settle says which files --state takes, which is missing.") }
    }
}

/// The value of `--settle`.
struct SettleChoice: ExpressibleByArgument {
    let rule: SettleRule

    init?(argument: String) {
        if argument == "_SUCCESS" {
            rule = .successFile
        } else {
            guard let time = TimeSpan(argument: argument) else { return nil }
            rule = .quiet(time.duration)
        }
    }

    /// The rule where none is given.
    static let standard = SettleRule.quiet(.seconds(60))
}
