extension Dialect {
    /// H2O-3's `logloss` of binomial and multinomial models: −log p of the label, at most −log 1e-15, not renormalised; divided by the
    /// weights.
    ///
    /// Checked against figures of H2O 3.46 (scripts/check-frameworks.py and the golden cases). H2O computes −log(1 − (1 − p)) in Float64,
    /// and so sees p rounded to a multiple of 2^-53; here p is scored as it is stored. A loss above 23 (p below 1e-10) may differ from
    /// H2O's by 6e-7, one above 30 by 6e-4, one near the bound by 0.06. Rows of weight 0 and rows whose prediction or label is missing are
    /// left out by H2O.
    public static let h2o = Dialect(
        name: "h2o", summary: "H2O-3's logloss, binomial and multinomial",
        ofIndex: Treatment(clip: .fixed(low: 1e-15, high: .infinity)),
        // −log 1e-15.
        largestDecisionTerm: 34.538776394910684, takesSoftDecisions: false, takesSmoothing: false, takesFocal: false,
        inputs: [Inputs(task: .binary, inputs: [.probabilities]), Inputs(task: .multiclass, inputs: [.probabilities])])
}
