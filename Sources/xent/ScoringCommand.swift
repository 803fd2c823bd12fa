import Engine
import Formats
import Scoring

/// A command that scores predictions against labels.
protocol ScoringCommand: DocumentedCommand {
    var data: DataOptions { get }
    var columns: ColumnOptions { get }
    var axes: AxisOptions { get }
    var loss: LossOptions { get }
    var policy: RowPolicyOptions { get }
    var resources: ResourceOptions { get }
}

extension ScoringCommand {
    /// The options of an evaluation of the predictions in these files, as far as the commands share them.
    func evaluationOptions(
        _ paths: [String], _ task: LossTask, _ input: PredictionInput, _ inputs: inout InputFiles
    ) throws -> EvaluationOptions {
        let (specification, usesBalancedClassWeights) = try loss.specification(task, input, &inputs)
        var options = EvaluationOptions(predictionPaths: paths, labelPaths: try inputs.expand(data.labels), specification: specification)
        options.weightPaths = try inputs.expand(data.weights)
        options.columns = try axes.adding(to: columns.columns())
        data.add(to: &options.columns)
        policy.apply(to: &options)
        options.usesBalancedClassWeights = usesBalancedClassWeights
        return options
    }
}
