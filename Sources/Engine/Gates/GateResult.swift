/// The outcome of a gate.
public struct GateResult: Sendable, Codable, Equatable {
    /// The outcomes of a gate.
    public enum Verdict: String, Sendable, Codable {
        /// The requirement is met.
        case pass
        /// It is not met, or its figure is absent or NaN.
        case fail
        /// There is no earlier run to compare with yet. The gate does not fail.
        case noBaseline = "no-baseline"
    }

    /// The requirement.
    public let gate: String
    /// The outcome.
    public let verdict: Verdict
    /// The figure; absent if the report has none.
    public let value: Double?
    /// The number that the figure was compared with; absent if there was none.
    public let bound: Double?
    /// The figure of the baseline; absent if the gate names none, or the baseline has none.
    public let baseline: Double?
    /// True if the requirement is met, but would not be at one end of the figure's interval: chance alone may have decided. Absent where no
    /// error is known.
    public let undecided: Bool?
    /// The reason for which no figure was found; absent if there is one.
    public let reason: String?

    /// The outcome in a sentence: "loss.mean <= 0.7: 0.71 is not at most 0.7".
    public var text: String {
        if let reason { return "\(gate): \(reason)" }
        guard let value, let bound else { return "\(gate): not evaluated" }
        let compared = baseline.map { $0 == bound ? "\(bound), the baseline" : "\(bound), from the baseline \($0)" } ?? "\(bound)"
        switch verdict {
        case .pass: return "\(gate): \(value) against \(compared)" + (undecided == true ? "; within the error, it may be chance" : "")
        case .fail: return "\(gate): \(value) against \(compared)"
        case .noBaseline: return "\(gate): \(value), and no baseline"
        }
    }
}
