internal import Insight
public import Messages
public import Scoring

/// The figures of an evaluation or a merge. The encoded report is the JSON that `xent eval` writes, and can be decoded again. Keys are
/// only ever added to it.
///
/// JSON has no infinities, so a coder must be told how to write them. `xent` writes `"inf"`, `"-inf"` and `"nan"`. Warnings name settings
/// as Swift does, unless the encoder has other names (`CodingUserInfoKey.settingNames`).
public struct Report: Sendable, Codable {
    /// The loss in the first dialect.
    public struct Loss: Sendable, Codable {
        /// The mean as the dialect defines it.
        public let mean: Double
        /// `mean` as C's `%a` writes it, exactly.
        public let meanHex: String
        /// The sum as the dialect defines it.
        public let sum: Double
        /// `sum` as C's `%a` writes it, exactly.
        public let sumHex: String
        /// The weighted sum over the weights, Σ wl / Σ w.
        public let meanOverWeight: Double
        /// The weighted sum over the number of scored rows, Σ wl / N.
        public let meanOverCount: Double
        /// The standard error of `mean`.
        public let standardError: Double
        /// The bounds of `mean` by the normal distribution, with the confidence of `confidence`; absent in reports of earlier versions.
        public let lower: Double?, upper: Double?
        /// The least loss of a row.
        public let min: Double
        /// The largest loss of a row.
        public let max: Double
        /// The perplexity, exp of the mean in nats.
        public let perplexity: Double

        enum CodingKeys: String, CodingKey {
            case mean, sum, lower, upper, min, max, perplexity
            case meanHex = "mean_hex"
            case sumHex = "sum_hex"
            case meanOverWeight = "mean_over_weight"
            case meanOverCount = "mean_over_count"
            case standardError = "standard_error"
        }
    }

    /// A dialect's own figures.
    public struct DialectLoss: Sendable, Codable {
        /// The mean as the dialect defines it.
        public let mean: Double
        /// `mean` as C's `%a` writes it, exactly.
        public let meanHex: String
        /// The sum as the dialect defines it.
        public let sum: Double
        /// `sum` as C's `%a` writes it, exactly.
        public let sumHex: String
        /// The weighted sum over the weights, Σ wl / Σ w.
        public let meanOverWeight: Double
        /// The weighted sum over the number of scored rows, Σ wl / N.
        public let meanOverCount: Double
        /// The number of rows with a loss.
        public let scoredRows: UInt64
        /// The number of rows that are invalid.
        public let invalidRows: UInt64
        /// The number of rows in which a scored value was clipped.
        public let clippedRows: UInt64
        /// The share of the sum that comes from rows with clipped values.
        public let clippedShare: Double

        enum CodingKeys: String, CodingKey {
            case mean, sum
            case meanHex = "mean_hex"
            case sumHex = "sum_hex"
            case meanOverWeight = "mean_over_weight"
            case meanOverCount = "mean_over_count"
            case scoredRows = "scored_rows"
            case invalidRows = "invalid_rows"
            case clippedRows = "clipped_rows"
            case clippedShare = "clipped_share"
        }
    }

    /// The numbers of rows, in the first dialect.
    public struct Rows: Sendable, Codable {
        /// The number of all rows.
        public let read: UInt64
        /// The number of rows with a loss.
        public let scored: UInt64
        /// The number of rows whose label is the ignored one.
        public let ignored: UInt64
        /// The number of invalid rows, which have no loss.
        public let invalid: UInt64
        /// The number of scored rows whose loss is +∞.
        public let infinite: UInt64
        /// The first invalid rows, with their places.
        public let firstInvalid: [InvalidRow]

        enum CodingKeys: String, CodingKey {
            case read, scored, ignored, invalid, infinite
            case firstInvalid = "first_invalid"
        }
    }

    /// A file that was read, in one of its roles.
    public struct Input: Sendable, Codable {
        /// The roles that a file may have in an evaluation or a merge.
        public enum Role: String, Sendable, Codable {
            /// The roles, under the names that reports have for them.
            case predictions, labels, weights, clusters, groups, partial
        }

