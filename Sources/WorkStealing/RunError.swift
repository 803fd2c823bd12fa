/// Why a run gave no result.
public enum RunError<Failure: Error>: Error {
    /// The run's `Cancellation` was set before the run had ended. This wins over any unit's error.
    case cancelled(CancelledError)
    /// A unit failed; of all that failed, this is the lowest.
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
