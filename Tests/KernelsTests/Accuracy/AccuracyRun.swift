import Foundation
import Oracle
import Scoring
import SeededRandom
import Testing
import WorkStealing

/// What is measured for the accuracy page, on all cores.
struct AccuracyRun {
    /// A few seconds of what `full` takes a quarter of an hour for: each of its samples is one of `full`'s, so that no error can be larger. `rows` has
    /// all rows of `full`, and the functions of `short`.
    enum Extent { case short, rows, full }

    let extent: Extent
    private(set) var functions: [FunctionCell: AccuracyFigures] = [:]
    private(set) var losses: [LossCell: ErrorStatistics] = [:]
    private(set) var findings = Findings()
    /// The largest difference between the errors by Float80 and by 200 bits, where both were found.
    private(set) var yardstickError = 0.0

    struct FunctionCell: Hashable, Sendable {
        let function: AccuracyFunction
        let arguments: String
    }

    struct LossCell: Hashable, Sendable {
        let loss: AccuracyLoss
        let element: StoredElement
        let classCount: Int
        let kind: AccuracySample.Kind
    }

    static let allFloat32 = "all of Float32"

    init(_ extent: Extent) throws {
        self.extent = extent
        try measureFunctions()
        try sweepFloat32()
        try measureLosses()
    }

    private struct Worker<Result: Sendable> {
        var results: [(unit: Int, result: Result)] = []
        var findings = Findings()
    }

    /// Runs each task on one of the cores; what they give stands in their order.
    private mutating func perform<Task: Sendable, Result: Sendable>(
        _ tasks: [Task], _ body: @Sendable (Task, inout Findings) throws -> Result
    ) throws -> [Result] {
        // There are no more threads at a time than cores.
        let (workers, _) = try WorkStealingPool(workerCount: 64).run(unitCount: tasks.count) { _ in
            Worker<Result>()
        } body: { unit, worker in
            worker.results.append((unit, try body(tasks[unit], &worker.findings)))
        }
        for worker in workers { findings.merge(worker.findings) }
        return workers.flatMap(\.results).sorted { $0.unit < $1.unit }.map(\.result)
    }

    // MARK: Functions

    private mutating func measureFunctions() throws {
        struct Part: Sendable {
            let function: AccuracyFunction
            let set: Int
            let seed: UInt64
        }
        var parts: [Part] = []
        for function in AccuracyFunction.allCases {
            for (set, arguments) in function.arguments.enumerated() {
                // A seed of the adversarial ones is several times as many.
                let seedCount = extent != .full ? 1 : arguments.name.hasSuffix("adversarial") ? 16 : 64
                parts += (0..<seedCount).map { Part(function: function, set: set, seed: UInt64($0)) }
            }
        }
        let results = try perform(parts) { part, findings in
            var random = SplitMix64(seed: part.seed)
            return part.function.errors(part.function.arguments[part.set].draw(&random), &findings)
        }
        var totals: [FunctionCell: ErrorStatistics] = [:]
        for (part, statistics) in zip(parts, results) {
            let cell = FunctionCell(function: part.function, arguments: part.function.arguments[part.set].name)
            totals[cell, default: ErrorStatistics()].merge(statistics)
        }
        for (cell, statistics) in totals { functions[cell] = AccuracyFigures(statistics) }
    }

    private mutating func sweepFloat32() throws {
        let some = try perform(AccuracyFunction.allCases) { function, findings in
            function.errors(Float32Sweep.someArguments(function), &findings)
        }
        for (function, statistics) in zip(AccuracyFunction.allCases, some) {
            functions[FunctionCell(function: function, arguments: Self.allFloat32)] = AccuracyFigures(statistics)
        }
        guard extent == .full, Float32Sweep.isAvailable else { return }
        let parts = AccuracyFunction.allCases.flatMap { Float32Sweep.parts($0) }
        let results = try perform(parts) { part, findings in
            var result = part.run(&findings)
            for index in result.worst.indices {
                let (x, value, error) = result.worst[index]
                let trueError = part.function.truth(x).ulpError(of: value)
                result.yardstickError = Swift.max(result.yardstickError, (trueError - error).magnitude)
                result.worst[index].error = trueError
            }
            return result
        }
        var totals: [AccuracyFunction: (statistics: ErrorStatistics, maximum: Double)] = [:]
        for (part, result) in zip(parts, results) {
            totals[part.function, default: (ErrorStatistics(), 0)].statistics.merge(result.statistics)
            let maximum = result.worst.reduce(totals[part.function]?.maximum ?? 0) { Swift.max($0, $1.error) }
            totals[part.function]?.maximum = maximum
            yardstickError = Swift.max(yardstickError, result.yardstickError)
        }
        for (function, total) in totals {
            let cell = FunctionCell(function: function, arguments: Self.allFloat32)
            var figures = AccuracyFigures(total.statistics)
            // One of the short run's arguments can be worse by 200 bits than all that were by the yardstick, by as much as that is off.
            figures.maximum = Swift.max(total.maximum, functions[cell]?.maximum ?? 0)
            functions[cell] = figures
        }
    }

    // MARK: Losses

