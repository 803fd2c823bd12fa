extension Dialect {
    /// `torch.nn.functional`: cross_entropy, nll_loss, binary_cross_entropy(_with_logits), kl_div with batchmean.
    ///
    /// Checked against figures of PyTorch 2.15 (the golden cases). binary_cross_entropy clamps its logarithms at −100; cross_entropy with
    /// a class index divides by the weights of the labels' classes, everything else by the number of elements, and it
    /// leaves rows with the index −100 out unless it is told another.
    public static let pytorch = Dialect(
        name: "pytorch", summary: "torch.nn.functional", largestDecisionTerm: 100, divisorOfOthers: .count, sumCountsDecisions: true,
        takesDecisionSmoothing: false, usualIgnoreIndex: -100, inputs: everyInput)
}
