extension Dialect {
    private static let sparkClip = Treatment(clip: .fixed(low: 1e-15, high: 1 - 1e-15))

    /// Spark ML's `MulticlassClassificationEvaluator` with the metric `logLoss`: p of the label clipped to [eps, 1 − eps], not
    /// renormalised; divided by the weights of `weightCol`.
    ///
    /// Checked against figures of Spark 4.3 (scripts/check-frameworks.py and the golden cases). `eps` is 1e-15, or `LossModifiers.clip`. A
    /// p above 1 − eps has the loss −log(1 − eps) of the real number, 1.0000000000000007e-15 by default. `BinaryClassificationEvaluator`
    /// has no log loss (only areaUnderROC and areaUnderPR): task binary is the former's, of the two columns 1 − p and p. Spark itself also
    /// takes a p outside of [0, 1] and clips it; here such a row is invalid.
    public static let spark = Dialect(
        name: "spark", summary: "Spark ML's MulticlassClassificationEvaluator, logLoss", ofIndex: sparkClip, ofDecisions: sparkClip,
        takesSoftDecisions: false, takesSmoothing: false, takesFocal: false, takesClip: true, clipsToLogarithms: true,
        inputs: [Inputs(task: .binary, inputs: [.probabilities]), Inputs(task: .multiclass, inputs: [.probabilities])])
}
