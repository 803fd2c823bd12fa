import Oracle

/// What a row's loss is, infinities and invalid rows included, from the definition.
enum TrueLoss {
    /// Not scored: NaN.
    case undefined
    case infinite
    case finite(BigReal)

    static func softmax(_ logits: [Double], label: Int32) -> TrueLoss {
        guard label >= 0, Int(label) < logits.count, !logits.contains(where: \.isNaN), let largest = logits.max() else { return .undefined }
        let ofLabel = logits[Int(label)]
        if largest == .infinity { return ofLabel == .infinity ? .undefined : .infinite }
        if largest == -.infinity { return .undefined }
        if ofLabel == -.infinity { return .infinite }
        // The faster oracle for wide rows.
        return .finite(
            logits.count > 200
                ? Reference.softmaxCrossEntropyFast(logits: logits, label: Int(label))
                : Reference.softmaxCrossEntropy(logits: logits, label: Int(label)))
    }

    /// Only the label's entry must be in [0, 1]; NaN and +∞ anywhere say that the row is none of numbers.
    static func probability(_ p: [Double], label: Int32) -> TrueLoss {
        guard label >= 0, Int(label) < p.count, !p.contains(where: { $0.isNaN || $0 == .infinity }) else { return .undefined }
        let value = p[Int(label)]
        guard value >= 0, value <= 1 else { return .undefined }
        return value == 0 ? .infinite : .finite(-Reference.log(value))
    }

    static func logProbability(_ x: [Double], label: Int32) -> TrueLoss {
        guard label >= 0, Int(label) < x.count, !x.contains(where: { $0.isNaN || $0 == .infinity }) else { return .undefined }
        let value = x[Int(label)]
        guard value <= 0 else { return .undefined }
        return value == -.infinity ? .infinite : .finite(-BigReal(value))
    }

    static func binaryLogit(_ x: Double, label: Int32) -> TrueLoss {
        guard label == 0 || label == 1, !x.isNaN else { return .undefined }
        if x.isInfinite { return (x > 0) == (label == 1) ? .finite(.zero) : .infinite }
        return .finite(Reference.binaryFromLogit(x, label: Double(label)))
    }

    static func binaryProbability(_ p: Double, label: Int32) -> TrueLoss {
        guard label == 0 || label == 1, p >= 0, p <= 1 else { return .undefined }
        if p == (label == 1 ? 0 : 1) { return .infinite }
        return .finite(label == 1 ? -Reference.log(p) : Reference.negativeLogOfComplement(p))
    }

    static func binaryLogProbability(_ x: Double, label: Int32) -> TrueLoss {
        guard label == 0 || label == 1, x <= 0 else { return .undefined }
        if label == 1 { return x == -.infinity ? .infinite : .finite(-BigReal(x)) }
        if x == 0 { return .infinite }
        if x < -1e9 { return .finite(.zero) }
        // 256 bits: 1 − exp(x) keeps 100 good ones down to |x| = 2^-150; below it −log(−x) is nearer than that.
        if x > -0x1p-150 { return .finite(-BigReal.log(BigReal(-x))) }
        return .finite(-BigReal.log1p(-Reference.exp(x)))
    }

    /// The error in ULP: 0 where NaN or +∞ is right, infinite where only one of the two is so.
    func error(of loss: Double) -> Double {
        switch self {
        case .undefined: loss.isNaN ? 0 : .infinity
        case .infinite: loss == .infinity ? 0 : .infinity
        case .finite(let truth): ulpError(loss, truth)
        }
    }

    var isUndefined: Bool {
        if case .undefined = self { true } else { false }
    }
}
