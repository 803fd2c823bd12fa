extension Dialect {
    private static let sklearnInputs = [
        Inputs(task: .binary, inputs: [.probabilities]), Inputs(task: .multiclass, inputs: [.probabilities]),
    ]

    /// `sklearn.metrics.log_loss` from 1.5 on: clipped to the type's eps, not renormalised; divided by the sample weights.
    ///
    /// Checked against figures of scikit-learn 1.9 (the golden cases).
    public static let sklearn = Dialect(
        name: "sklearn", summary: "sklearn.metrics.log_loss, 1.5 and later", ofIndex: Treatment(clip: .elementEpsilon),
        ofDecisions: Treatment(clip: .elementEpsilon),
        takesSoftDecisions: false, takesSmoothing: false, inputs: sklearnInputs)

    /// `sklearn.metrics.log_loss` of 1.2 to 1.4: clipped to the type's eps, then renormalised, binary probabilities as two columns.
    ///
    /// Checked against figures of scikit-learn 1.4 (the golden cases).
    public static let sklearn14 = Dialect(
        name: "sklearn-1.4", summary: "sklearn.metrics.log_loss, 1.2 to 1.4",
        ofIndex: Treatment(normalisation: .afterClip, clip: .elementEpsilon),
        ofDecisions: Treatment(normalisation: .afterClip, clip: .elementEpsilon),
        takesSoftDecisions: false, takesSmoothing: false, inputs: sklearnInputs)
}
