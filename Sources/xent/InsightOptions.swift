import ArgumentParser
import Engine
import Insight
import Scoring

/// Options for the figures beside the mean.
struct InsightOptions: ParsableArguments {
    @Flag(help: "The usual set of what follows: calibration, Brier score, sharpness, quantiles of the loss, the worst 20 rows.")
    var insight = false

    @Option(
        help: ArgumentHelp(
            """
            How far confidence is from being right. auto: the probability of label 1 for decisions, else the largest; top-label: the largest.
            """, valueName: "kind"))
    var calibration: InsightRequest.CalibrationChoice?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How many intervals confidences are sorted into: N, or several: N,N,… Default: 15.", valueName: "n,…"))
    var calibrationBins: NumberList<Int>?

    @Option(
        help: ArgumentHelp(
            "How confidences are cut into intervals: of equal width; with equal-mass, besides, of equally many rows.", valueName: "kind"))
    var calibrationBinning: InsightRequest.Binning?

    @Flag(help: "The Brier score, and the share of it that predictions explain.")
    var brier = false

    @Flag(help: "The mean entropy of predictions, and their mean largest probability.")
    var sharpness = false

    @Option(
        name: .customLong("top-k"), parsing: .unconditional,
        help: ArgumentHelp("The share of labels among the K largest predictions, for each K.", valueName: "k,…"))
    var topK: NumberList<Int>?

    @Flag(help: "The area under the ROC curve and the average precision; of each class against all others for several.")
    var ranking = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Quantiles of the loss: the losses that these shares of the rows do not exceed.", valueName: "q,…"))
    var quantiles: NumberList<Double>?

    @Option(parsing: .unconditional, help: ArgumentHelp("List the K rows with the largest losses.", valueName: "k"))
    var worst: Int?

    @Option(
        help: ArgumentHelp(
            "What makes a row bad: its loss, the confidence of a mistake, or how far the label's probability is below the largest.",
            valueName: "measure"))
    var worstBy: WorstRows.Measure?

    @OptionGroup
    var shown: ShownColumnOptions

    @OptionGroup
    var slices: SliceOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Divide logits by T before all else; probabilities stand for logits ln p.", valueName: "t"))
    var temperature: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The mean with logits divided by each of these temperatures.", valueName: "t,…"))
    var temperatureSweep: NumberList<Double>?

    @Flag(help: "The temperature by which logits are to be divided for the least mean.")
    var fitTemperature = false

    func validate() throws {
        if let worst, worst < 1 { throw ValidationError("--worst must be at least 1, not \(worst).") }
        try shown.check(areRowsListed: worst != nil || insight)
        if worstBy != nil, worst == nil, !insight { throw ValidationError("--worst-by says by what --worst is sorted; give --worst too.") }
    }

    /// The figures that are asked for.
    func request(_ task: LossTask) -> InsightRequest {
        var request = InsightRequest()
        request.calibration = calibration ?? (calibrationBins == nil ? nil : .automatic)
        if let counts = calibrationBins { request.binCounts = counts.numbers }
        request.measuresBrier = brier
        request.measuresSharpness = sharpness
        request.topKs = topK?.numbers ?? []
        request.quantiles = quantiles?.numbers ?? []
        request.worstCount = worst ?? 0
        request.shownColumns = shown.showColumn
        if let worstBy { request.worstMeasure = worstBy }
        if let binning = calibrationBinning {
            request.binning = binning
            request.calibration = request.calibration ?? .automatic
        }
        request.measuresRanking = ranking
        request.slices = slices.requests
        request.temperatures = temperatureSweep?.numbers ?? []
        request.fitsTemperature = fitTemperature
        if insight { request.addUsual(task) }
        return request
    }
}

/// Options for columns that are listed with rows.
struct ShownColumnOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "List this column of the predictions or the labels with the worst rows, such as an id. May be repeated.", valueName: "name"))
    var showColumn: [String] = []

    /// Throws if columns are to be listed, and no rows are.
    func check(areRowsListed: Bool) throws {
        guard showColumn.isEmpty || areRowsListed else {
            throw ValidationError("--show-column lists columns with --worst; give --worst too.")
        }
    }
}

/// Options for slices of the rows.
struct SliceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The figures of each slice of the rows: by label, by predicted class, by a column of the predictions or the labels, by several: \
            label,country; by intervals of numbers: age:0,18,65; or of one value: country=US. May be repeated.
            """,
            valueName: "column,…"))
    var slice: [SliceColumns] = []

    @Option(
        help: ArgumentHelp("An array of one number a row, by which the rows are sliced as well.", valueName: "file"), completion: .file())
    var groups: [String] = []

    /// The columns of each request of slices.
    var requests: [[Slices.Column]] { slice.map(\.columns) + (groups.isEmpty ? [] : [[.companion("group")]]) }
}

/// Numbers with commas between them.
struct NumberList<Number: LosslessStringConvertible & Sendable>: ExpressibleByArgument, Sendable {
    /// The numbers.
    let numbers: [Number]

    init?(argument: String) {
        var numbers: [Number] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            guard let number = Number(String(part)) else { return nil }
            numbers.append(number)
        }
        guard !numbers.isEmpty else { return nil }
        self.numbers = numbers
    }
}

/// The columns of a request of slices, with commas between them.
struct SliceColumns: ExpressibleByArgument, Sendable {
    /// The columns.
    let columns: [Slices.Column]

    init?(argument: String) {
        var columns: [Slices.Column] = []
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            // The edges of a column's intervals follow one another.
            if let edge = Double(part), case .intervals(let column, let intervals)? = columns.last {
                columns[columns.count - 1] = .intervals(of: column, ValueIntervals(intervals.edges + [edge]))
                continue
            }
            guard let column = Self.column(part) else { return nil }
            columns.append(column)
        }
        self.columns = columns
    }

    /// Reads NAME, NAME=VALUE, or NAME:EDGE, of which more edges follow. What stands after a colon and is no number belongs to the name.
    private static func column(_ text: Substring) -> Slices.Column? {
        if let equals = text.firstIndex(of: "=") {
            return whole(text[..<equals]).map { .value(of: $0, String(text[text.index(after: equals)...])) }
        }
        if let colon = text.lastIndex(of: ":"), let edge = Double(text[text.index(after: colon)...]) {
            return whole(text[..<colon]).map { .intervals(of: $0, ValueIntervals([edge])) }
        }
        return whole(text)
    }

    private static func whole(_ name: Substring) -> Slices.Column? {
        switch name {
        case "": nil
        case "label": .label
        case "predicted": .predicted
        case "group": .companion("group")
        default: .column(String(name))
        }
    }
}
