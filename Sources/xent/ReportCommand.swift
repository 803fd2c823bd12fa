import ArgumentParser
import Engine
import WorkStealing

struct ReportCommand: DocumentedCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", _superCommandName: Xent.name,
        abstract: "Write reports as a page with pictures, which needs no network.",
        discussion: """
            A page of one report shows its mean, warnings, what matters, a picture of each figure that was asked for, and the numbers as
            tables. Several reports stand side by side. The same reports give the same bytes.
            """)

    static let usage = ["xent report REPORT.json… -o OUT.html"]

    static let examples = [
        "xent report report.json -o report.html",
        "xent report monday.json tuesday.json -o week.html",
        "xent report report.json -o - > page.html",
    ]

    static let requiredOptions = ["--output"]

    @Argument(help: "Files that --json of xent eval, merge or compare wrote; @FILE for a file of names.", completion: .file())
    var reports: [String]

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Write the page to this file; - for standard output.", valueName: "file"), completion: .file())
    var output: String?

    func run() throws {
        try CommandRun.run { run in
            let paths = try run.inputs.expand(reports)
            guard let output else {
                throw EngineError(usage: "--output is missing", remedy: "-o OUT.html names the page, -o - is standard output")
            }
            try run.inputs.requireOneStandardInput()
            try OutputPaths.check(outputs: [("--output", output == "-" ? nil : output)], inputs: run.inputs)
            let pageOutput = run.adding(try PageOutput(path: output))
            run.announceTerminalInput()
            var documents: [(name: String, document: ReportDocument)] = []
            for path in paths { documents.append((path, try ReportDocument(path: path, cancellation: run.cancellation))) }
            try run.checkCancellation()
            try pageOutput.write(Page(documents))
        }
    }
}
