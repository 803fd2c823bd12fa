import Engine
import Formats
import Messages
import Scoring
import WorkStealing

/// A command whose options say an evaluation: to run it, or to plan it.
protocol RequestingCommand: ScoringCommand {
    var predictions: [String] { get }
    var insight: InsightOptions { get }
    var interval: IntervalOptions { get }
}

extension RequestingCommand {
    /// Makes the options of the evaluation, and collects the files that it reads.
    func requestOptions(_ inputs: inout InputFiles, _ cancellation: Cancellation) throws -> EvaluationOptions {
        let paths = try inputs.expand(predictions)
        guard let task = loss.task, let input = loss.input else { throw try missing(paths, cancellation) }
        if loss.hasLlamaCpp {
            throw EngineError(
                usage: "--dialect llama.cpp says how llama.cpp compares two models, and of one it has the loss of dialect exact",
                remedy: "leave it out, or xent compare A B")
        }
        var options = try evaluationOptions(paths, task, input, &inputs)
        // The order of the files decides which rows are paired, unless each has labels of its own.
        if ![0, paths.count].contains(options.labelPaths.count) || ![0, paths.count].contains(options.weightPaths.count) {
            options.warnings = inputs.reorderedLists.map {
                Message(
                    code: .reorderedList,
                    "\($0): its names stand in the order of letters, and are read in the order of their numbers, as labels must be")
            }
        }
        try inputs.requireOneStandardInput()
        try resources.apply(to: &options)
        options.insight = insight.request(task)
        if let temperature = insight.temperature {
            var modifiers = options.specification.modifiers
            modifiers.temperature = temperature
            do throws(SpecificationError) {
                options.specification = try LossSpecification(
                    task: task, input: input, dialects: options.specification.dialects, modifiers: modifiers)
            } catch {
                throw EngineError(error)
            }
        }
        options.groupPaths = try inputs.expand(insight.slices.groups)
        try interval.apply(to: &options, &inputs)
        return options
    }

    /// Makes the error for a command without task or input, which names everything that is missing.
    private func missing(_ paths: [String], _ cancellation: Cancellation) throws -> EngineError {
        let columns = try axes.adding(to: columns.columns())
        var names: [String] = []
        var remedies: [String] = []
        if loss.task == nil {
            names.append("--task")
            remedies.append("--task " + LossTask.allCases.map(\.rawValue).joined(separator: ", or "))
        }
        if loss.input == nil {
            names.append("--input")
            let look =
                try paths.first.map { try InputGuess.describe(path: $0, columns: columns, task: loss.task, cancellation: cancellation) }
                ?? "no file was named"
            remedies.append(look + "; --input takes " + PredictionInput.allCases.map(\.rawValue).joined(separator: ", "))
        }
        if data.labels.isEmpty, loss.task?.hasLabels ?? true, let path = paths.first,
            (try? InputGuess.isOneArray(path: path, cancellation: cancellation)) == true
        {
            names.append("--labels")
            remedies.append("--labels names their file")
        }
        let list = names.count == 1 ? names[0] : names.dropLast().joined(separator: ", ") + " and " + names[names.count - 1]
        let isGuessed = loss.input == nil ? (names.count == 1 ? ", and is not guessed" : "; the input is not guessed") : ""
        return EngineError(
            usage: "\(list) \(names.count == 1 ? "is" : "are") missing\(isGuessed)", remedy: remedies.joined(separator: "; "))
    }
}
