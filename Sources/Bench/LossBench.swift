internal import Container
internal import Elements
public import Engine
public import Messages
internal import Scoring
public import WorkStealing

/// A measurement of the kernels alone, on one thread, for every loss in dialect exact: the cost of a value by task, input and kernel.
public struct LossBench: Sendable {
    /// The figures that were measured.
    public let report: LossBenchReport

    /// Measures each loss with all kernels in turn, round by round, and blocks until it is done. The first round is not counted.
    ///
    /// - Parameter step: a closure that is told which loss is measured next, on the calling thread.
    /// - Throws: `EngineError` of category `.usage` if an option is out of range or no loss is left to measure, and of category
    ///   `.cancelled`.
    public init(
        _ options: LossBenchOptions, cancellation: Cancellation = Cancellation(), step: (_ text: Message) -> Void = { _ in }
    ) throws(EngineError) {
        try SyntheticShape.check(classCount: options.classCount)
        try SyntheticShape.check(options.element)
        try BenchOptions.check(repeatCount: options.repeatCount, kernelSeconds: options.kernelSeconds)
        let cases = Case.all.filter {
            (options.task ?? $0.specification.task) == $0.specification.task
                && (options.input ?? $0.specification.input) == $0.specification.input
        }
        guard !cases.isEmpty else {
            throw EngineError(usage: "there is no such loss in dialect exact", remedy: "xent losses prints those that there are")
        }
        var losses: [LossBenchReport.Loss] = []
        var processorShares: [Double] = []
        for (index, each) in cases.enumerated() {
            step("loss \(index + 1) of \(cases.count): \(each.name)")
            losses.append(try Self.measure(each, options, &processorShares, cancellation))
        }
        let processorShare = Spread(processorShares)
        report = LossBenchReport(
            xent: Version.current, machine: .current(libzstd: Libzstd.version, kernels: InstructionSet.available.map(\.rawValue)),
            elementType: options.element.name, classes: options.classCount, repeats: options.repeatCount, warmups: 1,
            kernelSeconds: options.kernelSeconds, seed: options.seed, losses: losses, processorShare: processorShare,
            warnings: BenchReport.warning(ofShare: processorShare).map { [$0] } ?? [])
    }

    private static func measure(
        _ each: Case, _ options: LossBenchOptions, _ processorShares: inout [Double], _ cancellation: Cancellation
    ) throws(EngineError) -> LossBenchReport.Loss {
        let specification = each.specification
        let classCount = specification.task.isSingleValued ? 1 : options.classCount
        let block = CacheResidentRows(
            SyntheticRows(
                specification, classCount: classCount, options.element, seed: options.seed, hasSoftDecisions: each.hasSoftDecisions))
        var rates: [(kernel: String, elementsPerSecond: [Double])] = []
        for round in 0...options.repeatCount {
            for instructionSet in options.instructionSets {
                let result = try block.measure(instructionSet, threadCount: 1, seconds: options.kernelSeconds, cancellation)
                guard round > 0, let ran = result.instructionSetThatRan else { continue }
                processorShares.append(result.processorShare)
                let elements = result.rowsPerSecond * Double(classCount)
                if let index = rates.firstIndex(where: { $0.kernel == ran.rawValue }) {
                    rates[index].elementsPerSecond.append(elements)
                } else {
                    rates.append((ran.rawValue, [elements]))
                }
            }
        }
        return LossBenchReport.Loss(
            task: specification.task.rawValue, input: specification.input.rawValue, divergence: specification.modifiers.divergence.rawValue,
            modifier: each.modifier, columns: classCount, blockRows: block.rowCount, blockBytes: block.byteCount,
            kernels: rates.map { LossBenchReport.Rate(kernel: $0.kernel, elementsPerSecond: Spread($0.elementsPerSecond)) })
    }

    /// A loss to measure.
    struct Case {
        let specification: LossSpecification
        /// The modifier or the kind of label that is asked for besides task, input and divergence; empty for none.
        let modifier: Message
        var hasSoftDecisions = false

        var name: Message {
            let divergence = specification.modifiers.divergence == .crossEntropy ? "" : " (\(specification.modifiers.divergence.rawValue))"
            let loss: Message = "\(specification.task.rawValue)\(divergence) from \(specification.input.rawValue)"
            return modifier.isEmpty ? loss : "\(loss), \(modifier)"
        }

        /// The losses of every task, input and divergence with a meaning: without modifiers, and with each modifier that changes the
        /// computation.
        static let all: [Case] = LossTask.allCases.flatMap { task in
            Divergence.allCases.flatMap { divergence in PredictionInput.allCases.flatMap { cases(task, divergence, $0) } }
        }

        private static func cases(_ task: LossTask, _ divergence: Divergence, _ input: PredictionInput) -> [Case] {
            let changes: [(name: Message, apply: (inout LossModifiers) -> Void)] = [
                ("", { _ in }), ("\(setting: .labelSmoothing, .text("0.1"))", { $0.labelSmoothing = 0.1 }),
                ("\(setting: .focalGamma, .text("2"))", { $0.focalGamma = 2 }), ("\(setting: .renormalizes)", { $0.renormalizes = true }),
            ]
            var cases: [Case] = []
            for (name, apply) in changes {
                var modifiers = LossModifiers()
                modifiers.divergence = divergence
                apply(&modifiers)
                guard let specification = try? LossSpecification(task: task, input: input, modifiers: modifiers) else { continue }
                cases.append(Case(specification: specification, modifier: name))
                if task == .binary, name.isEmpty {
                    cases.append(Case(specification: specification, modifier: "labels in [0, 1]", hasSoftDecisions: true))
                }
            }
            return cases
        }
    }
}
