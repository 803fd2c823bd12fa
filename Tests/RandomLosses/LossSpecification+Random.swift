internal import Oracle
public import Scoring
public import SeededRandom

extension LossSpecification {
    /// Any loss that has a meaning: a task, an input, some dialects, some modifiers.
    public static func random(_ random: inout SplitMix64, task: LossTask, classCount: Int) -> LossSpecification {
        while true {
            let input = PredictionInput.allCases.randomElement(using: &random)!
            let dialects = Dialect.all.filter { (try? LossSpecification(task: task, input: input, dialects: [$0])) != nil }
            guard !dialects.isEmpty else { continue }
            // As many alone as beside others.
            let count = Bool.random(using: &random) ? 1 : Int.random(in: 1...dialects.count, using: &random)
            let chosen = Array(dialects.shuffled(using: &random).prefix(count))
            let modifiers = LossModifiers.random(&random, task: task, classCount: classCount)
            // A combination without a meaning is refused: another one then.
            if let specification = try? LossSpecification(task: task, input: input, dialects: chosen, modifiers: modifiers) {
                return specification
            }
        }
    }
}

extension LossModifiers {
    /// Some modifiers, each where the task may have it.
    fileprivate static func random(_ random: inout SplitMix64, task: LossTask, classCount: Int) -> LossModifiers {
        var modifiers = LossModifiers()
        func happens(_ oneIn: Int) -> Bool { Int.random(in: 0..<oneIn, using: &random) == 0 }
        func weights(_ count: Int) -> [Double] {
            (0..<count).map { _ in happens(8) ? [0, 1, 1e-3, 1e3].randomElement(using: &random)! : random.nextUniform(in: 0.1...4) }
        }
        switch task {
        case .multiclass, .soft:
            if happens(3) { modifiers.classWeights = weights(classCount) }
            if task == .multiclass, happens(3) {
                modifiers.ignoreIndex = [Int64.random(in: 0..<Int64(classCount), using: &random), -100, 255].randomElement(using: &random)!
            }
            if happens(4) { modifiers.renormalizes = true }
            if task == .soft, happens(3) { modifiers.divergence = .kullbackLeibler }
        case .binary, .multilabel:
            if happens(3) { modifiers.classWeights = weights(task == .binary ? 2 : classCount) }
            if happens(3) { modifiers.positiveWeights = weights(Bool.random(using: &random) ? 1 : classCount) }
        case .likelihood: break
        }
        if task.hasLabels, happens(3) {
            modifiers.labelSmoothing = [0.1, 1e-9, 1, random.nextUniform(in: 0...1)].randomElement(using: &random)!
        }
        if happens(4) { modifiers.clip = [0, 1e-7, 0.01, 0.4].randomElement(using: &random)! }
        if task.hasLabels, happens(4) {
            modifiers.focalGamma = [0, 0.5, 1, 2, 5, 12, random.nextUniform(in: 0...4)].randomElement(using: &random)!
            if Bool.random(using: &random) {
                modifiers.focalAlpha = [0, 0.25, 1, random.nextUniform(in: 0...1)].randomElement(using: &random)!
            }
        }
        return modifiers
    }
}
