internal import Elements
internal import Scoring

// The probabilities that predictions stand for, as they are stored.
extension ScoredBlock {
    /// Writes the probability of label 1 for each decision of the block: rowCount × classCount numbers for tasks binary and multilabel.
    ///
    /// 1 / (1 + e^−x) of a logit, within 4 ULP; a probability as it is; e^x of a log-probability, within 2 ULP. NaN stays NaN.
    ///
    /// - Parameter numbers: room for that many numbers, rounded up to eight.
    func writePositiveProbabilities(to numbers: UnsafeMutablePointer<Double>) {
        let count = rows.rowCount * classCount
        switch specification.input {
        case .probabilities: writeValues(from: 0, count: count, to: numbers)
        case .logProbabilities:
            writeValues(from: 0, count: count, to: numbers)
            predictionKernels.exponentials(numbers, count: count)
        case .logits where classCount == 1: writePositiveProbabilities(ofLogitsTo: numbers)
        case .logits: predictionKernels.positiveProbabilities(rows.values, rows.element, count: count, to: numbers)
        }
    }

    /// Returns the entropy of a decision and its larger probability, within some 4 ULP, also where the decision is nearly certain.
    func sharpness(row: Int, column: Int) -> (entropy: Double, top: Double) {
        let value = value(row: row, column: column)
        if specification.input == .logits {
            // With e = e^−|x| the probabilities are 1 / (1 + e) and e / (1 + e).
            let distance = value.magnitude, e = ElementaryFunctions.exponential(-distance)
            return (ElementaryFunctions.logarithmOfOnePlus(e) + (e > 0 ? distance * (e / (1 + e)) : 0), 1 / (1 + e))
        }
        let isLogarithm = specification.input == .logProbabilities
        let p = isLogarithm ? ElementaryFunctions.exponential(value) : value
        let ofOne = isLogarithm ? value : ElementaryFunctions.logarithm(p)
        let ofZero = isLogarithm ? ElementaryFunctions.logarithmOfComplement(ofExponential: value) : ElementaryFunctions.logarithm(1 - p)
        return ((p > 0 ? -(p * ofOne) : 0) + (p < 1 ? -((1 - p) * ofZero) : 0), max(p, 1 - p))
    }

    /// Writes the probability of each class of a row: classCount numbers for tasks multiclass and soft.
    ///
    /// The softmax of logits, within 8 ULP of each where it is a normal number; probabilities as they are; e^x of log-probabilities. NaN where a
    /// value is NaN. Several logits of +∞ have equal shares of 1.
    ///
    /// - Parameter numbers: room for that many numbers, rounded up to eight.
    func writeProbabilities(ofRow row: Int, to numbers: UnsafeMutablePointer<Double>) {
        writeValues(from: row, count: classCount, to: numbers)
        switch specification.input {
        case .probabilities: return
        case .logProbabilities: predictionKernels.exponentials(numbers, count: classCount)
        case .logits:
            var largest = -Double.infinity
            for i in 0..<classCount where numbers[i] > largest { largest = numbers[i] }
            guard largest.isFinite else {
                for i in 0..<classCount { numbers[i] = numbers[i] == largest ? 1 : 0 }
                return Self.normalize(numbers, classCount)
            }
            for i in 0..<classCount { numbers[i] -= largest }
            predictionKernels.exponentials(numbers, count: classCount)
            Self.normalize(numbers, classCount)
        }
    }

    /// Divides numbers that are not negative by their sum, which is compensated (Neumaier).
    private static func normalize(_ numbers: UnsafeMutablePointer<Double>, _ count: Int) {
        var sum = 0.0, lost = 0.0
        for i in 0..<count {
            let next = sum + numbers[i]
            lost += sum >= numbers[i] ? (sum - next) + numbers[i] : (numbers[i] - next) + sum
            sum = next
        }
        sum += lost
        for i in 0..<count { numbers[i] /= sum }
    }

