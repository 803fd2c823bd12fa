/// The error of the lowest unit that failed.
public struct UnitError<Failure: Error>: Error {
    /// The unit whose body threw, or for which a worker's state could not be made.
    public let unit: Int
    /// The error that was thrown.
    public let underlying: Failure

    /// Makes an error.
    public init(unit: Int, underlying: Failure) {
        self.unit = unit
        self.underlying = underlying
    }
}

extension UnitError: Equatable where Failure: Equatable {}

extension UnitError: CustomStringConvertible {
    public var description: String { "unit \(unit): \(underlying)" }
}