        /// The role of the file.
        public let role: Role
        /// The file's name as it was given; "-" for standard input.
        public let path: String
        /// The stored size in bytes.
        public let bytes: Int
        /// The recognised format, such as "npy", "csv" or "partial".
        public let format: String
        /// The recognised compression; absent for raw files.
        public let compression: String?
        /// The number of compressed frames; absent for raw files.
        public let frames: Int?
        /// The entity tag, with its quotes, of the object that was read; absent for files, and where the server gave none.
        public internal(set) var etag: String?
        /// The name of the version of the object that was read, in a bucket that keeps several; absent otherwise.
        public internal(set) var versionID: String?

        private enum CodingKeys: String, CodingKey {
            case role, path, bytes, format, compression, frames, etag
            case versionID = "version_id"
        }
    }

    /// The figures of tokens, for task likelihood if records hold the log-probabilities of their tokens.
    public struct Tokens: Sendable, Codable {
        /// The number of log-probabilities that were added up, in rows that were scored.
        public let count: UInt64
        /// The sum of the losses over `count`, both with the rows' weights. The mean over records is `loss.mean`.
        public internal(set) var mean: Double
        /// `mean` as C's `%a` writes it, exactly.
        public internal(set) var meanHex: String
        /// The standard error of `mean`, of records that were drawn independently, and the bounds of `mean`; absent in reports of earlier
        /// versions. Where an uncertainty was asked for, the bounds are those of it.
        public internal(set) var standardError: Double?, lower: Double?, upper: Double?
        /// The perplexity of a token, exp of the mean in nats.
        public let perplexity: Double
        /// The standard errors of the figures of these names, of records that were drawn independently: those of ratios of sums, and a perplexity
        /// times that of its logarithm. Absent where a figure is, and in reports of earlier versions.
        public let perplexityStandardError: Double?, bitsPerByteStandardError: Double?, bytePerplexityStandardError: Double?
        /// The standard error of `meanPerWord`; absent where that is.
        public internal(set) var meanPerWordStandardError: Double?
        /// The standard error of `wordPerplexity`; absent where that is.
        public let wordPerplexityStandardError: Double?
        /// The number of bytes of the texts; absent if no texts were named.
        public let bytes: UInt64?
        /// The loss for each byte of the texts, in bits; absent if no texts were named.
        public let bitsPerByte: Double?
        /// The perplexity of a byte, exp of the loss for each byte in nats; absent if no texts were named.
        public let bytePerplexity: Double?
        /// The number of words; absent if neither texts nor counts were named.
        public let words: UInt64?
        /// The sum of the losses over `words`, both with the rows' weights; absent if words are not known.
        public internal(set) var meanPerWord: Double?
        /// The perplexity of a word, exp of the mean per word in nats; absent if words are not known.
        public let wordPerplexity: Double?

        enum CodingKeys: String, CodingKey {
            case count, mean, perplexity, bytes, words, lower, upper
            case meanHex = "mean_hex"
            case standardError = "standard_error"
            case bitsPerByte = "bits_per_byte"
            case bytePerplexity = "byte_perplexity"
            case meanPerWord = "mean_per_word"
            case wordPerplexity = "word_perplexity"
            case perplexityStandardError = "perplexity_standard_error"
            case bitsPerByteStandardError = "bits_per_byte_standard_error"
            case bytePerplexityStandardError = "byte_perplexity_standard_error"
            case meanPerWordStandardError = "mean_per_word_standard_error"
            case wordPerplexityStandardError = "word_perplexity_standard_error"
        }

        init?(_ observers: [any RowObserver], _ moments: Moments, z: Double) {
            let tokens = observers.first(TokenSums.self), wordSums = observers.first(WordSums.self)
            /// Returns the standard error per unit, in nats.
            func error(_ unit: TokenSpread.Unit) -> Double? {
                observers.lazy.compactMap { $0 as? TokenSpread }.first { $0.unit == unit }?.standardError
            }
            guard let tokens, let tokenCount = tokens.tokenCount, let mean = tokens.meanPerToken(moments) else { return nil }
            count = tokenCount
            self.mean = mean
            meanHex = mean.hexadecimalText
            standardError = error(.tokens)
            (lower, upper) = (standardError.map { mean - z * $0 }, standardError.map { mean + z * $0 })
            let ofToken = Moments.perplexity(mean: mean)
            perplexity = ofToken
            perplexityStandardError = standardError.map { $0 * ofToken }
            bytes = tokens.byteCount
            bitsPerByte = tokens.bitsPerByte(moments)
            let ofByte = tokens.meanPerByte(moments).map { Moments.perplexity(mean: $0) }
            bytePerplexity = ofByte
            let byteError = error(.bytes)
            bitsPerByteStandardError = byteError.map { $0 / Self.ln2 }
            bytePerplexityStandardError = byteError.flatMap { error in ofByte.map { $0 * error } }
            words = wordSums?.wordCount
            meanPerWord = wordSums?.meanPerWord(moments)
            let ofWord = meanPerWord.map { Moments.perplexity(mean: $0) }
            wordPerplexity = ofWord
            meanPerWordStandardError = meanPerWord == nil ? nil : error(.words)
            wordPerplexityStandardError = meanPerWordStandardError.flatMap { error in ofWord.map { $0 * error } }
        }