    private mutating func measureLosses() throws {
        var samples: [AccuracySample] = []
        for loss in AccuracyLoss.all {
            for element in StoredElement.allCases {
                for classCount in loss.classCounts {
                    for kind in AccuracySample.Kind.allCases {
                        func sample(_ number: Int) -> AccuracySample {
                            AccuracySample(loss: loss, element: element, classCount: classCount, kind: kind, number: number)
                        }
                        let cost = sample(0).cost
                        // Half a second a cell, but each at least once; of the short run those that take no time.
                        let count = extent == .short ? (cost < 0.2 ? 1 : 0) : min(max(1, Int(0.5 / cost)), 64)
                        samples += (0..<count).map(sample)
                    }
                }
            }
        }
        // The longest first, so that the cores end together.
        samples = samples.enumerated().sorted { ($1.element.cost, $0.offset) < ($0.element.cost, $1.offset) }.map(\.element)
        let results = try perform(samples) { sample, findings in try sample.errors(&findings) }
        for (sample, statistics) in zip(samples, results) {
            let cell = LossCell(loss: sample.loss, element: sample.element, classCount: sample.classCount, kind: sample.kind)
            losses[cell, default: ErrorStatistics()].merge(statistics)
        }
    }

    private func figures(_ isIncluded: (LossCell) -> Bool) -> AccuracyFigures {
        var total = ErrorStatistics()
        // In the order of the page: a sum's last digit must not depend on a dictionary's.
        for loss in AccuracyLoss.all {
            for element in StoredElement.allCases {
                for classCount in loss.classCounts {
                    for kind in AccuracySample.Kind.allCases {
                        let cell = LossCell(loss: loss, element: element, classCount: classCount, kind: kind)
                        if isIncluded(cell), let statistics = losses[cell] { total.merge(statistics) }
                    }
                }
            }
        }
        return AccuracyFigures(total)
    }

    // MARK: The page

    /// The lines between the page's marks, with the losses of this run and the functions of the page.
    ///
    /// - Parameter tables: the lines between the page's marks.
    func markdown(keepingFunctionsOf tables: [String]) throws -> [String] {
        let heading = "### Losses by element type", found = markdown
        let kept = try #require(tables.firstIndex(of: heading)), made = try #require(found.firstIndex(of: heading))
        let rowCount = grouped(losses.values.reduce(0) { $0 + $1.count })
        let before = tables[..<kept].map { line in
            guard line.contains(" arguments and "), let start = line.range(of: " arguments and "), let end = line.range(of: " rows, so") else { return line }
            return line.replacingCharacters(in: start.upperBound..<end.lowerBound, with: rowCount)
        }
        return Array(before.drop { $0.isEmpty }) + found[made...]
    }

    /// The lines between the page's marks.
    var markdown: [String] {
        let kernels = KernelUnderTest.available.map(\.instructionSet.rawValue).joined(separator: ", ")
        let argumentCount = functions.values.reduce(0) { $0 + $1.count }
        let rowCount = losses.values.reduce(0) { $0 + $1.count }
        var lines = [
            "Kernels that ran: \(kernels). They gave the same bits for all \(grouped(argumentCount)) arguments and \(grouped(rowCount)) rows, so",
            "that each figure is each kernel's.",
        ]
        for kernel in KernelUnderTest.available where kernel.isEmulated {
            lines.append(
                "Of all of Float32, \(kernel.instructionSet.rawValue), under an emulator, was given one in \(Float32Sweep.emulatedPieceStride).")
        }
        lines.append("")
        lines += ["### Functions", ""] + functionTable.markdown + ["", "### Losses by element type", ""] + lossTable.markdown
        return lines + ["", "### Losses by number of classes", ""] + classTable.markdown
    }

    private var functionTable: AccuracyTable {
        var table = AccuracyTable(header: ["function", "for", "arguments", "promised", "max", "mean"])
        for function in AccuracyFunction.allCases {
            for name in [Self.allFloat32] + function.arguments.map(\.name) {
                let figures = functions[FunctionCell(function: function, arguments: name)] ?? AccuracyFigures()
                table.rows.append(
                    [
                        function.name, name, figures.countText, function.promised.description, figures.maximumText, figures.meanText,
                    ])
            }
        }
        return table
    }

    private var lossTable: AccuracyTable {
        var table = AccuracyTable(
            header: [
                "loss", "type", "promised", "rows, dense", "max, dense", "mean, dense", "rows, adversarial", "max, adversarial",
                "mean, adversarial",
            ])
        for loss in AccuracyLoss.all {
            for element in StoredElement.allCases {
                var row = [loss.name, element.name, loss.promised.description]
                for kind in AccuracySample.Kind.allCases {
                    let figures = figures { $0.loss == loss && $0.element == element && $0.kind == kind }
                    row += [figures.countText, figures.maximumText, figures.meanText]
                }
                table.rows.append(row)
            }
        }
        return table
    }

    private var classTable: AccuracyTable {
        let losses = AccuracyLoss.all.filter { !$0.task.isSingleValued }
        let classCounts = losses.first?.classCounts ?? []
        var table = AccuracyTable(header: ["loss"] + classCounts.map { "C = \(grouped($0))" })
        for loss in losses {
            table.rows.append(
                [loss.name] + classCounts.map { classCount in figures { $0.loss == loss && $0.classCount == classCount }.maximumText })
        }
        return table
    }

    /// What is above its promise.
    var brokenPromises: [String] {
        functions.filter { !($0.value.maximum <= $0.key.function.promised) }
            .map { "\($0.key.function.name), \($0.key.arguments): \($0.value.maximum)" }
            + losses.filter { !($0.value.maximum <= $0.key.loss.promised) }.map(\.value.description)
    }
}
