import ArgumentParser
import Formats

/// Options for the identifiers by which rows of different files belong together.
struct RowMatchingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The column by which rows of labels in files of their own are checked: the first that differs is an error. (default: all "
                + "columns that the files share and that have no role)", valueName: "name"))
    var idColumn: String?

    @Option(
        help: ArgumentHelp(
            "The column by which labels in files of their own are looked up, in any order; all labels are then kept in memory.",
            valueName: "name"))
    var join: String?

    func add(to columns: inout DumpColumns) {
        columns.identifier = idColumn
        columns.join = join
    }
}
