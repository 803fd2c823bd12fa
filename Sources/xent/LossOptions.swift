import ArgumentParser
import Engine
import Scoring

/// Options for the loss and its modifiers.
struct LossOptions: ParsableArguments {
    @Option(help: "What is predicted.")
    var task: LossTask?

    @Option(help: "What the values are. Guessing is how wrong numbers get published.")
    var input: PredictionInput?

    @Option(
        help: ArgumentHelp(
            """
            Whose conventions the loss follows; may be repeated, and one pass scores them all. The first is the report's own. Default: \
            exact.
            """, valueName: "name"), completion: .list(Dialect.allValueStrings))
    var dialect: [DialectChoice] = []

    // Unconditional, so that a negative number is a value, which is refused by the option's name, and not an option.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            One weight a class: W,W,… or a .npy file, or balanced (N / (C · n_c), from a first pass over the labels). Task binary: of \
            label 0 and of label 1; multilabel: one a column.
            """,
            valueName: "w,…|file"))
    var classWeights: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The weight of label 1 in binary decisions: one number, or W,W,… one a column, or a .npy file.", valueName: "w,…|file"))
    var posWeight: String?

    @Option(parsing: .unconditional, help: ArgumentHelp("Label smoothing, in [0, 1]. Default: 0.", valueName: "e"))
    var labelSmoothing: Double?

    @Option(parsing: .unconditional, help: ArgumentHelp("Rows with this class index are left out.", valueName: "k"))
    var ignoreIndex: Int?

    @Option(parsing: .unconditional, help: ArgumentHelp("Clip probabilities to [E, 1 − E] (dialects exact and spark).", valueName: "e"))
    var clip: Double?

    @Flag(help: "Divide the probabilities of each row by their sum (dialect exact).")
    var renormalize = false

    @Option(parsing: .unconditional, help: ArgumentHelp("Focal loss: each term times (1 − p)^G.", valueName: "g"))
    var focalGamma: Double?

    @Option(parsing: .unconditional, help: ArgumentHelp("Focal loss: the class balance α.", valueName: "a"))
    var focalAlpha: Double?

    @Option(help: "For soft labels: cross-entropy, or Kullback-Leibler divergence.")
    var divergence: Divergence = .crossEntropy

    /// The dialects of the loss.
    private var dialects: [Dialect] {
        dialect.compactMap { choice in
            if case .loss(let dialect) = choice { dialect } else { nil }
        }
    }

    /// True if the figures of llama.cpp are asked for.
    var hasLlamaCpp: Bool {
        dialect.contains { choice in
            if case .llamaCpp = choice { true } else { false }
        }
    }

    /// The loss of a task and an input, and true if class weights are to be counted from the labels.
    func specification(
        _ task: LossTask, _ input: PredictionInput, _ inputs: inout InputFiles
    ) throws -> (LossSpecification, usesBalancedClassWeights: Bool) {
        let (modifiers, usesBalancedClassWeights) = try modifiers(&inputs)
        do throws(SpecificationError) {
            let specification = try LossSpecification(
                task: task, input: input, dialects: dialects.isEmpty ? [.exact] : dialects, modifiers: modifiers)
            return (specification, usesBalancedClassWeights)
        } catch {
            throw EngineError(error)
        }
    }

    /// The modifiers, and true if class weights are to be counted from the labels.
    private func modifiers(_ inputs: inout InputFiles) throws -> (LossModifiers, usesBalancedClassWeights: Bool) {
        var modifiers = LossModifiers()
        var usesBalancedClassWeights = false
        switch try classWeights.map({ try WeightList($0, option: "--class-weights", &inputs) }) {
        case .numbers(let numbers)?: modifiers.classWeights = numbers
        case .balanced?: usesBalancedClassWeights = true
        case nil: break
        }
        switch try posWeight.map({ try WeightList($0, option: "--pos-weight", &inputs) }) {
        case .numbers(let numbers)?: modifiers.positiveWeights = numbers
        case .balanced?:
            throw EngineError(usage: "--pos-weight balanced is not known", remedy: "give numbers")
        case nil: break
        }
        modifiers.labelSmoothing = labelSmoothing ?? 0
        modifiers.ignoreIndex = ignoreIndex.map { Int64($0) }
        modifiers.clip = clip
        modifiers.renormalizes = renormalize
        modifiers.focalGamma = focalGamma
        modifiers.focalAlpha = focalAlpha
        modifiers.divergence = divergence
        return (modifiers, usesBalancedClassWeights)
    }
}

/// A dialect of the loss, or that of the figures by which llama.cpp compares two models.
enum DialectChoice: ExpressibleByArgument {
    case loss(Dialect)
    case llamaCpp

    /// The name of llama.cpp's figures.
    static let nameOfLlamaCpp = "llama.cpp"

    init?(argument: String) {
        if argument == Self.nameOfLlamaCpp {
            self = .llamaCpp
        } else if let dialect = Dialect(argument: argument) {
            self = .loss(dialect)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] { Dialect.allValueStrings }
}
