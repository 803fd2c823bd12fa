internal import Formats
internal import Messages
internal import Scoring

extension DumpFile {
    /// Finds the array for a role: the only array, the named array, or the one whose name leaves no doubt.
    ///
    /// - Parameters:
    ///   - isAlone: true if nothing else is wanted of the file, so that a single array needs no name.
    ///   - taken: the names of arrays with another role.
    /// - Returns: the array, with its name in an archive; the name is nil for a file that is one array.
    func namedArray(
        for role: ColumnRole, named name: String?, isAlone: Bool, task: LossTask? = nil, taken: Set<String> = []
    ) throws(EngineError) -> (array: ArrayFile, name: String?) {
        switch content {
        case .array(let array):
            // A single array has no name. A given name is ignored, since one name may be meant for several files.
            return (array, nil)
        case .archive(let arrays):
            let names = arrays.map(\.name)
            guard !arrays.isEmpty else { throw EngineError(.data, path: path, "it holds no arrays", remedy: "was it ever written?") }
            let place: Int
            if let name {
                guard let index = names.firstIndex(of: name) else {
                    throw EngineError(
                        .usage, path: path, "it has no array '\(name)'; there are \(ColumnName.list(names))",
                        remedy: "check \(setting: role.setting)")
                }
                place = index
            } else if isAlone, arrays.count == 1 {
                place = 0
            } else {
                let taken = Set(names.indices.filter { taken.contains(names[$0]) })
                if case .predictions(let input) = role {
                    let recognition = PredictionRecognition(
                        columns: arrays.map { PredictionRecognition.Column($0) }, taken: taken, input: input, task: task,
                        hasColumnsOfClasses: false)
                    place = try recognition.places(path: path)[0]
                } else {
                    place = try role.choose(among: names, taken: taken, path: path)
                }
            }
            return (try arrays[place].open(), names[place])
        case .records:
            throw EngineError(
                .data, path: path, "it is \(format), where other files of \(role.text) are arrays", remedy: "give files of one kind")
        }
    }

    /// True if labels and weights may lie beside the predictions.
    var hasColumns: Bool {
        if case .array = content { false } else { true }
    }

    /// The names of the file's arrays, or of the columns in its first record.
    var columnNames: [String] {
        switch content {
        case .array: []
        case .archive(let arrays): arrays.map(\.name)
        case .records(let records): records.format.columns.map(\.name)
        }
    }
}
