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
        let element = rows.element, values = rows.values
        switch specification.input {
        case .probabilities:
            for i in 0..<count { numbers[i] = element.value(values, at: i) }
        case .logProbabilities:
            for i in 0..<count { numbers[i] = element.value(values, at: i) }
            ElementaryFunctions.exponentials(numbers, count: count)
        case .logits:
            for i in 0..<count { numbers[i] = -element.value(values, at: i).magnitude }
            ElementaryFunctions.exponentials(numbers, count: count)
            for i in 0..<count {
                let e = numbers[i]
                numbers[i] = element.value(values, at: i) > 0 ? 1 / (1 + e) : e / (1 + e)
            }
        }
    }

    /// Writes the probability of each class of a row: classCount numbers for tasks multiclass and soft.
    ///
    /// The softmax of logits, within 8 ULP of each where it is a normal number; probabilities as they are; e^x of log-probabilities. NaN where a
    /// value is NaN. Several logits of +∞ have equal shares of 1.
    ///
    /// - Parameter numbers: room for that many numbers, rounded up to eight.
    func writeProbabilities(ofRow row: Int, to numbers: UnsafeMutablePointer<Double>) {
        let element = rows.element, values = rows.values + row * classCount * element.byteCount
        for i in 0..<classCount { numbers[i] = element.value(values, at: i) }
        switch specification.input {
        case .probabilities: return
        case .logProbabilities: ElementaryFunctions.exponentials(numbers, count: classCount)
        case .logits:
            var largest = -Double.infinity
            for i in 0..<classCount where numbers[i] > largest { largest = numbers[i] }
            guard largest.isFinite else {
                for i in 0..<classCount { numbers[i] = numbers[i] == largest ? 1 : 0 }
                return Self.normalize(numbers, classCount)
            }
            for i in 0..<classCount { numbers[i] -= largest }
            ElementaryFunctions.exponentials(numbers, count: classCount)
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

    /// The prediction of a class in a row, as it is stored.
    func prediction(row: Int, column: Int) -> Double {
        rows.element.value(rows.values + row * classCount * rows.element.byteCount, at: column)
    }
}
