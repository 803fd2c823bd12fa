/// Functions and losses (in nats) of Float64 inputs, taken as the exact values that they are.
///
/// Results have a relative error below 2^-240 and are never rounded to Float64 on the way: `rounded()` and `ulpError` come last. What
/// IEEE 754 says of infinities and NaNs is left to the tests; such arguments stop the program, except where −∞ is named.
public enum Reference {
    /// e^x.
    public static func exp(_ x: Double) -> BigReal {
        BigReal.exp(BigReal(x))
    }

    /// The natural logarithm of `x` > 0.
    public static func log(_ x: Double) -> BigReal {
        BigReal.log(BigReal(x))
    }

    /// log(1 + x) for `x` > −1.
    public static func log1p(_ x: Double) -> BigReal {
        BigReal.log1p(BigReal(x))
    }

    /// Cross-entropy of a row of logits with a class index: log Σ exp(x_j) − x_label.
    ///
    /// With m = max x it is (m − x_label) + log1p(Σ exp(x_j − m)), the sum over all entries but one maximum: two terms that are not
    /// negative, so that a confident row keeps all digits. Entries of −∞ contribute nothing. About 10 µs a class in a release build.
    ///
    /// - Precondition: `label` is an index of `logits`, no entry is +∞ or NaN, and the label's is finite.
    public static func softmaxCrossEntropy(logits: [Double], label: Int) -> BigReal {
        let (maximumIndex, maximum) = indexedMaximum(logits, label: label)
        var sum = BigReal.zero
        for (index, logit) in logits.enumerated() where index != maximumIndex && logit != -.infinity {
            sum += BigReal.exp(BigReal(logit) - BigReal(maximum))
        }
        return (BigReal(maximum) - BigReal(logits[label])) + BigReal.log1p(sum)
    }

    /// Cross-entropy of one logit with a label in [0, 1]: y·softplus(−x) + (1 − y)·softplus(x).
    public static func binaryFromLogit(_ x: Double, label: Double) -> BigReal {
        let (y, logit) = (BigReal(label), BigReal(x))
        return y * softplus(-logit) + (BigReal(1) - y) * softplus(logit)
    }

    /// −log p for `p` > 0.
    public static func negativeLog(probability p: Double) -> BigReal {
        -log(p)
    }

    /// −log(1 − p), with 1 − p taken exactly, for `p` < 1.
    public static func negativeLogOfComplement(_ p: Double) -> BigReal {
        -log1p(-p)
    }

    /// log(1 + e^x) = max(x, 0) + log1p(e^-|x|): no cancellation, no overflow.
    private static func softplus(_ x: BigReal) -> BigReal {
        max(x, .zero) + BigReal.log1p(BigReal.exp(-x.magnitude))
    }

    /// The first maximum of a row that satisfies the preconditions of a softmax.
    static func indexedMaximum(_ logits: [Double], label: Int) -> (index: Int, value: Double) {
        precondition(logits.indices.contains(label), "label \(label) is outside 0..<\(logits.count)")
        precondition(logits[label].isFinite, "the label's logit is \(logits[label])")
        var (index, value) = (label, logits[label])
        for (candidate, logit) in logits.enumerated() {
            precondition(logit < .infinity, "logit \(candidate) is \(logit)")  // false for NaN too
            if logit > value { (index, value) = (candidate, logit) }
        }
        return (index, value)
    }
}
