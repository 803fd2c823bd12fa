extension Dialect {
    /// CatBoost's metrics `Logloss`, `CrossEntropy` and `MultiClass`, which it computes from raw values, and so from logits alone; divided
    /// by the weights.
    ///
    /// Checked against figures of CatBoost 1.2 (scripts/check-frameworks.py and the golden cases): `catboost.utils.eval_metric` and
    /// `CatBoost.eval_metrics`, whose arithmetic is Float64 but for weights and labels, which are Float32. `Logloss` counts a label above
    /// 0.5 as 1; soft binary labels are scored as `CrossEntropy` scores them. The training log shows a binary loss of an approximate
    /// logarithm, which may differ by 1e-4, relatively. The mean of rows whose weights are all 0 is 0. Probabilities of `predict_proba`
    /// are no input of CatBoost's: their loss is that of dialect `exact`.
    public static let catboost = Dialect(
        name: "catboost", summary: "CatBoost's Logloss, CrossEntropy and MultiClass", emptyMeanOfIndex: 0, emptyMeanOfOthers: 0,
        takesSmoothing: false, takesFocal: false,
        inputs: [Inputs(task: .binary, inputs: [.logits]), Inputs(task: .multiclass, inputs: [.logits])])
}