        static let ln2 = 0x1.62e42fefa39efp-1
    }

    /// The run that made the report.
    public struct Run: Sendable, Codable {
        /// The number of threads that was asked for.
        public let threads: Int
        /// The kernel that ran, by its own report.
        public let kernel: String
        /// The time in seconds from opening the inputs to the last figure.
        public let seconds: Double
        /// The number of decoded bytes of the predictions.
        public let decodedBytes: Int
        /// The number of decoded bytes a second. Of a run that was resumed, those that its last part decoded.
        public let decodedBytesPerSecond: Double
        /// The number of times that the work was interrupted and resumed from a checkpoint; absent if it never was. `threads`, `kernel` and
        /// `seconds` are those of the last part.
        public var resumes: Int?

        enum CodingKeys: String, CodingKey {
            case threads, kernel, seconds, resumes
            case decodedBytes = "decoded_bytes"
            case decodedBytesPerSecond = "decoded_bytes_per_second"
        }
    }

    /// The version of xent that made the report.
    public let xent: String
    /// The task of the loss.
    public let task: LossTask
    /// The kind of the predicted values.
    public let input: PredictionInput
    /// The name of the first dialect, whose figures are `loss` and `rows`.
    public let dialect: String
    /// The unit of the losses: nats, unless the report was converted.
    public internal(set) var unit: Unit
    /// The loss that was computed.
    public let specification: Specification
    /// The columns that were read; absent after a merge, since a partial does not know them.
    public let columns: Columns?
    /// The treatment of invalid rows; absent after a merge.
    public let rowsPolicy: RowsPolicy?
    /// The figures of the first dialect.
    public internal(set) var loss: Loss
    /// The figures of each dialect asked for, including the first.
    public internal(set) var dialects: [String: DialectLoss]
    /// The numbers of rows in the first dialect.
    public let rows: Rows
    /// The number of classes; 2 for task binary.
    public let classes: Int
    /// The share of scored decisions that are right; absent for tasks without labels.
    public let accuracy: Double?
    /// The share of the scored rows' weight that right rows have; absent if rows have no weights.
    public let accuracyWeighted: Double?
    /// The bounds of Wilson's interval of `accuracy`; absent for tasks without labels, and if no row was scored.
    public let accuracyInterval: Interval?
    /// The confidence of all intervals, in (0, 1); absent in reports of earlier versions.
    public let confidence: Double?
    /// The loss of a constant prediction; absent where labels are no classes.
    public internal(set) var baseline: Baseline?
    /// The Brier score, if it was asked for.
    public internal(set) var brier: Brier?
    /// The entropy of predictions, if it was asked for.
    public internal(set) var sharpness: Sharpness?
    /// The calibration of confidences, if it was asked for.
    public internal(set) var calibration: CalibrationFigures?
    /// The top-k accuracies, if they were asked for.
    public internal(set) var topK: TopKFigures?
    /// The quantiles of the loss, if they were asked for.
    public internal(set) var quantiles: Quantiles?
    /// The rows with the largest losses, the worst first, if they were asked for.
    public internal(set) var worst: [WorstRow]?
    /// The figures of ranking, if they were asked for.
    public internal(set) var ranking: RankingSection?
    /// The slices of all requests, one request after the other, if they were asked for.
    public internal(set) var slices: [Slice]?
    /// The mean of the means of the labels' slices, each label counting the same; absent without slices by label.
    public internal(set) var macroMean: Double?
    /// The mean of the accuracies of the labels' slices; absent without slices by label.
    public internal(set) var balancedAccuracy: Double?
    /// The uncertainty of the mean, if another than the normal one was asked for.
    public internal(set) var uncertainty: UncertaintySection?
    /// The mean at other temperatures, if it was asked for.
    public internal(set) var temperature: TemperatureSection?
    /// The figures of tokens; absent if the records have none.
    public internal(set) var tokens: Tokens?
    /// The outcome of each requirement, if there were some.
    public internal(set) var gates: [GateResult]?
    /// The doubts that a reader of the figures should know of, in sentences.
    public internal(set) var warnings: [Message]
    /// The same warnings in the same order, each with a code for programs.
    public internal(set) var notices: [Notice]
    /// The files that were read.
    public let inputs: [Input]
    /// The run that made the report; absent after a merge.
    public let run: Run?

