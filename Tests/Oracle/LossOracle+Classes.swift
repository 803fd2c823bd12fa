// Classes that exclude one another: tasks multiclass and soft.

extension LossOracle {
    /// What a row says of one of its classes.
    private struct ClassPrediction {
        /// −log p, clipped and normalised as the dialect has it; nil where it may not be scored.
        var loss: ExtendedReal?
        /// 1 − p of the same p.
        var complement: BigReal
        var isClipped = false
    }

    /// Σ_c t_c w_c ℓ_c and the like. nil where there is no loss.
    func scoreClasses(_ values: [Double], labels: [Double]) -> Scored? {
        let targets: [Double]
        if task == .multiclass {
            guard let label = Int(exactly: labels[0]), values.indices.contains(label) else { return nil }
            targets = values.indices.map { $0 == label ? 1 : 0 }
        } else {
            guard labels.allSatisfy({ $0 >= 0 && $0 <= 1 }) else { return nil }
            targets = labels
        }
        if values.contains(where: \.isNaN) { return nil }
        let counts = targets.map { target in
            // KLDivergence of Keras clips both distributions.
            isDivergence && dialect.isKeras
                ? Self.clamp(BigReal(target), Self.kerasLow, 1).value : smoothed(target, outcomeCount: values.count)
        }
        guard let predictions = classPredictions(values, isScored: counts.map { !$0.isZero }) else { return nil }

        var scored = Scored(loss: .zero, magnitude: .zero, weight: BigReal(1), isClipped: false, correctCount: 0)
        for (c, prediction) in predictions.enumerated() where !counts[c].isZero {
            guard let loss = prediction.loss else { return nil }
            let factor = counts[c] * BigReal(classWeights?[c] ?? 1)
            if prediction.isClipped { scored.isClipped = true }
            if factor.isZero { continue }
            if isDivergence {
                let logarithm = BigReal.log(counts[c])
                scored.loss += factor * (loss + .finite(logarithm))
                scored.magnitude += factor * (loss + .finite(logarithm.magnitude))
                continue
            }
            var term = factor * loss
            if let focalGamma {
                guard let factor = focalFactor(prediction.complement, gamma: focalGamma) else { return nil }
                term = factor * BigReal(focalAlpha ?? 1) * term
            }
            scored.loss += term
            scored.magnitude += term.magnitude
        }
        if let classWeights {
            scored.weight = zip(targets, classWeights).reduce(.zero) { $0 + BigReal($1.0) * BigReal($1.1) }
        }
        func firstOfLargest(_ values: [Double]) -> Int? { values.max().flatMap { values.firstIndex(of: $0) } }
        scored.correctCount = firstOfLargest(values) == firstOfLargest(targets) ? 1 : 0
        return scored
    }

    private func classPredictions(_ values: [Double], isScored: [Bool]) -> [ClassPrediction]? {
        switch input {
        case .logits: return ofLogits(values, isScored: isScored)
        case .probabilities:
            guard values.allSatisfy(\.isFinite) else { return nil }
            return zip(values, ofProbabilities(values)).map { value, prediction in
                isScorable(probability: value) ? prediction : ClassPrediction(loss: nil, complement: .zero)
            }
        case .logProbabilities:
            guard !values.contains(.infinity) else { return nil }
            return values.map { x in
                if x > 0 { return ClassPrediction(loss: nil, complement: .zero) }
                if x == -.infinity { return ClassPrediction(loss: .infinite, complement: BigReal(1)) }
                return ClassPrediction(loss: .finite(-BigReal(x)), complement: Self.oneMinusExp(BigReal(x)))
            }
        }
    }

