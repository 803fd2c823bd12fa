extension Dialect {
    /// Keras's `backend.epsilon()`.
    private static let epsilon = 1e-7
    private static let clip = Treatment.Clip.fixed(low: epsilon, high: 1 - epsilon)
    private static let kerasInputs = [
        Inputs(task: .binary, inputs: [.logits, .probabilities]), Inputs(task: .multiclass, inputs: [.logits, .probabilities]),
        Inputs(task: .multilabel, inputs: [.logits, .probabilities]), Inputs(task: .soft, inputs: [.logits, .probabilities]),
    ]

    /// `keras.losses` of Keras 3 on its PyTorch (and JAX) backend: probabilities are renormalised, then clipped; the mean is
    /// `sum_over_batch_size`.
    ///
    /// Checked against figures of Keras 3.15 (the golden cases).
    public static let keras = Dialect(
        name: "keras", summary: "keras.losses, PyTorch and JAX backends",
        ofIndex: Treatment(normalisation: .thenClip, clip: clip), ofSoftLabels: Treatment(normalisation: .thenClip, clip: clip),
        ofDivergence: Treatment(clip: .fixed(low: epsilon, high: 1)), ofDecisions: Treatment(clip: clip), leastTarget: epsilon,
        scorableProbabilities: 0...Double.greatestFiniteMagnitude, divisorOfIndex: .count, divisorOfOthers: .count,
        emptyMeanOfIndex: 0, emptyMeanOfOthers: 0, focalTakesProbabilities: true, focalTakesScoredDecisions: false,
        inputs: kerasInputs)

    /// `keras.losses` of Keras 3 on its TensorFlow backend, where probabilities with a class index are clipped first and then
    /// renormalised, by a softmax over their logarithms.
    ///
    /// Checked against figures of Keras 3.15 (the golden cases).
    public static let kerasTensorFlow = Dialect(
        name: "keras-tensorflow", summary: "keras.losses, TensorFlow backend",
        ofIndex: Treatment(normalisation: .afterClip, clip: clip), ofSoftLabels: Treatment(normalisation: .thenClip, clip: clip),
        ofDivergence: Treatment(clip: .fixed(low: epsilon, high: 1)), ofDecisions: Treatment(clip: clip), leastTarget: epsilon,
        scorableProbabilities: 0...Double.greatestFiniteMagnitude, divisorOfIndex: .count, divisorOfOthers: .count,
        emptyMeanOfIndex: 0, emptyMeanOfOthers: 0, focalTakesProbabilities: true, focalTakesScoredDecisions: false,
        inputs: kerasInputs)
}
