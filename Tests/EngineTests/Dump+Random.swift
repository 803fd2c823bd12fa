import Elements
import Formats
import Oracle
import RandomLosses
import Scoring
import SeededRandom

extension Dump {
    /// A dump of any task for any loss, with extreme values, and sometimes with rows that are invalid.
    static func randomOfAnyLoss(
        _ random: inout SplitMix64, valueLimit: Int, elementType: ElementType? = nil, hasInvalidRows: Bool? = nil
    ) -> Dump {
        let task = LossTask.allCases.randomElement(using: &random)!
        // Up to a vector, up to four of them, and beyond.
        let classCount = task.isSingleValued ? 1 : Int.random(in: 1...[8, 8, 33, 70].randomElement(using: &random)!, using: &random)
        let rowCount = Int.random(in: 1...max(1, valueLimit / classCount), using: &random)
        let specification = LossSpecification.random(&random, task: task, classCount: classCount)
        let elementType = elementType ?? ElementType.floatingPointTypes.randomElement(using: &random)!
        let mayBeInvalid = hasInvalidRows ?? (Int.random(in: 0..<3, using: &random) == 0)
        var dump = Dump(
            specification: specification, elementType: elementType, isBigEndian: Bool.random(using: &random),
            areLabelsBigEndian: Bool.random(using: &random), areLabelsColumn: Bool.random(using: &random),
            isColumn: Bool.random(using: &random), classCount: classCount, values: [], labels: [])
        for _ in 0..<rowCount {
            var row = dump.randomValues(&random)
            if mayBeInvalid, Int.random(in: 0..<8, using: &random) == 0 {
                // What a negative probability does to the sum of its row is nobody's convention.
                let isSummed = specification.modifiers.renormalizes || specification.dialects.contains { $0.name.hasPrefix("keras") }
                let bad = [.nan, .infinity, 1.5] + (isSummed ? [] : [-0.5])
                row[Int.random(in: 0..<classCount, using: &random)] = bad.randomElement(using: &random)!
            }
            dump.values += row.map { NPY.rounded($0, to: elementType) }
        }
        dump.setRandomLabels(&random, rowCount: rowCount, mayBeInvalid: mayBeInvalid)
        if Int.random(in: 0..<3, using: &random) == 0 {
            dump.weightType = [.float64, .float32, .float16, .int32, .uint8].randomElement(using: &random)!
            dump.weights = (0..<rowCount).map { _ in
                guard dump.weightType.isFloatingPoint else { return Double(Int.random(in: 0...5, using: &random)) }
                if mayBeInvalid, Int.random(in: 0..<16, using: &random) == 0 {
                    return [Double.nan, .infinity, -1].randomElement(using: &random)!
                }
                let weight = [0, random.nextUniform(in: 0...1), random.nextUniform(in: 0...300)].randomElement(using: &random)!
                return NPY.rounded(weight, to: dump.weightType)
            }
        }
        return dump
    }

    /// The same rows again and again, so many times.
    func repeated(_ count: Int) -> Dump {
        func repeated<Element>(_ elements: [Element]) -> [Element] { (0..<count).flatMap { _ in elements } }
        var dump = self
        dump.values = repeated(values)
        dump.labels = repeated(labels)
        dump.targets = targets.map { repeated($0) }
        dump.weights = weights.map { repeated($0) }
        return dump
    }

    /// A row that has a loss in most dialects: plain, confident, certain, or with numbers at the ends of the type's range.
    private func randomValues(_ random: inout SplitMix64) -> [Double] {
        let mood = Int.random(in: 0..<8, using: &random)
        func uniform(_ range: ClosedRange<Double>) -> Double { random.nextUniform(in: range) }
        // The largest and the least magnitudes of the type: beyond them values would be rounded to infinity and to zero.
        let (large, least): (Double, Double) =
            switch elementType {
            case .float16: (6e4, 0x1p-24)
            case .float64: (1e300, 0x1p-1074)
            default: (1e38, 0x1p-133)
            }
        let extremes: [Double]
        var row: [Double]
        switch specification.input {
        case .logits:
            let spread = [0.1, 3, 30, 30, 1000, 1000, 3, 3][mood]
            row = (0..<classCount).map { _ in uniform(-spread...spread) }
            // One class far above the others.
            if mood == 3 { row[Int.random(in: 0..<classCount, using: &random)] = uniform(50...120) }
            extremes = [large, -large, least, -least, 0, -0.0, -.infinity, 709, -745.2, 1000.5, 0x1.8p-30]
        case .probabilities:
            row = (0..<classCount).map { _ in uniform(0...1) }
            if mood < 4, !specification.task.isSingleValued, specification.task != .multilabel {
                row = row.map { $0 * $0 * $0 }
                if mood == 3 { row[Int.random(in: 0..<classCount, using: &random)] = 1e9 }
                let sum = row.reduce(0, +)
                row = row.map { $0 / max(sum, 1e-9) }
            }
            if mood == 4, specification.dialects.allSatisfy({ $0.name.hasPrefix("keras") }), specification.modifiers.focalGamma == nil {
                // Keras takes what does not sum to 1.
                row = row.map { $0 * 20 }
            }
            extremes = [0, 1, least, 0.5, 1 - 0x1p-8, 1 - 0x1p-11, 1 - 0x1p-24, 1 - 0x1p-53, 1e-7, 1e-4, 1e-17]
        case .logProbabilities:
            let spread = [0.1, 3, 30, 30, 1000, 1e-3, 3, 3][mood]
            row = (0..<classCount).map { _ in -uniform(0...spread) }
            extremes = [0, -0.0, -least, -large, -.infinity, -1e-4, -0x1p-50, -0.6931, -745.2, -37, -100.25]
        }
        if mood >= 6 {
            for index in row.indices where Bool.random(using: &random) { row[index] = extremes.randomElement(using: &random)! }
        }
        return row
    }

