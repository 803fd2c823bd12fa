internal import Scoring

/// What an evaluation found, as DESIGN.md, section 6, lays it out; encoding it gives that JSON.
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
    public let loss: Loss
    public let rows: Rows
    public let classes: Int
    public let accuracy: Double
    public let warnings: [String]
    public let inputs: [Input]
    /// Absent after a merge.
    public let run: Run?

    init(
        specification: LossSpecification, classCount: Int, moments: Moments, firstInvalid: [InvalidRow], warnings: [String], inputs: [Input],
        run: Run?
    ) {
        xent = Version.current
        task = specification.task.rawValue
        input = specification.input.rawValue
        dialect = specification.dialect.rawValue
        unit = "nats"
        let mean = moments.mean
        let sum = moments.roundedTotal
        loss = Loss(
            mean: mean, meanHex: mean.hexadecimalText, sum: sum, sumHex: sum.hexadecimalText, meanOverWeight: mean, meanOverCount: mean,
            standardError: moments.standardError, min: moments.scoredCount > 0 ? moments.minimum : .nan,
            max: moments.scoredCount > 0 ? moments.maximum : .nan, perplexity: moments.perplexity)
        rows = Rows(
            read: moments.readCount, scored: moments.scoredCount, ignored: moments.ignoredCount, invalid: moments.invalidCount,
            infinite: moments.infiniteCount, firstInvalid: firstInvalid)
        // A binary decision has two classes.
        classes = specification.task == .binary ? 2 : classCount
        accuracy = moments.accuracy
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
