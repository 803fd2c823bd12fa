extension LossOracle {
    /// All rows of a dump together.
    public struct Total: Sendable {
        /// Rows that have a loss.
        public private(set) var scoredCount = 0
        /// Rows left out by rule.
        public private(set) var ignoredCount = 0
        /// Rows without a loss.
        public private(set) var invalidCount = 0
        /// Scored rows whose loss is +∞.
        public private(set) var infiniteCount = 0
        /// Scored rows with a clipped value that counts.
        public private(set) var clippedCount = 0
        /// Right predictions.
        public private(set) var correctCount = 0
        /// Σ of the losses.
        public private(set) var sum = ExtendedReal.zero
        /// Σ of the magnitudes of the losses' terms.
        public private(set) var magnitude = ExtendedReal.zero
        /// Σ of the losses of rows with clipped values.
        public private(set) var clippedSum = ExtendedReal.zero
        /// Σ of the weights.
        public private(set) var weight = BigReal.zero

        /// No rows.
        public init() {}

        /// Adds a row.
        public mutating func add(_ row: Row) {
            switch row {
            case .ignored: ignoredCount += 1
            case .invalid: invalidCount += 1
            case .scored(let scored):
                scoredCount += 1
                correctCount += scored.correctCount
                sum += scored.loss
                magnitude += scored.magnitude
                weight += scored.weight
                if scored.loss == .infinite { infiniteCount += 1 }
                if scored.isClipped {
                    clippedCount += 1
                    clippedSum += scored.loss
                }
            }
        }

        /// Σ wl / Σ w; nil for 0 / 0, which is NaN.
        public var meanOverWeight: ExtendedReal? { divided(sum, by: weight) }
        /// Σ wl / N; nil for 0 / 0.
        public var meanOverCount: ExtendedReal? { divided(sum, by: BigReal(scoredCount)) }

        private func divided(_ sum: ExtendedReal, by divisor: BigReal) -> ExtendedReal? {
            if divisor.isZero { return sum == .zero ? nil : .infinite }
            return BigReal(1) / divisor * sum
        }
    }

    /// Whether the dialect's mean divides by Σ of weights, and not by the number of rows.
    public var dividesByWeights: Bool {
        switch dialect {
        case .exact, .sklearn, .sklearn14, .xgboost, .lightgbm, .catboost, .spark, .h2o: true
        // cross_entropy and nll_loss with class indices alone.
        case .pytorch: task == .multiclass
        // sum_over_batch_size.
        case .keras, .kerasTensorFlow: false
        }
    }

    /// The dialect's mean; nil for NaN.
    ///
    /// Of no rows, or of rows without a weight where it divides by that, it is NaN, but 0 in Keras, CatBoost and for XGBoost's logloss, which
    /// leave out a division by 0.
    public func mean(_ total: Total) -> ExtendedReal? {
        if total.scoredCount == 0 || (dividesByWeights && total.weight.isZero) {
            return dialect.isKeras || dialect == .catboost || (dialect == .xgboost && task == .binary) ? .zero : nil
        }
        return dividesByWeights ? total.meanOverWeight : total.meanOverCount
    }

    /// The dialect's sum: PyTorch adds up elements, the others rows.
    public func sum(_ total: Total, columnCount: Int) -> ExtendedReal {
        task == .multilabel && dialect == .pytorch ? BigReal(columnCount) * total.sum : total.sum
    }
}
