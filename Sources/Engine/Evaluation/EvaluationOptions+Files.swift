extension EvaluationOptions {
    /// The files of an evaluation by their roles, in the order in which checkpoints and plans list them.
    package var filesByRole: [(role: Report.Input.Role, paths: [String])] {
        [
            (.predictions, predictionPaths), (.labels, labelPaths), (.weights, weightPaths), (.clusters, clusterPaths), (.groups, groupPaths),
        ]
    }

    /// The files of an evaluation, each with its role.
    package var files: [(role: Report.Input.Role, path: String)] {
        filesByRole.flatMap { role, paths in paths.map { (role, $0) } }
    }
}
