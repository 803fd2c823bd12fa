import ArgumentParser
import Engine
import Unattended
import WorkStealing

struct HistoryCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", _superCommandName: Xent.name,
        abstract: "Show the course of a nightly figure.",
        discussion: """
            Reads the file to which --history of xent eval or merge appended, and shows for each run when it ended, its mean and interval, the
            change from the run before, rows, speed and gates. A change is told in standard errors of the difference of two independent runs.
            """)

    static let usage = ["xent history FILE [options]"]

    static let examples = [
        "xent history nightly.jsonl",
        "xent history nightly.jsonl --last 7 --html week.html",
        "xent history nightly.jsonl --json - | jq '.runs[-1].mean'",
    ]

    @Argument(help: "The file that --history of xent eval or merge appended to.", completion: .file())
    var file: String

    @Option(parsing: .unconditional, help: ArgumentHelp("Show the last N runs alone.", valueName: "n"))
    var last: Int?

    @Option(
        help: ArgumentHelp("Write the runs as JSON to this file; - for standard output, and then nothing else goes there.", valueName: "file"),
        completion: .file())
    var json: String?

    @Option(help: ArgumentHelp("Write a page with a picture, which needs no network, to this file.", valueName: "file"), completion: .file())
    var html: String?

    func validate() throws {
        if let last, last < 1 { throw ValidationError("--last must be at least 1, not \(last).") }
    }

    func run() throws {
        try CommandRun.run { run in
            let paths = try run.inputs.expand([file])
            guard paths.count == 1 else { throw EngineError(usage: "history takes one file, and \(paths.count) are named", remedy: "name one") }
            try OutputPaths.check(outputs: [("--json", json), ("--html", html)], inputs: run.inputs)
            let jsonOutput = try json.map { run.adding(try JSONOutput(path: $0)) }
            let pageOutput = try html.map { run.adding(try PageOutput(path: $0)) }
            let document = try HistoryDocument(path: paths[0], cancellation: run.cancellation)
            try run.checkCancellation()
            if let warning = document.warning(path: paths[0]) { run.warn([warning]) }
            var trend = HistoryTrend(document.entries, damagedLineCount: document.damagedLines.count)
            guard !trend.runs.isEmpty else {
                throw EngineError(usage: "\(paths[0]) holds no run yet", remedy: "xent eval --history \(paths[0]) appends one")
            }
            if let last { trend.keepLast(last) }
            try jsonOutput?.write(trend)
            try pageOutput?.write(Page(HistorySection(trend: trend)))
            if json != "-" { try StandardOutput.print(HistoryText(trend, style: .output).text) }
        }
    }
}
