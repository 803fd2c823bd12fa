import Engine
import Scoring

/// The report of an evaluation for people.
struct ReportText {
    let report: Report
    private let isVerbose: Bool
    private let style: TextStyle
    /// The number of rows below which a slice is not shown.
    let minimumSliceRowCount: UInt64

    /// Makes the text of a report.
    ///
    /// - Parameters:
    ///   - isVerbose: adds the bits of the figures.
    ///   - minimumSliceRowCount: leaves out slices of fewer rows.
    init(_ report: Report, isVerbose: Bool = false, minimumSliceRowCount: UInt64 = 0, style: TextStyle = .plain) {
        self.minimumSliceRowCount = minimumSliceRowCount
        self.report = report
        self.isVerbose = isVerbose
        self.style = style
    }

    /// The one figure: the mean, per token where records hold tokens.
    var figure: String { "\(tokens?.mean ?? report.loss.mean)" }

    /// The figures of tokens if they say other than those of rows.
    private var tokens: Report.Tokens? {
        guard let tokens = report.tokens, tokens.count != report.rows.scored else { return nil }
        return tokens
    }

    var text: String {
        let rows = report.rows
        let loss = report.specification.divergence == .kullbackLeibler ? "KL divergence" : "cross-entropy"
        let modifiers = Self.modifiers(report.specification, report.rowsPolicy)
        let counted = tokens.map { ", \(Amount.counted($0.count, "token"))" } ?? ""
        var lines = ReportLines(
            title: style.heading("\(report.task.rawValue) \(loss) from \(report.input.rawValue)")
                + ", \(Amount.counted(rows.read, "row"))\(counted)"
                + (report.task.isSingleValued ? "" : " × \(Amount.counted(UInt64(report.classes), "class", "classes"))")
                + (modifiers.isEmpty ? "" : "\nwith " + modifiers.joined(separator: "; ")))
        addMeans(to: &lines)
        addFindings(to: &lines)
        if let accuracy = report.accuracy {
            lines.add("accuracy", Self.share(accuracy))
            if let weighted = report.accuracyWeighted { lines.add("", "\(Self.share(weighted)) by weight") }
        }
        lines.add(
            "row losses",
            "\(Amount.significant(report.loss.min, digits: 4)) to \(Amount.significant(report.loss.max, digits: 4)), sum "
                + "\(report.loss.sum)")
        if isVerbose { lines.add("", "sum \(report.loss.sumHex)") }
        addCounts(to: &lines)
        addDialects(to: &lines)
        addInsight(to: &lines)
        lines.add(line: "")
        addInputs(to: &lines)
        if let columns = report.columns {
            for (number, text) in Self.describe(columns).enumerated() { lines.add(number == 0 ? "columns" : "", text) }
        }
        if let run = report.run { lines.add("run", describe(run)) }
        return lines.text
    }

    // MARK: Figures

    /// Adds the figure that the report is read for, and what follows from it.
    private func addMeans(to lines: inout ReportLines) {
        func addMean(_ name: String, _ mean: Double, _ error: Double?, _ hex: String, perplexity: Double, isFigure: Bool = true) {
            let rounded = Amount.fitted(mean, error: error).map { "  (\($0) standard error)" } ?? ""
            let value = "\(mean) \(report.unit)"
            lines.add(name, (isFigure ? style.figure(value) : value) + rounded, isStyled: true)
            if isVerbose { lines.add("", hex) }
            let perplexityError = error.map { ($0 * (report.unit == .bits ? Self.ln2 : 1)) * perplexity }
            let fitted = Amount.fitted(perplexity, error: perplexityError)
            lines.add(
                "perplexity", Amount.significant(perplexity, digits: 6) + (fitted.map { "  (\($0))" } ?? ""))
            addInterval(to: &lines)
        }
        if let tokens {
            addMean("per token", tokens.mean, tokens.standardError, tokens.meanHex, perplexity: tokens.perplexity)
            addBits(tokens, to: &lines)
            let fitted = Amount.fitted(report.loss.mean, error: report.loss.standardError)
            lines.add("per record", "\(report.loss.mean) \(report.unit)" + (fitted.map { "  (\($0) standard error)" } ?? ""))
            if isVerbose { lines.add("", report.loss.meanHex) }
            addWords(tokens, to: &lines)
        } else {
            let loss = report.loss
            addMean("mean", loss.mean, loss.standardError, loss.meanHex, perplexity: loss.perplexity)
            if let tokens = report.tokens {
                addBits(tokens, to: &lines)
                addWords(tokens, to: &lines)
            }
        }
    }

