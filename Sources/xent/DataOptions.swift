import ArgumentParser
import Formats

/// Options for the files beside the predictions, and for the identifiers by which their rows belong together.
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

    @Option(
        help: ArgumentHelp(
            "The column by which rows of labels in files of their own, and of the second dump of xent compare, are checked: the first that "
                + "differs is an error. Default: all columns that the files share and that have no role.", valueName: "name"))
    var idColumn: String?

    @Option(
        help: ArgumentHelp(
            "The column by which labels in files of their own are looked up, in any order; all labels are then kept in memory.",
            valueName: "name"))
    var join: String?

    /// Adds the identifiers to a choice of columns.
    func add(to columns: inout DumpColumns) {
        columns.identifier = idColumn
        columns.join = join
    }
}
