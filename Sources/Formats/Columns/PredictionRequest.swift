/// The predictions that are looked for: the meaning of their values, and the number of values a row.
public struct PredictionRequest: Sendable, Equatable {
    /// The meaning of the values.
    public enum Values: Sendable, CaseIterable {
        /// Real numbers of any size.
        case logits
        /// Numbers in [0, 1].
        case probabilities
        /// Logarithms of probabilities.
        case logProbabilities
    }

    /// The number of values a row.
    public enum Width: Sendable {
        /// One value.
        case one
        /// One value a class.
        case oneAClass
        /// Any number of values, which are added up.
        case sum
    }

    /// The meaning of the values; nil if any will do.
    public var values: Values?
    /// The number of values a row; nil if any will do.
    public var width: Width?

    /// Makes a request.
    public init(values: Values? = nil, width: Width? = nil) {
        self.values = values
        self.width = width
    }

    /// True if the result of a row is one value, so that only one column can hold it.
    var isSingleValued: Bool { width == .one || width == .sum }
}