    private func addBits(_ tokens: Report.Tokens, to lines: inout ReportLines) {
        guard let bits = tokens.bitsPerByte, let bytes = tokens.bytes else { return }
        let fitted = Amount.fitted(bits, error: tokens.bitsPerByteStandardError).map { "  (\($0) standard error)" } ?? ""
        lines.add("bits per byte", "\(bits), \(Amount.counted(bytes, "byte")) of text\(fitted)")
    }

    /// Adds the perplexities that do not depend on how a model cuts text into tokens.
    private func addWords(_ tokens: Report.Tokens, to lines: inout ReportLines) {
        var parts: [String] = []
        func shown(_ perplexity: Double, _ error: Double?) -> String {
            Amount.significant(perplexity, digits: 6) + (Amount.fitted(perplexity, error: error).map { " (\($0))" } ?? "")
        }
        if let mean = tokens.meanPerWord, let perplexity = tokens.wordPerplexity, let words = tokens.words {
            lines.add("per word", "\(mean) \(report.unit), \(Amount.counted(words, "word"))")
            parts.append("\(shown(perplexity, tokens.wordPerplexityStandardError)) a word")
        }
        if let perplexity = tokens.bytePerplexity { parts.append("\(shown(perplexity, tokens.bytePerplexityStandardError)) a byte") }
        if !parts.isEmpty { lines.add(parts.count == 1 ? "perplexity" : "perplexities", parts.joined(separator: ", ")) }
    }

    private static let ln2 = 0x1.62e42fefa39efp-1

    /// The largest number of findings.
    private static let findingLimit = 3

    /// Adds the interval of the mean that the report is read for.
    private func addInterval(to lines: inout ReportLines) {
        let bounds: (Double?, Double?) =
            tokens.map { ($0.lower, $0.upper) } ?? report.uncertainty.map { ($0.lower, $0.upper) } ?? (report.loss.lower, report.loss.upper)
        if case (let lower?, let upper?) = bounds, lower.isFinite, upper.isFinite {
            let share = Self.percent(report.confidence ?? 0.95)
            lines.add("interval", "\(Amount.significant(lower, digits: 6)) to \(Amount.significant(upper, digits: 6)), \(share)")
        }
    }

    /// Adds the sentences that matter most.
    private func addFindings(to lines: inout ReportLines) {
        for (place, finding) in ReportFindings(report).all.filter({ !$0.isInLines }).prefix(Self.findingLimit).enumerated() {
            lines.add(place == 0 ? "first of all" : "", finding.text)
        }
    }

    private func addCounts(to lines: inout ReportLines) {
        let rows = report.rows
        var counts = "\(Amount.grouped(rows.scored)) scored"
        if rows.infinite > 0 { counts += ", \(Amount.grouped(rows.infinite)) of them infinite" }
        if rows.ignored > 0 { counts += ", \(Amount.grouped(rows.ignored)) ignored" }
        if rows.invalid > 0 { counts += ", \(Amount.grouped(rows.invalid)) invalid" }
        lines.add("rows", counts)
        for row in rows.firstInvalid {
            lines.add(
                line:
                    "    left out: \(row.path.map { "\($0): " } ?? "")\(row.line.map { "line \($0)" } ?? "row \(row.row)"): \(row.problem)")
        }
    }

    private func addDialects(to lines: inout ReportLines) {
        guard report.dialects.count > 1 || report.dialects.values.contains(where: { $0.clippedRows > 0 }) else { return }
        lines.add(line: "")
        for (name, loss) in report.dialects.sorted(by: { $0.key < $1.key }) {
            var text = "\(loss.mean) \(report.unit)"
            if loss.clippedRows > 0 {
                text +=
                    ", \(Amount.counted(loss.clippedRows, "row")) clipped, "
                    + "\(Amount.significant(100 * loss.clippedShare, digits: 3)) % of the sum"
            }
            lines.add(name, text)
        }
    }

    // MARK: Inputs and run

