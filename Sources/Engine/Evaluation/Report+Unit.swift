extension Report {
    /// The unit of the losses.
    public enum Unit: String, Sendable, Codable, CaseIterable {
        /// Natural units: logarithms have base e.
        case nats
        /// Bits: logarithms have base 2.
        case bits
    }

    /// Returns the report with its losses in another unit. Sums, means, extremes and standard errors change; perplexities, shares and bits
    /// per byte do not. A converted figure is divided by ln 2, or multiplied, so it is within 1.5 ULP.
    public func converted(to unit: Unit) -> Report {
        guard unit != self.unit else { return self }
        // Double(ln 2): the division by it has the error of its rounding and one more.
        let ln2 = 0x1.62e42fefa39efp-1
        func change(_ value: Double) -> Double { unit == .bits ? value / ln2 : value * ln2 }
        var report = self
        report.unit = unit
        let (mean, sum) = (change(loss.mean), change(loss.sum))
        report.loss = Loss(
            mean: mean, meanHex: mean.hexadecimalText, sum: sum, sumHex: sum.hexadecimalText, meanOverWeight: change(loss.meanOverWeight),
            meanOverCount: change(loss.meanOverCount), standardError: change(loss.standardError), lower: loss.lower.map(change),
            upper: loss.upper.map(change), min: change(loss.min), max: change(loss.max), perplexity: loss.perplexity)
        report.dialects = dialects.mapValues { loss in
            let (mean, sum) = (change(loss.mean), change(loss.sum))
            return DialectLoss(
                mean: mean, meanHex: mean.hexadecimalText, sum: sum, sumHex: sum.hexadecimalText,
                meanOverWeight: change(loss.meanOverWeight), meanOverCount: change(loss.meanOverCount), scoredRows: loss.scoredRows,
                invalidRows: loss.invalidRows, clippedRows: loss.clippedRows, clippedShare: loss.clippedShare)
        }
        report.tokens = tokens?.converted(change)
        report.baseline?.entropy = change(baseline?.entropy ?? .nan)
        if let sharpness {
            report.sharpness?.meanEntropy = change(sharpness.meanEntropy)
            report.sharpness?.excessLoss = sharpness.excessLoss.map(change)
        }
        if let quantiles {
            report.quantiles?.values = quantiles.values.map(change)
            report.quantiles?.lower = quantiles.lower.map(change)
            report.quantiles?.upper = quantiles.upper.map(change)
            report.quantiles?.dialects = quantiles.dialects?.mapValues { Quantiles.LibraryValues(values: $0.values.map(change)) }
            report.quantiles?.histogram = quantiles.histogram?.map {
                HistogramInterval(lower: change($0.lower), upper: change($0.upper), rows: $0.rows, weight: $0.weight)
            }
        }
        report.slices = slices?.map { $0.converted(change) }
        report.macroMean = macroMean.map(change)
        report.uncertainty = uncertainty?.converted(change)
        report.temperature = temperature?.converted(change)
        report.worst = worst?.map { row in
            var row = row
            row.loss = change(row.loss)
            return row
        }
        return report
    }
}

extension Report.Tokens {
    fileprivate func converted(_ change: (Double) -> Double) -> Report.Tokens {
        var tokens = self
        tokens.mean = change(mean)
        tokens.meanHex = tokens.mean.hexadecimalText
        (tokens.standardError, tokens.lower, tokens.upper) = (standardError.map(change), lower.map(change), upper.map(change))
        tokens.meanPerWord = meanPerWord.map(change)
        tokens.meanPerWordStandardError = meanPerWordStandardError.map(change)
        return tokens
    }
}
