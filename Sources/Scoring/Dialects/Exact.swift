extension Dialect {
    /// Nothing clipped, nothing renormalised; divided by Σ of weights.
    public static let exact = Dialect(
        name: "exact", summary: "nothing clipped or renormalised; divided by the weights", takesClip: true, takesRenormalizing: true,
        inputs: everyInput)
}
