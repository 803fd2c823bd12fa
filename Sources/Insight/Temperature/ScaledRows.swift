internal import Elements
package import Scoring

/// The rows of an evaluation at a temperature: logits that have been divided by it, Float64.
///
/// A logit x becomes x / T, rounded once. A probability p of a class stands for the logit ln p, and that of a decision for ln p − ln(1 − p), within
/// some 4 ULP; so probabilities of a row need not sum to 1. A value that could not be scored without a temperature is NaN. A worker has its
/// own; not for sharing between threads.
package final class ScaledRows {
    private let task: LossTask
    private let input: PredictionInput
    private let temperature: Double
    private let classCount: Int
    private let kernels: PredictionKernels
    private let logits: UnsafeMutablePointer<Double>
    private let capacity: Int

    /// Makes room for blocks of up to `rowLimit` rows.
    ///
    /// - Parameters:
    ///   - specification: the loss of the rows as they are stored.
    ///   - instructionSet: the one by which logits are divided; they have the same bits by each.
    /// - Returns: nil for a loss without a temperature.
    package init?(_ specification: LossSpecification, classCount: Int, rowLimit: Int, instructionSet: InstructionSet) {
        guard let temperature = specification.modifiers.temperature else { return nil }
        kernels = PredictionKernels(instructionSet)
        (task, input) = (specification.task, specification.input)
        (self.temperature, self.classCount) = (temperature, classCount)
        capacity = rowLimit * classCount
        // Kernels read on in steps of eight.
        logits = .allocate(capacity: capacity + 8)
        logits.initialize(repeating: 0, count: capacity + 8)
    }

    deinit { logits.deallocate() }

    /// Returns the rows with logits in the place of their values, which are valid until the next call. O(rowCount × classCount).
    package func scale(_ rows: LabelledRows) -> LabelledRows {
        var scaled = rows
        scaled.rowCount = min(rows.rowCount, capacity / classCount)
        let count = scaled.rowCount * classCount
        if input == .logits {
            kernels.divide(rows.values, rows.element, count: count, by: temperature, to: logits)
        } else {
            divideLogarithms(rows, count)
        }
        scaled.values = UnsafeRawPointer(logits)
        scaled.element = .float64
        return scaled
    }

    /// Writes the logits that probabilities or their logarithms stand for, over the temperature.
    private func divideLogarithms(_ rows: LabelledRows, _ count: Int) {
        // A loop for each of the common types, so that it runs in vectors. Unsafe: the values lie at any alignment.
        switch rows.element {
        case .float32: for i in 0..<count { logits[i] = Double(rows.values.loadUnaligned(fromByteOffset: 4 * i, as: Float.self)) }
        case .float64: for i in 0..<count { logits[i] = rows.values.loadUnaligned(fromByteOffset: 8 * i, as: Double.self) }
        default: for i in 0..<count { logits[i] = rows.element.value(rows.values, at: i) }
        }
        if input == .probabilities {
            takeLogarithms(
                rows, upTo: 1, ofClass: { ElementaryFunctions.logarithm($0) },
                ofDecision: { 0...1 ~= $0 ? ElementaryFunctions.logarithm($0) - ElementaryFunctions.logarithm(1 - $0) : .nan })
        } else {
            takeLogarithms(
                rows, upTo: 0, ofClass: { $0 },
                ofDecision: { $0 <= 0 ? $0 - ElementaryFunctions.logarithmOfComplement(ofExponential: $0) : .nan })
        }
        for i in 0..<count { logits[i] /= temperature }
    }

    /// Makes logits of values.
    ///
    /// - Parameters:
    ///   - largest: the largest value that may be scored.
    ///   - ofClass: the logit of the value of one of several classes.
    ///   - ofDecision: the logit of the value of a decision.
    private func takeLogarithms(
        _ rows: LabelledRows, upTo largest: Double, ofClass: (Double) -> Double, ofDecision: (Double) -> Double
    ) {
        let count = min(rows.rowCount * classCount, capacity)
        guard task.isOverClasses else {
            for i in 0..<count { logits[i] = ofDecision(logits[i]) }
            return
        }
        // Of a row with a class index the label's value alone is scored; others may be above 1 by what rounding left.
        if task == .multiclass, case .words(let labels) = rows.classIndices {
            for row in 0..<count / classCount {
                let label = Int(labels[row])
                guard 0..<classCount ~= label, logits[row * classCount + label] > largest else { continue }
                logits[row * classCount + label] = .nan
            }
        }
        for i in 0..<count {
            let value = logits[i]
            logits[i] = value < .infinity && (task == .multiclass || value <= largest) ? ofClass(value) : .nan
        }
    }
}
