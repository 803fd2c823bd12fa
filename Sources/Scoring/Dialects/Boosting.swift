extension Dialect {
    private static let boostingInputs = [
        Inputs(task: .binary, inputs: [.probabilities]), Inputs(task: .multiclass, inputs: [.probabilities]),
    ]

    /// XGBoost's evaluation metrics `logloss` and `mlogloss`: p is raised to 1e-16 (as Float32), and so is 1 − p for two classes.
    ///
    /// Not yet checked against the library itself.
    public static let xgboost = Dialect(
        name: "xgboost", summary: "XGBoost's logloss and mlogloss",
        ofIndex: Treatment(clip: .fixed(low: Double(Float(1e-16)), high: .infinity)),
        largestDecisionTerm: 36.841361487904734,
        takesSmoothing: false, inputs: boostingInputs)

    /// LightGBM's metrics `binary_logloss` and `multi_logloss`: p, or 1 − p, is raised to 1e-15 (as Float32).
    ///
    /// Not yet checked against the library itself.
    public static let lightgbm = Dialect(
        name: "lightgbm", summary: "LightGBM's binary_logloss and multi_logloss",
        ofIndex: Treatment(clip: .fixed(low: Double(Float(1e-15)), high: .infinity)),
        largestDecisionTerm: 34.538776394910684, takesSoftDecisions: false, takesSmoothing: false, inputs: boostingInputs)
}
