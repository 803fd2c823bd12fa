public import Engine
public import Outputs

/// A line of a history: when a run was, how it ended, and its report.
public struct HistoryEntry: Sendable, Codable {
    /// The time at which the run ended, in UTC: "2026-11-29T03:00:07Z".
    public let time: String
    /// The run's exit status.
    public let status: Int
    /// The time that the run took, in seconds.
    public let seconds: Double
    /// The error that ended the run; absent if it has a report.
    public let error: String?
    /// The report, with the outcome of its gates; absent if the run failed before there was one.
    public let report: Report?

    /// Makes an entry.
    public init(time: Timestamp, status: Int, seconds: Double, error: String?, report: Report?) {
        self.time = time.text
        self.status = status
        self.seconds = seconds
        self.error = error
        self.report = report
    }

    /// True if the run ended well: its report is whole, and no gate failed.
    public var hasPassed: Bool { status == 0 && report != nil }
}

extension [HistoryEntry] {
    /// The run of a history that a later one is compared with.
    public enum Choice: String, Sendable, CaseIterable {
        /// The last run that passed.
        case last
        /// The run that passed with the least mean. Against it a slow drift is seen, which each night's step hides.
        case best
    }

    /// Finds the report to compare with; nil if no run passed. Reports whose mean is NaN are no best ones. O(runs).
    ///
    /// - Parameters:
    ///   - choice: the last run, or the best.
    ///   - isAlike: returns true for reports that can be compared with.
    public func baseline(_ choice: Choice, where isAlike: (Report) -> Bool = { _ in true }) -> Report? {
        let passed = filter(\.hasPassed).compactMap(\.report).filter(isAlike)
        switch choice {
        case .last: return passed.last
        case .best: return passed.filter { !$0.loss.mean.isNaN }.min { $0.loss.mean < $1.loss.mean }
        }
    }
}
