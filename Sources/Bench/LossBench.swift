internal import Container
public import Engine
internal import Formats
internal import Scoring
public import WorkStealing

/// The kernels alone, on one thread, for every loss: what a value costs by task, input and kernel, in dialect exact.
public struct LossBench: Sendable {
    /// What was measured.
    public let report: LossBenchReport

    /// Measures, blocking until it is done: for each loss all kernels in turn, round by round; the first round is not counted.
    ///
    /// - Parameter step: is told what comes next, on the calling thread, before it is measured.
    /// - Throws: `EngineError`, where a figure cannot be, where no loss is left to measure, and when it was cancelled.
    public init(
        _ options: LossBenchOptions, cancellation: Cancellation = Cancellation(), step: (_ text: String) -> Void = { _ in }
    ) throws(EngineError) {
        try SyntheticShape.check(classCount: options.classCount)
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
            elementType: options.element.type.name, classes: options.classCount, repeats: options.repeatCount, warmups: 1,
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
        /// What is asked for beside task, input and divergence, as the command line has it; "" for nothing.
        let modifier: String
        var hasSoftDecisions = false

        var name: String {
            let divergence = specification.modifiers.divergence
            return specification.task.rawValue + (divergence == .crossEntropy ? "" : " (\(divergence.rawValue))") + " from "
                + specification.input.rawValue + (modifier.isEmpty ? "" : ", \(modifier)")
        }

        /// Every task, input and divergence that has a meaning, as it is and with each modifier that makes it another computation.
        static let all: [Case] = LossTask.allCases.flatMap { task in
            Divergence.allCases.flatMap { divergence in PredictionInput.allCases.flatMap { cases(task, divergence, $0) } }
        }

        private static func cases(_ task: LossTask, _ divergence: Divergence, _ input: PredictionInput) -> [Case] {
            let changes: [(name: String, apply: (inout LossModifiers) -> Void)] = [
                ("", { _ in }), ("--label-smoothing 0.1", { $0.labelSmoothing = 0.1 }), ("--focal-gamma 2", { $0.focalGamma = 2 }),
                ("--renormalize", { $0.renormalizes = true }),
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
