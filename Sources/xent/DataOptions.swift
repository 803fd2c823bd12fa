import ArgumentParser

/// Options for the files beside the predictions.
struct DataOptions: ParsableArguments {
    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Files of labels, whose rows follow one another; --labels=FILE takes one. Without, labels are a column of the predictions' file.
            """, valueName: "file…"), completion: .file())
    var labels: [String] = []

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Files of row weights, whose rows follow one another; --weights=FILE takes one.", valueName: "file…"),
        completion: .file())
    var weights: [String] = []
}
