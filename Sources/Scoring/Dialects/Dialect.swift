internal import Elements

/// The conventions of a framework or library, as data: its clipping, its divisors, and its mean of no rows.
///
/// To add one, add a file like its neighbours in this folder, a line to `Dialect.all`, and golden cases.
public struct Dialect: Sendable, Equatable {
    /// The treatment of the probabilities of a row before the logarithm.
    struct Treatment: Sendable, Equatable {
        enum Normalisation: Sendable, Equatable {
            case none
            /// Divided by their sum, then clipped.
            case thenClip
            /// Clipped, then divided by the sum.
            case afterClip
        }
        enum Clip: Sendable, Equatable {
            case none
            case fixed(low: Double, high: Double)
            /// [ε, 1 − ε] with the ε of the stored type.
            case elementEpsilon

            /// True if a clipped probability is a normal number.
            var keepsFromZero: Bool {
                switch self {
                case .none: false
                case .fixed(let low, _): low >= 0x1p-900
                case .elementEpsilon: true
                }
            }

            func bounds(_ element: ElementType) -> (low: Double, high: Double) {
                switch self {
                case .none: (-.infinity, .infinity)
                case .fixed(let low, let high): (low, high)
                case .elementEpsilon: (element.epsilon, 1 - element.epsilon)
                }
            }
        }

        var normalisation = Normalisation.none
        var clip = Clip.none
        static let asGiven = Treatment()
    }

    /// The divisor of the sum of the losses.
    enum Divisor: Sendable, Equatable {
        /// Σ of the rows' weights, each times the weight of its label's class.
        case weights
        /// The number of scored rows.
        case count
    }

    /// The inputs that a task takes; a combination without a meaning is refused.
    struct Inputs: Sendable, Equatable {
        let task: LossTask
        let inputs: [PredictionInput]
    }

    /// The name in reports, in partials and in `Dialect.init(named:)`.
    public let name: String
    /// The framework or library, in a few words.
    public let summary: String
    /// Over the classes of a row with a class index, with soft labels, for KL divergence; for binary decisions.
    var ofIndex = Treatment.asGiven
    var ofSoftLabels = Treatment.asGiven
    var ofDivergence = Treatment.asGiven
    var ofDecisions = Treatment.asGiven
    /// KL: soft labels are raised to it.
    var leastTarget = -Double.infinity
    /// A single −log p of a binary decision from probabilities is lowered to it.
    var largestDecisionTerm = Double.infinity
    /// Probabilities that may be scored before clipping.
    var scorableProbabilities = 0.0...1.0
    var divisorOfIndex = Divisor.weights
    var divisorOfOthers = Divisor.weights
    /// The mean where the divisor is 0: no rows, or all weights 0.
    var emptyMeanOfIndex = Double.nan
    var emptyMeanOfOthers = Double.nan
    /// True if the sum of multilabel losses counts each decision, and not each row's mean.
    var sumCountsDecisions = false
    /// True if the library takes binary labels between 0 and 1.
    var takesSoftDecisions = true
    /// True if focal losses make probabilities of logits first, and so clip them.
    var focalTakesProbabilities = false
    /// True if the focal factor (1 − p)^γ of a decision takes p as it is scored, after clipping, and not as it was predicted. The focal
    /// factor of a class always takes the scored p.
    var focalTakesScoredDecisions = true
    /// True if label smoothing has a meaning.
    var takesSmoothing = true
    /// True if label smoothing has a meaning for binary decisions as well.
    var takesDecisionSmoothing = true
    /// The class index whose rows the library leaves out if it is not told another; nil if it leaves out none.
    var usualIgnoreIndex: Int64?
    /// True if focal loss has a meaning.
    var takesFocal = true
    /// True if `LossModifiers.clip` changes the dialect. Most frameworks have clipping of their own.
    var takesClip = false
    /// True if `LossModifiers.renormalizes` changes the dialect.
    var takesRenormalizing = false
    /// True if a clipped decision has the losses −log ε and −log(1 − ε) of the real number ε, and not those of the Float64 next to 1 − ε.
    var clipsToLogarithms = false
    /// The tasks and inputs that it can be asked for.
    var inputs: [Inputs]

    /// Compares names: a dialect is its name, and the mean of no rows may be NaN, which equals nothing.
    public static func == (left: Dialect, right: Dialect) -> Bool { left.name == right.name }

    /// The inputs from which a task can be computed; empty where the dialect does not have it.
    func inputs(of task: LossTask) -> [PredictionInput] { inputs.first { $0.task == task }?.inputs ?? [] }

    func accepts(_ task: LossTask, _ input: PredictionInput) -> Bool { inputs(of: task).contains(input) }

    func smooths(_ task: LossTask) -> Bool { takesSmoothing && (task.isOverClasses || takesDecisionSmoothing) }

    func treatment(_ task: LossTask, _ divergence: Divergence) -> Treatment {
        switch task {
        case .multiclass: ofIndex
        case .soft: divergence == .kullbackLeibler ? ofDivergence : ofSoftLabels
        case .binary, .multilabel, .likelihood: ofDecisions
        }
    }

    /// The number to which a single −log is lowered. A likelihood is no decision.
    func largestTerm(_ task: LossTask, _ input: PredictionInput) -> Double {
        input == .probabilities && (task == .binary || task == .multilabel) ? largestDecisionTerm : .infinity
    }

    func emptyMean(_ task: LossTask) -> Double { task == .multiclass ? emptyMeanOfIndex : emptyMeanOfOthers }

    func divisor(_ task: LossTask) -> Divisor { task == .multiclass ? divisorOfIndex : divisorOfOthers }

    /// Returns true if the mean divides by the rows' weights where they have some, and false if it divides by the number of rows.
    package func dividesByWeights(_ task: LossTask) -> Bool { divisor(task) == .weights }
}

extension Dialect {
    /// All dialects; the first is the default.
    public static let all: [Dialect] = [
        exact, pytorch, keras, kerasTensorFlow, sklearn, sklearn14, xgboost, lightgbm, catboost, spark, h2o,
    ]

    /// The dialect of this name; nil for an unknown one.
    public init?(named name: String) {
        guard let dialect = Self.all.first(where: { $0.name == name }) else { return nil }
        self = dialect
    }

    static let everyInput: [Inputs] = [
        Inputs(task: .binary, inputs: PredictionInput.allCases),
        Inputs(task: .multiclass, inputs: PredictionInput.allCases),
        Inputs(task: .multilabel, inputs: PredictionInput.allCases),
        Inputs(task: .soft, inputs: PredictionInput.allCases),
        // A logit alone does not say how likely what happened was.
        Inputs(task: .likelihood, inputs: [.probabilities, .logProbabilities]),
    ]
}
