internal import Container
internal import Formats
internal import Scoring

// What a checkpoint says of a plan.
extension EvaluationPlan {
    /// The parts of the request on which the figures, or the cut into units, depend; the files have identities of their own. Names and
    /// values are shown to people when they differ.
    func checkpointSettings(_ observers: [any RowObserver]) -> [Checkpoint.Setting] {
        let columns = options.columns
        func list(_ names: [String]) -> String { names.joined(separator: ", ") }
        func text(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "" }
        let choices: [(String, String)] = [
            ("predictions", list(columns.predictions)), ("classes of predictions", text(columns.predictionClasses)),
            ("label", text(columns.label)), ("labels", list(columns.labels)), ("weight", text(columns.weight)),
            ("identifier", text(columns.identifier)), ("join", text(columns.join)), ("keys", list(columns.keys)),
            ("classes", columns.classNames.map(list) ?? ""), ("positive class", text(columns.positiveClass)),
            ("texts", text(columns.byteCount)), ("tokens", text(columns.counts.tokens)), ("bytes", text(columns.counts.bytes)),
            ("words", text(columns.counts.words)), ("no header in", list(columns.headerlessRoles.map { "\($0)" }.sorted())),
            ("records", text(columns.recordPath)), ("ragged", columns.isRagged ? "yes" : ""), ("class axis", text(columns.classAxis)),
            ("shift", columns.shiftsLabels ? "yes" : ""), ("clusters", text(options.clusterColumn)),
            ("slices", list(options.keys.map { "\($0.name) \($0.intervals.map { "\($0)" } ?? "") \(list($0.values))" })),
        ]
        let figures = observers.map { "\($0.tag) \(Self.hexadecimal($0.configuration))" }
        return [
            Checkpoint.Setting(name: "the loss", value: specification.canonicalText),
            Checkpoint.Setting(name: "the number of values a row", value: "\(classCount)"),
            Checkpoint.Setting(name: "the choice of columns", value: list(choices.filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1)" })),
            Checkpoint.Setting(name: "the treatment of invalid rows", value: options.invalidRows.rawValue),
            Checkpoint.Setting(name: "the number of the first row", value: "\(options.firstRow ?? 0)"),
            Checkpoint.Setting(
                name: "the shard",
                value: options.shard.map { "\($0.index)/\($0.count)" } ?? options.planned.map { "\($0.rows) of plan \($0.dump)" } ?? ""),
            Checkpoint.Setting(name: "the figures", value: list(figures)),
            Checkpoint.Setting(name: "the memory", value: "\(options.maximumWindowByteCount) \(options.maximumRecordByteCount)"),
        ]
    }

    /// The inputs that are decoded again from their beginning when the run is resumed, in a sentence.
    var notesOfCheckpoint: [String] {
        guard let input = inputs.first(where: { $0.role == .predictions && !$0.file.isCuttable }) else { return [] }
        return [
            "\(input.file.path) can only be read from its beginning: a run that is resumed decodes it again up to its first row that was "
                + "not scored; xent pack makes a file of it that needs no such thing"
        ]
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".unicodeScalars)
        var text = ""
        for byte in bytes {
            text.unicodeScalars.append(digits[Int(byte >> 4)])
            text.unicodeScalars.append(digits[Int(byte & 15)])
        }
        return text
    }
}

extension DumpFile {
    /// True if reading can begin in the middle of the file.
    fileprivate var isCuttable: Bool {
        if case .records(let records) = content, !records.format.isCuttable { return false }
        return container.isCuttable
    }
}
