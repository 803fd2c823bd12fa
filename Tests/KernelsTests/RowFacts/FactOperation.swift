import KernelABI
import Oracle
import SeededRandom

/// A kernel that writes facts, with what it is given and what its documentation promises.
enum FactOperation: String, CaseIterable {
    case softmax, logProbability, probability
    /// The kernel of any target: with class indices, and with soft labels.
    case targetOfLogits, targetOfLogProbabilities, targetOfProbabilities
    case softOfLogits, softOfLogProbabilities, softOfProbabilities
    case binaryLogit, binaryLogProbability, binaryProbability
    /// Decisions with any target: one a row, or several.
    case bernoulliOfLogit, bernoulliOfLogProbability, bernoulliOfProbability
    case multilabelOfLogits, multilabelOfLogProbabilities, multilabelOfProbabilities

    static let overClasses = allCases.filter(\.isOverClasses)
    static let ofDecisions = allCases.filter { !$0.isOverClasses }

    var isOverClasses: Bool {
        switch self {
        case .softmax, .logProbability, .probability, .targetOfLogits, .targetOfLogProbabilities, .targetOfProbabilities, .softOfLogits,
            .softOfLogProbabilities, .softOfProbabilities:
            true
        default: false
        }
    }

    var hasManyDecisions: Bool {
        self == .multilabelOfLogits || self == .multilabelOfLogProbabilities || self == .multilabelOfProbabilities
    }

    /// Whether labels are numbers, one a value.
    var readsTargets: Bool {
        switch self {
        case .softOfLogits, .softOfLogProbabilities, .softOfProbabilities, .bernoulliOfLogit, .bernoulliOfLogProbability,
            .bernoulliOfProbability, .multilabelOfLogits, .multilabelOfLogProbabilities, .multilabelOfProbabilities:
            true
        default: false
        }
    }

    var input: LossOracle.Input {
        switch self {
        case .softmax, .targetOfLogits, .softOfLogits, .binaryLogit, .bernoulliOfLogit, .multilabelOfLogits: .logits
        case .logProbability, .targetOfLogProbabilities, .softOfLogProbabilities, .binaryLogProbability, .bernoulliOfLogProbability,
            .multilabelOfLogProbabilities:
            .logProbabilities
        case .probability, .targetOfProbabilities, .softOfProbabilities, .binaryProbability, .bernoulliOfProbability,
            .multilabelOfProbabilities:
            .probabilities
        }
    }

    func kernel(_ kernel: KernelUnderTest) -> KernelUnderTest.Rows {
        switch self {
        case .softmax: kernel.softmax
        case .logProbability: kernel.logProbability
        case .probability: kernel.probability
        case .binaryLogit: kernel.binaryLogit
        case .binaryLogProbability: kernel.binaryLogProbability
        case .binaryProbability: kernel.binaryProbability
        case .targetOfLogits, .targetOfLogProbabilities, .targetOfProbabilities, .softOfLogits, .softOfLogProbabilities,
            .softOfProbabilities:
            { block in withUnsafePointer(to: parameters) { kernel.table.targetRows(block, $0) } }
        default:
            { block in withUnsafePointer(to: parameters) { kernel.table.bernoulliRows(block, $0) } }
        }
    }

    /// Label smoothing and clipping, which facts do not know of.
    private var parameters: LossParameters {
        var parameters: LossParameters
        switch input {
        case .logits: parameters = plainParameters(XentInputLogits, scorable: -.infinity ... .infinity)
        case .logProbabilities: parameters = plainParameters(XentInputLogProbabilities, scorable: -.infinity...0)
        case .probabilities:
            parameters = plainParameters(XentInputProbabilities, scorable: 0...1)
            (parameters.clipLow, parameters.clipHigh) = (0.01, 0.99)
        }
        parameters.targetKept = 0.75
        parameters.targetAdded = 0.125
        return parameters
    }

    func truth(_ row: [Double], label: Int32, targets: [Double]) -> RowFactOracle {
        if isOverClasses {
            let label = readsTargets ? targets.firstIndex(of: targets.max() ?? 0) ?? 0 : Int(label)
            return RowFactOracle(classes: row, label: label, input: input)
        }
        if hasManyDecisions { return RowFactOracle(decisions: row, areOne: targets.map { $0 > 0.5 }, input: input) }
        return RowFactOracle(decision: row[0], isOne: readsTargets ? targets[0] > 0.5 : label == 1, input: input)
    }

    /// The largest errors that tests let pass, in ULP; that of Σp·x in ULP of Σp·|x|.
    var bounds: (labelProbability: Double, topProbability: Double, squares: Double, products: Double) {
        switch self {
        case .softmax: (3.8, 4.9, 6, 5)
        case .targetOfLogits, .softOfLogits: (5, 4, 6, 4)
        case .logProbability, .targetOfLogProbabilities, .softOfLogProbabilities: (1.1, 1.1, 4, 3)
        case .probability, .targetOfProbabilities, .softOfProbabilities: (0, 0, 2, 3)
        case .binaryLogit, .binaryLogProbability, .binaryProbability, .bernoulliOfLogit, .bernoulliOfLogProbability,
            .bernoulliOfProbability:
            (3, 3, 5, 5)
        case .multilabelOfLogits, .multilabelOfLogProbabilities, .multilabelOfProbabilities: (4, 4, 6, 6)
        }
    }

    /// A row of the operation's input, made of one of logits.
    func row(of logits: [Double], _ random: inout SplitMix64) -> [Double] {
        if input == .logits { return logits }
        // The neighbour of a type's greatest number is infinite.
        let logits = logits.map { max(min($0, 1e300), -1e300) }
        switch input {
        case .logits: return logits
        case .logProbabilities:
            if !isOverClasses { return logits.map { -$0.magnitude / (random.next() & 1 == 0 ? 1 : 1e3) } }
            let largest = logits.max() ?? 0
            return logits.map { min($0 - largest - random.nextUniform(in: 0...0.5), 0) }
        case .probabilities:
            let largest = logits.max() ?? 0
            let p = logits.map { exponential(isOverClasses ? $0 - largest : -$0.magnitude) }
            let sum = isOverClasses ? p.reduce(0, +) : 1
            return p.map { $0 / sum }
        }
    }
}

/// e^x, rounded; 0 where it is far below the least Float64.
private func exponential(_ x: Double) -> Double { x < -800 ? 0 : Reference.exp(x).rounded() }
