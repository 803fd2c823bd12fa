import ArgumentParser
import Engine
import Messages
import Formats

/// Options for the roles of a dump's columns: arrays of an archive, columns of a table, keys of a record.
struct ColumnOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Columns of predictions, in the order of the classes: A,B,… or PREFIX*, or the one array of all.", valueName: "names"))
    var predictionColumns: String?

    @Option(
        help: ArgumentHelp(
            "Values of a record have classes by name: the path to the names, such as scores.*.label beside scores.*.score.",
            valueName: "path"))
    var predictionClasses: String?

    @Option(help: ArgumentHelp("The column of labels.", valueName: "name"))
    var labelColumn: String?

    @Option(help: ArgumentHelp("Columns of labels, one a class: soft, one-hot or multilabel.", valueName: "names"))
    var labelColumns: String?

    @Option(help: ArgumentHelp("The column of row weights.", valueName: "name"))
    var weightColumn: String?

    @Option(
        help: ArgumentHelp(
            "The names that class labels have in text, in the order of the classes. Default: those of the prediction columns.",
            valueName: "names"))
    var classes: String?

    @Option(
        help: ArgumentHelp(
            "Task binary: the name of the class that is label 1, where labels are text; of two columns, the one to score.",
            valueName: "name"))
    var positiveClass: String?

    @Option(name: .customLong(HeaderOption.name), help: HeaderOption.help, completion: HeaderOption.completion)
    var noHeader: HeaderOption.HeaderRoles?

    @Option(help: ArgumentHelp("The path to the array of records in files that are one JSON document, such as results.", valueName: "path"))
    var records: String?

    @Flag(help: "Records of text may have fewer predictions than others: absent classes are impossible, and the most there are is C.")
    var ragged = false

    @Option(
        help: ArgumentHelp(
            "Task likelihood: the column of the texts, whose bytes and words are counted: bits a byte, perplexity a word.",
            valueName: "name"))
    var textColumn: String?

    @Option(
        help: ArgumentHelp(
            "Task likelihood: the column of the numbers of tokens, where a record holds their sum alone.", valueName: "name"))
    var tokensColumn: String?

    @Option(help: ArgumentHelp("Task likelihood: the column of the numbers of bytes, in place of texts.", valueName: "name"))
    var bytesColumn: String?

    @Option(help: ArgumentHelp("Task likelihood: the column of the numbers of words, in place of texts.", valueName: "name"))
    var wordsColumn: String?

    func columns() throws -> DumpColumns {
        var columns = DumpColumns()
        columns.predictions = try Self.names(predictionColumns, "--prediction-columns")
        columns.predictionClasses = predictionClasses
        columns.label = labelColumn
        columns.labels = try Self.names(labelColumns, "--label-columns")
        columns.weight = weightColumn
        let classes = try Self.names(classes, "--classes")
        columns.classNames = classes.isEmpty ? nil : classes
        if let twice = Dictionary(grouping: classes, by: { Name($0) }).first(where: { $0.value.count > 1 }) {
            throw EngineError(usage: "--classes names '\(twice.key.text)' \(twice.value.count) times", remedy: "give each class one name")
        }
        columns.positiveClass = positiveClass
        columns.byteCount = textColumn
        columns.counts.tokens = tokensColumn
        columns.counts.bytes = bytesColumn
        columns.counts.words = wordsColumn
        columns.recordPath = records
        columns.isRagged = ragged
        columns.headerlessRoles = noHeader?.roles ?? []
        return columns
    }

    private static func names(_ text: String?, _ option: String) throws -> [String] {
        guard let text else { return [] }
        let names = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self).trimmedOfSpaces }
        guard !names.contains("") else {
            throw EngineError(usage: "\(option) '\(text)' has a name without letters", remedy: "give names with commas between them")
        }
        return names
    }
}
