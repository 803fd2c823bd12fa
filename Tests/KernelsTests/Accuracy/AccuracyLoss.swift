import Oracle
import Scoring

/// A loss of dialect `exact` whose accuracy the page tells.
struct AccuracyLoss: Hashable, Sendable {
    let task: LossTask
    let input: PredictionInput
    /// Task binary: labels are probabilities.
    var hasSoftLabels = false
    var isDivergence = false
    var labelSmoothing = 0.0
    var focalGamma: Double?

    static let multiclassLogits = AccuracyLoss(task: .multiclass, input: .logits)

    static let all: [AccuracyLoss] = {
        var losses: [AccuracyLoss] = []
        for task in LossTask.allCases {
            for input in PredictionInput.allCases where task != .likelihood || input != .logits {
                losses.append(AccuracyLoss(task: task, input: input))
                if task == .binary { losses.append(AccuracyLoss(task: task, input: input, hasSoftLabels: true)) }
                if task == .soft { losses.append(AccuracyLoss(task: task, input: input, isDivergence: true)) }
            }
        }
        return losses
    }()

    /// Those with a modifier that changes how a row is computed; the page has none of them.
    static let modified: [AccuracyLoss] = [LossTask.binary, .multiclass, .multilabel, .soft].flatMap { task in
        PredictionInput.allCases.flatMap { input in
            [
                AccuracyLoss(task: task, input: input, labelSmoothing: 0.1), AccuracyLoss(task: task, input: input, focalGamma: 2),
                AccuracyLoss(task: task, input: input, focalGamma: 5),
                AccuracyLoss(task: task, input: input, labelSmoothing: 0.1, focalGamma: 1.5),
            ]
        }
    }

    var name: String {
        let modifier = (labelSmoothing > 0 ? " (smoothed by \(labelSmoothing))" : "") + (focalGamma.map { " (focal, gamma \($0))" } ?? "")
        return "\(task.rawValue)\(hasSoftLabels ? " (label in [0, 1])" : "")\(isDivergence ? " (kl)" : "")\(modifier) from \(input.rawValue)"
    }

    private var isModified: Bool { labelSmoothing > 0 || focalGamma != nil }

    /// In ULP, from the docstrings in `Kernels`.
    var promised: Double {
        if isModified { return 4 + 0.6 * max(0, (focalGamma ?? 0) - 5) }
        return switch (task, input) {
        case (.binary, .logits) where !hasSoftLabels: 1.5
        case (.binary, .probabilities) where !hasSoftLabels: 1
        case (.binary, .logProbabilities) where !hasSoftLabels: 2.4
        case (.multiclass, .logits): 2.6
        case (.multiclass, .probabilities), (.likelihood, .probabilities): 1
        case (.multiclass, .logProbabilities), (.likelihood, .logProbabilities): 0
        default: 4
        }
    }

    var classCounts: [Int] {
        task.isSingleValued ? [1] : [1, 2, 3, 8, 10, 33, 100, 1000, 49_152, 262_144]
    }

    func specification() throws -> LossSpecification {
        var modifiers = LossModifiers()
        if isDivergence { modifiers.divergence = .kullbackLeibler }
        modifiers.labelSmoothing = labelSmoothing
        modifiers.focalGamma = focalGamma
        return try LossSpecification(task: task, input: input, modifiers: modifiers)
    }

    /// How far `loss` is from the true loss, in ULP. KL divergence, whose terms cancel: in ULP of Σ t (|log t| + |log p|).
    func error(of loss: Double, _ row: AccuracySample.Row) -> Double {
        if task == .multiclass, !isModified {
            let label = Int32(row.labels[0])
            switch input {
            case .logits: return TrueLoss.softmax(row.values, label: label).error(of: loss)
            case .probabilities: return TrueLoss.probability(row.values, label: label).error(of: loss)
            case .logProbabilities: return TrueLoss.logProbability(row.values, label: label).error(of: loss)
            }
        }
        guard let task = LossOracle.Task(rawValue: task.rawValue), let input = LossOracle.Input(rawValue: input.rawValue) else {
            return .infinity
        }
        var oracle = LossOracle(task: task, input: input, dialect: .exact, typeEpsilon: 0)
        oracle.isDivergence = isDivergence
        oracle.labelSmoothing = labelSmoothing
        oracle.focalGamma = focalGamma
        // A sample has no row without a loss.
        guard case .scored(let scored) = oracle.row(row.values, labels: row.labels) else { return .infinity }
        guard isDivergence, case .finite(let truth) = scored.loss, case .finite(let magnitude) = scored.magnitude, loss.isFinite else {
            return scored.loss.ulpError(of: loss)
        }
        return ((BigReal(loss) - truth).magnitude / magnitude.ulp).rounded()
    }

    /// About what a row's truth costs, in microseconds a value; it decides how many rows a run can afford.
    func oracleCost(classCount: Int) -> Double {
        switch (task, input) {
        case (.multiclass, .logits): classCount > 200 ? 0.6 : 12
        case (.multiclass, _): 0.1 + 20 / Double(classCount)
        case (.soft, .logProbabilities): isDivergence ? 25 : 5
        case (.soft, _): isDivergence ? 45 : 25
        default: 60
        }
    }
}