    /// Writes the first `count` predictions from a row on as they are stored.
    func writeValues(from row: Int, count: Int, to numbers: UnsafeMutablePointer<Double>) {
        let element = rows.element, values = rows.values + row * classCount * element.byteCount
        // A loop for each of the common types, so that it runs in vectors. Unsafe: the values lie at any alignment.
        switch element {
        case .float32: for i in 0..<count { numbers[i] = Double(values.loadUnaligned(fromByteOffset: 4 * i, as: Float.self)) }
        case .float64: for i in 0..<count { numbers[i] = values.loadUnaligned(fromByteOffset: 8 * i, as: Double.self) }
        default: for i in 0..<count { numbers[i] = element.value(values, at: i) }
        }
    }

    /// True if a row is one decision, whose classes are 0 and 1.
    private var isOfDecisions: Bool { specification.task == .binary || specification.task == .likelihood }

    /// The number of classes of a row's distribution: two of a decision.
    var distributionCount: Int { isOfDecisions ? 2 : classCount }

    /// Writes the logits that a row's predictions stand for, `distributionCount` of them: those of a decision from a logit x are 0 and x, those of
    /// probabilities and log-probabilities the logarithms.
    ///
    /// - Parameter logits: room for that many numbers.
    func writeLogits(ofRow row: Int, to logits: UnsafeMutablePointer<Double>) {
        guard isOfDecisions else {
            writeValues(from: row, count: classCount, to: logits)
            if specification.input == .probabilities {
                for c in 0..<classCount { logits[c] = ElementaryFunctions.logarithm(logits[c]) }
            }
            return
        }
        writeLogits(ofRow: row, column: 0, to: logits)
    }

    /// Writes the logits of one of several decisions of a row: 0, and that of label 1.
    ///
    /// - Parameter logits: room for two numbers.
    func writeLogits(ofRow row: Int, column: Int, to logits: UnsafeMutablePointer<Double>) {
        let x = value(row: row, column: column)
        switch specification.input {
        case .logits: (logits[0], logits[1]) = (0, x)
        case .probabilities: (logits[0], logits[1]) = (ElementaryFunctions.logarithm(1 - x), ElementaryFunctions.logarithm(x))
        case .logProbabilities: (logits[0], logits[1]) = (ElementaryFunctions.logarithmOfComplement(ofExponential: x), x)
        }
    }

    /// Writes the probability of each class of a row and its logarithm: classCount of each for tasks multiclass and soft, two for task binary, whose
    /// classes are 0 and 1. The logarithm of a probability of 0 is −∞.
    ///
    /// From logits both are good to a few ULP of 1 + |log p|.
    ///
    /// - Parameters:
    ///   - probabilities: room for that many numbers, rounded up to eight.
    ///   - logarithms: as much room.
    func writeDistribution(ofRow row: Int, _ probabilities: UnsafeMutablePointer<Double>, _ logarithms: UnsafeMutablePointer<Double>) {
        let count = distributionCount
        writeLogits(ofRow: row, to: logarithms)
        if specification.input == .logits {
            var largest = -Double.infinity
            for c in 0..<count where logarithms[c] > largest { largest = logarithms[c] }
            for c in 0..<count {
                logarithms[c] -= largest
                probabilities[c] = logarithms[c]
            }
            predictionKernels.exponentials(probabilities, count: count)
            var sum = -1.0
            for c in 0..<count { sum += probabilities[c] }
            let logarithm = ElementaryFunctions.logarithmOfOnePlus(max(0, sum))
            for c in 0..<count {
                logarithms[c] -= logarithm
                probabilities[c] /= 1 + sum
            }
        } else if specification.input == .probabilities {
            if isOfDecisions {
                probabilities[1] = value(row: row, column: 0)
                probabilities[0] = 1 - probabilities[1]
            } else {
                writeValues(from: row, count: count, to: probabilities)
            }
        } else {
            for c in 0..<count { probabilities[c] = logarithms[c] }
            predictionKernels.exponentials(probabilities, count: count)
        }
    }
}
