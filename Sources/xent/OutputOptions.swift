import ArgumentParser
import Engine

/// Options for the report of an evaluation or a merge.
struct OutputOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Write the report as JSON to this file; - for standard output, and then nothing else goes there.", valueName: "file"),
        completion: .file())
    var json: String?

    @Option(
        help: ArgumentHelp("Write the report as a page with pictures, which needs no network, to this file.", valueName: "file"),
        completion: .file())
    var html: String?

    @Option(
        help: ArgumentHelp(
            """
            Write the mergeable state, for xent merge, to this file, also where no row was scored; - for standard output, and then nothing \
            else goes there.
            """, valueName: "file"), completion: .file())
    var partial: String?

    @Option(help: "The unit of the losses in the report. Files of losses and partials are in nats.")
    var unit: Report.Unit = .nats

    @Flag(
        name: .shortAndLong,
        help: "Print the figure alone: the mean, per token where there are tokens. Warnings go to standard error still.")
    var quiet = false

    @Flag(
        help: """
            Print nothing if the run succeeds. If it fails, say all at once: the command, where and when it ran, warnings and errors. For cron, \
            which mails what is printed.
            """)
    var silent = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Leave slices of fewer than N rows out of the text. JSON has them all.", valueName: "n"))
    var minSliceRows: UInt64 = 0

    @Flag(help: "Make every warning an error (exit status 65), after the report is written.")
    var strict = false

    /// True if nothing but the figure is printed.
    var isQuiet: Bool { quiet || silent }

    /// Writes a report in `unit` where it is wanted.
    ///
    /// - Parameter isVerbose: adds the bits of the figures to the text.
    func write(_ report: Report, to jsonOutput: JSONOutput?, _ pageOutput: PageOutput?, isVerbose: Bool = false) throws {
        try jsonOutput?.write(report)
        try pageOutput?.write(Page(.evaluation(report)))
        guard json != "-", partial != "-", !silent else { return }
        let text = ReportText(report, isVerbose: isVerbose, minimumSliceRowCount: minSliceRows, style: .output)
        try StandardOutput.print(isQuiet ? text.figure : text.text)
    }
}
