internal import Insight
internal import Messages
internal import Scoring

/// The report that gates compare with.
public enum GateBaseline: Sendable {
    /// An earlier report of the same loss.
    case report(Report)
    /// A history in which no run has passed yet. Gates that need a baseline are then not evaluated, and do not fail.
    case noRunYet
}

extension Report {
    /// Returns the report with the outcome of each gate.
    ///
    /// - Parameters:
    ///   - gates: the requirements.
    ///   - baseline: the report to compare with; nil if none was named, and then each gate that needs one fails.
    /// - Throws: `EngineError` of category `.data` if the baseline is of another loss or of other classes.
    public func judged(by gates: [Gate], baseline: GateBaseline?) throws(EngineError) -> Report {
        guard !gates.isEmpty else { return self }
        var report = self
        var base: (tree: FigureTree, report: Report)?
        if case .report(let earlier)? = baseline, gates.contains(where: \.usesBaseline) {
            try requireSameLoss(as: earlier)
            let converted = earlier.converted(to: unit)
            base = try GateJudgement.tree(of: converted).map { ($0, converted) }
        }
        let judgement = GateJudgement(
            tree: try GateJudgement.tree(of: self) ?? .null, baseline: base?.tree,
            hasNoPassedRun: { if case .noRunYet? = baseline { true } else { false } }(),
            z: NormalDistribution.quantile(upperTail: (1 - (confidence ?? 0.95)) / 2))
        report.gates = gates.map(judgement.result)
        if let earlier = base?.report, earlier.rows.read != rows.read {
            let warning = Message(code: .baselineRows, "the baseline is of \(String.counted(earlier.rows.read, "row")), and this report of \(rows.read)")
            report.warnings.append(warning)
            report.notices.append(Notice(warning))
        }
        return report
    }

    /// Throws if two reports are of different losses, or of different classes.
    private func requireSameLoss(as earlier: Report) throws(EngineError) {
        func refuse(_ what: String) -> EngineError {
            EngineError(
                .data, "the baseline is of another loss: \(what)", remedy: "give the report of a run with the same options as this one")
        }
        if specification != earlier.specification {
            let difference = specification.difference(from: earlier.specification)
            let input = input == earlier.input ? nil : "input \(input.rawValue) and \(earlier.input.rawValue)"
            throw refuse([difference, input ?? ""].filter { !$0.isEmpty }.joined(separator: ", "))
        }
        if classes != earlier.classes { throw refuse("\(classes) classes and \(earlier.classes)") }
        if let names = columns?.classNames, let others = earlier.columns?.classNames, names != others {
            throw refuse("the classes have other names, or another order")
        }
    }

    /// True if no gate failed.
    public var meetsGates: Bool { gates?.allSatisfy { $0.verdict != .fail } ?? true }
}

extension ComparisonReport {
    /// Returns the report with the outcome of each gate. A is the baseline of a comparison: a gate that names another fails.
    public func judged(by gates: [Gate]) throws(EngineError) -> ComparisonReport {
        guard !gates.isEmpty else { return self }
        var report = self
        let judgement = GateJudgement(
            tree: try GateJudgement.tree(of: self) ?? .null, baseline: nil, hasNoPassedRun: false,
            z: NormalDistribution.quantile(upperTail: 0.025))
        report.gates = gates.map(judgement.result)
        return report
    }

    /// True if no gate failed.
    public var meetsGates: Bool { gates?.allSatisfy { $0.verdict != .fail } ?? true }
}

/// The figures by which gates are judged.
struct GateJudgement {
    let tree: FigureTree
    /// The figures of the baseline; nil if there is none.
    let baseline: FigureTree?
    /// True if a history was named in which no run has passed yet.
    let hasNoPassedRun: Bool
    /// The number of standard errors to either end of an interval.
    let z: Double

    /// Makes the tree of a report.
    static func tree(of report: some Encodable) throws(EngineError) -> FigureTree? {
        do { return try FigureTree(report) } catch { throw EngineError(.data, "the report cannot be read: \(error)") }
    }

    /// Judges a gate.
    func result(_ gate: Gate) -> GateResult {
        let value: Double
        do throws(FigurePath.Absence) {
            value = try gate.path.number(in: tree)
        } catch {
            return fail(gate, nil, reason: error.reason)
        }
        let error = Self.standardError(of: gate.path, in: tree)
        switch gate.bound {
        case .number(let bound): return judge(gate, value, bound, baseline: nil, standardError: error)
        case .baseline(let margin):
            guard let baseline else {
                guard hasNoPassedRun else { return fail(gate, value, reason: "there is no baseline") }
                return GateResult(
                    gate: gate.text, verdict: .noBaseline, value: value, bound: nil, baseline: nil, undecided: nil,
                    reason: "no earlier run has passed yet, so that there is nothing to compare \(value) with")
            }
            let base: Double
            do throws(FigurePath.Absence) {
                base = try gate.path.number(in: baseline)
            } catch {
                return fail(gate, value, reason: "of the baseline: \(error.reason)")
            }
            let baseError = Self.standardError(of: gate.path, in: baseline)
            let both = error.flatMap { error in baseError.map { (error * error + $0 * $0).squareRoot() } }
            switch margin {
            case .absolute(let size): return judge(gate, value, base + size, baseline: base, standardError: both)
            case .relative(let share): return judge(gate, value, base + share * abs(base), baseline: base, standardError: both)
            case .standardErrors(let count):
                guard let both else { return fail(gate, value, reason: "\(gate.path.text) has no standard error") }
                return judge(gate, value, base + count * both, baseline: base, standardError: nil)
            }
        }
    }

    private func judge(_ gate: Gate, _ value: Double, _ bound: Double, baseline: Double?, standardError: Double?) -> GateResult {
        // False also for NaN on either side.
        let isMet = gate.relation.holds(value, bound)
        let undecided = gate.relation == .equal ? nil : standardError.map { isMet && abs(value - bound) < z * $0 }
        return GateResult(
            gate: gate.text, verdict: isMet ? .pass : .fail, value: value, bound: bound, baseline: baseline, undecided: undecided,
            reason: nil)
    }

    private func fail(_ gate: Gate, _ value: Double?, reason: String) -> GateResult {
        GateResult(gate: gate.text, verdict: .fail, value: value, bound: nil, baseline: nil, undecided: nil, reason: reason)
    }

    /// Finds the standard error of a figure; nil if the report has none.
    ///
    /// It stands beside the figure: as `standard_error` of a mean, as `NAME_standard_error` of others. The error of the report's mean is that
    /// of the interval that was asked for; that of its accuracy is √(p(1 − p)/n).
    private static func standardError(of path: FigurePath, in tree: FigureTree) -> Double? {
        guard let key = path.lastKey else { return nil }
        if path.text == "loss.mean", let error = tree["uncertainty"]?["standard_error"]?.number { return error }
        if path.text == "accuracy", let share = tree["accuracy"]?.number, let rows = tree["rows"]?["scored"]?.number, rows > 0 {
            return (share * (1 - share) / rows).squareRoot()
        }
        let names = ["\(key)_standard_error"] + (key == "mean" ? ["standard_error"] : [])
        for name in names {
            if let beside = path.replacingLastKey(with: name), let error = try? beside.number(in: tree) { return error }
        }
        return nil
    }
}