    enum CodingKeys: String, CodingKey {
        case xent, task, input, dialect, unit, specification, columns, loss, dialects, rows, classes, accuracy, tokens, warnings, notices
        case inputs, run, gates, confidence, baseline, brier, sharpness, calibration, quantiles, worst, ranking, slices, uncertainty, temperature
        case macroMean = "macro_mean"
        case balancedAccuracy = "balanced_accuracy"
        case accuracyWeighted = "accuracy_weighted"
        case accuracyInterval = "accuracy_interval"
        case topK = "top_k"
        case rowsPolicy = "rows_policy"
    }

    /// Makes a report from the states of observers.
    ///
    /// - Parameters:
    ///   - observers: the states, `LossTotals` among them.
    ///   - warnings: the warnings that do not come from observers. They stand first.
    ///   - place: finds the place of a row by its number among all rows; nil where it is not known, as after a merge without a plan.
    ///   - firstInvalid: the first invalid rows with their places; nil for those of `InvalidRows`.
    ///   - insight: the confidence and the kind of intervals. The figures are those of the observers.
    init(
        specification: LossSpecification, columns: Columns? = nil, rowsPolicy: RowsPolicy? = nil, classCount: Int,
        observers: [any RowObserver], warnings: [Message], place: (UInt64) -> RowPlace?, firstInvalid: [InvalidRow]? = nil,
        inputs: [Input], run: Run?, insight: InsightRequest
    ) {
        let totals = observers.first(LossTotals.self) ?? LossTotals(specification)
        let moments = totals.moments
        xent = Version.current
        let task = specification.task
        self.task = task
        input = specification.input
        dialect = specification.dialect.name
        unit = .nats
        self.specification = Specification(specification)
        self.columns = columns
        self.rowsPolicy = rowsPolicy
        let first = moments[0]
        let mean = first.mean(task, specification.dialect)
        let sum = first.roundedSum(task, specification.dialect, columnCount: classCount)
        let standardError = first.standardError(task, specification.dialect)
        let z = NormalDistribution.quantile(upperTail: (1 - insight.confidence) / 2)
        confidence = insight.confidence
        loss = Loss(
            mean: mean, meanHex: mean.hexadecimalText, sum: sum, sumHex: sum.hexadecimalText, meanOverWeight: first.meanOverWeight,
            meanOverCount: first.meanOverCount, standardError: standardError, lower: mean - z * standardError, upper: mean + z * standardError,
            min: first.scoredCount > 0 ? first.minimum : .nan, max: first.scoredCount > 0 ? first.maximum : .nan,
            perplexity: Moments.perplexity(mean: mean))
        var dialects: [String: DialectLoss] = [:]
        for (dialect, moments) in zip(specification.dialects, moments) {
            let mean = moments.mean(task, dialect)
            let sum = moments.roundedSum(task, dialect, columnCount: classCount)
            dialects[dialect.name] = DialectLoss(
                mean: mean, meanHex: mean.hexadecimalText, sum: sum, sumHex: sum.hexadecimalText, meanOverWeight: moments.meanOverWeight,
                meanOverCount: moments.meanOverCount, scoredRows: moments.scoredCount, invalidRows: moments.invalidCount,
                clippedRows: moments.clippedCount, clippedShare: moments.clippedCount > 0 ? moments.clippedShare : 0)
        }
        self.dialects = dialects
        rows = Rows(
            read: first.readCount, scored: first.scoredCount, ignored: first.ignoredCount, invalid: first.invalidCount,
            infinite: first.infiniteCount, firstInvalid: firstInvalid ?? observers.first(InvalidRows.self)?.first ?? [])
        // A binary decision has two classes.
        classes = task == .binary ? 2 : classCount
        accuracy = task.hasLabels ? first.accuracy(decisionsPerRow: task == .multilabel ? classCount : 1) : nil
        accuracyWeighted = totals.accuracyOverWeight
        let decisionCount = Double(first.scoredCount) * Double(task == .multilabel ? classCount : 1)
        accuracyInterval =
            task.hasLabels
            ? WilsonInterval.interval(hits: Double(first.correctCount), trials: decisionCount, z: z).map { Interval(lower: $0, upper: $1) } : nil
        tokens = Tokens(observers, first, z: z)
        self.warnings =
            warnings + Self.warnings(about: moments, specification)
            + (observers.first(InputWarnings.self)?.warnings(specification, classCount: classCount) { place($0)?.text ?? "row \($0)" } ?? [])
            + observers.insightWarnings(classCount: classCount)
        notices = self.warnings.map { Notice($0) }
        self.inputs = inputs
        self.run = run
        addInsight(observers, specification, insight, place: place)
    }

