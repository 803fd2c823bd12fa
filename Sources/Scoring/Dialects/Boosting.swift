extension Dialect {
    private static let boostingInputs = [
        Inputs(task: .binary, inputs: [.probabilities]), Inputs(task: .multiclass, inputs: [.probabilities]),
    ]

    /// XGBoost's evaluation metrics `logloss` and `mlogloss`: p, or 1 − p, or the label's p is raised to 1e-16, and not renormalised.
    ///
    /// Checked against figures of XGBoost 3.2 and 3.4 (scripts/check-boosting.py and the golden cases). XGBoost's predictions, labels,
    /// weights and logarithms are Float32, and so its loss at the floor is 36.84136199951172, Float32's −log 1e-16. Of Float64 predictions
    /// it would see the nearest Float32 (1 − 1e-10 is 1); here they are scored as they are stored. Soft binary labels are scored as XGBoost
    /// scores them. `logloss` of rows whose weights are all 0 is 0, `mlogloss` NaN.
    public static let xgboost = Dialect(
        name: "xgboost", summary: "XGBoost's logloss and mlogloss",
        // e to the power of −36.84136199951172.
        ofIndex: Treatment(clip: .fixed(low: 9.999994883931431e-17, high: .infinity)),
        largestDecisionTerm: 36.84136199951172, emptyMeanOfOthers: 0, takesSmoothing: false, inputs: boostingInputs)

    /// LightGBM's metrics `binary_logloss` and `multi_logloss`: p, or 1 − p, or the label's p is raised to 1e-15, and not renormalised.
    ///
    /// Checked against figures of LightGBM 4.7 (scripts/check-boosting.py and the golden cases). Its arithmetic is Float64, but for
    /// weights, labels and the loss at the floor: 34.53877639770508, Float32's −log 1e-15. Within 1e-8 of the floor, relatively, the loss
    /// may differ from LightGBM's by 2e-10, relatively. `binary_logloss` counts any label above 0 as 1, also 0.3; LightGBM's metric for
    /// soft labels is another, `cross_entropy`.
    public static let lightgbm = Dialect(
        name: "lightgbm", summary: "LightGBM's binary_logloss and multi_logloss",
        // e to the power of −34.53877639770508.
        ofIndex: Treatment(clip: .fixed(low: 9.99999997205607e-16, high: .infinity)),
        largestDecisionTerm: 34.53877639770508, takesSoftDecisions: false, takesSmoothing: false, inputs: boostingInputs)
}
