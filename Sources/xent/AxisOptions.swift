import ArgumentParser
import Formats

/// Options for the axes of arrays.
struct AxisOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            The axis of the classes, from 0, or from the last with -1: 1 for PyTorch's (N, C, d1, …). All others count rows, and labels have \
            the shape of the predictions without it, or are flat. (default: the last)
            """, valueName: "n"))
    var classAxis: Int?

    @Flag(
        help: """
            The prediction at a place of the second axis is for the label one place on, as causal language models are scored: logits \
            (sequences, places, classes), labels and weights (sequences, places). The last prediction of each sequence is no row.
            """)
    var shiftLabels = false

    /// Returns a choice of columns with these options.
    func adding(to columns: DumpColumns) -> DumpColumns {
        var columns = columns
        columns.classAxis = classAxis
        columns.shiftsLabels = shiftLabels
        return columns
    }
}