    /// Labels of a type that holds them.
    private mutating func setRandomLabels(_ random: inout SplitMix64, rowCount: Int, mayBeInvalid: Bool) {
        let task = specification.task
        func isInvalid() -> Bool { mayBeInvalid && Int.random(in: 0..<16, using: &random) == 0 }
        switch task {
        case .likelihood: break
        case .multiclass:
            labelType = [.int16, .int32, .int64, .uint16, .uint64, .float32, .float64].randomElement(using: &random)!
            let ignored = specification.modifiers.ignoreIndex.map { Double($0) }
            targets = (0..<rowCount).map { _ in
                if let ignored, ignored >= 0 || labelType.isFloatingPoint || !labelType.rawValue.hasPrefix("u"),
                    Int.random(in: 0..<6, using: &random) == 0
                {
                    return ignored
                }
                if isInvalid() { return labelType.isFloatingPoint ? [0.5, .nan, -1].randomElement(using: &random)! : Double(classCount) }
                return Double(Int.random(in: 0..<classCount, using: &random))
            }
        case .binary, .multilabel, .soft:
            let isWhole = Int.random(in: 0..<3, using: &random) == 0
            let types: [ElementType] = isWhole ? [.bool, .int8, .uint8, .int64] : ElementType.floatingPointTypes
            labelType = types.randomElement(using: &random)!
            var numbers: [Double] = []
            for _ in 0..<rowCount {
                var row = (0..<labelColumnCount).map { _ in
                    [0, 0, 1, random.nextUniform(in: 0...1), random.nextUniform(in: 0...1)].randomElement(using: &random)!
                }
                if task == .soft {
                    let sum = row.reduce(0, +)
                    // Rounded down, so that no label exceeds 1.
                    row = row.map { $0 / max(sum, 1) }
                    if isWhole {
                        row = row.map { _ in 0 }
                        row[Int.random(in: 0..<labelColumnCount, using: &random)] = 1
                    }
                }
                if isWhole { row = row.map { $0.rounded() } }
                if isInvalid() {
                    let index = Int.random(in: 0..<labelColumnCount, using: &random)
                    row[index] = isWhole ? (labelType == .bool ? 3 : 2) : [.nan, -0.25, 1.25].randomElement(using: &random)!
                }
                numbers += row.map { NPY.rounded($0, to: labelType) }
            }
            targets = numbers
        }
    }

    /// A row in words.
    func rowText(_ row: Int) -> String {
        let columns = labelColumnCount
        return "values \(Array(values(ofRow: row)))" + (targets.map { ", labels \(Array($0[row * columns..<(row + 1) * columns]))" } ?? "")
            + (weights.map { ", weight \($0[row])" } ?? "")
    }

    /// The values and labels of a row and its weight, as the oracle takes them.
    func oracleRow(_ row: Int, _ oracle: LossOracle) -> LossOracle.Row {
        let columns = labelColumnCount
        return oracle.row(
            Array(values(ofRow: row)), labels: targets.map { Array($0[row * columns..<(row + 1) * columns]) } ?? [],
            weight: weights?[row] ?? 1)
    }

    /// The oracle of one of the specification's dialects.
    func oracle(_ dialect: Dialect) throws -> LossOracle {
        guard let task = LossOracle.Task(rawValue: specification.task.rawValue),
            let input = LossOracle.Input(rawValue: specification.input.rawValue), let name = LossOracle.Dialect(rawValue: dialect.name)
        else { throw UnknownLoss(text: specification.canonicalText) }
        var oracle = LossOracle(task: task, input: input, dialect: name, typeEpsilon: elementType.epsilon)
        let modifiers = specification.modifiers
        oracle.classWeights = modifiers.classWeights
        oracle.positiveWeights = modifiers.positiveWeights
        oracle.labelSmoothing = modifiers.labelSmoothing
        oracle.ignoreIndex = modifiers.ignoreIndex.map { Int($0) }
        oracle.clip = modifiers.clip
        oracle.renormalizes = modifiers.renormalizes
        oracle.focalGamma = modifiers.focalGamma
        oracle.focalAlpha = modifiers.focalAlpha
        oracle.isDivergence = modifiers.divergence == .kullbackLeibler
        return oracle
    }
}

extension ElementType {
    /// The distance from 1 to the next number: NumPy's `finfo(dtype).eps`.
    var epsilon: Double {
        switch self {
        case .float16: 0x1p-10
        case .bfloat16: 0x1p-7
        case .float32: Double(Float.ulpOfOne)
        default: Double.ulpOfOne
        }
    }
}

/// A task, an input or a dialect that the oracle has no definition of.
struct UnknownLoss: Error {
    let text: String
}
