/// The error of a run that gave no result.
public enum RunError<Failure: Error>: Error {
    /// The run's `Cancellation` was set before the run had ended. It takes precedence over the error of a unit.
    case cancelled(CancelledError)
    /// A unit failed. This is the lowest of those that did.
    case unit(UnitError<Failure>)
}

extension RunError: Equatable where Failure: Equatable {}

extension RunError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cancelled(let error): error.description
        case .unit(let error): error.description
        }
    }
}
