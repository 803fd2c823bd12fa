internal import Scoring

/// What an evaluation or a merge found. Encoding it gives the JSON of `xent eval --json`, whose keys are only ever added to.
public struct Report: Sendable, Encodable {
    public struct Loss: Sendable, Encodable {
        public let mean: Double
        public let meanHex: String
        public let sum: Double
        public let sumHex: String
        /// Σ wl / Σ w, and Σ wl / N.
        public let meanOverWeight: Double
        public let meanOverCount: Double
        public let standardError: Double
        public let min: Double
        public let max: Double
        /// exp(mean).
        public let perplexity: Double

        enum CodingKeys: String, CodingKey {
            case mean, sum, min, max, perplexity
            case meanHex = "mean_hex"
            case sumHex = "sum_hex"
            case meanOverWeight = "mean_over_weight"
            case meanOverCount = "mean_over_count"
            case standardError = "standard_error"
        }
    }

    /// A dialect's own figures.
    public struct DialectLoss: Sendable, Encodable {
        public let mean: Double
        public let meanHex: String
        public let sum: Double
        public let sumHex: String
        public let meanOverWeight: Double
        public let meanOverCount: Double
        public let scoredRows: UInt64
        public let invalidRows: UInt64
        /// Rows in which a scored value was clipped, and their share of the sum.
        public let clippedRows: UInt64
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

    public struct Rows: Sendable, Encodable {
        public let read: UInt64
        public let scored: UInt64
        public let ignored: UInt64
        public let invalid: UInt64
        /// Scored rows whose loss is +∞.
        public let infinite: UInt64
        /// The first invalid ones, with their places.
        public let firstInvalid: [InvalidRow]

        enum CodingKeys: String, CodingKey {
            case read, scored, ignored, invalid, infinite
            case firstInvalid = "first_invalid"
        }
    }

    public struct Input: Sendable, Encodable {
        /// "predictions", "labels" or "partial".
        public let role: String
        public let path: String
        public let bytes: Int
        public let format: String
        public let compression: String?
        /// Compressed frames; absent for raw files.
        public let frames: Int?
    }

    /// Task likelihood, where records hold the log-probabilities of their tokens.
    public struct Tokens: Sendable, Encodable {
        /// Numbers that were added up, of rows that were scored.
        public let count: UInt64
        /// The sum of the losses over them, both with the rows' weights; a record's own mean is `loss.mean`.
        public let mean: Double
        public let meanHex: String
        public let perplexity: Double
        /// Of the texts that were named; absent where none were.
        public let bytes: UInt64?
        public let bitsPerByte: Double?

        enum CodingKeys: String, CodingKey {
            case count, mean, perplexity, bytes
            case meanHex = "mean_hex"
            case bitsPerByte = "bits_per_byte"
        }

        init?(_ moments: Moments) {
            guard let tokens = moments.tokens, let mean = moments.meanPerToken else { return nil }
            count = tokens.tokenCount
            self.mean = mean
            meanHex = mean.hexadecimalText
            perplexity = Moments.perplexity(mean: mean)
            bytes = tokens.byteCount
            bitsPerByte = moments.bitsPerByte
        }
    }

    public struct Run: Sendable, Encodable {
        public let threads: Int
        /// The kernel that ran, as it said itself.
        public let kernel: String
        public let seconds: Double
        public let decodedBytes: Int
        public let decodedBytesPerSecond: Double

        enum CodingKeys: String, CodingKey {
            case threads, kernel, seconds
            case decodedBytes = "decoded_bytes"
            case decodedBytesPerSecond = "decoded_bytes_per_second"
        }
    }

    /// The version of xent.
    public let xent: String
    public let task: String
    public let input: String
    public let dialect: String
    public let unit: String
    public let specification: Specification
    /// Absent after a merge: a partial does not know them.
    public let columns: Columns?
    /// Absent after a merge.
    public let rowsPolicy: RowsPolicy?
    public let loss: Loss
    /// Of each dialect asked for, the first one's included.
    public let dialects: [String: DialectLoss]
    public let rows: Rows
    public let classes: Int
    /// Absent for tasks without labels.
    public let accuracy: Double?
    public let tokens: Tokens?
    public let warnings: [String]
    public let inputs: [Input]
    /// Absent after a merge.
    public let run: Run?

    enum CodingKeys: String, CodingKey {
        case xent, task, input, dialect, unit, specification, columns, loss, dialects, rows, classes, accuracy, tokens, warnings, inputs
        case run
        case rowsPolicy = "rows_policy"
    }

    /// `moments`: one for each dialect of the specification.
    init(
        specification: LossSpecification, columns: Columns? = nil, rowsPolicy: RowsPolicy? = nil, classCount: Int, moments: [Moments],
        firstInvalid: [InvalidRow], warnings: [String], inputs: [Input], run: Run?
    ) {
        xent = Version.current
        let task = specification.task
        self.task = task.rawValue
        input = specification.input.rawValue
        dialect = specification.dialect.name
        unit = "nats"
        self.specification = Specification(specification)
        self.columns = columns
        self.rowsPolicy = rowsPolicy
        let first = moments[0]
        let mean = first.mean(task, specification.dialect)
        let sum = first.roundedSum(task, specification.dialect, columnCount: classCount)
        loss = Loss(
            mean: mean, meanHex: mean.hexadecimalText, sum: sum, sumHex: sum.hexadecimalText, meanOverWeight: first.meanOverWeight,
            meanOverCount: first.meanOverCount, standardError: first.standardError(task, specification.dialect),
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
            infinite: first.infiniteCount, firstInvalid: firstInvalid)
        // A binary decision has two classes.
        classes = task == .binary ? 2 : classCount
        accuracy = task.hasLabels ? first.accuracy(decisionsPerRow: task == .multilabel ? classCount : 1) : nil
        tokens = Tokens(first)
        self.warnings = warnings
        self.inputs = inputs
        self.run = run
    }
}

extension Double {
    /// C's `%a`: the exact value in hexadecimal, "0x1.1b797e58d6b0ap+1"; "inf", "-inf" and "nan".
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