    /// log Σ exp(x_k) − x_c = (m − x_c) + log1p(Σ exp(x_k − m)) with m the largest, which the sum leaves out.
    private func ofLogits(_ logits: [Double], isScored: [Bool]) -> [ClassPrediction]? {
        guard let largest = logits.max(), largest > -.infinity, let position = logits.firstIndex(of: largest) else { return nil }
        // CategoricalFocalCrossentropy makes probabilities of logits first, and clips those.
        let isClipped = dialect.isKeras && focalGamma != nil
        let ofImpossible =
            isClipped
            ? ClassPrediction(
                loss: Self.negativeLog(BigReal(Self.kerasLow)), complement: BigReal(1) - BigReal(Self.kerasLow), isClipped: true)
            : ClassPrediction(loss: .infinite, complement: BigReal(1))
        if largest == .infinity {
            // A class of infinite odds leaves the others nothing, and has no loss that could be told.
            return logits.map { $0 == .infinity ? ClassPrediction(loss: nil, complement: .zero) : ofImpossible }
        }
        let odds = logits.map { $0 == -.infinity ? BigReal.zero : BigReal.exp(BigReal($0) - BigReal(largest)) }
        func sum(without excluded: Int) -> BigReal {
            odds.indices.reduce(.zero) { $1 == excluded ? $0 : $0 + odds[$1] }
        }
        let others = sum(without: position)
        let tail = BigReal.log1p(others)
        let total = BigReal(1) + others
        return logits.indices.map { c in
            guard isScored[c] else { return ClassPrediction(loss: nil, complement: .zero) }
            guard logits[c] > -.infinity else { return ofImpossible }
            let loss = BigReal(largest) - BigReal(logits[c]) + tail
            let complement = focalGamma == nil ? BigReal.zero : sum(without: c) / total
            guard isClipped else { return ClassPrediction(loss: .finite(loss), complement: complement) }
            let (q, isChanged) = Self.clamp(odds[c] / total, Self.kerasLow, Self.kerasHigh)
            return isChanged
                ? ClassPrediction(loss: Self.negativeLog(q), complement: BigReal(1) - q, isClipped: true)
                : ClassPrediction(loss: .finite(loss), complement: complement)
        }
    }

    private func ofProbabilities(_ values: [Double]) -> [ClassPrediction] {
        let given = values.map { BigReal($0) }
        var (normalisesFirst, normalisesLast) = (renormalizes, false)
        var bounds: (low: Double, high: Double)?
        switch dialect {
        case .exact:
            if let clip { bounds = (clip, 1 - clip) }
        case .pytorch, .catboost: break
        case .spark: bounds = sparkEpsilon.map { ($0, 1 - $0) }
        case .keras, .kerasTensorFlow:
            if isDivergence {
                bounds = (Self.kerasLow, 1)
            } else {
                bounds = (Self.kerasLow, Self.kerasHigh)
                // The TensorFlow backend's sparse loss clips, and takes the softmax of the logarithms.
                normalisesLast = dialect == .kerasTensorFlow && task == .multiclass
                normalisesFirst = !normalisesLast
            }
        case .sklearn, .sklearn14:
            bounds = (typeEpsilon, 1 - typeEpsilon)
            normalisesLast = dialect == .sklearn14
        case .xgboost, .lightgbm, .h2o: bounds = lossFloor.map { ($0.probability, .infinity) }
        }
        // Of each class q = part / whole, and what is not its part is the sum of the others': no complement is a difference.
        var parts = given
        var clippedTo = [BigReal?](repeating: nil, count: values.count)
        let sum = given.reduce(.zero, +)
        // Nothing to divide: 0 / 0.
        if normalisesFirst, sum.isZero { return values.map { _ in ClassPrediction(loss: nil, complement: .zero) } }
        if let bounds {
            for c in values.indices {
                let (q, isClipped) = Self.clamp(normalisesFirst ? given[c] / sum : given[c], bounds.low, bounds.high)
                if isClipped { clippedTo[c] = q }
            }
        }
        if normalisesLast { parts = values.indices.map { clippedTo[$0] ?? given[$0] } }
        return values.indices.map { c in
            let isClipped = clippedTo[c] != nil
            if normalisesLast || (normalisesFirst && !isClipped) {
                let others = parts.indices.reduce(.zero) { $1 == c ? $0 : $0 + parts[$1] }
                return ClassPrediction(
                    loss: parts[c] > .zero ? .finite(BigReal.log1p(others / parts[c])) : .infinite,
                    complement: others / (others + parts[c]), isClipped: isClipped)
            }
            let q = clippedTo[c] ?? given[c]
            let loss = isClipped ? lossFloor?.loss ?? sparkLosses(given[c])?.ofOne : nil
            return ClassPrediction(loss: loss ?? Self.negativeLog(q), complement: BigReal(1) - q, isClipped: isClipped)
        }
    }
}
