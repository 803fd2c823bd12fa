// Independent decisions: tasks binary, multilabel, likelihood.

extension LossOracle {
    /// What one value says of one decision.
    private struct Decision {
        /// −log p and −log (1 − p), clipped as the dialect has it.
        var ofOne: ExtendedReal
        var ofZero: ExtendedReal
        /// p and 1 − p as the focal factor takes them: as scored, but as predicted by Keras.
        var p: BigReal
        var complement: BigReal
        /// Whether the value was clipped, and so both of the above; or one of them alone.
        var isClipped = false
        var isOneClipped = false
        var isZeroClipped = false
        /// Whether 1 is the likelier outcome.
        var saysOne: Bool
    }

    /// Task multilabel: the mean over the columns. nil where there is no loss.
    func scoreDecisions(_ values: [Double], labels: [Double]) -> Scored? {
        var scored = Scored(loss: .zero, magnitude: .zero, weight: BigReal(1), isClipped: false, correctCount: 0)
        for (column, (value, label)) in zip(values, labels).enumerated() {
            guard label >= 0, label <= 1, let decision = decision(value) else { return nil }
            let target = smoothed(label, outcomeCount: 2)
            let other = BigReal(1) - target
            let positiveWeight = positiveWeights.map { BigReal($0.count == 1 ? $0[0] : $0[column]) } ?? BigReal(1)
            let (ofZero, ofOne) = labelWeights(column)
            var loss = target * ofOne * positiveWeight * decision.ofOne + other * ofZero * decision.ofZero
            if let focalGamma {
                guard let factor = focalFactor(target * decision.complement + other * decision.p, gamma: focalGamma) else { return nil }
                let balance = focalAlpha.map { target * BigReal($0) + other * (BigReal(1) - BigReal($0)) } ?? BigReal(1)
                loss = factor * balance * loss
            }
            scored.loss += loss
            scored.magnitude += loss.magnitude
            let isClipped =
                decision.isClipped || (decision.isOneClipped && !target.isZero) || (decision.isZeroClipped && !other.isZero)
            if isClipped { scored.isClipped = true }
            if decision.saysOne == (label > 0.5) { scored.correctCount += 1 }
        }
        if let classWeights {
            let label = BigReal(labels[0])
            scored.weight =
                task == .binary
                ? (BigReal(1) - label) * BigReal(classWeights[0]) + label * BigReal(classWeights[1])
                : classWeights.reduce(.zero) { $0 + BigReal($1) } / BigReal(classWeights.count)
        }
        scored.loss = BigReal(1) / BigReal(values.count) * scored.loss
        scored.magnitude = BigReal(1) / BigReal(values.count) * scored.magnitude
        return scored
    }

    /// The weights of a decision's terms: of a binary one those of its labels, of one of several that of its column.
    private func labelWeights(_ column: Int) -> (ofZero: BigReal, ofOne: BigReal) {
        guard let classWeights else { return (BigReal(1), BigReal(1)) }
        if task == .binary { return (BigReal(classWeights[0]), BigReal(classWeights[1])) }
        return (BigReal(classWeights[column]), BigReal(classWeights[column]))
    }

    private func decision(_ x: Double) -> Decision? {
        if x.isNaN { return nil }
        switch input {
        case .logits: return decision(logit: x)
        case .probabilities: return isScorable(probability: x) && x < .infinity ? decision(probability: x) : nil
        case .logProbabilities: return x <= 0 ? decision(logProbability: x) : nil
        }
    }

    private func decision(logit x: Double) -> Decision {
        guard x.isFinite else {
            let (certain, impossible) = (BigReal(1), BigReal.zero)
            return x > 0
                ? clippedAsKerasFocal(Decision(ofOne: .zero, ofZero: .infinite, p: certain, complement: impossible, saysOne: true))
                : clippedAsKerasFocal(Decision(ofOne: .infinite, ofZero: .zero, p: impossible, complement: certain, saysOne: false))
        }
        let logit = BigReal(x)
        let tail = BigReal.log1p(BigReal.exp(-logit.magnitude))
        // 1 / (1 + e^-x), and the same of −x.
        let likelier = BigReal(1) / (BigReal(1) + BigReal.exp(-logit.magnitude))
        let unlikelier = BigReal.exp(-logit.magnitude) * likelier
        return clippedAsKerasFocal(
            Decision(
                ofOne: .finite(max(-logit, .zero) + tail), ofZero: .finite(max(logit, .zero) + tail), p: x > 0 ? likelier : unlikelier,
                complement: x > 0 ? unlikelier : likelier, saysOne: x > 0))
    }

