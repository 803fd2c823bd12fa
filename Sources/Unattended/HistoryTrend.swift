public import Engine

/// The course of a figure over the runs of a history.
public struct HistoryTrend: Sendable, Codable {
    /// A run.
    public struct Run: Sendable, Codable {
        /// The time at which the run ended, in UTC.
        public let time: String
        /// The exit status.
        public let status: Int
        /// The mean, and the bounds of its interval; absent if the run has no report.
        public let mean: Double?, lower: Double?, upper: Double?
        /// The mean as C's `%a` writes it.
        public let meanHex: String?
        /// The standard error of the mean.
        public let standardError: Double?
        /// The mean less that of the run before that has a report of the same loss; absent for the first.
        public let change: Double?
        /// The change over its standard error, √(SE² + SE²), as of independent runs.
        public let changeInErrors: Double?
        /// The share of right rows; absent for tasks without labels.
        public let accuracy: Double?
        /// The numbers of rows that were scored, and that were invalid.
        public let scoredRows: UInt64?, invalidRows: UInt64?
        /// The decoded bytes a second; absent for merges.
        public let decodedBytesPerSecond: Double?
        /// The time that the run took, in seconds.
        public let seconds: Double
        /// The gates that failed; absent if the run had none.
        public let failedGates: [String]?
        /// The number of gates; absent if the run had none.
        public let gates: Int?
        /// The error that ended the run.
        public let error: String?
        /// The unit of the losses.
        public let unit: Report.Unit?

        enum CodingKeys: String, CodingKey {
            case time, status, mean, lower, upper, change, accuracy, seconds, gates, error, unit
            case meanHex = "mean_hex"
            case standardError = "standard_error"
            case changeInErrors = "change_in_errors"
            case scoredRows = "scored_rows"
            case invalidRows = "invalid_rows"
            case decodedBytesPerSecond = "decoded_bytes_per_second"
            case failedGates = "failed_gates"
        }
    }

    /// The runs, the oldest first.
    public private(set) var runs: [Run]
    /// The number of lines that are damaged, and were left out.
    public let damagedLines: Int

    enum CodingKeys: String, CodingKey {
        case runs
        case damagedLines = "damaged_lines"
    }

    /// Makes the course of a history. O(runs).
    public init(_ entries: [HistoryEntry], damagedLineCount: Int) {
        var runs: [Run] = []
        var previous: Report?
        for entry in entries {
            let report = entry.report
            let before = report.flatMap { report in previous.flatMap { $0.specification == report.specification ? $0.converted(to: report.unit) : nil } }
            let change = report.flatMap { report in before.map { report.loss.mean - $0.loss.mean } }
            let error = report.flatMap { report in
                before.map { (report.standardErrorOfMean * report.standardErrorOfMean + $0.standardErrorOfMean * $0.standardErrorOfMean).squareRoot() }
            }
            let bounds = report.map { report in report.uncertainty.map { ($0.lower, $0.upper) } ?? (report.loss.lower ?? .nan, report.loss.upper ?? .nan) }
            runs.append(
                Run(
                    time: entry.time, status: entry.status, mean: report?.loss.mean, lower: bounds?.0, upper: bounds?.1,
                    meanHex: report?.loss.meanHex, standardError: report?.standardErrorOfMean, change: change,
                    changeInErrors: change.flatMap { change in error.flatMap { $0 > 0 ? change / $0 : nil } }, accuracy: report?.accuracy,
                    scoredRows: report?.rows.scored, invalidRows: report?.rows.invalid,
                    decodedBytesPerSecond: report?.run?.decodedBytesPerSecond, seconds: entry.seconds,
                    failedGates: report?.gates.map { $0.filter { $0.verdict == .fail }.map(\.gate) }, gates: report?.gates?.count,
                    error: entry.error, unit: report?.unit))
            if report != nil { previous = report }
        }
        self.runs = runs
        damagedLines = damagedLineCount
    }
}

extension HistoryTrend {
    /// Leaves all runs out but the last ones. The change of the first that is left is that from the run before it.
    public mutating func keepLast(_ count: Int) { runs = Array(runs.suffix(count)) }
}

extension Report {
    /// The standard error of the mean by the interval that was asked for.
    fileprivate var standardErrorOfMean: Double { uncertainty?.standardError ?? loss.standardError }
}
