import Scoring

extension LossSpecification {
    /// A loss in dialect exact that is known to have a meaning.
    init(task: LossTask, input: PredictionInput) {
        // swift-format-ignore: NeverUseForceTry
        self = try! LossSpecification(task: task, input: input, dialects: [.exact])
    }
}