    /// Adds the files. Many are described in one line.
    private func addInputs(to lines: inout ReportLines) {
        for role in [Report.Input.Role.predictions, .labels, .weights, .clusters, .groups, .partial] {
            let inputs = report.inputs.filter { $0.role == role }
            guard let first = inputs.first else { continue }
            if inputs.count > 3 {
                lines.add(role.rawValue, "\(inputs.count) files, \(Amount.bytes(inputs.reduce(0) { $0 + $1.bytes }))")
            } else {
                for input in inputs { lines.add(input.path == first.path ? role.rawValue : "", Self.describe(input)) }
            }
        }
    }

    /// The least time in seconds of which a rate says something.
    static let leastSecondsOfRate = 0.1

    private func describe(_ run: Report.Run) -> String {
        var text = "\(Amount.duration(run.seconds)), \(Amount.counted(run.threads, "thread")), kernel \(run.kernel)"
        if run.seconds >= Self.leastSecondsOfRate {
            let isCompressed = report.inputs.contains { $0.role == .predictions && $0.compression != nil }
            text += ", \(Amount.bytes(Int(run.decodedBytesPerSecond)))/s \(isCompressed ? "decompressed" : "read")"
        }
        return text
    }

    /// Describes the modifiers of a loss that differ from the defaults, each in a few words.
    private static func modifiers(_ specification: Report.Specification, _ policy: Report.RowsPolicy?) -> [String] {
        func number(_ value: Double) -> String { Int(exactly: value).map { "\($0)" } ?? "\(value)" }
        func numbers(_ values: [Double]) -> String { Amount.listed(values.map(number), limit: 6) }
        var texts: [String] = []
        if specification.dialects != ["exact"] {
            texts.append("dialect\(specification.dialects.count == 1 ? "" : "s") " + specification.dialects.joined(separator: ", "))
        }
        if let weights = specification.classWeights { texts.append("class weights " + numbers(weights)) }
        if let weights = specification.posWeight { texts.append("pos_weight " + numbers(weights)) }
        if specification.rowWeights { texts.append("row weights") }
        if let smoothing = specification.labelSmoothing { texts.append("label smoothing \(number(smoothing))") }
        if let index = specification.ignoreIndex { texts.append("ignore index \(index)") }
        if let clip = specification.clip { texts.append("probabilities clipped to [\(number(clip)), 1 − \(number(clip))]") }
        if specification.renormalize { texts.append("probabilities renormalised") }
        if let temperature = specification.temperature { texts.append("logits divided by the temperature \(number(temperature))") }
        if let gamma = specification.focalGamma {
            texts.append("focal γ \(number(gamma))" + (specification.focalAlpha.map { ", α \(number($0))" } ?? ""))
        }
        if let policy, policy.onInvalid == .skip {
            let limit =
                policy.maxInvalidRows.map { ", at most \($0)" } ?? policy.maxInvalidPercent.map { ", at most \(number($0)) %" } ?? ""
            texts.append("invalid rows left out\(limit)")
        }
        return texts
    }

    private static func share(_ share: Double) -> String { share.isNaN ? "nan" : "\(Amount.significant(100 * share, digits: 4)) %" }

    /// Writes a line for each role whose columns have names. Files without names are listed as inputs.
    private static func describe(_ columns: Report.Columns) -> [String] {
        var lines: [String] = []
        for (role, names) in [
            ("predictions", columns.predictions), ("classes by", columns.predictionClasses), ("labels", columns.labels),
            ("weights", columns.weights), ("text", columns.text), ("counts", columns.counts ?? []), ("rows by", columns.identifiers),
        ] where !names.isEmpty {
            lines.append("\(role) \(Amount.listed(names))")
        }
        if let names = columns.classNames, names != columns.predictions { lines.append("classes \(Amount.listed(names))") }
        if let axis = columns.classAxis { lines.append("classes on axis \(axis)") }
        if columns.shiftedLabels == true { lines.append("labels shifted: each prediction is for the next label") }
        return lines
    }

    private static func describe(_ input: Report.Input) -> String {
        var text = "\(input.path), \(Amount.bytes(input.bytes)), \(input.format)"
        if let compression = input.compression { text += ", \(compression)" }
        if let frames = input.frames { text += ", " + Amount.counted(frames, "frame") }
        return text
    }
}