    /// The warnings that follow from the sums.
    ///
    /// - Parameter all: the moments of each dialect of the specification.
    static func warnings(about all: [Moments], _ specification: LossSpecification) -> [Message] {
        var warnings: [Message] = []
        let moments = all[0]
        if moments.scoredCount > 0, moments.hasWeights, moments.meanOverWeight.isNaN, !moments.sum.rounded().isNaN {
            // Each dialect has a mean of its own.
            let means = zip(specification.dialects, all).map { dialect, moments in
                let mean = moments.mean(specification.task, dialect)
                return "the mean is \(mean.isNaN ? "NaN" : mean == 0 ? "0" : "\(mean)") in dialect \(dialect.name)"
            }
            warnings.append(
                Message(code: .zeroWeights, "the weights of all scored rows are 0: \(means.joined(separator: ", "))"))
        }
        if specification.task == .likelihood, moments.ignoredCount > 0 {
            let records = "\(moments.ignoredCount) of \(String.counted(moments.readCount, "record"))"
            let verbs = moments.ignoredCount == 1 ? ("has", "was") : ("have", "were")
            warnings.append(Message(code: .recordsWithoutTokens, "\(records) \(verbs.0) no tokens, and \(verbs.1) left out"))
        }
        if moments.invalidCount > 0 {
            let rows = "\(moments.invalidCount) of \(String.counted(moments.readCount, "row"))"
            let verb = moments.invalidCount == 1 ? "was" : "were"
            warnings.append(Message(code: .invalidRows, "\(rows) \(verb) invalid and left out (\(setting: .invalidRows, .skip))"))
        }
        if moments.infiniteCount > 0 {
            let rows = String.counted(moments.infiniteCount, "row") + (moments.infiniteCount == 1 ? " has" : " have")
            let impossible = "the model gave what happened probability 0"
            let cause =
                weightsMayOverflow(moments, specification)
                ? "the product of a loss and its weight is beyond the largest number, or \(impossible)" : impossible
            warnings.append(Message(code: .infiniteLoss, "\(rows) an infinite loss: \(cause)"))
        }
        return warnings
    }

    /// True if a weight is so large that its product with a loss may be infinite, although the loss is not.
    private static func weightsMayOverflow(_ moments: Moments, _ specification: LossSpecification) -> Bool {
        let modifiers = specification.modifiers
        let weights = [moments.totalWeight] + (modifiers.classWeights ?? []) + (modifiers.positiveWeights ?? [])
        // A loss of 2^512 is not seen: all that remain are due to the weights.
        return weights.contains { $0 > 0x1p512 }
    }
}

extension Double {
    /// The exact value in hexadecimal, as C's `%a` writes it: "0x1.1b797e58d6b0ap+1", and also "inf", "-inf" and "nan".
    var hexadecimalText: String {
        if isNaN { return "nan" }
        if isInfinite { return self < 0 ? "-inf" : "inf" }
        let prefix = sign == .minus ? "-0x" : "0x"
        if isZero { return prefix + "0p+0" }
        // glibc writes subnormals with a leading 0 and the least exponent.
        let lead = isSubnormal ? "0" : "1"
        let exponent = isSubnormal ? -1022 : Int(self.exponent)
        var digits = String(significandBitPattern, radix: 16)
        digits = String(repeating: "0", count: 13 - digits.count) + digits
        while digits.last == "0" { digits.removeLast() }
        let fraction = digits.isEmpty ? "" : "." + digits
        return prefix + lead + fraction + "p" + (exponent < 0 ? "-" : "+") + String(exponent.magnitude)
    }
}