    /// Keras's focal losses make probabilities of logits first, and clip those for the logarithm.
    private func clippedAsKerasFocal(_ decision: Decision) -> Decision {
        guard dialect.isKeras, focalGamma != nil else { return decision }
        let (q, isClipped) = Self.clamp(decision.p, Self.kerasLow, Self.kerasHigh)
        guard isClipped else { return decision }
        var clipped = decision
        (clipped.ofOne, clipped.ofZero) = (Self.negativeLog(q), Self.negativeLogOfComplement(q))
        clipped.isClipped = true
        return clipped
    }

    private func decision(probability x: Double) -> Decision {
        let p = BigReal(x)
        let complement = BigReal(1) - p
        var decision = Decision(ofOne: .zero, ofZero: .zero, p: p, complement: complement, saysOne: x > 0.5)
        if dialect.isSklearn {
            // Two columns, each clipped to the type's eps; 1.4 divides both by their sum.
            let (first, isClipped) = Self.clamp(complement, typeEpsilon, 1 - typeEpsilon)
            let second = Self.clamp(p, typeEpsilon, 1 - typeEpsilon).value
            let sum = dialect == .sklearn14 ? first + second : BigReal(1)
            (decision.ofOne, decision.ofZero) = (Self.negativeLog(second / sum), Self.negativeLog(first / sum))
            (decision.p, decision.complement) = (second / sum, first / sum)
            decision.isClipped = isClipped
        } else if dialect.isKeras || (clip != nil && dialect == .exact) {
            let (low, high) = dialect.isKeras ? (Self.kerasLow, Self.kerasHigh) : (clip ?? 0, 1 - (clip ?? 0))
            let (q, isClipped) = Self.clamp(p, low, high)
            (decision.ofOne, decision.ofZero) = (Self.negativeLog(q), Self.negativeLogOfComplement(q))
            if !dialect.isKeras { (decision.p, decision.complement) = (q, BigReal(1) - q) }
            decision.isClipped = isClipped
        } else if dialect == .spark {
            let ends = sparkLosses(p)
            (decision.ofOne, decision.ofZero) = ends ?? (Self.negativeLog(p), Self.negativeLogOfComplement(p))
            decision.isClipped = ends != nil
        } else if let floor = lossFloor {
            let (isPRaised, isComplementRaised) = (p < BigReal(floor.probability), complement < BigReal(floor.probability))
            decision.ofOne = isPRaised ? floor.loss : Self.negativeLog(p)
            decision.ofZero = isComplementRaised ? floor.loss : Self.negativeLogOfComplement(p)
            (decision.isOneClipped, decision.isZeroClipped) = (isPRaised, isComplementRaised)
        } else {
            (decision.ofOne, decision.ofZero) = (Self.negativeLog(p), Self.negativeLogOfComplement(p))
            if dialect == .pytorch, task != .likelihood {
                // binary_cross_entropy: "clamps its log function outputs to be greater than or equal to −100".
                (decision.ofOne, decision.isOneClipped) = Self.atMostHundred(decision.ofOne)
                (decision.ofZero, decision.isZeroClipped) = Self.atMostHundred(decision.ofZero)
            }
        }
        return decision
    }

    private static func atMostHundred(_ loss: ExtendedReal) -> (ExtendedReal, isLowered: Bool) {
        if case .finite(let value) = loss, value <= BigReal(100) { return (loss, false) }
        return (.finite(BigReal(100)), true)
    }

    private func decision(logProbability x: Double) -> Decision {
        if x == -.infinity { return Decision(ofOne: .infinite, ofZero: .zero, p: .zero, complement: BigReal(1), saysOne: false) }
        let logarithm = BigReal(x)
        let complement = Self.oneMinusExp(logarithm)
        let p = BigReal.exp(logarithm)
        return Decision(
            // Of a tiny p the complement has no room in 256 bits, of one next to 1 only the complement has.
            ofOne: .finite(-logarithm), ofZero: x < -1 ? Self.negativeLogOfComplement(p) : Self.negativeLog(complement), p: p,
            complement: complement, saysOne: p > BigReal(0.5))
    }
}
