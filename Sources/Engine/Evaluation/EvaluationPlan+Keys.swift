internal import Container
internal import Formats
internal import Insight
internal import Messages

// Columns in files of their own by which rows are put into groups.
extension EvaluationPlan {
    /// The name of the column of slices that has files of its own.
    static let groupColumn = "group"

    /// Opens the files of clusters and of groups: arrays of one number a row.
    static func keyFiles(
        _ options: EvaluationOptions, _ containerOptions: ContainerOptions
    ) throws(EngineError) -> [(role: Report.Input.Role, files: [DumpFile], column: CompanionColumn)] {
        var keys: [(role: Report.Input.Role, files: [DumpFile], column: CompanionColumn)] = []
        for (role, name, setting, paths) in [
            (Report.Input.Role.clusters, Clusters.column, Setting.clusters, options.clusterPaths),
            (.groups, groupColumn, .groups, options.groupPaths),
        ] where !paths.isEmpty {
            let files = try open(paths, as: .labels, options, containerOptions)
            var arrays: [ArrayFile] = []
            for file in files {
                let array = try file.onlyArray()
                guard array.layout.shape.count == 1 || array.layout.shape.dropFirst().allSatisfy({ $0 == 1 }) else {
                    throw EngineError(
                        .data, path: array.path, "an array of shape \(array.layout.shapeText)",
                        remedy: "\(setting: setting) takes one number a row")
                }
                arrays.append(array)
            }
            let column = CompanionColumn(name: name, rows: try ConcatenatedArrays(arrays).column(containerOptions))
            keys.append((role, files, column.sliced(options.planned?.slices[name])))
        }
        return keys
    }
}
